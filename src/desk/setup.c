#include "desk/setup.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "desk/act.h"
#include "desk/desk_inside.h"
#include "desk/preferences.h"
#include "server/campaign_settings.h"
#include "server/credentials.h"
#include "wire/access_token.h"
#include "wire/mac.h"

enum { TTL_S = ACCESS_TOKEN_TTL_S, TURN_TTL_S = 86400, GRACE_S = 20 };

/* ---- the telephone ---- */

/* The name by which the dialer rings the page; NULL: the agent has another telephone. */
static const char *identity_of(const struct roster_agent *agent)
{
    return strncmp(agent->address, "client:", 7) == 0 ? agent->address + 7 : NULL;
}

/* NULL: there is no key to sign with, or no memory. */
static json_t *token_of(struct server *server, const char *identity)
{
    const struct credentials *known = &server->credentials;
    struct access_token_order order = {
        .account_sid = known->account,
        .key_sid = known->key,
        .key_secret = known->key_secret,
        .identity = identity,
        .application_sid = *known->application ? known->application : NULL,
        .incoming = true,
        .now_s = server_now(server) / SECOND,
        .ttl_s = TTL_S,
    };
    struct text token;
    json_t *json = NULL;

    text_init(&token);
    if (access_token_make(&order, &token) == 0)
        json = json_stringn(token.at, token.size);
    text_release(&token);
    return json;
}

/* By the shared secret (draft-uberti-behave-turn-rest): the name says until when, the password proves it. */
static json_t *ice_servers(struct server *server, const char *identity)
{
    const struct desks_options *options = &server->desks->options;
    unsigned char digest[MAC_SHA1_SIZE];
    char name[160],
        password[sodium_base64_ENCODED_LEN(MAC_SHA1_SIZE, sodium_base64_VARIANT_ORIGINAL)];

    if (!options->turn || !*options->turn)
        return json_array();
    if (!options->turn_secret || !*options->turn_secret)
        return json_pack("[{s:s}]", "urls", options->turn);
    snprintf(name, sizeof(name), "%" PRId64 ":%s", server_now(server) / SECOND + TURN_TTL_S,
             identity);
    mac_sha1(slice_from(options->turn_secret), slice_from(name), digest);
    sodium_bin2base64(password, sizeof(password), digest, sizeof(digest),
                      sodium_base64_VARIANT_ORIGINAL);
    return json_pack("[{s:s, s:s, s:s}]", "urls", options->turn, "username", name, "credential",
                     password);
}

static json_t *voice_json(struct api_call *call, const struct roster_agent *agent)
{
    struct server *server = call->server;
    const char *identity = identity_of(agent);
    json_t *token = identity ? token_of(server, identity) : NULL;
    const char *host = http_request_header(call->request, "Host");

    if (!token)
        return json_null();
    return json_pack("{s:o, s:s, s:i, s:s?, s:o, s:[s, s]}", "token", token, "identity", identity,
                     "ttl_s", TTL_S, "chunderw", server->credentials.hosted ? NULL : host,
                     "ice_servers", ice_servers(server, identity), "codecs", "pcmu", "opus");
}

void api_desk_voice_token(struct api_call *call)
{
    const struct roster_agent *agent = desk_own_agent(call);

    if (!agent)
        return;
    json_t *token = identity_of(agent) ? token_of(call->server, identity_of(agent)) : NULL;

    if (token)
        api_reply(call, 200, json_pack("{s:o, s:i}", "token", token, "ttl_s", TTL_S));
    else
        api_refuse(call, 409, "this agent's telephone is '%s', not the page", agent->address);
}

/* ---- the rest ---- */

static json_t *push_json(const struct server *server, agent_id agent)
{
    const struct credentials *known = &server->credentials;
    char channel[40], presence[40];

    snprintf(channel, sizeof(channel), "private-agent-%" PRIu64, (uint64_t)agent);
    snprintf(presence, sizeof(presence), "presence-desk-%" PRIu64, (uint64_t)agent);
    return json_pack("{s:s, s:s, s:s?, s:o, s:s, s:s}", "key", known->push_key, "cluster",
                     known->push_hosted ? *known->push_cluster ? known->push_cluster : "mt1"
                                        : "local",
                     "ws_host", known->push_hosted ? NULL : "", "ws_port",
                     known->push_hosted ? json_null() : json_integer(0), "channel", channel,
                     "presence", presence);
}

/* The next of "1=Lunch:30,2=Coffee"; false: it is none. */
static bool next_break(struct slice *rest, int64_t *code, struct slice *name, int64_t *minutes)
{
    struct slice one = slice_cut(rest, ','), number = slice_trim(slice_cut(&one, '='));

    *minutes = 0;
    *name = slice_trim(slice_cut(&one, ':'));
    return slice_to_i64(number, 1, UINT16_MAX, code) == 0 && name->size &&
           (!one.size || slice_to_i64(slice_trim(one), 1, 24 * 60, minutes) == 0);
}

bool desks_breaks_fit(const char *breaks)
{
    struct slice rest = slice_from(breaks), name;
    int64_t code, minutes;

    while (rest.size)
        if (!next_break(&rest, &code, &name, &minutes))
            return false;
    return true;
}

static json_t *breaks_json(const struct server *server)
{
    struct slice rest = slice_from(server->desks->options.breaks), name;
    json_t *breaks = json_array();
    int64_t code, minutes;

    while (rest.size && next_break(&rest, &code, &name, &minutes))
        json_array_append_new(breaks,
                              json_pack("{s:I, s:s%, s:o}", "code", (json_int_t)code, "name",
                                        name.at, name.size, "planned_s",
                                        minutes ? json_integer(60 * minutes) : json_null()));
    return breaks;
}

static bool serves(const struct agent_facts *facts, campaign_id campaign)
{
    for (uint8_t i = 0; i < facts->campaign_count; i++)
        if (facts->campaigns[i] == campaign)
            return true;
    return false;
}

static json_t *campaigns_json(const struct server *server, const struct roster_agent *agent)
{
    campaign_id may[AGENT_CAMPAIGNS_MAX];
    uint8_t count = roster_agent_may(&server->roster, agent, may);
    struct agent_facts facts = {.campaign_count = 0};
    json_t *campaigns = json_array();

    (void)dialer_agent(server->dialer, agent->id, &facts);
    for (uint8_t i = 0; i < count; i++) {
        const struct roster_campaign *campaign = roster_campaign(&server->roster, may[i]);

        if (campaign)
            json_array_append_new(campaigns,
                                  json_pack("{s:I, s:s, s:s, s:s, s:b}", "id",
                                            (json_int_t)campaign->id, "name", campaign->name,
                                            "mode", campaign_mode_name(campaign->options.mode),
                                            "state", campaign_state_name(campaign->state),
                                            "serving", (int)serves(&facts, campaign->id)));
    }
    return campaigns;
}

/* What the page is told, and how the agent likes it: keys, theme, sounds, language. */
static int setup_work(struct store *store, struct api_job *job)
{
    json_t *liked = preferences_read(store, job->id), *setup = job->extra;
    static const char *const names[] = {"keys", "theme", "cues", "language"};

    for (size_t i = 0; i < array_count(names); i++)
        if (json_object_get(liked, names[i]))
            json_object_set(setup, names[i], json_object_get(liked, names[i]));
    json_decref(liked);
    job->result = json_incref(setup);
    return 0;
}

static void setup_dropped(struct api_job *job)
{
    json_decref(job->extra);
    job->extra = NULL;
}

void api_desk_setup(struct api_call *call)
{
    const struct roster_agent *agent = desk_own_agent(call);

    if (!agent)
        return;
    struct api_job *job = api_job_new(call);

    job->id = agent->id;
    job->extra = json_pack("{s:{s:I, s:s, s:s}, s:o, s:o, s:o, s:o, s:{}, s:{}, s:s, s:s, s:i}",
                           "agent", "id", (json_int_t)agent->id, "name", agent->name, "full_name",
                           agent->full_name, "push", push_json(call->server, agent->id), "voice",
                           voice_json(call, agent), "breaks", breaks_json(call->server),
                           "campaigns", campaigns_json(call->server, agent), "keys", "cues",
                           "theme", "system", "language", "en", "grace_s", GRACE_S);
    job->dropped = setup_dropped;
    api_work(job, API_READ, setup_work, NULL);
}

/* ---- one campaign ---- */

static void add_effect(char *out, size_t size, const struct disposition *disposition)
{
    static const struct {
        instant span;
        const char *word;
    } units[] = {
        {86400 * SECOND, "days"}, {3600 * SECOND, "h"}, {60 * SECOND, "min"}, {SECOND, "s"}};

    switch (disposition->behaviour) {
    case DISPOSITION_DONE:
    case DISPOSITION_BEHAVIOUR_COUNT:
        snprintf(out, size, "finishes");
        return;
    case DISPOSITION_CALLBACK:
        snprintf(out, size, "pick a time");
        return;
    case DISPOSITION_DO_NOT_CALL:
        snprintf(out, size, "blocks person");
        return;
    case DISPOSITION_WRONG_NUMBER:
        snprintf(out, size, "blocks number");
        return;
    case DISPOSITION_MACHINE:
        snprintf(out, size, "as a machine");
        return;
    case DISPOSITION_RETRY:
        break;
    }
    for (size_t i = 0; i < array_count(units); i++)
        if (disposition->delay >= units[i].span && disposition->delay % units[i].span == 0) {
            long long count = (long long)(disposition->delay / units[i].span);

            snprintf(out, size, i == 0 && count == 1 ? "again tomorrow" : "again in %lld %s", count,
                     units[i].word);
            return;
        }
    snprintf(out, size, "again at once");
}

static json_t *dispositions_json(const struct roster_campaign *campaign)
{
    const struct campaign_options *options = &campaign->options;
    json_t *list = json_array();
    char effect[48];

    for (uint32_t i = 0; i < options->disposition_count; i++) {
        const struct disposition *one = &options->dispositions[i];

        add_effect(effect, sizeof(effect), one);
        json_array_append_new(
            list, json_pack("{s:i, s:s, s:s, s:s, s:b}", "code", (int)one->code, "name",
                            campaign_disposition_name(campaign->settings, options, one->code),
                            "behaviour", disposition_behaviour_name(one->behaviour), "effect",
                            effect, "asks_note", 0));
    }
    return list;
}

/* Colleagues of the campaign who work, and the numbers of its list. */
static json_t *transfer_json(const struct server *server, const struct roster_agent *self,
                             const struct roster_campaign *campaign)
{
    const json_t *numbers = json_object_get(campaign->settings, "transfer_numbers"), *one;
    json_t *list = json_array();
    struct table_slot *slot;
    size_t at = 0, i;

    while ((slot = table_next(&server->roster.agents, &at))) {
        const struct roster_agent *agent = slot->value;
        struct agent_facts facts;

        if (agent->removed || agent == self || agent->record.activity == AGENT_OFFLINE ||
            !dialer_agent(server->dialer, agent->id, &facts) || !serves(&facts, campaign->id))
            continue;
        json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:s}", "kind", "agent", "name",
                                              *agent->full_name ? agent->full_name : agent->name,
                                              "to", (json_int_t)agent->id, "activity",
                                              agent_activity_name(agent->record.activity)));
    }
    json_array_foreach(numbers, i, one)
        json_array_append_new(list, json_pack("{s:s, s:O, s:O, s:s}", "kind", "number", "name",
                                              json_object_get(one, "name"), "to",
                                              json_object_get(one, "number"), "activity", ""));
    return list;
}

static json_t *of_settings(const json_t *settings, const char *name, json_t *otherwise)
{
    json_t *value = json_object_get(settings, name);

    if (!value)
        return otherwise;
    json_decref(otherwise);
    return json_incref(value);
}

void api_desk_campaign(struct api_call *call)
{
    const struct roster_agent *agent = desk_own_agent(call);
    const struct roster_campaign *campaign = agent ? api_campaign(call, 0) : NULL;
    campaign_id may[AGENT_CAMPAIGNS_MAX];
    uint8_t count = agent ? roster_agent_may(&call->server->roster, agent, may) : 0;
    bool known = false;

    if (!campaign)
        return;
    for (uint8_t i = 0; i < count; i++)
        known = known || may[i] == campaign->id;
    if (!known && agent->reservation.campaign != campaign->id) {
        api_refuse(call, 404, "there is no such campaign of yours");
        return;
    }
    json_t *all = campaign_settings_complete(campaign->settings, &campaign->options);

    api_reply(call, 200,
              json_pack("{s:I, s:s, s:s, s:o, s:o, s:o, s:I, s:o, s:O, s:o}", "id",
                        (json_int_t)campaign->id, "name", campaign->name, "mode",
                        campaign_mode_name(campaign->options.mode), "script",
                        of_settings(all, "script", json_pack("{s:[], s:[]}", "steps", "asides")),
                        "fields", of_settings(all, "fields", json_array()), "dispositions",
                        dispositions_json(campaign), "wrap_up_s",
                        (json_int_t)(campaign->options.wrap_up_max / SECOND), "hold_limit_s",
                        of_settings(all, "hold_limit_s", json_integer(120)), "hours",
                        json_object_get(all, "hours"), "transfer",
                        transfer_json(call->server, agent, campaign)));
    json_decref(all);
}
