#ifndef WIRE_AUDIO_FILE_H
#define WIRE_AUDIO_FILE_H

#include "base/text.h"

/*
 * Audio files to what the telephone carries: whatever libsndfile reads (WAV of any kind, AU, FLAC,
 * OGG, MP3 where its build can) in any rate and number of channels, to 8 kHz mono mu-law. Also raw
 * mu-law and A-law bytes, when the content type says so and the bytes do not say otherwise.
 *
 * The bytes come from strangers and libsndfile has known flaws: the engine calls this in a child
 * process only (src/cli/cmd_decode_audio.c). Any thread; no globals.
 */
enum { AUDIO_FILE_ERROR_SIZE = 200, AUDIO_FILE_RATE_HZ = 8000 };

/*
 * Adds to *mulaw. content_type may be NULL; parameters and case do not matter. 0; EINVAL: not audio
 * we can read; E2BIG: longer than ms_max; ENOMEM. error: a sentence saying what and why.
 */
int audio_file_decode(struct slice bytes, const char *content_type, size_t ms_max,
                      struct text *mulaw, char error[AUDIO_FILE_ERROR_SIZE]) must_check;

/* The same as 16-bit samples: free(*samples). */
int audio_file_samples(struct slice bytes, const char *content_type, size_t ms_max,
                       int16_t **samples, size_t *count,
                       char error[AUDIO_FILE_ERROR_SIZE]) must_check;

/* The bytes of a mono 8 kHz mu-law WAV file, added to *wav. 0, ENOMEM. */
int audio_file_encode_wav(struct slice mulaw, struct text *wav) must_check;

#endif
