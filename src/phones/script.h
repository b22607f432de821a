#ifndef PHONES_SCRIPT_H
#define PHONES_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/text.h"
#include "phones/chance.h"

/*
 * The script of a telephone network: which numbers there are and how the people behind them behave.
 * JSON; docs/phones.md has the whole format. Read once, never changed after; any thread may look.
 *
 *   err = script_parse(&script, json, folder, &problem);
 *   behaviour = script_find(script, slice_from("+15005550001"), try_count, &seed);
 *   script_free(script);
 */
enum {
    SCRIPT_SOUNDS_MAX = 1024,
    SCRIPT_TEXT_SIZE_MAX = 1000,
    SCRIPT_DIGITS_MAX = 8,
    SCRIPT_PRESS_SIZE = 33,
    SCRIPT_NUMBER_SIZE = 64,
};

/* Something to hear: a text spoken by a voice, or a WAV file. */
struct script_sound {
    char *text, *voice; /* text NULL: a file */
    char *path;
};

/* `count` texts in each of `voices` voices, one after the other from sound `first` on; count 0:
 * nothing is said. A person keeps to one voice. */
struct sound_choice {
    uint32_t first, count, voices;
};

enum early_media { EARLY_NONE, EARLY_RINGBACK, EARLY_SIT, EARLY_SAY };

enum final_answer {
    FINAL_ANSWER,  /* picks up */
    FINAL_REJECT,  /* with behaviour.code */
    FINAL_SILENCE, /* not even a provisional response */
};

enum press_when { PRESS_AFTER_ANSWER, PRESS_AFTER_HEARD, PRESS_AFTER_QUIET };

struct press {
    char digits[SCRIPT_PRESS_SIZE]; /* 0-9 * # A-D, w waits half a second */
    enum press_when when;
    struct chance after; /* counted from that moment */
};

/* How one person (or machine, or robot) behaves in one call. */
struct behaviour {
    const char *name; /* in the records: "answer", "busy", ... or what the script calls it */
    double weight;
    bool robot; /* an agent's phone: waits in the room, replies when it hears somebody */

    struct chance trying_after; /* before the first response */
    bool rings;                 /* 180 (183 with early media) before the final answer */
    struct chance ring_after;   /* from the first response to 180 */
    struct chance ring;         /* from there to the final answer */
    enum early_media early;
    struct sound_choice early_line;
    enum final_answer final;
    uint16_t code; /* FINAL_REJECT: 300-699 */
    const char *reason;

    struct sound_choice hello; /* the first thing said after the answer */
    struct chance hello_after; /* from the answer */
    bool beep;                 /* 1 kHz after the hello */
    bool fax;                  /* 2100 Hz instead of a hello */
    struct sound_choice lines; /* said afterwards, with pauses between */
    struct chance pause;
    bool speaks;        /* says lines at all */
    struct chance talk; /* from the answer to hanging up, at the latest */
    struct press presses[SCRIPT_DIGITS_MAX];
    uint32_t press_count;

    const char *user, *password; /* digest is asked for when user is set */
    uint16_t auth_code;          /* 401 or 407 */

    uint32_t answer_at_try;       /* 1: at once */
    struct behaviour *until_then; /* how earlier tries fare; NULL when answer_at_try is 1 */
};

struct script_problem {
    char text[320]; /* what, where and why: "numbers.\"+1500\".ring: expected ..." */
};

struct script;

/* Relative WAV paths are looked up in `folder`. 0, EINVAL (problem tells), ENOMEM. */
int script_parse(struct script **script, struct slice json, const char *folder,
                 struct script_problem *problem) must_check;
/* Reads the file first. 0, EINVAL, ENOMEM, or errno of opening it; problem tells in each case. */
int script_load(struct script **script, const char *path,
                struct script_problem *problem) must_check;
void script_free(struct script *script); /* NULL is fine */

/*
 * How the owner of `number` behaves when called for the `attempt`-th time (from 1): the entry with
 * the longest matching prefix, or the default. *seed feeds that call's chances: the same script,
 * number and attempt always give the same seed and behaviour.
 */
const struct behaviour *script_find(const struct script *script, struct slice number,
                                    uint32_t attempt, uint64_t *seed);

uint64_t script_seed(const struct script *script);
const char *script_realm(const struct script *script);
bool script_prefers_alaw(const struct script *script);
size_t script_entry_count(const struct script *script);
size_t script_sound_count(const struct script *script);
const struct script_sound *script_sound(const struct script *script, size_t index);

#endif
