#ifndef VOICE_MEDIA_MEDIA_H
#define VOICE_MEDIA_MEDIA_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "voice/media/audio.h"

/*
 * The media path: RTP in, RTP out, rooms in between, on one thread of its own. Audio is forwarded
 * the moment it arrives; only who hears two or more others gets a mix, on a 20 ms clock.
 *
 *   media_new(&media, &options, error, sizeof(error));
 *   watch media_event_fd(media) for reading; on each wake-up:
 *       while (media_take_event(media, &event)) ...
 *
 *   media_leg_open(media, leg, &port);             before the INVITE (or the answer): port is for SDP
 *   media_leg_remote(media, leg, &remote);         each time the other side's SDP is known or changes
 *   media_leg_answered(media, leg, media_clock(media));     at the 200 OK, as early as possible
 *   media_room_open(media, room);
 *   media_room_join(media, leg, room, &join);      from there on it hears and is heard
 *   media_leg_close(media, leg);                   MEDIA_LEG_CLOSED follows with its figures
 *
 * One thread (the control thread) makes all calls. Legs, rooms and plays are named by numbers of the
 * caller's choice, never 0, not used again. Calls that return void only put an order into a ring:
 * they take effect in their order, within a millisecond, and cannot fail. When the ring is full the
 * caller waits for the media thread, which itself waits for nobody. An order about a leg or room
 * that is not there is dropped; what it should have ended (a play, digits) is reported as gone.
 *
 * A leg outside any room is heard by nobody and hears its play, or silence. From the moment its
 * remote is known a leg's outbound stream never stops.
 */
struct media;

struct media_options {
    const char *address;            /* numeric local address to bind; "127.0.0.1" */
    uint16_t port_first, port_last; /* RTP ports (even ones are used); 0, 0: any free one */
    /* Where all browsers' sound comes (media_web.h), IPv4; NULL: none are taken. 0.0.0.0 only where the
     * machine has one address: a browser wants its answer from where it asked. */
    const char *web_address;
    uint16_t web_port;      /* 0: any free one */
    unsigned leg_count_max; /* 0: 8192 */
    unsigned silent_ms;     /* MEDIA_LEG_SILENT after so long without RTP; 0: 10 000 */
    bool realtime;          /* ask for real-time priority; carries on without it */
};

/* 0, or an errno with a sentence in error ("cannot bind '10.0.0.9': ..."). */
int media_new(struct media **media, const struct media_options *options, char *error,
              size_t error_size) must_check;
void media_free(struct media *media); /* closes all legs; no events follow. NULL is fine */
/* Did the thread get real-time priority? (for the log and for doctor) */
bool media_is_realtime(const struct media *media);

/* How long the thread has been at work, or late for it, since the start: microseconds. Any thread. */
instant media_busy(const struct media *media);

/* The media path's clock: UTC microseconds that never step back. Any thread. */
instant media_clock(const struct media *media);

/* ---- legs ---- */

enum media_codec { MEDIA_PCMU, MEDIA_PCMA };

enum { MEDIA_NO_DTMF = -1 };

struct media_remote {
    struct sockaddr_storage address; /* of the SDP: AF_INET or AF_INET6, with the port */
    enum media_codec codec;
    uint8_t payload_type;  /* 0 PCMU, 8 PCMA, or what the SDP says */
    int dtmf_payload_type; /* telephone-event, or MEDIA_NO_DTMF */
    bool sends;            /* its direction lets it send to us: sendrecv, sendonly */
    bool receives;         /* ... lets it receive: sendrecv, recvonly */
};

/*
 * Opens the leg's socket; the RTP port is even, RTCP would be the next one. 0; EADDRINUSE: no port
 * of the range is free; ENOBUFS: leg_count_max legs are open; EMFILE ...; EEXIST: that id is in use.
 */
int media_leg_open(struct media *media, uint64_t leg, uint16_t *rtp_port) must_check;
/*
 * Packets are accepted from this address only. Its first packet from the SDP's port fixes the port.
 * Until then another port of the host (a gateway that sends from elsewhere) speaks for the leg on
 * trial, from its first packet on, and is fixed when the SDP's has stayed silent for 200 ms after the
 * answer; unless it was sending before this leg's SDP was known: then it is one of a call this engine
 * knows nothing of, from before it was started. The leg is sent to the SDP's port until another is
 * fixed. Fixed it stays until the address changes. The stream to the leg begins.
 */
void media_leg_remote(struct media *media, uint64_t leg, const struct media_remote *remote);
/* The 200 OK, in media_clock's time. Hello latency and silence are counted from here. */
void media_leg_answered(struct media *media, uint64_t leg, instant at);
/* Leaves its room, ends its play (MEDIA_PLAY_GONE), then MEDIA_LEG_CLOSED. */
void media_leg_close(struct media *media, uint64_t leg);
/* A muted leg is heard by nobody and still hears the room. */
void media_leg_mute(struct media *media, uint64_t leg, bool muted);
/*
 * A held leg hears `audio` in a loop (NULL: the built-in melody), or its play while one runs; nobody
 * hears it. It stays in its room.
 */
void media_leg_hold(struct media *media, uint64_t leg, bool held, struct audio *audio);
/* Only the leg `coached`, of the same room, hears this leg. 0: everybody does again. */
void media_leg_coach(struct media *media, uint64_t leg, uint64_t coached);

enum { MEDIA_DIGITS_MAX = 63 };

/*
 * Sends telephone-events: 0-9 * # A-D (either case), w half a second's pause, W a whole one; 100 ms
 * a tone, 100 ms between. A leg whose SDP takes no events gets the tones as sound. Queues behind
 * digits still being sent. MEDIA_DIGITS_SENT follows, once for each call. What the leg should hear
 * meanwhile is not sent.
 */
void media_leg_send_digits(struct media *media, uint64_t leg, const char *digits);

/* ---- rooms ---- */

struct media_join {
    bool muted;       /* as media_leg_mute(true) */
    bool beep;        /* those already in the room, and the joining leg, hear a short beep */
    uint64_t coached; /* as media_leg_coach; 0: none */
};

void media_room_open(struct media *media, uint64_t room);  /* nothing if it is open */
void media_room_close(struct media *media, uint64_t room); /* its legs leave; its play is gone */
/*
 * The leg hears the room and is heard in it. From another room it moves without a gap. Audio nobody
 * has heard yet (up to 200 ms of it, from the leg's first packet on) is sent on at once.
 */
void media_room_join(struct media *media, uint64_t leg, uint64_t room,
                     const struct media_join *join);
void media_room_leave(struct media *media, uint64_t leg, bool beep); /* beep for those who stay */

/* ---- playing ---- */

enum media_play_mode {
    MEDIA_PLAY_REPLACE,     /* the listener hears the play instead of the room */
    MEDIA_PLAY_OVER,        /* mixed over what the listener hears anyway */
    MEDIA_PLAY_WHILE_ALONE, /* heard only while no other leg is in the leg's room (wait music); it
                               pauses when one comes and goes on when the last other has left */
};

struct media_play {
    uint64_t id;
    struct audio *audio; /* the media path takes its own reference */
    unsigned loop_count; /* 0: until stopped */
    enum media_play_mode mode;
};

/*
 * A leg has one place for REPLACE and OVER and one for WHILE_ALONE; a room has one, always OVER,
 * heard by every leg in it that is not held. A new play in a place ends the one before it
 * (MEDIA_PLAY_REPLACED). Every play is followed by exactly one MEDIA_PLAY_ENDED.
 */
void media_play_leg(struct media *media, uint64_t leg, const struct media_play *play);
void media_play_room(struct media *media, uint64_t room, const struct media_play *play);
/* Ends that play (MEDIA_PLAY_STOPPED); nothing if it has ended. The target is the leg or room. */
void media_stop_leg(struct media *media, uint64_t leg, uint64_t play_id);
void media_stop_room(struct media *media, uint64_t room, uint64_t play_id);

/* ---- events ---- */

enum media_event_kind {
    MEDIA_FIRST_PACKET, /* leg, at: its first RTP packet of all */
    MEDIA_HELLO,        /* leg, room, latency_us; once a leg: see below */
    MEDIA_DIGIT,        /* leg, digit, duration_ms: the key was let go (or 5 s passed) */
    MEDIA_DIGITS_SENT,  /* leg, done: all were sent (false: the leg is gone or may not receive) */
    MEDIA_PLAY_ENDED,   /* leg or room (the other is 0), play_id, end */
    MEDIA_LEG_SILENT,   /* leg, at: of its last packet; none for silent_ms though it should send */
    MEDIA_LEG_HEARD,    /* leg, at: packets again after MEDIA_LEG_SILENT */
    MEDIA_LEG_CLOSED,   /* leg, stats: the last event of a leg */
    MEDIA_WEB_DTLS, /* leg, datagram: for web_peers_dtls; the bytes live until the next media_take_event */
};

enum media_play_end {
    MEDIA_PLAY_FINISHED,
    MEDIA_PLAY_STOPPED,
    MEDIA_PLAY_REPLACED,
    MEDIA_PLAY_GONE
};

struct media_leg_stats {
    uint64_t packets_in, bytes_in, packets_out, bytes_out; /* RTP payload bytes, audio only */
    uint64_t lost_in;    /* gaps in the sender's sequence numbers, late ones counted back */
    uint64_t refused_in; /* not RTP, wrong address, unknown payload type */
    instant first_in_at, last_in_at; /* 0: never */
    uint32_t jitter_us;              /* RFC 3550's estimate at the end */
    /* What a browser reported of our stream to it (RTCP); 0: nothing */
    uint64_t lost_out;
    uint32_t jitter_out_us, rtt_us;
};

struct media_event {
    enum media_event_kind kind;
    uint64_t leg, room;
    instant at; /* when it happened, in media_clock's time */
    union {
        instant latency_us; /* HELLO */
        struct {
            char digit;
            uint32_t duration_ms;
        };         /* DIGIT */
        bool done; /* DIGITS_SENT */
        struct {
            uint64_t play_id;
            enum media_play_end end;
        };                            /* PLAY_ENDED */
        struct media_leg_stats stats; /* LEG_CLOSED */
        struct {
            const uint8_t *at;
            size_t size;
        } datagram; /* WEB_DTLS */
    };
};

/*
 * MEDIA_HELLO: the first audio of an answered leg has been sent to another leg of its room.
 * latency_us = the clock after the send, less the later of media_leg_answered's instant and the
 * kernel's receive time stamp of the answered leg's first packet. It is measured for every answered
 * leg; that of an agent who waits alone for the first customer means nothing.
 */

int media_event_fd(const struct media *media); /* readable when events wait */
bool media_take_event(struct media *media, struct media_event *event);

const char *media_play_end_name(enum media_play_end end);

#endif
