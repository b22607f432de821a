#include "voice/decode_child.h"

#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/text.h"
#include "wire/audio_file.h"

enum {
    INPUT_SIZE_MAX = 64 << 20,
    MEMORY_SIZE_MAX = 768 << 20,
    PROCESSOR_SECONDS_MAX = 20,
    MS_MAX = 3600000,
};

/* A sanitizer's shadow memory needs more address space than any limit would leave it, and its leak
 * check at the end opens files and traces the process. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static void limit(int resource, rlim_t value)
{
    struct rlimit limits = {value, value};

    (void)setrlimit((__rlimit_resource_t)resource, &limits); /* fewer rights, or as before */
}

static void give_up_rights(void)
{
    if (!SANITIZED) {
        limit(RLIMIT_AS, MEMORY_SIZE_MAX);
        limit(RLIMIT_NOFILE, 3); /* no file is opened from here on */
        (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    }
    limit(RLIMIT_CPU, PROCESSOR_SECONDS_MAX);
    limit(RLIMIT_CORE, 0);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static int fail(const char *sentence)
{
    fputs(sentence, stdout);
    return 1;
}

static int decode(const char *content_type, size_t ms_max)
{
    char block[65536], error[AUDIO_FILE_ERROR_SIZE];
    struct text in, mulaw;
    size_t size;
    int code = 0;

    text_init(&in);
    text_init(&mulaw);
    while ((size = fread(block, 1, sizeof(block), stdin)) > 0 && in.size <= INPUT_SIZE_MAX)
        text_add_bytes(&in, block, size);
    if (in.failed || in.size > INPUT_SIZE_MAX)
        code = fail("the audio file is too large");
    else if (audio_file_decode(text_slice(&in), content_type, ms_max, &mulaw, error))
        code = fail(error);
    else if (mulaw.size && fwrite(mulaw.at, 1, mulaw.size, stdout) != mulaw.size)
        code = 2;
    text_release(&in);
    text_release(&mulaw);
    return fflush(stdout) ? 2 : code;
}

int decode_child_main(int argc, char **argv)
{
    int64_t ms_max;

    if (argc != 3 || slice_to_i64(slice_from(argv[2]), 0, MS_MAX, &ms_max))
        return fail("usage: outdial _decode-audio TYPE MS");
    give_up_rights();
    return decode(argv[1], (size_t)ms_max);
}
