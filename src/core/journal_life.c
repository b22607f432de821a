#include "core/journal_life.h"

#include <errno.h>
#include <string.h>

#include "core/codec.h"
#include "core/journal.h"

static_assert(sizeof(struct dialer_limits) == 184, "a new limit has its line in code_limits");

static void code_limits(struct codec *codec, struct dialer_limits *limits)
{
    limits->campaigns_max = code_u32(codec, limits->campaigns_max);
    limits->agents_max = code_u32(codec, limits->agents_max);
    limits->attempts_max = code_u32(codec, limits->attempts_max);
    limits->leads_max = code_u32(codec, limits->leads_max);
    limits->numbers_max = code_u32(codec, limits->numbers_max);
    limits->calls_max = code_u32(codec, limits->calls_max);
    limits->calls_per_second = code_u32(codec, limits->calls_per_second);
    limits->attempt_next = code_id(codec, limits->attempt_next);
    limits->reservation_next = code_id(codec, limits->reservation_next);
    limits->claim_next = code_id(codec, limits->claim_next);
    limits->zone_count = code_u32(codec, limits->zone_count);
    limits->zone_set_count = code_u32(codec, limits->zone_set_count);
    limits->order_max = code_i64(codec, limits->order_max);
    limits->poll_first = code_i64(codec, limits->poll_first);
    limits->poll_last = code_i64(codec, limits->poll_last);
    limits->polls_max = code_u32(codec, limits->polls_max);
    limits->talk_check = code_i64(codec, limits->talk_check);
    limits->talk_max = code_i64(codec, limits->talk_max);
    limits->leg_grace = code_i64(codec, limits->leg_grace);
    limits->leg_dial_max = code_i64(codec, limits->leg_dial_max);
    limits->leg_redial_first = code_i64(codec, limits->leg_redial_first);
    limits->leg_redial_last = code_i64(codec, limits->leg_redial_last);
    limits->hold_in_memory = code_i64(codec, limits->hold_in_memory);
    limits->claim_pause = code_i64(codec, limits->claim_pause);
}

static void code_program(struct codec *codec, struct journal_life *life)
{
    size_t size = code_below(codec, strlen(life->program), PROGRAM_VERSION_MAX);

    for (size_t i = 0; i < size && !codec->failed; ++i)
        life->program[i] = (char)code_u8(codec, (uint8_t)life->program[i]);
}

static void code_life(struct codec *codec, struct journal_life *life)
{
    life->begun_at = code_i64(codec, life->begun_at);
    life->seed = code_id(codec, life->seed);
    life->zones = code_id(codec, life->zones);
    life->known_sets = code_u32(codec, life->known_sets);
    life->zones_follow = code_bool(codec, life->zones_follow);
    code_limits(codec, &life->limits);
}

size_t journal_encode_life(const struct journal_life *life, uint8_t bytes[JOURNAL_LIFE_MAX])
{
    struct codec codec;
    struct journal_life copy = *life;

    codec_write(&codec, bytes, JOURNAL_LIFE_MAX);
    code_u32(&codec, life->form);
    code_program(&codec, &copy);
    code_life(&codec, &copy);
    return codec_close(&codec, JOURNAL_LIFE);
}

/* 0 when an entry of that kind stands there, opened for reading. */
static int open_entry(struct codec *codec, const uint8_t *bytes, size_t size, uint8_t wanted,
                      size_t *used)
{
    uint8_t kind;
    int err = codec_read(codec, bytes, size, &kind, used);

    return err ? err : kind == wanted ? 0 : EBADMSG;
}

int journal_decode_life(const uint8_t *bytes, size_t size, size_t *used, struct journal_life *life)
{
    struct codec codec;
    uint8_t kind;
    int err = codec_read(&codec, bytes, size, &kind, used);

    if (err)
        return err;
    if (kind != JOURNAL_LIFE && kind != JOURNAL_LIFE_OF_OLD)
        return EBADMSG;
    memset(life, 0, sizeof(*life));
    life->form = kind == JOURNAL_LIFE ? code_u32(&codec, 0) : 1;
    code_program(&codec, life);
    if (life->form != JOURNAL_FORM)
        return codec.failed ? EBADMSG : 0;
    code_life(&codec, life);
    return codec_is_through(&codec) ? 0 : EBADMSG;
}

/* Transitions lie on whole seconds, as the system's files have them. */
size_t journal_encode_zone(uint32_t index, const struct zone *zone, uint8_t bytes[JOURNAL_ZONE_MAX])
{
    struct codec codec;
    instant before = 0;

    check(zone->transition_count <= JOURNAL_TRANSITIONS_MAX);
    codec_write(&codec, bytes, JOURNAL_ZONE_MAX);
    code_u32(&codec, index);
    code_u32(&codec, zone->transition_count);
    code_i64(&codec, zone->offsets_s[0]);
    for (uint32_t i = 0; i < zone->transition_count; ++i) {
        check(zone->transitions[i] % SECOND == 0);
        code_i64(&codec, zone->transitions[i] / SECOND - before);
        code_i64(&codec, zone->offsets_s[i + 1]);
        before = zone->transitions[i] / SECOND;
    }
    return codec_close(&codec, JOURNAL_ZONE);
}

static bool offset_is_sound(int64_t offset_s)
{
    return offset_s > -100000 && offset_s < 100000;
}

int journal_decode_zone(const uint8_t *bytes, size_t size, size_t *used, struct journal_zone *zone)
{
    struct codec codec;
    int64_t second = 0;
    int err = open_entry(&codec, bytes, size, JOURNAL_ZONE, used);

    if (err)
        return err;
    zone->index = code_u32(&codec, 0);
    zone->transition_count = (uint32_t)code_below(&codec, 0, JOURNAL_TRANSITIONS_MAX + 1);
    for (uint32_t i = 0; !codec.failed && i <= zone->transition_count; ++i) {
        int64_t step = i ? code_i64(&codec, 0) : 0, offset = code_i64(&codec, 0);

        if (step > INT64_MAX / (2 * SECOND) || step < INT64_MIN / (2 * SECOND) ||
            second + step > INT64_MAX / (2 * SECOND) || second + step < INT64_MIN / (2 * SECOND) ||
            (i > 1 && step <= 0) || !offset_is_sound(offset))
            return EBADMSG;
        second += step;
        zone->offsets_s[i] = (int32_t)offset;
        if (i)
            zone->transitions[i - 1] = second * SECOND;
    }
    return codec_is_through(&codec) ? 0 : EBADMSG;
}

size_t journal_encode_zone_set(uint32_t index, const struct zone_set *set,
                               uint8_t bytes[JOURNAL_ZONE_SET_MAX])
{
    struct codec codec;

    check(set->zone_count <= JOURNAL_SET_ZONES_MAX);
    codec_write(&codec, bytes, JOURNAL_ZONE_SET_MAX);
    code_u32(&codec, index);
    code_u32(&codec, set->zone_count);
    for (uint32_t i = 0; i < set->zone_count; ++i)
        code_u16(&codec, set->zones[i]);
    return codec_close(&codec, JOURNAL_ZONE_SET);
}

int journal_decode_zone_set(const uint8_t *bytes, size_t size, size_t *used,
                            struct journal_zone_set *set)
{
    struct codec codec;
    int err = open_entry(&codec, bytes, size, JOURNAL_ZONE_SET, used);

    if (err)
        return err;
    set->index = code_u32(&codec, 0);
    set->zone_count = (uint32_t)code_below(&codec, 0, JOURNAL_SET_ZONES_MAX + 1);
    for (uint32_t i = 0; !codec.failed && i < set->zone_count; ++i)
        set->zones[i] = code_u16(&codec, 0);
    return codec_is_through(&codec) ? 0 : EBADMSG;
}

static uint64_t more(uint64_t digest, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; ++i)
        digest = (digest ^ bytes[i]) * UINT64_C(1099511628211);
    return digest;
}

uint64_t journal_zones_digest(const struct dialer_limits *limits, uint32_t known_sets)
{
    uint8_t bytes[JOURNAL_ZONE_MAX];
    /* those that stand in lives of another form cannot be referred to */
    uint64_t digest = UINT64_C(14695981039346656037) + JOURNAL_FORM;

    static_assert(JOURNAL_ZONE_SET_MAX <= JOURNAL_ZONE_MAX, "one buffer serves both");
    for (uint32_t i = 0; i < limits->zone_count; ++i)
        digest = more(digest, bytes, journal_encode_zone(i, &limits->zones[i], bytes));
    for (uint32_t i = 0; i < known_sets; ++i)
        digest = more(digest, bytes, journal_encode_zone_set(i, &limits->zone_sets[i], bytes));
    return digest;
}
