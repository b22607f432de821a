#include <string.h>
#include <stdio.h>
#include <strings.h>

#include "voice/control/conference.h"
#include "voice/control/dial.h"
#include "voice/control/rate.h"
#include "voice/control/rest.h"

static const char *const CONFERENCE_EVENTS[] = {"start", "end",    "join",    "leave",       "mute",
                                                "hold",  "modify", "speaker", "announcement"};

static json_t *describe(struct rest *rest, const struct participant *participant)
{
    const char *conference = participant->conference->sid, *call = participant->call->sid;
    json_t *json = json_object();

    json_object_set_new(json, "account_sid", json_text(rest->control->account_sid));
    json_object_set_new(json, "call_sid", json_text(call));
    json_object_set_new(json, "label", json_text(participant->label));
    json_object_set_new(json, "call_sid_to_coach",
                        json_sid(participant->coaching ? participant->coach_sid : ""));
    json_object_set_new(json, "coaching", json_boolean(participant->coaching));
    json_object_set_new(json, "conference_sid", json_text(conference));
    json_object_set_new(json, "date_created", json_date(participant->created_at));
    json_object_set_new(json, "date_updated", json_date(participant->updated_at));
    json_object_set_new(json, "end_conference_on_exit", json_boolean(participant->end_on_exit));
    json_object_set_new(json, "muted", json_boolean(participant->muted));
    json_object_set_new(json, "hold", json_boolean(participant->hold));
    json_object_set_new(json, "start_conference_on_enter",
                        json_boolean(participant->start_on_enter));
    json_object_set_new(json, "status", json_text(participant_status(participant)));
    json_object_set_new(json, "queue_time", json_null());
    json_object_set_new(json, "uri",
                        json_path(rest, "/Conferences/%s/Participants/%s.json", conference, call));
    return json;
}

static struct conference *find_conference(struct rest *rest)
{
    struct conference *conference = conference_find(rest->control, slice_from(rest->args[0]));

    if (!conference)
        rest_not_found(rest);
    return conference;
}

static struct participant *find(struct rest *rest)
{
    struct conference *conference = find_conference(rest);
    struct participant *participant =
        conference ? conference_participant(conference, rest->args[1]) : NULL;

    if (conference && (!participant || participant->state == PARTICIPANT_PENDING)) {
        rest_not_found(rest);
        return NULL;
    }
    return participant;
}

/* ------------------------------------------------------------------------------------ create */

static bool read_beep(struct rest *rest, struct join_options *options)
{
    const char *beep = rest_param(rest, "Beep");
    bool both;

    if (!beep || !beep[0])
        beep = "true";
    both = strcmp(beep, "true") == 0;
    if (!both && strcmp(beep, "false") != 0 && strcmp(beep, "onEnter") != 0 &&
        strcmp(beep, "onExit") != 0) {
        rest_fail(rest, 400, 20001, "'Beep' is '%.40s', none of: true false onEnter onExit", beep);
        return false;
    }
    options->beep_on_enter = both || strcmp(beep, "onEnter") == 0;
    options->beep_on_exit = both || strcmp(beep, "onExit") == 0;
    return true;
}

static bool read_join(struct rest *rest, struct join_options *options)
{
    const char *wait = rest_param(rest, "WaitUrl"), *name = rest_param(rest, "CallerDisplayName");

    *options = (struct join_options){
        .label = rest_param(rest, "Label"),
        .muted = rest_flag(rest, "Muted", false),
        .start_on_enter = rest_flag(rest, "StartConferenceOnEnter", true),
        .end_on_exit = rest_flag(rest, "EndConferenceOnExit", false),
        .early_media = rest_flag(rest, "EarlyMedia", true),
        .coaching = rest_flag(rest, "Coaching", false),
        .coach_sid = rest_param(rest, "CallSidToCoach"),
        .wait_url = wait,
        .wait_method = "POST",
        .count_max = 250,
        .callback_method = "POST",
        .callback_events = ON_START | ON_END,
    };
    if (options->label && strlen(options->label) > 128) {
        rest_fail(rest, 400, 20001, "'Label' is longer than 128 characters");
        return false;
    }
    if (name && name[0] && (strlen(name) < 2 || strlen(name) > 255)) {
        rest_fail(rest, 400, 20001, "'CallerDisplayName' has not 2 to 255 characters");
        return false;
    }
    return read_beep(rest, options) && rest_url(rest, "WaitUrl", 20001, &options->wait_url) &&
           rest_method(rest, "WaitMethod", &options->wait_method) &&
           rest_number(rest, "MaxParticipants", 2, 250, &options->count_max) &&
           rest_callback_url(rest, "ConferenceStatusCallback", &options->callback_url) &&
           rest_method(rest, "ConferenceStatusCallbackMethod", &options->callback_method) &&
           rest_words(rest, "ConferenceStatusCallbackEvent", CONFERENCE_EVENTS,
                      array_count(CONFERENCE_EVENTS), &options->callback_events);
}

/* Whether it would be let in; the call is made only then. */
static bool may_join(struct rest *rest, const char *name, const struct join_options *options)
{
    struct conference *conference = conference_by_name(rest->control, name);
    struct participant *coached;

    if (!name[0] || strlen(name) > 128) {
        rest_fail(rest, 400, 20001, "a conference name has 1 to 128 characters");
    } else if (options->coaching &&
               (!options->coach_sid || !conference ||
                !(coached = conference_participant(conference, options->coach_sid)) ||
                coached->state != PARTICIPANT_IN)) {
        rest_fail(rest, 400, 13240, "'CallSidToCoach' is not a call in this conference");
    } else if (conference && options->label && options->label[0] &&
               conference_participant(conference, options->label)) {
        rest_fail(rest, 400, 16025, "the participant label '%.128s' is taken", options->label);
    } else if (conference && conference->participants.count >= options->count_max) {
        rest_fail(rest, 400, 16022, "the conference has %u participants and is full",
                  (unsigned)conference->participants.count);
    }
    return !rest->failed;
}

void rest_participants_create(struct rest *rest)
{
    struct conference *by_sid = conference_find(rest->control, slice_from(rest->args[0]));
    const char *name = by_sid ? by_sid->name : rest->args[0];
    struct join_options options;
    struct call *call;
    json_t *json;
    unsigned code;

    if (sid_is(slice_from(name), "CF") || (by_sid && by_sid->state == CONFERENCE_COMPLETED)) {
        rest_not_found(rest);
        return;
    }
    if (!read_join(rest, &options) || !may_join(rest, name, &options))
        return;
    call = rest_order_call(rest, true);
    if (!call)
        return;
    code = conference_join(rest->control, name, call, &options, true);
    check(code == 0); /* may_join asked the same */
    json = describe(rest, call->life->participant);
    rate_place(call);
    if (call->queue_ms) {
        char text[16];

        snprintf(text, sizeof(text), "%u", call->queue_ms);
        json_object_set_new(json, "queue_time", json_text(text));
    } else {
        json_object_set_new(json, "queue_time", json_text("0"));
    }
    rest_answer(rest, 201, json);
}

/* -------------------------------------------------------------------------------------- read */

void rest_participant_read(struct rest *rest)
{
    struct participant *participant = find(rest);

    if (participant)
        rest_answer(rest, 200, describe(rest, participant));
}

static struct participant *of(struct chain_link *link)
{
    return container_of(link, struct participant, link);
}

static const char *sid_of(struct chain_link *link)
{
    return of(link)->call->sid;
}

static const char *word(bool flag)
{
    return flag ? "true" : "false";
}

static bool matches(struct rest *rest, struct chain_link *link)
{
    const struct participant *participant = of(link);

    return participant->state != PARTICIPANT_PENDING &&
           rest_filter_passes(rest, "Muted", word(participant->muted)) &&
           rest_filter_passes(rest, "Hold", word(participant->hold)) &&
           rest_filter_passes(rest, "Coaching", word(participant->coaching));
}

static json_t *describe_link(struct rest *rest, struct chain_link *link)
{
    return describe(rest, of(link));
}

void rest_participants_list(struct rest *rest)
{
    struct conference *conference = find_conference(rest);
    char path[100];
    struct rest_list list = {.name = "participants",
                             .path = path,
                             .sid = sid_of,
                             .matches = matches,
                             .describe = describe_link};

    if (!conference)
        return;
    snprintf(path, sizeof(path), "/Conferences/%s/Participants.json", conference->sid);
    list.newest = conference->participants.last;
    rest_list_answer(rest, &list);
}

/* ------------------------------------------------------------------------------------ update */

struct update {
    const char *hold_url, *hold_method, *announce_url, *announce_method, *wait_url, *wait_method;
};

static bool read_update(struct rest *rest, struct update *update)
{
    *update = (struct update){.hold_method = "GET",
                              .announce_method = "POST",
                              .wait_url = rest_param(rest, "WaitUrl"),
                              .wait_method = "POST"};
    return rest_url(rest, "HoldUrl", 20001, &update->hold_url) &&
           rest_method(rest, "HoldMethod", &update->hold_method) &&
           rest_url(rest, "AnnounceUrl", 20001, &update->announce_url) &&
           rest_method(rest, "AnnounceMethod", &update->announce_method) &&
           rest_url(rest, "WaitUrl", 20001, &update->wait_url) &&
           rest_method(rest, "WaitMethod", &update->wait_method);
}

/* Whom to coach, if that is asked; false when it cannot be. */
static bool update_coaching(struct rest *rest, struct participant *participant, bool *changed)
{
    const char *coaching = rest_param(rest, "Coaching"), *sid = rest_param(rest, "CallSidToCoach");
    bool on =
        coaching ? strcasecmp(coaching, "true") == 0 : participant->coaching || (sid && sid[0]);
    struct participant *coached;

    if (!coaching && !sid)
        return true;
    if (on && (!sid || !sid[0]))
        sid = participant->coach_sid;
    coached = on ? conference_participant(participant->conference, sid) : NULL;
    if (on && (!coached || coached == participant || coached->state != PARTICIPANT_IN)) {
        rest_fail(rest, 400, 13240, "'CallSidToCoach' is not another call in this conference");
        return false;
    }
    participant->coaching = on;
    participant->coach_sid[0] = '\0';
    if (coached)
        slice_copy(slice_from(coached->call->sid), participant->coach_sid, SID_SIZE);
    *changed = true;
    return true;
}

static void update_flag(struct rest *rest, const char *name, bool *flag, bool *changed)
{
    if (!rest_param(rest, name))
        return;
    *flag = rest_flag(rest, name, *flag);
    *changed = true;
}

void rest_participant_update(struct rest *rest)
{
    struct participant *participant = find(rest);
    struct update update;
    bool changed = false;

    if (!participant || !read_update(rest, &update) ||
        !update_coaching(rest, participant, &changed))
        return;
    update_flag(rest, "EndConferenceOnExit", &participant->end_on_exit, &changed);
    update_flag(rest, "BeepOnExit", &participant->beep_on_exit, &changed);
    if (rest_param(rest, "Muted"))
        participant_mute(participant, rest_flag(rest, "Muted", false));
    if (rest_param(rest, "Hold"))
        participant_hold(participant, rest_flag(rest, "Hold", false), update.hold_url,
                         update.hold_method);
    if (update.announce_url)
        participant_announce(participant, update.announce_url, update.announce_method);
    if (rest_param(rest, "WaitUrl")) {
        participant_wait(participant, update.wait_url, update.wait_method);
        changed = true;
    }
    if (changed)
        participant_modified(participant);
    rest_answer(rest, 200, describe(rest, participant));
}

void rest_participant_delete(struct rest *rest)
{
    struct participant *participant = find(rest);
    struct call *call;

    if (!participant)
        return;
    call = participant->call;
    if (participant->state == PARTICIPANT_CALLING) {
        call_hang_up(call, CALL_CANCELED);
    } else {
        participant_leave(participant, LEFT_VIA_API);
        if (call->life->dial)
            dial_conference_left(call->life->dial);
        else
            call_hang_up(call, CALL_CANCELED);
    }
    rest_answer_nothing(rest);
}
