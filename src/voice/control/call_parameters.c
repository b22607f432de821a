#include <stdlib.h>
#include <string.h>

#include "voice/control/call.h"
#include "voice/control/memory.h"

/* Where a number lives: its country, when it tells; town and so on come empty, as unknown ones do. */
static void add_places(const struct call *call, struct form *form)
{
    static const char *const NAMES[] = {"FromCity",   "FromState",   "FromZip",   "FromCountry",
                                        "ToCity",     "ToState",     "ToZip",     "ToCountry",
                                        "CallerCity", "CallerState", "CallerZip", "CallerCountry",
                                        "CalledCity", "CalledState", "CalledZip", "CalledCountry"};

    for (size_t i = 0; i < array_count(NAMES); ++i) {
        const char *country = i / 4 % 2 ? call->to_country : call->from_country;

        form_add(form, NAMES[i], i % 4 == 3 ? country : "");
    }
}

static void add_sip(const struct call *call, struct form *form)
{
    if (!call->life || !(strncmp(call->to, "sip:", 4) == 0 || strncmp(call->from, "sip:", 4) == 0))
        return;
    if (call->life->sip_call_id)
        form_add(form, "SipCallId", call->life->sip_call_id);
    if (call->direction != CALL_INBOUND)
        return;
    for (size_t i = 0; i < call->life->headers.count; ++i) {
        struct text name;

        text_init(&name);
        text_addf(&name, "SipHeader_%s", call->life->headers.fields[i].name);
        if (!name.failed)
            form_add(form, name.at, call->life->headers.fields[i].value);
        text_release(&name);
    }
}

void call_parameters(const struct call *call, struct form *form)
{
    form_add(form, "CallSid", call->sid);
    form_add(form, "AccountSid", call->control->account_sid);
    form_add(form, "From", call->from);
    form_add(form, "To", call->to);
    form_add(form, "Caller", call->from);
    form_add(form, "Called", call->to);
    form_add(form, "CallStatus", call_status_callback(call));
    form_add(form, "ApiVersion", "2010-04-01");
    form_add(form, "Direction", call_direction_name(call));
    if (call->caller_name)
        form_add(form, "CallerName", call->caller_name);
    if (call->parent_sid)
        form_add(form, "ParentCallSid", call->parent_sid);
    if (call->life && call->life->application_sid)
        form_add(form, "ApplicationSid", call->life->application_sid);
    if (call->to[0] == '+' || call->from[0] == '+')
        add_places(call, form);
    add_sip(call, form);
}
