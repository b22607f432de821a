#include "phones/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <re/re.h>

enum {
    PORT_TRIES = 20,
    SIP_HASH_SIZE = 1024,
    DIGITS_TYPE = 101,
    NONCE_LIFE_S = 300,
    SOCKET_BUFFER_SIZE = 4 << 20
};

static const char SERVER[] = "Outdial phones";
static const char ALLOW[] = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO";

struct peer {
    struct sip *sip;
    struct sipsess_sock *sock;
    struct sip_lsnr *options_listener;
    struct sa local;
    char *realm;
    uint64_t secret; /* marks the nonces as ours */
    bool alaw_first, is_wide;
    peer_handler handler;
    void *arg;
};

struct peer_call {
    struct peer *peer;
    const struct sip_msg *msg;
    struct sip_strans *transaction; /* until there is a session */
    struct sipsess *session;
    struct sdp_session *sdp;
    struct sdp_media *audio;
    bool has_offer, answered, established;
    void *arg;
};

static struct slice slice_of_pl(const struct pl *pl)
{
    return slice_of(pl->p ? pl->p : "", pl->p ? pl->l : 0);
}

/* Ends with the call freed: nothing of ours refers to it any more. */
static void call_free(struct peer_call *call)
{
    mem_deref(call->transaction);
    mem_deref(call->session);
    mem_deref(call->sdp);
    mem_deref((void *)(uintptr_t)call->msg);
    free(call);
}

static void call_left(struct peer_call *call, enum peer_left left)
{
    struct peer_event event = {.kind = PEER_LEFT, .call = call, .left = left, .arg = call->arg};

    if (call->arg)
        call->peer->handler(call->peer->arg, &event);
    call_free(call);
}

static void canceled_early(void *arg)
{
    struct peer_call *call = arg;

    (void)sip_treply(&call->transaction, call->peer->sip, call->msg, 487, "Request Terminated");
    call_left(call, PEER_CANCELED);
}

static bool read_remote(const struct peer_call *call, struct rtp_remote *remote)
{
    const struct sdp_format *voice = sdp_media_rformat(call->audio, NULL), *digits;
    const struct sa *address = sdp_media_raddr(call->audio);

    if (!voice || !address || sa_af(address) != AF_INET)
        return false;
    digits = sdp_media_format(call->audio, false, NULL, -1, "telephone-event", 8000, -1);
    *remote = (struct rtp_remote){
        .address = address->u.in,
        .payload_type = (uint8_t)voice->pt,
        .digits_type = digits && digits->pt > 0 && digits->pt < 128 ? (uint8_t)digits->pt : 0,
        .send = (sdp_media_dir(call->audio) & SDP_SENDONLY) && sa_port(address) &&
                sa_isset(address, SA_ADDR),
    };
    return voice->pt == 0 || voice->pt == 8;
}

static void tell_remote(struct peer_call *call)
{
    struct peer_event event = {.kind = PEER_REMOTE, .call = call, .arg = call->arg};

    if (read_remote(call, &event.remote))
        call->peer->handler(call->peer->arg, &event);
}

/* A re-INVITE: hold, resume, another address. */
static int offer_handler(struct mbuf **answer, const struct sip_msg *msg, void *arg)
{
    struct peer_call *call = arg;
    bool offered = mbuf_get_left(msg->mb) > 0;
    int err = offered ? sdp_decode(call->sdp, msg->mb, true) : 0;

    if (!err)
        err = sdp_encode(answer, call->sdp, !offered);
    if (!err && offered)
        tell_remote(call);
    return err;
}

/* The ACK brought the answer to an offer that was ours. */
static int answer_handler(const struct sip_msg *msg, void *arg)
{
    struct peer_call *call = arg;
    int err = sdp_decode(call->sdp, msg->mb, false);

    if (!err)
        tell_remote(call);
    return err;
}

static void established_handler(const struct sip_msg *msg, void *arg)
{
    struct peer_call *call = arg;
    struct peer_event event = {.kind = PEER_ESTABLISHED, .call = call, .arg = call->arg};

    call->established = true;
    call->peer->handler(call->peer->arg, &event);
}

static void info_handler(struct sip *sip, const struct sip_msg *msg, void *arg)
{
    (void)sip_reply(sip, msg, 200, "OK");
}

static void close_handler(int err, const struct sip_msg *msg, void *arg)
{
    struct peer_call *call = arg;

    /* A BYE and a CANCEL both come as ECONNRESET. */
    if (err && err != ECONNRESET)
        call_left(call, PEER_BROKEN);
    else
        call_left(call, call->answered ? PEER_HUNG_UP : PEER_CANCELED);
}

/* The number called: the user part, unescaped ("%2B1" is "+1"), without parameters (";isub=..."). */
static struct slice number_of(const struct sip_msg *msg, char number[SCRIPT_NUMBER_SIZE])
{
    struct slice rest;

    if (re_snprintf(number, SCRIPT_NUMBER_SIZE, "%H", uri_user_unescape, &msg->uri.user) < 0)
        return slice_of_pl(&msg->uri.user);
    rest = slice_from(number);
    return slice_cut(&rest, ';');
}

/* A network of thousands must not lose a burst. libre gives its socket out with a message only. */
static void widen_socket(struct peer *peer, const struct sip_msg *msg)
{
    if (peer->is_wide || msg->tp != SIP_TRANSP_UDP)
        return;
    peer->is_wide = true;
    (void)udp_sockbuf_set(msg->sock, SOCKET_BUFFER_SIZE); /* less also works */
}

static void invite_handler(const struct sip_msg *msg, void *arg)
{
    char number[SCRIPT_NUMBER_SIZE];
    struct peer *peer = arg;
    struct peer_call *call = calloc(1, sizeof(*call));
    struct peer_invite invite = {
        .number = number_of(msg, number),
        .from = slice_of_pl(&msg->from.uri.user),
        .from_name = slice_of_pl(&msg->from.dname),
        .call_id = slice_of_pl(&msg->callid),
        .transport = sip_transp_name(msg->tp),
        .has_offer = mbuf_get_left(msg->mb) > 0,
    };
    struct peer_event event = {.kind = PEER_INVITED, .call = call, .invite = &invite};

    widen_socket(peer, msg);
    if (!call || sip_strans_alloc(&call->transaction, peer->sip, msg, canceled_early, call)) {
        free(call);
        (void)sip_reply(peer->sip, msg, 500, "Out of Memory");
        return;
    }
    call->peer = peer;
    call->msg = mem_ref((void *)(uintptr_t)msg);
    call->has_offer = invite.has_offer;
    peer->handler(peer->arg, &event);
}

static bool request_handler(const struct sip_msg *msg, void *arg)
{
    struct peer *peer = arg;

    if (pl_strcmp(&msg->met, "OPTIONS") != 0)
        return false;
    widen_socket(peer, msg);
    (void)sip_treplyf(NULL, NULL, peer->sip, msg, false, 200, "OK",
                      "Allow: %s\r\nAccept: application/sdp\r\nContent-Length: 0\r\n\r\n", ALLOW);
    return true;
}

/* UDP and TCP on one port; with port 0 one that both have free. */
static int listen_on(struct peer *peer, const struct peer_options *options)
{
    struct sa wanted;
    int err = sa_set_str(&wanted, options->address, options->port);

    for (int i = 0; !err && i < PORT_TRIES; i++) {
        err = sip_transp_add(peer->sip, SIP_TRANSP_UDP, &wanted);
        if (!err)
            err = sip_transp_laddr(peer->sip, &peer->local, SIP_TRANSP_UDP, &wanted);
        if (!err)
            err = sip_transp_add(peer->sip, SIP_TRANSP_TCP, &peer->local);
        if (err != EADDRINUSE || options->port)
            break;
        sip_transp_flush(peer->sip);
        err = 0;
    }
    return err;
}

int peer_new(struct peer **peerp, const struct peer_options *options)
{
    struct peer *peer = calloc(1, sizeof(*peer));
    int err;

    if (!peer)
        return ENOMEM;
    peer->handler = options->handler;
    peer->arg = options->arg;
    peer->alaw_first = options->prefer_alaw;
    peer->secret = rand_u64();
    err = str_dup(&peer->realm, options->realm);
    if (!err)
        err = sip_alloc(&peer->sip, NULL, SIP_HASH_SIZE, SIP_HASH_SIZE, SIP_HASH_SIZE, SERVER, NULL,
                        NULL);
    if (!err)
        err = listen_on(peer, options);
    if (!err)
        err = sipsess_listen(&peer->sock, peer->sip, SIP_HASH_SIZE, invite_handler, peer);
    if (!err)
        err = sip_listen(&peer->options_listener, peer->sip, true, request_handler, peer);
    if (err)
        peer_free(peer);
    else
        *peerp = peer;
    return err;
}

void peer_free(struct peer *peer)
{
    if (!peer)
        return;
    mem_deref(peer->options_listener);
    if (peer->sock)
        sipsess_close_all(peer->sock);
    mem_deref(peer->sock);
    if (peer->sip)
        sip_close(peer->sip, true);
    mem_deref(peer->sip);
    mem_deref(peer->realm);
    free(peer);
}

uint16_t peer_port(const struct peer *peer)
{
    return sa_port(&peer->local);
}

/* A nonce is the time it was made and a digest that only we can make of it. */
static void make_nonce(const struct peer *peer, uint64_t made_s, char nonce[49])
{
    uint8_t digest[MD5_SIZE];

    (void)md5_printf(digest, "%llu:%llu", (unsigned long long)made_s,
                     (unsigned long long)peer->secret);
    (void)re_snprintf(nonce, 49, "%016llx", (unsigned long long)made_s);
    bytes_to_hex(digest, sizeof(digest), nonce + 16);
}

static bool nonce_is_ours(const struct peer *peer, const struct pl *nonce)
{
    uint64_t now_s = tmr_jiffies() / 1000, made_s;
    char expected[49];
    struct pl made = {nonce->p, 16};

    if (nonce->l != 48)
        return false;
    made_s = pl_x64(&made);
    make_nonce(peer, made_s, expected);
    return pl_strcmp(nonce, expected) == 0 && made_s <= now_s && now_s - made_s < NONCE_LIFE_S;
}

bool peer_call_knows(struct peer_call *call, const char *user, const char *password)
{
    static const enum sip_hdrid HEADERS[] = {SIP_HDR_PROXY_AUTHORIZATION, SIP_HDR_AUTHORIZATION};
    struct httpauth_digest_resp response;
    uint8_t ha1[MD5_SIZE];

    for (size_t i = 0; i < array_count(HEADERS); i++) {
        const struct sip_hdr *header = sip_msg_hdr(call->msg, HEADERS[i]);

        if (!header || httpauth_digest_response_decode(&response, &header->val) ||
            pl_strcmp(&response.username, user) != 0 ||
            pl_strcmp(&response.realm, call->peer->realm) != 0 ||
            !nonce_is_ours(call->peer, &response.nonce))
            continue;
        if (!md5_printf(ha1, "%s:%s:%s", user, call->peer->realm, password) &&
            !httpauth_digest_response_auth(&response, &call->msg->met, ha1))
            return true;
    }
    return false;
}

void peer_call_challenge(struct peer_call *call, uint16_t code)
{
    bool proxy = code == 407;
    char nonce[49];

    make_nonce(call->peer, tmr_jiffies() / 1000, nonce);
    (void)sip_treplyf(&call->transaction, NULL, call->peer->sip, call->msg, false, code,
                      proxy ? "Proxy Authentication Required" : "Unauthorized",
                      "%s-Authenticate: Digest realm=\"%s\", nonce=\"%s\", algorithm=MD5, "
                      "qop=\"auth\"\r\nContent-Length: 0\r\n\r\n",
                      proxy ? "Proxy" : "WWW", call->peer->realm, nonce);
    call->transaction = NULL; /* it lives on by itself until the ACK */
    call_free(call);
}

static bool header_matters(enum sip_hdrid id)
{
    static const enum sip_hdrid DULL[] = {
        SIP_HDR_VIA,           SIP_HDR_ROUTE,        SIP_HDR_CSEQ,
        SIP_HDR_MAX_FORWARDS,  SIP_HDR_CONTENT_TYPE, SIP_HDR_CONTENT_LENGTH,
        SIP_HDR_AUTHORIZATION, SIP_HDR_CALL_ID,      SIP_HDR_PROXY_AUTHORIZATION};

    for (size_t i = 0; i < array_count(DULL); i++) {
        if (id == DULL[i])
            return false;
    }
    return true;
}

bool peer_call_header(const struct peer_call *call, size_t index, struct slice *name,
                      struct slice *value)
{
    for (struct le *le = call->msg->hdrl.head; le; le = le->next) {
        const struct sip_hdr *header = le->data;

        if (!header_matters(header->id) || index--)
            continue;
        *name = slice_of_pl(&header->name);
        *value = slice_of_pl(&header->val);
        return true;
    }
    return false;
}

static int add_format(struct peer_call *call, const char *id, const char *name, const char *params)
{
    return sdp_format_add(NULL, call->audio, false, id, name, 8000, 1, NULL, NULL, NULL, false,
                          params);
}

static int make_session(struct peer_call *call, uint16_t rtp_port)
{
    bool alaw = call->peer->alaw_first;
    struct rtp_remote remote;
    struct sa local = call->msg->dst;
    int err;

    sa_set_port(&local, 0);
    err = sdp_session_alloc(&call->sdp, &local);
    if (!err)
        err = sdp_media_add(&call->audio, call->sdp, sdp_media_audio, rtp_port, sdp_proto_rtpavp);
    if (!err)
        err = add_format(call, alaw ? "8" : "0", alaw ? "PCMA" : "PCMU", NULL);
    if (!err)
        err = add_format(call, alaw ? "0" : "8", alaw ? "PCMU" : "PCMA", NULL);
    if (!err)
        err = add_format(call, "101", "telephone-event", "0-15");
    if (!err)
        err = sdp_media_set_lattr(call->audio, true, "ptime", "20");
    if (err || !call->has_offer)
        return err;
    if (sdp_decode(call->sdp, call->msg->mb, true) || !read_remote(call, &remote))
        return EINVAL;
    return 0;
}

int peer_call_take(struct peer_call *call, uint16_t rtp_port, void *arg)
{
    int err = make_session(call, rtp_port);

    if (err) {
        (void)sip_treply(&call->transaction, call->peer->sip, call->msg, err == EINVAL ? 488 : 500,
                         err == EINVAL ? "Not Acceptable Here" : "Server Internal Error");
        call->transaction = NULL;
        call_free(call);
        return err;
    }
    call->arg = arg;
    return 0;
}

bool peer_call_remote(const struct peer_call *call, struct rtp_remote *remote)
{
    return call->has_offer && read_remote(call, remote);
}

int peer_call_try(struct peer_call *call)
{
    return sip_treply(&call->transaction, call->peer->sip, call->msg, 100, "Trying");
}

/* The transaction becomes a session with its first answer that makes a dialog. */
static int respond(struct peer_call *call, uint16_t code, const char *reason, struct mbuf *body)
{
    if (call->session)
        return code < 200 ? sipsess_progress(call->session, code, reason, body, NULL)
                          : sipsess_answer(call->session, code, reason, body, NULL);
    call->transaction = mem_deref(call->transaction);
    return sipsess_accept(&call->session, call->peer->sock, call->msg, code, reason, "phones",
                          "application/sdp", body, NULL, NULL, false, offer_handler, answer_handler,
                          established_handler, info_handler, NULL, close_handler, call, NULL);
}

static int respond_session(struct peer_call *call, uint16_t code, const char *reason)
{
    struct mbuf *body = NULL;
    int err = sdp_encode(&body, call->sdp, !call->has_offer);

    if (!err)
        err = respond(call, code, reason, body);
    mem_deref(body);
    return err;
}

int peer_call_ring(struct peer_call *call)
{
    return respond(call, 180, "Ringing", NULL);
}

int peer_call_progress(struct peer_call *call)
{
    return respond_session(call, 183, "Session Progress");
}

int peer_call_answer(struct peer_call *call)
{
    call->answered = true;
    return respond_session(call, 200, "OK");
}

/* What a telephone network would give as the cause (ITU-T Q.850). */
static unsigned cause_of(uint16_t code)
{
    switch (code) {
    case 404:
        return 1;
    case 480:
        return 18;
    case 486:
        return 17;
    case 503:
        return 34;
    case 603:
        return 21;
    default:
        return 0;
    }
}

void peer_call_reject(struct peer_call *call, uint16_t code, const char *reason)
{
    unsigned cause = cause_of(code);
    char header[40] = "";

    if (cause)
        (void)re_snprintf(header, sizeof(header), "Reason: Q.850;cause=%u\r\n", cause);
    if (call->session) {
        (void)sipsess_reject(call->session, code, reason, "%sContent-Length: 0\r\n\r\n", header);
    } else {
        (void)sip_treplyf(&call->transaction, NULL, call->peer->sip, call->msg, false, code, reason,
                          "%sContent-Length: 0\r\n\r\n", header);
        call->transaction = NULL;
    }
    call_free(call);
}

void peer_call_hang_up(struct peer_call *call)
{
    call_free(call);
}
