#include "phones/symbols.h"

#include <math.h>
#include <string.h>
#include <threads.h>

#include "base/check.h"

/*
 * All tones are multiples of 50 Hz, so a symbol of 160 samples holds whole periods: symbols join
 * without a click, and the reader's references repeat every symbol. One table serves both.
 */
enum {
    TONES = 24,
    TONE_FIRST = 47, /* times 50 Hz */
    BLOCK = SYMBOL_SAMPLES / SYMBOLS_PHASES,
    CRC_BITS = 12,
    UNCLEAR = 0xFF,
    QUIET_PEAK = 200, /* below: nobody speaks */
    AMPLITUDE = 1400,
};

static const struct band_shape {
    uint8_t first_tone, bits, id_symbols, crc_symbols;
    uint8_t sync[2];
} BANDS[] = {
    [SPEAKER_PERSON] = {0, 4, 5, 3, {15, 0}},
    [SPEAKER_ROBOT] = {16, 3, 4, 4, {7, 0}},
};

/* Four tones side by side: what the processor can do at once is said, not left to chance. */
typedef float lanes __attribute__((vector_size(4 * sizeof(float))));
enum { GROUPS = TONES / 4 };

static lanes cosines[SYMBOL_SAMPLES][GROUPS], sines[SYMBOL_SAMPLES][GROUPS];
static int16_t tones[TONES][SYMBOL_SAMPLES];
static once_flag tables_made = ONCE_FLAG_INIT;

static void make_tables(void)
{
    for (int n = 0; n < SYMBOL_SAMPLES; n++) {
        for (int tone = 0; tone < TONES; tone++) {
            double angle = 2 * M_PI * (TONE_FIRST + tone) * n / SYMBOL_SAMPLES;

            cosines[n][tone / 4][tone % 4] = (float)cos(angle);
            sines[n][tone / 4][tone % 4] = (float)sin(angle);
            tones[tone][n] = (int16_t)(AMPLITUDE * sin(angle));
        }
    }
}

/* CRC-12 (x^12 + x^11 + x^3 + x^2 + x + 1) over the frame's id and place. */
static uint32_t crc12(enum speaker_kind kind, uint32_t id, uint32_t place)
{
    uint32_t crc = 0xABC ^ (uint32_t)kind;

    for (int bit = 23; bit >= 0; bit--) {
        uint32_t next = ((id << 4 | place) >> bit & 1) ^ (crc >> 11 & 1);

        crc = (crc << 1) & 0xFFF;
        if (next)
            crc ^= 0x80F;
    }
    return crc;
}

static void frame_symbols(enum speaker_kind kind, uint32_t id, uint32_t place,
                          uint8_t symbols[FRAME_SYMBOLS])
{
    const struct band_shape *band = &BANDS[kind];
    uint32_t mask = (1u << band->bits) - 1, crc = crc12(kind, id, place), at = 2;

    symbols[0] = band->sync[0];
    symbols[1] = band->sync[1];
    for (uint32_t i = band->id_symbols; i-- > 0;)
        symbols[at++] = (uint8_t)(id >> (i * band->bits) & mask);
    symbols[at++] = (uint8_t)place;
    for (uint32_t i = band->crc_symbols; i-- > 0;)
        symbols[at++] = (uint8_t)(crc >> (i * band->bits) & mask);
    check(at == FRAME_SYMBOLS);
}

/* The place of frames that do not belong to the first utterance, or lie far into it. */
static uint32_t place_later(enum speaker_kind kind)
{
    return (1u << BANDS[kind].bits) - 1;
}

void symbol_writer_init(struct symbol_writer *writer, enum speaker_kind kind, uint32_t id)
{
    call_once(&tables_made, make_tables);
    check(id <= (kind == SPEAKER_PERSON ? SYMBOLS_PERSON_ID_MAX : SYMBOLS_ROBOT_ID_MAX));
    *writer = (struct symbol_writer){.kind = kind, .id = id};
}

void symbol_writer_begin(struct symbol_writer *writer, bool first_word)
{
    writer->place = 0;
    writer->first_word = first_word;
}

void symbol_writer_mix(struct symbol_writer *writer, int16_t samples[SYMBOL_SAMPLES])
{
    uint32_t frame = writer->place / FRAME_SYMBOLS, later = place_later(writer->kind);
    uint32_t place = writer->first_word && frame < later ? frame : later;
    uint8_t symbols[FRAME_SYMBOLS];
    uint32_t tone;

    frame_symbols(writer->kind, writer->id, place, symbols);
    tone = BANDS[writer->kind].first_tone + symbols[writer->place % FRAME_SYMBOLS];
    for (int n = 0; n < SYMBOL_SAMPLES; n++) {
        int mixed = samples[n] + tones[tone][n];

        samples[n] = (int16_t)(mixed > INT16_MAX   ? INT16_MAX
                               : mixed < INT16_MIN ? INT16_MIN
                                                   : mixed);
    }
    writer->place++;
}

void symbol_reader_init(struct symbol_reader *reader, int64_t position)
{
    call_once(&tables_made, make_tables);
    memset(reader, 0, sizeof(*reader));
    reader->position = position;
    reader->quiet_blocks = SYMBOLS_PHASES * (FRAME_SYMBOLS + 1);
    memset(reader->bands[0].symbols, UNCLEAR, sizeof(reader->bands[0].symbols));
    memset(reader->bands[1].symbols, UNCLEAR, sizeof(reader->bands[1].symbols));
    reader->bands[0].last_id = reader->bands[1].last_id = UINT32_MAX;
}

/* The loudest tone of a band, or UNCLEAR when it does not stand out. */
static uint8_t loudest(const float *energy, uint32_t count, float floor)
{
    float best = 0, total = 0;
    uint32_t at = 0;

    for (uint32_t i = 0; i < count; i++) {
        total += energy[i];
        if (energy[i] > best) {
            best = energy[i];
            at = i;
        }
    }
    return best > floor && best > 0.65f * total ? (uint8_t)at : UNCLEAR;
}

static bool read_frame(enum speaker_kind kind, const uint8_t symbols[FRAME_SYMBOLS], uint32_t *id,
                       uint32_t *place)
{
    const struct band_shape *band = &BANDS[kind];
    uint8_t expected[FRAME_SYMBOLS];
    uint32_t at = 2;

    if (symbols[0] != band->sync[0] || symbols[1] != band->sync[1])
        return false;
    *id = 0;
    for (uint32_t i = 0; i < band->id_symbols; i++)
        *id = *id << band->bits | symbols[at++];
    *place = symbols[at];
    for (at = 2; at < FRAME_SYMBOLS; at++) {
        if (symbols[at] == UNCLEAR)
            return false;
    }
    frame_symbols(kind, *id, *place, expected);
    return memcmp(expected, symbols, FRAME_SYMBOLS) == 0;
}

/* A symbol of one band in one alignment has ended at `end`; true when it completes a new frame. */
static bool take_symbol(struct symbol_reader *reader, enum speaker_kind kind, uint32_t phase,
                        uint8_t symbol, int64_t end, struct symbol_found *found)
{
    struct symbol_band *band = &reader->bands[kind];
    uint8_t *symbols = band->symbols[phase];
    int64_t frame_at = end - FRAME_SAMPLES;
    uint32_t id, place;

    memmove(symbols, symbols + 1, FRAME_SYMBOLS - 1);
    symbols[FRAME_SYMBOLS - 1] = symbol;
    if (symbol == UNCLEAR || !read_frame(kind, symbols, &id, &place))
        return false;
    if (id == band->last_id && frame_at - band->last_at < SYMBOL_SAMPLES)
        return false; /* the same frame in the neighbouring alignment */
    band->last_id = id;
    band->last_at = frame_at;
    *found = (struct symbol_found){
        .kind = kind,
        .id = id,
        .first_utterance = place != place_later(kind),
        .began = frame_at - (int64_t)place * FRAME_SAMPLES,
        .frame_at = frame_at,
    };
    return true;
}

static void correlate(struct symbol_reader *reader, const int16_t *samples, uint32_t part)
{
    lanes re[GROUPS] = {0}, im[GROUPS] = {0};

    for (uint32_t n = 0; n < BLOCK; n++) {
        const lanes *cosine = cosines[part * BLOCK + n], *sine = sines[part * BLOCK + n];
        float sample = samples[n];

#pragma GCC unroll 6
        for (uint32_t group = 0; group < GROUPS; group++) {
            re[group] += sample * cosine[group];
            im[group] += sample * sine[group];
        }
    }
    memcpy(reader->re[part], re, sizeof(re));
    memcpy(reader->im[part], im, sizeof(im));
}

static void symbol_energies(const struct symbol_reader *reader, float energy[TONES])
{
    lanes re[GROUPS], im[GROUPS], part[GROUPS];

    memcpy(re, reader->re[0], sizeof(re));
    memcpy(im, reader->im[0], sizeof(im));
    for (uint32_t i = 1; i < SYMBOLS_PHASES; i++) {
        memcpy(part, reader->re[i], sizeof(part));
        for (uint32_t group = 0; group < GROUPS; group++)
            re[group] += part[group];
        memcpy(part, reader->im[i], sizeof(part));
        for (uint32_t group = 0; group < GROUPS; group++)
            im[group] += part[group];
    }
    for (uint32_t group = 0; group < GROUPS; group++)
        re[group] = re[group] * re[group] + im[group] * im[group];
    memcpy(energy, re, sizeof(re));
}

static bool is_quiet(const int16_t *samples)
{
    for (uint32_t n = 0; n < SYMBOL_SAMPLES; n++) {
        if (samples[n] > QUIET_PEAK || samples[n] < -QUIET_PEAK)
            return false;
    }
    return true;
}

size_t symbol_reader_feed(struct symbol_reader *reader, const int16_t *samples,
                          struct symbol_found found[SYMBOLS_FOUND_MAX])
{
    const float floor = 0.02f * AMPLITUDE * AMPLITUDE * SYMBOL_SAMPLES * SYMBOL_SAMPLES / 4;
    bool quiet = !samples || is_quiet(samples);
    size_t count = 0;

    for (uint32_t part = 0; part < SYMBOLS_PHASES; part++) {
        float energy[TONES];
        int64_t end;

        reader->position += BLOCK;
        end = reader->position;
        reader->quiet_blocks = quiet ? reader->quiet_blocks + 1 : 0;
        if (reader->quiet_blocks > SYMBOLS_PHASES * (FRAME_SYMBOLS + 1))
            continue; /* all alignments hold nothing but silence already */
        if (quiet) {
            memset(reader->re[part], 0, sizeof(reader->re[part]));
            memset(reader->im[part], 0, sizeof(reader->im[part]));
        } else {
            correlate(reader, samples + part * BLOCK, part);
        }
        symbol_energies(reader, energy);
        for (int kind = SPEAKER_PERSON; kind <= SPEAKER_ROBOT; kind++) {
            uint32_t first = BANDS[kind].first_tone;
            uint8_t symbol = loudest(energy + first, 1u << BANDS[kind].bits, floor);

            if (count < SYMBOLS_FOUND_MAX &&
                take_symbol(reader, (enum speaker_kind)kind, part, symbol, end, &found[count]))
                count++;
        }
    }
    return count;
}
