#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "phones/script_parse.h"

/* What people say unless a script says otherwise. */
static const char *const HELLOS[] = {"Hello?", "Yes, hello?", "Hello, who is it?"};
static const char *const LINES[] = {
    "I see. And what would that cost me?",
    "Well, I am not sure. Could you say that again, please?",
    "That sounds quite good, to be honest.",
    "My neighbour told me about it the other day.",
    "Could you send me something in writing?",
    "Let me think about it for a moment.",
};
static const char *const ROBOT_LINES[] = {
    "Good day! Thank you for taking my call.",
    "I would like to tell you about our offer.",
    "Of course. May I note that down for you?",
    "Thank you very much indeed.",
};
static const char *const GREETINGS[] = {
    "You have reached our answering machine. Nobody can take your call right now. "
    "Please leave a message after the tone.",
};
static const char *const VOICES[] = {"en-us", "en-gb", "en-us+f3", "en-gb-scotland"};

enum { HANG_UP_CALLER_MAX = 3600 };

struct kind {
    const char *name;
    void (*fill)(struct behaviour *behaviour);
};

static struct chance uniform(double low, double high)
{
    return (struct chance){CHANCE_UNIFORM, low, high, 0, 86400};
}

static void fill_reject(struct behaviour *behaviour, uint16_t code, const char *reason)
{
    behaviour->final = FINAL_REJECT;
    behaviour->code = code;
    behaviour->reason = strdup(reason);
}

static void fill_answer(struct behaviour *behaviour)
{
    behaviour->rings = true;
    behaviour->ring = uniform(1, 4);
    behaviour->hello_after = uniform(0.1, 0.6);
    behaviour->talk = (struct chance){CHANCE_LOGNORMAL, 20, 0.6, 3, 600};
    behaviour->speaks = true;
}

static void fill_silent(struct behaviour *behaviour)
{
    fill_answer(behaviour);
    behaviour->speaks = false;
    behaviour->talk = chance_constant(8);
}

static void fill_hang_up_at_once(struct behaviour *behaviour)
{
    fill_silent(behaviour);
    behaviour->talk = chance_constant(0);
}

static void fill_machine(struct behaviour *behaviour)
{
    fill_answer(behaviour);
    behaviour->ring = uniform(3, 6);
    behaviour->hello_after = chance_constant(0.5);
    behaviour->beep = true;
    behaviour->speaks = false;
    behaviour->talk = chance_constant(60);
}

static void fill_fax(struct behaviour *behaviour)
{
    fill_silent(behaviour);
    behaviour->fax = true;
    behaviour->talk = chance_constant(15);
}

static void fill_robot(struct behaviour *behaviour)
{
    behaviour->robot = true;
    behaviour->speaks = true;
    behaviour->talk = chance_constant(86400);
    behaviour->pause = uniform(0.2, 0.8);
}

static void fill_ring_out(struct behaviour *behaviour)
{
    fill_reject(behaviour, 480, "Temporarily Unavailable"); /* callers mostly give up before */
    behaviour->rings = true;
    behaviour->ring = chance_constant(300);
}

static void fill_no_response(struct behaviour *behaviour)
{
    behaviour->final = FINAL_SILENCE;
}

static void fill_busy(struct behaviour *behaviour)
{
    fill_reject(behaviour, 486, "Busy Here");
}

static void fill_decline(struct behaviour *behaviour)
{
    fill_reject(behaviour, 603, "Decline");
    behaviour->rings = true;
    behaviour->ring = uniform(1, 4);
}

static void fill_unknown(struct behaviour *behaviour)
{
    fill_reject(behaviour, 404, "Not Found");
}

static void fill_congestion(struct behaviour *behaviour)
{
    fill_reject(behaviour, 503, "Service Unavailable");
}

static void fill_plain_reject(struct behaviour *behaviour)
{
    fill_reject(behaviour, 480, "Temporarily Unavailable");
}

static const struct kind KINDS[] = {
    {"answer", fill_answer},
    {"silent", fill_silent},
    {"hang_up_at_once", fill_hang_up_at_once},
    {"machine", fill_machine},
    {"fax", fill_fax},
    {"robot", fill_robot},
    {"ring_out", fill_ring_out},
    {"no_response", fill_no_response},
    {"busy", fill_busy},
    {"decline", fill_decline},
    {"unknown", fill_unknown},
    {"congestion", fill_congestion},
    {"reject", fill_plain_reject},
};

static int two_numbers(json_t *json, double *a, double *b)
{
    if (json_array_size(json) != 2 || !json_is_number(json_array_get(json, 0)) ||
        !json_is_number(json_array_get(json, 1)))
        return EINVAL;
    *a = json_number_value(json_array_get(json, 0));
    *b = json_number_value(json_array_get(json, 1));
    return 0;
}

static int chance_member(struct script_parser *parser, const char *key, json_t *value,
                         struct chance *chance)
{
    if (strcmp(key, "min") == 0 || strcmp(key, "max") == 0) {
        if (!json_is_number(value) || json_number_value(value) < 0)
            return script_refuse(parser, "\"%s\" must be a number of seconds", key);
        *(key[1] == 'i' ? &chance->low : &chance->high) = json_number_value(value);
        return 0;
    }
    if (strcmp(key, "constant") == 0 && json_is_number(value)) {
        chance->kind = CHANCE_CONSTANT;
        chance->a = json_number_value(value);
        return 0;
    }
    if (strcmp(key, "exponential") == 0 && json_is_number(value)) {
        chance->kind = CHANCE_EXPONENTIAL;
        chance->a = json_number_value(value);
        return 0;
    }
    if (strcmp(key, "uniform") == 0 && !two_numbers(value, &chance->a, &chance->b)) {
        chance->kind = CHANCE_UNIFORM;
        return 0;
    }
    if (strcmp(key, "lognormal") == 0 && !two_numbers(value, &chance->a, &chance->b)) {
        chance->kind = CHANCE_LOGNORMAL;
        return 0;
    }
    return script_refuse(parser,
                         "\"%.40s\": expected constant: s, uniform: [low, high], "
                         "exponential: mean, lognormal: [median, sigma], min or max",
                         key);
}

static bool chance_is_sound(const struct chance *chance)
{
    bool sound = isfinite(chance->a) && isfinite(chance->b) && chance->a >= 0 && chance->b >= 0 &&
                 chance->a <= 86400 && chance->b <= 86400 && chance->low <= chance->high &&
                 chance->high <= 86400;

    return sound && (chance->kind != CHANCE_UNIFORM || chance->a <= chance->b) &&
           (chance->kind != CHANCE_LOGNORMAL || chance->b <= 10);
}

int chance_parse(struct script_parser *parser, json_t *json, struct chance *chance)
{
    struct chance parsed = chance_constant(0);
    const char *key;
    json_t *value;
    size_t kinds = 0;
    int err;

    if (json_is_number(json)) {
        parsed.a = json_number_value(json);
    } else if (json_is_array(json)) {
        parsed.kind = CHANCE_UNIFORM;
        if (two_numbers(json, &parsed.a, &parsed.b))
            return script_refuse(parser, "expected [low, high] in seconds");
    } else if (json_is_object(json)) {
        json_object_foreach(json, key, value)
        {
            err = chance_member(parser, key, value, &parsed);
            if (err)
                return err;
            kinds += key[0] != 'm';
        }
        if (kinds != 1)
            return script_refuse(parser, "expected exactly one of constant, uniform, exponential "
                                         "and lognormal");
    } else {
        return script_refuse(parser, "expected seconds, [low, high] or a distribution");
    }
    if (!chance_is_sound(&parsed))
        return script_refuse(parser, "seconds must lie within 0 and 86400, low before high, a "
                                     "lognormal's sigma within 0 and 10");
    *chance = parsed;
    return 0;
}

static int add_sound(struct script_parser *parser, const char *text, const char *voice,
                     const char *path)
{
    struct script *script = parser->script;
    struct script_sound *sound;
    size_t room = SCRIPT_SOUNDS_MAX;

    if (!script->sounds)
        script->sounds = calloc(room, sizeof(*script->sounds));
    if (!script->sounds)
        return ENOMEM;
    if (script->sound_count == room)
        return script_refuse(parser, "more than %zu things to say (texts times voices)", room);
    sound = &script->sounds[script->sound_count++];
    sound->text = text ? strdup(text) : NULL;
    sound->voice = voice ? strdup(voice) : NULL;
    if (text)
        return sound->text && sound->voice ? 0 : ENOMEM;
    if (asprintf(&sound->path, "%s%s", *path == '/' ? "" : parser->folder, path) < 0) {
        sound->path = NULL;
        return ENOMEM;
    }
    return 0;
}

static int add_spoken(struct script_parser *parser, json_t *item, const char *voice)
{
    const char *text = json_string_value(item);
    const char *path = json_string_value(json_object_get(item, "wav"));

    if (path && json_object_size(item) == 1 && *path &&
        strlen(path) == json_string_length(json_object_get(item, "wav")))
        return add_sound(parser, NULL, NULL, path);
    if (!text || !*text || json_string_length(item) > SCRIPT_TEXT_SIZE_MAX ||
        strlen(text) != json_string_length(item))
        return script_refuse(parser, "expected a text of 1 to %d bytes or {\"wav\": \"file\"}",
                             SCRIPT_TEXT_SIZE_MAX);
    return add_sound(parser, text, voice, NULL);
}

/* The names of espeak-ng's voices go to a command line: letters, digits, + - _ only. */
static const char *voice_at(json_t *voices, size_t index)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-_";
    json_t *item = json_is_array(voices) ? json_array_get(voices, index) : voices;
    const char *name = voices ? json_string_value(item) : VOICES[index];

    if (!name || !*name || *name == '-' || strlen(name) > 60 || name[strspn(name, allowed)])
        return NULL;
    return name;
}

static size_t voice_count(json_t *voices)
{
    if (!voices)
        return array_count(VOICES);
    return json_is_array(voices) ? json_array_size(voices) : 1;
}

static int add_choice(struct script_parser *parser, json_t *texts, json_t *voices,
                      struct sound_choice *choice)
{
    size_t count = json_is_array(texts) ? json_array_size(texts) : 1;
    struct sound_choice made = {(uint32_t)parser->script->sound_count, (uint32_t)count,
                                (uint32_t)voice_count(voices)};
    int err;

    if (!made.voices)
        return script_refuse(parser, "needs a voice");
    for (size_t v = 0; v < made.voices; v++) {
        const char *voice = voice_at(voices, v);

        if (!voice)
            return script_refuse(parser, "a voice is a name such as \"en-us\" or \"en-gb+f3\"");
        for (size_t t = 0; t < count; t++) {
            err =
                add_spoken(parser, json_is_array(texts) ? json_array_get(texts, t) : texts, voice);
            if (err)
                return err;
        }
    }
    *choice = made;
    return 0;
}

/* The default texts in the script's voices: made once, shared by all behaviours. */
static int use_default(struct script_parser *parser, const char *const *texts, size_t count,
                       struct sound_choice *made, json_t *voices, struct sound_choice *choice)
{
    bool shared = voices == parser->voices;
    json_t *list;
    int err = 0;

    if (shared && made->count) {
        *choice = *made;
        return 0;
    }
    list = json_array();
    for (size_t i = 0; i < count && !err; i++)
        err = json_array_append_new(list, json_string(texts[i])) ? ENOMEM : 0;
    if (!err)
        err = add_choice(parser, list, voices, choice);
    json_decref(list);
    if (shared && !err)
        *made = *choice;
    return err;
}

static int parse_choice(struct script_parser *parser, json_t *json, const char *key, json_t *voices,
                        struct sound_choice *choice)
{
    size_t was = script_enter(parser, key);
    int err = 0;

    *choice = (struct sound_choice){0};
    if (!json_is_null(json) && !json_is_false(json))
        err = add_choice(parser, json, voices, choice);
    if (!err)
        script_leave(parser, was);
    return err;
}

static int parse_sounds(struct script_parser *parser, json_t *json, struct behaviour *behaviour)
{
    json_t *own = json_object_get(json, "voice"), *voices = own ? own : parser->voices;
    json_t *hello = json_object_get(json, "hello"), *lines = json_object_get(json, "lines");
    bool greets = behaviour->beep && !behaviour->speaks;
    bool silent = behaviour->final != FINAL_ANSWER || behaviour->fax || behaviour->robot ||
                  (!behaviour->speaks && !greets);
    int err = 0;

    if (hello)
        err = parse_choice(parser, hello, "hello", voices, &behaviour->hello);
    else if (greets)
        err = use_default(parser, GREETINGS, array_count(GREETINGS), &parser->greetings, voices,
                          &behaviour->hello);
    else if (!silent)
        err = use_default(parser, HELLOS, array_count(HELLOS), &parser->hellos, voices,
                          &behaviour->hello);
    if (err || !behaviour->speaks || behaviour->final != FINAL_ANSWER)
        return err;
    if (lines)
        err = parse_choice(parser, lines, "lines", voices, &behaviour->lines);
    else if (behaviour->robot)
        err = use_default(parser, ROBOT_LINES, array_count(ROBOT_LINES), &parser->robot_lines,
                          voices, &behaviour->lines);
    else
        err = use_default(parser, LINES, array_count(LINES), &parser->lines, voices,
                          &behaviour->lines);
    behaviour->speaks = behaviour->lines.count > 0;
    return err;
}

static int parse_early(struct script_parser *parser, json_t *json, struct behaviour *behaviour)
{
    static const char *const NAMES[] = {"none", "ringback", "sit"};
    const char *name = json_string_value(json);
    json_t *say = json_object_get(json, "say");

    if (say && json_object_size(json) == 1) {
        behaviour->early = EARLY_SAY;
        return parse_choice(parser, say, "say", parser->voices, &behaviour->early_line);
    }
    for (size_t i = 0; name && i < array_count(NAMES); i++) {
        if (strcmp(name, NAMES[i]) == 0) {
            behaviour->early = (enum early_media)i;
            return 0;
        }
    }
    return script_refuse(parser, "expected \"none\", \"ringback\", \"sit\" or {\"say\": text}");
}

static int parse_press(struct script_parser *parser, json_t *json, struct press *press)
{
    static const char *const MOMENTS[] = {"answer", "heard", "quiet"};
    const char *digits = json_string_value(json_object_get(json, "press"));
    const char *on = "answer", *key;
    json_t *value;
    size_t moment = 0;
    int err;

    press->after = chance_constant(1);
    if (!digits || !*digits || strlen(digits) >= SCRIPT_PRESS_SIZE ||
        digits[strspn(digits, "0123456789*#ABCDw")])
        return script_refuse(parser, "\"press\" must be 1 to %d of 0-9 * # A-D w",
                             SCRIPT_PRESS_SIZE - 1);
    slice_copy(slice_from(digits), press->digits, sizeof(press->digits));
    json_object_foreach(json, key, value)
    {
        if (strcmp(key, "on") == 0) {
            on = json_is_string(value) ? json_string_value(value) : "";
        } else if (strcmp(key, "after") == 0) {
            size_t was = script_enter(parser, key);

            err = chance_parse(parser, value, &press->after);
            if (err)
                return err;
            script_leave(parser, was);
        } else if (strcmp(key, "press") != 0) {
            return script_refuse(parser,
                                 "\"%.40s\" is not a known key; known are press, on, "
                                 "after",
                                 key);
        }
    }
    while (moment < array_count(MOMENTS) && strcmp(on, MOMENTS[moment]) != 0)
        moment++;
    if (moment == array_count(MOMENTS))
        return script_refuse(parser, "\"on\" must be \"answer\", \"heard\" or \"quiet\"");
    press->when = (enum press_when)moment;
    return 0;
}

static int parse_digits(struct script_parser *parser, json_t *json, struct behaviour *behaviour)
{
    if (!json_is_array(json) || json_array_size(json) > SCRIPT_DIGITS_MAX)
        return script_refuse(parser, "expected an array of at most %d {\"press\": ...}",
                             SCRIPT_DIGITS_MAX);
    for (size_t i = 0; i < json_array_size(json); i++) {
        size_t was = script_enter_index(parser, i);
        int err = parse_press(parser, json_array_get(json, i), &behaviour->presses[i]);

        if (err)
            return err;
        script_leave(parser, was);
        behaviour->press_count++;
    }
    return 0;
}

/* A text that may travel in a SIP header. */
static int take_text(struct script_parser *parser, json_t *json, const char **text)
{
    const char *value = json_string_value(json);

    if (!value || !*value || strlen(value) != json_string_length(json) || strlen(value) > 128)
        return script_refuse(parser, "expected a text of 1 to 128 bytes");
    for (const char *at = value; *at; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f || *at == '"' || *at == '\\')
            return script_refuse(parser, "must not contain quotes, backslashes or line breaks");
    }
    free((void *)(uintptr_t)*text);
    *text = strdup(value);
    return *text ? 0 : ENOMEM;
}

static int take_number(struct script_parser *parser, json_t *json, int64_t low, int64_t high,
                       int64_t *number)
{
    if (!json_is_integer(json) || json_integer_value(json) < low || json_integer_value(json) > high)
        return script_refuse(parser, "expected a whole number from %lld to %lld", (long long)low,
                             (long long)high);
    *number = json_integer_value(json);
    return 0;
}

static int parse_auth(struct script_parser *parser, json_t *json, struct behaviour *behaviour)
{
    const char *key;
    json_t *value;
    int64_t code;
    int err = 0;

    behaviour->auth_code = 407;
    json_object_foreach(json, key, value)
    {
        size_t was = script_enter(parser, key);

        if (strcmp(key, "user") == 0)
            err = take_text(parser, value, &behaviour->user);
        else if (strcmp(key, "password") == 0)
            err = take_text(parser, value, &behaviour->password);
        else if (strcmp(key, "status") != 0)
            err = script_refuse(parser, "is not a known key; known are user, password, status");
        else if (take_number(parser, value, 401, 407, &code) || (code != 401 && code != 407))
            err = script_refuse(parser, "must be 401 or 407");
        else
            behaviour->auth_code = (uint16_t)code;
        if (err)
            return err;
        script_leave(parser, was);
    }
    if (!behaviour->user || !behaviour->password)
        return script_refuse(parser, "needs \"user\" and \"password\"");
    return 0;
}

/* "caller": waits for the other side, within reason. */
static int parse_hang_up(struct script_parser *parser, json_t *json, struct behaviour *behaviour)
{
    json_t *member = json_object_get(json, "hang_up");
    const char *who = json_string_value(member);

    if (!who || (strcmp(who, "person") != 0 && strcmp(who, "caller") != 0))
        return script_refuse(parser, "expected \"person\" or \"caller\"");
    if (*who == 'c' && !json_object_get(json, "talk"))
        behaviour->talk = chance_constant(HANG_UP_CALLER_MAX);
    return 0;
}

static int parse_until_then(struct script_parser *parser, json_t *json, struct behaviour *behaviour)
{
    if (behaviour->until_then)
        return 0;
    behaviour->until_then = calloc(1, sizeof(*behaviour->until_then));
    return behaviour->until_then ? behaviour_parse(parser, json, behaviour->until_then) : ENOMEM;
}

static int parse_times(struct script_parser *parser, const char *key, json_t *value,
                       struct behaviour *behaviour, bool *known)
{
    const struct {
        const char *key;
        struct chance *chance;
    } times[] = {
        {"trying_after", &behaviour->trying_after},
        {"ring_after", &behaviour->ring_after},
        {"ring", &behaviour->ring},
        {"hello_after", &behaviour->hello_after},
        {"pause", &behaviour->pause},
        {"talk", &behaviour->talk},
    };

    for (size_t i = 0; i < array_count(times); i++) {
        if (strcmp(key, times[i].key) == 0) {
            *known = true;
            if (times[i].chance == &behaviour->ring)
                behaviour->rings = true;
            return chance_parse(parser, value, times[i].chance);
        }
    }
    return 0;
}

static int parse_field(struct script_parser *parser, const char *key, json_t *value,
                       struct behaviour *behaviour)
{
    bool known = strcmp(key, "do") == 0 || strcmp(key, "hello") == 0 || strcmp(key, "lines") == 0 ||
                 strcmp(key, "voice") == 0 || strcmp(key, "about") == 0 ||
                 strcmp(key, "hang_up") == 0;
    int err = parse_times(parser, key, value, behaviour, &known);
    int64_t number;

    if (known || err)
        return err;
    if (strcmp(key, "name") == 0)
        return take_text(parser, value, &behaviour->name);
    if (strcmp(key, "reason") == 0)
        return take_text(parser, value, &behaviour->reason);
    if (strcmp(key, "early") == 0)
        return parse_early(parser, value, behaviour);
    if (strcmp(key, "digits") == 0)
        return parse_digits(parser, value, behaviour);
    if (strcmp(key, "auth") == 0)
        return parse_auth(parser, value, behaviour);
    if (strcmp(key, "until_then") == 0)
        return parse_until_then(parser, value, behaviour);
    if (strcmp(key, "speaks") == 0) {
        behaviour->speaks = json_is_true(value);
        return json_is_boolean(value) ? 0 : script_refuse(parser, "expected true or false");
    }
    if (strcmp(key, "weight") == 0) {
        behaviour->weight = json_number_value(value);
        return json_is_number(value) && behaviour->weight > 0 && behaviour->weight <= 1e6
                   ? 0
                   : script_refuse(parser, "expected a number above 0, at most 1000000");
    }
    if (strcmp(key, "code") == 0) {
        err = take_number(parser, value, 300, 699, &number);
        if (!err)
            behaviour->code = (uint16_t)number;
        return err;
    }
    if (strcmp(key, "answer_at_try") == 0) {
        err = take_number(parser, value, 1, 1000, &number);
        if (!err)
            behaviour->answer_at_try = (uint32_t)number;
        return err;
    }
    return script_refuse(parser, "is not a known key of a behaviour");
}

static int start_behaviour(struct script_parser *parser, json_t *json, struct behaviour *behaviour)
{
    const char *kind = json_string_value(json_object_get(json, "do"));

    *behaviour = (struct behaviour){
        .weight = 1,
        .trying_after = chance_constant(0),
        .ring_after = chance_constant(0),
        .ring = chance_constant(0),
        .hello_after = chance_constant(0),
        .pause = uniform(0.8, 2.5),
        .talk = chance_constant(0),
        .answer_at_try = 1,
    };
    if (!json_is_object(json))
        return script_refuse(parser, "a behaviour is an object with \"do\"");
    for (size_t i = 0; kind && i < array_count(KINDS); i++) {
        if (strcmp(kind, KINDS[i].name) == 0) {
            KINDS[i].fill(behaviour);
            behaviour->name = strdup(kind);
            return behaviour->name && (behaviour->final != FINAL_REJECT || behaviour->reason)
                       ? 0
                       : ENOMEM;
        }
    }
    return script_refuse(parser, "\"do\" must be answer, silent, hang_up_at_once, machine, fax, "
                                 "robot, ring_out, no_response, busy, decline, unknown, congestion "
                                 "or reject");
}

int behaviour_parse(struct script_parser *parser, json_t *json, struct behaviour *behaviour)
{
    int err = start_behaviour(parser, json, behaviour);
    const char *key;
    json_t *value;

    if (err)
        return err;
    json_object_foreach(json, key, value)
    {
        size_t was = script_enter(parser, key);

        err = parse_field(parser, key, value, behaviour);
        if (err)
            return err;
        script_leave(parser, was);
    }
    err = json_object_get(json, "hang_up") ? parse_hang_up(parser, json, behaviour) : 0;
    if (!err)
        err = parse_sounds(parser, json, behaviour);
    if (!err && behaviour->answer_at_try > 1 && !behaviour->until_then) {
        behaviour->until_then = calloc(1, sizeof(*behaviour->until_then));
        if (!behaviour->until_then)
            return ENOMEM;
        fill_ring_out(behaviour->until_then);
        behaviour->until_then->name = strdup("ring_out");
        behaviour->until_then->answer_at_try = 1;
        err = behaviour->until_then->name && behaviour->until_then->reason ? 0 : ENOMEM;
    }
    return err;
}

static void free_text(const char *text)
{
    free((void *)(uintptr_t)text);
}

void behaviour_release(struct behaviour *behaviour)
{
    free_text(behaviour->name);
    free_text(behaviour->reason);
    free_text(behaviour->user);
    free_text(behaviour->password);
    if (behaviour->until_then)
        behaviour_release(behaviour->until_then);
    free(behaviour->until_then);
}
