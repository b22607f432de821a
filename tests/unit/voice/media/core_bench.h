#ifndef TESTS_CORE_BENCH_H
#define TESTS_CORE_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "voice/media/core.h"
#include "voice/media/packet.h"
#include "wire/g711.h"

/* A media core on the workbench: time stands still until moved; what is sent and told is kept. */
enum { BENCH_PACKETS = 4096, BENCH_EVENTS = 256, BENCH_PAYLOAD = 480, BENCH_LEGS = 8 };

struct bench_packet {
    uint64_t leg;
    instant at;
    struct media_packet packet;
    uint8_t payload[BENCH_PAYLOAD];
};

struct bench_talker {
    struct mleg *mleg;
    uint16_t sequence;
    uint32_t timestamp, ssrc;
    uint8_t payload_type;
};

static struct {
    struct media_core *core;
    instant now;
    struct bench_packet packets[BENCH_PACKETS];
    unsigned packet_count;
    struct media_event events[BENCH_EVENTS];
    unsigned event_count;
    struct bench_talker talkers[BENCH_LEGS + 1]; /* by leg id */
    struct sockaddr_in address[BENCH_LEGS + 1];
    unsigned heard_count[BENCH_LEGS + 1]; /* times it was told that somebody hears the leg now */
} bench;

static inline void bench_send(void *self, void *carrier, const void *bytes, size_t size)
{
    struct bench_packet *kept = &bench.packets[bench.packet_count++];

    assert_true(bench.packet_count <= BENCH_PACKETS);
    kept->leg = (uint64_t)(uintptr_t)carrier;
    kept->at = bench.now;
    assert_true(media_packet_parse(&kept->packet, bytes, size));
    assert_true(kept->packet.payload_size <= BENCH_PAYLOAD);
    memcpy(kept->payload, kept->packet.payload, kept->packet.payload_size);
    kept->packet.payload = kept->payload;
}

static inline void bench_event(void *self, const struct media_event *event)
{
    assert_true(bench.event_count < BENCH_EVENTS);
    bench.events[bench.event_count++] = *event;
}

static inline void bench_somebody_hears(void *self, void *carrier)
{
    bench.heard_count[(uintptr_t)carrier]++;
}

static inline int bench_begin(void **state)
{
    struct media_core_ops ops = {
        .send = bench_send, .event = bench_event, .heard = bench_somebody_hears};
    struct audio *melody = audio_new_tone(440, 1000, 5000);
    int err;

    memset(&bench, 0, sizeof(bench));
    bench.now = 1800000000 * SECOND;
    err = media_core_new(&bench.core, &ops, melody, 10000, 1);
    audio_unref(melody);
    return err;
}

static inline int bench_end(void **state)
{
    media_core_free(bench.core);
    return 0;
}

static inline struct media_remote bench_remote(uint64_t leg, enum media_codec codec)
{
    struct media_remote remote = {.codec = codec,
                                  .payload_type = codec == MEDIA_PCMA ? 8 : 0,
                                  .dtmf_payload_type = 101,
                                  .sends = true,
                                  .receives = true};
    struct sockaddr_in *address = (struct sockaddr_in *)&remote.address;

    address->sin_family = AF_INET;
    address->sin_port = htons((uint16_t)(20000 + 2 * leg));
    address->sin_addr.s_addr = htonl(0x0a000000 + (uint32_t)leg);
    bench.address[leg] = *address;
    return remote;
}

/* A leg of that codec whose stream is open; answered by bench_answer. */
static inline void bench_leg(uint64_t leg, enum media_codec codec)
{
    struct bench_talker *talker = &bench.talkers[leg];
    struct media_remote remote = bench_remote(leg, codec);

    assert_int_equal(
        media_core_leg_open(bench.core, leg, (void *)(uintptr_t)leg, bench.now, &talker->mleg), 0);
    assert_true(media_core_leg_remote(bench.core, leg, &remote, bench.now, bench.now));
    talker->sequence = (uint16_t)(1000 * leg);
    talker->timestamp = 100000 * (uint32_t)leg;
    talker->ssrc = 0x1000 + (uint32_t)leg;
    talker->payload_type = remote.payload_type;
}

static inline void bench_answer(uint64_t leg)
{
    media_core_leg_answered(bench.core, leg, bench.now, bench.now);
}

static inline void bench_join(uint64_t leg, uint64_t room)
{
    struct media_join join = {0};

    media_core_room_open(bench.core, room);
    media_core_room_join(bench.core, leg, room, &join, bench.now);
    media_core_sent(bench.core, bench.now);
}

/* Lets time pass: the core's ticks happen at their hours. */
static inline void bench_wait(instant ms)
{
    instant until = bench.now + ms * MILLISECOND;

    while (media_core_deadline(bench.core) <= until) {
        bench.now = instant_max(bench.now, media_core_deadline(bench.core));
        media_core_tick(bench.core, bench.now);
        media_core_sent(bench.core, bench.now);
    }
    bench.now = until;
}

static inline enum media_core_verdict bench_packet(uint64_t leg, const struct media_packet *packet)
{
    uint8_t bytes[PACKET_HEADER_SIZE + BENCH_PAYLOAD];
    enum media_core_verdict verdict;

    media_packet_header(packet, bytes);
    memcpy(bytes + PACKET_HEADER_SIZE, packet->payload, packet->payload_size);
    verdict = media_core_packet(bench.core, bench.talkers[leg].mleg,
                                (struct sockaddr *)&bench.address[leg], bytes,
                                PACKET_HEADER_SIZE + packet->payload_size, bench.now, bench.now);
    media_core_sent(bench.core, bench.now);
    return verdict;
}

/* The leg's next 20 ms, every byte of them `sound`. */
static inline void bench_say(uint64_t leg, uint8_t sound)
{
    struct bench_talker *talker = &bench.talkers[leg];
    uint8_t payload[160];
    struct media_packet packet = {.payload_type = talker->payload_type,
                                  .sequence = talker->sequence++,
                                  .timestamp = talker->timestamp,
                                  .ssrc = talker->ssrc,
                                  .payload = payload,
                                  .payload_size = sizeof(payload)};

    talker->timestamp += 160;
    memset(payload, sound, sizeof(payload));
    assert_int_not_equal(bench_packet(leg, &packet), MEDIA_PACKET_REFUSED);
}

/* Forgets what was sent and told so far. */
static inline void bench_forget(void)
{
    bench.packet_count = bench.event_count = 0;
}

/* The n-th packet sent to the leg since bench_forget; NULL: there were fewer. */
static inline struct bench_packet *bench_heard(uint64_t leg, unsigned n)
{
    for (unsigned i = 0; i < bench.packet_count; i++)
        if (bench.packets[i].leg == leg && n-- == 0)
            return &bench.packets[i];
    return NULL;
}

static inline unsigned bench_heard_count(uint64_t leg)
{
    unsigned count = 0;

    while (bench_heard(leg, count))
        count++;
    return count;
}

/* How many of the packets to the leg begin with that byte. */
static inline unsigned bench_heard_sound(uint64_t leg, uint8_t sound)
{
    unsigned count = 0;

    for (unsigned i = 0; i < bench.packet_count; i++)
        count += bench.packets[i].leg == leg && bench.packets[i].payload[0] == sound;
    return count;
}

static inline struct media_event *bench_told(enum media_event_kind kind)
{
    for (unsigned i = 0; i < bench.event_count; i++)
        if (bench.events[i].kind == kind)
            return &bench.events[i];
    return NULL;
}

static inline unsigned bench_told_count(enum media_event_kind kind)
{
    unsigned count = 0;

    for (unsigned i = 0; i < bench.event_count; i++)
        count += bench.events[i].kind == kind;
    return count;
}

#define bench_test(name) cmocka_unit_test_setup_teardown(name, bench_begin, bench_end)

#endif
