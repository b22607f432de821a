#include "voice/control/participant.h"

#include <stdlib.h>
#include <string.h>

#include "voice/control/dial.h"
#include "voice/control/memory.h"

static struct control *control_of(const struct participant *participant)
{
    return participant->conference->control;
}

const char *participant_status(const struct participant *participant)
{
    switch (participant->call->state) {
    case CALL_QUEUED:
        return "queued";
    case CALL_INITIATED:
        return "connecting";
    case CALL_RINGING:
        return participant->by_api ? "ringing" : "connecting";
    case CALL_IN_PROGRESS:
        return "connected";
    case CALL_COMPLETED:
        return "complete";
    case CALL_BUSY:
    case CALL_NO_ANSWER:
    case CALL_FAILED:
    case CALL_CANCELED:
    case CALL_STATE_COUNT:
        return "failed";
    }
    return "failed";
}

struct participant *participant_new(struct conference *conference, struct call *call,
                                    const struct join_options *options, bool by_api)
{
    struct participant *participant = memory_take(sizeof(*participant));
    struct text url;

    participant->conference = conference;
    participant->call = call;
    participant->state = by_api ? PARTICIPANT_CALLING : PARTICIPANT_PENDING;
    participant->by_api = by_api;
    participant->label = options->label && options->label[0] ? memory_text(options->label) : NULL;
    participant->muted = options->muted;
    participant->start_on_enter = options->start_on_enter;
    participant->end_on_exit = options->end_on_exit;
    participant->beep_on_enter = options->beep_on_enter;
    participant->beep_on_exit = options->beep_on_exit;
    participant->early_media = options->early_media;
    participant->coaching = options->coaching;
    if (options->coach_sid && sid_is(slice_from(options->coach_sid), "CA"))
        sid_normalise(slice_from(options->coach_sid), participant->coach_sid);
    if (options->wait_url) {
        text_init(&url);
        if (options->wait_url[0])
            url_resolve(options->base_url, options->wait_url, &url);
        participant->wait_url = memory_text(url.at ? url.at : "");
        text_release(&url);
    }
    participant->wait_method = memory_text(options->wait_method);
    participant->created_at = participant->updated_at = conference->control->now;
    call->life->participant = participant;
    chain_add(&conference->participants, &participant->link);
    return participant;
}

static void participant_release(void *object)
{
    struct participant *participant = object;

    free(participant->label);
    free(participant->wait_url);
    free(participant->wait_method);
    free(participant->announce_url);
    free(participant);
}

/* -------------------------------------------------------------------- what it hears meanwhile */

/* The engine's own hold audio for this leg; *play is its number. */
static void music_start(struct participant *participant, uint64_t *play)
{
    struct control *control = control_of(participant);
    struct control_effect *effect;

    if (*play)
        return;
    *play = control->next_play++;
    effect = effect_add(control, CONTROL_PLAY, participant->call->leg);
    effect->as.play.play = *play;
    effect->as.play.source = CONTROL_SOURCE_HOLD;
}

static void music_stop(struct participant *participant, uint64_t *play)
{
    if (*play && participant->call->leg_is_up)
        effect_add(control_of(participant), CONTROL_STOP_PLAY, participant->call->leg)
            ->as.play.play = *play;
    *play = 0;
}

static void document_start(struct participant *participant, enum run_kind kind, struct run **run,
                           const char *url, const char *method)
{
    *run = run_new(control_of(participant), kind, participant->call);
    (*run)->participant = participant;
    run_start_url(*run, url, method, NULL);
}

static void document_stop(struct run **run)
{
    run_free(*run);
    *run = NULL;
}

static void waiting_start(struct participant *participant)
{
    participant->is_waiting = true;
    if (!participant->wait_url)
        music_start(participant, &participant->wait_play);
    else if (participant->wait_url[0] && !participant->wait)
        document_start(participant, RUN_WAIT, &participant->wait, participant->wait_url,
                       participant->wait_method);
}

static void waiting_stop(struct participant *participant)
{
    participant->is_waiting = false;
    music_stop(participant, &participant->wait_play);
    document_stop(&participant->wait);
}

static void holding_stop(struct participant *participant)
{
    music_stop(participant, &participant->hold_play);
    document_stop(&participant->held);
}

/* ------------------------------------------------------------------------------------ rooms */

static bool is_silenced(const struct participant *participant)
{
    return participant->muted ||
           (participant->conference->state == CONFERENCE_INIT && !participant->start_on_enter);
}

static uint64_t coached_leg(const struct participant *participant)
{
    struct participant *coached =
        participant->coaching && participant->coach_sid[0]
            ? conference_participant(participant->conference, participant->coach_sid)
            : NULL;

    return coached ? coached->call->leg : 0;
}

static void ring_stop(struct conference *conference)
{
    struct control_effect *effect;

    if (!conference->ring_play)
        return;
    if (conference->room) {
        effect = effect_add(conference->control, CONTROL_STOP_PLAY, 0);
        effect->as.play.play = conference->ring_play;
        effect->as.play.room = conference->room;
    }
    conference->ring_play = 0;
}

static void room_play(struct conference *conference, enum control_source source, uint64_t play)
{
    struct control_effect *effect = effect_add(conference->control, CONTROL_PLAY, 0);

    effect->as.play.play = play;
    effect->as.play.room = conference->room;
    effect->as.play.source = source;
    effect->as.play.loop = source == CONTROL_SOURCE_RING ? 0 : 1;
}

static void enter_room(struct participant *participant)
{
    struct conference *conference = participant->conference;
    struct control *control = conference->control;

    if (!conference->room) {
        conference->room = control->next_room++;
        effect_add(control, CONTROL_ROOM_OPEN, 0)->as.room.room = conference->room;
    }
    call_join_room(participant->call, conference->room, is_silenced(participant), participant->hold,
                   coached_leg(participant));
}

static bool starts_with(const struct conference *conference, const struct participant *newcomer)
{
    struct chain_link *link;
    bool wanted = newcomer->start_on_enter;

    for (link = conference->participants.first; link; link = link->after) {
        struct participant *other = container_of(link, struct participant, link);

        wanted = wanted || (other->state == PARTICIPANT_IN && other->start_on_enter);
    }
    return wanted && conference->in_count >= 1;
}

/* Those who waited talk now; the newcomer joins after this, so nothing of it is covered by music. */
static void start_media(struct conference *conference)
{
    struct chain_link *link;

    for (link = conference->participants.first; link; link = link->after) {
        struct participant *other = container_of(link, struct participant, link);
        bool was_silenced = is_silenced(other);

        if (other->state != PARTICIPANT_IN)
            continue;
        waiting_stop(other);
        if (was_silenced && !other->muted)
            effect_add(conference->control, CONTROL_LEG_MUTE, other->call->leg)->as.flag.on = false;
    }
    conference->state = CONFERENCE_IN_PROGRESS;
    conference->updated_at = conference->control->now;
}

/* Somebody who waited for the document to come needs it no more. */
static void admit_pending(struct conference *conference)
{
    struct chain_link *link = conference->participants.first;

    while (link) {
        struct participant *other = container_of(link, struct participant, link);

        link = link->after;
        if (other->state == PARTICIPANT_PENDING)
            participant_admit(other);
    }
}

static void enter(struct participant *participant)
{
    struct conference *conference = participant->conference;
    bool starts = conference->state == CONFERENCE_INIT && starts_with(conference, participant);

    if (starts)
        start_media(conference);
    participant->state = PARTICIPANT_IN;
    participant->updated_at = conference->control->now;
    ++conference->in_count;
    ring_stop(conference);
    enter_room(participant);
    if (conference->state == CONFERENCE_INIT)
        waiting_start(participant);
    else
        waiting_stop(participant);
    if (participant->beep_on_enter && conference->state == CONFERENCE_IN_PROGRESS &&
        conference->in_count > 1)
        room_play(conference, CONTROL_SOURCE_BEEP_ENTER, conference->control->next_play++);
    conference_tell(conference, ON_JOIN, "participant-join", participant, NULL);
    if (starts) {
        conference_tell(conference, ON_START, "conference-start", NULL, NULL);
        admit_pending(conference);
    }
}

void participant_admit(struct participant *participant)
{
    struct conference *conference = participant->conference;
    bool waits = conference->state == CONFERENCE_INIT && !starts_with(conference, participant) &&
                 participant->wait_url && participant->wait_url[0];

    if (!waits) {
        enter(participant);
        return;
    }
    participant->state = PARTICIPANT_PENDING;
    document_start(participant, RUN_WAIT, &participant->wait, participant->wait_url,
                   participant->wait_method);
}

void participant_wait_fetched(struct participant *participant)
{
    if (participant->state == PARTICIPANT_PENDING)
        enter(participant);
}

void participant_call_ringing(struct participant *participant, bool early_media)
{
    struct conference *conference = participant->conference;

    if (!participant->early_media || !conference->in_count)
        return;
    if (early_media) {
        ring_stop(conference);
        enter_room(participant);
    } else if (!conference->ring_play) {
        conference->ring_play = conference->control->next_play++;
        room_play(conference, CONTROL_SOURCE_RING, conference->ring_play);
    }
}

void participant_call_answered(struct participant *participant)
{
    participant_admit(participant);
}

/* ------------------------------------------------------------------------------------ leave */

static const char *leave_reason_name(enum leave_reason reason)
{
    switch (reason) {
    case LEFT_HUNG_UP:
    case LEFT_BY_STAR:
        return "participant_hung_up";
    case LEFT_VIA_API:
        return "participant_updated_via_api";
    case LEFT_CONFERENCE_ENDED:
        return "conference_ended_via_api";
    case LEFT_MODERATOR_ENDED:
        return "moderator_ended_conference";
    case LEFT_ADD_FAILED:
        return "participant_add_failed";
    }
    return "";
}

static void tell_leave(struct participant *participant, enum leave_reason reason)
{
    struct form extra;

    form_init(&extra);
    form_add(&extra, "ParticipantCallStatus", call_status_callback(participant->call));
    form_add(&extra, "ReasonParticipantLeft", leave_reason_name(reason));
    conference_tell(participant->conference, ON_LEAVE, "participant-leave", participant, &extra);
    form_release(&extra);
}

/* The room after somebody left: it may be over. */
static void after_leave(struct conference *conference, struct participant *gone,
                        enum leave_reason reason, bool was_in)
{
    bool kicked = reason == LEFT_VIA_API;

    if (conference->state == CONFERENCE_COMPLETED)
        return;
    if (was_in && gone->end_on_exit)
        conference_end(conference, kicked ? CONFERENCE_MODERATOR_KICKED : CONFERENCE_MODERATOR_LEFT,
                       gone);
    else if (!conference->participants.first)
        conference_end(conference, kicked ? CONFERENCE_LAST_KICKED : CONFERENCE_LAST_LEFT, gone);
    else if (was_in && gone->beep_on_exit && conference->state == CONFERENCE_IN_PROGRESS &&
             conference->in_count)
        room_play(conference, CONTROL_SOURCE_BEEP_EXIT, conference->control->next_play++);
}

void participant_leave(struct participant *participant, enum leave_reason reason)
{
    struct conference *conference = participant->conference;
    struct call *call = participant->call;
    bool was_in = participant->state == PARTICIPANT_IN;
    bool was_calling = participant->state == PARTICIPANT_CALLING;

    if (participant->state == PARTICIPANT_GONE)
        return;
    waiting_stop(participant);
    holding_stop(participant);
    document_stop(&participant->announcement);
    call_leave_room(call);
    if (participant->hold && call->leg_is_up)
        effect_add(conference->control, CONTROL_LEG_HOLD, call->leg)->as.flag.on = false;
    participant->state = PARTICIPANT_GONE;
    chain_remove(&conference->participants, &participant->link);
    call->life->participant = NULL;
    if (was_in)
        --conference->in_count;
    if (was_calling)
        ring_stop(conference);
    if (was_in || was_calling)
        tell_leave(participant, was_calling ? LEFT_ADD_FAILED : reason);
    machine_bury(conference->control, participant, participant_release);
    after_leave(conference, participant, reason, was_in);
}

/* ----------------------------------------------------------------------------------- updates */

void participant_digit(struct participant *participant, char digit)
{
    struct conference *conference = participant->conference;
    struct control *control = conference->control;
    uint64_t coached = coached_leg(participant);
    char digits[] = {digit, '\0'};

    if (participant->state != PARTICIPANT_IN || participant->hold || is_silenced(participant))
        return;
    for (struct chain_link *link = conference->participants.first; link; link = link->after) {
        struct participant *other = container_of(link, struct participant, link);

        if (other == participant || other->state != PARTICIPANT_IN || other->hold ||
            (coached && other->call->leg != coached))
            continue;
        struct control_effect *effect = effect_add(control, CONTROL_SEND_DIGITS, other->call->leg);

        effect->as.digits.digits = effects_text(&control->effects, digits);
    }
}

void participant_mute(struct participant *participant, bool muted)
{
    struct conference *conference = participant->conference;
    bool was_silenced = is_silenced(participant);

    if (participant->muted == muted)
        return;
    participant->muted = muted;
    participant->updated_at = conference->control->now;
    if (participant->call->life->room && is_silenced(participant) != was_silenced)
        effect_add(conference->control, CONTROL_LEG_MUTE, participant->call->leg)->as.flag.on =
            muted;
    if (participant->state == PARTICIPANT_IN)
        conference_tell(conference, ON_MUTE, muted ? "participant-mute" : "participant-unmute",
                        participant, NULL);
}

void participant_hold(struct participant *participant, bool hold, const char *url,
                      const char *method)
{
    struct conference *conference = participant->conference;
    bool changes = participant->hold != hold;

    if (participant->state != PARTICIPANT_IN)
        return;
    holding_stop(participant);
    if (changes) {
        participant->hold = hold;
        participant->updated_at = conference->control->now;
        effect_add(conference->control, CONTROL_LEG_HOLD, participant->call->leg)->as.flag.on =
            hold;
    }
    if (hold && url && url[0])
        document_start(participant, RUN_HOLD, &participant->held, url, method);
    else if (hold)
        music_start(participant, &participant->hold_play);
    if (changes)
        conference_tell(conference, ON_HOLD, hold ? "participant-hold" : "participant-unhold",
                        participant, NULL);
}

void participant_announce(struct participant *participant, const char *url, const char *method)
{
    if (participant->state != PARTICIPANT_IN)
        return;
    document_stop(&participant->announcement);
    memory_set(&participant->announce_url, url);
    document_start(participant, RUN_ANNOUNCE, &participant->announcement, url, method);
}

void participant_wait(struct participant *participant, const char *url, const char *method)
{
    bool was_waiting = participant->is_waiting;

    memory_set(&participant->wait_url, url);
    memory_set(&participant->wait_method, method);
    if (!was_waiting)
        return;
    waiting_stop(participant);
    waiting_start(participant);
}

void participant_modified(struct participant *participant)
{
    struct conference *conference = participant->conference;

    participant->updated_at = conference->control->now;
    if (participant->state != PARTICIPANT_IN)
        return;
    effect_add(conference->control, CONTROL_LEG_COACH, participant->call->leg)->as.coach.coach =
        coached_leg(participant);
    conference_tell(conference, ON_MODIFY, "participant-modify", participant, NULL);
}

/* -------------------------------------------------------------------- documents that ran out */

void participant_tell_announcement(struct conference *conference, struct participant *participant,
                                   const char *url, unsigned code)
{
    struct form extra;

    form_init(&extra);
    form_add(&extra, "AnnounceUrl", url);
    if (code)
        form_add(&extra, "ReasonAnnouncementFailed", "the announcement could not be fetched");
    conference_tell(conference, ON_ANNOUNCEMENT, code ? "announcement-fail" : "announcement-end",
                    participant, &extra);
    form_release(&extra);
}

/* The wait document never came: it is not let in, and its call goes on. */
static void not_admitted(struct participant *participant)
{
    struct call *call = participant->call;

    participant_leave(participant, LEFT_ADD_FAILED);
    if (!call_is_live(call))
        return;
    if (call->life->dial)
        dial_not_admitted(call->life->dial);
    else
        call_hang_up(call, CALL_FAILED);
}

void participant_run_over(struct run *run)
{
    struct participant *participant = run->participant;
    bool again = !run->error_code && run->had_media;

    switch (run->kind) {
    case RUN_WAIT:
        participant->wait = NULL;
        if (participant->state == PARTICIPANT_PENDING)
            not_admitted(participant);
        else if (again && participant->is_waiting)
            waiting_start(participant);
        break;
    case RUN_HOLD:
        participant->held = NULL;
        if (again)
            document_start(participant, RUN_HOLD, &participant->held, run->url, run->method);
        else
            music_start(participant, &participant->hold_play);
        break;
    case RUN_ANNOUNCE:
        participant->announcement = NULL;
        participant_tell_announcement(participant->conference, participant,
                                      participant->announce_url, run->error_code);
        break;
    case RUN_CALL:
    case RUN_WHISPER:
        break;
    }
    run_free(run);
}
