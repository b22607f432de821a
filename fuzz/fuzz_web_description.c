/*
 * Descriptions of browsers: what is understood has all that a call needs, and both an answer to it and an offer of
 * ours can be read again.
 */
#include <stdlib.h>
#include <string.h>

#include "voice/web/description.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const candidates[] = {"192.0.2.1", NULL};

static void write_and_read(const struct web_description *theirs)
{
    struct web_description_ours ours = {
        .candidates = candidates,
        .port = 4000,
        .ufrag = "oursours",
        .password = "a password of 24 letters",
        .fingerprint = "sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:"
                       "10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F",
        .setup = WEB_SETUP_PASSIVE,
        .dtmf_8000 = theirs ? theirs->dtmf_8000 : 126,
        .pcmu = theirs ? theirs->pcmu : 0,
        .opus = theirs ? theirs->opus : WEB_NO_TYPE,
        .dtmf_48000 = theirs ? theirs->dtmf_48000 : WEB_NO_TYPE,
        .version = 1};
    struct web_description again;
    const char *why;
    struct text text;

    text_init(&text);
    web_description_write(&text, &ours, theirs);
    check(text.failed || web_description_parse(&again, text_slice(&text), &why) == 0);
    check(text.failed || !theirs || again.section_count == theirs->section_count);
    check(text.failed || !theirs || again.sound == theirs->sound);
    text_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct web_description theirs;
    const char *why = NULL;
    char *copy = slice_dup(slice_of((const char *)data, size)); /* of exactly that size */

    if (!copy)
        return 0;
    if (web_description_parse(&theirs, slice_of(copy, size), &why)) {
        check(why);
    } else {
        check(theirs.ufrag.size >= 4 && theirs.password.size >= 22 &&
              theirs.fingerprint.size >= 32);
        check(theirs.sound < theirs.section_count && theirs.setup != WEB_SETUP_NONE);
        check(theirs.pcmu < 128 && theirs.opus < 128 && theirs.dtmf_8000 < 128);
        if (theirs.pcmu >= 0 || theirs.opus >= 0)
            write_and_read(&theirs);
        write_and_read(NULL);
    }
    free(copy);
    return 0;
}
