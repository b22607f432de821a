#ifndef VOICE_MEDIA_PLAYER_H
#define VOICE_MEDIA_PLAYER_H

#include "voice/media/media.h"

/*
 * One place where a play runs: an audio, where it has come to, how often it still repeats. Pure.
 * A player at rest has no audio. The owner reports the ends.
 */
struct media_player {
    struct audio *audio; /* NULL: at rest */
    uint64_t id;
    size_t at;           /* samples of this round */
    unsigned loops_left; /* with this round; 0: endless */
    enum media_play_mode mode;
};

void media_player_start(struct media_player *player,
                        const struct media_play *play); /* was at rest */
void media_player_stop(struct media_player *player);    /* to rest; nothing when at rest */
/* The next samples, silence after the end. False: this was the end (then stop it). */
bool media_player_read(struct media_player *player, uint8_t *mulaw, size_t samples) must_check;
/* The sample at a distance from the start of the first round, loops counted; silence outside. */
void media_player_read_at(const struct media_player *player, uint64_t at, uint8_t *mulaw,
                          size_t samples);
/* Length of all rounds; UINT64_MAX when endless. For a player not yet read from. */
uint64_t media_player_samples(const struct media_player *player);

static inline bool media_player_runs(const struct media_player *player)
{
    return player->audio != NULL;
}

#endif
