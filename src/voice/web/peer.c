#include "voice/web/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/table.h"
#include "net/loop.h"
#include "voice/media/media_web.h"
#include "voice/web/description.h"
#include "voice/web/dtls.h"

enum {
    HANDSHAKE_MS = 15000, /* from its first datagram, or from when the browser took our offer */
    CANDIDATES_MAX = 8,
    NO_EVENTS = 127, /* a number that nobody is told */
};

/* Payload types that both sides know; WEB_NO_TYPE: not spoken. */
struct codecs {
    int pcmu, opus, dtmf_8000, dtmf_48000;
    bool sends_opus; /* to the browser */
};

/* What we offer, as browsers number it; Opus if it is wanted. */
static const struct codecs offered_codecs = {
    .pcmu = 0, .opus = 111, .dtmf_8000 = 126, .dtmf_48000 = 110};

struct peer {
    struct web_peers *peers;
    uint64_t leg, session;
    unsigned version; /* of our description */
    struct media_web_ice ice;
    struct codecs codecs;
    struct media_remote remote;         /* once described */
    struct web_fingerprint fingerprint; /* size 0: not described yet (we offered) */
    struct web_dtls *dtls;              /* NULL: nothing has come yet, or it is over */
    bool offered, failed, secured;
    const char *why; /* it failed: to be told */
    instant give_up_at;
    struct loop_timer timer;
};

struct web_peers {
    struct media *media;
    struct web_peers_options options; /* without the candidates */
    struct web_dtls_context *context;
    struct table peers; /* leg -> struct peer */
    char addresses[CANDIDATES_MAX][INET_ADDRSTRLEN];
    const char *candidates[CANDIDATES_MAX + 1];
};

/* ---- life ---- */

static int take_candidates(struct web_peers *peers, const char *const *candidates, char *error,
                           size_t error_size)
{
    struct in_addr number;
    size_t count = 0;

    for (; candidates[count]; count++) {
        if (count == CANDIDATES_MAX || inet_pton(AF_INET, candidates[count], &number) != 1 ||
            number.s_addr == htonl(INADDR_ANY)) {
            snprintf(error, error_size,
                     "'%s' cannot be told to browsers: at most %d IPv4 addresses, none of them "
                     "0.0.0.0",
                     candidates[count], CANDIDATES_MAX);
            return EINVAL;
        }
        inet_ntop(AF_INET, &number, peers->addresses[count], sizeof(peers->addresses[count]));
        peers->candidates[count] = peers->addresses[count];
    }
    if (count)
        return 0;
    snprintf(error, error_size, "no address to tell to browsers");
    return EINVAL;
}

int web_peers_new(struct web_peers **peersp, struct media *media,
                  const struct web_peers_options *options, char *error, size_t error_size)
{
    struct web_peers *peers = calloc(1, sizeof(*peers));
    int err = ENOMEM;

    snprintf(error, error_size, "out of memory");
    if (!peers)
        return ENOMEM;
    peers->media = media;
    peers->options = *options;
    peers->options.candidates = NULL; /* the caller's texts may go */
    if (!options->handshake_ms)
        peers->options.handshake_ms = HANDSHAKE_MS;
    table_init(&peers->peers);
    if (media_web_port(media))
        err = take_candidates(peers, options->candidates, error, error_size);
    else
        snprintf(error, error_size, "the media path has no port for browsers");
    if (!err) {
        err = web_dtls_context_new(&peers->context);
        if (err)
            snprintf(error, error_size, "cannot make a certificate for browsers");
    }
    if (err) {
        web_peers_free(peers);
        return err;
    }
    *peersp = peers;
    return 0;
}

static void peer_free(struct peer *peer)
{
    loop_timer_stop(peer->peers->options.loop, &peer->timer);
    web_dtls_free(peer->dtls);
    free(peer);
}

void web_peers_free(struct web_peers *peers)
{
    struct table_slot *slot;

    if (!peers)
        return;
    for (size_t at = 0; (slot = table_next(&peers->peers, &at));)
        peer_free(slot->value);
    table_release(&peers->peers);
    web_dtls_context_free(peers->context);
    free(peers);
}

static struct peer *peer_find(const struct web_peers *peers, uint64_t leg)
{
    return table_get_id(&peers->peers, leg);
}

/* ---- our description ---- */

static void random_word(char *out, size_t size)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    check(RAND_bytes((unsigned char *)out, (int)size) == 1);
    for (size_t i = 0; i < size; i++)
        out[i] = letters[(unsigned char)out[i] % 64];
    out[size] = '\0';
}

static void random_ice(struct media_web_ice *ice)
{
    random_word(ice->ufrag, MEDIA_ICE_UFRAG_SIZE);
    random_word(ice->password, MEDIA_ICE_PASSWORD_SIZE);
}

static int describe(struct peer *peer, const struct media_web_ice *ice,
                    const struct web_description *theirs, struct text *text)
{
    struct web_description_ours ours = {
        .candidates = peer->peers->candidates,
        .port = media_web_port(peer->peers->media),
        .ufrag = ice->ufrag,
        .password = ice->password,
        .fingerprint = web_dtls_fingerprint(peer->peers->context),
        .setup = theirs ? WEB_SETUP_PASSIVE : WEB_SETUP_ACTPASS,
        .session = peer->session,
        .version = peer->version,
        .sends = !theirs || theirs->receives,
        .receives = !theirs || theirs->sends,
        .pcmu = peer->codecs.pcmu,
        .opus = peer->codecs.opus,
        .dtmf_8000 = peer->codecs.dtmf_8000,
        .dtmf_48000 = peer->codecs.dtmf_48000,
    };

    web_description_write(text, &ours, theirs);
    return text->failed ? ENOMEM : 0;
}

static int peer_new(struct web_peers *peers, uint64_t leg, struct peer **peerp)
{
    struct peer *peer;
    int err;

    if (peer_find(peers, leg))
        return EEXIST;
    peer = calloc(1, sizeof(*peer));
    if (!peer)
        return ENOMEM;
    peer->peers = peers;
    peer->leg = leg;
    peer->version = 1;
    random_ice(&peer->ice);
    check(RAND_bytes((unsigned char *)&peer->session, sizeof(peer->session)) == 1);
    peer->session >>= 2; /* RFC 8829, 5.2.1: it is to fit into 63 bits */
    err = table_put_id(&peers->peers, leg, peer);
    if (err) {
        free(peer);
        return err;
    }
    *peerp = peer;
    return 0;
}

static void peer_drop(struct peer *peer)
{
    table_remove_id(&peer->peers->peers, peer->leg);
    peer_free(peer);
}

/* ---- the keys ---- */

static void tell_failed(void *arg)
{
    struct peer *peer = arg;
    const struct web_peers_options *options = &peer->peers->options;

    if (options->failed)
        options->failed(options->arg, peer->leg, peer->why); /* which may close it */
}

static void peer_fail(struct peer *peer, const char *why)
{
    log_warning("web.failed", "leg=%llu why='%s'", (unsigned long long)peer->leg, why);
    peer->failed = true;
    peer->why = why;
    web_dtls_free(peer->dtls);
    peer->dtls = NULL;
    /* from the loop: the caller may be in the midst of something; without memory the silence tells it */
    if (loop_timer_start(peer->peers->options.loop, &peer->timer, loop_clock(), tell_failed, peer))
        loop_timer_stop(peer->peers->options.loop, &peer->timer);
}

static int hand_over(struct peer *peer, const struct web_dtls_keys *keys)
{
    struct secure_stream *in = NULL, *out = NULL;
    int err = secure_stream_new(&in, keys->suite, keys->in_key, keys->in_salt);

    if (!err)
        err = secure_stream_new(&out, keys->suite, keys->out_key, keys->out_salt);
    if (err) {
        secure_stream_free(in);
        return err;
    }
    media_web_keys(peer->peers->media, peer->leg, in, out);
    return 0;
}

/* The handshake is through, and the description is known: in either order. */
static void peer_secure(struct peer *peer)
{
    struct web_dtls_keys keys;
    int err;

    if (!web_dtls_is_from(peer->dtls, &peer->fingerprint)) {
        peer_fail(peer, "its certificate is not the one of its description");
        return;
    }
    if (!web_dtls_keys(peer->dtls, &keys)) {
        peer_fail(peer, "no suite of SRTP in common");
        return;
    }
    err = hand_over(peer, &keys);
    OPENSSL_cleanse(&keys, sizeof(keys));
    if (err) {
        peer_fail(peer, "out of memory");
        return;
    }
    peer->secured = true;
    media_web_remote(peer->peers->media, peer->leg, &peer->remote);
}

/* ---- the handshake ---- */

static void dtls_send(void *arg, const void *bytes, size_t size)
{
    struct peer *peer = arg;

    media_web_send(peer->peers->media, peer->leg, slice_of(bytes, size));
}

static void handshake_late(void *arg);

/* After each of its steps. */
static void peer_look(struct peer *peer)
{
    instant now = loop_clock();

    switch (web_dtls_state(peer->dtls)) {
    case WEB_DTLS_SHAKING: {
        instant wait = web_dtls_wait(peer->dtls);
        instant at =
            wait == INSTANT_NEVER ? peer->give_up_at : instant_min(now + wait, peer->give_up_at);

        if (loop_timer_start(peer->peers->options.loop, &peer->timer, at, handshake_late, peer))
            peer_fail(peer, "out of memory");
        break;
    }
    case WEB_DTLS_DONE:
        loop_timer_stop(peer->peers->options.loop, &peer->timer);
        if (!peer->secured && peer->fingerprint.size)
            peer_secure(peer);
        break;
    case WEB_DTLS_CLOSED: /* its goodbye; the signalling says it too */
        break;
    case WEB_DTLS_FAILED:
        peer_fail(peer, "the handshake failed");
        break;
    }
}

static void handshake_late(void *arg)
{
    struct peer *peer = arg;

    if (loop_clock() >= peer->give_up_at) {
        peer_fail(peer, peer->dtls ? "the handshake took too long" : "no handshake came");
        return;
    }
    web_dtls_expire(peer->dtls);
    peer_look(peer);
}

void web_peers_dtls(struct web_peers *peers, uint64_t leg, struct slice datagram)
{
    struct peer *peer = peer_find(peers, leg);

    if (!peer || peer->failed)
        return;
    if (!peer->dtls) {
        if (web_dtls_new(&peer->dtls, peers->context, dtls_send, peer))
            return; /* the browser sends it again */
        peer->give_up_at = loop_clock() + peers->options.handshake_ms * MILLISECOND;
    }
    web_dtls_take(peer->dtls, datagram.at, datagram.size);
    peer_look(peer);
}

/* ---- descriptions ---- */

static int has_codec(const struct codecs *codecs, const char **why)
{
    if (codecs->pcmu >= 0 || codecs->opus >= 0)
        return 0;
    *why = "no codec in common";
    return ENOTSUP;
}

/* What we speak of that which an offer has: Opus where the browser would rather, and we may. */
static int choose_codecs(const struct web_peers *peers, const struct web_description *theirs,
                         struct codecs *codecs, const char **why)
{
    codecs->pcmu = codecs->opus = codecs->dtmf_8000 = codecs->dtmf_48000 = WEB_NO_TYPE;
    codecs->sends_opus =
        peers->options.opus && theirs->opus >= 0 && (theirs->opus_first || theirs->pcmu < 0);
    if (codecs->sends_opus) {
        codecs->opus = theirs->opus;
        codecs->dtmf_48000 = theirs->dtmf_48000;
    } else {
        codecs->pcmu = theirs->pcmu;
        codecs->dtmf_8000 = theirs->dtmf_8000;
    }
    return has_codec(codecs, why);
}

/* What is left of our offer in their answer; the first is what they would rather hear. */
static int keep_codecs(const struct web_description *theirs, struct codecs *codecs,
                       const char **why)
{
    if (theirs->pcmu != codecs->pcmu)
        codecs->pcmu = WEB_NO_TYPE;
    if (theirs->opus != codecs->opus)
        codecs->opus = WEB_NO_TYPE;
    if (theirs->dtmf_8000 != codecs->dtmf_8000)
        codecs->dtmf_8000 = WEB_NO_TYPE;
    if (theirs->dtmf_48000 != codecs->dtmf_48000)
        codecs->dtmf_48000 = WEB_NO_TYPE;
    codecs->sends_opus = codecs->opus >= 0 && (codecs->pcmu < 0 || theirs->opus_first);
    return has_codec(codecs, why);
}

/* The number of keys in what we send, and so in the core. */
static int events_of(const struct codecs *codecs)
{
    return codecs->sends_opus ? codecs->dtmf_48000 : codecs->dtmf_8000;
}

static int start_opus(struct peer *peer)
{
    const struct codecs *codecs = &peer->codecs;
    struct web_opus_options options = {.opus_type = (uint8_t)codecs->opus,
                                       .events_48000 = codecs->dtmf_48000,
                                       .events_8000 = codecs->dtmf_8000,
                                       .events_inside = NO_EVENTS,
                                       .sends = codecs->sends_opus};
    struct web_opus *opus;
    int err;

    if (codecs->opus < 0)
        return 0;
    if (events_of(codecs) >= 0)
        options.events_inside = (uint8_t)events_of(codecs);
    err = web_opus_new(&opus, &options);
    if (!err)
        media_web_opus(peer->peers->media, peer->leg, opus);
    return err;
}

/* Until there are keys the leg is sent nothing; that it ought to send is known. */
static void take_description(struct peer *peer, const struct web_description *theirs)
{
    int events = events_of(&peer->codecs);
    struct media_remote until_keys;

    peer->fingerprint = theirs->fingerprint;
    peer->remote = (struct media_remote){
        .codec = MEDIA_PCMU,
        .payload_type = (uint8_t)(peer->codecs.pcmu < 0 ? 0 : peer->codecs.pcmu),
        .dtmf_payload_type = events < 0 ? MEDIA_NO_DTMF : events,
        .sends = theirs->sends,
        .receives = theirs->receives,
    };
    until_keys = peer->remote;
    until_keys.receives = peer->secured && theirs->receives;
    media_web_remote(peer->peers->media, peer->leg, &until_keys);
}

static int read_offer(struct slice offer, struct web_description *theirs, const char **why)
{
    int err = web_description_parse(theirs, offer, why);

    if (err)
        return err;
    if (theirs->setup == WEB_SETUP_PASSIVE) {
        *why = "a=setup:passive: we are DTLS's server";
        return EINVAL;
    }
    return 0;
}

int web_peer_answer(struct web_peers *peers, uint64_t leg, struct slice offer, struct text *answer,
                    const char **why)
{
    struct web_description theirs;
    struct peer *peer;
    int err = read_offer(offer, &theirs, why);

    if (err)
        return err;
    err = peer_new(peers, leg, &peer);
    if (err)
        return err;
    err = choose_codecs(peers, &theirs, &peer->codecs, why);
    if (!err)
        err = describe(peer, &peer->ice, &theirs, answer);
    if (!err)
        err = media_web_open(peers->media, leg, &peer->ice);
    if (err) {
        peer_drop(peer);
        return err;
    }
    err = start_opus(peer);
    if (err) {
        web_peer_close(peers, leg);
        return err;
    }
    take_description(peer, &theirs);
    return 0;
}

int web_peer_offer(struct web_peers *peers, uint64_t leg, struct text *offer)
{
    struct peer *peer;
    int err = peer_new(peers, leg, &peer);

    if (err)
        return err;
    peer->offered = true;
    peer->codecs = offered_codecs;
    if (!peers->options.opus)
        peer->codecs.opus = peer->codecs.dtmf_48000 = WEB_NO_TYPE;
    err = describe(peer, &peer->ice, NULL, offer);
    if (!err)
        err = media_web_open(peers->media, leg, &peer->ice);
    if (err)
        peer_drop(peer);
    return err;
}

int web_peer_accepted(struct web_peers *peers, uint64_t leg, struct slice answer, const char **why)
{
    struct peer *peer = peer_find(peers, leg);
    struct web_description theirs;
    struct codecs codecs;
    int err;

    if (!peer || !peer->offered || peer->fingerprint.size) {
        *why = "nothing was offered";
        return EINVAL;
    }
    err = web_description_parse(&theirs, answer, why);
    if (err)
        return err;
    if (theirs.setup != WEB_SETUP_ACTIVE) {
        *why = "a=setup is not active: we are DTLS's server";
        return EINVAL;
    }
    codecs = peer->codecs;
    err = keep_codecs(&theirs, &codecs, why);
    if (err)
        return err;
    peer->codecs = codecs;
    err = start_opus(peer);
    if (err)
        return err;
    take_description(peer, &theirs);
    if (peer->dtls) {
        peer_look(peer); /* the handshake may have overtaken the answer */
        return 0;
    }
    peer->give_up_at = loop_clock() + peers->options.handshake_ms * MILLISECOND;
    return loop_timer_start(peers->options.loop, &peer->timer, peer->give_up_at, handshake_late,
                            peer);
}

static bool same_certificate(const struct web_fingerprint *a, const struct web_fingerprint *b)
{
    return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

int web_peer_restart(struct web_peers *peers, uint64_t leg, struct slice offer, struct text *answer,
                     const char **why)
{
    struct peer *peer = peer_find(peers, leg);
    struct web_description theirs;
    struct media_web_ice ice;
    int err;

    if (!peer || !peer->fingerprint.size) {
        *why = "there is nothing to restart";
        return EINVAL;
    }
    err = read_offer(offer, &theirs, why);
    if (err)
        return err;
    if (!same_certificate(&theirs.fingerprint, &peer->fingerprint)) {
        *why = "its certificate is another one: that is a new call";
        return EINVAL;
    }
    if ((peer->codecs.pcmu >= 0 && theirs.pcmu != peer->codecs.pcmu) ||
        (peer->codecs.opus >= 0 && theirs.opus != peer->codecs.opus)) {
        *why = "its codec is another one: that is a new call";
        return EINVAL;
    }
    random_ice(&ice);
    peer->version++;
    err = describe(peer, &ice, &theirs, answer);
    if (err)
        return err;
    peer->ice = ice;
    media_web_restart(peers->media, leg, &ice);
    take_description(peer, &theirs);
    return 0;
}

void web_peer_close(struct web_peers *peers, uint64_t leg)
{
    struct peer *peer = peer_find(peers, leg);

    if (!peer)
        return;
    peer_drop(peer); /* the goodbye of DTLS goes first */
    media_leg_close(peers->media, leg);
}

bool web_peer_is_secured(const struct web_peers *peers, uint64_t leg)
{
    const struct peer *peer = peer_find(peers, leg);

    return peer && peer->secured;
}
