#include "voice/prompt.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "net/child.h"

enum {
    CACHE_SIZE_MAX = 64 << 20,
    WORK_MS_MAX = 10000,
    CHILD_COUNT_MAX = 4,
    AUDIO_MS_MAX = 600000,
    SPEECH_BYTES_PER_MS = 50, /* espeak-ng: 22 050 Hz of 16 bits, rounded up */
    BEEP_HZ = 1000,
    BEEP_MS = 400,
    BEEP_LEVEL = 8000,
    NAME_SIZE = 40,
    ERROR_SIZE = 240,
};

struct cached {
    struct cached *newer, *older;
    struct audio *audio;
    size_t name_size;
    char name[];
};

struct waiter {
    struct waiter *next;
    uint64_t ref;
    prompt_handler handler;
    void *arg;
};

/* One thing being made; several may wait for the same words. */
enum job_stage {
    JOB_SPEAK,  /* input is text for the speaker */
    JOB_DECODE, /* input is a file */
    JOB_DONE,   /* audio or error stands; to be delivered */
};

struct job {
    struct job *next;
    struct prompt *prompt;
    enum job_stage stage;
    char *cache_name; /* NULL: not cached */
    size_t cache_name_size;
    struct text input;
    char voice[NAME_SIZE]; /* the speaker's: "de-de+f3" */
    bool voice_tried;      /* it did not exist: now the default one */
    char *content_type;
    struct child *child; /* NULL: waits for its turn, or is done */
    struct audio *audio;
    char error[ERROR_SIZE];
    struct waiter *waiters;
};

struct prompt {
    struct loop *loop;
    struct prompt_options options;
    char *speaker, *self;
    struct table cache; /* name -> struct cached */
    struct cached *newest, *oldest;
    size_t cache_size;
    struct job *jobs; /* in the order they came */
    unsigned child_count;
    uint64_t ref_last;
    struct loop_timer delivery;
    struct audio *melody, *beep, *nothing;
};

static void jobs_go_on(struct prompt *prompt);

/* ---- the cache: least recently used leaves first ---- */

static void cached_unlink(struct prompt *prompt, struct cached *cached)
{
    *(cached->newer ? &cached->newer->older : &prompt->newest) = cached->older;
    *(cached->older ? &cached->older->newer : &prompt->oldest) = cached->newer;
    cached->newer = cached->older = NULL;
}

static void cached_link_newest(struct prompt *prompt, struct cached *cached)
{
    cached->older = prompt->newest;
    *(prompt->newest ? &prompt->newest->newer : &prompt->oldest) = cached;
    prompt->newest = cached;
}

static void cached_forget(struct prompt *prompt, struct cached *cached)
{
    table_remove(&prompt->cache, cached->name, cached->name_size);
    cached_unlink(prompt, cached);
    prompt->cache_size -= audio_size(cached->audio);
    audio_unref(cached->audio);
    free(cached);
}

static struct audio *cache_get(struct prompt *prompt, const char *name, size_t size)
{
    struct cached *cached = table_get(&prompt->cache, name, size);

    if (!cached)
        return NULL;
    cached_unlink(prompt, cached);
    cached_link_newest(prompt, cached);
    return cached->audio;
}

static void cache_keep(struct prompt *prompt, const char *name, size_t size, struct audio *audio)
{
    struct cached *cached = table_get(&prompt->cache, name, size);

    if (cached)
        cached_forget(prompt, cached);
    if (audio_size(audio) > prompt->options.cache_size_max / 4)
        return; /* one piece must not push out all the others */
    cached = calloc(1, sizeof(*cached) + size);
    if (!cached || table_put(&prompt->cache, name, size, cached)) {
        free(cached);
        return; /* a cache may forget */
    }
    memcpy(cached->name, name, size);
    cached->name_size = size;
    cached->audio = audio_ref(audio);
    cached_link_newest(prompt, cached);
    prompt->cache_size += audio_size(audio);
    while (prompt->cache_size > prompt->options.cache_size_max)
        cached_forget(prompt, prompt->oldest);
}

struct audio *prompt_cached(struct prompt *prompt, const char *name)
{
    return cache_get(prompt, name, strlen(name));
}

void prompt_keep(struct prompt *prompt, const char *name, struct audio *audio)
{
    cache_keep(prompt, name, strlen(name), audio);
}

/* ---- jobs ---- */

static void job_free(struct job *job)
{
    while (job->waiters) {
        struct waiter *waiter = job->waiters;

        job->waiters = waiter->next;
        free(waiter);
    }
    if (job->child)
        child_drop(job->child, false);
    audio_unref(job->audio);
    text_release(&job->input);
    free(job->cache_name);
    free(job->content_type);
    free(job);
}

static void job_unlink(struct prompt *prompt, struct job *job)
{
    struct job **link = &prompt->jobs;

    while (*link != job)
        link = &(*link)->next;
    *link = job->next;
}

static void deliver(void *arg);

/* Never fails: the timer keeps its place in the loop's heap from the beginning on. */
static void delivery_at(struct prompt *prompt, instant at)
{
    int err = loop_timer_start(prompt->loop, &prompt->delivery, at, deliver, prompt);

    check(!err);
}

static void deliver(void *arg)
{
    struct prompt *prompt = arg;
    struct job *job;

    delivery_at(prompt, INSTANT_NEVER);
    for (;;) {
        for (job = prompt->jobs; job && job->stage != JOB_DONE;)
            job = job->next;
        if (!job)
            break;
        /* a handler may ask for more, or cancel: look at the list anew after each */
        if (job->waiters) {
            struct waiter *waiter = job->waiters;
            struct audio *audio = audio_ref(job->audio);
            char error[ERROR_SIZE];

            memcpy(error, job->error, sizeof(error));
            job->waiters = waiter->next;
            waiter->handler(waiter->arg, audio, error);
            audio_unref(audio);
            free(waiter);
        } else {
            job_unlink(prompt, job);
            job_free(job);
        }
    }
}

static void job_done(struct job *job, struct audio *audio)
{
    struct prompt *prompt = job->prompt;

    job->stage = JOB_DONE;
    job->audio = audio;
    if (audio)
        job->error[0] = '\0';
    if (audio && job->cache_name)
        cache_keep(prompt, job->cache_name, job->cache_name_size, audio);
    delivery_at(prompt, loop_now(prompt->loop));
}

static void job_fail(struct job *job, const char *what, const struct child_end *end)
{
    if (end->timed_out)
        snprintf(job->error, sizeof(job->error), "%s took longer than %u ms", what,
                 job->prompt->options.work_ms_max);
    else if (end->too_large)
        snprintf(job->error, sizeof(job->error), "%s gave too much audio", what);
    else if (!end->exited)
        snprintf(job->error, sizeof(job->error), "%s died of signal %d", what, end->status);
    else
        snprintf(job->error, sizeof(job->error), "%s failed (exit code %d)", what, end->status);
    job_done(job, NULL);
}

static void speak_ended(struct job *job, const struct child_end *end)
{
    if (end->exited && end->status == 0) {
        text_clear(&job->input);
        text_add_slice(&job->input, end->output);
        job->stage = JOB_DECODE;
        if (!end->output.size)
            job_done(job, audio_ref(job->prompt->nothing)); /* no words, no sound */
    } else if (end->exited && !job->voice_tried) {
        job->voice_tried = true; /* an unknown voice is the default voice, no error */
        snprintf(job->voice, sizeof(job->voice), "en-us");
    } else {
        job_fail(job, job->prompt->speaker, end);
    }
}

static void decode_ended(struct job *job, const struct child_end *end)
{
    struct audio *audio;

    if (end->exited && end->status == 0) {
        audio = audio_new(end->output.at, end->output.size);
        if (!audio)
            snprintf(job->error, sizeof(job->error), "out of memory");
        job_done(job, audio);
    } else if (end->exited && end->status == 1) {
        snprintf(job->error, sizeof(job->error), "%.*s", (int)end->output.size, end->output.at);
        job_done(job, NULL);
    } else {
        job_fail(job, "the audio decoder", end);
    }
}

static void child_ended(void *arg, const struct child_end *end)
{
    struct job *job = arg;
    struct prompt *prompt = job->prompt;

    job->child = NULL;
    prompt->child_count--;
    if (job->stage == JOB_SPEAK)
        speak_ended(job, end);
    else
        decode_ended(job, end);
    jobs_go_on(prompt);
}

static void job_start(struct job *job)
{
    struct prompt *prompt = job->prompt;
    char ms_max[24];
    const char *speak[] = {prompt->speaker, "--stdin", "--stdout", "-b", "1", "-v",
                           job->voice,      NULL};
    const char *decode[] = {prompt->self, "_decode-audio",
                            job->content_type ? job->content_type : "", ms_max, NULL};
    bool speaks = job->stage == JOB_SPEAK;
    struct child_order order = {
        .argv = speaks ? speak : decode,
        .input = text_slice(&job->input),
        .time_ms_max = prompt->options.work_ms_max,
        .output_size_max = prompt->options.audio_ms_max * (speaks ? SPEECH_BYTES_PER_MS : 8) + 4096,
        .processor_seconds_max = prompt->options.work_ms_max / 1000 + 1,
    };
    int err;

    snprintf(ms_max, sizeof(ms_max), "%zu", prompt->options.audio_ms_max);
    err = child_run(&job->child, prompt->loop, &order, child_ended, job);
    if (!err) {
        prompt->child_count++;
        return;
    }
    job->child = NULL;
    snprintf(job->error, sizeof(job->error), "cannot run '%s': %s", order.argv[0], strerror(err));
    job_done(job, NULL);
}

static void jobs_go_on(struct prompt *prompt)
{
    for (struct job *job = prompt->jobs; job; job = job->next)
        if (!job->child && job->stage != JOB_DONE &&
            prompt->child_count < prompt->options.child_count_max)
            job_start(job);
}

/* ---- asking ---- */

static struct job *job_new(struct prompt *prompt, enum job_stage stage)
{
    struct job **link = &prompt->jobs, *job = calloc(1, sizeof(*job));

    if (!job)
        return NULL;
    job->prompt = prompt;
    job->stage = stage;
    text_init(&job->input);
    while (*link)
        link = &(*link)->next;
    *link = job;
    return job;
}

static int job_await(struct job *job, prompt_handler handler, void *arg, uint64_t *ref)
{
    struct waiter **link = &job->waiters, *waiter = calloc(1, sizeof(*waiter));

    if (!waiter)
        return ENOMEM;
    waiter->ref = ++job->prompt->ref_last;
    waiter->handler = handler;
    waiter->arg = arg;
    while (*link)
        link = &(*link)->next;
    *link = waiter;
    if (ref)
        *ref = waiter->ref;
    return 0;
}

/* A TwiML voice and a language to a voice of the speaker: "de-de", with "+f3" a woman's. */
static void voice_name(const struct prompt_say *say, char out[NAME_SIZE])
{
    static const char *const women[] = {
        "alice",         "woman",       "polly.joanna", "polly.salli",   "polly.kimberly",
        "polly.kendra",  "polly.ivy",   "polly.amy",    "polly.emma",    "polly.nicole",
        "polly.marlene", "polly.vicki", "polly.celine", "polly.conchita"};
    const char *language = say->language && *say->language ? say->language : "en-us";
    struct slice voice = slice_from(say->voice);
    size_t size = 0;

    /* it becomes an argument: letters, digits and hyphens only, and it cannot begin with a hyphen */
    for (; *language && size < NAME_SIZE - 4; language++)
        if (isalnum((unsigned char)*language) || (*language == '-' && size))
            out[size++] = (char)tolower((unsigned char)*language);
    out[size] = '\0';
    for (size_t i = 0; i < array_count(women); i++)
        if (slice_is_nocase(voice, women[i]))
            memcpy(out + size, "+f3", 4);
}

static int say_cache_name(const struct prompt_say *say, const char *voice, char **name,
                          size_t *size)
{
    struct text text;

    text_init(&text);
    text_addf(&text, "say %s ", voice);
    text_add_slice(&text, say->text);
    *name = text_take(&text, size);
    return *name ? 0 : ENOMEM;
}

static struct job *job_of_cache_name(const struct prompt *prompt, const char *name, size_t size)
{
    for (struct job *job = prompt->jobs; job; job = job->next)
        if (job->stage != JOB_DONE && job->cache_name && job->cache_name_size == size &&
            memcmp(job->cache_name, name, size) == 0)
            return job;
    return NULL;
}

/* Fills a job that was just made; its end may be known at once. */
static void say_begin(struct job *job, const struct prompt_say *say)
{
    struct audio *audio = cache_get(job->prompt, job->cache_name, job->cache_name_size);

    text_add_slice(&job->input, say->text);
    if (audio) {
        free(job->cache_name);
        job->cache_name = NULL;
        job_done(job, audio_ref(audio));
    } else if (say->text.size > PROMPT_TEXT_SIZE_MAX) {
        snprintf(job->error, sizeof(job->error), "a text of %zu bytes is more than %d",
                 say->text.size, PROMPT_TEXT_SIZE_MAX);
        job_done(job, NULL);
    } else if (job->input.failed) {
        snprintf(job->error, sizeof(job->error), "out of memory");
        job_done(job, NULL);
    } else {
        jobs_go_on(job->prompt);
    }
}

int prompt_say(struct prompt *prompt, const struct prompt_say *say, prompt_handler handler,
               void *arg, uint64_t *ref)
{
    char voice[NAME_SIZE], *name;
    struct job *job;
    size_t size;

    voice_name(say, voice);
    if (say_cache_name(say, voice, &name, &size))
        return ENOMEM;
    job = job_of_cache_name(prompt, name, size);
    if (job) {
        free(name);
        return job_await(job, handler, arg, ref);
    }
    job = job_new(prompt, JOB_SPEAK);
    if (!job || job_await(job, handler, arg, ref)) {
        free(name);
        if (job) {
            job_unlink(prompt, job);
            job_free(job);
        }
        return ENOMEM;
    }
    job->cache_name = name;
    job->cache_name_size = size;
    snprintf(job->voice, sizeof(job->voice), "%s", voice);
    say_begin(job, say);
    return 0;
}

int prompt_decode(struct prompt *prompt, struct slice bytes, const char *content_type,
                  prompt_handler handler, void *arg, uint64_t *ref)
{
    struct job *job = job_new(prompt, JOB_DECODE);

    if (!job)
        return ENOMEM;
    text_add_slice(&job->input, bytes);
    job->content_type = slice_dup(slice_from(content_type));
    if (job->input.failed || !job->content_type || job_await(job, handler, arg, ref)) {
        job_unlink(prompt, job);
        job_free(job);
        return ENOMEM;
    }
    jobs_go_on(prompt);
    return 0;
}

static void job_drop_unwanted(struct prompt *prompt, struct job *job)
{
    if (job->waiters || job->cache_name)
        return; /* words are finished all the same: they will be asked for again */
    if (job->child)
        prompt->child_count--;
    job_unlink(prompt, job);
    job_free(job);
    jobs_go_on(prompt);
}

void prompt_cancel(struct prompt *prompt, uint64_t ref)
{
    for (struct job *job = prompt->jobs; job; job = job->next) {
        for (struct waiter **link = &job->waiters; *link; link = &(*link)->next) {
            struct waiter *waiter = *link;

            if (waiter->ref != ref)
                continue;
            *link = waiter->next;
            free(waiter);
            if (job->stage != JOB_DONE) /* else the delivery clears it away */
                job_drop_unwanted(prompt, job);
            return;
        }
    }
}

/* ---- life ---- */

struct audio *prompt_hold(struct prompt *prompt)
{
    return prompt->melody;
}

struct audio *prompt_beep(struct prompt *prompt)
{
    return prompt->beep;
}

static void options_complete(struct prompt_options *options)
{
    if (!options->cache_size_max)
        options->cache_size_max = CACHE_SIZE_MAX;
    if (!options->work_ms_max)
        options->work_ms_max = WORK_MS_MAX;
    if (!options->child_count_max)
        options->child_count_max = CHILD_COUNT_MAX;
    if (!options->audio_ms_max)
        options->audio_ms_max = AUDIO_MS_MAX;
}

int prompt_new(struct prompt **promptp, struct loop *loop, const struct prompt_options *options)
{
    struct prompt *prompt = calloc(1, sizeof(*prompt));

    if (!prompt)
        return ENOMEM;
    prompt->loop = loop;
    prompt->options = *options;
    options_complete(&prompt->options);
    table_init(&prompt->cache);
    prompt->speaker = strdup(options->speaker ? options->speaker : "espeak-ng");
    prompt->self = strdup(options->self ? options->self : "/proc/self/exe");
    prompt->melody = audio_new_melody();
    prompt->beep = audio_new_tone(BEEP_HZ, BEEP_MS, BEEP_LEVEL);
    prompt->nothing = audio_new_silence(0);
    if (!prompt->speaker || !prompt->self || !prompt->melody || !prompt->beep || !prompt->nothing ||
        loop_timer_start(loop, &prompt->delivery, INSTANT_NEVER, deliver, prompt)) {
        prompt_free(prompt);
        return ENOMEM;
    }
    *promptp = prompt;
    return 0;
}

void prompt_free(struct prompt *prompt)
{
    if (!prompt)
        return;
    loop_timer_stop(prompt->loop, &prompt->delivery);
    while (prompt->jobs) {
        struct job *job = prompt->jobs;

        prompt->jobs = job->next;
        while (job->waiters) {
            struct waiter *waiter = job->waiters;

            job->waiters = waiter->next;
            waiter->handler(waiter->arg, NULL, "the engine is stopping");
            free(waiter);
        }
        job_free(job);
    }
    while (prompt->oldest)
        cached_forget(prompt, prompt->oldest);
    table_release(&prompt->cache);
    audio_unref(prompt->melody);
    audio_unref(prompt->beep);
    audio_unref(prompt->nothing);
    free(prompt->speaker);
    free(prompt->self);
    free(prompt);
}
