#include "voice/signal/signal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "voice/signal/leg.h"

enum {
    HASH_SIZE = 4096,
    LEGS_MAX_PRESET = 10000,
    FIRST_REPLY_MS_PRESET = 4000,
    PROBE_DOWN_MS_FIRST = 1000,
    NESTED_WAITS_MAX = 64, /* datagrams before the nested loop has its step all the same */
};

void signal_tell(struct signal *signal, const struct signal_event *event)
{
    signal->options.handler(signal->options.arg, event);
}

/* --------------------------------------------------------------------------------- the trunk */

/* "sip:HOST:PORT;..." -> its host; numeric ones stand as they are, names are looked up now. */
static int trunk_addresses(struct signal *signal, const char *host, const char **error)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM}, *found;
    int err = 0;

    if (getaddrinfo(host, NULL, &hints, &found)) {
        *error = "the trunk's name has no address";
        return ENOENT;
    }
    for (struct addrinfo *at = found; at && !err; at = at->ai_next) {
        struct in_addr address = ((struct sockaddr_in *)(void *)at->ai_addr)->sin_addr;

        if (at == found)
            signal->trunk.target.address = address;
        err = guard_allow(&signal->guard, address);
    }
    freeaddrinfo(found);
    if (err)
        *error = "the trunk's name has too many addresses";
    return err;
}

static int format(char **out, const char *pattern, ...) __attribute__((format(printf, 2, 3)));

static int format(char **out, const char *pattern, ...)
{
    va_list list;
    int size;

    va_start(list, pattern);
    size = vasprintf(out, pattern, list);
    va_end(list);
    if (size < 0)
        *out = NULL;
    return size < 0 ? ENOMEM : 0;
}

static int trunk_init(struct signal *signal, const char *uri, const char **error)
{
    struct signal_trunk *trunk = &signal->trunk;
    char host[256], address[INET_ADDRSTRLEN];
    int err;

    if (!uri || !*uri)
        return 0;
    err = message_read_target(uri, &trunk->target);
    if (err && !trunk->target.host.size) {
        *error = "the trunk is not of the form sip:HOST:PORT[;transport=tcp]";
        return EINVAL;
    }
    if (!slice_copy(trunk->target.host, host, sizeof(host))) {
        *error = "the trunk's name is too long";
        return EINVAL;
    }
    err = trunk_addresses(signal, host, error);
    if (err)
        return err;
    if (!trunk->target.port)
        trunk->target.port = SIP_PORT;
    inet_ntop(AF_INET, &trunk->target.address, address, sizeof(address));
    err = format(&trunk->host_port, "%s:%u", host, trunk->target.port);
    if (!err)
        err = format(&trunk->route, "sip:%s:%u%s", address, trunk->target.port,
                     trunk->target.tcp ? ";transport=tcp" : "");
    trunk->target.host = trunk->target.user = slice_from("");
    trunk->set = !err;
    return err;
}

static void probe_start(void *arg);

static void probe_ended(struct signal *signal, bool is_up)
{
    struct signal_trunk *trunk = &signal->trunk;
    struct signal_event event = {.kind = is_up ? SIGNAL_TRUNK_UP : SIGNAL_TRUNK_DOWN};
    bool is_news = !trunk->is_known || trunk->is_up != is_up;
    unsigned pause = is_news ? PROBE_DOWN_MS_FIRST : 2 * trunk->probe_pause_ms;

    /* A trunk that went away is asked soon, and then ever less often. */
    if (is_up || pause > signal->options.probe_ms)
        pause = signal->options.probe_ms;
    trunk->is_known = true;
    trunk->is_up = is_up;
    trunk->probe_pause_ms = pause;
    tmr_cancel(&trunk->probe_limit);
    tmr_start(&trunk->probe_timer, pause, probe_start, signal);
    if (is_news)
        signal_tell(signal, &event);
}

/* Any answer but "unavailable" is a living trunk: many refuse OPTIONS. */
static void probe_answered(int err, const struct sip_msg *message, void *arg)
{
    if (!err && message->scode < 200)
        return;
    probe_ended(arg, !err && message->scode != 408 && message->scode != 503);
}

static void probe_timed_out(void *arg)
{
    struct signal *signal = arg;

    if (guard_has_mail(&signal->guard)) { /* the answer may be among it */
        tmr_start(&signal->trunk.probe_limit, SIGNAL_MAIL_MS, probe_timed_out, signal);
        return;
    }
    signal->trunk.probe = mem_deref(signal->trunk.probe);
    probe_ended(signal, false);
}

static int probe_contact(enum sip_transp transport, const struct sa *source,
                         const struct sa *destination, struct mbuf *message, void *arg)
{
    struct sip_contact contact;

    (void)destination;
    (void)arg;
    sip_contact_set(&contact, "outdial", source, transport);
    return mbuf_printf(message, "%H", sip_contact_print, &contact);
}

static void probe_start(void *arg)
{
    struct signal *signal = arg;
    struct signal_trunk *trunk = &signal->trunk;
    int err = sip_requestf(&trunk->probe, signal->sip, true, "OPTIONS", trunk->route, NULL, NULL,
                           probe_contact, probe_answered, signal,
                           "To: <%s>\r\n"
                           "From: <sip:outdial@%s>;tag=%016llx\r\n"
                           "Call-ID: %016llx%016llx\r\n"
                           "CSeq: %u OPTIONS\r\n"
                           "Accept: application/sdp\r\n"
                           "Content-Length: 0\r\n\r\n",
                           trunk->route, signal->address, rand_u64(), rand_u64(), rand_u64(),
                           ++trunk->probe_count & 0x7fffffff);

    if (err)
        probe_ended(signal, false);
    else
        tmr_start(&trunk->probe_limit, signal->options.first_reply_ms, probe_timed_out, signal);
}

void signal_trunk_doubted(struct signal *signal)
{
    struct signal_trunk *trunk = &signal->trunk;

    if (!signal->options.probe_ms || trunk->probe || (trunk->is_known && !trunk->is_up))
        return;
    tmr_start(&trunk->probe_timer, 0, probe_start, signal);
}

static void trunk_release(struct signal_trunk *trunk)
{
    tmr_cancel(&trunk->probe_timer);
    tmr_cancel(&trunk->probe_limit);
    trunk->probe = mem_deref(trunk->probe);
    free(trunk->host_port);
    free(trunk->route);
}

/* ----------------------------------------------------------------- messages outside of any leg */

/* Behind libre's own listeners: what is left is answered here, so that libre has nothing to say. */
static bool request_came(const struct sip_msg *message, void *arg)
{
    struct signal *signal = arg;

    if (!pl_strcmp(&message->met, "ACK"))
        return true;
    if (!pl_strcmp(&message->met, "OPTIONS"))
        (void)sip_replyf(signal->sip, message, 200, "OK",
                         "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO\r\n"
                         "Accept: application/sdp\r\n"
                         "Content-Length: 0\r\n\r\n");
    else if (!pl_strcmp(&message->met, "CANCEL"))
        (void)sip_reply(signal->sip, message, 481, "Transaction Does Not Exist");
    else
        (void)sip_reply(signal->sip, message, 405, "Method Not Allowed");
    return true;
}

static bool response_came(const struct sip_msg *message, void *arg)
{
    (void)message;
    (void)arg;
    return true; /* to nothing we asked, or too late */
}

/* --------------------------------------------------------------------------------------- life */

static int allow_peers(struct signal *signal, const char **error)
{
    const char *const *peer = signal->options.peers;

    for (; peer && *peer; ++peer) {
        struct in_addr address;

        if (inet_pton(AF_INET, *peer, &address) != 1) {
            *error = "a peer is not a numeric address";
            return EINVAL;
        }
        if (guard_allow(&signal->guard, address)) {
            *error = "too many peers";
            return ENOSPC;
        }
    }
    return 0;
}

static int bind_one(struct signal *signal, enum sip_transp transport)
{
    struct sa address;
    int err;

    sa_set_in(&address, ntohl(signal->options.address.s_addr), signal->port);
    guard_begin(&signal->guard);
    err = sip_transp_add(signal->sip, transport, &address);
    guard_end();
    return err;
}

static int find_port(struct signal *signal)
{
    struct sa bound;
    int err = sip_transp_laddr(signal->sip, &bound, SIP_TRANSP_UDP, NULL);

    if (!err)
        signal->port = sa_port(&bound);
    return err;
}

/* UDP and TCP on the same port. With port 0 the kernel picks one for UDP; TCP may find that taken. */
static int bind_both(struct signal *signal)
{
    int err = EADDRINUSE;

    for (int tries = signal->options.port ? 1 : 20; tries && err == EADDRINUSE; --tries) {
        sip_transp_flush(signal->sip);
        signal->guard.socket_count = 0;
        signal->port = signal->options.port;
        err = bind_one(signal, SIP_TRANSP_UDP);
        if (!err)
            err = find_port(signal);
        if (!err)
            err = bind_one(signal, SIP_TRANSP_TCP);
    }
    if (!err)
        check(signal->guard.socket_count == 2);
    return err;
}

static int stack_init(struct signal *signal)
{
    int err = sip_alloc(&signal->sip, NULL, HASH_SIZE, HASH_SIZE, HASH_SIZE,
                        "outdial/" OUTDIAL_VERSION, NULL, signal);

    if (!err)
        err = bind_both(signal);
    if (!err)
        err =
            sipsess_listen(&signal->sessions, signal->sip, HASH_SIZE, signal_leg_incoming, signal);
    if (!err)
        err = sip_listen(&signal->requests, signal->sip, true, request_came, signal);
    if (!err)
        err = sip_listen(&signal->responses, signal->sip, false, response_came, signal);
    return err;
}

static int copy_credentials(struct signal *signal)
{
    const char *user = signal->options.trunk_user, *password = signal->options.trunk_password;

    if (user && *user && !(signal->trunk_user = strdup(user)))
        return ENOMEM;
    if (password && *password && !(signal->trunk_password = strdup(password)))
        return ENOMEM;
    return 0;
}

int signal_new(struct signal **signalp, const struct signal_options *options, const char **error)
{
    struct signal *signal = calloc(1, sizeof(*signal));
    int err = signal ? 0 : ENOMEM;

    *error = "out of memory";
    if (err)
        return err;
    signal->options = *options;
    signal->nested_fd = -1;
    if (!signal->options.first_reply_ms)
        signal->options.first_reply_ms = FIRST_REPLY_MS_PRESET;
    if (!signal->options.leg_count_max)
        signal->options.leg_count_max = LEGS_MAX_PRESET;
    table_init(&signal->legs);
    inet_ntop(AF_INET, &options->address, signal->address, sizeof(signal->address));
    guard_init(&signal->guard, options->loopback_is_peer);
    err = copy_credentials(signal);
    if (!err)
        err = allow_peers(signal, error);
    if (!err)
        err = trunk_init(signal, options->trunk, error);
    if (!err) {
        *error = "cannot bind the SIP address";
        err = stack_init(signal);
    }
    if (err) {
        signal_free(signal);
        return err;
    }
    signal->options.trunk = signal->options.trunk_user = signal->options.trunk_password = NULL;
    signal->options.peers = NULL;
    if (signal->trunk.set && options->probe_ms)
        tmr_start(&signal->trunk.probe_timer, 1, probe_start, signal);
    *signalp = signal;
    return 0;
}

static struct leg *any_leg(struct signal *signal)
{
    size_t at = 0;
    struct table_slot *slot = table_next(&signal->legs, &at);

    return slot ? slot->value : NULL;
}

void signal_free(struct signal *signal)
{
    struct leg *leg;

    if (!signal)
        return;
    while ((leg = any_leg(signal)))
        signal_leg_free(leg);
    if (signal->nested_fd >= 0)
        fd_close(signal->nested_fd);
    trunk_release(&signal->trunk);
    /* Sessions that wait for an ACK or for the answer to their BYE hold themselves, and the stack. */
    sip_close(signal->sip, true);
    sipsess_close_all(signal->sessions);
    sip_close(signal->sip, true);
    mem_deref(signal->requests);
    mem_deref(signal->responses);
    mem_deref(signal->sessions);
    mem_deref(signal->sip);
    table_release(&signal->legs);
    free(signal->trunk_user);
    free(signal->trunk_password);
    free(signal);
}

uint16_t signal_port(const struct signal *signal)
{
    return signal->port;
}

struct signal_counts signal_counts(const struct signal *signal)
{
    struct signal_counts counts = signal->counts;

    counts.strangers = guard_strangers(&signal->guard);
    return counts;
}

/* --------------------------------------------------------------------------------------- legs */

int signal_invite(struct signal *signal, uint64_t leg, const struct signal_order *order)
{
    check(leg && !(leg & SIGNAL_LEG_INCOMING) && !table_get_id(&signal->legs, leg));
    if (signal->legs.count >= signal->options.leg_count_max)
        return EAGAIN;
    return signal_leg_invite(signal, leg, order);
}

void signal_ring(struct signal *signal, uint64_t leg, const struct signal_local *local)
{
    struct leg *found = table_get_id(&signal->legs, leg);

    if (found)
        signal_leg_ring(found, local);
}

void signal_answer(struct signal *signal, uint64_t leg, const struct signal_local *local)
{
    struct leg *found = table_get_id(&signal->legs, leg);

    if (found)
        signal_leg_answer(found, local);
}

void signal_reject(struct signal *signal, uint64_t leg, unsigned code, const char *reason)
{
    struct leg *found = table_get_id(&signal->legs, leg);

    if (found)
        signal_leg_reject(found, code, reason);
}

void signal_take_more(struct signal *signal, bool more)
{
    signal->takes_no_more = !more;
}

void signal_hang_up(struct signal *signal, uint64_t leg)
{
    struct leg *found = table_get_id(&signal->legs, leg);

    if (found)
        signal_leg_hang_up(found);
}

void signal_hang_up_all(struct signal *signal)
{
    struct table_slot *slot;
    size_t at = 0;

    while ((slot = table_next(&signal->legs, &at)))
        signal_leg_hang_up(slot->value);
}

unsigned signal_leg_count(const struct signal *signal)
{
    return (unsigned)signal->legs.count;
}

/* --------------------------------------------------------------------------------------- loop */

/*
 * libre reads one datagram each time round, the other loop takes a step of many events. Side by side
 * an engine short of time would take in new orders while the answers to the old ones pile up
 * unread, are sent again by their peers, and come too late. So what has come by SIP goes first.
 */
static void nested_is_ready(int flags, void *arg)
{
    struct signal *signal = arg;

    (void)flags;
    if (signal->nested_waited < NESTED_WAITS_MAX && guard_has_mail(&signal->guard)) {
        ++signal->nested_waited;
        return; /* it is still ready the next time round */
    }
    signal->nested_waited = 0;
    signal->step(signal->step_arg);
}

int signal_nest(struct signal *signal, int fd, signal_step function, void *arg)
{
    int err = fd_listen(fd, FD_READ, nested_is_ready, signal);

    if (err)
        return err;
    signal->nested_fd = fd;
    signal->step = function;
    signal->step_arg = arg;
    return 0;
}

int signal_run(struct signal *signal)
{
    (void)signal;
    return re_main(NULL);
}

void signal_stop(struct signal *signal)
{
    (void)signal;
    re_cancel();
}
