#include <stdio.h>

#include "voice/control/conference.h"

static void add_participant(struct form *form, const struct participant *participant)
{
    form_add(form, "CallSid", participant->call->sid);
    if (participant->label)
        form_add(form, "ParticipantLabel", participant->label);
    form_add(form, "Muted", participant->muted ? "true" : "false");
    form_add(form, "Hold", participant->hold ? "true" : "false");
    form_add(form, "Coaching", participant->coaching ? "true" : "false");
    form_add(form, "EndConferenceOnExit", participant->end_on_exit ? "true" : "false");
    form_add(form, "StartConferenceOnEnter", participant->start_on_enter ? "true" : "false");
}

void conference_tell(struct conference *conference, unsigned event, const char *name,
                     struct participant *participant, struct form *extra)
{
    unsigned sequence = ++conference->sequence;
    char text[INSTANT_TEXT_SIZE], number[16];
    struct form form;

    if (!conference->callback.url || !(conference->callback.events & event))
        return;
    form_init(&form);
    form_add(&form, "ConferenceSid", conference->sid);
    form_add(&form, "FriendlyName", conference->name);
    form_add(&form, "AccountSid", conference->control->account_sid);
    snprintf(number, sizeof(number), "%u", sequence);
    form_add(&form, "SequenceNumber", number);
    instant_to_rfc2822(conference->control->now, text);
    form_add(&form, "Timestamp", text);
    form_add(&form, "StatusCallbackEvent", name);
    if (participant)
        add_participant(&form, participant);
    for (size_t i = 0; extra && i < extra->count; ++i)
        form_add(&form, extra->fields[i].name, extra->fields[i].value);
    callback_line_add(conference->control, &conference->line, conference->callback.url,
                      conference->callback.method, &form);
}
