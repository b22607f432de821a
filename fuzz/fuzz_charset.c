#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/charset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever the detector says, what the reader lets through is UTF-8. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct charset_detector detector, again;
    struct charset_reader reader;
    struct text out;
    int err = 0;

    charset_detector_init(&detector);
    charset_detector_feed(&detector, data, size);
    check(!charset_reader_init(&reader, charset_detector_result(&detector)));
    text_init(&out);
    for (size_t at = 0; at < size && !err; at += 5)
        err = charset_reader_feed(&reader, data + at, size - at < 5 ? size - at : 5, &out);
    if (!err)
        err = charset_reader_end(&reader, &out);
    check(err == 0 || err == EILSEQ);
    charset_detector_init(&again);
    charset_detector_feed(&again, out.at, out.size);
    check(!again.bad_utf8);
    charset_reader_release(&reader);
    text_release(&out);
    return 0;
}
