/*
 * libre's random numbers, replaced for the whole program as its timers are (timers.c).
 *
 * A call takes some twenty of them for its tags, branches and Call-ID, and libre asks OpenSSL for each,
 * character by character: a lock, a generator and two system calls a time. Here a page of the kernel's
 * own is taken at once and handed out; a byte is never given twice. Both sides of a fork would hand out
 * the same bytes: what forks here, executes.
 */
#include "voice/signal/libre.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/check.h"

static _Thread_local struct {
    uint8_t bytes[256]; /* the most that getrandom gives without being interrupted */
    size_t left;
} page;

void rand_bytes(uint8_t *out, size_t size)
{
    while (size) {
        size_t part;

        if (!page.left) {
            ssize_t got = getrandom(page.bytes, sizeof(page.bytes), 0);

            if (got < 0 && errno == EINTR)
                continue;                     /* the kernel's pool was not yet ready */
            check(got == sizeof(page.bytes)); /* guessable tags would let strangers end calls */
            page.left = sizeof(page.bytes);
        }
        part = size < page.left ? size : page.left;
        page.left -= part;
        memcpy(out, page.bytes + page.left, part);
        explicit_bzero(page.bytes + page.left, part);
        out += part;
        size -= part;
    }
}

void rand_init(void)
{
}

uint16_t rand_u16(void)
{
    uint16_t number;

    rand_bytes((uint8_t *)&number, sizeof(number));
    return number;
}

uint32_t rand_u32(void)
{
    uint32_t number;

    rand_bytes((uint8_t *)&number, sizeof(number));
    return number;
}

uint64_t rand_u64(void)
{
    uint64_t number;

    rand_bytes((uint8_t *)&number, sizeof(number));
    return number;
}

char rand_char(void)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint8_t number;

    static_assert(sizeof(letters) - 1 == 64, "each as likely as any other");
    rand_bytes(&number, sizeof(number));
    return letters[number % 64];
}

void rand_str(char *text, size_t size)
{
    if (!size)
        return;
    for (size_t i = 0; i + 1 < size; ++i)
        text[i] = rand_char();
    text[size - 1] = '\0';
}
