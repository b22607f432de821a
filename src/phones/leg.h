#ifndef PHONES_LEG_H
#define PHONES_LEG_H

#include "phones/rtp.h"

/*
 * The sound of one call, without its socket: builds the packets to send, takes those received, and
 * tells what was heard. Pure: time is an argument. Lives in the media thread.
 *
 *   leg_init(&leg, &order, seed, tell, arg);
 *   every 20 ms:  size = leg_write(&leg, now, packet);    0: nothing is to be sent
 *   a packet:     leg_read(&leg, now, packet, size);
 */
enum { LEG_PACKET_SIZE_MAX = 12 + 160, LEG_HISTORY = 256, LEG_SPEAKERS_MAX = 16 };

typedef void (*leg_tell)(void *arg, const struct rtp_event *event);

struct leg_out {
    uint16_t sequence;
    uint32_t timestamp, ssrc;
    bool marker;
    const struct sound *sound; /* NULL: none */
    size_t sound_at;
    bool first_word, word_told;
    bool tone_on;
    enum person_tone tone;
    uint64_t tone_at;
    uint32_t noise_at;
    struct symbol_writer writer;
    char digits[SCRIPT_PRESS_SIZE];
    size_t digit_at;     /* in digits; the end: none to send */
    uint32_t digit_tick; /* packets since the digit began */
    uint32_t digit_timestamp;
};

/* What arrived when, for the last seconds. */
struct leg_arrival {
    int64_t position;
    int32_t count;
    bool loud;
    instant at;
};

struct leg_in {
    bool synced;
    uint32_t ssrc, timestamp; /* expected next */
    uint16_t sequence_last;
    int64_t position;             /* samples of the stream so far */
    int16_t part[SYMBOL_SAMPLES]; /* not yet fed to the reader */
    size_t part_count;
    bool part_loud;
    struct symbol_reader reader;
    struct leg_arrival history[LEG_HISTORY];
    uint32_t history_at;
    uint64_t speakers[LEG_SPEAKERS_MAX]; /* told already */
    uint32_t speaker_count;
    bool hears;
    instant loud_at;     /* last loud packet */
    instant received_at; /* last packet */
    bool lost_told;
    bool digit_known;
    uint32_t digit_timestamp;
};

struct leg {
    uint32_t call;
    struct rtp_remote remote;
    bool has_remote;
    struct leg_out out;
    struct leg_in in;
    struct rtp_stats stats;
    leg_tell tell;
    void *arg;
};

void leg_init(struct leg *leg, const struct rtp_order *order, uint64_t seed, leg_tell tell,
              void *arg);
void leg_remote(struct leg *leg, const struct rtp_remote *remote);
void leg_say(struct leg *leg, const struct sound *sound, bool first_word);
void leg_play(struct leg *leg, enum person_tone tone);
void leg_hush(struct leg *leg); /* no RTP_SAID follows */
void leg_press(struct leg *leg, const char *digits);

size_t leg_write(struct leg *leg, instant now, uint8_t packet[LEG_PACKET_SIZE_MAX]);
void leg_read(struct leg *leg, instant now, const uint8_t *packet, size_t size);
/* Time passes: tells when the other side has been silent for long enough. */
void leg_listen(struct leg *leg, instant now);

#endif
