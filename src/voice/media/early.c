#include "voice/media/early.h"

#include <string.h>

static void drop_first(struct media_early *early)
{
    size_t size = early->packets[0].size;

    early->count--;
    early->size -= size;
    memmove(early->packets, early->packets + 1, early->count * sizeof(early->packets[0]));
    memmove(early->bytes, early->bytes + size, early->size);
}

void media_early_put(struct media_early *early, const struct media_packet *packet, instant arrival)
{
    if (packet->payload_size > EARLY_SAMPLES_MAX)
        return;
    while (early->count == EARLY_PACKETS_MAX ||
           early->size + packet->payload_size > EARLY_SAMPLES_MAX)
        drop_first(early);
    memcpy(early->bytes + early->size, packet->payload, packet->payload_size);
    early->packets[early->count] = (struct media_early_packet){
        .timestamp = packet->timestamp,
        .ssrc = packet->ssrc,
        .sequence = packet->sequence,
        .size = (uint16_t)packet->payload_size,
        .marker = packet->marker,
        .payload_type = packet->payload_type,
        .arrival = arrival,
    };
    early->size += packet->payload_size;
    early->count++;
}

void media_early_drop_before(struct media_early *early, instant at)
{
    while (early->count && early->packets[0].arrival < at)
        drop_first(early);
}

bool media_early_take(struct media_early *early, struct media_packet *packet, instant *arrival,
                      uint8_t payload[EARLY_SAMPLES_MAX])
{
    const struct media_early_packet *kept = early->packets;

    if (!early->count)
        return false;
    memcpy(payload, early->bytes, kept->size);
    *packet = (struct media_packet){
        .payload_type = kept->payload_type,
        .marker = kept->marker,
        .sequence = kept->sequence,
        .timestamp = kept->timestamp,
        .ssrc = kept->ssrc,
        .payload = payload,
        .payload_size = kept->size,
    };
    *arrival = kept->arrival;
    drop_first(early);
    return true;
}
