#include "sim/replay.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/dialer.h"
#include "core/journal.h"
#include "core/journal_life.h"

enum {
    ZONES_MAX = 4096,
    SETS_MAX = 65536,
    AUDIT_EVERY = 16,
    LEADS_MAX = 1 << 22,
    AGENTS_MAX = 1 << 16
};

struct replay {
    replay_fault fault;
    void *arg;
    struct replay_sums sums;
    struct fold fold;
    char why[200];

    /* the life in hand */
    struct dialer *dialer; /* NULL: not yet made, or gone another way */
    struct journal_life life;
    bool alive, mute; /* a life has begun; it diverged, the rest of it is passed over */
    bool other;       /* a life of another form has begun: its entries cannot be read */
    struct event event;
    instant now;
    struct journal_outcome outcome; /* of the last event, until the journal's has been read */
    bool outcome_due;

    /* its time zones; they outlive a life */
    struct zone *zones;
    struct zone_set *sets;
    uint32_t zone_room, set_room;
    struct journal_zone one_zone;
    struct journal_zone_set one_set;
};

struct replay *replay_new(replay_fault fault, void *arg)
{
    struct replay *replay = calloc(1, sizeof(*replay));

    if (!replay)
        return NULL;
    replay->fault = fault;
    replay->arg = arg;
    fold_init(&replay->fold);
    return replay;
}

static void free_zones(struct replay *replay)
{
    for (uint32_t i = 0; i < replay->zone_room; ++i) {
        free((instant *)replay->zones[i].transitions);
        free((int32_t *)replay->zones[i].offsets_s);
    }
    free(replay->zones);
    replay->zones = NULL;
    replay->zone_room = 0;
}

static void free_sets(struct replay *replay, uint32_t from)
{
    for (uint32_t i = from; i < replay->set_room; ++i) {
        free((uint16_t *)replay->sets[i].zones);
        replay->sets[i] = (struct zone_set){0, NULL};
    }
}

void replay_free(struct replay *replay)
{
    if (!replay)
        return;
    dialer_free(replay->dialer);
    free_zones(replay);
    free_sets(replay, 0);
    free(replay->sets);
    fold_release(&replay->fold);
    free(replay);
}

const char *replay_why(const struct replay *replay)
{
    return replay->why;
}

const struct replay_sums *replay_sums(const struct replay *replay)
{
    return &replay->sums;
}

const struct fold *replay_fold(const struct replay *replay)
{
    return &replay->fold;
}

__attribute__((format(printf, 2, 3))) static int bad(struct replay *replay, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(replay->why, sizeof(replay->why), format, list);
    va_end(list);
    return EBADMSG;
}

static void say(struct replay *replay, const char *what)
{
    char sentence[512], at[INSTANT_TEXT_SIZE];

    instant_to_iso(replay->now, 1, at);
    snprintf(sentence, sizeof(sentence), "life %llu, entry %llu (%s, %s): %s",
             (unsigned long long)replay->sums.lives, (unsigned long long)replay->sums.entries,
             event_kind_name(replay->event.kind), at, what);
    ++replay->sums.faults;
    replay->fault(replay->arg, sentence);
}

/* It went another way than it did; there is nothing to be learnt from the rest of this life. */
static void diverge(struct replay *replay, const char *what)
{
    say(replay, what);
    replay->sums.diverged = replay->mute = true;
    dialer_free(replay->dialer);
    replay->dialer = NULL;
}

static bool limits_are_sound(const struct journal_life *life)
{
    const struct dialer_limits *limits = &life->limits;

    return limits->zone_count <= ZONES_MAX && limits->zone_set_count <= SETS_MAX &&
           life->known_sets <= limits->zone_set_count && limits->leads_max <= LEADS_MAX &&
           limits->numbers_max <= 8 * LEADS_MAX && limits->attempts_max <= LEADS_MAX &&
           limits->agents_max <= AGENTS_MAX;
}

/* What it came to is not known, so what was known before it is worth nothing behind it. */
static int pass_over_life(struct replay *replay)
{
    struct replay_sums *sums = &replay->sums;

    dialer_free(replay->dialer);
    replay->dialer = NULL;
    replay->alive = false;
    replay->other = true;
    ++sums->lives_passed_over;
    sums->other_form = replay->life.form;
    memcpy(sums->other_program, replay->life.program, sizeof(sums->other_program));
    free_zones(replay);
    fold_forget(&replay->fold);
    return 0;
}

static int begin_life(struct replay *replay)
{
    const struct journal_life *life = &replay->life;

    if (life->form != JOURNAL_FORM)
        return pass_over_life(replay);
    replay->other = false;
    if (!limits_are_sound(life))
        return bad(replay, "the limits of a life are out of all bounds");
    if (!life->zones_follow &&
        (replay->zone_room != life->limits.zone_count || replay->set_room < life->known_sets))
        return bad(replay, "a life refers to time zones that no life before it has");
    dialer_free(replay->dialer);
    replay->dialer = NULL;
    replay->alive = true;
    replay->mute = replay->outcome_due = false;
    ++replay->sums.lives;
    memcpy(replay->sums.program, life->program, sizeof(replay->sums.program));
    fold_life(&replay->fold);
    free_sets(replay, life->zones_follow ? 0 : life->known_sets);
    if (life->zones_follow) {
        free_zones(replay);
        replay->zones = calloc(life->limits.zone_count + 1, sizeof(*replay->zones));
        replay->zone_room = replay->zones ? life->limits.zone_count : 0;
    }
    struct zone_set *sets =
        realloc(replay->sets, (life->limits.zone_set_count + 1) * sizeof(*sets));

    if (!sets || !replay->zones)
        return bad(replay, "no memory for time zones");
    for (uint32_t i = replay->set_room; i < life->limits.zone_set_count; ++i)
        sets[i] = (struct zone_set){0, NULL};
    replay->sets = sets;
    replay->set_room = life->limits.zone_set_count;
    return 0;
}

static void *copy_of(const void *from, size_t size)
{
    void *copy = malloc(size ? size : 1);

    check(copy);
    memcpy(copy, from, size);
    return copy;
}

static int take_zone(struct replay *replay)
{
    const struct journal_zone *read = &replay->one_zone;

    if (!replay->alive || !replay->life.zones_follow || replay->dialer ||
        read->index >= replay->zone_room || replay->zones[read->index].offsets_s)
        return bad(replay, "a time zone stands where none is expected");
    replay->zones[read->index] = (struct zone){
        read->transition_count,
        copy_of(read->transitions, read->transition_count * sizeof(*read->transitions)),
        copy_of(read->offsets_s, (read->transition_count + 1) * sizeof(*read->offsets_s))};
    return 0;
}

/* A set beyond the known ones may come at any time before the lead that has it. */
static int take_set(struct replay *replay)
{
    const struct journal_zone_set *read = &replay->one_set;

    if (!replay->alive || read->index >= replay->set_room || !read->zone_count ||
        (read->index < replay->life.known_sets &&
         (replay->dialer || replay->sets[read->index].zones)))
        return bad(replay, "a set of time zones stands where none is expected");
    for (uint32_t i = 0; i < read->zone_count; ++i)
        if (read->zones[i] >= replay->zone_room)
            return bad(replay, "a set of time zones names one that is not there");
    free((uint16_t *)replay->sets[read->index].zones);
    replay->sets[read->index] = (struct zone_set){
        read->zone_count, copy_of(read->zones, read->zone_count * sizeof(*read->zones))};
    return 0;
}

/* At the first event, when all its tables are there. */
static int make_dialer(struct replay *replay)
{
    struct dialer_limits *limits = &replay->life.limits;

    for (uint32_t i = 0; i < replay->zone_room; ++i)
        if (!replay->zones[i].offsets_s)
            return bad(replay, "time zone %u of the life is missing", (unsigned)i);
    for (uint32_t i = 0; i < replay->set_room; ++i) {
        if (replay->sets[i].zones)
            continue;
        if (i < replay->life.known_sets || !i)
            return bad(replay, "set %u of time zones is missing", (unsigned)i);
        replay->sets[i] =
            (struct zone_set){replay->sets[0].zone_count,
                              copy_of(replay->sets[0].zones,
                                      replay->sets[0].zone_count * sizeof(*replay->sets[0].zones))};
    }
    limits->zones = replay->zones;
    limits->zone_sets = replay->sets;
    if (journal_zones_digest(limits, replay->life.known_sets) != replay->life.zones)
        return bad(replay, "the time zones of the life are not those it was made with");
    replay->dialer = dialer_new(limits, replay->life.seed);
    return replay->dialer ? 0 : bad(replay, "no core can be made with the limits of the life");
}

static void feed(struct replay *replay)
{
    char fault[FOLD_FAULT_SIZE];
    struct effect effect;

    ++replay->sums.events;
    if (!fold_event(&replay->fold, &replay->event, fault))
        say(replay, fault);
    replay->outcome = (struct journal_outcome){0};
    dialer_feed(replay->dialer, replay->now, &replay->event);
    while (dialer_drain(replay->dialer, &effect)) {
        ++replay->sums.effects;
        journal_outcome_add(&replay->outcome, &effect);
        if (!fold_effect(&replay->fold, &effect, fault))
            say(replay, fault);
    }
    replay->outcome_due = true;
}

static int take_event(struct replay *replay)
{
    if (!replay->sums.first_at)
        replay->sums.first_at = replay->now;
    replay->sums.last_at = replay->now;
    if (!replay->alive || replay->mute) {
        ++replay->sums.passed_over;
        return 0;
    }
    int err = replay->dialer ? 0 : make_dialer(replay);

    if (!err)
        feed(replay);
    return err;
}

static int take_outcome(struct replay *replay, const struct journal_outcome *was)
{
    char what[200];

    if (!replay->alive || replay->mute)
        return 0;
    if (!replay->outcome_due)
        return bad(replay, "an outcome stands behind no event");
    replay->outcome_due = false;
    ++replay->sums.outcomes;
    if (was->effect_count != replay->outcome.effect_count ||
        was->effect_hash != replay->outcome.effect_hash) {
        snprintf(what, sizeof(what), "%u effects (%08x) now, %u effects (%08x) then",
                 (unsigned)replay->outcome.effect_count, (unsigned)replay->outcome.effect_hash,
                 (unsigned)was->effect_count, (unsigned)was->effect_hash);
        diverge(replay, what);
    } else if (was->has_state) {
        ++replay->sums.states;
        if (was->state != dialer_digest_part(replay->dialer, was->part))
            diverge(replay, "the effects are the same, the state is not");
        else if (replay->sums.states % AUDIT_EVERY == 0)
            dialer_audit(replay->dialer);
    }
    return 0;
}

/* One whole entry, its frame held good. */
static int take_entry(struct replay *replay, unsigned kind, const uint8_t *bytes, size_t size)
{
    struct journal_outcome outcome;
    size_t used;

    if (replay->other && kind != JOURNAL_LIFE && kind != JOURNAL_LIFE_OF_OLD) {
        replay->sums.passed_over += kind < JOURNAL_LIFE_OF_OLD;
        return 0;
    }
    switch (kind) {
    case JOURNAL_LIFE:
    case JOURNAL_LIFE_OF_OLD:
        return journal_decode_life(bytes, size, &used, &replay->life) ? bad(replay, "no life")
                                                                      : begin_life(replay);
    case JOURNAL_ZONE:
        return journal_decode_zone(bytes, size, &used, &replay->one_zone)
                   ? bad(replay, "no time zone")
                   : take_zone(replay);
    case JOURNAL_ZONE_SET:
        return journal_decode_zone_set(bytes, size, &used, &replay->one_set)
                   ? bad(replay, "no set of time zones")
                   : take_set(replay);
    case JOURNAL_OUTCOME:
        return journal_decode_outcome(bytes, size, &used, &outcome)
                   ? bad(replay, "no outcome")
                   : take_outcome(replay, &outcome);
    default:
        return journal_decode(bytes, size, &used, &replay->now, &replay->event)
                   ? bad(replay, "no event of a kind that is known")
                   : take_event(replay);
    }
}

int replay_take(struct replay *replay, const uint8_t *bytes, size_t size, size_t *used)
{
    unsigned kind;
    size_t whole;
    int err = 0;

    for (*used = 0; !err && *used < size;) {
        err = journal_peek(bytes + *used, size - *used, &kind, &whole);
        if (err == EBADMSG)
            bad(replay, "its checksum is wrong, or it is no entry of a journal");
        if (err)
            break;
        ++replay->sums.entries;
        err = take_entry(replay, kind, bytes + *used, whole);
        if (!err)
            *used += whole;
    }
    return err;
}
