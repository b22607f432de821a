#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "voice/signal/libre.h"
#include "voice/signal/signal.h"

/* Two ends in one process: `near` places calls, `far` is its trunk. */
struct end {
    struct signal *signal;
    const char *name;
    uint64_t incoming;         /* the leg that came in last */
    struct signal_media media; /* told last */
    char from[128], header[64];
    void (*on_incoming)(struct end *end);
};

static const char *const KINDS[] = {"incoming", "trying", "ringing", "early", "answered",
                                    "media",    "digit",  "ended",   "up",    "down"};
static struct text story; /* of both ends together */
static const char *awaited;

static void came(void *arg, const struct signal_event *event)
{
    struct end *end = arg;

    text_addf(&story, "%s %s", end->name, KINDS[event->kind]);
    if (event->kind == SIGNAL_ENDED)
        text_addf(&story, " %s %u", signal_end_name(event->end), event->code);
    text_add(&story, "\n");
    if (event->has_media)
        end->media = event->media;
    if (event->kind == SIGNAL_INCOMING) {
        end->incoming = event->leg;
        slice_copy(event->from, end->from, sizeof(end->from));
        if (event->header_count)
            slice_copy(event->headers[0].value, end->header, sizeof(end->header));
        if (end->on_incoming)
            end->on_incoming(end);
    }
    if (awaited && strstr(story.at, awaited))
        re_cancel();
}

static void give_up(void *arg)
{
    *(bool *)arg = true;
    re_cancel();
}

/* Turns libre's loop until the story has that line. */
static void wait_for(const char *line)
{
    bool late = false;
    struct tmr limit = {.th = NULL};

    if (story.at && strstr(story.at, line))
        return;
    awaited = line;
    tmr_start(&limit, 5000, give_up, &late);
    assert_int_equal(re_main(NULL), 0);
    tmr_cancel(&limit);
    awaited = NULL;
    if (late)
        fail_msg("waited for '%s' and saw:\n%s", line, story.at ? story.at : "");
}

static void pass_time(unsigned ms)
{
    bool over = false;
    struct tmr limit = {.th = NULL};

    tmr_start(&limit, ms, give_up, &over);
    assert_int_equal(re_main(NULL), 0);
    tmr_cancel(&limit);
}

static struct end near = {.name = "near"}, far = {.name = "far"};

static void open_end(struct end *end, const char *address, const char *trunk, const char *peer,
                     unsigned probe_ms)
{
    const char *peers[] = {peer, NULL};
    struct signal_options options = {.trunk = trunk,
                                     .trunk_user = "someone",
                                     .trunk_password = "secret",
                                     .peers = peer ? peers : NULL,
                                     .loopback_is_peer = !peer,
                                     .probe_ms = probe_ms,
                                     .first_reply_ms = 300,
                                     .handler = came,
                                     .arg = end};
    const char *error;

    assert_int_equal(inet_pton(AF_INET, address, &options.address), 1);
    assert_int_equal(signal_new(&end->signal, &options, &error), 0);
}

static void open_both(const char *transport)
{
    char trunk[64];

    text_clear(&story);
    near.on_incoming = far.on_incoming = NULL;
    open_end(&far, "127.0.0.1", NULL, NULL, 0);
    snprintf(trunk, sizeof(trunk), "sip:127.0.0.1:%u%s", signal_port(far.signal), transport);
    open_end(&near, "127.0.0.1", trunk, NULL, 0);
}

static void close_both(void)
{
    signal_free(near.signal);
    signal_free(far.signal);
    text_release(&story);
}

static struct signal_local rtp_at(uint16_t port)
{
    return (struct signal_local){{htonl(INADDR_LOOPBACK)}, port};
}

static int call(uint64_t leg, const char *to, unsigned ring_timeout_ms)
{
    struct signal_header header = {slice_from("X-Lead"), slice_from("7\r\nX-Evil: 1")};
    struct signal_order order = {.to = to,
                                 .from = "+15005550006",
                                 .caller_name = "A \"name\"",
                                 .headers = &header,
                                 .header_count = 1,
                                 .local = rtp_at(20000),
                                 .ring_timeout_ms = ring_timeout_ms};

    return signal_invite(near.signal, leg, &order);
}

static void answer(struct end *end)
{
    struct signal_local local = rtp_at(30000);

    signal_answer(end->signal, end->incoming, &local);
}

static void ring_with_music(struct end *end)
{
    struct signal_local local = rtp_at(30000);

    signal_ring(end->signal, end->incoming, &local);
}

static void refuse(struct end *end)
{
    signal_reject(end->signal, end->incoming, 486, "Busy Here");
}

static void check_call(const char *transport)
{
    open_both(transport);
    far.on_incoming = answer;
    assert_int_equal(call(1, "+15005550001", 0), 0);
    wait_for("far answered");
    wait_for("near answered");
    assert_int_equal(ntohs(near.media.address.sin_port), 30000);
    assert_int_equal(ntohs(far.media.address.sin_port), 20000);
    assert_int_equal(near.media.dtmf_type, 101);
    assert_non_null(strstr(far.from, "sip:+15005550006@"));
    assert_string_equal(far.header, "7X-Evil: 1");
    assert_int_equal(signal_leg_count(near.signal), 1);
}

static void a_call_is_answered_and_the_caller_hangs_up(void **state)
{
    (void)state;
    check_call("");
    signal_hang_up(near.signal, 1);
    wait_for("near ended us 200");
    wait_for("far ended peer 200");
    assert_int_equal(signal_leg_count(near.signal) + signal_leg_count(far.signal), 0);
    signal_hang_up(near.signal, 1); /* late: harmless */
    close_both();
}

static void the_same_over_tcp_and_the_callee_hangs_up(void **state)
{
    (void)state;
    check_call(";transport=tcp");
    signal_hang_up(far.signal, far.incoming);
    wait_for("far ended us 200");
    wait_for("near ended peer 200");
    close_both();
}

static void early_media_comes_before_the_answer(void **state)
{
    (void)state;
    open_both("");
    far.on_incoming = ring_with_music;
    assert_int_equal(call(1, "+15005550001", 0), 0);
    wait_for("near early");
    assert_int_equal(ntohs(near.media.address.sin_port), 30000);
    answer(&far);
    wait_for("near answered");
    close_both();
}

static void a_refusal_tells_its_code(void **state)
{
    (void)state;
    open_both("");
    far.on_incoming = refuse;
    assert_int_equal(call(1, "+15005550001", 0), 0);
    wait_for("near ended refused 486");
    wait_for("far ended us 486");
    close_both();
}

static void hanging_up_while_it_rings_cancels(void **state)
{
    (void)state;
    open_both("");
    assert_int_equal(call(1, "+15005550001", 0), 0);
    wait_for("near ringing");
    signal_hang_up(near.signal, 1);
    wait_for("near ended us 487");
    wait_for("far ended peer 487");
    close_both();
}

static void nobody_answers_within_the_ring_time(void **state)
{
    (void)state;
    open_both("");
    assert_int_equal(call(1, "+15005550001", 150), 0);
    wait_for("near ended no-answer 487");
    wait_for("far ended peer 487");
    close_both();
}

static void a_dead_trunk_is_given_up_soon(void **state)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    char trunk[64];

    (void)state;
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    snprintf(trunk, sizeof(trunk), "sip:127.0.0.1:%u", ntohs(address.sin_port));
    open_end(&near, "127.0.0.1", trunk, NULL, 100);
    assert_int_equal(call(1, "+15005550001", 0), 0);
    wait_for("near ended no-reply 408");
    wait_for("near down");
    signal_free(near.signal);
    close(fd);
    text_clear(&story);

    snprintf(trunk, sizeof(trunk), "sip:127.0.0.1:%u;transport=tcp", ntohs(address.sin_port));
    open_end(&near, "127.0.0.1", trunk, NULL, 0);
    assert_int_equal(call(1, "+15005550001", 0), 0);
    wait_for("near ended unreachable 503");
    signal_free(near.signal);
    text_release(&story);
}

/* A trunk by hand: it has `count` datagrams of nothing and then the answer wait for us. */
struct late_trunk {
    int fd;
    struct sockaddr_in address, caller;
};

static void late_trunk_open(struct late_trunk *trunk)
{
    socklen_t size = sizeof(trunk->address);
    char uri[64];

    *trunk = (struct late_trunk){
        .fd = socket(AF_INET, SOCK_DGRAM, 0),
        .address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
    assert_int_equal(bind(trunk->fd, (struct sockaddr *)&trunk->address, size), 0);
    assert_int_equal(getsockname(trunk->fd, (struct sockaddr *)&trunk->address, &size), 0);
    snprintf(uri, sizeof(uri), "sip:127.0.0.1:%u", ntohs(trunk->address.sin_port));
    open_end(&near, "127.0.0.1", uri, NULL, 0);
}

static void send_to_near(struct late_trunk *trunk, const char *bytes, size_t size)
{
    assert_int_equal(
        sendto(trunk->fd, bytes, size, 0, (struct sockaddr *)&trunk->caller, sizeof(trunk->caller)),
        size);
}

static void answer_behind(struct late_trunk *trunk, unsigned count)
{
    char invite[4096], reply[4200], *headers, *end;
    socklen_t size = sizeof(trunk->caller);
    ssize_t got = recvfrom(trunk->fd, invite, sizeof(invite) - 1, 0,
                           (struct sockaddr *)&trunk->caller, &size);

    assert_true(got > 0);
    invite[got] = '\0';
    headers = strstr(invite, "\r\n");
    end = strstr(invite, "Content-Type:");
    assert_true(headers && end);
    *end = '\0';
    while (count--)
        send_to_near(trunk, "nothing", 7);
    send_to_near(trunk, reply,
                 (size_t)snprintf(reply, sizeof(reply),
                                  "SIP/2.0 180 Ringing%sContent-Length: 0\r\n\r\n", headers));
}

static void late_trunk_close(struct late_trunk *trunk)
{
    signal_free(near.signal);
    close(trunk->fd);
    text_release(&story);
}

/* An engine short of time finds answers that were there in time behind much else. */
static void who_answered_while_we_were_busy_is_not_taken_for_silent(void **state)
{
    struct timespec busy = {.tv_nsec = 400000000}; /* over first_reply_ms */
    struct late_trunk trunk;

    (void)state;
    late_trunk_open(&trunk);
    assert_int_equal(call(1, "+15005550001", 0), 0);
    answer_behind(&trunk, 50);
    nanosleep(&busy, NULL);
    wait_for("near ringing");
    assert_null(strstr(story.at, "ended"));
    late_trunk_close(&trunk);
}

static void step_and_count(void *arg)
{
    ++*(unsigned *)
          arg; /* and it is always ready: the rest of the engine has more to do than time */
}

static void what_came_by_sip_goes_before_the_nested_loop(void **state)
{
    int always = eventfd(1, EFD_CLOEXEC);
    struct late_trunk trunk;
    unsigned steps = 0;

    (void)state;
    late_trunk_open(&trunk);
    assert_int_equal(signal_nest(near.signal, always, step_and_count, &steps), 0);
    assert_int_equal(call(1, "+15005550001", 0), 0);
    answer_behind(&trunk, 50);
    wait_for("near ringing");
    assert_true(steps < 5);
    for (unsigned i = 0; i < 500; ++i)
        send_to_near(&trunk, "nothing", 7);
    steps = 0;
    pass_time(50); /* a flood does not stop it for good */
    assert_true(steps > 5);
    late_trunk_close(&trunk);
    close(always);
}

static void a_living_trunk_answers_options(void **state)
{
    char trunk[64];

    (void)state;
    open_end(&far, "127.0.0.1", NULL, NULL, 0);
    snprintf(trunk, sizeof(trunk), "sip:127.0.0.1:%u", signal_port(far.signal));
    open_end(&near, "127.0.0.1", trunk, NULL, 50);
    wait_for("near up");
    close_both();
}

static void a_stranger_gets_no_answer_and_is_counted(void **state)
{
    char trunk[64];

    (void)state;
    open_end(&far, "127.0.0.1", NULL, "127.0.0.9", 0);
    snprintf(trunk, sizeof(trunk), "sip:127.0.0.1:%u", signal_port(far.signal));
    open_end(&near, "127.0.0.1", trunk, NULL, 0);
    assert_int_equal(call(1, "+15005550001", 0), 0);
    wait_for("near ended no-reply 408");
    assert_true(signal_counts(far.signal).strangers >= 1);
    assert_int_equal(signal_counts(far.signal).legs, 0);
    signal_free(near.signal);

    text_clear(&story);
    snprintf(trunk, sizeof(trunk), "sip:127.0.0.1:%u;transport=tcp", signal_port(far.signal));
    open_end(&near, "127.0.0.1", trunk, NULL, 0);
    assert_int_equal(call(1, "+15005550001", 0), 0);
    wait_for("near ended");
    assert_int_equal(signal_counts(far.signal).legs, 0);
    close_both();
}

static void what_cannot_be_called_is_said_at_once(void **state)
{
    (void)state;
    open_end(&near, "127.0.0.1", NULL, "127.0.0.9", 0);
    assert_int_equal(call(1, "+15005550001", 0), ENETUNREACH);
    assert_int_equal(call(1, "sip:robot@127.0.0.1:5071", 0), EACCES);
    assert_int_equal(call(1, "sip:robot@phones.example", 0), EINVAL);
    assert_int_equal(call(1, "hello", 0), EINVAL);
    assert_int_equal(signal_leg_count(near.signal), 0);
    signal_free(near.signal);
}

static void everything_is_hung_up_at_the_end(void **state)
{
    (void)state;
    open_both("");
    assert_int_equal(call(1, "+15005550001", 0), 0);
    wait_for("near ringing");
    answer(&far);
    wait_for("near answered");
    assert_int_equal(call(2, "+15005550002", 0), 0);
    signal_hang_up_all(near.signal);
    wait_for("far ended peer 200");
    pass_time(30);
    assert_int_equal(signal_leg_count(near.signal), 0);
    close_both();
}

static int start(void **state)
{
    (void)state;
    text_init(&story);
    return signal_library_start(4096);
}

static int stop(void **state)
{
    (void)state;
    signal_library_stop();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_answered_and_the_caller_hangs_up),
        cmocka_unit_test(the_same_over_tcp_and_the_callee_hangs_up),
        cmocka_unit_test(early_media_comes_before_the_answer),
        cmocka_unit_test(a_refusal_tells_its_code),
        cmocka_unit_test(hanging_up_while_it_rings_cancels),
        cmocka_unit_test(nobody_answers_within_the_ring_time),
        cmocka_unit_test(a_dead_trunk_is_given_up_soon),
        cmocka_unit_test(a_living_trunk_answers_options),
        cmocka_unit_test(who_answered_while_we_were_busy_is_not_taken_for_silent),
        cmocka_unit_test(what_came_by_sip_goes_before_the_nested_loop),
        cmocka_unit_test(a_stranger_gets_no_answer_and_is_counted),
        cmocka_unit_test(what_cannot_be_called_is_said_at_once),
        cmocka_unit_test(everything_is_hung_up_at_the_end),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
