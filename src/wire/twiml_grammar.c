#include "wire/twiml_grammar.h"

#include <string.h>

#define TEXT(name)                                                                                 \
    {                                                                                              \
        name, TWIML_VALUE_TEXT, NULL, 0, 0                                                         \
    }
#define FLAG(name)                                                                                 \
    {                                                                                              \
        name, TWIML_VALUE_FLAG, NULL, 0, 0                                                         \
    }
#define METHOD(name)                                                                               \
    {                                                                                              \
        name, TWIML_VALUE_METHOD, NULL, 0, 0                                                       \
    }
#define DIGITS(name)                                                                               \
    {                                                                                              \
        name, TWIML_VALUE_DIGITS, NULL, 0, 0                                                       \
    }
#define KEYS(name)                                                                                 \
    {                                                                                              \
        name, TWIML_VALUE_KEYS, NULL, 0, 0                                                         \
    }
#define IGNORED(name)                                                                              \
    {                                                                                              \
        name, TWIML_VALUE_IGNORED, NULL, 0, 0                                                      \
    }
#define NUMBER(name, low, high)                                                                    \
    {                                                                                              \
        name, TWIML_VALUE_NUMBER, NULL, low, high                                                  \
    }
#define WORD(name, words)                                                                          \
    {                                                                                              \
        name, TWIML_VALUE_WORD, words, 0, 0                                                        \
    }
#define WORDS(name, words)                                                                         \
    {                                                                                              \
        name, TWIML_VALUE_WORDS, words, 0, 0                                                       \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, TWIML_VALUE_TEXT, NULL, 0, 0                                                         \
    }

static const char CALL_EVENTS[] = "initiated ringing answered completed";
static const char CONFERENCE_EVENTS[] =
    "start end join leave mute hold modify speaker announcement";
static const char RECORD_WORDS[] =
    "do-not-record record-from-answer record-from-ringing record-from-answer-dual "
    "record-from-ringing-dual true false";

static const struct twiml_attribute_rule SAY[] = {TEXT("voice"), TEXT("language"),
                                                  NUMBER("loop", 0, 1000), END};
static const struct twiml_attribute_rule PLAY[] = {NUMBER("loop", 0, 1000), DIGITS("digits"), END};
static const struct twiml_attribute_rule PAUSE[] = {NUMBER("length", 0, 86400), END};
static const struct twiml_attribute_rule REDIRECT[] = {METHOD("method"), END};
static const struct twiml_attribute_rule HANGUP[] = {END};
static const struct twiml_attribute_rule REJECT[] = {WORD("reason", "rejected busy"), END};

static const struct twiml_attribute_rule DIAL[] = {
    TEXT("action"),
    METHOD("method"),
    NUMBER("timeout", 1, 600),
    NUMBER("timeLimit", 1, 86400),
    TEXT("callerId"),
    FLAG("hangupOnStar"),
    FLAG("answerOnBridge"),
    FLAG("sequential"),
    TEXT("ringTone"),
    WORD("record", RECORD_WORDS),
    WORD("trim", "trim-silence do-not-trim"),
    WORD("recordingTrack", "inbound outbound both"),
    TEXT("recordingStatusCallback"),
    METHOD("recordingStatusCallbackMethod"),
    WORDS("recordingStatusCallbackEvent", "in-progress completed absent"),
    IGNORED("referUrl"),
    IGNORED("referMethod"),
    IGNORED("events"),
    IGNORED("passports"),
    IGNORED("recordingConfigurationId"),
    END};

static const struct twiml_attribute_rule GATHER[] = {TEXT("action"),
                                                     METHOD("method"),
                                                     WORDS("input", "dtmf speech"),
                                                     NUMBER("timeout", 0, 600),
                                                     KEYS("finishOnKey"),
                                                     NUMBER("numDigits", 1, 255),
                                                     FLAG("actionOnEmptyResult"),
                                                     IGNORED("speechTimeout"),
                                                     IGNORED("maxSpeechTime"),
                                                     IGNORED("language"),
                                                     IGNORED("hints"),
                                                     IGNORED("partialResultCallback"),
                                                     IGNORED("partialResultCallbackMethod"),
                                                     IGNORED("profanityFilter"),
                                                     IGNORED("bargeIn"),
                                                     IGNORED("dtmfDetection"),
                                                     IGNORED("speechModel"),
                                                     IGNORED("enhanced"),
                                                     IGNORED("debug"),
                                                     END};

#define MACHINE_DETECTION                                                                          \
    TEXT("machineDetection"), TEXT("machineDetectionTimeout"),                                     \
        TEXT("machineDetectionSpeechThreshold"), TEXT("machineDetectionSpeechEndThreshold"),       \
        TEXT("machineDetectionSilenceTimeout"), TEXT("amdStatusCallback"),                         \
        METHOD("amdStatusCallbackMethod")
#define NOUN_CALLBACKS                                                                             \
    TEXT("url"), METHOD("method"), TEXT("statusCallback"), METHOD("statusCallbackMethod"),         \
        WORDS("statusCallbackEvent", CALL_EVENTS)

static const struct twiml_attribute_rule NUMBER_NOUN[] = {DIGITS("sendDigits"),   NOUN_CALLBACKS,
                                                          MACHINE_DETECTION,      IGNORED("byoc"),
                                                          IGNORED("phoneNumber"), END};
static const struct twiml_attribute_rule CLIENT[] = {NOUN_CALLBACKS, END};
static const struct twiml_attribute_rule IDENTITY[] = {END};
static const struct twiml_attribute_rule PARAMETER[] = {TEXT("name"), TEXT("value"), END};
static const struct twiml_attribute_rule SIP[] = {TEXT("username"), TEXT("password"),
                                                  NOUN_CALLBACKS, MACHINE_DETECTION, END};

static const struct twiml_attribute_rule CONFERENCE[] = {
    FLAG("muted"),
    WORD("beep", "true false onEnter onExit"),
    FLAG("startConferenceOnEnter"),
    FLAG("endConferenceOnExit"),
    TEXT("participantLabel"),
    TEXT("waitUrl"),
    METHOD("waitMethod"),
    NUMBER("maxParticipants", 2, 250),
    WORD("record", "do-not-record record-from-start true false"),
    WORD("trim", "trim-silence do-not-trim"),
    TEXT("coach"),
    WORD("jitterBufferSize", "large medium small off"),
    TEXT("region"),
    TEXT("statusCallback"),
    METHOD("statusCallbackMethod"),
    WORDS("statusCallbackEvent", CONFERENCE_EVENTS),
    IGNORED("eventCallbackUrl"),
    TEXT("recordingStatusCallback"),
    METHOD("recordingStatusCallbackMethod"),
    WORDS("recordingStatusCallbackEvent", "in-progress completed absent"),
    END};

#define IN(kind) (1u << (kind))

static const struct twiml_element_rule ELEMENTS[] = {
    {"Say", TWIML_SAY, TWIML_IN_RESPONSE | IN(TWIML_GATHER), true, SAY},
    {"Play", TWIML_PLAY, TWIML_IN_RESPONSE | IN(TWIML_GATHER), true, PLAY},
    {"Pause", TWIML_PAUSE, TWIML_IN_RESPONSE | IN(TWIML_GATHER), false, PAUSE},
    {"Dial", TWIML_DIAL, TWIML_IN_RESPONSE, true, DIAL},
    {"Gather", TWIML_GATHER, TWIML_IN_RESPONSE, false, GATHER},
    {"Redirect", TWIML_REDIRECT, TWIML_IN_RESPONSE, true, REDIRECT},
    {"Hangup", TWIML_HANGUP, TWIML_IN_RESPONSE, false, HANGUP},
    {"Reject", TWIML_REJECT, TWIML_IN_RESPONSE, false, REJECT},
    {"Number", TWIML_NUMBER, IN(TWIML_DIAL), true, NUMBER_NOUN},
    {"Client", TWIML_CLIENT, IN(TWIML_DIAL), true, CLIENT},
    {"Identity", TWIML_IDENTITY, IN(TWIML_CLIENT), true, IDENTITY},
    {"Parameter", TWIML_PARAMETER, IN(TWIML_CLIENT), false, PARAMETER},
    {"Sip", TWIML_SIP, IN(TWIML_DIAL), true, SIP},
    {"Conference", TWIML_CONFERENCE, IN(TWIML_DIAL), true, CONFERENCE},
};

const struct twiml_element_rule *twiml_element_rule(const char *name, int parent)
{
    unsigned bit = parent < 0 ? TWIML_IN_RESPONSE : 1u << parent;

    for (size_t i = 0; i < array_count(ELEMENTS); ++i)
        if ((ELEMENTS[i].parents & bit) && strcmp(ELEMENTS[i].name, name) == 0)
            return &ELEMENTS[i];
    return NULL;
}

const char *twiml_kind_name(enum twiml_kind kind)
{
    for (size_t i = 0; i < array_count(ELEMENTS); ++i)
        if (ELEMENTS[i].kind == kind)
            return ELEMENTS[i].name;
    return "?";
}

const struct twiml_attribute_rule *twiml_attribute_rule(const struct twiml_element_rule *element,
                                                        const char *name)
{
    const struct twiml_attribute_rule *rule = element->attributes;

    while (rule->name && strcmp(rule->name, name) != 0)
        ++rule;
    return rule->name ? rule : NULL;
}

static bool is_one_of(struct slice word, const char *words)
{
    struct slice rest = slice_from(words);

    while (rest.size)
        if (slice_equal(slice_cut(&rest, ' '), word))
            return true;
    return false;
}

static bool are_some_of(struct slice value, const char *words)
{
    while (value.size) {
        struct slice word = slice_cut(&value, ' ');

        if (word.size && !is_one_of(word, words))
            return false;
    }
    return true;
}

bool twiml_value_is_good(const struct twiml_attribute_rule *rule, const char *value)
{
    struct slice slice = slice_from(value);
    int64_t number;

    switch (rule->value) {
    case TWIML_VALUE_TEXT:
    case TWIML_VALUE_IGNORED:
        return true;
    case TWIML_VALUE_FLAG:
        return is_one_of(slice, "true false");
    case TWIML_VALUE_NUMBER:
        return slice_to_i64(slice, rule->low, rule->high, &number) == 0;
    case TWIML_VALUE_WORD:
        return is_one_of(slice, rule->words);
    case TWIML_VALUE_WORDS:
        return are_some_of(slice, rule->words);
    case TWIML_VALUE_METHOD:
        return is_one_of(slice, "GET POST get post");
    case TWIML_VALUE_DIGITS:
        return slice.size && strspn(value, "0123456789*#ABCDabcdwW") == slice.size;
    case TWIML_VALUE_KEYS:
        return strspn(value, "0123456789*#") == slice.size;
    }
    return false;
}

bool twiml_is_speech_markup(const char *name)
{
    return is_one_of(slice_from(name), "break emphasis lang p phoneme prosody s say-as sub w "
                                       "amazon:effect amazon:domain amazon:emotion");
}
