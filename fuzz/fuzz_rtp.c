/*
 * The media core under any sequence of packets, orders and waits. The input is a script: an octet
 * says what to do and to which leg, the octets behind it how. Held against it throughout: what goes
 * out is RTP, one SSRC a leg, no two packets of one number next to each other; every play, every
 * order of digits and every leg ends exactly once.
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/check.h"
#include "voice/media/core.h"
#include "voice/media/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LEGS = 4, ROOMS = 2, WAIT_MS_ALL_MAX = 4000 };

struct fuzz_leg {
    struct mleg *mleg; /* NULL: not open */
    uint64_t id;
    uint32_t ssrc; /* of what it was sent; 0: nothing yet */
    uint16_t sequence, sent_sequence;
    uint32_t timestamp;
    bool sent;
};

struct fuzz {
    struct media_core *core;
    struct fuzz_leg legs[LEGS];
    const uint8_t *at, *end;
    instant now;
    uint64_t id_last;
    unsigned waited_ms;
    int plays_open, digits_open, legs_open;
};

static void fuzz_send(void *self, void *carrier, const void *bytes, size_t size)
{
    struct fuzz_leg *leg = carrier;
    struct media_packet packet;

    check(media_packet_parse(&packet, bytes, size));
    check(packet.payload_size > 0);
    check(!leg->sent || leg->ssrc == packet.ssrc);
    check(!leg->sent || leg->sent_sequence != packet.sequence || packet.payload_type == 0 ||
          packet.payload_type == 8); /* a sender's own duplicate is passed on as one */
    leg->ssrc = packet.ssrc;
    leg->sent_sequence = packet.sequence;
    leg->sent = true;
}

static void fuzz_event(void *self, const struct media_event *event)
{
    struct fuzz *fuzz = self;

    switch (event->kind) {
    case MEDIA_PLAY_ENDED:
        check(event->play_id != 0);
        check(--fuzz->plays_open >= 0);
        break;
    case MEDIA_DIGITS_SENT:
        check(--fuzz->digits_open >= 0);
        break;
    case MEDIA_LEG_CLOSED:
        check(--fuzz->legs_open >= 0);
        break;
    case MEDIA_HELLO:
        check(event->room != 0);
        break;
    case MEDIA_DIGIT:
        check(strchr("0123456789*#ABCD", event->digit));
        check(event->duration_ms <= 65535 / 8);
        break;
    case MEDIA_FIRST_PACKET:
    case MEDIA_LEG_SILENT:
    case MEDIA_LEG_HEARD:
    case MEDIA_WEB_DTLS:
        break;
    }
}

static void fuzz_heard(void *self, void *carrier)
{
}

static unsigned next(struct fuzz *fuzz)
{
    return fuzz->at < fuzz->end ? *fuzz->at++ : 0;
}

static struct sockaddr_in fuzz_address(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void fuzz_wait(struct fuzz *fuzz, unsigned ms)
{
    instant until = fuzz->now + ms * MILLISECOND;

    if (fuzz->waited_ms + ms > WAIT_MS_ALL_MAX)
        return; /* slow inputs find nothing that short ones do not */
    fuzz->waited_ms += ms;
    while (media_core_deadline(fuzz->core) <= until) {
        fuzz->now = instant_max(fuzz->now, media_core_deadline(fuzz->core));
        media_core_tick(fuzz->core, fuzz->now);
        media_core_sent(fuzz->core, fuzz->now);
    }
    fuzz->now = until;
}

static void fuzz_open(struct fuzz *fuzz, struct fuzz_leg *leg)
{
    unsigned kind = next(fuzz);
    struct media_remote remote = {.codec = kind & 1 ? MEDIA_PCMA : MEDIA_PCMU,
                                  .payload_type = kind & 1 ? 8 : 0,
                                  .dtmf_payload_type = kind & 2 ? MEDIA_NO_DTMF : 101,
                                  .sends = !(kind & 4),
                                  .receives = !(kind & 8)};
    struct sockaddr_in address = fuzz_address(5000);

    memcpy(&remote.address, &address, sizeof(address));
    if (!leg->mleg) {
        *leg = (struct fuzz_leg){.id = ++fuzz->id_last};
        if (media_core_leg_open(fuzz->core, leg->id, leg, fuzz->now, &leg->mleg))
            return;
        fuzz->legs_open++;
    }
    if (!(kind & 16))
        media_core_leg_remote(fuzz->core, leg->id, &remote, fuzz->now, fuzz->now);
    if (kind & 32)
        media_core_leg_answered(fuzz->core, leg->id, fuzz->now, fuzz->now);
}

static void fuzz_packet(struct fuzz *fuzz, struct fuzz_leg *leg, const uint8_t *bytes, size_t size)
{
    struct sockaddr_in from = fuzz_address(size % 17 ? 5000 : 5001);

    if (leg->mleg)
        media_core_packet(fuzz->core, leg->mleg, size % 5 ? (struct sockaddr *)&from : NULL, bytes,
                          size, fuzz->now, fuzz->now);
}

/* Octets as they stand. */
static void fuzz_raw_packet(struct fuzz *fuzz, struct fuzz_leg *leg)
{
    uint8_t bytes[256];
    size_t size = next(fuzz);

    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)next(fuzz);
    fuzz_packet(fuzz, leg, bytes, size);
}

/* A packet that will be taken, its numbers a step from the last. */
static void fuzz_good_packet(struct fuzz *fuzz, struct fuzz_leg *leg)
{
    static const uint8_t types[] = {0, 0, 0, 8, 101, 101, 13, 0};
    uint8_t bytes[PACKET_SIZE_MAX];
    unsigned kind = next(fuzz);
    struct media_packet packet = {.payload_type = types[kind & 7], .ssrc = kind & 64 ? 0x22 : 0x11};
    size_t size = packet.payload_type == 101 ? 4 : kind & 128 ? 1 + next(fuzz) * 5 : 160;

    leg->sequence = (uint16_t)(leg->sequence + 1 + (kind & 8 ? (int8_t)next(fuzz) : 0));
    leg->timestamp += kind & 16 ? (uint32_t)(int8_t)next(fuzz) * 160 : (uint32_t)size;
    if (kind & 32) {
        leg->sequence = (uint16_t)(next(fuzz) << 8);
        leg->timestamp = next(fuzz) << 24;
    }
    packet.sequence = leg->sequence;
    packet.timestamp = leg->timestamp;
    media_packet_header(&packet, bytes);
    memset(bytes + PACKET_HEADER_SIZE, (int)next(fuzz), size);
    if (packet.payload_type == 101)
        bytes[PACKET_HEADER_SIZE + 1] = (uint8_t)next(fuzz);
    fuzz_packet(fuzz, leg, bytes, PACKET_HEADER_SIZE + size);
}

static void fuzz_play(struct fuzz *fuzz, const struct fuzz_leg *leg)
{
    unsigned kind = next(fuzz);
    struct media_play play = {.id = ++fuzz->id_last,
                              .audio = audio_new_silence(next(fuzz)),
                              .loop_count = kind & 3,
                              .mode = kind & 4   ? MEDIA_PLAY_OVER
                                      : kind & 8 ? MEDIA_PLAY_WHILE_ALONE
                                                 : MEDIA_PLAY_REPLACE};

    check(play.audio);
    fuzz->plays_open++;
    if (kind & 16)
        media_core_play_room(fuzz->core, 1 + (kind >> 5) % ROOMS, &play, fuzz->now);
    else
        media_core_play_leg(fuzz->core, leg->id, &play, fuzz->now);
    audio_unref(play.audio);
    if (kind & 64) {
        media_core_stop_leg(fuzz->core, leg->id, play.id, fuzz->now);
        media_core_stop_room(fuzz->core, 1 + (kind >> 5) % ROOMS, play.id, fuzz->now);
    }
}

static void fuzz_leg_order(struct fuzz *fuzz, const struct fuzz_leg *leg)
{
    unsigned kind = next(fuzz);
    bool on = kind & 8;

    switch (kind & 7) {
    case 0:
    case 1:
        media_core_leg_mute(fuzz->core, leg->id, on, fuzz->now);
        break;
    case 2:
    case 3:
        media_core_leg_hold(fuzz->core, leg->id, on, NULL, fuzz->now);
        break;
    case 4:
        media_core_leg_coach(fuzz->core, leg->id, on ? fuzz->legs[kind >> 6].id : 0, fuzz->now);
        break;
    case 5:
        fuzz->digits_open++;
        media_core_leg_send_digits(fuzz->core, leg->id, kind & 16 ? "1w#D" : "0", fuzz->now);
        break;
    case 6:
        media_core_room_leave(fuzz->core, leg->id, on, fuzz->now);
        break;
    case 7:
        media_core_room_close(fuzz->core, 1 + kind / 16 % ROOMS, fuzz->now);
        break;
    }
}

static void fuzz_close(struct fuzz *fuzz, struct fuzz_leg *leg)
{
    if (leg->mleg)
        check(media_core_leg_close(fuzz->core, leg->id, fuzz->now) == leg);
    leg->mleg = NULL;
}

static void fuzz_step(struct fuzz *fuzz)
{
    unsigned what = next(fuzz), kind;
    struct fuzz_leg *leg = &fuzz->legs[what >> 4 & (LEGS - 1)];
    struct media_join join = {0};

    switch (what & 15) {
    case 0:
        fuzz_raw_packet(fuzz, leg);
        break;
    case 1:
        fuzz_open(fuzz, leg);
        break;
    case 2:
        kind = next(fuzz);
        join = (struct media_join){.muted = kind & 2, .beep = kind & 4};
        join.coached = kind & 8 ? fuzz->legs[kind >> 6].id : 0;
        media_core_room_open(fuzz->core, 1 + (kind & 1));
        media_core_room_join(fuzz->core, leg->id, 1 + (kind & 1), &join, fuzz->now);
        break;
    case 3:
        fuzz_play(fuzz, leg);
        break;
    case 4:
        fuzz_leg_order(fuzz, leg);
        break;
    case 5:
        fuzz_close(fuzz, leg);
        break;
    case 6:
    case 7:
        fuzz_wait(fuzz, next(fuzz));
        break;
    default:
        fuzz_good_packet(fuzz, leg);
        if (what & 64)
            fuzz_wait(fuzz, 20);
        break;
    }
    media_core_sent(fuzz->core, fuzz->now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz fuzz = {.at = data, .end = data + size, .now = 1800000000 * SECOND};
    struct media_core_ops ops = {
        .self = &fuzz, .send = fuzz_send, .event = fuzz_event, .heard = fuzz_heard};

    struct audio *melody = audio_new_silence(100);
    int err = media_core_new(&fuzz.core, &ops, melody, 500, 7);

    audio_unref(melody);
    if (err)
        return 0;
    while (fuzz.at < fuzz.end)
        fuzz_step(&fuzz);
    for (unsigned i = 0; i < LEGS; i++)
        fuzz_close(&fuzz, &fuzz.legs[i]);
    for (unsigned room = 1; room <= ROOMS; room++)
        media_core_room_close(fuzz.core, room, fuzz.now);
    check(!fuzz.plays_open && !fuzz.digits_open && !fuzz.legs_open);
    check(media_core_deadline(fuzz.core) == INSTANT_NEVER);
    media_core_free(fuzz.core);
    return 0;
}
