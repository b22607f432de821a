#include "voice/web/switchboard_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DEVICE_COUNT_MAX_PRESET = 4096 };

/* --------------------------------------------------------------------------------------- timers */

void board_timer_start(struct switchboard *board, struct board_timer *timer, instant at,
                       void (*fire)(struct switchboard *board, struct board_timer *timer))
{
    int err = heap_add(&board->timers, &timer->node, at);

    check(!err); /* board_timers_want has bought its room */
    timer->fire = fire;
}

void board_timer_stop(struct switchboard *board, struct board_timer *timer)
{
    heap_remove(&board->timers, &timer->node);
}

int board_timers_want(struct switchboard *board, size_t count)
{
    int err = heap_reserve(&board->timers, board->timers_wanted + count);

    if (!err)
        board->timers_wanted += count;
    return err;
}

void board_timers_spare(struct switchboard *board, size_t count)
{
    board->timers_wanted -= count;
}

void switchboard_expire(struct switchboard *board, instant now)
{
    struct heap_node *node;

    board->now = instant_max(board->now, now);
    while ((node = heap_first(&board->timers)) && node->at <= board->now) {
        struct board_timer *timer = container_of(node, struct board_timer, node);

        heap_remove(&board->timers, node);
        timer->fire(board, timer);
    }
}

instant switchboard_deadline(const struct switchboard *board)
{
    return heap_deadline(&board->timers);
}

/* -------------------------------------------------------------------------------------- sending */

struct text *board_frame(struct switchboard *board)
{
    text_clear(&board->frame);
    board->frame.failed = false;
    return &board->frame;
}

void board_send(struct switchboard *board, struct device *device)
{
    if (device && !device->closing && !board->frame.failed)
        board->options.send(board->options.arg, device->id, text_slice(&board->frame));
}

void board_tell(struct switchboard *board, const struct switchboard_event *event)
{
    board->options.handler(board->options.arg, event);
}

static void let_go(struct switchboard *board, struct device *device, uint16_t code, const char *why)
{
    if (device->closing)
        return;
    device->closing = true;
    board->options.close(board->options.arg, device->id, code, why);
}

static void complain(struct switchboard *board, struct device *device,
                     enum access_token_fault fault, const char *why)
{
    pstream_error(board_frame(board), fault, why, NULL, NULL);
    board_send(board, device);
}

/* -------------------------------------------------------------------------------------- devices */

static struct device *device_of(const struct switchboard *board, uint64_t id)
{
    return table_get_id(&board->devices, id);
}

static void beat(struct switchboard *board, struct board_timer *timer)
{
    struct device *device = container_of(timer, struct device, heartbeat);

    if (device->heard_at + SWITCHBOARD_SILENT_S * SECOND <= board->now) {
        let_go(board, device, 1001, "nothing heard");
        return;
    }
    board_timer_start(board, timer, board->now + SWITCHBOARD_HEARTBEAT_S * SECOND, beat);
    if (!device->closing)
        board->options.send(board->options.arg, device->id,
                            slice_of(pstream_heartbeat, PSTREAM_HEARTBEAT_SIZE));
}

static void nobody(struct switchboard *board, struct board_timer *timer)
{
    let_go(board, container_of(timer, struct device, limit), 4401, "no token");
}

/* Its calls go on; it may begin none and is rung no more until it shows another. */
static void token_expired(struct switchboard *board, struct board_timer *timer)
{
    struct device *device = container_of(timer, struct device, limit);

    device->expired = true;
    complain(board, device, ACCESS_TOKEN_EXPIRED, "the token has expired");
}

static void device_free(struct switchboard *board, struct device *device)
{
    board_timer_stop(board, &device->heartbeat);
    board_timer_stop(board, &device->limit);
    access_token_release(&device->token);
    table_remove_id(&board->devices, device->id);
    if (device->before)
        device->before->after = device->after;
    else
        board->newest = device->after;
    if (device->after)
        device->after->before = device->before;
    --board->device_count;
    board_timers_spare(board, 2);
    free(device);
}

int switchboard_opened(struct switchboard *board, instant now, uint64_t id)
{
    struct device *device;

    board->now = instant_max(board->now, now);
    if (board->device_count >= board->options.device_count_max)
        return ENOBUFS;
    device = calloc(1, sizeof(*device));
    if (!device || board_timers_want(board, 2)) {
        free(device);
        return ENOMEM;
    }
    if (table_put_id(&board->devices, id, device)) {
        board_timers_spare(board, 2);
        free(device);
        return ENOMEM;
    }
    device->id = id;
    form_init(&device->token.params);
    device->heard_at = board->now;
    device->after = board->newest;
    if (board->newest)
        board->newest->before = device;
    board->newest = device;
    ++board->device_count;
    board_timer_start(board, &device->heartbeat, board->now + SWITCHBOARD_HEARTBEAT_S * SECOND,
                      beat);
    board_timer_start(board, &device->limit, board->now + SWITCHBOARD_TOKEN_S * SECOND, nobody);
    return 0;
}

void switchboard_closed(struct switchboard *board, instant now, uint64_t id)
{
    struct device *device = device_of(board, id);

    board->now = instant_max(board->now, now);
    if (!device)
        return;
    device->closing = true;
    lines_device_gone(board, device);
    device_free(board, device);
}

/* ------------------------------------------------------------------------------- what they say */

static void listens(struct switchboard *board, struct device *device,
                    const struct pstream_message *message)
{
    int64_t now_s = board->now / SECOND;
    struct access_token token;
    const char *why;
    enum access_token_fault fault =
        access_token_check(slice_from(message->token), &board->keys, now_s, &token, &why);

    if (fault) {
        access_token_release(&token);
        complain(board, device, fault, why);
        return;
    }
    /* Another person's token: the page rings for nobody until it registers again. */
    if (device->token.identity && strcmp(device->token.identity, token.identity) != 0)
        device->registered = false;
    access_token_release(&device->token);
    device->token = token;
    device->expired = false;
    board_timer_start(
        board, &device->limit,
        (token.expires_s > now_s ? token.expires_s : token.expires_s + ACCESS_TOKEN_LEEWAY_S + 1) *
            SECOND,
        token_expired);
    pstream_connected(board_frame(board), token.identity,
                      token.expires_s > now_s ? token.expires_s - now_s : 0);
    board_send(board, device);
}

static void registers(struct switchboard *board, struct device *device,
                      const struct pstream_message *message)
{
    if (!message->has_audio) {
        device->registered = false;
        pstream_offline(board_frame(board));
        board_send(board, device);
    } else if (!device->token.identity) {
        complain(board, device, ACCESS_TOKEN_INVALID, "no token has been shown");
    } else if (device->expired) {
        complain(board, device, ACCESS_TOKEN_EXPIRED, "the token has expired");
    } else if (!device->token.incoming) {
        complain(board, device, ACCESS_TOKEN_REFUSED, "the token does not allow incoming calls");
        pstream_offline(board_frame(board)); /* or the page would wait for `ready` for ever */
        board_send(board, device);
    } else {
        device->registered = true;
        pstream_ready(board_frame(board));
        board_send(board, device);
    }
}

static void take(struct switchboard *board, struct device *device,
                 const struct pstream_message *message)
{
    switch (message->kind) {
    case PSTREAM_HEARTBEAT:
    case PSTREAM_OTHER:
        break;
    case PSTREAM_LISTEN:
        listens(board, device, message);
        break;
    case PSTREAM_REGISTER:
        registers(board, device, message);
        break;
    case PSTREAM_INVITE:
        line_invited(board, device, message);
        break;
    case PSTREAM_ANSWER:
        line_answered(board, device, message);
        break;
    case PSTREAM_REJECT:
    case PSTREAM_HANGUP:
        line_hung_up(board, device, message);
        break;
    case PSTREAM_DTMF:
        line_keys(board, device, message);
        break;
    case PSTREAM_REINVITE:
        line_reinvited(board, device, message);
        break;
    case PSTREAM_MESSAGE:
        line_message(board, device, message);
        break;
    }
}

void switchboard_said(struct switchboard *board, instant now, uint64_t id, struct slice frame)
{
    struct device *device = device_of(board, id);
    struct pstream_message message;

    board->now = instant_max(board->now, now);
    if (!device || device->closing)
        return;
    device->heard_at = board->now;
    if (pstream_read(&message, frame) == 0)
        take(board, device, &message);
    else
        let_go(board, device, 1007, "no message of this protocol");
    pstream_message_release(&message);
}

/* ---------------------------------------------------------------------------------------- life */

int switchboard_new(struct switchboard **boardp, const struct switchboard_options *options)
{
    struct switchboard *board = calloc(1, sizeof(*board));
    const struct {
        const char *from;
        const char **to;
    } texts[] = {{options->account_sid, board ? &board->keys.account_sid : NULL},
                 {options->auth_token, board ? &board->keys.auth_token : NULL},
                 {options->key_sid, board ? &board->keys.key_sid : NULL},
                 {options->key_secret, board ? &board->keys.key_secret : NULL}};

    if (!board)
        return ENOMEM;
    board->options = *options;
    if (!board->options.device_count_max)
        board->options.device_count_max = DEVICE_COUNT_MAX_PRESET;
    sid_source_init(&board->sids, options->seed, options->seed_size);
    heap_init(&board->timers);
    table_init(&board->devices);
    table_init(&board->lines);
    table_init(&board->sids_of);
    text_init(&board->frame);
    for (size_t i = 0; i < array_count(texts); ++i) {
        if (!texts[i].from)
            continue;
        board->texts[i] = slice_dup(slice_from(texts[i].from));
        if (!board->texts[i]) {
            switchboard_free(board);
            return ENOMEM;
        }
        *texts[i].to = board->texts[i];
    }
    *boardp = board;
    return 0;
}

void switchboard_free(struct switchboard *board)
{
    if (!board)
        return;
    lines_free(board);
    while (board->newest)
        device_free(board, board->newest);
    heap_release(&board->timers);
    table_release(&board->devices);
    table_release(&board->lines);
    table_release(&board->sids_of);
    text_release(&board->frame);
    for (size_t i = 0; i < array_count(board->texts); ++i)
        free(board->texts[i]);
    free(board);
}

struct switchboard_counts switchboard_counts(const struct switchboard *board)
{
    struct switchboard_counts counts = {.devices = board->device_count, .legs = board->lines.count};

    for (const struct device *device = board->newest; device; device = device->after)
        counts.registered += device->registered && !device->expired;
    for (const struct line *line = board->first; line; line = line->after)
        counts.lost += line->state == LINE_UP && !line->device;
    return counts;
}
