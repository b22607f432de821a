#include "phones/voices.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "phones/symbols.h"
#include "wire/audio_file.h"

extern char **environ;

enum {
    RATE = 8000,
    TAPS = 95,
    PEAK = 9000,
    FRAMES_MIN = 3, /* of symbols.h: so that one lost packet does not make a hello anonymous */
    SECONDS_MAX = 120,
    SPOKEN_SIZE_MAX = 64 << 20,
    PIPE_SIZE = 1 << 20,
    SPEAKERS = 4,
};

#define CUTOFF_HZ 2100.0

/* A windowed sinc: flat to 2000 Hz, 50 dB down at 2300. */
static void make_filter(float taps[TAPS])
{
    double total = 0, weights[TAPS];

    for (int i = 0; i < TAPS; i++) {
        double x = i - (TAPS - 1) / 2.0, turn = 2 * M_PI * i / (TAPS - 1);
        double sinc = fabs(x) < 1e-9 ? 2 * CUTOFF_HZ / RATE
                                     : sin(2 * M_PI * CUTOFF_HZ / RATE * x) / (M_PI * x);

        weights[i] = sinc * (0.42 - 0.5 * cos(turn) + 0.08 * cos(2 * turn));
        total += weights[i];
    }
    for (int i = 0; i < TAPS; i++)
        taps[i] = (float)(weights[i] / total);
}

static float filtered(const float taps[TAPS], const int16_t *samples, size_t count, size_t at)
{
    float sum = 0;

    for (size_t i = 0; i < TAPS; i++) {
        size_t from = at + TAPS / 2;

        if (from >= i && from - i < count)
            sum += taps[i] * samples[from - i];
    }
    return sum;
}

/* Without the silence espeak-ng puts before and after: the first word is to come first. */
static void trim(const int16_t **samples, size_t *count)
{
    while (*count && abs(**samples) < 200) {
        ++*samples;
        --*count;
    }
    while (*count && abs((*samples)[*count - 1]) < 200)
        --*count;
}

int voices_prepare(struct sound *sound, const int16_t *samples, size_t count)
{
    size_t frames, room;
    float taps[TAPS], loudest = 1, *clean;

    trim(&samples, &count);
    frames = (count + FRAME_SAMPLES - 1) / FRAME_SAMPLES;
    room = (frames < FRAMES_MIN ? FRAMES_MIN : frames) * FRAME_SAMPLES;
    clean = calloc(room, sizeof(*clean));
    sound->samples = calloc(room, sizeof(*sound->samples));
    sound->count = room;
    if (!clean || !sound->samples) {
        free(clean);
        free(sound->samples);
        *sound = (struct sound){0};
        return ENOMEM;
    }
    make_filter(taps);
    for (size_t i = 0; i < count; i++) {
        clean[i] = filtered(taps, samples, count, i);
        loudest = fmaxf(loudest, fabsf(clean[i]));
    }
    for (size_t i = 0; i < count; i++)
        sound->samples[i] = (int16_t)(clean[i] * PEAK / loudest);
    free(clean);
    return 0;
}

/* A WAV, or whatever libsndfile reads. */
static int read_wav(struct slice bytes, struct sound *sound, char error[AUDIO_FILE_ERROR_SIZE])
{
    int16_t *samples = NULL;
    size_t count = 0;
    int err = audio_file_samples(bytes, NULL, SECONDS_MAX * 1000, &samples, &count, error);

    if (!err)
        err = voices_prepare(sound, samples, count);
    free(samples);
    return err;
}

static int collect(int fd, struct text *bytes)
{
    char part[16384];
    ssize_t got;

    while ((got = read(fd, part, sizeof(part))) != 0) {
        if (got < 0 && errno != EINTR)
            return errno;
        if (got > 0)
            text_add_bytes(bytes, part, (size_t)got);
        if (bytes->size > SPOKEN_SIZE_MAX)
            return EFBIG;
    }
    return bytes->failed ? ENOMEM : 0;
}

/* espeak-ng at work on one text. */
struct speaker {
    pid_t pid;
    int fd; /* its standard output */
    int err;
};

/* The text goes by an argument of its own, never through a shell. */
static int start_espeak(const struct script_sound *wanted, struct speaker *speaker)
{
    char *const argv[] = {
        (char[]){"espeak-ng"}, (char[]){"-v"}, wanted->voice, (char[]){"--stdout"},
        (char[]){"--"},        wanted->text,   NULL};
    posix_spawn_file_actions_t actions;
    int ends[2], err;

    if (pipe2(ends, O_CLOEXEC))
        return errno;
    (void)fcntl(ends[0], F_SETPIPE_SZ, PIPE_SIZE); /* only speed depends on it */
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    err = posix_spawnp(&speaker->pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    speaker->fd = ends[0];
    if (err)
        close(ends[0]);
    return err;
}

static int finish_espeak(struct speaker *speaker, struct text *bytes)
{
    int err = collect(speaker->fd, bytes), status = 0;

    close(speaker->fd);
    while (waitpid(speaker->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return err ? err : status ? EIO : 0;
}

static int complain(struct script_problem *problem, const struct script_sound *wanted, int err,
                    const char *why)
{
    if (!*why)
        why = err == ENOENT && wanted->text ? "espeak-ng is not installed"
              : err == EIO && wanted->text  ? "espeak-ng failed; has it that voice?"
                                            : strerror(err);
    if (wanted->text)
        snprintf(problem->text, sizeof(problem->text),
                 "cannot speak \"%.80s\" with espeak-ng's voice '%.40s': %.120s", wanted->text,
                 wanted->voice, why);
    else
        snprintf(problem->text, sizeof(problem->text), "cannot read the sound '%.130s': %.130s",
                 wanted->path, why);
    return err;
}

static int read_file(const char *path, struct text *bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), err = fd < 0 ? errno : collect(fd, bytes);

    if (fd >= 0)
        close(fd);
    return err;
}

static void start(const struct script_sound *wanted, struct speaker *speaker)
{
    speaker->err = wanted->text ? start_espeak(wanted, speaker) : 0;
}

static int finish(struct sound *sound, const struct script_sound *wanted, struct speaker *speaker,
                  struct script_problem *problem)
{
    char error[AUDIO_FILE_ERROR_SIZE] = "";
    struct text bytes;
    int err = speaker->err;

    text_init(&bytes);
    if (!err)
        err = wanted->text ? finish_espeak(speaker, &bytes) : read_file(wanted->path, &bytes);
    if (!err)
        err = read_wav(text_slice(&bytes), sound, error);
    text_release(&bytes);
    return err ? complain(problem, wanted, err, error) : 0;
}

/* A few speakers at a time: most of a short text's time is the program's start. */
int voices_init(struct voices *voices, const struct script *script, struct script_problem *problem)
{
    struct speaker speakers[SPEAKERS];
    size_t count = script_sound_count(script);
    struct script_problem later;
    size_t started = 0;
    int err = 0, failed;

    voices->sounds = calloc(count ? count : 1, sizeof(*voices->sounds));
    voices->count = count;
    if (!voices->sounds)
        return ENOMEM;
    for (size_t i = 0; i < count && (!err || i < started); i++) {
        for (; !err && started < count && started < i + SPEAKERS; started++)
            start(script_sound(script, started), &speakers[started % SPEAKERS]);
        failed = finish(&voices->sounds[i], script_sound(script, i), &speakers[i % SPEAKERS],
                        err ? &later : problem);
        if (!err)
            err = failed;
    }
    if (err)
        voices_release(voices);
    return err;
}

void voices_release(struct voices *voices)
{
    for (size_t i = 0; voices->sounds && i < voices->count; i++)
        free(voices->sounds[i].samples);
    free(voices->sounds);
    *voices = (struct voices){0};
}
