#include "core/refusal.h"

#include "core/names.h"

static const char *const refusal_names[REFUSAL_COUNT] = {
    [REFUSED_NOT] = "allowed",
    [REFUSED_OUTSIDE_HOURS] = "outside-hours",
    [REFUSED_DO_NOT_CALL] = "do-not-call",
    [REFUSED_EMERGENCY_NUMBER] = "emergency-number",
    [REFUSED_PREMIUM_NUMBER] = "premium-number",
    [REFUSED_INVALID_NUMBER] = "invalid-number",
    [REFUSED_NUMBER_PER_DAY] = "number-per-day",
    [REFUSED_NUMBER_PER_24_HOURS] = "number-per-24-hours",
    [REFUSED_NUMBER_PER_7_DAYS] = "number-per-7-days",
    [REFUSED_NUMBER_LIFETIME] = "number-lifetime",
    [REFUSED_NUMBER_GAP] = "number-gap",
    [REFUSED_PERSON_PER_DAY] = "person-per-day",
    [REFUSED_PERSON_PER_24_HOURS] = "person-per-24-hours",
    [REFUSED_PERSON_PER_7_DAYS] = "person-per-7-days",
    [REFUSED_PERSON_LIFETIME] = "person-lifetime",
    [REFUSED_PERSON_GAP] = "person-gap",
    [REFUSED_LEAD_ATTEMPTS] = "lead-attempts",
    [REFUSED_RESULT_MAX] = "result-max",
    [REFUSED_NO_NUMBER] = "no-number",
    [REFUSED_PERSON_BUSY] = "person-busy",
    [REFUSED_LEAD_BUSY] = "lead-busy",
    [REFUSED_ABANDONMENT] = "abandonment",
    [REFUSED_UNKNOWN_CAMPAIGN] = "unknown-campaign",
    [REFUSED_UNKNOWN_AGENT] = "unknown-agent",
    [REFUSED_UNKNOWN_LEAD] = "unknown-lead",
    [REFUSED_UNKNOWN_ATTEMPT] = "unknown-attempt",
    [REFUSED_UNKNOWN_RESERVATION] = "unknown-reservation",
    [REFUSED_UNKNOWN_DISPOSITION] = "unknown-disposition",
    [REFUSED_CAMPAIGN_STATE] = "campaign-state",
    [REFUSED_AGENT_STATE] = "agent-state",
    [REFUSED_NOT_YOURS] = "not-yours",
    [REFUSED_OPTIONS] = "options",
    [REFUSED_CLOSED] = "closed",
    [REFUSED_FULL_CAMPAIGNS] = "full-campaigns",
    [REFUSED_FULL_AGENTS] = "full-agents",
    [REFUSED_FULL_ATTEMPTS] = "full-attempts",
    [REFUSED_FULL_LEADS] = "full-leads",
    [REFUSED_FULL_NUMBERS] = "full-numbers",
    [REFUSED_HELD] = "held",
    [REFUSED_NOT_CARRIED] = "not-carried",
    [REFUSED_NO_MORE_TIME] = "no-more-time",
};

static const char *const refusal_sentences[REFUSAL_COUNT] = {
    [REFUSED_NOT] = "may be called now",
    [REFUSED_OUTSIDE_HOURS] = "outside the calling hours of the number",
    [REFUSED_DO_NOT_CALL] = "on the do-not-call list",
    [REFUSED_EMERGENCY_NUMBER] = "an emergency number is never called",
    [REFUSED_PREMIUM_NUMBER] = "a premium-rate number is never called",
    [REFUSED_INVALID_NUMBER] = "the network says that this number does not exist",
    [REFUSED_NUMBER_PER_DAY] = "the number was called as often as allowed today",
    [REFUSED_NUMBER_PER_24_HOURS] = "the number was called as often as allowed in 24 hours",
    [REFUSED_NUMBER_PER_7_DAYS] = "the number was called as often as allowed in 7 days",
    [REFUSED_NUMBER_LIFETIME] = "the number was called as often as allowed at all",
    [REFUSED_NUMBER_GAP] = "the number was called a short while ago",
    [REFUSED_PERSON_PER_DAY] = "the person was called as often as allowed today",
    [REFUSED_PERSON_PER_24_HOURS] = "the person was called as often as allowed in 24 hours",
    [REFUSED_PERSON_PER_7_DAYS] = "the person was called as often as allowed in 7 days",
    [REFUSED_PERSON_LIFETIME] = "the person was called as often as allowed at all",
    [REFUSED_PERSON_GAP] = "the person was called a short while ago",
    [REFUSED_LEAD_ATTEMPTS] = "the lead was tried as often as the campaign allows",
    [REFUSED_RESULT_MAX] = "the same result came as often as the retry rules allow",
    [REFUSED_NO_NUMBER] = "no number is left that could be called",
    [REFUSED_PERSON_BUSY] = "the person is in another call or preview now",
    [REFUSED_LEAD_BUSY] = "the lead is in an attempt or preview now",
    [REFUSED_ABANDONMENT] =
        "one more call without a certain agent could break the abandonment rule",
    [REFUSED_UNKNOWN_CAMPAIGN] = "no such campaign",
    [REFUSED_UNKNOWN_AGENT] = "no such agent",
    [REFUSED_UNKNOWN_LEAD] = "no such lead",
    [REFUSED_UNKNOWN_ATTEMPT] = "no such attempt is open",
    [REFUSED_UNKNOWN_RESERVATION] = "no such reservation is live",
    [REFUSED_UNKNOWN_DISPOSITION] = "the campaign has no such disposition",
    [REFUSED_CAMPAIGN_STATE] = "the campaign's state or mode does not allow it",
    [REFUSED_AGENT_STATE] = "the agent's state does not allow it",
    [REFUSED_NOT_YOURS] = "it belongs to another agent",
    [REFUSED_OPTIONS] = "the settings are out of their ranges",
    [REFUSED_CLOSED] = "the dialer is still recovering",
    [REFUSED_FULL_CAMPAIGNS] = "no room for another campaign",
    [REFUSED_FULL_AGENTS] = "no room for another agent",
    [REFUSED_FULL_ATTEMPTS] = "no room for another attempt",
    [REFUSED_FULL_LEADS] = "no room for another lead in memory",
    [REFUSED_FULL_NUMBERS] = "no room for another number or person in memory",
    [REFUSED_HELD] = "dialling is held: the store, the voice engine or the trunk is not well",
    [REFUSED_NOT_CARRIED] = "our own trunk or engine failed; nobody's telephone rang",
    [REFUSED_NO_MORE_TIME] = "more time was given as often as the campaign allows",
};

const char *refusal_name(enum refusal refusal)
{
    return name_of(refusal_names, REFUSAL_COUNT, refusal);
}

const char *refusal_sentence(enum refusal refusal)
{
    return name_of(refusal_sentences, REFUSAL_COUNT, refusal);
}

bool refusal_from_name(const char *name, size_t size, enum refusal *refusal)
{
    size_t value = name_find(refusal_names, REFUSAL_COUNT, name, size);

    if (value == REFUSAL_COUNT)
        return false;
    *refusal = (enum refusal)value;
    return true;
}

struct verdict verdict_and(struct verdict a, struct verdict b)
{
    if (a.refusal && b.refusal)
        return b.until > a.until ? b : a;
    if (a.refusal)
        return a;
    if (b.refusal)
        return b;
    return (struct verdict){REFUSED_NOT, instant_min(a.until, b.until)};
}
