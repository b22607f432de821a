#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/http_server.h"
#include "server/telephony.h"

/* A voice service that answers by a list of statuses, the last one again and again. */
struct service {
    struct loop *loop;
    struct http_server *server;
    struct telephony *telephony;
    const unsigned *statuses;
    size_t asked;
    bool is_silent, holds;
    struct http_request *held; /* not answered yet */
    char forms[4][256];
    char last_path[256];
    struct telephony_answer answer;
    unsigned answers;
    char sid[TELEPHONY_SID_SIZE];
    size_t participants;
};

static const char call_json[] =
    "{\"sid\":\"CA00000000000000000000000000000001\",\"status\":\"queued\",\"duration\":null,"
    "\"date_created\":\"Tue, 31 Aug 2010 20:36:28 +0000\",\"start_time\":null,"
    "\"code\":20429,\"message\":\"Too Many Requests\"}";

static void take(void *arg, struct http_request *request)
{
    struct service *service = arg;
    unsigned status = 201;
    const char *body = call_json;

    snprintf(service->last_path, sizeof(service->last_path), "%s?%s", http_request_path(request),
             http_request_query(request));
    for (size_t i = 0; service->statuses && i <= service->asked && service->statuses[i]; i++)
        status = service->statuses[i];
    if (service->asked < 4)
        slice_copy(http_request_body(request), service->forms[service->asked],
                   sizeof(service->forms[0]));
    service->asked++;
    if (service->is_silent)
        return;
    if (service->holds) {
        service->held = request;
        return;
    }
    if (strstr(service->last_path, "/Conferences.json"))
        body = "{\"conferences\":[{\"sid\":\"CF1\",\"status\":\"completed\"},"
               "{\"sid\":\"CF2\",\"status\":\"init\"}]}";
    if (strstr(service->last_path, "/Participants.json"))
        body = "{\"participants\":[{\"call_sid\":\"CA1\",\"label\":\"leg-7-3\"}]}";
    http_request_reply(request, status, "application/json", body, strlen(body));
}

static void on_answer(void *arg, const struct telephony_answer *answer)
{
    struct service *service = arg;
    struct telephony_call call;

    service->answer = *answer;
    service->answers++;
    if (answer->body && telephony_call_of(answer->body, &call))
        memcpy(service->sid, call.sid, sizeof(call.sid));
    service->participants = json_array_size(json_object_get(answer->body, "participants"));
}

static int open_service(void **state)
{
    struct service *service = calloc(1, sizeof(*service));
    struct http_server_options options = {.address = "127.0.0.1"};
    char url[64];

    assert_int_equal(loop_new(&service->loop), 0);
    assert_int_equal(http_server_new(&service->server, service->loop, &options, take, service), 0);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/path/", http_server_port(service->server));
    struct telephony_options telephony = {
        .base_url = url, .account = "AC1", .secret = "s", .calls_per_second = 50, .seed = 1};

    assert_int_equal(telephony_new(&service->telephony, service->loop, &telephony), 0);
    *state = service;
    return 0;
}

static int close_service(void **state)
{
    struct service *service = *state;

    telephony_free(service->telephony);
    http_server_free(service->server);
    loop_free(service->loop);
    free(service);
    return 0;
}

static void wait_answers(struct service *service, unsigned count)
{
    instant end = loop_clock() + 8 * SECOND;

    while (service->answers < count && loop_clock() < end)
        loop_step(service->loop, 20 * MILLISECOND);
    assert_int_equal(service->answers, count);
}

static void place(struct service *service)
{
    struct telephony_order order = {.to = "+12025551001",
                                    .from = "+12025550100",
                                    .url = "http://127.0.0.1/voice/answer?attempt=1",
                                    .status_callback = "http://127.0.0.1/voice/status?attempt=1",
                                    .ring_timeout_s = 20};

    telephony_place(service->telephony, &order, on_answer, service);
}

static void a_call_is_placed_under_a_base_with_a_path(void **state)
{
    struct service *service = *state;

    place(service);
    wait_answers(service, 1);
    assert_int_equal(service->answer.outcome, TELEPHONY_DONE);
    assert_string_equal(service->sid, "CA00000000000000000000000000000001");
    assert_string_equal(service->last_path, "/path/2010-04-01/Accounts/AC1/Calls.json?");
}

static void haste_is_tried_again_and_a_refusal_is_not(void **state)
{
    static const unsigned hasty[] = {429, 429, 201, 0}, refused[] = {400, 0};
    struct service *service = *state;

    service->statuses = hasty;
    place(service);
    wait_answers(service, 1);
    assert_int_equal(service->asked, 3);
    assert_int_equal(service->answer.outcome, TELEPHONY_DONE);
    service->statuses = refused;
    service->asked = 0;
    place(service);
    wait_answers(service, 2);
    assert_int_equal(service->asked, 1);
    assert_int_equal(service->answer.outcome, TELEPHONY_REFUSED);
    assert_int_equal(service->answer.code, 20429);
    assert_string_equal(service->answer.message, "Too Many Requests");
}

static void a_creation_whose_fate_is_unknown_is_not_posted_again(void **state)
{
    static const unsigned broken[] = {500, 0};
    struct service *service = *state;

    service->statuses = broken;
    place(service);
    wait_answers(service, 1);
    assert_int_equal(service->asked, 1);
    assert_int_equal(service->answer.outcome, TELEPHONY_UNKNOWN);
}

static void a_service_that_is_not_there_has_taken_nothing(void **state)
{
    struct service *service = *state;

    assert_int_equal(telephony_move(service->telephony, "http://127.0.0.1:1"), 0);
    place(service);
    wait_answers(service, 1);
    assert_int_equal(service->answer.outcome, TELEPHONY_NOT_SENT);
}

static void a_room_is_found_by_name_among_those_that_live(void **state)
{
    static const unsigned fine[] = {200, 0};
    struct service *service = *state;

    service->statuses = fine;
    telephony_list_room(service->telephony, "agent-7", on_answer, service);
    wait_answers(service, 1);
    assert_int_equal(service->participants, 1);
    assert_non_null(strstr(service->last_path, "/Conferences/CF2/Participants.json"));
}

static void a_member_of_a_living_room_is_put_on_hold(void **state)
{
    static const unsigned fine[] = {200, 0};
    struct service *service = *state;
    struct telephony_member member = {"agent-7", "CA9", "Hold=true"};

    service->statuses = fine;
    telephony_change_member(service->telephony, &member, on_answer, service);
    wait_answers(service, 1);
    assert_int_equal(service->answer.outcome, TELEPHONY_DONE);
    assert_string_equal(service->last_path,
                        "/path/2010-04-01/Accounts/AC1/Conferences/CF2/Participants/CA9.json?");
    assert_string_equal(service->forms[1], "Hold=true");
}

static void wait_asked(struct service *service, size_t count)
{
    instant end = loop_clock() + 8 * SECOND;

    while (service->asked < count && loop_clock() < end)
        loop_step(service->loop, 20 * MILLISECOND);
    assert_int_equal(service->asked, count);
}

static void redirect(struct service *service, const char *url)
{
    telephony_redirect(service->telephony, "CA1", url, on_answer, service);
}

static void answer_held(struct service *service)
{
    struct http_request *held = service->held;

    service->held = NULL;
    http_request_reply(held, 200, "application/json", call_json, strlen(call_json));
}

/* Two rooms one after the other: the later one must not be overtaken by the earlier. */
static void a_call_is_led_to_one_place_after_the_other_and_the_last_holds(void **state)
{
    struct service *service = *state;

    service->holds = true;
    redirect(service, "http://127.0.0.1/first");
    wait_asked(service, 1);
    redirect(service, "http://127.0.0.1/second");
    redirect(service, "http://127.0.0.1/third");
    assert_int_equal(service->answers, 1); /* the second will never be sent */
    assert_int_equal(service->answer.outcome, TELEPHONY_NOT_SENT);
    telephony_redirect(service->telephony, "CA2", "http://127.0.0.1/other", on_answer, service);
    struct http_request *first = service->held;

    wait_asked(service, 2); /* another call waits for nobody */
    assert_non_null(strstr(service->forms[1], "other"));
    answer_held(service);
    wait_answers(service, 2);
    service->held = first;
    answer_held(service);
    wait_asked(service, 3);
    assert_non_null(strstr(service->forms[2], "third"));
    answer_held(service);
    wait_answers(service, 4);
    assert_int_equal(service->answer.outcome, TELEPHONY_DONE);
}

static void creations_keep_to_the_rate(void **state)
{
    struct service *service = *state;
    instant begin = loop_clock();

    for (int i = 0; i < 30; i++)
        place(service);
    wait_answers(service, 30);
    assert_int_equal(service->asked, 30);
    /* a quarter of a second's worth may go at once, the rest at 50 a second */
    assert_true(loop_clock() - begin >= 250 * MILLISECOND);
}

static void what_is_open_at_the_end_is_unknown(void **state)
{
    struct service *service = *state;

    service->is_silent = true;
    place(service);
    for (int i = 0; i < 20 && !service->asked; i++)
        loop_step(service->loop, 20 * MILLISECOND);
    assert_int_equal(service->asked, 1);
    telephony_free(service->telephony);
    service->telephony = NULL;
    assert_int_equal(service->answers, 1);
    assert_int_equal(service->answer.outcome, TELEPHONY_UNKNOWN);
}

#define WITH_SERVICE(test) cmocka_unit_test_setup_teardown(test, open_service, close_service)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVICE(a_call_is_placed_under_a_base_with_a_path),
        WITH_SERVICE(haste_is_tried_again_and_a_refusal_is_not),
        WITH_SERVICE(a_creation_whose_fate_is_unknown_is_not_posted_again),
        WITH_SERVICE(a_service_that_is_not_there_has_taken_nothing),
        WITH_SERVICE(a_room_is_found_by_name_among_those_that_live),
        WITH_SERVICE(a_member_of_a_living_room_is_put_on_hold),
        WITH_SERVICE(a_call_is_led_to_one_place_after_the_other_and_the_last_holds),
        WITH_SERVICE(creations_keep_to_the_rate),
        WITH_SERVICE(what_is_open_at_the_end_is_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
