#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "voice/web/switchboard_parts.h"

enum {
    CODE_ERROR = 31005, /* the connection was ended by an error */
    CODE_BAD_REQUEST = 31400,
    CODE_NO_SUCH_CALL = 31404,
    PARAMS_SIZE_MAX = 16384,
};

/* What the SDK's error for a SIP answer is called. */
static unsigned code_of(unsigned sip_code)
{
    switch (sip_code) {
    case 404:
    case 480:
    case 486:
    case 603:
        return 31000 + sip_code;
    default:
        return CODE_ERROR;
    }
}

/* ---------------------------------------------------------------------------------------- lines */

static struct line *line_of(const struct switchboard *board, uint64_t leg)
{
    return table_get_id(&board->lines, leg);
}

static const char *id_of(const struct line *line)
{
    return line->call_sid[0] ? line->call_sid : line->id;
}

static struct line *line_new(struct switchboard *board, uint64_t leg, const char *identity)
{
    struct line *line = line_of(board, leg) ? NULL : calloc(1, sizeof(*line));

    if (!line)
        return NULL;
    line->leg = leg;
    line->identity = slice_dup(slice_from(identity));
    if (!line->identity || board_timers_want(board, 1)) {
        free(line->identity);
        free(line);
        return NULL;
    }
    if (table_put_id(&board->lines, leg, line)) {
        board_timers_spare(board, 1);
        free(line->identity);
        free(line);
        return NULL;
    }
    sid_make(&board->sids, "RT", line->reconnect);
    line->after = board->first;
    if (board->first)
        board->first->before = line;
    board->first = line;
    return line;
}

static bool name_it(struct switchboard *board, struct line *line, const char *call_sid)
{
    if (line->call_sid[0] || !sid_is(slice_from(call_sid), "CA") ||
        table_put(&board->sids_of, call_sid, SID_LENGTH, line))
        return false;
    slice_copy(slice_from(call_sid), line->call_sid, SID_SIZE);
    return true;
}

static void attach(struct line *line, struct device *device)
{
    if (line->device)
        --line->device->line_count;
    line->device = device;
    if (device)
        ++device->line_count;
}

static void line_free(struct switchboard *board, struct line *line)
{
    attach(line, NULL);
    board_timer_stop(board, &line->lost);
    table_remove_id(&board->lines, line->leg);
    if (line->call_sid[0])
        table_remove(&board->sids_of, line->call_sid, SID_LENGTH);
    if (line->before)
        line->before->after = line->after;
    else
        board->first = line->after;
    if (line->after)
        line->after->before = line->before;
    board_timers_spare(board, 1);
    free(line->identity);
    free(line->ufrag);
    free(line->ufrag_next);
    free(line);
}

void lines_free(struct switchboard *board)
{
    while (board->first)
        line_free(board, board->first);
}

/* It is over by the page's doing, or its absence. */
static void over(struct switchboard *board, struct line *line, enum switchboard_end_kind end)
{
    struct switchboard_event event = {.kind = SWITCHBOARD_ENDED, .leg = line->leg, .as.end = end};

    line_free(board, line);
    board_tell(board, &event);
}

/* The line a device talks about and has a part in; NULL: none. */
static struct line *find(struct switchboard *board, const struct device *device, const char *id)
{
    struct line *line = *id ? table_get(&board->sids_of, id, strlen(id)) : NULL;

    if (line && line->state == LINE_RINGING) {
        for (size_t i = 0; i < line->rung_count; ++i)
            if (line->rung[i] == device)
                return line;
        return NULL;
    }
    for (struct line *at = line ? NULL : board->first; *id && at && !line; at = at->after)
        if (at->device == device && at->id[0] && strcmp(at->id, id) == 0)
            line = at;
    return line && line->device == device ? line : NULL;
}

static struct line *find_up(struct switchboard *board, const struct device *device, const char *id)
{
    struct line *line = find(board, device, id);

    return line && line->state == LINE_UP ? line : NULL;
}

static void refuse(struct switchboard *board, struct device *device, const char *id, unsigned code,
                   const char *why)
{
    pstream_hangup(board_frame(board), id, code, why);
    board_send(board, device);
}

/* "a=ice-ufrag:XYZ" of a description: tells whether the page means the same connection. */
static struct slice ufrag_of(const char *sdp)
{
    static const char NAME[] = "a=ice-ufrag:";
    const char *at = strstr(sdp, NAME);
    struct slice rest = slice_from(at ? at + sizeof(NAME) - 1 : NULL);

    return slice_trim(slice_cut(&rest, '\n'));
}

static void keep_ufrag(struct line *line, const char *sdp)
{
    free(line->ufrag);
    line->ufrag = slice_dup(ufrag_of(sdp)); /* NULL, when memory is out, is no connection's */
}

/* ---------------------------------------------------------------------------------- pages that call */

/* The token's parameters first: what the page says under the same name does not count. */
static int merge_params(const struct device *device, const char *said, struct form *params)
{
    struct form page;
    int err = form_parse(&page, slice_from(said));

    form_init(params);
    for (size_t i = 0; i < device->token.params.count; ++i)
        form_set(params, device->token.params.fields[i].name, device->token.params.fields[i].value);
    for (size_t i = 0; !err && i < page.count; ++i)
        if (!form_get(&device->token.params, page.fields[i].name))
            form_set(params, page.fields[i].name, page.fields[i].value);
    form_release(&page);
    return err ? err : params->failed ? ENOMEM : 0;
}

/* Why this device may not begin a call: a code with its sentence, or 0. */
static unsigned why_not(const struct device *device, const struct pstream_message *message,
                        const char **why)
{
    size_t id_size = strlen(message->callsid);

    *why = !device->token.identity             ? "no token has been shown"
           : device->expired                   ? "the token has expired"
           : !device->token.application_sid[0] ? "the token does not allow outgoing calls"
           : !message->sdp[0]                  ? "the invitation has no description"
                                               : "the invitation is not understood";
    if (!device->token.identity)
        return ACCESS_TOKEN_INVALID;
    if (device->expired)
        return ACCESS_TOKEN_EXPIRED;
    if (!device->token.application_sid[0])
        return ACCESS_TOKEN_REFUSED;
    return message->sdp[0] && id_size && id_size <= LINE_ID_MAX &&
                   device->line_count < SWITCHBOARD_CALLS_OF_DEVICE_MAX &&
                   strlen(message->params) <= PARAMS_SIZE_MAX
               ? 0
               : CODE_BAD_REQUEST;
}

static void begins(struct switchboard *board, struct device *device,
                   const struct pstream_message *message)
{
    struct switchboard_event event = {.kind = SWITCHBOARD_CALLS};
    struct line *line = NULL;
    struct form params;
    const char *why;
    unsigned code = why_not(device, message, &why);

    if (!code && find(board, device, message->callsid))
        return; /* said twice */
    form_init(&params);
    if (!code && merge_params(device, message->params, &params)) {
        code = CODE_BAD_REQUEST;
        why = "the parameters are not understood";
    }
    if (!code) {
        event.leg = SWITCHBOARD_LEG_BIT | (uint64_t)1 << 62 | ++board->leg_last;
        line = line_new(board, event.leg, device->token.identity);
    }
    if (!line) {
        refuse(board, device, message->callsid, code ? code : CODE_ERROR, code ? why : "no memory");
    } else {
        line->state = LINE_ASKING;
        slice_copy(slice_from(message->callsid), line->id, sizeof(line->id));
        keep_ufrag(line, message->sdp);
        attach(line, device);
        event.as.calls.identity = device->token.identity;
        event.as.calls.application_sid = device->token.application_sid;
        event.as.calls.params = &params;
        event.as.calls.offer = slice_from(message->sdp);
        board_tell(board, &event);
    }
    form_release(&params);
}

static void take_over(struct switchboard *board, struct line *line, struct device *device)
{
    attach(line, device);
    board_timer_stop(board, &line->lost);
}

/* The engine says at once what comes of it. */
static void restart(struct switchboard *board, struct line *line, const char *sdp)
{
    struct switchboard_event event = {
        .kind = SWITCHBOARD_RESTART, .leg = line->leg, .as.sdp = slice_from(sdp)};

    free(line->ufrag_next);
    line->ufrag_next = slice_dup(ufrag_of(sdp));
    board_tell(board, &event);
    line = line_of(board, event.leg); /* it may be over by now */
    if (line)
        line->comer = NULL;
}

/* A page whose socket was lost shows what its call was given. */
static void comes_back(struct switchboard *board, struct device *device,
                       const struct pstream_message *message)
{
    const char *id = message->callsid;
    struct line *line = *id ? table_get(&board->sids_of, id, strlen(id)) : NULL;
    struct slice ufrag = ufrag_of(message->sdp);

    if (!line || line->state != LINE_UP || !device->token.identity ||
        strcmp(line->identity, device->token.identity) != 0 ||
        strlen(message->reconnect) != SID_LENGTH ||
        !bytes_equal_constant_time(message->reconnect, line->reconnect, SID_LENGTH)) {
        refuse(board, device, id, CODE_NO_SUCH_CALL, "there is no such call");
        return;
    }
    if (!ufrag.size || (line->ufrag && slice_is(ufrag, line->ufrag))) {
        take_over(board, line, device);
        pstream_answer(board_frame(board), line->call_sid, NULL, line->reconnect);
        board_send(board, device);
        return;
    }
    line->comer = device; /* whoever has the call keeps it until this one is known to fit */
    restart(board, line, message->sdp);
}

void line_invited(struct switchboard *board, struct device *device,
                  const struct pstream_message *message)
{
    if (message->reconnect[0])
        comes_back(board, device, message);
    else
        begins(board, device, message);
}

void switchboard_ringing(struct switchboard *board, uint64_t leg, const char *call_sid)
{
    struct line *line = line_of(board, leg);

    if (!line || line->state != LINE_ASKING || !name_it(board, line, call_sid))
        return;
    pstream_ringing(board_frame(board), line->call_sid, NULL);
    board_send(board, line->device);
}

void switchboard_early(struct switchboard *board, uint64_t leg, const char *sdp)
{
    struct line *line = line_of(board, leg);

    if (!line || line->state != LINE_ASKING || line->described)
        return;
    line->described = true;
    pstream_ringing(board_frame(board), id_of(line), sdp);
    board_send(board, line->device);
}

void switchboard_answer(struct switchboard *board, uint64_t leg, const char *sdp)
{
    struct line *line = line_of(board, leg);

    if (!line || line->state != LINE_ASKING)
        return;
    line->state = LINE_UP;
    pstream_answer(board_frame(board), id_of(line), line->described ? NULL : sdp, line->reconnect);
    line->described = true;
    board_send(board, line->device);
}

/* --------------------------------------------------------------------------- pages that are called */

static bool may_ring(const struct device *device, const char *identity)
{
    return device->registered && !device->expired && !device->closing && device->token.incoming &&
           device->token.identity && strcmp(device->token.identity, identity) == 0;
}

bool switchboard_is_there(const struct switchboard *board, const char *identity)
{
    for (const struct device *device = board->newest; device; device = device->after)
        if (may_ring(device, identity))
            return true;
    return false;
}

bool switchboard_rings(const struct switchboard *board, uint64_t leg)
{
    const struct line *line = line_of(board, leg);

    return line && line->state == LINE_RINGING;
}

static void write_invite(struct switchboard *board, const struct line *line,
                         const struct switchboard_order *order)
{
    struct text params, to;

    text_init(&params);
    text_init(&to);
    if (order->params)
        form_write(order->params, &params);
    text_addf(&to, "client:%s", order->identity);
    pstream_invite(board_frame(board),
                   &(struct pstream_invite){.callsid = line->call_sid,
                                            .sdp = order->offer,
                                            .from = order->from,
                                            .to = text_slice(&to).at,
                                            .account_sid = board->keys.account_sid,
                                            .reconnect = line->reconnect,
                                            .params = text_slice(&params).at});
    board->frame.failed = board->frame.failed || params.failed || to.failed;
    text_release(&params);
    text_release(&to);
}

int switchboard_ring(struct switchboard *board, uint64_t leg, const struct switchboard_order *order)
{
    struct line *line;

    if (line_of(board, leg))
        return EEXIST;
    if (!switchboard_is_there(board, order->identity))
        return ENOENT;
    line = line_new(board, leg, order->identity);
    if (!line)
        return ENOMEM;
    line->state = LINE_RINGING;
    line->described = true;
    if (!name_it(board, line, order->call_sid)) {
        line_free(board, line);
        return ENOMEM;
    }
    for (struct device *device = board->newest;
         device && line->rung_count < SWITCHBOARD_DEVICES_RUNG_MAX; device = device->after)
        if (may_ring(device, order->identity))
            line->rung[line->rung_count++] = device;
    write_invite(board, line, order);
    for (size_t i = 0; i < line->rung_count; ++i)
        board_send(board, line->rung[i]);
    return 0;
}

static void stop_ringing(struct switchboard *board, struct line *line, const struct device *but)
{
    pstream_cancel(board_frame(board), line->call_sid);
    for (size_t i = 0; i < line->rung_count; ++i)
        if (line->rung[i] != but)
            board_send(board, line->rung[i]);
    line->rung_count = 0;
}

void line_answered(struct switchboard *board, struct device *device,
                   const struct pstream_message *message)
{
    struct line *line = find(board, device, message->callsid);
    struct switchboard_event event = {.kind = SWITCHBOARD_ACCEPTED};

    if (!line || line->state != LINE_RINGING) {
        if (!line) /* somebody else has it, or it is over: this page must not believe it has it */
            refuse(board, device, message->callsid, CODE_NO_SUCH_CALL, "there is no such call");
        return;
    }
    stop_ringing(board, line, device);
    line->state = LINE_UP;
    attach(line, device);
    keep_ufrag(line, message->sdp);
    event.leg = line->leg;
    event.as.sdp = slice_from(message->sdp);
    board_tell(board, &event);
}

/* One fewer rings; with the last the call is over. */
static void rings_less(struct switchboard *board, struct line *line, const struct device *device,
                       enum switchboard_end_kind end)
{
    for (size_t i = 0; i < line->rung_count; ++i)
        if (line->rung[i] == device) {
            line->rung[i] = line->rung[--line->rung_count];
            break;
        }
    if (!line->rung_count)
        over(board, line, end);
}

void line_hung_up(struct switchboard *board, struct device *device,
                  const struct pstream_message *message)
{
    struct line *line = find(board, device, message->callsid);

    if (!line)
        return;
    if (line->state == LINE_RINGING)
        rings_less(board, line, device, SWITCHBOARD_REFUSED);
    else
        over(board, line, SWITCHBOARD_HUNG_UP);
}

/* -------------------------------------------------------------------------------------- in a call */

void line_keys(struct switchboard *board, struct device *device,
               const struct pstream_message *message)
{
    struct line *line = find_up(board, device, message->callsid);
    struct switchboard_event event = {.kind = SWITCHBOARD_DIGIT, .leg = line ? line->leg : 0};
    uint64_t leg = event.leg;

    for (const char *at = message->digits; *at && line_of(board, leg); ++at) {
        if (!strchr("0123456789*#ABCD", *at))
            continue; /* pauses and such: it is pressed already */
        event.as.digit = *at;
        board_tell(board, &event);
    }
}

void line_reinvited(struct switchboard *board, struct device *device,
                    const struct pstream_message *message)
{
    struct line *line = find_up(board, device, message->callsid);

    if (line && message->sdp[0])
        restart(board, line, message->sdp);
}

void switchboard_restarted(struct switchboard *board, uint64_t leg, const char *sdp)
{
    struct line *line = line_of(board, leg);

    if (!line || line->state != LINE_UP || !line->ufrag_next)
        return;
    if (line->comer)
        take_over(board, line, line->comer);
    line->comer = NULL;
    free(line->ufrag);
    line->ufrag = line->ufrag_next;
    line->ufrag_next = NULL;
    pstream_answer(board_frame(board), line->call_sid, sdp, line->reconnect);
    board_send(board, line->device);
}

bool switchboard_refused(struct switchboard *board, uint64_t leg, const char *why)
{
    struct line *line = line_of(board, leg);

    if (!line || !line->comer)
        return false;
    refuse(board, line->comer, line->call_sid, CODE_ERROR, why);
    line->comer = NULL;
    return true;
}

void line_message(struct switchboard *board, struct device *device,
                  const struct pstream_message *message)
{
    struct line *line = find_up(board, device, message->callsid);
    struct switchboard_event event = {.kind = SWITCHBOARD_MESSAGE};

    if (!line) {
        pstream_error(board_frame(board), CODE_NO_SUCH_CALL, "there is no such call",
                      message->callsid, message->event_sid);
        board_send(board, device);
        return;
    }
    pstream_ack(board_frame(board), line->call_sid, message->event_sid);
    board_send(board, device);
    event.leg = line->leg;
    event.as.message.type = message->message_type;
    event.as.message.size = message->content_size;
    board_tell(board, &event);
}

/* ------------------------------------------------------------------------------------ their ends */

static void not_come_back(struct switchboard *board, struct board_timer *timer)
{
    over(board, container_of(timer, struct line, lost), SWITCHBOARD_LOST);
}

static bool is_rung(const struct line *line, const struct device *device)
{
    for (size_t i = 0; i < line->rung_count; ++i)
        if (line->rung[i] == device)
            return true;
    return false;
}

/* The first line in which this device has a part still; NULL: none. */
static struct line *next_of(const struct switchboard *board, const struct device *device)
{
    struct line *line = board->first;

    while (line && line->device != device && !is_rung(line, device))
        line = line->after;
    return line;
}

void lines_device_gone(struct switchboard *board, struct device *device)
{
    struct line *line;

    /* from the beginning each time: whoever hears of an end may end others */
    while ((line = next_of(board, device))) {
        switch (line->state) {
        case LINE_RINGING:
            rings_less(board, line, device, SWITCHBOARD_GONE);
            break;
        case LINE_ASKING: /* it has no reconnect token yet: the page has given up */
            over(board, line, SWITCHBOARD_HUNG_UP);
            break;
        case LINE_UP:
            attach(line, NULL);
            board_timer_start(board, &line->lost, board->now + SWITCHBOARD_GRACE_S * SECOND,
                              not_come_back);
            break;
        }
    }
}

void switchboard_end(struct switchboard *board, uint64_t leg, unsigned sip_code, const char *why)
{
    struct line *line = line_of(board, leg);

    if (!line)
        return;
    if (line->state == LINE_RINGING) {
        stop_ringing(board, line, NULL);
    } else {
        pstream_hangup(board_frame(board), id_of(line), sip_code ? code_of(sip_code) : 0, why);
        board_send(board, line->device);
    }
    line_free(board, line);
}
