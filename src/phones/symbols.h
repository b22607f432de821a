#ifndef PHONES_SYMBOLS_H
#define PHONES_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Who is speaking, told in sound: a quiet melody under each simulated voice names its speaker, and
 * whoever hears it can tell whose voice it is and whether it began at the first word.
 *
 * A symbol is one of 16 (people) or 8 (robots) tones, 20 ms long, 50 Hz apart: 2350-3100 Hz for
 * people, 3150-3500 Hz for robots, so one of each can be heard at once. Eleven symbols (220 ms) make
 * a frame: two of synchronisation, the id, the frame's place in the first utterance, a 12-bit CRC.
 * It survives mu-law, A-law, forwarding, mixing with voices held below 2200 Hz, and, because it is
 * repeated as long as the voice sounds, lost packets. Pure; nothing here can fail.
 */
enum {
    SYMBOL_SAMPLES = 160,
    FRAME_SYMBOLS = 11,
    FRAME_SAMPLES = SYMBOL_SAMPLES * FRAME_SYMBOLS,
    SYMBOLS_PERSON_ID_MAX = (1 << 20) - 1,
    SYMBOLS_ROBOT_ID_MAX = (1 << 12) - 1,
    SYMBOLS_PHASES = 4, /* the reader looks at a symbol in four alignments, 5 ms apart */
    SYMBOLS_FOUND_MAX = 4,
};

enum speaker_kind { SPEAKER_PERSON, SPEAKER_ROBOT };

struct symbol_writer {
    enum speaker_kind kind;
    uint32_t id;
    uint32_t place;  /* symbols since the utterance began */
    bool first_word; /* frames count from 0; otherwise each says "later" */
};

void symbol_writer_init(struct symbol_writer *writer, enum speaker_kind kind, uint32_t id);
/* A new utterance begins; first_word: the first one of the call. */
void symbol_writer_begin(struct symbol_writer *writer, bool first_word);
/* Adds the next symbol to 160 samples of 8 kHz sound, saturating. */
void symbol_writer_mix(struct symbol_writer *writer, int16_t samples[SYMBOL_SAMPLES]);

struct symbol_found {
    enum speaker_kind kind;
    uint32_t id;
    bool first_utterance; /* then `began` is where the first word began */
    int64_t began;        /* sample position, as fed; may lie before the first sample fed */
    int64_t frame_at;     /* where the frame that told it began */
};

struct symbol_band {
    uint8_t symbols[SYMBOLS_PHASES][FRAME_SYMBOLS]; /* rings; 0xFF: unclear */
    uint32_t last_id;
    int64_t last_at;
};

struct symbol_reader {
    int64_t position;      /* samples fed */
    uint32_t quiet_blocks; /* blocks of 40 samples without a sound, up to now */
    float re[SYMBOLS_PHASES][24], im[SYMBOLS_PHASES][24]; /* the last four blocks */
    struct symbol_band bands[2];
};

void symbol_reader_init(struct symbol_reader *reader, int64_t position);
/* Takes the next 160 samples; NULL means silence. Returns how many frames ended in them. */
size_t symbol_reader_feed(struct symbol_reader *reader, const int16_t *samples,
                          struct symbol_found found[SYMBOLS_FOUND_MAX]);

#endif
