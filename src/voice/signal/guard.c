#include "voice/signal/guard.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/log.h"

enum { SOCKET_BUFFER_SIZE = 4 << 20, STRANGER_MS = 10000, TCP_BACKLOG = 1024 };

/* Set only while guard_begin..guard_end add transports; other users of libre are left alone. */
static _Thread_local struct guard *in_hand;

void guard_init(struct guard *guard, bool loopback_allowed)
{
    *guard = (struct guard){.loopback_allowed = loopback_allowed, .udp_fd = -1, .filtered_fd = -1};
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

enum { SOURCE_OFFSET = 12, LOOPBACK = 127u << 24, CODES_MAX = 2 * GUARD_ADDRESSES_MAX + 8 };

static void code_add(struct sock_fprog *program, uint16_t code, uint8_t yes, uint8_t no,
                     uint32_t value)
{
    program->filter[program->len++] = (struct sock_filter){code, yes, no, value};
}

/* The list as a program of the kernel's: load the source address; "take all" behind each match. */
static void filter_write(const struct guard *guard, struct sock_fprog *program)
{
    if (guard->loopback_allowed) {
        code_add(program, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)SKF_NET_OFF + SOURCE_OFFSET);
        code_add(program, BPF_ALU | BPF_AND | BPF_K, 0, 0, 0xff000000);
        code_add(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, LOOPBACK);
        code_add(program, BPF_RET | BPF_K, 0, 0, UINT32_MAX);
    }
    code_add(program, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)SKF_NET_OFF + SOURCE_OFFSET);
    for (unsigned i = 0; i < guard->allowed_count; ++i) {
        code_add(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, ntohl(guard->allowed[i].s_addr));
        code_add(program, BPF_RET | BPF_K, 0, 0, UINT32_MAX);
    }
    code_add(program, BPF_RET | BPF_K, 0, 0, 0);
}

static void filter_attach(struct guard *guard, int fd)
{
    struct sock_filter codes[CODES_MAX];
    struct sock_fprog program = {.filter = codes};

    filter_write(guard, &program);
    check(program.len <= CODES_MAX);
    if (fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)))
        guard->filtered_fd = fd;
    else
        log_warning("sip.unfiltered", "why='%s'", strerror(errno));
}

uint64_t guard_strangers(const struct guard *guard)
{
    uint32_t figures[SK_MEMINFO_VARS] = {0};
    socklen_t size = sizeof(figures);

    if (guard->filtered_fd < 0 ||
        getsockopt(guard->filtered_fd, SOL_SOCKET, SO_MEMINFO, figures, &size))
        return guard->strangers;
    return guard->strangers + figures[SK_MEMINFO_DROPS];
}

bool guard_has_mail(const struct guard *guard)
{
    int size = 0; /* of the next one */

    return guard->udp_fd >= 0 && !ioctl(guard->udp_fd, FIONREAD, &size) && size > 0;
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
    in_hand->udp_fd = udp_sock_fd(*socket, AF_INET);
    filter_attach(in_hand, in_hand->udp_fd);
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
    (void)tcp_sock_listen(*socket, TCP_BACKLOG); /* libre's five are full of strangers at once */
    in_hand->tcp = *socket;
    ++in_hand->socket_count;
    return 0;
}
