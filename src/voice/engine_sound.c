#include "voice/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    URL_BODY_SIZE_MAX = 16 << 20,
    URL_KEPT_MS = 60000, /* a fetched file is used again for so long */
    NAME_SIZE_MAX = 2048,
};

/* A play the control asked for, from the order until its end. */
struct sound {
    struct engine *engine;
    uint64_t play, leg, room; /* room 0: to the leg */
    unsigned loop_count;
    bool started;        /* media has it */
    uint64_t prompt_ref; /* words being spoken or a file being decoded; 0: none */
    uint64_t http_ref;   /* a file being fetched; 0: none */
    char *name;          /* of the file in the cache; NULL: none */
};

static void sound_free(struct sound *sound)
{
    struct engine *engine = sound->engine;

    table_remove_id(&engine->sounds, sound->play);
    if (sound->prompt_ref)
        prompt_cancel(engine->prompt, sound->prompt_ref);
    free(sound->name);
    free(sound);
}

static void tell_end(struct engine *engine, uint64_t play, const char *error)
{
    struct control_event told = {.kind = CONTROL_PLAY_ENDED};

    told.as.play.play = play;
    told.as.play.error = error;
    engine_feed(engine, &told);
}

static void fail(struct sound *sound, const char *error)
{
    struct engine *engine = sound->engine;
    uint64_t play = sound->play;

    sound_free(sound);
    tell_end(engine, play, error);
}

static void start(struct sound *sound, struct audio *audio)
{
    struct media_play play = {sound->play, audio, sound->loop_count, MEDIA_PLAY_REPLACE};

    if (!audio) {
        fail(sound, "out of memory");
        return;
    }
    sound->started = true;
    if (sound->room) {
        play.mode = MEDIA_PLAY_OVER;
        media_play_room(sound->engine->media, sound->room, &play);
    } else {
        media_play_leg(sound->engine->media, sound->leg, &play);
    }
}

static void start_and_drop(struct sound *sound, struct audio *audio)
{
    start(sound, audio);
    audio_unref(audio);
}

/* -------------------------------------------------------------------------------- words, files */

static void prepared(void *arg, struct audio *audio, const char *error)
{
    struct sound *sound = arg;

    sound->prompt_ref = 0;
    if (!audio) {
        fail(sound, *error ? error : "no audio came of it");
        return;
    }
    if (sound->name)
        prompt_keep(sound->engine->prompt, sound->name, audio);
    start(sound, audio);
}

static void say(struct sound *sound, const struct control_effect *effect)
{
    struct prompt_say words = {slice_from(effect->as.play.text), effect->as.play.voice,
                               effect->as.play.language};

    if (prompt_say(sound->engine->prompt, &words, prepared, sound, &sound->prompt_ref))
        fail(sound, "out of memory");
}

static const char *failure_of(const struct http_answer *answer)
{
    if (answer->outcome != HTTP_ANSWERED)
        return answer->error;
    return answer->status == 200 ? NULL : "the server did not answer 200";
}

static void file_came(void *arg, const struct http_answer *answer)
{
    struct sound *sound = arg;
    const char *failure = failure_of(answer);

    if (answer->outcome == HTTP_CANCELED) {
        sound->http_ref = 0;
        sound_free(sound);
        return;
    }
    sound->http_ref = 0;
    if (failure)
        fail(sound, failure);
    else if (prompt_decode(sound->engine->prompt, answer->body, answer->content_type, prepared,
                           sound, &sound->prompt_ref))
        fail(sound, "out of memory");
}

/* Kept by the minute: the same file is not fetched for each call of a campaign, and a changed one is
 * heard soon. */
static char *cache_name(const char *url)
{
    char name[NAME_SIZE_MAX];

    snprintf(name, sizeof(name), "url:%lld:%s",
             (long long)(loop_clock() / MILLISECOND / URL_KEPT_MS), url);
    return slice_dup(slice_from(name));
}

static void play_url(struct sound *sound, const char *url)
{
    struct http_order order = {
        .method = "GET", .url = url, .body_size_max = URL_BODY_SIZE_MAX, .total_ms = 15000};
    struct audio *kept;

    sound->name = cache_name(url);
    kept = sound->name ? prompt_cached(sound->engine->prompt, sound->name) : NULL;
    if (kept)
        start(sound, kept);
    else if (!sound->name ||
             http_client_send(sound->engine->client, &order, file_came, sound, &sound->http_ref))
        fail(sound, "out of memory");
}

/* --------------------------------------------------------------------------------------- tones */

/* What a caller hears while another phone rings: two seconds of tone, four of silence. */
static struct audio *ring_tone(struct engine *engine)
{
    struct audio *tone;
    uint8_t *bytes;

    if (engine->ring_tone)
        return engine->ring_tone;
    tone = audio_new_tone(440, 2000, 6000);
    bytes = malloc(6 * AUDIO_RATE_HZ);
    if (tone && bytes) {
        memset(bytes, AUDIO_SILENCE, 6 * AUDIO_RATE_HZ);
        memcpy(bytes, audio_bytes(tone), audio_size(tone));
        engine->ring_tone = audio_new(bytes, 6 * AUDIO_RATE_HZ);
    }
    audio_unref(tone);
    free(bytes);
    return engine->ring_tone;
}

/* An hour of silence is a second of it, many times. */
static void silence(struct sound *sound, unsigned ms)
{
    if (ms > 1000 && ms % 1000 == 0) {
        sound->loop_count *= ms / 1000;
        ms = 1000;
    }
    start_and_drop(sound, audio_new_silence(ms));
}

static struct audio *exit_beep(struct engine *engine)
{
    if (!engine->exit_beep)
        engine->exit_beep = audio_new_tone(350, 200, 6000);
    return engine->exit_beep;
}

/* --------------------------------------------------------------------------------------- orders */

static struct sound *sound_new(struct engine *engine, const struct control_effect *effect)
{
    struct sound *sound = calloc(1, sizeof(*sound));

    if (!sound)
        return NULL;
    sound->engine = engine;
    sound->play = effect->as.play.play;
    sound->leg = effect->leg;
    sound->room = effect->as.play.room;
    sound->loop_count = effect->as.play.loop;
    if (table_put_id(&engine->sounds, sound->play, sound)) {
        free(sound);
        return NULL;
    }
    return sound;
}

void engine_play(struct engine *engine, const struct control_effect *effect)
{
    struct sound *sound = sound_new(engine, effect);

    if (!sound) {
        tell_end(engine, effect->as.play.play, "out of memory");
        return;
    }
    switch (effect->as.play.source) {
    case CONTROL_SOURCE_SAY:
        say(sound, effect);
        break;
    case CONTROL_SOURCE_URL:
        play_url(sound, effect->as.play.url);
        break;
    case CONTROL_SOURCE_SILENCE:
        silence(sound, effect->as.play.silence_ms);
        break;
    case CONTROL_SOURCE_RING:
        start(sound, ring_tone(engine));
        break;
    case CONTROL_SOURCE_BEEP_ENTER:
        start(sound, prompt_beep(engine->prompt));
        break;
    case CONTROL_SOURCE_BEEP_EXIT:
        start(sound, exit_beep(engine));
        break;
    case CONTROL_SOURCE_HOLD:
        start(sound, prompt_hold(engine->prompt));
        break;
    }
}

void engine_stop_play(struct engine *engine, uint64_t play)
{
    struct sound *sound = table_get_id(&engine->sounds, play);

    if (!sound)
        return;
    if (sound->http_ref) {
        /* Its handler comes with HTTP_CANCELED and lets go; nothing else may find it till then. */
        table_remove_id(&engine->sounds, play);
        http_client_cancel(engine->client, sound->http_ref);
        return;
    }
    if (sound->started && sound->room)
        media_stop_room(engine->media, sound->room, play);
    else if (sound->started)
        media_stop_leg(engine->media, sound->leg, play);
    sound_free(sound);
}

void engine_play_ended(struct engine *engine, uint64_t play, enum media_play_end end)
{
    struct sound *sound = table_get_id(&engine->sounds, play);

    if (!sound)
        return; /* the control has stopped it */
    sound_free(sound);
    tell_end(engine, play, end == MEDIA_PLAY_FINISHED ? NULL : media_play_end_name(end));
}

void engine_sounds_release(struct engine *engine)
{
    struct table_slot *slot;
    size_t at = 0;

    while ((slot = table_next(&engine->sounds, &at)))
        sound_free(slot->value);
    table_release(&engine->sounds);
    audio_unref(engine->ring_tone);
    audio_unref(engine->exit_beep);
}
