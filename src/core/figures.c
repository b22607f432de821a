#include "core/figures.h"

#include <stddef.h>

#include "base/check.h"

enum { BUCKET_FIRST_US = 64 };

/* Four buckets an octave, by the two bits below the highest: no logarithm, so no rounding. */
uint32_t figures_hello_bucket(int64_t hello_us)
{
    uint64_t value = hello_us < BUCKET_FIRST_US ? BUCKET_FIRST_US : (uint64_t)hello_us;
    uint32_t octave = 63u - (uint32_t)__builtin_clzll(value);
    uint32_t bucket = (octave - 6) * 4 + (uint32_t)((value >> (octave - 2)) & 3);

    return bucket < HELLO_BUCKETS ? bucket : HELLO_BUCKETS - 1;
}

static int64_t bucket_upper_us(uint32_t bucket)
{
    uint64_t octave = bucket / 4 + 6, quarter = bucket % 4;

    return (int64_t)((UINT64_C(1) << octave) + (quarter + 1) * (UINT64_C(1) << (octave - 2)) - 1);
}

int64_t figures_hello_quantile_us(const struct figures *figures, double quantile)
{
    uint64_t wanted, seen = 0;

    if (!figures->hello_count)
        return -1;
    wanted = (uint64_t)(quantile * (double)figures->hello_count + 0.999999);
    for (uint32_t i = 0; i < HELLO_BUCKETS; ++i) {
        seen += figures->hello_us[i];
        if (seen >= wanted)
            return bucket_upper_us(i);
    }
    return bucket_upper_us(HELLO_BUCKETS - 1);
}

static void add(uint64_t *figure, uint64_t amount, bool plus)
{
    *figure = plus ? *figure + amount : *figure - amount;
}

static void count_in(struct figures *figures, const struct attempt_record *record, bool plus)
{
    add(&figures->attempts, 1, plus);
    add(&figures->open, record->open, plus);
    add(&figures->by_state[record->state], 1, plus);
    add(&figures->by_result[record->result], 1, plus);
    add(&figures->answered, record->answered_at != 0, plus);
    add(&figures->conversed, record->conversed, plus);
    add(&figures->ledger.answered_live, record->counted_answer && record->result != RESULT_MACHINE,
        plus);
    add(&figures->ledger.abandoned, record->result == RESULT_ABANDONED, plus);
    if (record->bridged_at && record->ended_at)
        add(&figures->talk_us, (uint64_t)(record->ended_at - record->bridged_at), plus);
    if (record->hello_us >= 0) {
        add(&figures->hello_count, 1, plus);
        add(&figures->hello_us[figures_hello_bucket(record->hello_us)], 1, plus);
    }
}

void figures_change(struct figures *figures, const struct attempt_record *before,
                    const struct attempt_record *after)
{
    if (before)
        count_in(figures, before, false);
    count_in(figures, after, true);
}

struct difference {
    void (*tell)(const char *figure, uint64_t a, uint64_t b, void *arg);
    void *arg;
    uint32_t count;
};

static void compare(struct difference *difference, const char *figure, uint64_t a, uint64_t b)
{
    if (a == b)
        return;
    ++difference->count;
    if (difference->tell)
        difference->tell(figure, a, b, difference->arg);
}

uint32_t figures_differences(const struct figures *a, const struct figures *b,
                             void (*tell)(const char *figure, uint64_t a, uint64_t b, void *arg),
                             void *arg)
{
    struct difference difference = {tell, arg, 0};

    compare(&difference, "attempts", a->attempts, b->attempts);
    compare(&difference, "open", a->open, b->open);
    for (int i = 0; i < ATTEMPT_STATE_COUNT; ++i)
        compare(&difference, attempt_state_name((enum attempt_state)i), a->by_state[i],
                b->by_state[i]);
    for (int i = 0; i < RESULT_COUNT; ++i)
        compare(&difference, attempt_result_name((enum attempt_result)i), a->by_result[i],
                b->by_result[i]);
    compare(&difference, "answered", a->answered, b->answered);
    compare(&difference, "conversed", a->conversed, b->conversed);
    compare(&difference, "answered_live", a->ledger.answered_live, b->ledger.answered_live);
    compare(&difference, "abandoned", a->ledger.abandoned, b->ledger.abandoned);
    compare(&difference, "talk_us", a->talk_us, b->talk_us);
    compare(&difference, "hello_count", a->hello_count, b->hello_count);
    for (int i = 0; i < HELLO_BUCKETS; ++i)
        compare(&difference, "hello_us", a->hello_us[i], b->hello_us[i]);
    return difference.count;
}

void figures_add(struct figures *figures, const struct figures *more)
{
    figures->attempts += more->attempts;
    figures->open += more->open;
    for (int i = 0; i < ATTEMPT_STATE_COUNT; ++i)
        figures->by_state[i] += more->by_state[i];
    for (int i = 0; i < RESULT_COUNT; ++i)
        figures->by_result[i] += more->by_result[i];
    figures->answered += more->answered;
    figures->conversed += more->conversed;
    figures->ledger.answered_live += more->ledger.answered_live;
    figures->ledger.abandoned += more->ledger.abandoned;
    figures->talk_us += more->talk_us;
    figures->hello_count += more->hello_count;
    for (int i = 0; i < HELLO_BUCKETS; ++i)
        figures->hello_us[i] += more->hello_us[i];
}
