#include "core/journal.h"

#include <errno.h>
#include <string.h>

#include "core/codec.h"

static void code_agent(struct codec *codec, struct agent_facts *facts)
{
    code_agent_record(codec, &facts->record);
    code_reservation(codec, &facts->reservation);
    facts->campaign_count =
        (uint8_t)code_below(codec, facts->campaign_count, AGENT_CAMPAIGNS_MAX + 1);
    for (uint8_t i = 0; i < facts->campaign_count; ++i)
        facts->campaigns[i] = code_id(codec, facts->campaigns[i]);
}

static void code_lead(struct codec *codec, struct lead_facts *facts)
{
    code_lead_record(codec, &facts->record);
    facts->person_flags = code_u32(codec, facts->person_flags);
    code_history(codec, &facts->person_history);
    facts->number_count = (uint8_t)code_below(codec, facts->number_count, LEAD_NUMBERS_MAX + 1);
    for (uint8_t i = 0; i < facts->number_count; ++i) {
        struct number_facts *number = &facts->numbers[i];

        number->id = code_id(codec, number->id);
        number->zone_set = code_u32(codec, number->zone_set);
        number->flags = code_u32(codec, number->flags);
        code_history(codec, &number->history);
    }
}

static void code_call(struct codec *codec, struct event_call *call)
{
    call->attempt = code_id(codec, call->attempt);
    call->poll = code_u32(codec, call->poll);
    call->status = (enum call_status)code_below(codec, call->status, CALL_STATUS_COUNT);
    call->sip_code = code_u16(codec, call->sip_code);
    call->hello_us = code_i64(codec, call->hello_us);
    call->agent = code_id(codec, call->agent);
    if (codec->out ? call->held : codec->at < codec->size) /* not in the first journals */
        call->held = (enum call_held)code_below(codec, call->held, HELD_COUNT);
}

static void code_claim(struct codec *codec, struct event *event)
{
    event->of.claim.campaign = code_id(codec, event->of.claim.campaign);
    event->of.claim.claim = code_id(codec, event->of.claim.claim);
    event->of.claim.count = code_u32(codec, event->of.claim.count);
    event->of.claim.failed = code_bool(codec, event->of.claim.failed);
    event->of.claim.next_due = code_i64(codec, event->of.claim.next_due);
}

static void code_activity(struct codec *codec, struct event *event)
{
    event->of.activity.agent = code_id(codec, event->of.activity.agent);
    event->of.activity.activity =
        (enum agent_activity)code_below(codec, event->of.activity.activity, AGENT_ACTIVITY_COUNT);
    event->of.activity.break_code = code_u16(codec, event->of.activity.break_code);
    event->of.activity.forced = code_bool(codec, event->of.activity.forced);
}

static void code_reservation_event(struct codec *codec, struct event *event)
{
    event->of.reservation.agent = code_id(codec, event->of.reservation.agent);
    event->of.reservation.reservation = code_id(codec, event->of.reservation.reservation);
    event->of.reservation.reason = code_u16(codec, event->of.reservation.reason);
    event->of.reservation.until = code_i64(codec, event->of.reservation.until);
}

static void code_disposition(struct codec *codec, struct event *event)
{
    event->of.disposition.agent = code_id(codec, event->of.disposition.agent);
    event->of.disposition.attempt = code_id(codec, event->of.disposition.attempt);
    event->of.disposition.code = code_u16(codec, event->of.disposition.code);
    event->of.disposition.callback_at = code_i64(codec, event->of.disposition.callback_at);
    event->of.disposition.callback_agent = code_id(codec, event->of.disposition.callback_agent);
}

static void code_payload(struct codec *codec, struct event *event)
{
    switch (event->kind) {
    case EVENT_CAMPAIGN_LOADED:
    case EVENT_CAMPAIGN_CHANGED:
        code_campaign(codec, &event->of.campaign);
        break;
    case EVENT_CAMPAIGN_COMMANDED:
        event->of.command.campaign = code_id(codec, event->of.command.campaign);
        event->of.command.command =
            (enum campaign_command)code_below(codec, event->of.command.command, COMMAND_COUNT);
        break;
    case EVENT_AGENT_LOADED:
    case EVENT_AGENT_CHANGED:
        code_agent(codec, &event->of.agent);
        break;
    case EVENT_AGENT_REMOVED:
    case EVENT_AGENT_PHONE_READY:
    case EVENT_MORE_TIME:
        event->of.agent_id = code_id(codec, event->of.agent_id);
        break;
    case EVENT_ATTEMPT_RECOVERED:
        code_attempt(codec, &event->of.attempt);
        break;
    case EVENT_LEAD_CLAIMED:
        code_lead(codec, &event->of.lead);
        break;
    case EVENT_CLAIM_ENDED:
        code_claim(codec, event);
        break;
    case EVENT_LEADS_ADDED:
        event->of.campaign_id = code_id(codec, event->of.campaign_id);
        break;
    case EVENT_LEAD_WITHDRAWN:
        event->of.lead_id = code_id(codec, event->of.lead_id);
        break;
    case EVENT_DO_NOT_CALL_ADDED:
    case EVENT_DO_NOT_CALL_REMOVED:
        event->of.contact.number = code_id(codec, event->of.contact.number);
        event->of.contact.person = code_id(codec, event->of.contact.person);
        event->of.contact.campaign = code_id(codec, event->of.contact.campaign);
        break;
    case EVENT_ATTEMPT_COMMITTED:
        event->of.attempt_id = code_id(codec, event->of.attempt_id);
        break;
    case EVENT_CALL_PLACED:
    case EVENT_CALL_PLACE_FAILED:
    case EVENT_CALL_PLACE_UNKNOWN:
    case EVENT_CALL_STATUS:
    case EVENT_CALL_ANSWERED:
    case EVENT_CALL_JOINED:
    case EVENT_CALL_LEFT:
    case EVENT_CALL_POLLED:
    case EVENT_CALL_MACHINE:
    case EVENT_CALL_NOT_CARRIED:
        code_call(codec, &event->of.call);
        break;
    case EVENT_AGENT_LOGGED_IN:
    case EVENT_AGENT_ACTIVITY:
        code_activity(codec, event);
        break;
    case EVENT_AGENT_LEG_CONNECTED:
    case EVENT_AGENT_LEG_LOST:
        event->of.leg.agent = code_id(codec, event->of.leg.agent);
        event->of.leg.serial = code_u32(codec, event->of.leg.serial);
        if (codec->out ? event->of.leg.looked
                       : codec->at < codec->size) /* not in the first journals */
            event->of.leg.looked = code_bool(codec, event->of.leg.looked);
        break;
    case EVENT_AGENT_REJECTED:
    case EVENT_PREVIEW_ACCEPTED:
    case EVENT_PREVIEW_SKIPPED:
    case EVENT_PREVIEW_SNOOZED:
    case EVENT_AGENT_HUNG_UP:
        code_reservation_event(codec, event);
        break;
    case EVENT_MANUAL_DIALLED:
        event->of.manual.agent = code_id(codec, event->of.manual.agent);
        event->of.manual.number_index = code_u8(codec, event->of.manual.number_index);
        code_lead(codec, &event->of.manual.lead);
        break;
    case EVENT_DISPOSITION_SAVED:
        code_disposition(codec, event);
        break;
    case EVENT_CLOCK_LEAPT:
        event->of.leap = code_i64(codec, event->of.leap);
        break;
    case EVENT_CUSTOMER_HOLD:
        event->of.hold.agent = code_id(codec, event->of.hold.agent);
        event->of.hold.on = code_bool(codec, event->of.hold.on);
        break;
    case EVENT_CALL_TRANSFERRED:
        event->of.transfer.agent = code_id(codec, event->of.transfer.agent);
        event->of.transfer.to = code_id(codec, event->of.transfer.to);
        break;
    case EVENT_PARTY_ASKED:
        event->of.party.agent = code_id(codec, event->of.party.agent);
        event->of.party.act =
            (enum party_act)code_below(codec, event->of.party.act, PARTY_ACT_COUNT);
        break;
    case EVENT_PARTY_NEWS:
        event->of.party_news.attempt = code_id(codec, event->of.party_news.attempt);
        event->of.party_news.serial = code_u32(codec, event->of.party_news.serial);
        event->of.party_news.news =
            (enum party_news)code_below(codec, event->of.party_news.news, PARTY_NEWS_COUNT);
        break;
    case EVENT_DIALLING_HELD:
        event->of.held = code_bool(codec, event->of.held);
        break;
    case EVENT_RECOVERY_ENDED:
    case EVENT_VOICE_RESTARTED:
    case EVENT_TIME_PASSED:
        break;
    case EVENT_KIND_COUNT:
        check(false);
    }
}

size_t journal_encode(instant now, const struct event *event, uint8_t bytes[JOURNAL_EVENT_MAX])
{
    struct codec codec;
    struct event copy = *event;

    check((unsigned)event->kind < EVENT_KIND_COUNT);
    codec_write(&codec, bytes, JOURNAL_EVENT_MAX);
    code_i64(&codec, now);
    code_id(&codec, event->request);
    code_payload(&codec, &copy);
    return codec_close(&codec, (uint8_t)event->kind);
}

/* What is read must be, byte for byte, what would be written: there is one form of each event. */
static bool is_canonical(instant now, const struct event *event, const uint8_t *bytes, size_t size)
{
    uint8_t again[JOURNAL_EVENT_MAX];

    return journal_encode(now, event, again) == size && memcmp(again, bytes, size) == 0;
}

int journal_decode(const uint8_t *bytes, size_t size, size_t *used, instant *now,
                   struct event *event)
{
    struct event read = {0};
    struct codec codec;
    size_t whole;
    uint8_t kind;
    instant at;

    if (size > 2 && bytes[2] >= EVENT_KIND_COUNT)
        return EBADMSG;
    if (size >= HEAD_SIZE &&
        (bytes[3] | bytes[4] << 8) + HEAD_SIZE + CHECK_SIZE > JOURNAL_EVENT_MAX)
        return EBADMSG;
    int err = codec_read(&codec, bytes, size, &kind, &whole);

    if (err)
        return err;
    read.kind = (enum event_kind)kind;
    at = code_i64(&codec, 0);
    read.request = code_id(&codec, 0);
    code_payload(&codec, &read);
    if (!codec_is_through(&codec) || !is_canonical(at, &read, bytes, whole))
        return EBADMSG;
    *used = whole;
    *now = at;
    *event = read;
    return 0;
}
