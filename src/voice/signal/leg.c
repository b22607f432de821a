#include "voice/signal/leg.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RETRY_AFTER_S = 5 };

/* ------------------------------------------------------------------------------------ the end */

void signal_leg_free(struct leg *leg)
{
    tmr_cancel(&leg->ring_timer);
    tmr_cancel(&leg->reply_timer);
    tmr_cancel(&leg->over_timer);
    table_remove_id(&leg->signal->legs, leg->id);
    mem_deref(leg->session);
    description_free(leg->description);
    free(leg);
}

/* Forgets the leg, then tells: the handler may already place the next call under its number. */
static void tell_end(struct leg *leg)
{
    struct signal *signal = leg->signal;
    char reason[sizeof(leg->reason)];
    struct signal_event event = {
        .kind = SIGNAL_ENDED, .leg = leg->id, .end = leg->end, .code = leg->code};

    memcpy(reason, leg->reason, sizeof(reason));
    event.reason = slice_from(reason);
    signal_leg_free(leg);
    signal_tell(signal, &event);
}

static void leg_over_handler(void *arg)
{
    tell_end(arg);
}

/* From here on nothing is told of this leg but its end. The session goes now if libre allows. */
static void leg_end(struct leg *leg, enum signal_end end, unsigned code, struct slice reason)
{
    struct text clean;

    if (leg->state == LEG_OVER)
        return;
    leg->state = LEG_OVER;
    leg->end = end;
    leg->code = code;
    text_init(&clean);
    message_add_clean(&clean, reason);
    snprintf(leg->reason, sizeof(leg->reason), "%s", clean.at ? clean.at : "");
    text_release(&clean);
    tmr_cancel(&leg->ring_timer);
    tmr_cancel(&leg->reply_timer);
    if (leg->by_trunk && (end == SIGNAL_END_NO_REPLY || end == SIGNAL_END_UNREACHABLE))
        signal_trunk_doubted(leg->signal);
    if (!leg->signal->inside)
        leg->session = mem_deref(leg->session);
    tmr_start(&leg->over_timer, 0, leg_over_handler, leg);
}

void signal_leg_hang_up(struct leg *leg)
{
    bool was_up = leg->state == LEG_ESTABLISHED || leg->state == LEG_ANSWERING;

    if (leg->state == LEG_OFFERED) {
        signal_leg_reject(leg, 480, "Temporarily Unavailable");
        return;
    }
    leg_end(leg, SIGNAL_END_US, was_up ? 200 : 487, slice_from(""));
}

static void ring_handler(void *arg)
{
    leg_end(arg, SIGNAL_END_NO_ANSWER, 487, slice_from("No Answer"));
}

static void reply_handler(void *arg)
{
    struct leg *leg = arg;

    if (guard_has_mail(
            &leg->signal->guard)) /* it is we who are late; the ring time still ends it */
        tmr_start(&leg->reply_timer, SIGNAL_MAIL_MS, reply_handler, leg);
    else
        leg_end(leg, SIGNAL_END_NO_REPLY, 408, slice_from("No Reply"));
}

/* ------------------------------------------------------------------------- what libre tells us */

static void tell(struct leg *leg, struct signal_event *event)
{
    event->leg = leg->id;
    signal_tell(leg->signal, event);
}

/* A description of the peer's. False: none we can use. */
static bool read_media(struct leg *leg, const struct sip_msg *message, bool offer,
                       struct signal_media *media)
{
    return message_has_description(message) &&
           !description_read(leg->description, message->mb, offer, media);
}

static void progress_handler(const struct sip_msg *message, void *arg)
{
    struct leg *leg = arg;
    struct signal *signal = leg->signal;
    struct signal_header headers[SIGNAL_HEADERS_MAX];
    struct signal_event event = {.kind = SIGNAL_TRYING};

    if (leg->state == LEG_OVER)
        return;
    ++signal->inside;
    tmr_cancel(&leg->reply_timer);
    if (leg->state == LEG_CALLING) {
        leg->state = LEG_PROCEEDING;
        tell(leg, &event);
    }
    event.headers = headers;
    event.header_count = message_x_headers(message, headers, SIGNAL_HEADERS_MAX);
    event.call_id = message_slice(&message->callid);
    if (leg->state == LEG_PROCEEDING && message->scode > 100) {
        event.has_media = read_media(leg, message, false, &event.media);
        if (event.has_media)
            leg->media = event.media;
        leg->media_known |= event.has_media;
        event.kind = event.has_media ? SIGNAL_EARLY_MEDIA : SIGNAL_RINGING;
        if (event.has_media || message->scode != 183)
            tell(leg, &event);
    }
    --signal->inside;
}

/* The answer to our offer, in a 200 or in an ACK. */
static int answer_handler(const struct sip_msg *message, void *arg)
{
    struct leg *leg = arg;
    struct signal_event event = {.kind = SIGNAL_MEDIA_CHANGED};

    if (leg->state == LEG_OVER)
        return 0;
    if (!read_media(leg, message, false, &event.media)) {
        /* A 200 may leave out what a 183 has said already. */
        if (leg->media_known && !message_has_description(message))
            return 0;
        leg->media_failed = true;
        return EPROTO;
    }
    leg->media_known = true;
    leg->media = event.media;
    if (leg->state != LEG_ESTABLISHED)
        return 0; /* SIGNAL_ANSWERED takes it along */
    ++leg->signal->inside;
    event.has_media = true;
    tell(leg, &event);
    --leg->signal->inside;
    return 0;
}

/* A re-INVITE: hold, resume, another address; or an INVITE without a description, ours to make. */
static int offer_handler(struct mbuf **body, const struct sip_msg *message, void *arg)
{
    struct leg *leg = arg;
    struct signal_event event = {.kind = SIGNAL_MEDIA_CHANGED};
    bool ours = !message_has_description(message);
    int err;

    *body = NULL;
    if (leg->state == LEG_OVER)
        return EPROTO;
    if (!ours && !read_media(leg, message, true, &event.media))
        return EPROTO;
    err = description_write(leg->description, ours, body);
    if (err || ours)
        return err;
    ++leg->signal->inside;
    event.has_media = true;
    tell(leg, &event);
    --leg->signal->inside;
    return 0;
}

static void established_handler(const struct sip_msg *message, void *arg)
{
    struct leg *leg = arg;
    struct signal *signal = leg->signal;
    struct signal_header headers[SIGNAL_HEADERS_MAX];
    struct signal_event event = {.kind = SIGNAL_ANSWERED};

    if (leg->state == LEG_OVER)
        return;
    ++signal->inside;
    leg->state = LEG_ESTABLISHED;
    tmr_cancel(&leg->ring_timer);
    tmr_cancel(&leg->reply_timer);
    event.media = leg->media;
    event.has_media = leg->media_known;
    event.call_id = message_slice(&message->callid);
    event.headers = headers;
    event.header_count = message_x_headers(message, headers, SIGNAL_HEADERS_MAX);
    tell(leg, &event);
    --signal->inside;
}

static void info_handler(struct sip *sip, const struct sip_msg *message, void *arg)
{
    struct leg *leg = arg;
    struct signal_event event = {.kind = SIGNAL_DIGIT};

    if (!message_key(message, &event.digit, &event.digit_ms)) {
        (void)sip_reply(sip, message, 415, "Unsupported Media Type");
        return;
    }
    (void)sip_reply(sip, message, 200, "OK");
    if (leg->state == LEG_OVER)
        return;
    ++leg->signal->inside;
    tell(leg, &event);
    --leg->signal->inside;
}

/* What a closed session means. `message` is the final answer, or NULL with an errno. */
static void close_handler(int err, const struct sip_msg *message, void *arg)
{
    struct leg *leg = arg;
    bool was_up = leg->state == LEG_ESTABLISHED || leg->state == LEG_ANSWERING;

    if (leg->state == LEG_OVER)
        return;
    ++leg->signal->inside;
    if (leg->media_failed)
        leg_end(leg, SIGNAL_END_MEDIA, 488, slice_from("No common codec"));
    else if (message && message->scode >= 300)
        leg_end(leg, SIGNAL_END_REFUSED, message->scode, message_slice(&message->reason));
    else if (leg->state == LEG_OFFERED || (was_up && err == ECONNRESET))
        /* libre says ECONNRESET for a BYE and for a CANCEL: the peer hung up, nothing failed. */
        leg_end(leg, SIGNAL_END_PEER, was_up ? 200 : 487, slice_from(""));
    else if (was_up)
        leg_end(leg, SIGNAL_END_FAULT, 500, slice_from(strerror(err)));
    else if (err == ETIMEDOUT)
        leg_end(leg, SIGNAL_END_NO_REPLY, 408, slice_from("No Reply"));
    else if (err == ENOMEM)
        leg_end(leg, SIGNAL_END_FAULT, 500, slice_from(strerror(err)));
    else
        leg_end(leg, SIGNAL_END_UNREACHABLE, 503, slice_from(strerror(err)));
    --leg->signal->inside;
}

/* --------------------------------------------------------------------------------- credentials */

/* libre may ask for them after the leg is gone (a challenged BYE), so they live on their own. */
struct credentials {
    char *user, *password;
};

static void credentials_destroy(void *arg)
{
    struct credentials *credentials = arg;

    mem_deref(credentials->user);
    mem_deref(credentials->password);
}

static struct credentials *credentials_alloc(const char *user, const char *password)
{
    struct credentials *credentials = mem_zalloc(sizeof(*credentials), credentials_destroy);

    if (!credentials)
        return NULL;
    if ((user && str_dup(&credentials->user, user)) ||
        (password && str_dup(&credentials->password, password)))
        return mem_deref(credentials);
    return credentials;
}

static int credentials_handler(char **user, char **password, const char *realm, void *arg)
{
    const struct credentials *credentials = arg;

    (void)realm;
    if (!credentials->user)
        return EAUTH;
    if (str_dup(user, credentials->user) ||
        str_dup(password, credentials->password ? credentials->password : ""))
        return ENOMEM;
    return 0;
}

/* --------------------------------------------------------------------------------------- begin */

static struct leg *leg_new(struct signal *signal, uint64_t id, enum leg_state state)
{
    struct leg *leg = calloc(1, sizeof(*leg));

    if (!leg)
        return NULL;
    leg->id = id;
    leg->signal = signal;
    leg->state = state;
    if (description_new(&leg->description)) {
        free(leg);
        return NULL;
    }
    if (table_put_id(&signal->legs, id, leg)) {
        signal_leg_free(leg);
        return NULL;
    }
    ++signal->counts.legs;
    if (signal->legs.count > signal->counts.legs_at_once_max)
        signal->counts.legs_at_once_max = signal->legs.count;
    return leg;
}

/* The texts of an INVITE. */
struct invitation {
    struct text to, from, name, headers, route;
};

static void invitation_init(struct invitation *invitation)
{
    text_init(&invitation->to);
    text_init(&invitation->from);
    text_init(&invitation->name);
    text_init(&invitation->headers);
    text_init(&invitation->route);
}

static void invitation_release(struct invitation *invitation)
{
    text_release(&invitation->to);
    text_release(&invitation->from);
    text_release(&invitation->name);
    text_release(&invitation->headers);
    text_release(&invitation->route);
}

static int address_by_trunk(struct signal *signal, const char *number,
                            struct invitation *invitation)
{
    if (!signal->trunk.set)
        return ENETUNREACH;
    text_add(&invitation->to, "sip:");
    message_add_user(&invitation->to, number);
    text_addf(&invitation->to, "@%s", signal->trunk.host_port);
    text_add(&invitation->route, signal->trunk.route);
    return 0;
}

static int address_direct(struct signal *signal, const char *uri, struct invitation *invitation)
{
    struct message_target target;
    char address[INET_ADDRSTRLEN];
    int err = message_read_target(uri, &target);

    if (err)
        return err;
    if (!guard_lets(&signal->guard, target.address))
        return EACCES;
    inet_ntop(AF_INET, &target.address, address, sizeof(address));
    text_add(&invitation->to, "sip:");
    if (target.user.size) {
        text_add_slice(&invitation->to, target.user);
        text_add_char(&invitation->to, '@');
    }
    text_add(&invitation->to, address);
    if (target.port)
        text_addf(&invitation->to, ":%u", target.port);
    if (target.tcp)
        text_add(&invitation->to, ";transport=tcp");
    return 0;
}

static int write_invitation(struct signal *signal, const struct signal_order *order,
                            struct invitation *invitation)
{
    bool is_number = message_is_number(order->to);
    int err = is_number ? address_by_trunk(signal, order->to, invitation)
                        : address_direct(signal, order->to, invitation);

    if (err)
        return err;
    text_add(&invitation->from, "sip:");
    message_add_user(&invitation->from, order->from && *order->from ? order->from : "anonymous");
    text_addf(&invitation->from, "@%s", signal->address);
    if (order->caller_name)
        message_add_name(&invitation->name, order->caller_name);
    if (is_number)
        text_addf(&invitation->headers, "P-Asserted-Identity: <%s>\r\n", invitation->from.at);
    for (size_t i = 0; i < order->header_count; ++i)
        message_add_header(&invitation->headers, order->headers[i].name, order->headers[i].value);
    return invitation->to.failed || invitation->from.failed || invitation->name.failed ||
                   invitation->headers.failed || invitation->route.failed
               ? ENOMEM
               : 0;
}

static int connect_session(struct leg *leg, const struct signal_order *order,
                           const struct invitation *invitation)
{
    struct signal *signal = leg->signal;
    const char *routes[] = {invitation->route.at};
    bool own = order->user && *order->user;
    struct credentials *credentials = credentials_alloc(
        own ? order->user : signal->trunk_user, own ? order->password : signal->trunk_password);
    struct mbuf *body = NULL;
    int err;

    if (!credentials)
        return ENOMEM;
    description_local(leg->description, &order->local);
    err = description_write(leg->description, true, &body);
    if (!err)
        err = sipsess_connect(
            &leg->session, signal->sessions, invitation->to.at,
            invitation->name.size ? invitation->name.at : NULL, invitation->from.at, "outdial",
            routes, invitation->route.size ? 1 : 0, "application/sdp", body, credentials_handler,
            credentials, true, offer_handler, answer_handler, progress_handler, established_handler,
            info_handler, NULL, close_handler, leg, "%b",
            invitation->headers.at ? invitation->headers.at : "", invitation->headers.size);
    mem_deref(body);
    mem_deref(credentials);
    return err;
}

int signal_leg_invite(struct signal *signal, uint64_t id, const struct signal_order *order)
{
    struct invitation invitation;
    struct leg *leg;
    int err;

    invitation_init(&invitation);
    err = write_invitation(signal, order, &invitation);
    if (err)
        goto out;
    leg = leg_new(signal, id, LEG_CALLING);
    if (!leg) {
        err = ENOMEM;
        goto out;
    }
    err = connect_session(leg, order, &invitation);
    if (err) {
        signal_leg_free(leg);
        goto out;
    }
    leg->by_trunk = message_is_number(order->to);
    tmr_start(&leg->ring_timer, order->ring_timeout_ms ? order->ring_timeout_ms : 60000,
              ring_handler, leg);
    tmr_start(&leg->reply_timer, signal->options.first_reply_ms, reply_handler, leg);
out:
    invitation_release(&invitation);
    return err;
}

/* ------------------------------------------------------------------------------------ incoming */

/* 0, or the SIP code to refuse with. */
static unsigned accept_session(struct leg *leg, const struct sip_msg *message,
                               struct signal_event *event)
{
    struct signal *signal = leg->signal;
    struct credentials *credentials;
    int err;

    event->has_media = mbuf_get_left(message->mb) > 0;
    leg->offer_is_ours = !event->has_media;
    if (event->has_media && !read_media(leg, message, true, &event->media))
        return 488;
    leg->media_known = event->has_media;
    leg->media = event->media;
    credentials = credentials_alloc(signal->trunk_user, signal->trunk_password);
    if (!credentials)
        return 503;
    err = sipsess_accept(&leg->session, signal->sessions, message, 180, "Ringing", "outdial",
                         "application/sdp", NULL, credentials_handler, credentials, true,
                         offer_handler, answer_handler, established_handler, info_handler, NULL,
                         close_handler, leg, NULL);
    mem_deref(credentials);
    return err ? 503 : 0;
}

static void tell_incoming(struct leg *leg, const struct sip_msg *message,
                          struct signal_event *event)
{
    struct signal *signal = leg->signal;
    struct signal_header headers[SIGNAL_HEADERS_MAX];

    event->kind = SIGNAL_INCOMING;
    event->from = message_slice(&message->from.auri);
    event->from_name = message_slice(&message->from.dname);
    event->to = message_slice(&message->ruri);
    event->call_id = message_slice(&message->callid);
    event->headers = headers;
    event->header_count = message_x_headers(message, headers, SIGNAL_HEADERS_MAX);
    event->peer.sin_family = AF_INET;
    event->peer.sin_addr.s_addr = htonl(sa_in(&message->src));
    event->peer.sin_port = htons(sa_port(&message->src));
    event->from_trunk = signal->trunk.set &&
                        signal->trunk.target.address.s_addr == event->peer.sin_addr.s_addr &&
                        (signal->trunk.target.port == sa_port(&message->src) ||
                         ntohl(event->peer.sin_addr.s_addr) >> 24 != 127);
    tell(leg, event);
}

static const char *refusal(unsigned code)
{
    return code == 488 ? "Not Acceptable Here" : "Service Unavailable";
}

/* No room: without a transaction, so that a flood of invitations takes no memory. */
static void refuse_for_now(struct signal *signal, const struct sip_msg *message)
{
    ++signal->counts.refused;
    (void)sip_replyf(signal->sip, message, 503, refusal(503),
                     "Retry-After: %u\r\nContent-Length: 0\r\n\r\n", RETRY_AFTER_S);
}

void signal_leg_incoming(const struct sip_msg *message, void *arg)
{
    struct signal *signal = arg;
    struct signal_event event = {.kind = SIGNAL_INCOMING};
    struct leg *leg = NULL;
    unsigned refused = 503;

    if (signal->takes_no_more || signal->legs.count >= signal->options.leg_count_max) {
        refuse_for_now(signal, message);
        return;
    }
    leg = leg_new(signal, SIGNAL_LEG_INCOMING | ++signal->incoming_count, LEG_OFFERED);
    if (leg)
        refused = accept_session(leg, message, &event);
    if (refused) {
        (void)sip_treply(NULL, signal->sip, message, (uint16_t)refused, refusal(refused));
        if (leg)
            signal_leg_free(leg);
        return;
    }
    ++signal->inside;
    tell_incoming(leg, message, &event);
    --signal->inside;
}

void signal_leg_ring(struct leg *leg, const struct signal_local *local)
{
    struct mbuf *body = NULL;

    if (leg->state != LEG_OFFERED || !local || leg->offer_is_ours)
        return; /* 180 went out when it came in */
    description_local(leg->description, local);
    if (description_write(leg->description, false, &body))
        return;
    (void)sipsess_progress(leg->session, 183, "Session Progress", body, NULL);
    mem_deref(body);
}

void signal_leg_answer(struct leg *leg, const struct signal_local *local)
{
    struct mbuf *body = NULL;
    int err;

    if (leg->state != LEG_OFFERED)
        return;
    description_local(leg->description, local);
    err = description_write(leg->description, leg->offer_is_ours, &body);
    if (!err)
        err = sipsess_answer(leg->session, 200, "OK", body, NULL);
    mem_deref(body);
    if (err)
        leg_end(leg, SIGNAL_END_FAULT, 500, slice_from(strerror(err)));
    else
        leg->state = LEG_ANSWERING;
}

void signal_leg_reject(struct leg *leg, unsigned code, const char *reason)
{
    if (leg->state != LEG_OFFERED)
        return;
    if (code < 300 || code > 699)
        code = 480;
    if (code == 503)
        (void)sipsess_reject(leg->session, 503, refusal(503), "Retry-After: %u\r\n", RETRY_AFTER_S);
    else
        (void)sipsess_reject(leg->session, (uint16_t)code, reason && *reason ? reason : "Declined",
                             NULL);
    leg_end(leg, SIGNAL_END_US, code, slice_from(reason));
}
