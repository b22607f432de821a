#ifndef VOICE_SIGNAL_LEG_H
#define VOICE_SIGNAL_LEG_H

#include "voice/signal/libre.h"

#include "base/table.h"
#include "voice/signal/description.h"
#include "voice/signal/guard.h"
#include "voice/signal/message.h"
#include "voice/signal/signal.h"

/* What signal.c and leg.c share; nobody else includes this. */

/* Nobody is said to be silent while there are datagrams unread: looked at again after this. */
enum { SIGNAL_MAIL_MS = 20 };

struct signal_trunk {
    bool set;
    struct message_target target; /* the first address its name has */
    char *host_port;              /* "HOST:PORT", for the URIs of numbers */
    char *route;                  /* "sip:ADDRESS:PORT[;transport=tcp]" */
    bool is_up, is_known;
    struct sip_request *probe;
    struct tmr probe_timer, probe_limit;
    uint32_t probe_count;
    unsigned probe_pause_ms; /* the last one, while it is down */
};

struct signal {
    struct signal_options options; /* texts in it are ours */
    char address[INET_ADDRSTRLEN];
    uint16_t port;
    struct signal_trunk trunk;
    char *trunk_user, *trunk_password;
    struct sip *sip;
    struct sipsess_sock *sessions;
    struct sip_lsnr *requests, *responses;
    struct guard guard;
    struct table legs;
    uint64_t incoming_count;
    struct signal_counts counts;
    bool takes_no_more; /* signal_take_more */
    unsigned inside;    /* depth of libre's callbacks: sessions are not to be let go within one */
    int nested_fd;
    unsigned nested_waited; /* times round that it was ready and SIP went first */
    signal_step step;
    void *step_arg;
};

/*
 * A leg's life. Its session is libre's; it is let go (which sends CANCEL, BYE or a refusal) only
 * outside of libre's callbacks, and SIGNAL_ENDED is told last, when the leg is already forgotten.
 */
enum leg_state {
    LEG_CALLING,    /* INVITE sent, nothing heard */
    LEG_PROCEEDING, /* a provisional answer came */
    LEG_OFFERED,    /* came in, not answered */
    LEG_ANSWERING,  /* came in, 200 sent, no ACK yet */
    LEG_ESTABLISHED,
    LEG_OVER, /* waiting for leg_over_handler */
};

struct leg {
    uint64_t id;
    struct signal *signal;
    enum leg_state state;
    struct sipsess *session;
    struct description *description;
    struct signal_media media; /* as last agreed, when media_known */
    bool media_known, media_failed, offer_is_ours, by_trunk;
    struct tmr ring_timer, reply_timer, over_timer;
    enum signal_end end;
    unsigned code;
    char reason[64];
};

int signal_leg_invite(struct signal *signal, uint64_t id,
                      const struct signal_order *order) must_check;
void signal_leg_incoming(const struct sip_msg *message, void *signal);
void signal_leg_ring(struct leg *leg, const struct signal_local *local);
void signal_leg_answer(struct leg *leg, const struct signal_local *local);
void signal_leg_reject(struct leg *leg, unsigned code, const char *reason);
void signal_leg_hang_up(struct leg *leg);
void signal_leg_free(struct leg *leg); /* without an event; also takes it from the table */

/* An INVITE by it had no answer at all: it is probed now, unless it is known to be down. */
void signal_trunk_doubted(struct signal *signal);
void signal_tell(struct signal *signal, const struct signal_event *event);

#endif
