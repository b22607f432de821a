#include "world.h"

/* Status callbacks of many calls to two hosts, of which one takes nothing. */
enum { OPEN_MAX = 32, WAITING_MAX = 4096, CALLS_MAX = 6000 };

static uint64_t slow[CALLS_MAX], good[CALLS_MAX];
static size_t slow_count, good_count;

static void drain(struct world *world)
{
    struct control_effect effect;

    while (control_drain(world->control, &effect)) {
        if (effect.kind != CONTROL_FETCH)
            continue;
        assert_true(effect.as.fetch.is_callback);
        assert_true(slow_count < CALLS_MAX && good_count < CALLS_MAX);
        if (strstr(effect.as.fetch.url, "//slow/"))
            slow[slow_count++] = effect.as.fetch.fetch;
        else
            good[good_count++] = effect.as.fetch.fetch;
    }
}

static void answers(struct world *world, uint64_t fetch, enum control_fetch_outcome outcome)
{
    struct control_event event = {.kind = CONTROL_FETCHED};

    event.as.fetched.fetch = fetch;
    event.as.fetched.outcome = outcome;
    event.as.fetched.status = outcome == CONTROL_FETCH_ANSWERED ? 204 : 0;
    control_feed(world->control, world->now, &event);
    drain(world);
}

static void call(struct world *world, const char *host)
{
    char params[300];
    struct control_reply reply;
    struct control_request request = {.method = "POST",
                                      .path = "/2010-04-01/Accounts/" ACCOUNT "/Calls.json",
                                      .query = "",
                                      .user = ACCOUNT,
                                      .password = TOKEN};

    snprintf(params, sizeof(params),
             "To=%%2B15005550001&From=%%2B15005550006&Url=http://app/voice"
             "&StatusCallback=http://%s/status&StatusCallbackEvent=initiated",
             host);
    request.body = slice_from(params);
    control_rest(world->control, world->now, &request, &reply);
    assert_int_equal(reply.status, 201);
    control_reply_release(&reply);
    drain(world);
}

static struct world *crowd_of(const char *host, unsigned count)
{
    struct world *world = calloc(1, sizeof(*world));
    struct control_options options = {.calls_per_second = 10000, .live_call_count_max = 10000};

    slow_count = good_count = 0;
    world_init(world, &options);
    for (unsigned i = 0; i < count; ++i)
        call(world, host);
    return world;
}

static struct control_figures figures_of(struct world *world)
{
    struct control_figures figures;

    control_figures(world->control, &figures);
    return figures;
}

static void a_host_that_hangs_is_asked_so_much_at_once_and_others_are_asked_as_ever(void **state)
{
    struct world *world = crowd_of("slow", 100);

    (void)state;
    assert_int_equal(slow_count, OPEN_MAX);
    assert_int_equal(figures_of(world).callbacks_waiting, 100 - OPEN_MAX);
    for (int i = 0; i < 20; ++i)
        call(world, "good");
    assert_int_equal(good_count, 20);
    world_free(world);
}

static void what_waited_goes_on_when_another_has_come_back(void **state)
{
    struct world *world = crowd_of("slow", 100);

    (void)state;
    for (size_t i = 0; i < 100; ++i) {
        assert_true(i < slow_count);
        answers(world, slow[i], CONTROL_FETCH_ANSWERED);
        assert_true(slow_count - i - 1 <= OPEN_MAX);
    }
    assert_int_equal(slow_count, 100);
    assert_int_equal(figures_of(world).callbacks_waiting, 0);
    assert_int_equal(figures_of(world).callbacks_lost, 0);
    world_free(world);
}

static void of_too_many_the_oldest_are_dropped_and_counted(void **state)
{
    struct world *world = crowd_of("slow", OPEN_MAX + WAITING_MAX + 50);
    struct control_figures figures = figures_of(world);

    (void)state;
    assert_int_equal(figures.callbacks_waiting, WAITING_MAX);
    assert_int_equal(figures.callbacks_dropped, 50);
    assert_int_equal(figures.calls_live, OPEN_MAX + WAITING_MAX + 50);
    assert_int_equal(world_rest(world, "GET", "/Notifications.json", "PageSize=1"), 200);
    assert_string_equal(
        json_string_value(json_object_get(
            json_array_get(json_object_get(world->json, "notifications"), 0), "error_code")),
        "11200");
    call(world, "good");
    assert_int_equal(good_count, 1);
    world_free(world);
}

static void an_answer_too_large_is_a_delivery_all_the_same(void **state)
{
    struct world *world = crowd_of("good", 1);

    (void)state;
    answers(world, good[0], CONTROL_FETCH_TOO_LARGE);
    assert_int_equal(figures_of(world).callbacks_sent, 1);
    assert_int_equal(figures_of(world).callbacks_lost, 0);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_that_hangs_is_asked_so_much_at_once_and_others_are_asked_as_ever),
        cmocka_unit_test(what_waited_goes_on_when_another_has_come_back),
        cmocka_unit_test(of_too_many_the_oldest_are_dropped_and_counted),
        cmocka_unit_test(an_answer_too_large_is_a_delivery_all_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
