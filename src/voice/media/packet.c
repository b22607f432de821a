#include "voice/media/packet.h"

static uint32_t read_32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void write_32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

bool media_packet_parse(struct media_packet *packet, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    size_t start = PACKET_HEADER_SIZE;

    if (size < start || at[0] >> 6 != 2)
        return false;
    packet->marker = at[1] >> 7;
    packet->payload_type = at[1] & 0x7f;
    if (packet->payload_type >= 64 && packet->payload_type <= 95)
        return false;
    packet->sequence = (uint16_t)(at[2] << 8 | at[3]);
    packet->timestamp = read_32(at + 4);
    packet->ssrc = read_32(at + 8);
    start += 4 * (size_t)(at[0] & 15);
    if (at[0] & 0x10) {
        if (size < start + 4)
            return false;
        start += 4 + 4 * ((size_t)at[start + 2] << 8 | at[start + 3]);
    }
    if (size < start)
        return false;
    if (at[0] & 0x20) {
        size_t padding = at[size - 1];

        if (!padding || padding > size - start)
            return false;
        size -= padding;
    }
    packet->payload = at + start;
    packet->payload_size = size - start;
    return true;
}

void media_packet_header(const struct media_packet *packet, uint8_t out[PACKET_HEADER_SIZE])
{
    out[0] = 0x80;
    out[1] = (uint8_t)(packet->payload_type | (packet->marker ? 0x80 : 0));
    out[2] = (uint8_t)(packet->sequence >> 8);
    out[3] = (uint8_t)packet->sequence;
    write_32(out + 4, packet->timestamp);
    write_32(out + 8, packet->ssrc);
}
