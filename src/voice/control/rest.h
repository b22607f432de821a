#ifndef VOICE_CONTROL_REST_H
#define VOICE_CONTROL_REST_H

#include <jansson.h>

#include "voice/control/call.h"

/*
 * The REST interface: one const table from method and path to a function (rest.c). A function reads
 * its parameters, then either answers (rest_answer) or fails (rest_fail) once.
 */
enum { REST_ARG_COUNT_MAX = 3 };

struct rest {
    struct control *control;
    const struct control_request *request;
    struct control_reply *reply;
    struct form params;             /* query, then body */
    char *args[REST_ARG_COUNT_MAX]; /* what stood for the stars of the template, decoded */
    bool failed;                    /* rest_fail was called */
};

void rest_answer(struct rest *rest, unsigned status, json_t *json); /* takes json */
void rest_answer_nothing(struct rest *rest);                        /* 204 */
void rest_fail(struct rest *rest, unsigned status, unsigned code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void rest_not_found(struct rest *rest);

/* rest_params.c. Those that can be wrong fail the request and return false. */
const char *rest_param(const struct rest *rest, const char *name); /* NULL: not given */
bool rest_flag(const struct rest *rest, const char *name, bool fallback);
bool rest_number(struct rest *rest, const char *name, unsigned low, unsigned high,
                 unsigned *value); /* unchanged when not given */
bool rest_url(struct rest *rest, const char *name, unsigned code, const char **url);
bool rest_callback_url(struct rest *rest, const char *name, const char **url);
bool rest_method(struct rest *rest, const char *name, const char **method);
/* A list parameter: repeated, or words in one value. *bits: 1 << place in words; unchanged without. */
bool rest_words(struct rest *rest, const char *name, const char *const *words, size_t count,
                unsigned *bits);
/* Date filters "Name", "Name<", "Name>": does this instant (0: none) pass? */
bool rest_date_passes(const struct rest *rest, const char *name, instant at);
bool rest_dates_are_good(struct rest *rest, const char *name);
bool rest_filter_passes(const struct rest *rest, const char *name, const char *value);

/* rest_json.c */
json_t *json_text(const char *text); /* NULL: null */
json_t *json_sid(const char *sid);   /* "" or NULL: null */
json_t *json_date(instant at);       /* 0: null */
json_t *json_path(const struct rest *rest, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* "/2010-04-01/Accounts/AC..." + format */

/* rest_list.c: a page of a chain, newest first. */
struct rest_list {
    const char *name; /* "calls" */
    const char *path; /* after the account: "/Calls.json" */
    struct chain_link *newest;
    const char *(*sid)(struct chain_link *link);
    bool (*matches)(struct rest *rest, struct chain_link *link); /* NULL: all */
    bool (*ends)(struct rest *rest, struct chain_link *link);    /* nothing older matches; NULL */
    json_t *(*describe)(struct rest *rest, struct chain_link *link);
    /* Where the page after this SID begins (NULL: past the end); false: not known. NULL: by walking. */
    bool (*find)(struct rest *rest, const char *sid, struct chain_link **next);
    bool by_number; /* items have no SID: pages by number */
};

void rest_list_answer(struct rest *rest, const struct rest_list *list);

/* rest_order.c: what making a call and making a participant have in common. */
/* NULL: it failed. The checks come first; a call is made only when all is well. Then rate_place. */
struct call *rest_order_call(struct rest *rest, bool for_participant);

json_t *rest_describe_call(struct rest *rest, struct call *call);

/* The functions of the table. */
void rest_calls_create(struct rest *rest);
void rest_calls_list(struct rest *rest);
void rest_call_read(struct rest *rest);
void rest_call_update(struct rest *rest);
void rest_call_delete(struct rest *rest);
void rest_call_events(struct rest *rest);
void rest_call_notifications(struct rest *rest);
void rest_call_notification_read(struct rest *rest);
void rest_notifications_list(struct rest *rest);
void rest_notification_read(struct rest *rest);
void rest_conferences_list(struct rest *rest);
void rest_conference_read(struct rest *rest);
void rest_conference_update(struct rest *rest);
void rest_participants_create(struct rest *rest);
void rest_participants_list(struct rest *rest);
void rest_participant_read(struct rest *rest);
void rest_participant_update(struct rest *rest);
void rest_participant_delete(struct rest *rest);
void rest_accounts_list(struct rest *rest);
void rest_account_read(struct rest *rest);
void rest_balance_read(struct rest *rest);
void rest_numbers_list(struct rest *rest);
void rest_number_read(struct rest *rest);
void rest_caller_ids_list(struct rest *rest);
void rest_caller_id_read(struct rest *rest);
void rest_applications_create(struct rest *rest);
void rest_applications_list(struct rest *rest);
void rest_application_read(struct rest *rest);
void rest_application_update(struct rest *rest);
void rest_application_delete(struct rest *rest);

#endif
