#ifndef PHONES_SCRIPT_PARSE_H
#define PHONES_SCRIPT_PARSE_H

#include <jansson.h>

#include "base/table.h"
#include "phones/script.h"

/* Inside of script.h, shared by script.c (the whole) and behaviour.c (one behaviour). */
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

int behaviour_parse(struct script_parser *parser, json_t *json,
                    struct behaviour *behaviour) must_check;
void behaviour_release(struct behaviour *behaviour);

int chance_parse(struct script_parser *parser, json_t *json, struct chance *chance) must_check;

#endif
