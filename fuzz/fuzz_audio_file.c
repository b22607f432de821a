#include "base/check.h"
#include "wire/audio_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Files as fetched; the first octet picks the content type. What is read stays within its limit. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {NULL, "audio/wav", "audio/basic; rate=8000", "audio/pcma"};
    enum { MS_MAX = 5000 };
    char error[AUDIO_FILE_ERROR_SIZE];
    struct text mulaw;
    int err;

    if (!size)
        return 0;
    text_init(&mulaw);
    err = audio_file_decode(slice_of((const char *)data + 1, size - 1), types[data[0] & 3], MS_MAX,
                            &mulaw, error);
    check(!err == !error[0]);
    check(mulaw.size <= MS_MAX * AUDIO_FILE_RATE_HZ / 1000);
    check(!err || !mulaw.size);
    text_release(&mulaw);
    return 0;
}
