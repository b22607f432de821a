#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "core/dialer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Events in any order and with any ids, from the bytes: the core may refuse, but never stop, and its
 * inside must stay sound. Ids are small, so that they often meet.
 */
struct source {
    const uint8_t *at, *end;
};

static uint8_t byte(struct source *source)
{
    return source->at < source->end ? *source->at++ : 0;
}

static uint64_t id(struct source *source)
{
    return byte(source) % 8;
}

static struct lead_facts draw_lead(struct source *source)
{
    struct lead_facts facts = {.number_count = byte(source) % 4};

    facts.record.id = id(source);
    facts.record.campaign = id(source) % 3;
    facts.record.person = id(source);
    facts.record.state = (enum lead_state)(byte(source) % LEAD_STATE_COUNT);
    facts.record.priority = byte(source) % 9;
    facts.record.number_next = byte(source) % 9;
    facts.record.numbers_dead = byte(source) % 3;
    facts.record.due_at = byte(source) * SECOND;
    facts.record.callback_agent = id(source);
    facts.person_flags = byte(source) % 2;
    for (uint8_t i = 0; i < facts.number_count; ++i) {
        facts.numbers[i].id = 1 + id(source);
        facts.numbers[i].flags = byte(source) % 16 == 1;
        facts.numbers[i].zone_set = byte(source) % 3;
    }
    return facts;
}

static void draw_campaign(struct source *source, struct event *event)
{
    struct campaign_options options = campaign_options_default();

    options.mode = (enum campaign_mode)(byte(source) % MODE_COUNT);
    options.number_caps = (struct attempt_caps){0};
    options.person_caps = (struct attempt_caps){0};
    options.ratio_percent = 100 + byte(source);
    options.hopper_low = 1;
    options.hopper_high = 1 + byte(source) % 4;
    options.abandonment.ceiling_per_mille = byte(source);
    for (int i = 0; i < RESULT_COUNT; ++i)
        options.retry[i].delay = byte(source) % 4 * SECOND;
    event->of.campaign =
        (struct campaign_facts){.id = id(source) % 3,
                                .state = (enum campaign_state)(byte(source) % CAMPAIGN_STATE_COUNT),
                                .options = options};
    for (int day = 0; day < 7; ++day)
        event->of.campaign.options.hours.days[day][0] = (struct hours_window){0, 1440};
}

static void draw_agent(struct source *source, struct event *event)
{
    struct agent_facts *facts = &event->of.agent;

    facts->record.id = id(source);
    facts->record.activity = (enum agent_activity)(byte(source) % AGENT_ACTIVITY_COUNT);
    facts->record.leg = (enum leg_state)(byte(source) % LEG_STATE_COUNT);
    facts->record.next_wanted = byte(source) % 2;
    facts->record.next_activity = byte(source) % 2 ? AGENT_AVAILABLE : AGENT_OFFLINE;
    facts->reservation.id = id(source);
    facts->reservation.attempt = id(source);
    facts->reservation.status = (enum reservation_status)(byte(source) % RESERVATION_STATUS_COUNT);
    facts->campaign_count = byte(source) % 3;
    for (uint8_t i = 0; i < facts->campaign_count; ++i)
        facts->campaigns[i] = id(source) % 3;
}

static void draw_attempt(struct source *source, struct event *event)
{
    struct attempt_record *record = &event->of.attempt;

    record->id = id(source);
    record->lead = id(source);
    record->open = byte(source) % 4 != 0;
    record->state = (enum attempt_state)(byte(source) % ATTEMPT_STATE_COUNT);
    record->result = (enum attempt_result)(byte(source) % RESULT_COUNT);
    record->action = (enum answer_action)(byte(source) % ANSWER_ACTION_COUNT);
    record->agent = id(source);
    record->number_index = byte(source) % 4;
    record->number = 1 + id(source);
    record->ordered_at = byte(source);
    record->answered_at = byte(source) % 2;
    record->conversed = byte(source) % 2;
    record->disposition = byte(source) % 8;
    record->hello_us = -1;
    record->held_since = byte(source) % 2;
    record->dropped = byte(source) % 2;
    record->party.state = (enum party_state)(byte(source) % PARTY_STATE_COUNT);
    record->party.serial = byte(source) % 3;
    record->party.consulting = byte(source) % 2;
}

static void draw_rest(struct source *source, struct event *event)
{
    switch ((int)event->kind) {
    case EVENT_AGENT_LOGGED_IN:
    case EVENT_AGENT_ACTIVITY:
        event->of.activity.agent = id(source);
        event->of.activity.activity = (enum agent_activity)(byte(source) % AGENT_ACTIVITY_COUNT);
        event->of.activity.forced = byte(source) % 2;
        break;
    case EVENT_AGENT_LEG_CONNECTED:
    case EVENT_AGENT_LEG_LOST:
        event->of.leg.agent = id(source);
        event->of.leg.serial = byte(source) % 8;
        break;
    case EVENT_MANUAL_DIALLED:
        event->of.manual.agent = id(source);
        event->of.manual.number_index = byte(source) % 5;
        event->of.manual.lead = draw_lead(source);
        break;
    case EVENT_DISPOSITION_SAVED:
        event->of.disposition.agent = id(source);
        event->of.disposition.attempt = id(source);
        event->of.disposition.code = byte(source) % 8;
        event->of.disposition.callback_agent = id(source);
        break;
    case EVENT_CLAIM_ENDED:
        event->of.claim.campaign = id(source) % 3;
        event->of.claim.claim = id(source);
        event->of.claim.count = byte(source);
        event->of.claim.next_due = INSTANT_NEVER;
        break;
    case EVENT_CAMPAIGN_COMMANDED:
        event->of.command.campaign = id(source) % 3;
        event->of.command.command = (enum campaign_command)(byte(source) % (COMMAND_COUNT + 1));
        break;
    case EVENT_CLOCK_LEAPT:
        event->of.leap = (byte(source) - 20) * SECOND;
        break;
    case EVENT_CUSTOMER_HOLD:
        event->of.hold.agent = id(source);
        event->of.hold.on = byte(source) % 2;
        break;
    case EVENT_CALL_TRANSFERRED:
        event->of.transfer.agent = id(source);
        event->of.transfer.to = id(source);
        break;
    case EVENT_PARTY_ASKED:
        event->of.party.agent = id(source);
        event->of.party.act = (enum party_act)(byte(source) % PARTY_ACT_COUNT);
        break;
    case EVENT_PARTY_NEWS:
        event->of.party_news.attempt = id(source);
        event->of.party_news.serial = byte(source) % 3;
        event->of.party_news.news = (enum party_news)(byte(source) % PARTY_NEWS_COUNT);
        break;
    case EVENT_DIALLING_HELD:
        event->of.held = byte(source) % 2;
        break;
    default: /* calls, reservations, contacts and plain ids lie at the beginning */
        event->of.call.attempt = id(source);
        event->of.call.poll = byte(source) % 6;
        event->of.call.status = (enum call_status)(byte(source) % CALL_STATUS_COUNT);
        event->of.call.sip_code = byte(source) % 2 ? 404 : 0;
        event->of.call.hello_us = byte(source) % 3 - 1;
        event->of.call.agent = id(source);
        event->of.call.held = (enum call_held)(byte(source) % HELD_COUNT);
        break;
    }
}

static struct event draw_event(struct source *source)
{
    struct event event = {.kind = (enum event_kind)(byte(source) % EVENT_KIND_COUNT)};

    switch ((int)event.kind) {
    case EVENT_CAMPAIGN_LOADED:
    case EVENT_CAMPAIGN_CHANGED:
        draw_campaign(source, &event);
        break;
    case EVENT_AGENT_LOADED:
    case EVENT_AGENT_CHANGED:
        draw_agent(source, &event);
        break;
    case EVENT_ATTEMPT_RECOVERED:
        draw_attempt(source, &event);
        break;
    case EVENT_LEAD_CLAIMED:
        event.of.lead = draw_lead(source);
        break;
    default:
        draw_rest(source, &event);
        break;
    }
    return event;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct source source = {data, data + size};
    struct dialer_limits limits = dialer_limits_default();
    struct dialer *dialer;
    instant now = SECOND;

    limits.campaigns_max = 2;
    limits.agents_max = 4;
    limits.attempts_max = 4;
    limits.leads_max = 5;
    limits.numbers_max = 6;
    dialer = dialer_new(&limits, 1);
    check(dialer != NULL);
    while (source.at < source.end) {
        struct event event = draw_event(&source);
        struct effect effect;

        now += byte(&source) % 8 == 0 ? byte(&source) * SECOND : MILLISECOND;
        dialer_feed(dialer, now, &event);
        while (dialer_drain(dialer, &effect))
            check((unsigned)effect.kind < EFFECT_KIND_COUNT);
        dialer_audit(dialer);
    }
    dialer_free(dialer);
    return 0;
}
