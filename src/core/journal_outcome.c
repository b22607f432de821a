#include "core/journal.h"

#include <errno.h>
#include <string.h>

#include "core/codec.h"

enum { EFFECT_SIZE_MAX = 1024 };

static void code_pop(struct codec *codec, const struct effect *effect)
{
    code_below(codec, effect->of.pop.kind, POP_ANSWERED + 1);
    code_id(codec, effect->of.pop.agent);
    code_id(codec, effect->of.pop.campaign);
    code_id(codec, effect->of.pop.lead);
    code_id(codec, effect->of.pop.number);
    code_id(codec, effect->of.pop.attempt);
    code_id(codec, effect->of.pop.reservation);
    code_i64(codec, effect->of.pop.until);
}

static void code_record(struct codec *codec, struct effect *effect)
{
    if (effect->kind == EFFECT_RECORD_AGENT)
        code_agent_record(codec, &effect->of.agent);
    else if (effect->kind == EFFECT_RECORD_LEAD)
        code_lead_record(codec, &effect->of.lead);
    else if (effect->kind == EFFECT_RECORD_ATTEMPT)
        code_attempt(codec, &effect->of.attempt);
    else if (effect->kind == EFFECT_RECORD_RESERVATION)
        code_reservation(codec, &effect->of.reservation);
    else if (effect->kind == EFFECT_RECORD_CAMPAIGN) {
        code_id(codec, effect->of.campaign.id);
        code_below(codec, effect->of.campaign.state, CAMPAIGN_STATE_COUNT);
        code_id(codec, effect->of.campaign.ledger.answered_live);
        code_id(codec, effect->of.campaign.ledger.abandoned);
    } else {
        code_id(codec, effect->of.contact.number);
        code_id(codec, effect->of.contact.person);
        code_id(codec, effect->of.contact.attempt);
    }
}

static void code_act(struct codec *codec, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_CLAIM_LEADS:
        code_id(codec, effect->of.claim.campaign);
        code_id(codec, effect->of.claim.claim);
        code_u32(codec, effect->of.claim.count);
        code_i64(codec, effect->of.claim.due_before);
        break;
    case EFFECT_PLACE_CALL:
        code_id(codec, effect->of.place.attempt);
        code_id(codec, effect->of.place.campaign);
        code_id(codec, effect->of.place.lead);
        code_id(codec, effect->of.place.number);
        code_id(codec, effect->of.place.agent);
        code_u32(codec, effect->of.place.ring_timeout_s);
        break;
    case EFFECT_ANSWER_CALL:
    case EFFECT_REDIRECT_CALL:
        code_id(codec, effect->of.answer.attempt);
        code_below(codec, effect->of.answer.action, ANSWER_ACTION_COUNT);
        code_id(codec, effect->of.answer.agent);
        code_id(codec, effect->of.answer.campaign);
        break;
    case EFFECT_HANG_UP_CALL:
    case EFFECT_CANCEL_CALL:
        code_id(codec, effect->of.attempt_id);
        break;
    case EFFECT_POLL_CALL:
        code_id(codec, effect->of.poll.attempt);
        code_u32(codec, effect->of.poll.poll);
        code_bool(codec, effect->of.poll.known);
        for (int i = 0; i < POLL_ROOMS_MAX; ++i)
            code_id(codec, effect->of.poll.rooms[i]);
        break;
    case EFFECT_DIAL_AGENT_LEG:
    case EFFECT_HANG_UP_AGENT_LEG:
    case EFFECT_POLL_AGENT_LEG:
        code_id(codec, effect->of.leg.agent);
        code_u32(codec, effect->of.leg.serial);
        break;
    case EFFECT_HOLD_CALL:
        code_id(codec, effect->of.hold.attempt);
        code_id(codec, effect->of.hold.agent);
        code_bool(codec, effect->of.hold.on);
        break;
    case EFFECT_PLACE_PARTY:
    case EFFECT_CHANGE_PARTY:
    case EFFECT_MOVE_PARTY:
    case EFFECT_HANG_UP_PARTY:
    case EFFECT_POLL_PARTY:
        code_id(codec, effect->of.party.attempt);
        code_id(codec, effect->of.party.agent);
        code_u32(codec, effect->of.party.serial);
        code_bool(codec, effect->of.party.held);
        code_bool(codec, effect->of.party.muted);
        break;
    case EFFECT_SCREEN_POP:
        code_pop(codec, effect);
        break;
    case EFFECT_REFUSE:
        code_below(codec, effect->of.refuse.refusal, REFUSAL_COUNT);
        code_i64(codec, effect->of.refuse.until);
        break;
    case EFFECT_RECORD_CAMPAIGN:
    case EFFECT_RECORD_AGENT:
    case EFFECT_RECORD_LEAD:
    case EFFECT_RECORD_ATTEMPT:
    case EFFECT_RECORD_RESERVATION:
    case EFFECT_RECORD_DO_NOT_CALL:
    case EFFECT_KIND_COUNT:
        check(!"an act");
    }
}

void journal_outcome_add(struct journal_outcome *outcome, const struct effect *effect)
{
    uint8_t bytes[EFFECT_SIZE_MAX];
    struct codec codec = {.out = bytes, .size = sizeof(bytes)};
    struct effect copy = *effect;
    uint32_t hash = outcome->effect_hash ^ 2166136261u;

    code_below(&codec, effect->kind, EFFECT_KIND_COUNT);
    code_id(&codec, effect->request);
    if (effect_is_record(effect->kind))
        code_record(&codec, &copy);
    else
        code_act(&codec, effect);
    for (size_t i = 0; i < codec.at; ++i)
        hash = (hash ^ bytes[i]) * 16777619u;
    outcome->effect_hash = hash;
    ++outcome->effect_count;
}

static void code_outcome(struct codec *codec, struct journal_outcome *outcome)
{
    outcome->effect_count = code_u32(codec, outcome->effect_count);
    outcome->effect_hash = code_u32(codec, outcome->effect_hash);
    outcome->has_state = code_bool(codec, outcome->has_state);
    if (outcome->has_state)
        outcome->part = code_u32(codec, outcome->part);
    if (outcome->has_state)
        outcome->state = code_id(codec, outcome->state);
}

size_t journal_encode_outcome(const struct journal_outcome *outcome,
                              uint8_t bytes[JOURNAL_OUTCOME_MAX])
{
    struct codec codec;
    struct journal_outcome copy = *outcome;

    codec_write(&codec, bytes, JOURNAL_OUTCOME_MAX);
    code_outcome(&codec, &copy);
    return codec_close(&codec, JOURNAL_OUTCOME);
}

int journal_decode_outcome(const uint8_t *bytes, size_t size, size_t *used,
                           struct journal_outcome *outcome)
{
    struct journal_outcome read = {0};
    struct codec codec;
    uint8_t kind, again[JOURNAL_OUTCOME_MAX];
    int err = codec_read(&codec, bytes, size, &kind, used);

    if (err)
        return err;
    if (kind != JOURNAL_OUTCOME || *used > JOURNAL_OUTCOME_MAX)
        return EBADMSG;
    code_outcome(&codec, &read);
    if (!codec_is_through(&codec) || journal_encode_outcome(&read, again) != *used ||
        memcmp(again, bytes, *used) != 0)
        return EBADMSG;
    *outcome = read;
    return 0;
}

int journal_peek(const uint8_t *bytes, size_t size, unsigned *kind, size_t *whole)
{
    struct codec codec;
    uint8_t byte;
    int err = codec_read(&codec, bytes, size, &byte, whole);

    if (!err)
        *kind = byte;
    return err;
}

static bool same(const struct codec *a, const struct codec *b)
{
    return a->at == b->at && memcmp(a->out, b->out, a->at) == 0;
}

bool journal_same_attempt(const struct attempt_record *a, const struct attempt_record *b)
{
    uint8_t of_a[EFFECT_SIZE_MAX], of_b[EFFECT_SIZE_MAX];
    struct codec one = {.out = of_a, .size = sizeof(of_a)};
    struct codec other = {.out = of_b, .size = sizeof(of_b)};
    struct attempt_record copy_a = *a, copy_b = *b;

    code_attempt(&one, &copy_a);
    code_attempt(&other, &copy_b);
    return same(&one, &other);
}

bool journal_same_lead(const struct lead_record *a, const struct lead_record *b)
{
    uint8_t of_a[EFFECT_SIZE_MAX], of_b[EFFECT_SIZE_MAX];
    struct codec one = {.out = of_a, .size = sizeof(of_a)};
    struct codec other = {.out = of_b, .size = sizeof(of_b)};
    struct lead_record copy_a = *a, copy_b = *b;

    code_lead_record(&one, &copy_a);
    code_lead_record(&other, &copy_b);
    return same(&one, &other);
}

bool journal_same_agent(const struct agent_record *a, const struct agent_record *b)
{
    uint8_t of_a[EFFECT_SIZE_MAX], of_b[EFFECT_SIZE_MAX];
    struct codec one = {.out = of_a, .size = sizeof(of_a)};
    struct codec other = {.out = of_b, .size = sizeof(of_b)};
    struct agent_record copy_a = *a, copy_b = *b;

    code_agent_record(&one, &copy_a);
    code_agent_record(&other, &copy_b);
    return same(&one, &other);
}

bool journal_same_reservation(const struct reservation_record *a,
                              const struct reservation_record *b)
{
    uint8_t of_a[EFFECT_SIZE_MAX], of_b[EFFECT_SIZE_MAX];
    struct codec one = {.out = of_a, .size = sizeof(of_a)};
    struct codec other = {.out = of_b, .size = sizeof(of_b)};
    struct reservation_record copy_a = *a, copy_b = *b;

    code_reservation(&one, &copy_a);
    code_reservation(&other, &copy_b);
    return same(&one, &other);
}
