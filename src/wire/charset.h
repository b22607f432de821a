#ifndef WIRE_CHARSET_H
#define WIRE_CHARSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/*
 * What people's files are written in, turned into clean UTF-8 as it streams by: UTF-8 with or
 * without a byte order mark, UTF-16 either way round, Windows-1252.
 *
 *   charset_detector_init(&detector);
 *   charset_detector_feed(&detector, bytes, size);   the whole file once, or as much as there is
 *   charset = charset_detector_result(&detector);
 *
 *   err = charset_reader_init(&reader, charset);
 *   err = charset_reader_feed(&reader, bytes, size, &out);   appends UTF-8 to a struct text
 *   err = charset_reader_end(&reader, &out);
 *   charset_reader_release(&reader);
 *
 * Detection is sure where there is a mark; else bytes that are valid UTF-8 throughout are UTF-8,
 * many zero bytes on one side of the pairs are UTF-16, and the rest is Windows-1252. One stray byte
 * at the end of a large file changes the verdict: that is why the detector wants the whole file
 * before the reader starts.
 */
enum charset { CHARSET_UTF8, CHARSET_UTF16LE, CHARSET_UTF16BE, CHARSET_WINDOWS_1252 };

const char *charset_name(enum charset charset); /* "UTF-8" ... as iconv names them */

struct charset_detector {
    unsigned char head[4];
    uint64_t size;
    uint64_t zeros_even, zeros_odd;
    uint32_t point;          /* UTF-8 check: the character being put together */
    uint8_t missing, length; /* bytes still to come, of how many */
    bool bad_utf8;
};

void charset_detector_init(struct charset_detector *detector);
void charset_detector_feed(struct charset_detector *detector, const void *bytes, size_t size);
enum charset charset_detector_result(const struct charset_detector *detector);

struct charset_reader {
    void *iconv; /* NULL: UTF-8, which is only looked at */
    struct charset_detector utf8;
    enum charset charset;
    bool begun; /* the mark, if any, is behind us */
    unsigned char kept[8];
    size_t kept_size;
    uint64_t offset; /* bytes of input turned so far: where an error lies */
};

int charset_reader_init(struct charset_reader *reader, enum charset charset) must_check;
void charset_reader_release(struct charset_reader *reader);
/* 0; EILSEQ: the bytes at reader->offset are not of this charset; ENOMEM. */
int charset_reader_feed(struct charset_reader *reader, const void *bytes, size_t size,
                        struct text *out) must_check;
int charset_reader_end(struct charset_reader *reader, struct text *out) must_check;

#endif
