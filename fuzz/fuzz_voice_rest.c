#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "voice/control/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ACCOUNT "AC00000000000000000000000000000001"
#define BASE "/2010-04-01/Accounts/" ACCOUNT

static struct control *control;
static instant now = 1767323045 * SECOND;

/* Feeds what answers itself: whoever is called answers, every document is a conference. */
static void drain(void)
{
    struct control_effect effect;

    while (control_drain(control, &effect)) {
        struct control_event event = {.leg = effect.leg};

        if (effect.kind == CONTROL_INVITE) {
            event.kind = CONTROL_LEG_ANSWERED;
        } else if (effect.kind == CONTROL_FETCH) {
            event.kind = CONTROL_FETCHED;
            event.as.fetched.fetch = effect.as.fetch.fetch;
            event.as.fetched.status = 200;
            event.as.fetched.content_type = "text/xml";
            event.as.fetched.body =
                slice_from("<Response><Dial><Conference>a</Conference></Dial></Response>");
        } else {
            continue;
        }
        control_feed(control, now, &event);
    }
}

static void ask(const char *method, const char *path, struct slice params)
{
    char *query = slice_dup(params);
    struct control_request request = {.method = method,
                                      .path = path,
                                      .query = query,
                                      .body = params,
                                      .user = ACCOUNT,
                                      .password = "token"};
    struct control_reply reply;

    check(query != NULL);
    control_rest(control, now, &request, &reply);
    check(reply.status >= 200 && reply.status < 500);
    check((reply.status == 204) == (reply.body.size == 0));
    if (reply.body.size) {
        json_t *json = json_loads(reply.body.at, 0, NULL);

        check(json != NULL);
        json_decref(json);
    }
    control_reply_release(&reply);
    drain();
    free(query);
}

/* A line each: method, path below the account ("=": the whole path), parameters. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct control_options options = {.account_sid = ACCOUNT, .auth_token = "token"};
    struct slice rest = slice_of((const char *)data, size);

    check(control_new(&control, &options, "fuzz", 4) == 0);
    while (rest.size) {
        char *method = slice_dup(slice_cut(&rest, '\n'));
        struct slice path = slice_cut(&rest, '\n');
        struct text full;

        text_init(&full);
        if (!slice_starts(path, "="))
            text_add(&full, BASE);
        text_add_slice(&full, path);
        check(method && full.at);
        ask(method, full.at, slice_cut(&rest, '\n'));
        text_release(&full);
        free(method);
        now += MILLISECOND;
    }
    control_free(control);
    return 0;
}
