#include "wire/audio_file.h"

#include <errno.h>
#include <math.h>
#include <samplerate.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/g711.h"

enum { SAMPLES_PER_MS = AUDIO_FILE_RATE_HZ / 1000 };
enum { BLOCK_FRAMES = 2048, CHANNELS_MAX = 16, RATE_MIN_HZ = 1000, RATE_MAX_HZ = 384000 };

/* ---- a file in memory, for libsndfile ---- */

struct memory_file {
    struct slice in;  /* read from, or */
    struct text *out; /* written to */
    sf_count_t at;
};

static sf_count_t memory_size(void *user)
{
    struct memory_file *file = user;

    return (sf_count_t)(file->out ? file->out->size : file->in.size);
}

static sf_count_t memory_seek(sf_count_t offset, int whence, void *user)
{
    struct memory_file *file = user;
    sf_count_t base = whence == SEEK_CUR ? file->at : whence == SEEK_END ? memory_size(user) : 0;

    if (offset < -base || offset > memory_size(user) - base)
        return -1;
    file->at = base + offset;
    return file->at;
}

static sf_count_t memory_read(void *into, sf_count_t count, void *user)
{
    struct memory_file *file = user;
    sf_count_t left = memory_size(user) - file->at;

    if (count > left)
        count = left;
    if (count <= 0)
        return 0;
    memcpy(into, (file->out ? file->out->at : file->in.at) + file->at, (size_t)count);
    file->at += count;
    return count;
}

static sf_count_t memory_write(const void *from, sf_count_t count, void *user)
{
    struct memory_file *file = user;
    sf_count_t over = memory_size(user) - file->at; /* the header is written again at the end */

    if (!file->out || count <= 0)
        return 0;
    if (over > count)
        over = count;
    if (over > 0)
        memcpy(file->out->at + file->at, from, (size_t)over);
    text_add_bytes(file->out, (const char *)from + over, (size_t)(count - over));
    file->at += count;
    return file->out->failed ? 0 : count;
}

static sf_count_t memory_tell(void *user)
{
    return ((struct memory_file *)user)->at;
}

static const SF_VIRTUAL_IO memory_io = {.get_filelen = memory_size,
                                        .seek = memory_seek,
                                        .read = memory_read,
                                        .write = memory_write,
                                        .tell = memory_tell};

/* ---- to 8 kHz mono ---- */

struct converter {
    SRC_STATE *resampler; /* NULL: the rate is right already */
    double ratio;
    float *mono; /* a block, one channel; unread samples of the last block stand first */
    long mono_count;
    float out[BLOCK_FRAMES];
    struct text *pcm; /* 16-bit samples */
    size_t size_max;  /* of *pcm */
};

static void emit(struct converter *converter, const float *samples, long count)
{
    int16_t pcm[BLOCK_FRAMES];

    for (long i = 0; i < count; i++) {
        float sample = samples[i] * 32768.0f;

        if (!(sample > -32768.0f)) /* also what is not a number */
            sample = -32768.0f;
        if (sample > 32767.0f)
            sample = 32767.0f;
        pcm[i] = (int16_t)lrintf(sample);
    }
    text_add_bytes(converter->pcm, pcm, (size_t)count * sizeof(pcm[0]));
}

/* Converts the mono block. 0, E2BIG, EINVAL. */
static int convert(struct converter *converter, bool last)
{
    SRC_DATA data = {.src_ratio = converter->ratio, .end_of_input = last};

    if (!converter->resampler) {
        emit(converter, converter->mono, converter->mono_count);
        converter->mono_count = 0;
        return converter->pcm->size > converter->size_max ? E2BIG : 0;
    }
    data.data_in = converter->mono;
    data.input_frames = converter->mono_count;
    do {
        data.data_out = converter->out;
        data.output_frames = BLOCK_FRAMES;
        if (src_process(converter->resampler, &data))
            return EINVAL;
        emit(converter, converter->out, data.output_frames_gen);
        data.data_in += data.input_frames_used;
        data.input_frames -= data.input_frames_used;
        if (converter->pcm->size > converter->size_max)
            return E2BIG;
    } while (data.output_frames_gen || (data.input_frames && data.input_frames_used));
    converter->mono_count = data.input_frames;
    memmove(converter->mono, data.data_in, (size_t)data.input_frames * sizeof(float));
    return 0;
}

static int converter_init(struct converter *converter, const SF_INFO *info, size_t ms_max,
                          struct text *pcm)
{
    int err = 0;

    memset(converter, 0, sizeof(*converter));
    converter->pcm = pcm;
    converter->size_max = ms_max * SAMPLES_PER_MS * sizeof(int16_t);
    converter->ratio = (double)AUDIO_FILE_RATE_HZ / info->samplerate;
    converter->mono = malloc(2 * BLOCK_FRAMES * sizeof(float));
    if (info->samplerate != AUDIO_FILE_RATE_HZ)
        converter->resampler = src_new(SRC_SINC_MEDIUM_QUALITY, 1, &err);
    return !converter->mono || err ? ENOMEM : 0;
}

static void converter_release(struct converter *converter)
{
    free(converter->mono);
    if (converter->resampler)
        src_delete(converter->resampler);
}

static int convert_file(SNDFILE *file, const SF_INFO *info, struct converter *converter)
{
    float *block = malloc(BLOCK_FRAMES * (size_t)info->channels * sizeof(float));
    sf_count_t count = 0;
    int err = block ? 0 : ENOMEM;

    while (!err && (count = sf_readf_float(file, block, BLOCK_FRAMES)) > 0) {
        for (sf_count_t i = 0; i < count; i++) {
            float sum = 0;

            for (int channel = 0; channel < info->channels; channel++)
                sum += block[i * info->channels + channel];
            converter->mono[converter->mono_count++] = sum / (float)info->channels;
        }
        err = convert(converter, false);
        if (!err && converter->mono_count > BLOCK_FRAMES)
            err = EINVAL; /* the resampler refuses its food: cannot be */
    }
    free(block);
    return err ? err : convert(converter, true);
}

/* ---- what kind of bytes ---- */

static bool type_is_one_of(const char *content_type, const char *const *names)
{
    struct slice rest = slice_from(content_type), type = slice_trim(slice_cut(&rest, ';'));

    for (; *names; names++)
        if (slice_is_nocase(type, *names))
            return true;
    return false;
}

static bool has_magic(struct slice bytes)
{
    static const char *const magics[] = {"RIFF", "RIFX", "RF64", ".snd", "FORM",
                                         "fLaC", "OggS", "ID3",  "caff", "riff"};

    for (size_t i = 0; i < array_count(magics); i++)
        if (slice_starts(bytes, magics[i]))
            return true;
    return false;
}

/* Raw companded bytes: their table of samples, NULL when they are a file. */
static const int16_t *raw_table(struct slice bytes, const char *content_type)
{
    static const char *const mulaw[] = {"audio/basic", "audio/mulaw",  "audio/x-mulaw",
                                        "audio/ulaw",  "audio/x-ulaw", "audio/pcmu",
                                        NULL};
    static const char *const alaw[] = {"audio/alaw", "audio/x-alaw", "audio/x-alaw-basic",
                                       "audio/pcma", NULL};

    if (has_magic(bytes))
        return NULL;
    if (type_is_one_of(content_type, mulaw))
        return g711.mulaw_samples;
    return type_is_one_of(content_type, alaw) ? g711.alaw_samples : NULL;
}

static int decode_raw(struct slice bytes, const int16_t *table, size_t ms_max, struct text *pcm)
{
    if (bytes.size > ms_max * SAMPLES_PER_MS)
        return E2BIG;
    for (size_t i = 0; i < bytes.size; i++)
        text_add_bytes(pcm, &table[(uint8_t)bytes.at[i]], sizeof(table[0]));
    return 0;
}

static int decode_file(struct slice bytes, size_t ms_max, struct text *pcm, char *why,
                       size_t why_size)
{
    struct memory_file memory = {.in = bytes};
    SF_INFO info = {0};
    SF_VIRTUAL_IO io = memory_io;
    SNDFILE *file = sf_open_virtual(&io, SFM_READ, &info, &memory);
    struct converter converter;
    int err;

    if (!file) {
        snprintf(why, why_size, "%s", sf_strerror(NULL));
        return EINVAL;
    }
    if (info.channels < 1 || info.channels > CHANNELS_MAX || info.samplerate < RATE_MIN_HZ ||
        info.samplerate > RATE_MAX_HZ) {
        snprintf(why, why_size, "%d channels at %d Hz", info.channels, info.samplerate);
        sf_close(file);
        return EINVAL;
    }
    err = converter_init(&converter, &info, ms_max, pcm);
    if (!err)
        err = convert_file(file, &info, &converter);
    if (err == EINVAL)
        snprintf(why, why_size, "its samples cannot be converted");
    converter_release(&converter);
    sf_close(file);
    return err;
}

static int decode(struct slice bytes, const char *content_type, size_t ms_max, struct text *pcm,
                  char error[AUDIO_FILE_ERROR_SIZE])
{
    const int16_t *table = raw_table(bytes, content_type);
    char why[100] = "";
    int err = 0;

    error[0] = '\0';
    if (!bytes.size) {
        snprintf(why, sizeof(why), "it is empty");
        err = EINVAL;
    } else if (table) {
        err = decode_raw(bytes, table, ms_max, pcm);
    } else {
        err = decode_file(bytes, ms_max, pcm, why, sizeof(why));
    }
    if (!err && pcm->failed)
        err = ENOMEM;
    if (err == EINVAL)
        snprintf(error, AUDIO_FILE_ERROR_SIZE, "cannot read audio of %zu bytes (%.60s): %s",
                 bytes.size, content_type && *content_type ? content_type : "no content type", why);
    else if (err == E2BIG)
        snprintf(error, AUDIO_FILE_ERROR_SIZE, "audio is longer than %zu seconds", ms_max / 1000);
    else if (err)
        snprintf(error, AUDIO_FILE_ERROR_SIZE, "cannot decode audio: %s", strerror(err));
    return err;
}

int audio_file_samples(struct slice bytes, const char *content_type, size_t ms_max,
                       int16_t **samples, size_t *count, char error[AUDIO_FILE_ERROR_SIZE])
{
    struct text pcm;
    size_t size;
    int err;

    text_init(&pcm);
    err = decode(bytes, content_type, ms_max, &pcm, error);
    if (err) {
        text_release(&pcm);
        return err;
    }
    *samples = (int16_t *)(void *)text_take(&pcm, &size);
    *count = size / sizeof(int16_t);
    return 0;
}

int audio_file_decode(struct slice bytes, const char *content_type, size_t ms_max,
                      struct text *mulaw, char error[AUDIO_FILE_ERROR_SIZE])
{
    int16_t *samples;
    size_t count;
    int err = audio_file_samples(bytes, content_type, ms_max, &samples, &count, error);

    if (err)
        return err;
    for (size_t i = 0; i < count; i++)
        text_add_char(mulaw, (char)g711_mulaw_encode(samples[i]));
    free(samples);
    return mulaw->failed ? ENOMEM : 0;
}

int audio_file_encode_wav(struct slice mulaw, struct text *wav)
{
    struct text file_bytes; /* seeks count from its own beginning */
    struct memory_file memory = {.out = &file_bytes};
    SF_INFO info = {
        .samplerate = AUDIO_FILE_RATE_HZ, .channels = 1, .format = SF_FORMAT_WAV | SF_FORMAT_ULAW};
    SF_VIRTUAL_IO io = memory_io;
    SNDFILE *file;
    int err = 0;

    text_init(&file_bytes);
    file = sf_open_virtual(&io, SFM_WRITE, &info, &memory);
    if (!file)
        return ENOMEM;
    if (sf_write_raw(file, mulaw.at, (sf_count_t)mulaw.size) != (sf_count_t)mulaw.size)
        err = ENOMEM;
    if (sf_close(file))
        err = ENOMEM;
    text_add_slice(wav, text_slice(&file_bytes));
    text_release(&file_bytes);
    return err || wav->failed ? ENOMEM : 0;
}
