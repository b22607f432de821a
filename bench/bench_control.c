/*
 * What does call control cost when it is full: 2,000 live calls in 1,000 rooms and 100,000 ended ones
 * kept? One whole call is: created by REST, ringing, answered, its document, a conference, a hello,
 * the end, all its callbacks. Then what a list request costs, and the memory per ended call.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "figure.h"
#include "voice/control/control.h"
#include "wire/form.h"

enum { LIVE = 2000, ENDED = 100000, MEASURED = 5000 };

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

static double resident_kib(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long size, resident;

    check(file && fscanf(file, "%lu %lu", &size, &resident) == 2);
    fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1024;
}

static void calls(struct bench *bench, unsigned count)
{
    for (unsigned i = 0; i < count; ++i)
        end(bench, begin(bench, i % (LIVE / 2)));
}

static void measure(struct bench *bench, unsigned count, const char *load)
{
    struct figure_runs runs = {0};

    for (int run = 0; run < FIGURE_RUNS; ++run) {
        double before = clock_us();

        calls(bench, count);
        figure_add(&runs, (clock_us() - before) / count);
    }
    figure_print(&(struct figure){.bench = "control",
                                  .name = "call control: a whole call",
                                  .unit = "CPU-us/call",
                                  .load = load,
                                  .runs = &runs});
}

static void measure_list(struct bench *bench, const char *list, const char *query, const char *what)
{
    struct figure_runs runs = {0};
    char path[200];

    snprintf(path, sizeof(path), BASE "/%s.json", list);
    for (int run = 0; run < FIGURE_RUNS; ++run)
        figure_add(&runs, rest(bench, "GET", path, query) / 1000);
    figure_print(&(struct figure){.bench = "control",
                                  .name = what,
                                  .unit = "CPU-ms",
                                  .load = "2,000 live, 100,000 ended",
                                  .runs = &runs});
}

static struct control *control_of(size_t kept)
{
    struct control_options options = {.account_sid = ACCOUNT,
                                      .auth_token = "token",
                                      .calls_per_second = 1000000,
                                      .live_call_count_max = 10 * LIVE,
                                      .ended_call_count_max = kept};
    struct control *control;

    check(control_new(&control, &options, "bench", 5) == 0);
    return control;
}

/* Nothing but what is kept on purpose grows: after the first 1,000 calls no more than 1,000 are. */
static void measure_growth(unsigned count)
{
    struct bench bench = {.now = 1767323045 * SECOND, .control = control_of(1000)};
    struct figure_runs runs = {0};
    char load[64];
    double before;

    calls(&bench, 2000); /* what is kept of requests is full by then, too */
    before = resident_kib();
    calls(&bench, count);
    figure_add(&runs, 100 * (resident_kib() / before - 1));
    snprintf(load, sizeof(load), "%u calls more, the last 1,000 kept", count);
    figure_print(&(struct figure){.bench = "control",
                                  .name = "call control: growth of resident memory",
                                  .unit = "%",
                                  .load = load,
                                  .runs = &runs,
                                  .at_most = 5});
    control_free(bench.control);
}

int main(int argc, char **argv)
{
    bool quick = figure_is_quick(argc, argv);
    unsigned measured = quick ? MEASURED / 5 : MEASURED;
    struct bench bench = {.now = 1767323045 * SECOND};
    struct figure_runs bytes = {0};
    double before;

    measure_growth(quick ? ENDED / 10 : ENDED);
    bench.control = control_of(ENDED);
    measure(&bench, measured, "empty");
    for (unsigned i = 0; i < LIVE; ++i)
        begin(&bench, i % (LIVE / 2));
    measure(&bench, measured, "2,000 live");
    before = resident_kib();
    calls(&bench, ENDED / 2);
    figure_add(&bytes, (resident_kib() - before) * 1024 / (ENDED / 2));
    figure_print(&(struct figure){.bench = "control",
                                  .name = "memory of an ended call",
                                  .unit = "bytes",
                                  .load = "the last 100,000 are kept",
                                  .runs = &bytes});
    calls(&bench, ENDED / 2);
    measure(&bench, measured, "2,000 live, 100,000 ended");
    measure_list(&bench, "Calls", "PageSize=50", "list of calls: first page");
    measure_list(&bench, "Calls", "To=%2B15005550009", "list of calls: a number nobody has");
    measure_list(&bench, "Calls", "Status=in-progress&PageSize=1000", "list of calls: in progress");
    measure_list(&bench, "Calls", "To=%2B15005550009&StartTime%3E=2030-01-01T00:00:00Z",
                 "list of calls: a number, since an hour ago");
    measure_list(&bench, "Conferences", "FriendlyName=room-7&Status=init",
                 "list of conferences: by name");
    control_free(bench.control);
    return 0;
}
