#include <errno.h>
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

int sound_choice_parse(struct script_parser *parser, json_t *json, const char *key, json_t *voices,
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

int sounds_parse(struct script_parser *parser, json_t *json, struct behaviour *behaviour)
{
    json_t *own = json_object_get(json, "voice"), *voices = own ? own : parser->voices;
    json_t *hello = json_object_get(json, "hello"), *lines = json_object_get(json, "lines");
    bool greets = behaviour->beep && !behaviour->speaks;
    bool silent = behaviour->final != FINAL_ANSWER || behaviour->fax || behaviour->robot ||
                  (!behaviour->speaks && !greets);
    int err = 0;

    if (hello)
        err = sound_choice_parse(parser, hello, "hello", voices, &behaviour->hello);
    else if (greets)
        err = use_default(parser, GREETINGS, array_count(GREETINGS), &parser->greetings, voices,
                          &behaviour->hello);
    else if (!silent)
        err = use_default(parser, HELLOS, array_count(HELLOS), &parser->hellos, voices,
                          &behaviour->hello);
    if (lines && !json_object_get(json, "speaks"))
        behaviour->speaks = true;
    if (err || !behaviour->speaks || behaviour->final != FINAL_ANSWER)
        return err;
    if (lines)
        err = sound_choice_parse(parser, lines, "lines", voices, &behaviour->lines);
    else if (behaviour->robot)
        err = use_default(parser, ROBOT_LINES, array_count(ROBOT_LINES), &parser->robot_lines,
                          voices, &behaviour->lines);
    else
        err = use_default(parser, LINES, array_count(LINES), &parser->lines, voices,
                          &behaviour->lines);
    behaviour->speaks = behaviour->lines.count > 0;
    return err;
}
