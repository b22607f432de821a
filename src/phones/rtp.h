#ifndef PHONES_RTP_H
#define PHONES_RTP_H

#include <netinet/in.h>

#include "net/loop.h"
#include "phones/person.h"
#include "phones/symbols.h"
#include "phones/voices.h"

/*
 * The sound of all calls: one media thread, a socket a leg, a packet every 20 ms.
 *
 *   rtp_new(&rtp, address);                    starts the thread
 *   rtp_leg_open(rtp, &order, &leg, &port);    the socket is bound when it returns
 *   rtp_leg_remote(rtp, leg, &remote);         where to send, how; again after a re-INVITE
 *   rtp_leg_start(rtp, leg);                   first packet at once, then every 20 ms
 *   rtp_leg_say / play / press                 one sound at a time; RTP_SAID when it ends
 *   rtp_leg_close(rtp, leg);                   RTP_CLOSED follows and is the leg's last event
 *   rtp_free(rtp);                             joins the thread
 *
 * All calls from one thread, the owner's. Events wait in a ring: watch rtp_event_fd for reading,
 * then rtp_take until false. Orders go through a ring too; a full ring is waited for.
 * Times are of loop_clock().
 */
struct rtp;
struct rtp_leg; /* belongs to the media thread; the owner holds it as a name only */

struct rtp_order {
    uint32_t call;          /* comes back in every event */
    enum speaker_kind kind; /* of the symbols under the voice */
    uint32_t id;
};

struct rtp_remote {
    struct sockaddr_in address;
    uint8_t payload_type; /* 0 PCMU, 8 PCMA */
    uint8_t digits_type;  /* RFC 4733; 0: not agreed */
    bool send;            /* we may send (false while held) */
};

struct rtp_stats {
    uint64_t sent, received, lost, late;
    uint64_t unsent; /* the kernel refused */
    uint64_t foreign,
        malformed; /* not from where the session says; not RTP we speak: both thrown away */
    instant first_sent_at, first_received_at; /* 0: none */
    instant gap,
        gap_ended_at; /* the longest time between two packets received, while not on hold */
};

enum rtp_event_kind {
    RTP_FIRST_WORD, /* the first packet of the hello was sent */
    RTP_SAID,       /* the sound asked for has ended */
    RTP_PRESSED,    /* the digits asked for are sent */
    RTP_SPEECH,     /* the other side began to speak */
    RTP_QUIET,      /* and has been silent for half a second */
    RTP_LOST,       /* no packet for ten seconds, where some had come: the other side is dead */
    RTP_DIGIT,      /* heard */
    RTP_HEARD,      /* a signature not heard on this leg before */
    RTP_CLOSED,
};

struct rtp_heard {
    enum speaker_kind kind;
    uint32_t id;
    bool first_word; /* the symbols belong to the first utterance: the next two are known */
    instant word_at; /* arrival of the packet in which the first word began */
    uint32_t cut_ms; /* how much of its beginning did not arrive */
};

struct rtp_event {
    enum rtp_event_kind kind;
    uint32_t call;
    instant at;
    char digit;
    struct rtp_heard heard;
    struct rtp_stats stats; /* RTP_CLOSED */
};

int rtp_new(struct rtp **rtp, const char *address) must_check; /* 0 or errno */
void rtp_free(struct rtp *rtp);

int rtp_leg_open(struct rtp *rtp, const struct rtp_order *order, struct rtp_leg **leg,
                 uint16_t *port) must_check;
void rtp_leg_remote(struct rtp *rtp, struct rtp_leg *leg, const struct rtp_remote *remote);
void rtp_leg_start(struct rtp *rtp, struct rtp_leg *leg);
void rtp_leg_say(struct rtp *rtp, struct rtp_leg *leg, const struct sound *sound, bool first_word);
void rtp_leg_play(struct rtp *rtp, struct rtp_leg *leg, enum person_tone tone);
void rtp_leg_hush(struct rtp *rtp, struct rtp_leg *leg); /* stops what is being said */
void rtp_leg_press(struct rtp *rtp, struct rtp_leg *leg, const char *digits);
void rtp_leg_close(struct rtp *rtp, struct rtp_leg *leg);

int rtp_event_fd(const struct rtp *rtp);
bool rtp_take(struct rtp *rtp, struct rtp_event *event);

/* Processor time the media thread has used, microseconds. */
instant rtp_processor_time(const struct rtp *rtp);

#endif
