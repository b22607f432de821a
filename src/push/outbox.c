#include "push/outbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "net/http_client.h"

struct outbox {
    struct loop *loop;
    struct http_client *client;
    struct outbox_options options;
    json_t *waiting; /* an array; the first `sending_count` are in the request */
    size_t sending_count;
    bool is_sending, is_ending;
    instant began_at; /* when the request was sent first */
    instant pause;
    struct loop_timer timer;
    uint64_t sent, lost;
};

static void send_next(void *arg);

static void start_timer(struct outbox *outbox, instant pause)
{
    if (loop_timer_start(outbox->loop, &outbox->timer, loop_clock() + pause, send_next, outbox))
        log_warning(outbox->options.name,
                    "why=\"no memory for a timer\""); /* the next event does */
}

static void drop_first(struct outbox *outbox, size_t count)
{
    for (; count; --count)
        (void)json_array_remove(outbox->waiting, 0);
}

/* The request is done with, one way or the other. */
static void done(struct outbox *outbox)
{
    drop_first(outbox, outbox->sending_count);
    outbox->sending_count = 0;
    outbox->pause = 0;
    if (json_array_size(outbox->waiting))
        start_timer(outbox, 0);
}

static void lose(struct outbox *outbox, const char *why)
{
    log_warning(outbox->options.name, "lost=%zu why=\"%s\"", outbox->sending_count, why);
    outbox->lost += outbox->sending_count;
    done(outbox);
}

static void try_again(struct outbox *outbox, const char *why)
{
    const struct outbox_options *options = &outbox->options;

    if (options->give_up_ms &&
        loop_clock() - outbox->began_at >= options->give_up_ms * MILLISECOND) {
        lose(outbox, why);
        return;
    }
    outbox->pause = outbox->pause ? 2 * outbox->pause : options->first_ms * MILLISECOND;
    outbox->pause = instant_min(outbox->pause, options->pause_ms_max * MILLISECOND);
    log_event(options->name, "again_ms=%lld why=\"%s\"", (long long)(outbox->pause / MILLISECOND),
              why);
    start_timer(outbox, outbox->pause);
}

static void on_answer(void *arg, const struct http_answer *answer)
{
    struct outbox *outbox = arg;
    unsigned status = answer->status;
    char why[40];

    outbox->is_sending = false;
    if (outbox->is_ending)
        return;
    if (answer->outcome != HTTP_ANSWERED) {
        try_again(outbox, answer->error);
        return;
    }
    (void)snprintf(why, sizeof(why), "answered with %u", status);
    if (status >= 200 && status < 300) {
        outbox->sent += outbox->sending_count;
        done(outbox);
    } else if (status >= 500 || status == 429 || outbox->options.repeats_refusals) {
        try_again(outbox, why);
    } else {
        lose(outbox, why);
    }
}

static int post(struct outbox *outbox, const struct letter *letter)
{
    const char *headers[array_count(letter->headers) + 2] = {"Content-Type: application/json"};
    struct http_order order = {.method = "POST",
                               .url = letter->url.at,
                               .headers = headers,
                               .body = text_slice(&letter->body)};
    size_t count = 1;

    for (size_t i = 0; i < array_count(letter->headers); ++i)
        if (letter->headers[i].size)
            headers[count++] = letter->headers[i].at;
    if (letter->url.failed || letter->body.failed || letter->headers[0].failed ||
        letter->headers[1].failed || !letter->url.size)
        return ENOMEM;
    return http_client_send(outbox->client, &order, on_answer, outbox, NULL);
}

/* The same events as the last time, or a new request. */
static void send_next(void *arg)
{
    struct outbox *outbox = arg;
    struct letter letter;
    json_t *events;
    int err = ENOMEM;

    if (outbox->is_sending || !json_array_size(outbox->waiting))
        return;
    if (!outbox->sending_count) {
        outbox->sending_count = json_array_size(outbox->waiting);
        if (outbox->sending_count > outbox->options.batch_max)
            outbox->sending_count = outbox->options.batch_max;
        outbox->began_at = loop_clock();
    }
    text_init(&letter.url);
    text_init(&letter.body);
    for (size_t i = 0; i < array_count(letter.headers); ++i)
        text_init(&letter.headers[i]);
    events = json_array();
    for (size_t i = 0; events && i < outbox->sending_count; ++i)
        if (json_array_append(events, json_array_get(outbox->waiting, i)))
            break;
    if (json_array_size(events) == outbox->sending_count) {
        outbox->options.write(outbox->options.arg, events, &letter);
        err = post(outbox, &letter);
    }
    json_decref(events);
    text_release(&letter.url);
    text_release(&letter.body);
    for (size_t i = 0; i < array_count(letter.headers); ++i)
        text_release(&letter.headers[i]);
    if (err)
        try_again(outbox, "no memory");
    else
        outbox->is_sending = true;
}

int outbox_add(struct outbox *outbox, json_t *event)
{
    if (!event)
        return ENOMEM;
    if (json_array_size(outbox->waiting) >= outbox->options.waiting_max) {
        if (json_array_size(outbox->waiting) > outbox->sending_count)
            (void)json_array_remove(outbox->waiting, outbox->sending_count);
        if (outbox->lost++ % 1000 == 0)
            log_warning(outbox->options.name, "lost=%llu why=\"too many are waiting\"",
                        (unsigned long long)outbox->lost);
    }
    if (json_array_append_new(outbox->waiting, event))
        return ENOMEM;
    if (!outbox->sending_count && !outbox->timer.node.place)
        start_timer(outbox, outbox->options.gather_ms * MILLISECOND);
    return 0;
}

struct outbox_counts outbox_counts(const struct outbox *outbox)
{
    return (struct outbox_counts){
        .sent = outbox->sent, .lost = outbox->lost, .waiting = json_array_size(outbox->waiting)};
}

int outbox_new(struct outbox **outboxp, struct loop *loop, const struct outbox_options *options)
{
    struct http_client_options client = {.connection_count_max = 2, .connection_per_host_max = 2};
    struct outbox *outbox = calloc(1, sizeof(*outbox));
    int err;

    if (!outbox)
        return ENOMEM;
    outbox->loop = loop;
    outbox->options = *options;
    outbox->waiting = json_array();
    err = outbox->waiting ? http_client_new(&outbox->client, loop, &client) : ENOMEM;
    if (err)
        outbox_free(outbox);
    else
        *outboxp = outbox;
    return err;
}

void outbox_free(struct outbox *outbox)
{
    if (!outbox)
        return;
    outbox->is_ending = true;
    loop_timer_stop(outbox->loop, &outbox->timer);
    if (outbox->client)
        http_client_free(outbox->client);
    json_decref(outbox->waiting);
    free(outbox);
}
