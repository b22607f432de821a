#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "voice/control/address.h"
#include "voice/control/memory.h"
#include "voice/control/notes.h"
#include "voice/control/rate.h"
#include "voice/control/rest.h"

enum { TWIML_TEXT_MAX = 4000, SEND_DIGITS_MAX = 32, TIME_LIMIT_MAX = 86400, RETRY_AFTER_S = 2 };

static const char *const CALL_EVENTS[] = {"initiated", "ringing", "answered", "completed"};

/* What was read and found good, before a call is made of it. */
struct order {
    struct address to;
    const char *from, *caller_id, *caller_name;
    struct voice_plan plan;        /* borrowed texts */
    struct callback_target status; /* borrowed texts */
    const char *application_sid, *send_digits;
    unsigned timeout_s, time_limit_s;
};

/* ------------------------------------------------------------------------------ whom to call */

static bool read_to(struct rest *rest, struct order *order)
{
    const char *to = rest_param(rest, "To");

    if (!to || !to[0]) {
        rest_fail(rest, 400, 21201, "No 'To' number is specified");
        return false;
    }
    address_read(&order->to, to);
    switch (order->to.kind) {
    case ADDRESS_NUMBER:
        if (address_is_allowed(rest->control, order->to.text))
            return true;
        rest_fail(rest, 400, 21215, "Account not authorized to call %.40s", order->to.text);
        return false;
    case ADDRESS_SIP:
    case ADDRESS_CLIENT:
        return true;
    case ADDRESS_APPLICATION:
        rest_fail(rest, 400, 21214,
                  "'%.100s' cannot be reached: applications are not called by "
                  "this engine",
                  to);
        return false;
    case ADDRESS_BAD:
        break;
    }
    rest_fail(rest, 400, 21211, "The 'To' number %.100s is not a valid phone number", to);
    return false;
}

/* A number that may be shown, or for SIP targets and clients a name. To a client any number may be shown. */
static bool check_from(struct rest *rest, const struct order *order, const char *name,
                       const char *text)
{
    struct address from;
    bool good = true;

    address_read(&from, text);
    if (from.kind == ADDRESS_NUMBER) {
        good = order->to.kind == ADDRESS_CLIENT || address_is_ours(rest->control, from.text);
        if (!good)
            rest_fail(rest, 400, 21210,
                      "The source phone number provided, %.60s, is not yet verified for your "
                      "account",
                      text);
    } else if (order->to.kind == ADDRESS_NUMBER ||
               (from.kind == ADDRESS_BAD && !address_is_name(text))) {
        good = false;
        rest_fail(rest, 400, 21212, "The '%s' number %.100s is not a valid phone number", name,
                  text);
    }
    address_release(&from);
    return good;
}

static bool read_from(struct rest *rest, struct order *order)
{
    order->from = rest_param(rest, "From");
    order->caller_id = rest_param(rest, "CallerId");
    order->caller_name = rest_param(rest, "CallerDisplayName");
    if (order->caller_id && !order->caller_id[0])
        order->caller_id = NULL;
    if (!order->from || !order->from[0]) {
        rest_fail(rest, 400, 21213, "No 'From' number is specified");
        return false;
    }
    return check_from(rest, order, "From", order->from) &&
           (!order->caller_id || check_from(rest, order, "CallerId", order->caller_id));
}

/* --------------------------------------------------------------------------- what to do then */

static bool read_application(struct rest *rest, struct order *order, const char *sid)
{
    struct application *application = machine_find_application(rest->control, sid);

    if (!application) {
        rest_fail(rest, 400, 21218, "Invalid ApplicationSid %.60s", sid);
        return false;
    }
    if (!application->voice_url || !application->voice_url[0]) {
        rest_fail(rest, 400, 21205, "Application %.60s has no voice URL", sid);
        return false;
    }
    order->application_sid = application->sid;
    order->plan = (struct voice_plan){.url = application->voice_url,
                                      .method = application->voice_method,
                                      .fallback_url = application->voice_fallback_url,
                                      .fallback_method = application->voice_fallback_method};
    order->status = (struct callback_target){application->status_callback,
                                             application->status_callback_method, ON_COMPLETED};
    return true;
}

static bool read_status_callback(struct rest *rest, struct order *order)
{
    const char *url = NULL, *method = "POST";

    order->status.events = ON_COMPLETED;
    if (!rest_callback_url(rest, "StatusCallback", &url) ||
        !rest_method(rest, "StatusCallbackMethod", &method) ||
        !rest_words(rest, "StatusCallbackEvent", CALL_EVENTS, array_count(CALL_EVENTS),
                    &order->status.events))
        return false;
    order->status.url = (char *)url;
    order->status.method = (char *)method;
    return true;
}

static bool read_plan(struct rest *rest, struct order *order)
{
    const char *application = rest_param(rest, "ApplicationSid"), *url = NULL, *method = "POST";
    const char *fallback = NULL, *fallback_method = "POST", *twiml = rest_param(rest, "Twiml");

    if (application && application[0])
        return read_application(rest, order, application);
    if (!rest_url(rest, "Url", 21205, &url) || !rest_method(rest, "Method", &method) ||
        !rest_url(rest, "FallbackUrl", 21205, &fallback) ||
        !rest_method(rest, "FallbackMethod", &fallback_method) ||
        !read_status_callback(rest, order))
        return false;
    if (!url && !(twiml && twiml[0])) {
        rest_fail(rest, 400, 21205, "One of Url, Twiml or ApplicationSid is required");
        return false;
    }
    if (!url && strlen(twiml) > TWIML_TEXT_MAX) {
        rest_fail(rest, 400, 20001, "'Twiml' is longer than %d characters", TWIML_TEXT_MAX);
        return false;
    }
    order->plan = (struct voice_plan){(char *)url, (char *)method, (char *)fallback,
                                      (char *)fallback_method, url ? NULL : (char *)twiml};
    return true;
}

/* ---------------------------------------------------------------------------------- the rest */

static bool read_times(struct rest *rest, struct order *order, bool for_participant)
{
    order->timeout_s = 60;
    order->time_limit_s = rest->control->time_limit_s;
    order->send_digits = rest_param(rest, "SendDigits");
    if (!rest_number(rest, "Timeout", for_participant ? 5 : 1, 600, &order->timeout_s) ||
        !rest_number(rest, "TimeLimit", 1, TIME_LIMIT_MAX, &order->time_limit_s))
        return false;
    if (order->send_digits && !order->send_digits[0])
        order->send_digits = NULL;
    if (order->send_digits &&
        (strlen(order->send_digits) > SEND_DIGITS_MAX ||
         strspn(order->send_digits, "0123456789ABCDabcd*#wW") != strlen(order->send_digits))) {
        rest_fail(rest, 400, 20001, "'SendDigits' takes at most %d of 0-9 A-D * # w W",
                  SEND_DIGITS_MAX);
        return false;
    }
    return true;
}

static bool is_one_of(const char *value, const char *words)
{
    struct slice rest = slice_from(words);

    while (rest.size)
        if (slice_is(slice_cut(&rest, ' '), value))
            return true;
    return false;
}

static const struct {
    const char *name, *words; /* NULL words: a number */
    unsigned low, high;
} STORED[] = {
    {"MachineDetection", "Enable DetectMessageEnd", 0, 0},
    {"MachineDetectionTimeout", NULL, 3, 59},
    {"MachineDetectionSpeechThreshold", NULL, 1000, 6000},
    {"MachineDetectionSpeechEndThreshold", NULL, 500, 5000},
    {"MachineDetectionSilenceTimeout", NULL, 2000, 10000},
    {"AsyncAmd", "true false", 0, 0},
    {"RecordingChannels", "mono dual", 0, 0},
    {"RecordingTrack", "inbound outbound both", 0, 0},
    {"Trim", "trim-silence do-not-trim", 0, 0},
    {"JitterBufferSize", "off small medium large", 0, 0},
};

/* Parameters whose values are checked, but that have no effect here (yet). */
static bool check_stored(struct rest *rest)
{
    unsigned number;

    for (size_t i = 0; i < array_count(STORED); ++i) {
        const char *value = rest_param(rest, STORED[i].name);

        if (!value || !value[0])
            continue;
        if (STORED[i].words && !is_one_of(value, STORED[i].words)) {
            rest_fail(rest, 400, 20001, "'%s' is '%.40s', none of: %s", STORED[i].name, value,
                      STORED[i].words);
            return false;
        }
        if (!STORED[i].words &&
            !rest_number(rest, STORED[i].name, STORED[i].low, STORED[i].high, &number))
            return false;
    }
    return true;
}

static void keep_stored(struct rest *rest, struct call *call)
{
    static const char *const MORE[] = {"AsyncAmdStatusCallback",
                                       "AmdStatusCallback",
                                       "Record",
                                       "RecordingStatusCallback",
                                       "Byoc",
                                       "CallReason",
                                       "CallToken",
                                       "ClientNotificationUrl",
                                       "Region"};
    const char *value;

    for (size_t i = 0; i < array_count(STORED); ++i)
        if ((value = rest_param(rest, STORED[i].name)) && value[0])
            form_add(&call->life->stored, STORED[i].name, value);
    for (size_t i = 0; i < array_count(MORE); ++i)
        if ((value = rest_param(rest, MORE[i])) && value[0])
            form_add(&call->life->stored, MORE[i], value);
    for (size_t i = 0; i < call->life->stored.count; ++i)
        note_event(call->control, call, "%s is accepted, without effect in this engine",
                   call->life->stored.fields[i].name);
}

static struct call *make_call(struct rest *rest, const struct order *order)
{
    struct call *call = call_new(rest->control, CALL_OUTBOUND_API, order->to.text, order->from);
    struct call_life *life = call->life;

    call->caller_name = memory_text(order->caller_name);
    if (order->application_sid)
        call->life->application_sid = memory_text(order->application_sid);
    life->caller_id = memory_text(order->caller_id);
    life->plan.url = memory_text(order->plan.url);
    life->plan.method = memory_text(order->plan.method);
    life->plan.fallback_url = memory_text(order->plan.fallback_url);
    life->plan.fallback_method = memory_text(order->plan.fallback_method);
    life->plan.twiml = memory_text(order->plan.twiml);
    life->status.url = memory_text(order->status.url);
    life->status.method = memory_text(order->status.method);
    life->status.events = order->status.events;
    life->timeout_s = order->timeout_s;
    life->time_limit_s = order->time_limit_s;
    life->send_digits = memory_text(order->send_digits);
    life->sip_user = memory_text(rest_param(rest, "SipAuthUsername"));
    life->sip_password = memory_text(rest_param(rest, "SipAuthPassword"));
    for (size_t i = 0; i < order->to.headers.count; ++i)
        form_add(&life->headers, order->to.headers.fields[i].name,
                 order->to.headers.fields[i].value);
    keep_stored(rest, call);
    return call;
}

static bool has_room(struct rest *rest)
{
    if (rate_has_room(rest->control))
        return true;
    ++rest->control->figures.calls_refused;
    rest->reply->retry_after_s = RETRY_AFTER_S;
    rest_fail(rest, 429, 20429, "There are %zu calls at once, as many as there may be",
              rest->control->live_call_count_max);
    return false;
}

struct call *rest_order_call(struct rest *rest, bool for_participant)
{
    struct order order = {0};
    struct call *call = NULL;

    if (read_to(rest, &order) && read_from(rest, &order) &&
        (for_participant ? read_status_callback(rest, &order) : read_plan(rest, &order)) &&
        read_times(rest, &order, for_participant) && check_stored(rest) && has_room(rest))
        call = make_call(rest, &order);
    address_release(&order.to);
    return call;
}
