#ifndef VOICE_SIGNAL_GUARD_H
#define VOICE_SIGNAL_GUARD_H

#include "voice/signal/libre.h"

#include "base/check.h"

/*
 * Who may talk SIP to us, asked before a byte is parsed. libre offers a hook on its UDP sockets but
 * does not give its SIP sockets out, so the guard stands in for udp_listen and tcp_listen, by name:
 * sockets opened between guard_begin and guard_end pass their packets and connections by it.
 *
 *   guard_init(&guard); guard_allow(&guard, address); ...
 *   guard_begin(&guard); sip_transp_add(...); sip_transp_add(...); guard_end();
 *   check(guard.socket_count == 2)         the stand-in took
 *
 * The guard must outlive those sockets.
 *
 * The UDP socket gets the same list as a filter in the kernel: strangers' datagrams are dropped before
 * they are queued, so that a flood of them costs this process nothing and takes no place from the
 * peers' in the socket's queue. Where the kernel takes no filter, ours alone does it.
 */
enum { GUARD_ADDRESSES_MAX = 64 };

struct guard {
    struct in_addr allowed[GUARD_ADDRESSES_MAX];
    unsigned allowed_count;
    bool loopback_allowed;
    unsigned socket_count;
    uint64_t strangers, told_at_ms; /* the log names one every ten seconds */
    int udp_fd;                     /* -1: not open yet */
    int filtered_fd;                /* -1: the kernel filters nothing for us */
    struct tcp_sock *tcp;
    tcp_conn_h *tcp_handler;
    void *tcp_arg;
};

void guard_init(struct guard *guard, bool loopback_allowed);
int guard_allow(struct guard *guard, struct in_addr address) must_check; /* 0, ENOSPC */
bool guard_lets(const struct guard *guard, struct in_addr address);

/* Datagrams and connections of strangers, and what of ours the full queue lost. */
uint64_t guard_strangers(const struct guard *guard);

/* Have datagrams come that were not read yet? */
bool guard_has_mail(const struct guard *guard);

void guard_begin(struct guard *guard);
void guard_end(void);

#endif
