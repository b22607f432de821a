#include "wire/charset.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

enum { OUT_SIZE = 4096 };

const char *charset_name(enum charset charset)
{
    switch (charset) {
    case CHARSET_UTF8:
        return "UTF-8";
    case CHARSET_UTF16LE:
        return "UTF-16LE";
    case CHARSET_UTF16BE:
        return "UTF-16BE";
    case CHARSET_WINDOWS_1252:
        break;
    }
    return "WINDOWS-1252";
}

void charset_detector_init(struct charset_detector *detector)
{
    memset(detector, 0, sizeof(*detector));
}

/* How many bytes follow this first one of a UTF-8 character; -1: it can be no first one. */
static int utf8_following(unsigned char byte)
{
    if (byte < 0x80)
        return 0;
    if (byte >= 0xc2 && byte < 0xe0)
        return 1;
    if (byte >= 0xe0 && byte < 0xf0)
        return 2;
    if (byte >= 0xf0 && byte < 0xf5)
        return 3;
    return -1;
}

static bool utf8_point_is_lawful(uint32_t point, unsigned length)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

    return point >= least[length] && point <= 0x10ffff && !(point >= 0xd800 && point < 0xe000);
}

static void check_utf8(struct charset_detector *detector, unsigned char byte)
{
    if (detector->missing) {
        if ((byte & 0xc0) != 0x80) {
            detector->bad_utf8 = true;
            return;
        }
        detector->point = detector->point << 6 | (byte & 0x3f);
        if (--detector->missing == 0 && !utf8_point_is_lawful(detector->point, detector->length))
            detector->bad_utf8 = true;
        return;
    }
    int following = utf8_following(byte);
    if (following < 0) {
        detector->bad_utf8 = true;
    } else if (following > 0) {
        detector->missing = (uint8_t)following;
        detector->length = (uint8_t)(following + 1);
        detector->point = byte & (0x3fu >> following);
    }
}

void charset_detector_feed(struct charset_detector *detector, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;

    for (size_t i = 0; i < size; i++) {
        uint64_t place = detector->size + i;
        if (place < sizeof(detector->head))
            detector->head[place] = at[i];
        if (at[i] == 0 && place % 2 == 0)
            detector->zeros_even++;
        if (at[i] == 0 && place % 2 == 1)
            detector->zeros_odd++;
        if (!detector->bad_utf8 && (at[i] >= 0x80 || detector->missing))
            check_utf8(detector, at[i]);
    }
    detector->size += size;
}

enum charset charset_detector_result(const struct charset_detector *detector)
{
    const unsigned char *head = detector->head;
    uint64_t pairs = detector->size / 2;

    if (detector->size >= 3 && head[0] == 0xef && head[1] == 0xbb && head[2] == 0xbf)
        return CHARSET_UTF8;
    if (detector->size >= 2 && head[0] == 0xff && head[1] == 0xfe)
        return CHARSET_UTF16LE;
    if (detector->size >= 2 && head[0] == 0xfe && head[1] == 0xff)
        return CHARSET_UTF16BE;
    /* Unmarked UTF-16 of a list is digits, commas and Latin letters for the greater part. */
    if (pairs && detector->zeros_odd > pairs / 4 && detector->zeros_even <= pairs / 16)
        return CHARSET_UTF16LE;
    if (pairs && detector->zeros_even > pairs / 4 && detector->zeros_odd <= pairs / 16)
        return CHARSET_UTF16BE;
    if (!detector->bad_utf8 && !detector->missing)
        return CHARSET_UTF8;
    return CHARSET_WINDOWS_1252;
}

int charset_reader_init(struct charset_reader *reader, enum charset charset)
{
    iconv_t handle;

    memset(reader, 0, sizeof(*reader));
    reader->charset = charset;
    if (charset == CHARSET_UTF8)
        return 0; /* iconv would let through what lies beyond U+10FFFF */
    handle = iconv_open("UTF-8", charset_name(charset));
    if (handle == (iconv_t)-1) /* NOLINT: iconv's own way to say so */
        return errno == ENOMEM ? ENOMEM : ENOTSUP;
    reader->iconv = handle;
    return 0;
}

void charset_reader_release(struct charset_reader *reader)
{
    if (reader->iconv)
        iconv_close(reader->iconv);
    reader->iconv = NULL;
}

/* The five bytes Windows-1252 leaves open are control characters to every browser; so to us. */
static size_t pass_open_byte(struct charset_reader *reader, unsigned char byte, struct text *out)
{
    static const unsigned char open[] = {0x81, 0x8d, 0x8f, 0x90, 0x9d};

    if (reader->charset != CHARSET_WINDOWS_1252 || !memchr(open, byte, sizeof(open)))
        return 0;
    text_add_char(out, (char)0xc2);
    text_add_char(out, (char)byte);
    return 1;
}

/* The mark is no text: UTF-8's three bytes once it has been turned, whatever it came as. */
static void add_out(struct charset_reader *reader, const char *at, size_t size, struct text *out)
{
    if (!reader->begun && size) {
        reader->begun = true;
        if (size >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0) {
            at += 3;
            size -= 3;
        }
    }
    text_add_bytes(out, at, size);
}

/* Turns what can be turned; *used tells how much. EINVAL: the rest is an unfinished character. */
static int turn(struct charset_reader *reader, const char *bytes, size_t size, size_t *used,
                struct text *out)
{
    char *in = (char *)(uintptr_t)bytes; /* iconv takes no const, and writes nothing there */
    size_t left = size;
    int err = 0;

    while (left && !err) {
        char buffer[OUT_SIZE];
        char *to = buffer;
        size_t room = sizeof(buffer);
        size_t result = iconv(reader->iconv, &in, &left, &to, &room);
        int why = result == (size_t)-1 ? errno : 0;

        add_out(reader, buffer, (size_t)(to - buffer), out);
        if (why == EILSEQ && pass_open_byte(reader, (unsigned char)*in, out)) {
            reader->begun = true;
            in++;
            left--;
        } else if (why && why != E2BIG) {
            err = why;
        }
    }
    *used = size - left;
    return err;
}

/* UTF-8: the mark goes, the rest is held against the rules and passed on as it is. */
static int pass_utf8(struct charset_reader *reader, const unsigned char *at, size_t size,
                     struct text *out)
{
    static const unsigned char mark[] = {0xef, 0xbb, 0xbf};
    size_t from = 0;

    for (size_t i = 0; i < size; i++) {
        charset_detector_feed(&reader->utf8, at + i, 1);
        if (reader->utf8.bad_utf8) {
            reader->offset += i;
            return EILSEQ;
        }
        if (!reader->begun) {
            reader->kept[reader->kept_size++] = at[i];
            from = i + 1;
            if (at[i] == mark[reader->kept_size - 1] && reader->kept_size < sizeof(mark))
                continue;
            reader->begun = true;
            if (memcmp(reader->kept, mark, sizeof(mark)) != 0)
                text_add_bytes(out, reader->kept, reader->kept_size);
        }
    }
    text_add_bytes(out, at + from, size - from);
    reader->offset += size;
    return out->failed ? ENOMEM : 0;
}

int charset_reader_feed(struct charset_reader *reader, const void *bytes, size_t size,
                        struct text *out)
{
    const char *at = bytes;
    size_t used;
    int err;

    if (!reader->iconv)
        return pass_utf8(reader, bytes, size, out);
    /* A character cut by the last piece: complete it byte by byte, four at most. */
    while (reader->kept_size && size) {
        reader->kept[reader->kept_size++] = (unsigned char)*at++;
        size--;
        err = turn(reader, (const char *)reader->kept, reader->kept_size, &used, out);
        reader->offset += used;
        if (err && err != EINVAL)
            return err;
        check(!err || reader->kept_size - used < sizeof(reader->kept));
        memmove(reader->kept, reader->kept + used, reader->kept_size - used);
        reader->kept_size -= used;
    }
    err = turn(reader, at, size, &used, out);
    reader->offset += used;
    if (err == EINVAL) {
        check(size - used < sizeof(reader->kept));
        memcpy(reader->kept, at + used, size - used);
        reader->kept_size = size - used;
        err = 0;
    }
    if (!err && out->failed)
        err = ENOMEM;
    return err;
}

int charset_reader_end(struct charset_reader *reader, struct text *out)
{
    if (reader->iconv ? reader->kept_size : reader->utf8.missing)
        return EILSEQ;
    return out->failed ? ENOMEM : 0;
}
