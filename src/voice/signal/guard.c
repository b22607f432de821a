#include "voice/signal/guard.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "base/log.h"

enum { SOCKET_BUFFER_SIZE = 4 << 20, STRANGER_MS = 10000 };

/* Set only while guard_begin..guard_end add transports; other users of libre are left alone. */
static _Thread_local struct guard *in_hand;

void guard_init(struct guard *guard, bool loopback_allowed)
{
    *guard = (struct guard){.loopback_allowed = loopback_allowed};
}

int guard_allow(struct guard *guard, struct in_addr address)
{
    if (guard_lets(guard, address))
        return 0;
    if (guard->allowed_count == GUARD_ADDRESSES_MAX)
        return ENOSPC;
    guard->allowed[guard->allowed_count++] = address;
    return 0;
}

bool guard_lets(const struct guard *guard, struct in_addr address)
{
    if (guard->loopback_allowed && ntohl(address.s_addr) >> 24 == 127)
        return true;
    for (unsigned i = 0; i < guard->allowed_count; ++i)
        if (guard->allowed[i].s_addr == address.s_addr)
            return true;
    return false;
}

static void tell_stranger(struct guard *guard, const struct sa *peer)
{
    uint64_t now = tmr_jiffies();
    char address[64];

    if (guard->told_at_ms && now - guard->told_at_ms < STRANGER_MS)
        return;
    guard->told_at_ms = now;
    if (sa_ntop(peer, address, sizeof(address)))
        address[0] = 0;
    log_warning("sip.stranger", "address=%s so_far=%llu", address,
                (unsigned long long)guard->strangers);
}

static bool is_stranger(struct guard *guard, const struct sa *peer)
{
    struct in_addr address = {htonl(sa_in(peer))};

    if (sa_af(peer) == AF_INET && guard_lets(guard, address))
        return false;
    ++guard->strangers;
    tell_stranger(guard, peer);
    return true;
}

void guard_begin(struct guard *guard)
{
    check(!in_hand);
    in_hand = guard;
}

void guard_end(void)
{
    check(in_hand);
    in_hand = NULL;
}

static bool datagram_came(struct sa *source, struct mbuf *datagram, void *arg)
{
    (void)datagram;
    return is_stranger(arg, source); /* true: handled, that is, dropped */
}

static void connection_came(const struct sa *peer, void *arg)
{
    struct guard *guard = arg;

    if (is_stranger(guard, peer))
        tcp_reject(guard->tcp);
    else
        guard->tcp_handler(peer, guard->tcp_arg);
}

/* libre's function of that name, behind ours. */
static void find_behind(const char *name, void *function_pointer)
{
    void *found = dlsym(RTLD_NEXT, name);

    check(found);
    memcpy(function_pointer, &found, sizeof(found));
}

int udp_listen(struct udp_sock **socket, const struct sa *local, udp_recv_h *handler, void *arg)
{
    int (*behind)(struct udp_sock **, const struct sa *, udp_recv_h *, void *);
    struct udp_helper *helper;
    int err;

    find_behind("udp_listen", &behind);
    err = behind(socket, local, handler, arg);
    if (err || !in_hand)
        return err;
    /* The socket owns the helper and frees it. */
    err = udp_register_helper(&helper, *socket, 0, NULL, datagram_came, in_hand);
    if (err) {
        *socket = mem_deref(*socket);
        return err;
    }
    (void)udp_sockbuf_set(*socket, SOCKET_BUFFER_SIZE); /* a burst of answers; less also works */
    ++in_hand->socket_count;
    return 0;
}

int tcp_listen(struct tcp_sock **socket, const struct sa *local, tcp_conn_h *handler, void *arg)
{
    int (*behind)(struct tcp_sock **, const struct sa *, tcp_conn_h *, void *);
    int err;

    find_behind("tcp_listen", &behind);
    if (!in_hand)
        return behind(socket, local, handler, arg);
    in_hand->tcp_handler = handler;
    in_hand->tcp_arg = arg;
    err = behind(socket, local, connection_came, in_hand);
    if (err)
        return err;
    in_hand->tcp = *socket;
    ++in_hand->socket_count;
    return 0;
}
