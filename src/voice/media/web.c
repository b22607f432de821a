#include "voice/media/web.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "voice/media/carrier.h"
#include "voice/media/packet.h"
#include "voice/media/report.h"
#include "voice/secure/binding.h"

enum {
    REPORT_MS = 5000,
    OPUS_CLOCKS = 6,           /* of its RTP to one of PCMU's */
    DTLS_PER_SECOND_MAX = 100, /* a handshake is a dozen datagrams */
};

struct web_address {
    uint64_t key; /* 0: free */
    instant proven_at;
};

struct web_leg {
    struct carrier carrier;
    struct web *web;
    struct web_leg *next, **link;   /* of web->legs */
    struct secure_stream *in, *out; /* NULL: no keys yet */
    struct web_opus *opus;          /* NULL: it speaks PCMU */
    struct sockaddr_in to;          /* family 0: nothing is proven yet */
    struct sockaddr_in dtls_to;     /* where its last DTLS came from */
    uint64_t id;
    struct media_web_ice ice, next_ice; /* next: after a restart, not yet used; ufrag "": none */
    struct web_address addresses[WEB_ADDRESSES_MAX];
    instant dtls_since; /* the second in which dtls_count were passed on */
    unsigned dtls_count;

    /* RTCP; in the order in which the next is due */
    struct web_leg *report_next, **report_link; /* link NULL: no report is due ever */
    instant report_at;
    uint64_t reported_packets;
    int64_t reported_lost;
    uint32_t their_report;
    instant their_report_at;
};

struct web {
    struct media_core *core;
    struct web_ops ops;
    struct table ufrags;    /* ours -> leg */
    struct table addresses; /* proven -> leg */
    struct web_leg *legs;
    struct web_leg *report_first, **report_last;
};

int web_new(struct web **webp, struct media_core *core, const struct web_ops *ops)
{
    struct web *web = calloc(1, sizeof(*web));

    if (!web)
        return ENOMEM;
    web->core = core;
    web->ops = *ops;
    table_init(&web->ufrags);
    table_init(&web->addresses);
    web->report_last = &web->report_first;
    *webp = web;
    return 0;
}

void web_free(struct web *web)
{
    if (!web)
        return;
    while (web->legs)
        web_leg_close(web->legs);
    table_release(&web->ufrags);
    table_release(&web->addresses);
    free(web);
}

/* ---- credentials ---- */

static int ufrag_put(struct web_leg *leg, const struct media_web_ice *ice)
{
    return table_put(&leg->web->ufrags, ice->ufrag, strlen(ice->ufrag), leg);
}

static void ufrag_remove(struct web_leg *leg, struct media_web_ice *ice)
{
    if (ice->ufrag[0] && table_get(&leg->web->ufrags, ice->ufrag, strlen(ice->ufrag)) == leg)
        table_remove(&leg->web->ufrags, ice->ufrag, strlen(ice->ufrag));
    memset(ice, 0, sizeof(*ice));
}

void web_leg_restart(struct web_leg *leg, const struct media_web_ice *ice)
{
    if (table_get(&leg->web->ufrags, ice->ufrag, strlen(ice->ufrag)))
        return;                        /* taken, by chance or mistake: what holds goes on holding */
    ufrag_remove(leg, &leg->next_ice); /* one that was never used */
    if (ufrag_put(leg, ice) == 0)
        leg->next_ice = *ice;
}

/* The new ones are in use: the old are gone. */
static void ice_adopt(struct web_leg *leg)
{
    struct media_web_ice next = leg->next_ice;

    memset(&leg->next_ice, 0, sizeof(leg->next_ice));
    ufrag_remove(leg, &leg->ice);
    leg->ice = next;
}

/* ---- addresses ---- */

static uint64_t key_of(const struct sockaddr_in *address)
{
    return UINT64_C(1) << 48 | (uint64_t)address->sin_addr.s_addr << 16 | address->sin_port;
}

static void address_forget(struct web_leg *leg, struct web_address *address)
{
    if (address->key)
        table_remove_id(&leg->web->addresses, address->key);
    address->key = 0;
}

static struct web_address *address_find(struct web_leg *leg, uint64_t key)
{
    for (size_t i = 0; i < WEB_ADDRESSES_MAX; i++)
        if (leg->addresses[i].key == key)
            return &leg->addresses[i];
    return NULL;
}

/* A free place, or that of the one not proven for longest, which is not in use. */
static struct web_address *address_place(struct web_leg *leg)
{
    struct web_address *place = NULL;

    for (size_t i = 0; i < WEB_ADDRESSES_MAX; i++) {
        struct web_address *address = &leg->addresses[i];

        if (!address->key)
            return address;
        if (address->key != key_of(&leg->to) && address->key != key_of(&leg->dtls_to) &&
            (!place || address->proven_at < place->proven_at))
            place = address;
    }
    address_forget(leg, place);
    return place;
}

/* A router gave the port to another browser: this one is nowhere until its next check. */
static void address_pass_on(struct web_leg *leg, uint64_t key)
{
    address_forget(leg, address_find(leg, key));
    if (key_of(&leg->to) == key)
        leg->to.sin_family = 0;
    if (key_of(&leg->dtls_to) == key)
        leg->dtls_to.sin_family = 0;
}

/* A check of the leg's has come from there. False: out of memory. */
static bool address_prove(struct web_leg *leg, const struct sockaddr_in *from, instant now)
{
    uint64_t key = key_of(from);
    struct web_leg *before = table_get_id(&leg->web->addresses, key);
    struct web_address *place;

    if (before == leg) {
        address_find(leg, key)->proven_at = now;
        return true;
    }
    if (before)
        address_pass_on(before, key);
    place = address_place(leg);
    if (table_put_id(&leg->web->addresses, key, leg))
        return false;
    *place = (struct web_address){key, now};
    return true;
}

/* ---- legs ---- */

int web_leg_open(struct web *web, uint64_t id, const struct media_web_ice *ice, instant now,
                 struct web_leg **legp)
{
    struct web_leg *leg;
    int err;

    if (table_get(&web->ufrags, ice->ufrag, strlen(ice->ufrag)))
        return EEXIST;
    leg = calloc(1, sizeof(*leg));
    if (!leg)
        return ENOMEM;
    leg->carrier.is_web = true;
    leg->web = web;
    leg->id = id;
    leg->ice = *ice;
    err = ufrag_put(leg, ice);
    if (!err)
        err = media_core_leg_open(web->core, id, &leg->carrier, now, &leg->carrier.mleg);
    if (err) {
        ufrag_remove(leg, &leg->ice);
        free(leg);
        return err;
    }
    leg->next = web->legs;
    leg->link = &web->legs;
    if (leg->next)
        leg->next->link = &leg->next;
    web->legs = leg;
    *legp = leg;
    return 0;
}

static void report_remove(struct web_leg *leg)
{
    if (!leg->report_link)
        return;
    *leg->report_link = leg->report_next;
    if (leg->report_next)
        leg->report_next->report_link = leg->report_link;
    else
        leg->web->report_last = leg->report_link;
    leg->report_link = NULL;
    leg->report_next = NULL;
}

/* All wait equally long, so the last to be put off is the last to be due. */
static void report_later(struct web_leg *leg, instant now)
{
    report_remove(leg);
    leg->report_at = now + REPORT_MS * MILLISECOND;
    leg->report_link = leg->web->report_last;
    *leg->report_link = leg;
    leg->web->report_last = &leg->report_next;
}

void web_leg_close(struct web_leg *leg)
{
    report_remove(leg);
    *leg->link = leg->next;
    if (leg->next)
        leg->next->link = leg->link;
    ufrag_remove(leg, &leg->ice);
    ufrag_remove(leg, &leg->next_ice);
    for (size_t i = 0; i < WEB_ADDRESSES_MAX; i++)
        address_forget(leg, &leg->addresses[i]);
    secure_stream_free(leg->in);
    secure_stream_free(leg->out);
    web_opus_free(leg->opus);
    free(leg);
}

void web_leg_keys(struct web_leg *leg, struct secure_stream *in, struct secure_stream *out,
                  instant now)
{
    secure_stream_free(leg->in);
    secure_stream_free(leg->out);
    leg->in = in;
    leg->out = out;
    report_later(leg, now);
}

void web_leg_opus(struct web_leg *leg, struct web_opus *opus)
{
    web_opus_free(leg->opus);
    leg->opus = opus;
}

/* ---- to the browser ---- */

void web_leg_dtls(struct web_leg *leg, const void *bytes, size_t size)
{
    const struct sockaddr_in *to = leg->dtls_to.sin_family ? &leg->dtls_to : &leg->to;

    if (!to->sin_family || !size || size > PACKET_SIZE_MAX)
        return;
    memcpy(leg->web->ops.room(leg->web->ops.self), bytes, size);
    leg->web->ops.send(leg->web->ops.self, to, size);
}

static void rtp_seal_and_send(struct web_leg *leg, uint8_t *room, size_t size)
{
    if (secure_rtp_seal(leg->out, room, &size))
        leg->web->ops.send(leg->web->ops.self, &leg->to, size);
}

void web_leg_rtp(struct web_leg *leg, const void *bytes, size_t size)
{
    uint8_t *room;

    if (!leg->out || !leg->to.sin_family || size > PACKET_SIZE_MAX)
        return;
    room = leg->web->ops.room(leg->web->ops.self);
    if (!leg->opus || !web_opus_sends(leg->opus)) {
        memcpy(room, bytes, size);
        rtp_seal_and_send(leg, room, size);
        return;
    }
    web_opus_put(leg->opus, bytes, size);
    while (web_opus_take(leg->opus, room, &size)) {
        rtp_seal_and_send(leg, room, size);
        room = leg->web->ops.room(leg->web->ops.self);
    }
}

static uint8_t lost_fraction(struct web_leg *leg, const struct media_core_figures *figures)
{
    int64_t lost = figures->lost_in - leg->reported_lost;
    int64_t expected = (int64_t)(figures->packets_in - leg->reported_packets) + lost;

    leg->reported_lost = figures->lost_in;
    leg->reported_packets = figures->packets_in;
    if (lost <= 0 || expected <= 0)
        return 0;
    return (uint8_t)(lost * 255 / expected);
}

static void report_send(struct web_leg *leg, instant now)
{
    enum { LOST_MAX = 0x7fffff };
    struct media_core_figures figures;
    struct report_ours ours = {.now = now};
    uint8_t *room = leg->web->ops.room(leg->web->ops.self);
    size_t size;

    media_core_figures(leg->carrier.mleg, now, &figures);
    if (leg->opus) { /* what was made good was lost on the way all the same */
        figures.lost_in += (int64_t)web_opus_repaired(leg->opus);
        figures.packets_in -= web_opus_repaired(leg->opus);
    }
    ours.ssrc = figures.ssrc_out;
    ours.packets = (uint32_t)figures.packets_out;
    ours.bytes = (uint32_t)figures.bytes_out;
    ours.timestamp = figures.timestamp_out;
    ours.heard = figures.packets_in > 0;
    ours.their_ssrc = figures.ssrc_in;
    ours.lost_fraction = lost_fraction(leg, &figures);
    ours.lost = (int32_t)(figures.lost_in > LOST_MAX ? LOST_MAX : figures.lost_in);
    if (leg->opus && web_opus_sends(leg->opus))
        ours.timestamp *= OPUS_CLOCKS;
    ours.newest = secure_stream_newest(leg->in, figures.ssrc_in);
    ours.jitter = figures.jitter_in * (leg->opus ? OPUS_CLOCKS : 1u);
    ours.their_report = leg->their_report;
    ours.their_report_at = leg->their_report_at;
    size = media_report_write(&ours, room);
    if (leg->to.sin_family && secure_rtcp_seal(leg->out, room, &size))
        leg->web->ops.send(leg->web->ops.self, &leg->to, size);
}

void web_tick(struct web *web, instant now)
{
    while (web->report_first && web->report_first->report_at <= now) {
        struct web_leg *leg = web->report_first;

        report_send(leg, now);
        report_later(leg, now);
    }
}

instant web_deadline(const struct web *web)
{
    return web->report_first ? web->report_first->report_at : INSTANT_NEVER;
}

/* ---- from the browser ---- */

static void take_rtcp(struct web_leg *leg, uint8_t *bytes, size_t size, instant now)
{
    struct media_core_figures figures;
    struct report_theirs theirs;
    unsigned clocks = leg->opus && web_opus_sends(leg->opus) ? OPUS_CLOCKS : 1;

    media_core_figures(leg->carrier.mleg, now, &figures);
    if (!leg->in || !secure_rtcp_open(leg->in, bytes, &size) ||
        !media_report_parse(&theirs, bytes, size, figures.ssrc_out, now)) {
        media_core_refused(leg->carrier.mleg);
        return;
    }
    media_core_alive(leg->web->core, leg->carrier.mleg, now);
    if (theirs.has_report) {
        leg->their_report = theirs.report;
        leg->their_report_at = now;
    }
    if (theirs.has_block && leg->opus)
        web_opus_lossy(leg->opus, theirs.lost_fraction);
    if (theirs.has_block)
        media_core_far(leg->carrier.mleg, &(struct media_core_far){.lost = theirs.lost,
                                                                   .jitter = theirs.jitter / clocks,
                                                                   .has_rtt = theirs.has_rtt,
                                                                   .rtt_us = theirs.rtt_us});
}

static void take_opus(struct web_leg *leg, const uint8_t *bytes, size_t size, instant now)
{
    struct web_opus_packet packets[WEB_OPUS_PACKETS];
    unsigned count = web_opus_in(leg->opus, bytes, size, packets);

    if (!count)
        media_core_refused(leg->carrier.mleg);
    for (unsigned i = 0; i < count; i++)
        (void)media_core_packet(leg->web->core, leg->carrier.mleg, NULL, packets[i].bytes,
                                packets[i].size, now, now);
}

static void take_rtp(struct web_leg *leg, uint8_t *bytes, size_t size, instant now)
{
    if (!leg->in || !secure_rtp_open(leg->in, bytes, &size))
        media_core_refused(leg->carrier.mleg);
    else if (leg->opus)
        take_opus(leg, bytes, size, now);
    else
        (void)media_core_packet(leg->web->core, leg->carrier.mleg, NULL, bytes, size, now, now);
}

static void take_dtls(struct web_leg *leg, const struct sockaddr_in *from, const uint8_t *bytes,
                      size_t size, instant now)
{
    if (now - leg->dtls_since >= SECOND) {
        leg->dtls_since = now;
        leg->dtls_count = 0;
    }
    if (++leg->dtls_count > DTLS_PER_SECOND_MAX) {
        media_core_refused(leg->carrier.mleg);
        return;
    }
    leg->dtls_to = *from;
    leg->web->ops.dtls(leg->web->ops.self, leg->id, bytes, size, now);
}

static void reply(struct web_leg *leg, const struct binding *request,
                  const struct sockaddr_in *from, const char *password)
{
    uint8_t *room = leg->web->ops.room(leg->web->ops.self);
    size_t size = request->not_understood ? binding_refuse(request, password, room)
                                          : binding_reply(request, from, password, room);

    leg->web->ops.send(leg->web->ops.self, from, size);
}

static void take_check(struct web *web, const struct sockaddr_in *from, const uint8_t *bytes,
                       size_t size, instant now)
{
    struct binding request;
    struct slice rest, ufrag;
    struct web_leg *leg;
    bool is_next;
    const struct media_web_ice *ice;

    if (!binding_parse(&request, bytes, size) || request.kind != BINDING_REQUEST ||
        !request.has_fingerprint)
        return;
    rest = request.username;
    ufrag = slice_cut(&rest, ':');
    leg = table_get(&web->ufrags, ufrag.at, ufrag.size);
    if (!leg)
        return;
    is_next = slice_is(ufrag, leg->next_ice.ufrag);
    ice = is_next ? &leg->next_ice : &leg->ice;
    if (!binding_is_signed(&request, ice->password)) {
        media_core_refused(leg->carrier.mleg);
        return;
    }
    if (!request.not_understood) {
        if (!address_prove(leg, from, now))
            return;
        if (is_next) {
            ice_adopt(leg);
            ice = &leg->ice;
        }
        if (request.use_candidate || !leg->to.sin_family)
            leg->to = *from;
        media_core_alive(web->core, leg->carrier.mleg, now);
    }
    reply(leg, &request, from, ice->password);
}

/* By its first byte (RFC 7983); RTCP by its second (RFC 5761). */
void web_packet(struct web *web, const struct sockaddr_in *from, uint8_t *bytes, size_t size,
                instant now)
{
    struct web_leg *leg;

    if (size < 2 || size > PACKET_SIZE_MAX)
        return;
    if (bytes[0] < 4) {
        take_check(web, from, bytes, size, now);
        return;
    }
    leg = table_get_id(&web->addresses, key_of(from));
    if (!leg)
        return; /* a stranger: whose it would be is not known */
    if (bytes[0] >= 128 && bytes[0] < 192) {
        if ((bytes[1] & 0x7f) >= 64 && (bytes[1] & 0x7f) < 96)
            take_rtcp(leg, bytes, size, now);
        else
            take_rtp(leg, bytes, size, now);
    } else if (bytes[0] >= 20 && bytes[0] < 64) {
        take_dtls(leg, from, bytes, size, now);
    } else {
        media_core_refused(leg->carrier.mleg);
    }
}
