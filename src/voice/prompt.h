#ifndef VOICE_PROMPT_H
#define VOICE_PROMPT_H

#include "base/text.h"
#include "net/loop.h"
#include "voice/media/audio.h"

/*
 * Words and files to audio, cached. Speech is made by the espeak-ng program, fetched files are
 * decoded by a child process of our own (`outdial _decode-audio`) with limits on its time and
 * memory; neither can hurt or delay the engine.
 *
 *   prompt_new(&prompts, loop, &options);
 *   prompt_say(prompts, &say, handler, arg, &ref);
 *   prompt_decode(prompts, bytes, content_type, handler, arg, &ref);
 *   handler(arg, audio, error) is called exactly once for each, later, from the loop, never from
 *   inside the call: audio (borrowed; audio_ref to keep it) and "", or NULL and a sentence.
 *
 * Ready-made sound needs no waiting: prompt_hold, prompt_beep, audio_new_silence. The loop's thread
 * only.
 */
struct prompt;

struct prompt_options {
    const char *speaker;      /* program; NULL: "espeak-ng" */
    const char *self;         /* the outdial binary, for _decode-audio; NULL: /proc/self/exe */
    size_t cache_size_max;    /* bytes of audio kept; 0: 64 MiB */
    unsigned work_ms_max;     /* a child is killed after this; 0: 10 000 */
    unsigned child_count_max; /* at once, others wait in line; 0: 4 */
    size_t audio_ms_max;      /* longer results are refused; 0: 600 000 (ten minutes) */
};

struct prompt_say {
    struct slice text;    /* UTF-8; at most PROMPT_TEXT_SIZE_MAX bytes */
    const char *voice;    /* a TwiML voice name ("alice", "man", "Polly.Joanna"); NULL or "" */
    const char *language; /* "en-US", "de-DE" ...; NULL or "" : en-US */
};

enum { PROMPT_TEXT_SIZE_MAX = 4096 };

typedef void (*prompt_handler)(void *arg, struct audio *audio, const char *error);

int prompt_new(struct prompt **prompt, struct loop *loop,
               const struct prompt_options *options) must_check; /* 0, ENOMEM */
void prompt_free(struct prompt *prompt); /* waiting handlers are called with an error. NULL: fine */

/* *ref (may be NULL) is never 0. 0, ENOMEM; every other failure comes to the handler. */
int prompt_say(struct prompt *prompt, const struct prompt_say *say, prompt_handler handler,
               void *arg, uint64_t *ref) must_check;
/* A fetched body (copied). content_type decides only for raw audio (audio/basic, audio/mulaw ...);
 * all else is recognised by its bytes. Not cached by itself: see prompt_cached and prompt_keep. */
int prompt_decode(struct prompt *prompt, struct slice bytes, const char *content_type,
                  prompt_handler handler, void *arg, uint64_t *ref) must_check;
void prompt_cancel(struct prompt *prompt, uint64_t ref); /* its handler will not be called */

/* The cache is open to decoded files too, under any name (a URL with its ETag, say). */
struct audio *prompt_cached(struct prompt *prompt,
                            const char *name); /* borrowed; NULL: not there */
void prompt_keep(struct prompt *prompt, const char *name, struct audio *audio);

struct audio *prompt_hold(struct prompt *prompt); /* the built-in melody; borrowed */
struct audio *prompt_beep(struct prompt *prompt); /* a short tone; borrowed */

#endif
