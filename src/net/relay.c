#include "net/relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/websocket.h"

enum {
    LANE_SIZE = 16 << 10,
    HEAD_SIZE_MAX = 8 << 10, /* of the target's answer */
    TURNS_MAX = 4,           /* of one lane at once; then the others of the loop have theirs */
    VALUE_SIZE = 128,
    UNHEARD_MS_MAX = 30000, /* sent and not acknowledged: the machine there is gone */
};

/* What one side has said and the other not yet taken. */
struct lane {
    char bytes[LANE_SIZE];
    size_t from, size;
    bool has_ended, is_passed; /* its side says no more; and the other has been told */
};

struct side {
    int fd;
    uint32_t watched; /* 0: not at all */
};

struct relay {
    struct http_request *request;
    struct loop *loop;
    struct side near, far; /* the browser's, -1 before the 101; the target's */
    struct text head;      /* to the target, until it has gone */
    size_t head_sent;
    struct lane up, down; /* near to far, far to near: first the target's head */
    bool is_asking;       /* the head is on its way, or its answer is */
    bool is_over;         /* nothing more is read or written; the timer ends it */
    /* Never stopped while the relay lives, only moved: so it always can be. */
    struct loop_timer timer;
};

static void on_timer(void *arg);
static void carry(struct relay *relay);

bool relay_target_of(const char *url, char *address, size_t address_size,
                     struct relay_target *target)
{
    struct slice rest = slice_from(url), host;
    struct in6_addr ip;
    int64_t port = 80;

    if (!slice_starts(rest, "http://"))
        return false;
    rest = slice_of(rest.at + 7, rest.size - 7);
    rest = slice_cut(&rest, '/');
    if (rest.size && rest.at[0] == '[') {
        rest = slice_of(rest.at + 1, rest.size - 1);
        host = slice_cut(&rest, ']');
        if (rest.size && rest.at[0] == ':')
            rest = slice_of(rest.at + 1, rest.size - 1);
        else if (rest.size)
            return false;
    } else {
        host = slice_cut(&rest, ':');
    }
    if ((rest.size && slice_to_i64(rest, 1, 65535, &port) != 0) ||
        !slice_copy(host, address, address_size) ||
        (inet_pton(AF_INET, address, &ip) != 1 && inet_pton(AF_INET6, address, &ip) != 1))
        return false;
    target->address = address;
    target->port = (uint16_t)port;
    return true;
}

/* ---- its end ---- */

static void move_timer(struct relay *relay, instant at)
{
    int err = loop_timer_start(relay->loop, &relay->timer, at, on_timer, relay);

    check(!err); /* it has had its place since relay_begin */
}

static void unwatch(struct relay *relay, struct side *side)
{
    if (side->watched)
        loop_unwatch(relay->loop, side->fd);
    side->watched = 0;
}

static void relay_free(struct relay *relay)
{
    unwatch(relay, &relay->near);
    unwatch(relay, &relay->far);
    loop_timer_stop(relay->loop, &relay->timer);
    if (relay->far.fd >= 0)
        close(relay->far.fd);
    text_release(&relay->head);
    free(relay);
}

/* Ends it soon, from the timer: whoever is calling is still using it. */
static void be_over(struct relay *relay)
{
    relay->is_over = true;
    unwatch(relay, &relay->near);
    unwatch(relay, &relay->far);
    move_timer(relay, loop_clock());
}

/* Before the 101: the browser is told by status. */
static void refuse(struct relay *relay, unsigned status)
{
    struct http_request *request = relay->request;

    relay_free(relay);
    http_request_on_gone(request, NULL, NULL);
    if (status == 503)
        http_request_add_header(request, "Retry-After", "1");
    http_request_reply(request, status, NULL, NULL, 0);
}

static void on_timer(void *arg)
{
    struct relay *relay = arg;
    struct http_request *request = relay->request;

    if (relay->is_asking) {
        refuse(relay, 503);
        return;
    }
    if (relay->near.fd < 0) { /* the 101 is still on its way; then it begins, or is gone */
        move_timer(relay, loop_clock() + RELAY_GRACE_MS_MAX * MILLISECOND);
        return;
    }
    relay_free(relay);
    http_request_upgrade_end(request);
}

static void on_gone(void *arg)
{
    relay_free(arg);
}

/* ---- the bytes ---- */

/* Whether the side has anything more to say to the lane. False also when the lane is full. */
static bool fill(struct relay *relay, struct lane *lane, const struct side *side)
{
    ssize_t size;

    if (lane->has_ended || lane->size == LANE_SIZE)
        return false;
    if (lane->from) {
        memmove(lane->bytes, lane->bytes + lane->from, lane->size);
        lane->from = 0;
    }
    do
        size = recv(side->fd, lane->bytes + lane->size, LANE_SIZE - lane->size, MSG_DONTWAIT);
    while (size < 0 && errno == EINTR);
    if (size > 0)
        lane->size += (size_t)size;
    else if (!size)
        lane->has_ended = true;
    else if (errno != EAGAIN && errno != EWOULDBLOCK)
        be_over(relay);
    return size > 0;
}

static void drain(struct relay *relay, struct lane *lane, const struct side *side)
{
    while (lane->size) {
        ssize_t size =
            send(side->fd, lane->bytes + lane->from, lane->size, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0) {
            if (errno != EAGAIN && errno != EWOULDBLOCK)
                be_over(relay);
            return;
        }
        lane->from += (size_t)size;
        lane->size -= (size_t)size;
    }
    lane->from = 0;
}

/* Its end is passed on when its last byte is; then the other side has a while to say the rest. */
static void pass_end(struct relay *relay, struct lane *lane, const struct side *to)
{
    if (!lane->has_ended || lane->size || lane->is_passed)
        return;
    lane->is_passed = true;
    (void)shutdown(to->fd, SHUT_WR);
    if (relay->up.is_passed && relay->down.is_passed)
        be_over(relay);
}

static void run_lane(struct relay *relay, struct lane *lane, const struct side *from,
                     const struct side *to)
{
    bool had_ended = lane->has_ended;

    for (int turn = 0; turn < TURNS_MAX && !relay->is_over; ++turn) {
        bool more = fill(relay, lane, from);

        if (!relay->is_over)
            drain(relay, lane, to);
        if (!more)
            break;
    }
    if (relay->is_over)
        return;
    if (lane->has_ended && !had_ended)
        move_timer(relay, loop_clock() + RELAY_GRACE_MS_MAX * MILLISECOND);
    pass_end(relay, lane, to);
}

/* A side that is waited for in no direction is not watched at all: its hanging up would be told again and
 * again. */
static void watch(struct relay *relay, struct side *side, uint32_t wanted, loop_fd_handler handler)
{
    if (relay->is_over || side->watched == wanted)
        return;
    if (!wanted) {
        unwatch(relay, side);
        return;
    }
    if (loop_watch(relay->loop, side->fd, wanted, handler, relay) != 0)
        be_over(relay);
    else
        side->watched = wanted;
}

static uint32_t wanted_of(const struct lane *in, const struct lane *out)
{
    return (!in->has_ended && in->size < LANE_SIZE ? EPOLLIN : 0u) | (out->size ? EPOLLOUT : 0u);
}

static void on_event(void *arg, uint32_t events)
{
    struct relay *relay = arg;

    if (events & EPOLLERR)
        be_over(relay);
    else
        carry(relay);
}

static void carry(struct relay *relay)
{
    if (!relay->is_over)
        run_lane(relay, &relay->up, &relay->near, &relay->far);
    if (!relay->is_over)
        run_lane(relay, &relay->down, &relay->far, &relay->near);
    watch(relay, &relay->near, wanted_of(&relay->up, &relay->down), on_event);
    watch(relay, &relay->far, wanted_of(&relay->down, &relay->up), on_event);
}

/* ---- the beginning ---- */

static void do_not_wait_for_the_dead(int fd)
{
    unsigned ms = UNHEARD_MS_MAX;
    int on = 1;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
}

/* Inside the HTTP server's turn: nothing is ended here, what is to be said is said from the loop. */
static void on_begun(void *arg, int fd, struct slice early)
{
    struct relay *relay = arg;

    relay->near.fd = fd;
    do_not_wait_for_the_dead(fd);
    if (relay->is_over || early.size > LANE_SIZE) {
        be_over(relay);
        return;
    }
    memcpy(relay->up.bytes, early.at, early.size);
    relay->up.size = early.size;
    move_timer(relay, INSTANT_NEVER);
    watch(relay, &relay->near, wanted_of(&relay->up, &relay->down), on_event);
    watch(relay, &relay->far, wanted_of(&relay->down, &relay->up), on_event);
}

/* The target's answer is whole: status, and for a 101 what the browser must be told of it. */
static void answered(struct relay *relay, struct slice head)
{
    struct slice line = slice_cut(&head, '\n'), part;
    char accept[VALUE_SIZE] = "", protocol[VALUE_SIZE] = "";
    const struct http_upgrade upgrade = {on_begun, on_gone, relay};
    int64_t status = 0;

    part = slice_cut(&line, ' ');
    if (!slice_starts(part, "HTTP/1.1") ||
        slice_to_i64(slice_cut(&line, ' '), 100, 599, &status) != 0)
        status = 502;
    while (head.size) {
        line = slice_cut(&head, '\n');
        part = slice_trim(slice_cut(&line, ':'));
        line = slice_trim(line);
        if (slice_is_nocase(part, "Sec-WebSocket-Accept") &&
            !slice_copy(line, accept, sizeof(accept)))
            status = 502;
        if (slice_is_nocase(part, "Sec-WebSocket-Protocol") &&
            !slice_copy(line, protocol, sizeof(protocol)))
            status = 502;
    }
    if (status != 101 || !*accept) {
        refuse(relay, status >= 400 && status < 500 ? (unsigned)status : 503);
        return;
    }
    http_request_on_gone(relay->request, NULL, NULL);
    http_request_add_header(relay->request, "Sec-WebSocket-Accept", accept);
    if (*protocol)
        http_request_add_header(relay->request, "Sec-WebSocket-Protocol", protocol);
    unwatch(relay, &relay->far);
    relay->is_asking = false;
    move_timer(relay, loop_clock() + RELAY_GRACE_MS_MAX * MILLISECOND);
    /* It may begin, or be gone, before this returns. */
    if (http_request_upgrade(relay->request, "websocket", &upgrade) != 0)
        refuse(relay, 503);
}

static void read_answer(struct relay *relay)
{
    struct lane *lane = &relay->down;
    const char *end;

    while (fill(relay, lane, &relay->far))
        ;
    end = memmem(lane->bytes, lane->size, "\r\n\r\n", 4);
    if (!end || relay->is_over) {
        if (relay->is_over || lane->has_ended || lane->size > HEAD_SIZE_MAX)
            refuse(relay, 503);
        return;
    }
    lane->from = (size_t)(end + 4 - lane->bytes);
    lane->size -= lane->from;
    answered(relay, slice_of(lane->bytes, lane->from));
}

static void on_target(void *arg, uint32_t events)
{
    struct relay *relay = arg;

    if (relay->head_sent < relay->head.size && !(events & EPOLLERR)) {
        ssize_t size = send(relay->far.fd, relay->head.at + relay->head_sent,
                            relay->head.size - relay->head_sent, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (size > 0)
            relay->head_sent += (size_t)size;
        else if (errno != EAGAIN && errno != EINTR && errno != ENOTCONN)
            events |= EPOLLERR;
    }
    if (events & EPOLLERR) {
        refuse(relay, 503);
        return;
    }
    if (relay->head_sent < relay->head.size)
        return;
    watch(relay, &relay->far, EPOLLIN, on_target);
    if (relay->is_over)
        refuse(relay, 503);
    else if (events & (EPOLLIN | EPOLLHUP))
        read_answer(relay);
}

static int dial(struct relay *relay, const struct relay_target *target)
{
    struct sockaddr_storage to = {0};
    struct sockaddr_in *four = (struct sockaddr_in *)&to;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&to;
    bool is_four = inet_pton(AF_INET, target->address, &four->sin_addr) == 1;

    if (is_four) {
        four->sin_family = AF_INET;
        four->sin_port = htons(target->port);
    } else {
        if (inet_pton(AF_INET6, target->address, &six->sin6_addr) != 1)
            return EINVAL;
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(target->port);
    }
    relay->far.fd =
        socket(is_four ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (relay->far.fd < 0)
        return errno;
    do_not_wait_for_the_dead(relay->far.fd);
    if (connect(relay->far.fd, (struct sockaddr *)&to, is_four ? sizeof(*four) : sizeof(*six)) !=
            0 &&
        errno != EINPROGRESS)
        return errno;
    relay->far.watched = EPOLLOUT;
    int err = loop_watch(relay->loop, relay->far.fd, EPOLLOUT, on_target, relay);

    if (err)
        relay->far.watched = 0;
    return err;
}

static void write_head(struct relay *relay, const struct relay_target *target)
{
    const char *protocol = http_request_header(relay->request, "Sec-WebSocket-Protocol");
    bool is_six = strchr(target->address, ':');

    text_addf(&relay->head, "GET %s HTTP/1.1\r\nHost: %s%s%s:%u\r\n", target->path,
              is_six ? "[" : "", target->address, is_six ? "]" : "", target->port);
    text_add(&relay->head, "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                           "Sec-WebSocket-Version: 13\r\n");
    text_addf(&relay->head, "Sec-WebSocket-Key: %s\r\n",
              http_request_header(relay->request, "Sec-WebSocket-Key"));
    if (protocol)
        text_addf(&relay->head, "Sec-WebSocket-Protocol: %s\r\n", protocol);
    text_add(&relay->head, "\r\n");
}

int relay_begin(struct http_request *request, const struct relay_target *target)
{
    struct relay *relay;
    int err;

    if (!websocket_is_wanted(request))
        return EINVAL;
    relay = calloc(1, sizeof(*relay));
    if (!relay)
        return ENOMEM;
    relay->request = request;
    relay->loop = http_request_loop(request);
    relay->near.fd = relay->far.fd = -1;
    relay->is_asking = true;
    text_init(&relay->head);
    write_head(relay, target);
    err = relay->head.failed
              ? ENOMEM
              : loop_timer_start(relay->loop, &relay->timer,
                                 loop_clock() + RELAY_ANSWER_MS_MAX * MILLISECOND, on_timer, relay);
    if (!err)
        err = dial(relay, target);
    if (err)
        relay_free(relay);
    else
        http_request_on_gone(request, on_gone, relay);
    return err;
}
