#ifndef SERVER_LOST_CALL_H
#define SERVER_LOST_CALL_H

#include "core/ids.h"
#include "server/telephony.h"

/*
 * An order for a call was sent and nobody can say whether it arrived: which of the account's calls to
 * that number is its? Our own engine tells the URL a call's owner gave it, and with it the attempt,
 * for certain. Others tell only when a call was made, by another clock than ours: there it is the
 * call nearest to the order that was made no earlier, and that no other attempt is known to have. An
 * error towards "found" costs a call not made; one towards "not found" rings a person twice.
 */
struct lost_call {
    attempt_id attempt;
    instant ordered_at;
    instant doubt; /* how far the wall clock has been set about since then, or may have been */
    bool (*is_known)(void *arg, const char *sid); /* as another attempt's */
    void *arg;
};

/* calls: of telephony_list_calls. False: it is not among them. */
bool lost_call_find(const struct lost_call *lost, const json_t *calls,
                    struct telephony_call *found) must_check;

#endif
