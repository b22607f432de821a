#include "server/lost_call.h"

#include <string.h>

#include "base/text.h"

enum { DATE_S = 2 }; /* the interface tells whole seconds, and is asked a moment later */

/* Does the URL, one of ours, name that attempt? */
static bool names_attempt(const char *url, attempt_id attempt)
{
    static const char mark[] = "/voice/status?attempt=";
    const char *at = strstr(url, mark);
    struct slice digits = slice_from(at ? at + strlen(mark) : "");
    int64_t value;

    digits.size = strspn(digits.at, "0123456789");
    return digits.size && slice_to_i64(digits, 1, INT64_MAX, &value) == 0 &&
           (attempt_id)value == attempt;
}

static instant distance(const struct lost_call *lost, const struct telephony_call *call)
{
    instant after = call->made_at - lost->ordered_at;

    return after < 0 ? -after : after;
}

bool lost_call_find(const struct lost_call *lost, const json_t *calls, struct telephony_call *found)
{
    const json_t *one;
    size_t i;
    bool any = false;

    json_array_foreach(calls, i, one)
    {
        const json_t *told = json_object_get(one, "outdial_status_callback");
        struct telephony_call call;

        if (!telephony_call_of(one, &call))
            continue;
        if (told) {
            if (!json_is_string(told) || !names_attempt(json_string_value(told), lost->attempt))
                continue;
            *found = call;
            return true;
        }
        if (call.made_at < lost->ordered_at - DATE_S * SECOND - lost->doubt ||
            lost->is_known(lost->arg, call.sid) ||
            (any && distance(lost, found) <= distance(lost, &call)))
            continue;
        *found = call;
        any = true;
    }
    return any;
}
