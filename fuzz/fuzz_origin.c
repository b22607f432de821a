/*
 * Host, Origin, public_url, names and a Cookie header, a line each. What is let in is one of ours; a foreign origin stays
 * foreign whatever the case of its letters; and a cookie is found within its header.
 */
#include <stdlib.h>
#include <string.h>

#include "api/origin.h"
#include "base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES = 5 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_of((const char *)data, size);
    char *lines[LINES];

    if (size > 4096)
        return 0;
    for (size_t i = 0; i < LINES; i++) {
        lines[i] = slice_dup(slice_cut(&rest, '\n'));
        if (!lines[i])
            abort();
    }
    enum origin_verdict verdict = origin_check(lines[0], lines[1], lines[2], lines[3]);

    check((verdict == ORIGIN_HOST_MISSING) == !*lines[0]);
    check(verdict != ORIGIN_OK || strstr(lines[1], "://"));
    check(origin_check(lines[0], NULL, lines[2], lines[3]) != ORIGIN_FOREIGN);
    check(origin_check("evil.example", NULL, "http://desk.test:8080", "a,b") ==
          ORIGIN_HOST_UNKNOWN);
    struct slice cookie = cookie_find(lines[4], "outdial_session");

    check(!cookie.size ||
          (cookie.at >= lines[4] && cookie.at + cookie.size <= lines[4] + strlen(lines[4])));
    check(!cookie.size || strstr(lines[4], "outdial_session"));
    for (size_t i = 0; i < LINES; i++)
        free(lines[i]);
    return 0;
}
