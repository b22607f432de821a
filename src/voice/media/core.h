#ifndef VOICE_MEDIA_CORE_H
#define VOICE_MEDIA_CORE_H

#include "voice/media/media.h"

/*
 * The mind of the media path: which packet goes to whom, renumbered how, and what is said when
 * nobody speaks. Knows no socket, clock or thread: packets and the time are arguments, packets out
 * and events leave by two functions. One thread. The orders mean what media.h says of them.
 *
 *   media_core_new(&core, &ops, silent_ms, seed);
 *   media_core_leg_open(core, leg, carrier, &mleg);      orders, packets and ticks in any order
 *   media_core_packet(core, mleg, from, bytes, size, arrival, now);
 *   media_core_tick(core, now);                          at the latest at media_core_deadline
 *   media_core_sent(core, now);                          after each of these: hello latency
 */
struct media_core;
struct mleg;

/* Its clock: a tick, and a leg's turn every fourth of them. */
enum { MEDIA_CORE_TICK_MS = 5, MEDIA_CORE_PHASE_COUNT = 4 };

struct media_core_ops {
    void *self;
    /* Sends to the leg's current remote (media_core_remote). Must not call the core. */
    void (*send)(void *self, void *carrier, const void *bytes, size_t size);
    /* Must not call the core. */
    void (*event)(void *self, const struct media_event *event);
    /* Somebody hears the leg from now on; nobody did before. Must not call the core. */
    void (*heard)(void *self, void *carrier);
};

/* melody: what a held leg hears by default; the core takes its own reference. 0, ENOMEM. */
int media_core_new(struct media_core **core, const struct media_core_ops *ops, struct audio *melody,
                   unsigned silent_ms, uint64_t seed) must_check;
void media_core_free(struct media_core *core); /* no events */

/* 0, EEXIST, ENOMEM */
int media_core_leg_open(struct media_core *core, uint64_t leg, void *carrier, instant now,
                        struct mleg **mleg) must_check;
/* Returns the leg's carrier, NULL when there is no such leg. */
void *media_core_leg_close(struct media_core *core, uint64_t leg, instant now);
/* Is that the address and port which its SDP named before? Then what is latched stays latched. */
bool media_core_has_remote(const struct mleg *mleg, const struct media_remote *remote);
/* Known since `at`. False: no such leg. */
bool media_core_leg_remote(struct media_core *core, uint64_t leg, const struct media_remote *remote,
                           instant at, instant now);
void media_core_leg_answered(struct media_core *core, uint64_t leg, instant at, instant now);
void media_core_leg_mute(struct media_core *core, uint64_t leg, bool muted, instant now);
/* audio NULL: the core's melody */
void media_core_leg_hold(struct media_core *core, uint64_t leg, bool held, struct audio *audio,
                         instant now);
void media_core_leg_coach(struct media_core *core, uint64_t leg, uint64_t coached, instant now);
void media_core_leg_send_digits(struct media_core *core, uint64_t leg, const char *digits,
                                instant now);
void media_core_room_open(struct media_core *core, uint64_t room);
void media_core_room_close(struct media_core *core, uint64_t room, instant now);
void media_core_room_join(struct media_core *core, uint64_t leg, uint64_t room,
                          const struct media_join *join, instant now);
void media_core_room_leave(struct media_core *core, uint64_t leg, bool beep, instant now);
void media_core_play_leg(struct media_core *core, uint64_t leg, const struct media_play *play,
                         instant now);
void media_core_play_room(struct media_core *core, uint64_t room, const struct media_play *play,
                          instant now);
void media_core_stop_leg(struct media_core *core, uint64_t leg, uint64_t play_id, instant now);
void media_core_stop_room(struct media_core *core, uint64_t room, uint64_t play_id, instant now);

enum media_core_verdict {
    MEDIA_PACKET_REFUSED,
    MEDIA_PACKET_TAKEN,
    MEDIA_PACKET_LATCHED, /* taken, and the leg's port is now fixed to that of `from` */
};

/* from NULL: the caller has made sure that it is the latched address, or the SDP's. */
enum media_core_verdict media_core_packet(struct media_core *core, struct mleg *mleg,
                                          const struct sockaddr *from, const void *bytes,
                                          size_t size, instant arrival, instant now);
struct mleg *media_core_leg(const struct media_core *core, uint64_t leg); /* NULL: no such leg */
void *media_core_carrier(const struct mleg *mleg);
/* Still wants receive time stamps: nothing of it has been heard since it was answered. */
bool media_core_wants_stamp(const struct mleg *mleg);

/* For the reports of RTCP: how both streams stand. */
struct media_core_figures {
    uint32_t ssrc_out, timestamp_out; /* the time stamp that belongs to `now` */
    uint64_t packets_out, bytes_out;
    uint32_t ssrc_in, jitter_in; /* RTP units */
    uint64_t packets_in;         /* 0: nothing has come */
    int64_t lost_in;
};
void media_core_figures(const struct mleg *mleg, instant now, struct media_core_figures *figures);
/* What the other side reports of our stream. */
struct media_core_far {
    int32_t lost;
    uint32_t jitter, rtt_us; /* RTP units */
    bool has_rtt;
};
void media_core_far(struct mleg *mleg, const struct media_core_far *far);
/* It lives, though it may send no sound: it is not silent. */
void media_core_alive(struct media_core *core, struct mleg *mleg, instant now);
void media_core_refused(struct mleg *mleg); /* something was sent to it that is not the leg's */
bool media_core_says_hello(
    const struct media_core *core); /* media_core_sent has something to tell */
/* Is what it sends passed on to anybody? Then its packets are wanted as they come. */
bool media_core_is_heard(const struct mleg *mleg);
/* Its turn is the tick (the instant / MEDIA_CORE_TICK_MS) whose rest by the phase count is this. */
unsigned media_core_phase(const struct mleg *mleg);
/* A packet of the leg will come soon: first the leg, a packet or two later whom it is for. */
void media_core_prefetch(const struct mleg *mleg);
void media_core_prefetch_listener(const struct mleg *mleg);
void media_core_tick(struct media_core *core, instant now);
instant media_core_deadline(const struct media_core *core); /* INSTANT_NEVER: no legs */
void media_core_sent(struct media_core *core, instant now);

#endif
