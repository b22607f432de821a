#ifndef VOICE_WEB_SWITCHBOARD_PARTS_H
#define VOICE_WEB_SWITCHBOARD_PARTS_H

#include "base/heap.h"
#include "base/table.h"
#include "voice/web/pstream.h"
#include "voice/web/switchboard.h"
#include "wire/access_token.h"
#include "wire/sid.h"

/*
 * The inside of the switchboard: switchboard.c has the devices and what they say, switchboard_line.c the calls
 * ("lines") they have. Nothing else includes this.
 */
enum { LINE_ID_MAX = 64 }; /* characters of a page's own name for its call */

struct board_timer {
    struct heap_node node;
    void (*fire)(struct switchboard *board, struct board_timer *timer);
};

struct device {
    struct device *before, *after; /* newest first */
    uint64_t id;
    struct access_token token; /* identity NULL: none was good yet */
    bool registered, expired, closing;
    instant heard_at;
    struct board_timer heartbeat, limit; /* limit: of the token, or of its showing up */
    size_t line_count;
};

enum line_state {
    LINE_ASKING,  /* the page calls and is not answered */
    LINE_RINGING, /* pages are rung */
    LINE_UP,
};

struct line {
    struct line *before, *after;
    uint64_t leg;
    enum line_state state;
    char *identity;
    char id[LINE_ID_MAX + 1]; /* as the page named it; "" when we call it */
    char call_sid[SID_SIZE];  /* "": not known yet */
    char reconnect[SID_SIZE];
    char *ufrag, *ufrag_next; /* of the page's last description; of the one being answered */
    bool described;           /* the page has our description */
    struct device *comer;     /* would take it over, while SWITCHBOARD_RESTART is told */
    struct device *device;    /* NULL: rings, or lost */
    struct device *rung[SWITCHBOARD_DEVICES_RUNG_MAX];
    size_t rung_count;
    struct board_timer lost;
};

struct switchboard {
    struct switchboard_options options;
    struct access_token_keys keys;
    char *texts[4]; /* what keys point at */
    instant now;
    struct heap timers;
    size_t timers_wanted;
    struct sid_source sids;
    uint64_t leg_last;
    struct table devices; /* id -> struct device */
    struct table lines;   /* leg -> struct line */
    struct table sids_of; /* call SID -> struct line */
    struct device *newest;
    struct line *first;
    struct text frame; /* being written */
    size_t device_count;
};

void board_timer_start(struct switchboard *board, struct board_timer *timer, instant at,
                       void (*fire)(struct switchboard *board, struct board_timer *timer));
void board_timer_stop(struct switchboard *board, struct board_timer *timer);
/* Room for so many more timers, so that none can fail to start; _spare gives it back. */
int board_timers_want(struct switchboard *board, size_t count) must_check;
void board_timers_spare(struct switchboard *board, size_t count);

/* board->frame, cleared, to be written; then sent to a device (NULL or leaving: nobody). */
struct text *board_frame(struct switchboard *board);
void board_send(struct switchboard *board, struct device *device);
void board_tell(struct switchboard *board, const struct switchboard_event *event);

/* switchboard_line.c: what a device says about a call. */
void line_invited(struct switchboard *board, struct device *device,
                  const struct pstream_message *message);
void line_answered(struct switchboard *board, struct device *device,
                   const struct pstream_message *message);
void line_hung_up(struct switchboard *board, struct device *device,
                  const struct pstream_message *message);
void line_keys(struct switchboard *board, struct device *device,
               const struct pstream_message *message);
void line_reinvited(struct switchboard *board, struct device *device,
                    const struct pstream_message *message);
void line_message(struct switchboard *board, struct device *device,
                  const struct pstream_message *message);
void lines_device_gone(struct switchboard *board, struct device *device);
void lines_free(struct switchboard *board);

#endif
