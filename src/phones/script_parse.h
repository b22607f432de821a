#ifndef PHONES_SCRIPT_PARSE_H
#define PHONES_SCRIPT_PARSE_H

#include <jansson.h>

#include "base/table.h"
#include "phones/script.h"

/* Inside of script.h, shared by the files that read its parts. */
struct script_entry {
    struct behaviour *mix; /* one or more, by weight */
    uint32_t count;
    bool steady; /* a number keeps its behaviour at every try */
    struct script_entry *next;
};

struct script {
    uint64_t seed;
    char *realm;
    bool alaw_first;
    struct table by_prefix; /* without a leading '+'; "...$" means the whole number */
    struct script_entry *entries;
    size_t entry_count;
    struct script_sound *sounds;
    size_t sound_count;
};

struct voice_list {
    const char *const *names;
    uint32_t count;
};

struct script_parser {
    struct script *script;
    struct script_problem *problem;
    struct text where; /* "numbers.\"+1500\".ring" */
    const char *folder;
    json_t *voices;                                            /* of the whole script, or NULL */
    struct sound_choice hellos, lines, robot_lines, greetings; /* the defaults, once made */
};

/* Steps into a member for messages; returns what script_leave wants back. */
size_t script_enter(struct script_parser *parser, const char *member);
size_t script_enter_index(struct script_parser *parser, size_t index);
void script_leave(struct script_parser *parser, size_t was);
/* Tells the problem with its place; returns EINVAL. */
int script_refuse(struct script_parser *parser, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* behaviour.c */
int behaviour_parse(struct script_parser *parser, json_t *json,
                    struct behaviour *behaviour) must_check;
void behaviour_release(struct behaviour *behaviour);

/* script_chance.c */
int chance_parse(struct script_parser *parser, json_t *json, struct chance *chance) must_check;

/* script_sounds.c: what a behaviour says. The behaviour's other fields must be known. */
int sounds_parse(struct script_parser *parser, json_t *json,
                 struct behaviour *behaviour) must_check;
/* One or more texts or files, or null, under `key`. */
int sound_choice_parse(struct script_parser *parser, json_t *json, const char *key, json_t *voices,
                       struct sound_choice *choice) must_check;

#endif
