#include "phones/voices.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <samplerate.h>
#include <sndfile.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "phones/symbols.h"

extern char **environ;

enum {
    RATE = 8000,
    TAPS = 95,
    PEAK = 9000,
    FRAMES_MIN = 3, /* of symbols.h: so that one lost packet does not make a hello anonymous */
    SECONDS_MAX = 120,
    SPOKEN_SIZE_MAX = 16 << 20,
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

struct wav {
    struct slice bytes;
    size_t at;
};

static sf_count_t wav_size(void *arg)
{
    return (sf_count_t)((struct wav *)arg)->bytes.size;
}

static sf_count_t wav_seek(sf_count_t offset, int whence, void *arg)
{
    struct wav *wav = arg;
    sf_count_t size = (sf_count_t)wav->bytes.size;
    sf_count_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (sf_count_t)wav->at : size;

    base += offset;
    wav->at = (size_t)(base < 0 ? 0 : base > size ? size : base);
    return (sf_count_t)wav->at;
}

static sf_count_t wav_read(void *to, sf_count_t count, void *arg)
{
    struct wav *wav = arg;
    size_t left = wav->bytes.size - wav->at;
    size_t part = (size_t)count < left ? (size_t)count : left;

    memcpy(to, wav->bytes.at + wav->at, part);
    wav->at += part;
    return (sf_count_t)part;
}

static sf_count_t wav_tell(void *arg)
{
    return (sf_count_t)((struct wav *)arg)->at;
}

static int to_8_khz(const float *in, size_t count, int rate, struct sound *sound)
{
    size_t room = (size_t)((double)count * RATE / rate) + 64;
    float *out = calloc(room, sizeof(*out));
    int16_t *samples = calloc(room, sizeof(*samples));
    SRC_DATA job = {.data_in = in,
                    .data_out = out,
                    .input_frames = (long)count,
                    .output_frames = (long)room,
                    .src_ratio = (double)RATE / rate};
    int err = out && samples ? 0 : ENOMEM;

    if (!err && src_simple(&job, SRC_SINC_FASTEST, 1))
        err = EINVAL;
    if (!err) {
        src_float_to_short_array(out, samples, (int)job.output_frames_gen);
        err = voices_prepare(sound, samples, (size_t)job.output_frames_gen);
    }
    free(out);
    free(samples);
    return err;
}

/* The first channel of a WAV (or whatever libsndfile reads). */
static int read_wav(struct slice bytes, struct sound *sound)
{
    SF_VIRTUAL_IO io = {wav_size, wav_seek, wav_read, NULL, wav_tell};
    struct wav wav = {bytes, 0};
    SF_INFO info = {0};
    SNDFILE *file = sf_open_virtual(&io, SFM_READ, &info, &wav);
    sf_count_t count = 0;
    float *frames, *mono;
    int err = EINVAL;

    if (!file)
        return EINVAL;
    if (info.samplerate >= 4000 && info.samplerate <= 192000 && info.channels >= 1 &&
        info.channels <= 8) {
        size_t room = (size_t)info.samplerate * SECONDS_MAX;

        frames = calloc(room, sizeof(*frames) * (size_t)info.channels);
        mono = calloc(room, sizeof(*mono));
        if (frames && mono)
            count = sf_readf_float(file, frames, (sf_count_t)room);
        for (sf_count_t i = 0; i < count; i++)
            mono[i] = frames[i * info.channels];
        err = count > 0 ? to_8_khz(mono, (size_t)count, info.samplerate, sound) : EINVAL;
        free(frames);
        free(mono);
    }
    sf_close(file);
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

/* espeak-ng's WAV of a text. The text goes by an argument of its own, never through a shell. */
static int run_espeak(const struct script_sound *wanted, struct text *bytes)
{
    char *const argv[] = {
        (char[]){"espeak-ng"}, (char[]){"-v"}, wanted->voice, (char[]){"--stdout"},
        (char[]){"--"},        wanted->text,   NULL};
    posix_spawn_file_actions_t actions;
    int ends[2], status = 0, err;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC))
        return errno;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    err = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (!err) {
        err = collect(ends[0], bytes);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
        if (!err && status)
            err = EIO;
    }
    close(ends[0]);
    return err;
}

static int speak(struct sound *sound, const struct script_sound *wanted,
                 struct script_problem *problem)
{
    struct text bytes;
    int err;

    text_init(&bytes);
    err = run_espeak(wanted, &bytes);
    if (!err)
        err = read_wav(text_slice(&bytes), sound);
    text_release(&bytes);
    if (err)
        snprintf(problem->text, sizeof(problem->text),
                 "cannot speak \"%.100s\" with espeak-ng's voice '%.60s': %s", wanted->text,
                 wanted->voice, err == ENOENT ? "espeak-ng is not installed" : strerror(err));
    return err;
}

static int read_file(struct sound *sound, const char *path, struct script_problem *problem)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), err = fd < 0 ? errno : 0;
    struct text bytes;

    text_init(&bytes);
    if (!err)
        err = collect(fd, &bytes);
    if (fd >= 0)
        close(fd);
    if (!err)
        err = read_wav(text_slice(&bytes), sound);
    text_release(&bytes);
    if (err)
        snprintf(problem->text, sizeof(problem->text), "cannot read the sound '%.200s': %s", path,
                 err == EINVAL ? "not a WAV" : strerror(err));
    return err;
}

int voices_init(struct voices *voices, const struct script *script, struct script_problem *problem)
{
    size_t count = script_sound_count(script);
    int err = 0;

    voices->sounds = calloc(count ? count : 1, sizeof(*voices->sounds));
    voices->count = count;
    if (!voices->sounds)
        return ENOMEM;
    for (size_t i = 0; i < count && !err; i++) {
        const struct script_sound *wanted = script_sound(script, i);

        err = wanted->text ? speak(&voices->sounds[i], wanted, problem)
                           : read_file(&voices->sounds[i], wanted->path, problem);
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
