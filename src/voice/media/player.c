#include "voice/media/player.h"

#include <string.h>

void media_player_start(struct media_player *player, const struct media_play *play)
{
    check(!player->audio);
    player->audio = audio_ref(play->audio);
    player->id = play->id;
    player->at = 0;
    player->loops_left = play->loop_count;
    player->mode = play->mode;
}

void media_player_stop(struct media_player *player)
{
    audio_unref(player->audio);
    player->audio = NULL;
}

bool media_player_read(struct media_player *player, uint8_t *mulaw, size_t samples)
{
    size_t size = audio_size(player->audio), done = 0;

    while (done < samples) {
        size_t part = samples - done;

        if (player->at == size) {
            if (player->loops_left == 1 || size == 0)
                break;
            if (player->loops_left)
                player->loops_left--;
            player->at = 0;
        }
        if (part > size - player->at)
            part = size - player->at;
        memcpy(mulaw + done, audio_bytes(player->audio) + player->at, part);
        player->at += part;
        done += part;
    }
    memset(mulaw + done, AUDIO_SILENCE, samples - done);
    return size && (player->at < size || player->loops_left != 1);
}

uint64_t media_player_samples(const struct media_player *player)
{
    size_t size = audio_size(player->audio);

    return player->loops_left || !size ? (uint64_t)size * player->loops_left : UINT64_MAX;
}

void media_player_read_at(const struct media_player *player, uint64_t at, uint8_t *mulaw,
                          size_t samples)
{
    size_t size = audio_size(player->audio);
    uint64_t end = media_player_samples(player);

    for (size_t done = 0; done < samples;) {
        size_t place, part = samples - done;

        if (at >= end) {
            memset(mulaw + done, AUDIO_SILENCE, part);
            return;
        }
        place = (size_t)(at % size);
        if (part > size - place)
            part = size - place;
        memcpy(mulaw + done, audio_bytes(player->audio) + place, part);
        done += part;
        at += part;
    }
}
