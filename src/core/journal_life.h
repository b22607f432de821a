#ifndef CORE_JOURNAL_LIFE_H
#define CORE_JOURNAL_LIFE_H

#include "core/dialer.h"

/*
 * What a core was made of, in the journal: each start of a server writes the entry of a life before its
 * first event, and the tables of time zones when they are not those of the life before. With them,
 * dialer_new makes the same core again anywhere.
 *
 *   life.zones = journal_zones_digest(&limits, known_sets);
 *   size = journal_encode_life(&life, bytes);
 *   size = journal_encode_zone(i, &zone, bytes);             each of limits.zone_count
 *   size = journal_encode_zone_set(i, &set, bytes);          each known; later ones when they are made
 *
 * Encoding never fails. Decoding: 0, ENODATA, EBADMSG; what it finds lies in the caller's arrays.
 *
 * The form of a life grows with every change of what the core decides, of what an entry holds and of what is hashed
 * (unit.sim.test_replay notices most of them, and says what to do). Only lives of its own form can be made again
 * by a program: of another's, no more than form and program can be read.
 */
enum {
    JOURNAL_FORM = 6, /* 1: told no form */
    JOURNAL_LIFE_MAX = 512,
    JOURNAL_ZONE_MAX = 16384,
    JOURNAL_ZONE_SET_MAX = 4096,
    JOURNAL_TRANSITIONS_MAX = 1400,
    JOURNAL_SET_ZONES_MAX = 1300,
    PROGRAM_VERSION_MAX = 32,
};

struct journal_life {
    uint32_t form; /* JOURNAL_FORM; of another one, only `program` is set */
    instant begun_at;
    char program[PROGRAM_VERSION_MAX]; /* "0.1.0" */
    uint64_t seed;
    uint64_t zones; /* digest of the zones and of the sets known from the start */
    uint32_t known_sets;
    bool
        zones_follow; /* their entries come behind this one; else they are those of a life before */
    struct dialer_limits limits; /* zones and zone_sets are not set */
};

struct journal_zone {
    uint32_t index, transition_count;
    instant transitions[JOURNAL_TRANSITIONS_MAX];
    int32_t offsets_s[JOURNAL_TRANSITIONS_MAX + 1];
};

struct journal_zone_set {
    uint32_t index, zone_count;
    uint16_t zones[JOURNAL_SET_ZONES_MAX];
};

uint64_t journal_zones_digest(const struct dialer_limits *limits, uint32_t known_sets);

size_t journal_encode_life(const struct journal_life *life, uint8_t bytes[JOURNAL_LIFE_MAX]);
int journal_decode_life(const uint8_t *bytes, size_t size, size_t *used,
                        struct journal_life *life) must_check;
size_t journal_encode_zone(uint32_t index, const struct zone *zone,
                           uint8_t bytes[JOURNAL_ZONE_MAX]);
int journal_decode_zone(const uint8_t *bytes, size_t size, size_t *used,
                        struct journal_zone *zone) must_check;
size_t journal_encode_zone_set(uint32_t index, const struct zone_set *set,
                               uint8_t bytes[JOURNAL_ZONE_SET_MAX]);
int journal_decode_zone_set(const uint8_t *bytes, size_t size, size_t *used,
                            struct journal_zone_set *set) must_check;

#endif
