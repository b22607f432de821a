#include "phones/network.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/table.h"
#include "phones/call.h"
#include "phones/record.h"

/* How long a call that is over waits for the news of who heard it. */
#define LINGER (600 * MILLISECOND)

struct network_counts {
    uint64_t calls, answered, rejected, canceled, broken, challenged, refused;
    struct rtp_stats rtp;
};

struct network {
    const struct script *script;
    const struct voices *voices;
    struct rtp *rtp;
    struct peer *peer;
    FILE *log;
    int timer_fd;
    struct heap timers;
    struct table calls;  /* by id */
    struct table tries;  /* number -> how often called, as a pointer's value */
    struct table robots; /* name -> 1 + id of its symbols, as a pointer's value */
    uint32_t last_id;
    bool stopping;
    struct network_counts counts;
};

int network_new(struct network **networkp, const struct network_options *options)
{
    struct network *network = calloc(1, sizeof(*network));

    if (!network)
        return ENOMEM;
    network->script = options->script;
    network->voices = options->voices;
    network->rtp = options->rtp;
    network->log = options->log;
    heap_init(&network->timers);
    table_init(&network->calls);
    table_init(&network->tries);
    table_init(&network->robots);
    network->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (network->timer_fd < 0) {
        int err = errno;

        network_free(network);
        return err;
    }
    *networkp = network;
    return 0;
}

void network_attach(struct network *network, struct peer *peer)
{
    network->peer = peer;
}

int network_timer_fd(const struct network *network)
{
    return network->timer_fd;
}

bool network_is_empty(const struct network *network)
{
    return network->calls.count == 0;
}

static void call_forget(struct network *network, struct call *call)
{
    heap_remove(&network->timers, &call->timer);
    table_remove_id(&network->calls, call->id);
    json_decref(call->headers);
    free(call);
}

void network_free(struct network *network)
{
    struct table_slot *slot;
    size_t at = 0;

    if (!network)
        return;
    while ((slot = table_next(&network->calls, &at)) != NULL)
        call_forget(network, slot->value);
    if (network->timer_fd >= 0)
        close(network->timer_fd);
    heap_release(&network->timers);
    table_release(&network->calls);
    table_release(&network->tries);
    table_release(&network->robots);
    free(network);
}

static void arm_timer(struct network *network)
{
    instant deadline = heap_deadline(&network->timers), wait;
    struct itimerspec when = {0};

    if (deadline != INSTANT_NEVER) {
        wait = instant_max(deadline - loop_clock(), 1);
        when.it_value.tv_sec = (time_t)(wait / SECOND);
        when.it_value.tv_nsec = (long)(wait % SECOND) * 1000;
    }
    (void)timerfd_settime(network->timer_fd, 0, &when, NULL);
}

static void count_call(struct network *network, const struct call *call)
{
    struct network_counts *counts = &network->counts;

    counts->answered += call->answered_at != 0;
    counts->rejected += call->code >= 300 && call->end != CALL_CANCELED;
    counts->canceled += call->end == CALL_CANCELED;
    counts->broken += call->end == CALL_BROKEN;
    counts->rtp.sent += call->stats.sent;
    counts->rtp.received += call->stats.received;
    counts->rtp.lost += call->stats.lost;
    counts->rtp.late += call->stats.late;
    counts->rtp.foreign += call->stats.foreign;
    counts->rtp.malformed += call->stats.malformed;
    counts->rtp.unsent += call->stats.unsent;
}

/* The call is over and nothing more will be heard of it. */
static void call_bury(struct network *network, struct call *call)
{
    count_call(network, call);
    record_write(call_record(call), network->log);
    call_forget(network, call);
}

static void call_over(struct network *network, struct call *call, enum call_end end, instant now)
{
    call->over = true;
    call->end = end;
    call->ended_at = now;
    call->peer_call = NULL;
    rtp_leg_close(network->rtp, call->leg);
    call->leg = NULL;
    /* Its place in the heap is bought: a call is in it from the beginning to the end. */
    if (heap_add(&network->timers, &call->timer, now + (call->hello_at ? LINGER : 0)))
        check(!"a node already in the heap needs no memory");
}

static void write_moment(struct network *network, const struct call *call, const char *event,
                         instant at)
{
    json_t *line = record_new(event, at);

    record_set(line, "call", json_string(call->name));
    record_set(line, "kind", json_string(call->behaviour->robot ? "robot" : "person"));
    record_set(line, "number", json_string(call->number));
    record_write(line, network->log);
}

static void start_sound(struct network *network, struct call *call)
{
    struct rtp_remote remote;

    if (peer_call_remote(call->peer_call, &remote))
        rtp_leg_remote(network->rtp, call->leg, &remote);
    rtp_leg_start(network->rtp, call->leg);
}

static int answer(struct network *network, struct call *call, instant now)
{
    int err = peer_call_answer(call->peer_call);

    if (err)
        return err;
    call->code = 200;
    call->answered_at = now;
    rtp_leg_hush(network->rtp, call->leg);
    start_sound(network, call);
    write_moment(network, call, "answered", now);
    return 0;
}

static void press(struct network *network, struct call *call, const char *digits)
{
    rtp_leg_press(network->rtp, call->leg, digits);
    for (; *digits; digits++) {
        if (*digits != 'w')
            call_digits_add(call->pressed, *digits);
    }
}

static int perform(struct network *network, struct call *call, const struct person_effect *effect,
                   instant now)
{
    int err;

    switch (effect->kind) {
    case PERSON_TRY:
        return peer_call_try(call->peer_call);
    case PERSON_RING:
        call->ringing_at = now;
        return peer_call_ring(call->peer_call);
    case PERSON_EARLY_MEDIA:
        call->early_at = now;
        err = peer_call_progress(call->peer_call);
        if (!err)
            start_sound(network, call);
        return err;
    case PERSON_ANSWER:
        return answer(network, call, now);
    case PERSON_REJECT:
        call->code = effect->code;
        peer_call_reject(call->peer_call, effect->code, effect->reason);
        call_over(network, call, CALL_BY_PERSON, now);
        return 0;
    case PERSON_HANG_UP:
    case PERSON_FORGET:
        peer_call_hang_up(call->peer_call);
        call_over(network, call, CALL_BY_PERSON, now);
        return 0;
    case PERSON_SAY:
        rtp_leg_say(network->rtp, call->leg, &network->voices->sounds[effect->sound],
                    effect->hello);
        return 0;
    case PERSON_PLAY:
        rtp_leg_play(network->rtp, call->leg, effect->tone);
        return 0;
    case PERSON_PRESS:
        press(network, call, effect->digits);
        return 0;
    }
    return 0;
}

static void feed(struct network *network, struct call *call, enum person_event event, instant now)
{
    struct person_effect effect;

    if (call->over)
        return;
    person_feed(&call->person, now, event);
    while (!call->over && person_drain(&call->person, &effect)) {
        if (perform(network, call, &effect, now)) {
            peer_call_reject(call->peer_call, 500, "Server Internal Error");
            call->code = 500;
            call_over(network, call, CALL_BROKEN, now);
        }
    }
    if (!call->over && heap_add(&network->timers, &call->timer, person_deadline(&call->person)))
        check(!"a node already in the heap needs no memory");
}

/* Counts tries and numbers robots: small values kept as the table's pointers. */
static uintptr_t value_of(const struct table *table, const char *key)
{
    return (uintptr_t)table_get(table, key, strlen(key));
}

static int set_value(struct table *table, const char *key, uintptr_t value)
{
    return table_put(table, key, strlen(key), (void *)value);
}

static int name_robot(struct network *network, struct call *call)
{
    uintptr_t id = value_of(&network->robots, call->number);
    int err = 0;

    if (!id) {
        id = 1 + network->robots.count % SYMBOLS_ROBOT_ID_MAX;
        err = set_value(&network->robots, call->number, id);
    }
    call->robot_id = (uint32_t)id - 1;
    return err;
}

static void note_invite(struct call *call, const struct peer_event *event)
{
    const struct peer_invite *invite = event->invite;
    struct slice name, value;

    slice_copy(invite->number, call->number, sizeof(call->number));
    slice_copy(invite->from, call->from, sizeof(call->from));
    slice_copy(invite->from_name, call->from_name, sizeof(call->from_name));
    slice_copy(invite->call_id, call->call_id, sizeof(call->call_id));
    call->transport = invite->transport;
    call->headers = json_object();
    for (size_t i = 0; peer_call_header(event->call, i, &name, &value); i++) {
        char key[64];

        slice_copy(name, key, sizeof(key));
        if (!json_object_get(call->headers, key))
            record_set(call->headers, key, record_text(value));
    }
}

static int open_leg(struct network *network, struct call *call, uint16_t *port)
{
    struct rtp_order order = {.call = call->id, .kind = SPEAKER_PERSON, .id = call->id};
    int err = 0;

    if (call->behaviour->robot) {
        err = name_robot(network, call);
        order.kind = SPEAKER_ROBOT;
        order.id = call->robot_id;
    }
    return err ? err : rtp_leg_open(network->rtp, &order, &call->leg, port);
}

/* Everything a new call needs; what fails leaves nothing behind but the answer to be given. */
static int call_new(struct network *network, const struct peer_event *event,
                    const struct behaviour *behaviour, uint64_t seed, struct call **callp)
{
    struct call *call = calloc(1, sizeof(*call));
    instant now = loop_clock();
    uint16_t port = 0;
    int err;

    if (!call)
        return ENOMEM;
    call->id = network->last_id = network->last_id % SYMBOLS_PERSON_ID_MAX + 1;
    snprintf(call->name, sizeof(call->name), "c%u", call->id);
    call->behaviour = behaviour;
    call->invited_at = now;
    note_invite(call, event);
    person_init(&call->person, behaviour, seed, now);
    err = table_put_id(&network->calls, call->id, call);
    if (!err)
        err = heap_add(&network->timers, &call->timer, now);
    if (!err)
        err = open_leg(network, call, &port);
    if (err) {
        call_forget(network, call);
        return err;
    }
    err = peer_call_take(event->call, port, call);
    if (err) {
        rtp_leg_close(network->rtp, call->leg);
        call_forget(network, call);
        return EPROTO; /* answered already */
    }
    call->peer_call = event->call;
    *callp = call;
    return 0;
}

static void invited(struct network *network, const struct peer_event *event)
{
    char number[SCRIPT_NUMBER_SIZE];
    const struct behaviour *behaviour;
    struct call *call;
    uintptr_t attempt;
    uint64_t seed;
    int err;

    slice_copy(event->invite->number, number, sizeof(number));
    attempt = value_of(&network->tries, number) + 1;
    behaviour = script_find(network->script, slice_from(number), (uint32_t)attempt, &seed);
    if (network->stopping) {
        peer_call_reject(event->call, 503, "Going Down");
        return;
    }
    if (behaviour->user && !peer_call_knows(event->call, behaviour->user, behaviour->password)) {
        network->counts.challenged++;
        peer_call_challenge(event->call, behaviour->auth_code);
        return;
    }
    err = set_value(&network->tries, number, attempt);
    if (!err)
        err = call_new(network, event, behaviour, seed, &call);
    if (err) {
        network->counts.refused++;
        if (err != EPROTO)
            peer_call_reject(event->call, 503, "No Room");
        return;
    }
    call->attempt = (uint32_t)attempt;
    network->counts.calls++;
    write_moment(network, call, "invited", call->invited_at);
    feed(network, call, PERSON_TIME_PASSED, call->invited_at);
}

static void left(struct network *network, struct call *call, enum peer_left how)
{
    instant now = loop_clock();

    feed(network, call, PERSON_CALLER_LEFT, now);
    switch (how) {
    case PEER_CANCELED:
        call->code = 487;
        call_over(network, call, CALL_CANCELED, now);
        break;
    case PEER_HUNG_UP:
        call_over(network, call, CALL_BY_CALLER, now);
        break;
    case PEER_BROKEN:
        call_over(network, call, CALL_BROKEN, now);
        break;
    }
}

void network_peer_event(void *arg, const struct peer_event *event)
{
    struct network *network = arg;
    struct call *call = event->arg;

    switch (event->kind) {
    case PEER_INVITED:
        invited(network, event);
        break;
    case PEER_ESTABLISHED:
        call->established_at = loop_clock();
        break;
    case PEER_REMOTE:
        call->held |= !event->remote.send;
        rtp_leg_remote(network->rtp, call->leg, &event->remote);
        break;
    case PEER_LEFT:
        left(network, call, event->left);
        break;
    }
    arm_timer(network);
}

/* The robot's call that is under way, or else the one that has just ended. */
static struct call *find_robot_call(struct network *network, uint32_t robot_id)
{
    struct table_slot *slot;
    struct call *ended = NULL;
    size_t at = 0;

    while ((slot = table_next(&network->calls, &at)) != NULL) {
        struct call *call = slot->value;

        if (!call->behaviour->robot || call->robot_id != robot_id)
            continue;
        if (!call->over)
            return call;
        ended = call;
    }
    return ended;
}

static void note_heard(struct call_heard *note, const struct call *other,
                       const struct call *speaker, const struct rtp_event *event)
{
    if (!note)
        return;
    note->call = other->id;
    slice_copy(slice_from(other->number), note->name, sizeof(note->name));
    note->at = event->at;
    note->first_word = event->heard.first_word && speaker->hello_at && event->heard.word_at;
    note->word_us = note->first_word ? event->heard.word_at - speaker->hello_at : 0;
    note->cut_ms = event->heard.cut_ms;
}

static void heard(struct network *network, struct call *listener, const struct rtp_event *event)
{
    bool person = event->heard.kind == SPEAKER_PERSON;
    struct call *speaker = person ? table_get_id(&network->calls, event->heard.id)
                                  : find_robot_call(network, event->heard.id);
    json_t *line = record_new("heard", event->at);
    struct call_heard note = {0};

    record_set(line, listener->behaviour->robot ? "robot" : "listener",
               json_string(listener->number));
    record_set(line, "listener_call", json_string(listener->name));
    if (speaker) {
        note_heard(&note, speaker, speaker, event);
        note_heard(call_heard_add(speaker->heard_by, &speaker->heard_by_count), listener, speaker,
                   event);
        note_heard(call_heard_add(listener->heard, &listener->heard_count), speaker, speaker,
                   event);
        record_set(line, "call", json_string(speaker->name));
        record_set(line, "number", json_string(speaker->number));
        record_set(line, "kind", json_string(speaker->behaviour->robot ? "robot" : "person"));
    } else {
        record_set(line, "call", json_null());
        record_set(line, "kind", json_string(person ? "person" : "robot"));
    }
    record_set(line, "first_word_ms",
               note.first_word ? json_real((double)note.word_us / 1000) : json_null());
    record_set(line, "cut_ms", note.first_word ? json_integer(note.cut_ms) : json_null());
    record_write(line, network->log);
}

/* A caller whose sound has stopped is dead; a telephone gives up, too. */
static void lost(struct network *network, struct call *call, instant now)
{
    if (call->over || !call->answered_at)
        return;
    peer_call_hang_up(call->peer_call);
    call_over(network, call, CALL_LOST, now);
}

static void rtp_happened(struct network *network, struct call *call, const struct rtp_event *event)
{
    switch (event->kind) {
    case RTP_FIRST_WORD:
        call->hello_at = event->at;
        break;
    case RTP_SAID:
        feed(network, call, PERSON_SAID, event->at);
        break;
    case RTP_PRESSED:
        break;
    case RTP_SPEECH:
        if (!call->speech_count++)
            call->speech_at = event->at;
        call->speech_last_at = event->at;
        feed(network, call, PERSON_HEARD_SPEECH, event->at);
        break;
    case RTP_QUIET:
        feed(network, call, PERSON_HEARD_QUIET, event->at);
        break;
    case RTP_LOST:
        lost(network, call, event->at);
        break;
    case RTP_DIGIT:
        call_digits_add(call->digits, event->digit);
        break;
    case RTP_HEARD:
        heard(network, call, event);
        break;
    case RTP_CLOSED:
        call->stats = event->stats;
        call->media_closed = true;
        break;
    }
}

void network_turn(struct network *network)
{
    struct rtp_event event;
    struct heap_node *node;
    uint64_t count;
    instant now;

    while (read(network->timer_fd, &count, sizeof(count)) > 0 ||
           read(rtp_event_fd(network->rtp), &count, sizeof(count)) > 0)
        continue;
    while (rtp_take(network->rtp, &event)) {
        struct call *call = table_get_id(&network->calls, event.call);

        if (call)
            rtp_happened(network, call, &event);
    }
    now = loop_clock();
    while ((node = heap_first(&network->timers)) != NULL && node->at <= now) {
        struct call *call = container_of(node, struct call, timer);

        if (!call->over)
            feed(network, call, PERSON_TIME_PASSED, now);
        else if (call->media_closed)
            call_bury(network, call);
        else if (heap_add(&network->timers, node, now + 5 * MILLISECOND))
            check(!"a node already in the heap needs no memory");
    }
    arm_timer(network);
}

void network_stop(struct network *network)
{
    struct table_slot *slot;
    instant now = loop_clock();
    size_t at = 0;

    network->stopping = true;
    while ((slot = table_next(&network->calls, &at)) != NULL) {
        struct call *call = slot->value;

        if (call->over)
            continue;
        if (call->answered_at) {
            peer_call_hang_up(call->peer_call);
        } else {
            call->code = 503;
            peer_call_reject(call->peer_call, 503, "Going Down");
        }
        call_over(network, call, CALL_STOPPED, now);
    }
    arm_timer(network);
}

void network_summary(struct network *network)
{
    const struct network_counts *counts = &network->counts;
    json_t *line = record_new("stopped", loop_clock());

    record_set(line, "calls", json_integer((json_int_t)counts->calls));
    record_set(line, "answered", json_integer((json_int_t)counts->answered));
    record_set(line, "rejected", json_integer((json_int_t)counts->rejected));
    record_set(line, "canceled", json_integer((json_int_t)counts->canceled));
    record_set(line, "broken", json_integer((json_int_t)counts->broken));
    record_set(line, "challenged", json_integer((json_int_t)counts->challenged));
    record_set(line, "refused", json_integer((json_int_t)counts->refused));
    record_set(line, "rtp", record_rtp(&counts->rtp));
    record_set(line, "media_cpu_ms", json_integer(rtp_processor_time(network->rtp) / 1000));
    record_write(line, network->log);
}
