#include <string.h>

#include "voice/control/conference.h"
#include "voice/control/rest.h"

static json_t *describe(struct rest *rest, const struct conference *conference)
{
    json_t *json = json_object(), *uris = json_object();

    json_object_set_new(json, "account_sid", json_text(rest->control->account_sid));
    json_object_set_new(json, "date_created", json_date(conference->created_at));
    json_object_set_new(json, "date_updated", json_date(conference->updated_at));
    json_object_set_new(json, "api_version", json_text("2010-04-01"));
    json_object_set_new(json, "friendly_name", json_text(conference->name));
    json_object_set_new(json, "region", json_null());
    json_object_set_new(json, "sid", json_text(conference->sid));
    json_object_set_new(json, "status", json_text(conference_status(conference)));
    json_object_set_new(json, "uri", json_path(rest, "/Conferences/%s.json", conference->sid));
    json_object_set_new(uris, "participants",
                        json_path(rest, "/Conferences/%s/Participants.json", conference->sid));
    json_object_set_new(uris, "recordings",
                        json_path(rest, "/Conferences/%s/Recordings.json", conference->sid));
    json_object_set_new(json, "subresource_uris", uris);
    json_object_set_new(json, "reason_conference_ended",
                        json_text(conference_end_name(conference)));
    json_object_set_new(json, "call_sid_ending_conference", json_sid(conference->ending_sid));
    return json;
}

static struct conference *find(struct rest *rest)
{
    struct conference *conference = conference_find(rest->control, slice_from(rest->args[0]));

    if (!conference)
        rest_not_found(rest);
    return conference;
}

void rest_conference_read(struct rest *rest)
{
    struct conference *conference = find(rest);

    if (conference)
        rest_answer(rest, 200, describe(rest, conference));
}

void rest_conference_update(struct rest *rest)
{
    struct conference *conference = find(rest);
    const char *status = rest_param(rest, "Status"), *url = NULL, *method = "POST";

    if (!conference || !rest_url(rest, "AnnounceUrl", 20001, &url) ||
        !rest_method(rest, "AnnounceMethod", &method))
        return;
    if (status && status[0] && strcmp(status, "completed") != 0) {
        rest_fail(rest, 400, 20001, "'Status' is '%.40s', not completed", status);
        return;
    }
    if (url && (conference->state == CONFERENCE_COMPLETED || !conference->in_count)) {
        rest_fail(rest, 400, 20001, "Conference %s has nobody to hear an announcement",
                  conference->sid);
        return;
    }
    if (url)
        conference_announce(conference, url, method);
    if (status && status[0])
        conference_end(conference, CONFERENCE_ENDED_VIA_API, NULL);
    rest_answer(rest, 200, describe(rest, conference));
}

static struct conference *of(struct chain_link *link)
{
    return container_of(link, struct conference, by_age);
}

static const char *sid_of(struct chain_link *link)
{
    return of(link)->sid;
}

static bool matches(struct rest *rest, struct chain_link *link)
{
    const struct conference *conference = of(link);

    return rest_filter_passes(rest, "FriendlyName", conference->name) &&
           rest_filter_passes(rest, "Status", conference_status(conference)) &&
           rest_date_passes(rest, "DateCreated", conference->created_at) &&
           rest_date_passes(rest, "DateUpdated", conference->updated_at);
}

static json_t *describe_link(struct rest *rest, struct chain_link *link)
{
    return describe(rest, of(link));
}

static bool by_token(struct rest *rest, const char *sid, struct chain_link **next)
{
    struct conference *conference = conference_find(rest->control, slice_from(sid));

    *next = conference ? conference->by_age.before : NULL;
    return conference != NULL;
}

void rest_conferences_list(struct rest *rest)
{
    static const char *const STATUSES[] = {"init", "in-progress", "completed"};
    struct rest_list list = {.name = "conferences",
                             .path = "/Conferences.json",
                             .newest = rest->control->conferences_by_age.last,
                             .sid = sid_of,
                             .matches = matches,
                             .describe = describe_link,
                             .find = by_token};
    unsigned ignored;

    if (rest_words(rest, "Status", STATUSES, array_count(STATUSES), &ignored) &&
        rest_dates_are_good(rest, "DateCreated") && rest_dates_are_good(rest, "DateUpdated"))
        rest_list_answer(rest, &list);
}
