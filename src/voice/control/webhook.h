#ifndef VOICE_CONTROL_WEBHOOK_H
#define VOICE_CONTROL_WEBHOOK_H

#include "voice/control/machine.h"
#include "voice/control/url.h"

/*
 * One request to the customer's application: signed, with its retries, its redirects and the cookies
 * of its call, until it is answered or its time is over. And lines of callbacks, where the next one
 * waits for the end of the one before.
 */
struct webhook;

enum { ANSWER_TOO_LARGE = 11750 };

struct webhook_answer {
    unsigned code;     /* 0: a 2xx answer; else 11100, 11200, 11205, 11210, 11215, 11220 */
    const char *error; /* "" or a sentence for people */
    unsigned status;
    const char *content_type; /* "" when absent */
    struct slice body;
    const char *url;    /* where the answer came from, after redirects */
    const char *method; /* of the last hop */
};

typedef void (*webhook_handler)(struct control *control, void *owner,
                                const struct webhook_answer *answer);

struct webhook_order {
    const char *url, *method; /* url with its fragment; method NULL: POST */
    struct form *form;        /* moved into the webhook */
    struct call *call;        /* whose cookies and events; may be NULL */
    bool is_callback;         /* nobody waits for its answer, which may be short only */
    webhook_handler handler;  /* called once, never from inside webhook_send */
    void *owner;
};

struct webhook *webhook_send(struct control *control, const struct webhook_order *order);
/* The handler will not be called any more. NULL is fine. */
void webhook_forget(struct webhook *webhook);
void webhook_fetched(struct control *control, const struct control_event *event);
void webhooks_release(struct control *control);

/* Cookies of one call, sent back to the host that set them. */
struct cookie {
    struct cookie *next;
    char *host, *name, *value;
};

enum { COOKIE_COUNT_MAX = 20, COOKIE_SIZE_MAX = 4096 };

void cookies_release(struct cookie **cookies);

/*
 * Callbacks of one call or conference, in order. All lines to one host share its bounds: so many are
 * on their way at once, so many wait; of a host that takes nothing the oldest are dropped and counted.
 * So a host that hangs costs the others nothing.
 */
struct callback_host;

struct callback_line {
    struct chain waiting;
    struct chain_link in_ready; /* of the host of its next, which has no room now */
    struct webhook *open;
    struct callback_host *open_host;
    struct call *call; /* NULL for a conference's line */
};

/* Puts a request at the end of the line; the form is moved. Its answer's body is not looked at. */
void callback_line_add(struct control *control, struct callback_line *line, const char *url,
                       const char *method, struct form *form);
bool callback_line_is_empty(const struct callback_line *line);
void callback_line_release(struct callback_line *line); /* what waits is dropped */

#endif
