#include "voice/media/report.h"

#include <string.h>

enum {
    SENDER_REPORT = 200,
    RECEIVER_REPORT = 201,
    SOURCE_DESCRIPTION = 202,
    GOODBYE = 203,
    HEAD = 8,         /* with the sender's SSRC */
    SENDER_INFO = 20, /* of a sender's report, behind the head */
    BLOCK = 24,
    CNAME = 1,
};

#define UNIX_TO_NTP INT64_C(2208988800)

static uint32_t read_32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint8_t *write_32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
    return at + 4;
}

/* Seconds since 1900, and 2^-32 of them. */
static uint64_t ntp_of(instant at)
{
    uint64_t seconds = (uint64_t)(at / SECOND + UNIX_TO_NTP);

    return seconds << 32 | ((uint64_t)(at % SECOND) << 32) / SECOND;
}

static uint8_t *write_head(uint8_t *at, unsigned count, unsigned kind, size_t size, uint32_t ssrc)
{
    at[0] = (uint8_t)(0x80 | count);
    at[1] = (uint8_t)kind;
    at[2] = 0;
    at[3] = (uint8_t)(size / 4 - 1);
    return write_32(at + 4, ssrc);
}

static uint8_t *write_block(uint8_t *at, const struct report_ours *ours)
{
    uint64_t since = (uint64_t)(ours->now - ours->their_report_at);

    at = write_32(at, ours->their_ssrc);
    at = write_32(at, (uint32_t)ours->lost_fraction << 24 | ((uint32_t)ours->lost & 0xffffff));
    at = write_32(at, ours->newest);
    at = write_32(at, ours->jitter);
    at = write_32(at, ours->their_report);
    return write_32(at, ours->their_report ? (uint32_t)((since << 16) / SECOND) : 0);
}

size_t media_report_write(const struct report_ours *ours, uint8_t out[REPORT_SIZE_MAX])
{
    static const char name[] = "outdial";
    size_t report = HEAD + SENDER_INFO + (size_t)(ours->heard ? BLOCK : 0);
    size_t description = (HEAD + 2 + sizeof(name) - 1 + 1 + 3) / 4 * 4;
    uint64_t ntp = ntp_of(ours->now);
    uint8_t *at = write_head(out, ours->heard, SENDER_REPORT, report, ours->ssrc);

    at = write_32(at, (uint32_t)(ntp >> 32));
    at = write_32(at, (uint32_t)ntp);
    at = write_32(at, ours->timestamp);
    at = write_32(at, ours->packets);
    at = write_32(at, ours->bytes);
    if (ours->heard)
        at = write_block(at, ours);
    memset(at, 0, description);
    at = write_head(at, 1, SOURCE_DESCRIPTION, description, ours->ssrc);
    at[0] = CNAME;
    at[1] = sizeof(name) - 1;
    memcpy(at + 2, name, sizeof(name) - 1);
    return report + description;
}

static void read_block(struct report_theirs *theirs, const uint8_t *at, instant now)
{
    uint32_t lost = read_32(at + 4) & 0xffffff, report = read_32(at + 16), since = read_32(at + 20);
    uint32_t round_trip = (uint32_t)(ntp_of(now) >> 16) - report - since;

    theirs->has_block = true;
    theirs->lost_fraction = at[4];
    theirs->lost = (int32_t)(lost << 8) >> 8;
    theirs->jitter = read_32(at + 12);
    /* clocks of the two sides differ in pace: a hair below nothing is nothing */
    theirs->has_rtt = report && (round_trip < 0x800000 || round_trip > 0xffff0000);
    theirs->rtt_us = round_trip > 0xffff0000 ? 0 : (uint32_t)((uint64_t)round_trip * SECOND >> 16);
}

static void read_packet(struct report_theirs *theirs, const uint8_t *at, size_t size, uint32_t ours,
                        instant now)
{
    size_t blocks = at[0] & 31, first = HEAD;

    if (at[1] == SENDER_REPORT && size >= HEAD + SENDER_INFO) {
        theirs->has_report = true;
        theirs->report = read_32(at + HEAD) << 16 | read_32(at + HEAD + 4) >> 16;
        first += SENDER_INFO;
    } else if (at[1] == GOODBYE) {
        theirs->bye = true;
        return;
    } else if (at[1] != RECEIVER_REPORT) {
        return;
    }
    for (; blocks && first + BLOCK <= size; blocks--, first += BLOCK)
        if (read_32(at + first) == ours)
            read_block(theirs, at + first, now);
}

bool media_report_parse(struct report_theirs *theirs, const uint8_t *bytes, size_t size,
                        uint32_t ours, instant now)
{
    memset(theirs, 0, sizeof(*theirs));
    while (size) {
        size_t length = size < 4 ? 0 : 4 * (((size_t)bytes[2] << 8 | bytes[3]) + 1);

        if (!length || length > size || bytes[0] >> 6 != 2)
            return false;
        if (length >= HEAD)
            read_packet(theirs, bytes, length, ours, now);
        bytes += length;
        size -= length;
    }
    return true;
}
