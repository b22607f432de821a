#ifndef VOICE_MEDIA_CORE_PARTS_H
#define VOICE_MEDIA_CORE_PARTS_H

#include "base/rng.h"
#include "base/table.h"
#include "voice/media/core.h"
#include "voice/media/digits.h"
#include "voice/media/early.h"
#include "voice/media/inbound.h"
#include "voice/media/jitter.h"
#include "voice/media/outbound.h"
#include "voice/media/player.h"

/* What the core's own files share: core.c (orders), core_room.c (who hears whom), core_send.c
 * (towards legs), core_receive.c (from legs). Nobody else includes this. */

enum {
    FRAME_SAMPLES = 160,
    FRAME_MS = 20,
    TICK_MS = MEDIA_CORE_TICK_MS, /* legs are spread over the four ticks of a frame */
    PHASE_COUNT = MEDIA_CORE_PHASE_COUNT,
    OVERLAY_LAG = 5 * FRAME_SAMPLES, /* how far a listener may be from a room's play */
};

enum mleg_place { PLACE_FRONT, PLACE_BACK, PLACE_HOLD, MLEG_PLACE_COUNT };
enum mroom_place { PLACE_PLAY, PLACE_BEEP, MROOM_PLACE_COUNT };

enum mleg_hello { HELLO_AWAITED, HELLO_BEING_SENT, HELLO_SAID };

/*
 * What a forwarded packet touches stands together, in the order of its way: at a thousand legs a
 * cache line not in the cache is what a packet costs here.
 */
struct mleg {
    struct media_remote remote; /* its address, first and long, is not looked at once latched */
    bool remote_known, latched;
    bool muted, held, answered, silent_told;
    bool mixes;      /* it hears two or more: mixed by the clock */
    bool is_mixed;   /* somebody hears it mixed */
    bool is_heard;   /* somebody hears it, mixed or forwarded */
    bool was_heard;  /* before the routes were found anew */
    bool early_open; /* nobody has heard it yet */
    bool room_plays; /* into its room, over what it hears */
    uint8_t hello;   /* enum mleg_hello */
    unsigned phase, phase_index;
    unsigned listener_count;          /* those whose source it is */
    struct mleg *listener;            /* one of them */
    struct mleg *source;              /* the only one it hears: forwarded on arrival */
    struct mdigits_order *digits_out; /* NULL: none; first of the line */
    struct media_jitter *jitter;      /* while is_mixed */
    struct media_early *early;
    instant heard_since; /* first audio since the answer; 0: none */
    struct media_inbound in;
    struct media_outbound out;
    uint64_t packets_out, bytes_out;
    void *carrier;
    uint64_t id;
    struct mroom *room;
    struct media_player places[MLEG_PLACE_COUNT];

    /* In network order, 0: none. On trial: it speaks for the leg until the SDP's own does, and for good
     * when that has stayed silent; a stray one is of another call. */
    uint16_t sdp_port, trial_port, stray_port;
    instant trial_at;
    uint64_t coached;
    instant answered_at, remote_at, alive_at;
    uint64_t refused_in;
    struct media_core_far far;              /* as last reported */
    uint64_t overlay_at[MROOM_PLACE_COUNT]; /* how far into its room's plays; OVERLAY_UNSET */
    struct media_digits_in digits_in;
};

#define OVERLAY_UNSET UINT64_MAX

struct mdigits_order {
    struct mdigits_order *next;
    struct media_digits_out out;
    uint32_t timestamp; /* of the tone in hand */
};

struct mroom {
    uint64_t id;
    struct mleg **legs;
    unsigned leg_count, leg_room;
    bool ticks; /* is in its phase's list: somebody in it hears a mix, or it plays */
    bool mixes;
    unsigned phase, phase_index;
    struct media_player places[MROOM_PLACE_COUNT];
    instant place_since[MROOM_PLACE_COUNT];
};

struct mphase {
    struct mleg **legs;
    struct mroom **rooms;
    unsigned leg_count, leg_room, room_count, room_room;
};

struct media_core {
    struct media_core_ops ops;
    instant silent_span;
    struct rng rng;
    struct table legs, rooms;
    struct mphase phases[PHASE_COUNT];
    int64_t ticked; /* number of the last tick: instant / 5 ms */
    struct audio *melody, *beep_in, *beep_out;
    struct mleg **hellos; /* being sent in this step */
    unsigned hello_count, hello_room;
    uint8_t buffer[PACKET_SIZE_MAX];
};

/* ---- core.c ---- */
void core_event(struct media_core *core, const struct media_event *event);
/* Ends the play of a place, if one runs; leg or room may be NULL. */
void core_play_end(struct media_core *core, struct media_player *player, const struct mleg *leg,
                   const struct mroom *room, enum media_play_end end, instant now);

/* Ends the first order of digits. */
void mleg_digits_end(struct media_core *core, struct mleg *leg, bool done, instant now);

/* ---- core_room.c ---- */
/* Anew: who hears whom in the room, or what a leg outside hears. After every change. */
void mroom_route(struct media_core *core, struct mroom *room, instant now);
void mleg_route(struct media_core *core, struct mleg *leg, instant now);
int mroom_enter(struct media_core *core, struct mroom *room, struct mleg *leg) must_check;
void mroom_exit(struct media_core *core, struct mleg *leg, instant now);
void mroom_play(struct media_core *core, struct mroom *room, enum mroom_place place,
                const struct media_play *play, instant now);
void mroom_tick(struct media_core *core, struct mroom *room, instant at);
void mroom_clear(struct media_core *core, struct mroom *room); /* frees what it holds */

/* ---- core_send.c ---- */
/* The place whose play the leg hears instead of the room; NULL: it hears the room. */
struct media_player *mleg_own_player(struct mleg *leg);
void mleg_forward(struct media_core *core, struct mleg *leg, struct mleg *source,
                  const struct media_packet *packet, instant now);
void mleg_send_frame(struct media_core *core, struct mleg *leg, const uint8_t *mulaw, instant at);
void mleg_tick(struct media_core *core, struct mleg *leg, instant at);
void mleg_hello(struct media_core *core, struct mleg *leg); /* its audio is being sent */
void mleg_send_mix(struct media_core *core, struct mleg *leg, const int16_t *frame, instant at);

/* ---- core_receive.c ---- */
void mleg_set_remote(struct mleg *leg, const struct media_remote *remote, instant at);
/* What was kept of an unheard leg: sent on to its room, or forgotten. No more is kept. */
void mleg_early_flush(struct media_core *core, struct mleg *leg, instant now);
void mleg_early_close(struct mleg *leg);

static inline bool mleg_can_hear(const struct mleg *leg)
{
    return leg->remote_known && leg->remote.receives;
}

#endif
