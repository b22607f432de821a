/*
 * What does call control cost when it is full: 2,000 live calls in 1,000 rooms and 100,000 ended ones
 * kept? One whole call is: created by REST, ringing, answered, its document, a conference, a hello,
 * the end, all its callbacks. Then what a list request costs, and the memory per ended call.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "voice/control/control.h"
#include "wire/form.h"

enum { LIVE = 2000, ENDED = 100000, MEASURED = 10000 };

#define ACCOUNT "AC00000000000000000000000000000001"
#define BASE "/2010-04-01/Accounts/" ACCOUNT

struct bench {
    struct control *control;
    instant now;
    uint64_t leg;      /* of the last INVITE */
    uint64_t fetch[8]; /* waiting for an answer */
    size_t fetch_count;
    unsigned room;
    size_t events;
};

static double clock_us(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void drain(struct bench *bench)
{
    struct control_effect effect;

    while (control_drain(bench->control, &effect)) {
        if (effect.kind == CONTROL_INVITE)
            bench->leg = effect.leg;
        if (effect.kind == CONTROL_FETCH && bench->fetch_count < array_count(bench->fetch))
            bench->fetch[bench->fetch_count++] = effect.as.fetch.fetch;
    }
}

static void feed(struct bench *bench, struct control_event *event)
{
    bench->now += 100;
    ++bench->events;
    control_feed(bench->control, bench->now, event);
    drain(bench);
}

static void leg(struct bench *bench, enum control_event_kind kind, uint64_t number)
{
    struct control_event event = {.kind = kind, .leg = number};

    feed(bench, &event);
}

/* Answers every request there is with the document that joins a room. */
static void serve(struct bench *bench)
{
    char twiml[200];

    snprintf(twiml, sizeof(twiml),
             "<Response><Dial action=\"/after\"><Conference beep=\"false\" waitUrl=\"\">room-%u"
             "</Conference></Dial></Response>",
             bench->room);
    while (bench->fetch_count) {
        struct control_event event = {.kind = CONTROL_FETCHED};

        event.as.fetched.fetch = bench->fetch[--bench->fetch_count];
        event.as.fetched.status = 200;
        event.as.fetched.content_type = "text/xml";
        event.as.fetched.body = slice_from(twiml);
        feed(bench, &event);
    }
}

static double rest(struct bench *bench, const char *method, const char *path, const char *params)
{
    struct control_request request = {
        .method = method, .path = path, .query = params, .user = ACCOUNT, .password = "token"};
    struct control_reply reply;
    double before = clock_us();

    if (strcmp(method, "POST") == 0) {
        request.query = "";
        request.body = slice_from(params);
    }
    bench->now += 1000;
    ++bench->events;
    control_rest(bench->control, bench->now, &request, &reply);
    check(reply.status < 300);
    control_reply_release(&reply);
    drain(bench);
    return clock_us() - before;
}

static uint64_t begin(struct bench *bench, unsigned room)
{
    bench->room = room;
    rest(bench, "POST", BASE "/Calls.json",
         "To=%2B15005550001&From=%2B15005550006&Url=http://app/voice?attempt=1&StatusCallback="
         "http://app/status&StatusCallbackEvent=initiated&StatusCallbackEvent=ringing&"
         "StatusCallbackEvent=answered&StatusCallbackEvent=completed");
    leg(bench, CONTROL_LEG_RINGING, bench->leg);
    leg(bench, CONTROL_LEG_ANSWERED, bench->leg);
    serve(bench);
    leg(bench, CONTROL_LEG_HELLO, bench->leg);
    return bench->leg;
}

static void end(struct bench *bench, uint64_t number)
{
    leg(bench, CONTROL_LEG_ENDED, number);
    serve(bench);
    serve(bench);
}

static long memory_kb(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void measure(struct bench *bench, const char *what)
{
    double before = clock_us(), took;
    size_t events = bench->events;

    for (unsigned i = 0; i < MEASURED; ++i)
        end(bench, begin(bench, i % (LIVE / 2)));
    took = clock_us() - before;
    printf("%-34s %8.1f us a call  %6.2f us an event  %6ld MB\n", what, took / MEASURED,
           took / (double)(bench->events - events), memory_kb() / 1024);
}

int main(void)
{
    struct bench bench = {.now = 1767323045 * SECOND};
    struct control_options options = {.account_sid = ACCOUNT,
                                      .auth_token = "token",
                                      .calls_per_second = 1000000,
                                      .live_call_count_max = 10 * LIVE,
                                      .ended_call_count_max = ENDED};

    check(control_new(&bench.control, &options, "bench", 5) == 0);
    measure(&bench, "empty");
    for (unsigned i = 0; i < LIVE; ++i)
        begin(&bench, i % (LIVE / 2));
    measure(&bench, "2,000 live calls");
    for (unsigned i = 0; i < ENDED; ++i)
        end(&bench, begin(&bench, i % (LIVE / 2)));
    measure(&bench, "2,000 live, 100,000 ended");
    printf("list: first page                  %8.1f us\n",
           rest(&bench, "GET", BASE "/Calls.json", "PageSize=50"));
    printf("list: To= that nobody has         %8.1f us\n",
           rest(&bench, "GET", BASE "/Calls.json", "To=%2B15005550009"));
    printf("list: Status=in-progress          %8.1f us\n",
           rest(&bench, "GET", BASE "/Calls.json", "Status=in-progress&PageSize=1000"));
    printf("list: To= since an hour ago       %8.1f us\n",
           rest(&bench, "GET", BASE "/Calls.json",
                "To=%2B15005550009&StartTime%3E=2030-01-01T00:00:00Z"));
    printf("list: conferences by name         %8.1f us\n",
           rest(&bench, "GET", BASE "/Conferences.json", "FriendlyName=room-7&Status=init"));
    control_free(bench.control);
    return 0;
}
