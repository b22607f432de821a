#include "server/traffic.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void traffic_init(struct traffic *traffic)
{
    table_init(&traffic->leads);
    table_init(&traffic->attempts);
    table_init(&traffic->legs);
    table_init(&traffic->calls);
}

void traffic_release(struct traffic *traffic)
{
    struct table_slot *slot;
    size_t at = 0;

    while ((slot = table_next(&traffic->attempts, &at)))
        free(((struct known_attempt *)slot->value)->note);
    table_free(&traffic->leads);
    table_free(&traffic->attempts);
    table_free(&traffic->legs);
    table_release(&traffic->calls);
}

struct known_lead *traffic_add_lead(struct traffic *traffic, const struct store_lead_facts *facts)
{
    const struct lead_facts *core = &facts->facts;
    struct known_lead *lead = table_get_id(&traffic->leads, core->record.id);

    if (lead) {
        lead->use_count += !lead->in_core;
    } else {
        lead = calloc(1, sizeof(*lead));
        if (!lead || table_put_id(&traffic->leads, core->record.id, lead) != 0) {
            free(lead);
            return NULL;
        }
        lead->id = core->record.id;
        lead->use_count = 1;
    }
    lead->in_core = true;
    lead->number_count = core->number_count;
    for (uint32_t i = 0; i < lead->number_count; i++) {
        lead->numbers[i].id = core->numbers[i].id;
        if (!slice_copy(slice_from(facts->e164[i]), lead->numbers[i].e164, E164_SIZE))
            lead->numbers[i].e164[0] = '\0';
    }
    return lead;
}

struct known_lead *traffic_lead(const struct traffic *traffic, lead_id id)
{
    return table_get_id(&traffic->leads, id);
}

void traffic_drop_lead(struct traffic *traffic, struct known_lead *lead)
{
    check(lead->use_count > 0);
    if (--lead->use_count == 0) {
        table_remove_id(&traffic->leads, lead->id);
        free(lead);
    }
}

const char *known_lead_number(const struct known_lead *lead, number_id number)
{
    for (uint32_t i = 0; i < lead->number_count; i++)
        if (lead->numbers[i].id == number)
            return lead->numbers[i].e164;
    return "";
}

struct known_attempt *traffic_add_attempt(struct traffic *traffic,
                                          const struct attempt_record *record)
{
    struct known_attempt *attempt = calloc(1, sizeof(*attempt));
    struct known_lead *lead = traffic_lead(traffic, record->lead);

    if (!attempt || table_put_id(&traffic->attempts, record->id, attempt) != 0) {
        free(attempt);
        return NULL;
    }
    *attempt =
        (struct known_attempt){.id = record->id, .record = *record, .lead = lead, .sequence = -1};
    if (lead) {
        lead->use_count++;
        slice_copy(slice_from(known_lead_number(lead, record->number)), attempt->e164, E164_SIZE);
    }
    return attempt;
}

struct known_attempt *traffic_attempt(const struct traffic *traffic, attempt_id id)
{
    return table_get_id(&traffic->attempts, id);
}

struct known_attempt *traffic_attempt_of_call(const struct traffic *traffic, const char *sid)
{
    return table_get(&traffic->calls, sid, strlen(sid));
}

bool traffic_set_call(struct traffic *traffic, struct known_attempt *attempt, const char *sid)
{
    if (strcmp(attempt->call_sid, sid) == 0)
        return true;
    if (attempt->call_sid[0] || strlen(sid) >= TELEPHONY_SID_SIZE ||
        table_put(&traffic->calls, sid, strlen(sid), attempt) != 0)
        return false;
    return slice_copy(slice_from(sid), attempt->call_sid, TELEPHONY_SID_SIZE);
}

void traffic_drop_attempt(struct traffic *traffic, struct known_attempt *attempt)
{
    table_remove_id(&traffic->attempts, attempt->id);
    if (attempt->call_sid[0])
        table_remove(&traffic->calls, attempt->call_sid, strlen(attempt->call_sid));
    if (attempt->lead)
        traffic_drop_lead(traffic, attempt->lead);
    free(attempt->note);
    free(attempt);
}

struct known_leg *traffic_leg(struct traffic *traffic, agent_id agent)
{
    struct known_leg *leg = table_get_id(&traffic->legs, agent);

    if (leg)
        return leg;
    leg = calloc(1, sizeof(*leg));
    if (!leg || table_put_id(&traffic->legs, agent, leg) != 0) {
        free(leg);
        return NULL;
    }
    leg->agent = agent;
    return leg;
}
