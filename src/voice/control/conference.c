#include "voice/control/conference.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "voice/control/dial.h"
#include "voice/control/memory.h"
#include "voice/control/participant.h"

enum { NAME_SIZE_MAX = 128, JOIN_BAD_NAME = 13230 };

const char *conference_status(const struct conference *conference)
{
    switch (conference->state) {
    case CONFERENCE_INIT:
        return "init";
    case CONFERENCE_IN_PROGRESS:
        return "in-progress";
    case CONFERENCE_COMPLETED:
        return "completed";
    }
    return "";
}

const char *conference_end_name(const struct conference *conference)
{
    switch (conference->end) {
    case CONFERENCE_END_NONE:
        return NULL;
    case CONFERENCE_ENDED_VIA_API:
        return "conference-ended-via-api";
    case CONFERENCE_MODERATOR_LEFT:
        return "participant-with-end-conference-on-exit-left";
    case CONFERENCE_MODERATOR_KICKED:
        return "participant-with-end-conference-on-exit-kicked";
    case CONFERENCE_LAST_KICKED:
        return "last-participant-kicked";
    case CONFERENCE_LAST_LEFT:
        return "last-participant-left";
    }
    return NULL;
}

struct conference *conference_find(struct control *control, struct slice sid)
{
    char key[SID_SIZE];

    if (!sid_is(sid, "CF"))
        return NULL;
    sid_normalise(sid, key);
    return table_get(&control->conferences, key, SID_LENGTH);
}

struct conference *conference_by_name(struct control *control, const char *name)
{
    return table_get(&control->rooms, name, strlen(name));
}

struct participant *conference_participant(struct conference *conference, const char *key)
{
    struct chain_link *link;

    for (link = conference->participants.first; link; link = link->after) {
        struct participant *participant = container_of(link, struct participant, link);

        if (strcasecmp(participant->call->sid, key) == 0 ||
            (participant->label && strcmp(participant->label, key) == 0))
            return participant;
    }
    return NULL;
}

static struct conference *conference_new(struct control *control, const char *name)
{
    struct conference *conference = memory_take(sizeof(*conference));

    conference->control = control;
    sid_make(&control->sids, "CF", conference->sid);
    conference->name = memory_text(name);
    conference->created_at = conference->updated_at = control->now;
    machine_put(&control->conferences, conference->sid, conference);
    machine_put(&control->rooms, name, conference);
    chain_add(&control->conferences_by_age, &conference->by_age);
    ++control->conferences_live;
    return conference;
}

/* ------------------------------------------------------------------------------------ join */

static unsigned refusal(struct conference *conference, const char *name,
                        const struct join_options *options)
{
    struct participant *coached;

    if (!name[0] || strlen(name) > NAME_SIZE_MAX)
        return JOIN_BAD_NAME;
    if (options->coaching && options->coach_sid) {
        coached = conference ? conference_participant(conference, options->coach_sid) : NULL;
        if (!coached || coached->state != PARTICIPANT_IN)
            return JOIN_NOBODY_TO_COACH;
    }
    if (!conference)
        return 0;
    if (conference->participants.count >= options->count_max)
        return JOIN_FULL;
    if (options->label && options->label[0] && conference_participant(conference, options->label))
        return JOIN_LABEL_TAKEN;
    return 0;
}

unsigned conference_join(struct control *control, const char *name, struct call *call,
                         const struct join_options *options, bool by_api)
{
    struct conference *conference = conference_by_name(control, name);
    unsigned code = refusal(conference, name, options);
    struct participant *participant;

    if (code)
        return code;
    if (!conference)
        conference = conference_new(control, name);
    if (!conference->callback_settled) {
        conference->callback_settled = true;
        conference->callback.url = memory_text(options->callback_url);
        conference->callback.method = memory_text(options->callback_method);
        conference->callback.events = options->callback_events;
    }
    participant = participant_new(conference, call, options, by_api);
    if (!by_api)
        participant_admit(participant);
    return 0;
}

/* ------------------------------------------------------------------------------------- end */

static void close_room(struct conference *conference)
{
    struct control *control = conference->control;

    run_free(conference->announcement);
    conference->announcement = NULL;
    if (conference->room)
        effect_add(control, CONTROL_ROOM_CLOSE, 0)->as.room.room = conference->room;
    conference->room = 0;
}

/* A call whose conference let it go does what comes next in its life. */
static void call_goes_on(struct call *call)
{
    if (!call_is_live(call))
        return;
    if (call->life->dial)
        dial_conference_left(call->life->dial);
    else
        call_hang_up(call, CALL_CANCELED);
}

static void empty(struct conference *conference, enum leave_reason reason)
{
    while (conference->participants.first) {
        struct participant *participant =
            container_of(conference->participants.first, struct participant, link);
        struct call *call = participant->call;

        participant_leave(participant, reason);
        call_goes_on(call);
    }
}

static void tell_end(struct conference *conference)
{
    static const char *const REASONS[] = {
        [CONFERENCE_END_NONE] = "",
        [CONFERENCE_ENDED_VIA_API] = "Conference ended via API",
        [CONFERENCE_MODERATOR_LEFT] = "Participant with endConferenceOnExit left",
        [CONFERENCE_MODERATOR_KICKED] = "Participant with endConferenceOnExit was removed via API",
        [CONFERENCE_LAST_KICKED] = "The last participant was removed via API",
        [CONFERENCE_LAST_LEFT] = "The last participant left",
    };
    struct form extra;

    form_init(&extra);
    if (conference->ending_sid[0])
        form_add(&extra, "CallSidEndingConference", conference->ending_sid);
    if (conference->ending_label)
        form_add(&extra, "ParticipantLabelEndingConference", conference->ending_label);
    form_add(&extra, "ReasonConferenceEnded", conference_end_name(conference));
    form_add(&extra, "Reason", REASONS[conference->end]);
    conference_tell(conference, ON_END, "conference-end", NULL, &extra);
    form_release(&extra);
}

void conference_end(struct conference *conference, enum conference_end_reason end,
                    struct participant *ender)
{
    struct control *control = conference->control;

    if (conference->state == CONFERENCE_COMPLETED)
        return;
    conference->state = CONFERENCE_COMPLETED;
    conference->end = end;
    conference->ended_at = conference->updated_at = control->now;
    if (ender) {
        slice_copy(slice_from(ender->call->sid), conference->ending_sid, SID_SIZE);
        conference->ending_label = memory_text(ender->label);
    }
    table_remove(&control->rooms, conference->name, strlen(conference->name));
    --control->conferences_live;
    chain_add(&control->conferences_ended, &conference->by_end);
    empty(conference,
          end == CONFERENCE_ENDED_VIA_API ? LEFT_CONFERENCE_ENDED : LEFT_MODERATOR_ENDED);
    close_room(conference);
    tell_end(conference);
    if (control->conferences_ended.count > control->ended_call_count_max)
        conference_sweep(control);
}

/* ----------------------------------------------------------------------------- announcements */

void conference_announce(struct conference *conference, const char *url, const char *method)
{
    if (!conference->in_count)
        return;
    run_free(conference->announcement);
    memory_set(&conference->announce_url, url);
    conference->announcement = run_new(conference->control, RUN_ANNOUNCE, NULL);
    conference->announcement->conference = conference;
    run_start_url(conference->announcement, url, method, NULL);
}

void conference_run_over(struct run *run)
{
    struct conference *conference = run->conference;

    conference->announcement = NULL;
    participant_tell_announcement(conference, NULL, conference->announce_url, run->error_code);
    run_free(run);
}

/* ------------------------------------------------------------------------------------ memory */

static void conference_release(void *object)
{
    struct conference *conference = object;

    callback_line_release(&conference->line);
    free(conference->name);
    free(conference->ending_label);
    free(conference->callback.url);
    free(conference->callback.method);
    free(conference->announce_url);
    free(conference);
}

static void conference_forget(struct conference *conference)
{
    struct control *control = conference->control;

    table_remove(&control->conferences, conference->sid, SID_LENGTH);
    chain_remove(&control->conferences_by_age, &conference->by_age);
    chain_remove(&control->conferences_ended, &conference->by_end);
    machine_bury(control, conference, conference_release);
}

void conference_sweep(struct control *control)
{
    while (control->conferences_ended.first) {
        struct conference *conference =
            container_of(control->conferences_ended.first, struct conference, by_end);
        bool stays = control->conferences_ended.count <= control->ended_call_count_max &&
                     conference->ended_at + control->ended_call_age_max > control->now;

        if (stays || conference->line.open)
            break;
        conference_forget(conference);
    }
}

void conferences_forget_all(struct control *control)
{
    struct chain_link *link;

    for (link = control->conferences_by_age.first; link; link = link->after)
        callback_line_release(&container_of(link, struct conference, by_age)->line);
    while (control->conferences_by_age.first)
        conference_forget(
            container_of(control->conferences_by_age.first, struct conference, by_age));
}
