#include "core/rule_attempts.h"

void call_history_add(struct call_history *history, instant at)
{
    int place = 0, last;

    ++history->lifetime;
    while (place < history->recent_count && history->recent[place] >= at)
        ++place;
    if (place == HISTORY_RECENT_MAX)
        return;
    last = history->recent_count < HISTORY_RECENT_MAX ? history->recent_count++
                                                      : HISTORY_RECENT_MAX - 1;
    for (int i = last; i > place; --i)
        history->recent[i] = history->recent[i - 1];
    history->recent[place] = at;
}

static bool drop_recent(struct call_history *history, instant at)
{
    for (int i = 0; i < history->recent_count; ++i)
        if (history->recent[i] == at) {
            for (int j = i + 1; j < history->recent_count; ++j)
                history->recent[j - 1] = history->recent[j];
            --history->recent_count;
            return true;
        }
    return false;
}

void call_history_take_back(struct call_history *history, struct calls_taken_back *taken_back,
                            instant at)
{
    (void)drop_recent(history, at);
    if (history->lifetime)
        --history->lifetime;
    if (taken_back->count < TAKEN_BACK_MAX)
        ++taken_back->count;
    for (int i = taken_back->count - 1; i > 0; --i)
        taken_back->at[i] = taken_back->at[i - 1];
    taken_back->at[0] = at;
}

void call_history_merge(struct call_history *history, const struct call_history *other,
                        const struct calls_taken_back *taken_back)
{
    struct call_history merged = {0}, less = *other;
    int i = 0, j = 0;

    for (uint8_t k = 0; k < taken_back->count; ++k)
        if (drop_recent(&less, taken_back->at[k]) && less.lifetime)
            --less.lifetime;
    while (merged.recent_count < HISTORY_RECENT_MAX &&
           (i < history->recent_count || j < less.recent_count)) {
        instant a = i < history->recent_count ? history->recent[i] : INT64_MIN;
        instant b = j < less.recent_count ? less.recent[j] : INT64_MIN;

        merged.recent[merged.recent_count++] = a >= b ? a : b;
        i += a >= b;
        j += b >= a;
    }
    merged.lifetime = history->lifetime > less.lifetime ? history->lifetime : less.lifetime;
    *history = merged;
}

bool attempt_caps_are_lawful(const struct attempt_caps *caps)
{
    return caps->per_day <= CALLS_CAP_MAX && caps->per_24_hours <= CALLS_CAP_MAX &&
           caps->per_7_days <= CALLS_CAP_MAX && caps->gap >= 0 && caps->gap <= 366 * DAY;
}

static struct verdict allowed(void)
{
    return (struct verdict){REFUSED_NOT, INSTANT_NEVER};
}

static enum refusal scoped(enum refusal of_number, enum attempt_scope scope)
{
    return (enum refusal)(
        (int)of_number +
        (scope == SCOPE_PERSON ? (int)REFUSED_PERSON_PER_DAY - (int)REFUSED_NUMBER_PER_DAY : 0));
}

/* At most `cap` calls in any `span`: free again when the cap-th latest has become older than that. */
static struct verdict rolling(uint8_t cap, instant span, const struct call_history *history,
                              enum refusal refusal, instant now)
{
    if (!cap || history->recent_count < cap || history->recent[cap - 1] + span <= now)
        return allowed();
    return (struct verdict){refusal, history->recent[cap - 1] + span};
}

/* The day of a zone: from its latest midnight to the next one. Of several zones the strictest. */
static struct verdict per_day(const struct attempt_caps *caps, const struct call_history *history,
                              enum refusal refusal, const struct zone *zones,
                              const struct zone_set *set, instant now)
{
    struct verdict verdict = allowed();

    if (!caps->per_day || history->recent_count < caps->per_day)
        return verdict;
    for (uint32_t i = 0; i < set->zone_count; ++i) {
        const struct zone *zone = &zones[set->zones[i]];
        instant midnight = zone_midnight(zone, now);

        if (history->recent[caps->per_day - 1] >= midnight)
            verdict = verdict_and(
                verdict, (struct verdict){refusal, zone_midnight(zone, midnight + 36 * HOUR)});
    }
    return verdict;
}

struct verdict rule_attempts(const struct attempt_caps *caps, const struct call_history *history,
                             enum attempt_scope scope, const struct zone *zones,
                             const struct zone_set *set, instant now)
{
    struct verdict verdict = allowed();

    if (caps->lifetime && history->lifetime >= caps->lifetime)
        return (struct verdict){scoped(REFUSED_NUMBER_LIFETIME, scope), INSTANT_NEVER};
    verdict = verdict_and(
        verdict, per_day(caps, history, scoped(REFUSED_NUMBER_PER_DAY, scope), zones, set, now));
    verdict = verdict_and(verdict, rolling(caps->per_24_hours, DAY, history,
                                           scoped(REFUSED_NUMBER_PER_24_HOURS, scope), now));
    verdict = verdict_and(verdict, rolling(caps->per_7_days, 7 * DAY, history,
                                           scoped(REFUSED_NUMBER_PER_7_DAYS, scope), now));
    if (caps->gap)
        verdict = verdict_and(
            verdict, rolling(1, caps->gap, history, scoped(REFUSED_NUMBER_GAP, scope), now));
    return verdict;
}
