/*
 * All that can come to the browsers' port. Each datagram: a byte of what to do with it, a byte of its length, and
 * its bytes. It comes from one of four addresses, as it is, or after it was sealed as a browser's (so that what lies
 * behind the lock is reached too), or as a check with the right credentials. Two browsers, alone in a
 * room with each other, the second by Opus.
 */
#include <stdio.h>
#include <string.h>

#include "voice/media/packet.h"
#include "voice/media/web.h"
#include "voice/secure/binding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BROWSERS = 2, DTLS_MAX = 100 };

static uint8_t out[PACKET_SIZE_MAX + SECURE_OVERHEAD];
static unsigned dtls_count;

static uint8_t *room(void *self)
{
    return out;
}

static void send_it(void *self, const struct sockaddr_in *to, size_t size)
{
    check(size > 0 && size <= sizeof(out));
    check(to->sin_family == AF_INET && ntohs(to->sin_port) >= 4000 && ntohs(to->sin_port) < 4004);
}

static void take_dtls(void *self, uint64_t leg, const void *bytes, size_t size, instant now)
{
    check(leg >= 1 && leg <= BROWSERS && size > 0);
    dtls_count++;
}

static void core_send(void *self, void *carrier, const void *bytes, size_t size)
{
    web_leg_rtp(carrier, bytes, size);
}

static void core_event(void *self, const struct media_event *event)
{
    check(event->leg >= 1 && event->leg <= BROWSERS);
}

static void core_heard(void *self, void *carrier)
{
}

/* Each browser's credentials before and after a restart, in turn. */
static const struct media_web_ice ice[BROWSERS][2] = {
    {{"ufrag001", "a password of 24 letters"}, {"ufrag011", "another of 24 letters..."}},
    {{"ufrag002", "a password of 24 letters"}, {"ufrag012", "another of 24 letters..."}}};

struct fuzz {
    struct media_core *core;
    struct web *web;
    struct web_leg *legs[BROWSERS];
    struct secure_stream *seals[BROWSERS];
};

static struct secure_stream *stream_by(uint8_t letter, enum secure_suite suite)
{
    uint8_t bytes[SECURE_KEY_SIZE];
    struct secure_stream *stream;

    memset(bytes, letter, sizeof(bytes));
    check(secure_stream_new(&stream, suite, bytes, bytes) == 0);
    return stream;
}

static void opus_begin(struct web_leg *leg)
{
    struct web_opus_options options = {.opus_type = 111,
                                       .events_48000 = 110,
                                       .events_8000 = 126,
                                       .events_inside = 126,
                                       .sends = true};
    struct web_opus *opus;

    check(web_opus_new(&opus, &options) == 0);
    web_leg_opus(leg, opus);
}

static void begin(struct fuzz *fuzz, instant now)
{
    struct media_core_ops ops = {.send = core_send, .event = core_event, .heard = core_heard};
    struct web_ops web_ops = {.room = room, .send = send_it, .dtls = take_dtls};
    struct media_remote remote = {.dtmf_payload_type = 126, .sends = true, .receives = true};
    struct media_join join = {0};
    struct audio *melody = audio_new_tone(440, 100, 5000);

    remote.address.ss_family = AF_INET;
    check(melody && media_core_new(&fuzz->core, &ops, melody, 10000, 1) == 0);
    audio_unref(melody);
    check(web_new(&fuzz->web, fuzz->core, &web_ops) == 0);
    media_core_room_open(fuzz->core, 9);
    for (unsigned i = 0; i < BROWSERS; i++) {
        enum secure_suite suite = i ? SECURE_AES128_CM_SHA1_80 : SECURE_AES128_GCM;

        check(web_leg_open(fuzz->web, i + 1, &ice[i][0], now, &fuzz->legs[i]) == 0);
        check(media_core_leg_remote(fuzz->core, i + 1, &remote, now, now));
        media_core_leg_answered(fuzz->core, i + 1, now, now);
        media_core_room_join(fuzz->core, i + 1, 9, &join, now);
        fuzz->seals[i] = stream_by('a', suite);
        if (i)
            opus_begin(fuzz->legs[i]);
        web_leg_keys(fuzz->legs[i], stream_by('a', suite), stream_by('b', suite), now);
    }
}

static void end(struct fuzz *fuzz)
{
    for (unsigned i = 0; i < BROWSERS; i++)
        secure_stream_free(fuzz->seals[i]);
    web_free(fuzz->web);
    media_core_free(fuzz->core);
}

/* bits 0-1: from where; bits 2-4: what; bit 5: whose; bits 6-7: time passes */
static void take(struct fuzz *fuzz, uint8_t what, uint8_t *bytes, size_t size, instant now)
{
    struct sockaddr_in from = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)(4000 + (what & 3))),
                               .sin_addr = {htonl(INADDR_LOOPBACK)}};
    unsigned whose = what >> 5 & 1, turn = size >> 1 & 1;
    char username[MEDIA_ICE_UFRAG_SIZE + 3];
    struct binding_order order = {.username = slice_from(username), .use_candidate = size & 1};

    snprintf(username, sizeof(username), "%s:x", ice[whose][turn].ufrag);
    switch (what >> 2 & 7) {
    case 0:
        if (!secure_rtp_seal(fuzz->seals[whose], bytes, &size))
            return;
        break;
    case 1:
        if (!secure_rtcp_seal(fuzz->seals[whose], bytes, &size))
            return;
        break;
    case 2:
        size = binding_request(&order, ice[whose][turn].password, bytes);
        break;
    case 3:
        web_leg_restart(fuzz->legs[whose], &ice[whose][turn]);
        return;
    case 4:
        web_leg_dtls(fuzz->legs[whose], bytes, size);
        return;
    }
    web_packet(fuzz->web, &from, bytes, size, now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    instant now = 1800000000 * SECOND, began = now;
    struct fuzz fuzz;

    dtls_count = 0;
    begin(&fuzz, now);
    while (size >= 2) {
        uint8_t bytes[BINDING_SIZE_MAX + SECURE_OVERHEAD] = {0};
        size_t part = data[1] < size - 2 ? data[1] : size - 2;

        memcpy(bytes, data + 2, part);
        take(&fuzz, data[0], bytes, part, now);
        media_core_sent(fuzz.core, now);
        now += (data[0] >> 6) * (data[0] >> 6) * 200 * MILLISECOND;
        web_tick(fuzz.web, now);
        media_core_tick(fuzz.core, now);
        data += 2 + part;
        size -= 2 + part;
    }
    check((instant)dtls_count <= BROWSERS * DTLS_MAX * (1 + (now - began) / SECOND));
    end(&fuzz);
    return 0;
}
