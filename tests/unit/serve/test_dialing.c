#include "unit/serve/floor.h"

#include "server/dialing.h"
#include "server/legs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int open_floor(void **state)
{
    struct floor *floor = calloc(1, sizeof(*floor));

    floor_open(floor);
    *state = floor;
    return 0;
}

static int close_floor(void **state)
{
    floor_close(*state);
    free(*state);
    return 0;
}

static void ask_ok(struct floor *floor, const char *method, const char *path, const char *body)
{
    unsigned status;
    json_t *json = floor_ask(floor, method, path, body, &status);

    if (status >= 300)
        fail_msg("%s %s: %u %s", method, path, status,
                 json_string_value(json_object_get(json, "detail")));
    json_decref(json);
}

static char *text_at(struct floor *floor, const char *path, const char *field)
{
    unsigned status;
    json_t *json = floor_ask(floor, "GET", path, NULL, &status);
    const char *text = json_string_value(json_object_get(json, field));
    char *copy = strdup(text ? text : "");

    json_decref(json);
    return copy;
}

static void assert_text_at(struct floor *floor, const char *path, const char *field,
                           const char *wanted)
{
    char *text = text_at(floor, path, field);

    assert_string_equal(text, wanted);
    free(text);
}

#define HOURS "\"hours\":{\"every_day\":[[\"00:00\",\"24:00\"]]}"

/* An agent on the line, a campaign with one lead: the first order is the line, the second the call. */
static void one_call_is_ordered(struct floor *floor)
{
    ask_ok(floor, "POST", "/api/v1/campaigns",
           "{\"name\":\"spring\",\"settings\":{" HOURS ",\"wrap_up_s\":1}}");
    ask_ok(floor, "POST", "/api/v1/agents",
           "{\"name\":\"ann\",\"contact\":\"sip:ann@127.0.0.1:5070\"}");
    ask_ok(floor, "POST", "/api/v1/agents/ann/login", NULL);
    floor_wait_orders(floor, 1);
    assert_string_equal(form_get(&floor->orders[0].form, "To"), "sip:ann@127.0.0.1:5070");
    assert_int_equal(
        floor_hook(floor, "/voice/conference",
                   "StatusCallbackEvent=participant-join&FriendlyName=agent-1&"
                   "ParticipantLabel=leg-1-1&CallSid=CA00000000000000000000000000000001",
                   true, NULL),
        204);
    assert_text_at(floor, "/api/v1/agents/ann", "activity", "available");
    floor_add_lead(floor, 1, "+12025551001");
    ask_ok(floor, "POST", "/api/v1/campaigns/spring/start", NULL);
    floor_wait_orders(floor, 2);
}

static void an_order_names_its_attempt_in_its_urls(void **state)
{
    struct floor *floor = *state;

    one_call_is_ordered(floor);
    const struct engine_order *order = &floor->orders[1];
    char url[128];

    assert_string_equal(order->method, "POST");
    assert_string_equal(order->path, "/some/path/2010-04-01/Accounts/"
                                     "AC00000000000000000000000000000001/Calls.json?");
    assert_string_equal(form_get(&order->form, "To"), "+12025551001");
    assert_string_equal(form_get(&order->form, "From"), "+12025550100");
    snprintf(url, sizeof(url), "%s/voice/answer?attempt=1#rc=5&rp=ct,rt,5xx", floor->http);
    assert_string_equal(form_get(&order->form, "Url"), url);
    snprintf(url, sizeof(url), "%s/voice/status?attempt=1#rc=4&rp=ct,rt,5xx", floor->http);
    assert_string_equal(form_get(&order->form, "StatusCallback"), url);
    assert_string_equal(form_get_at(&order->form, "StatusCallbackEvent", 3), "completed");
}

static void who_answers_goes_into_the_room_of_the_agent(void **state)
{
    struct floor *floor = *state;
    struct text text;

    one_call_is_ordered(floor);
    text_init(&text);
    assert_int_equal(floor_hook(floor, "/voice/answer?attempt=1",
                                "CallSid=CA00000000000000000000000000000002&CallStatus=in-progress",
                                true, &text),
                     200);
    assert_non_null(strstr(text.at, ">agent-1</Conference>"));
    assert_non_null(strstr(text.at, "participantLabel=\"attempt-1\""));
    assert_non_null(strstr(text.at, "endConferenceOnExit=\"false\""));
    text_release(&text);
    assert_int_equal(
        floor_hook(floor, "/voice/conference",
                   "StatusCallbackEvent=participant-join&FriendlyName=agent-1&"
                   "ParticipantLabel=attempt-1&CallSid=CA00000000000000000000000000000002",
                   true, NULL),
        204);
    assert_text_at(floor, "/api/v1/agents/ann", "activity", "on-call");
    assert_text_at(floor, "/api/v1/attempts/1", "state", "bridged");
    assert_int_equal(floor_hook(floor, "/voice/status?attempt=1",
                                "CallSid=CA00000000000000000000000000000002&CallStatus=completed&"
                                "SequenceNumber=3&SipResponseCode=200&OutdialHelloUs=1730",
                                true, NULL),
                     204);
    assert_text_at(floor, "/api/v1/attempts/1", "result", "connected");

    unsigned status;
    json_t *attempt = floor_ask(floor, "GET", "/api/v1/attempts/1", NULL, &status);
    json_t *report = floor_ask(floor, "GET", "/api/v1/campaigns/spring/report", NULL, &status);

    assert_true(json_real_value(json_object_get(attempt, "hello_latency_ms")) == 1.73);
    assert_string_equal(json_string_value(json_object_get(report, "balance")), "ok");
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(report, "results"), "connected")), 1);
    json_decref(attempt);
    json_decref(report);
}

static void a_report_that_comes_late_or_twice_changes_nothing(void **state)
{
    static const char busy[] =
        "CallSid=CA00000000000000000000000000000002&CallStatus=busy&SequenceNumber=2&"
        "SipResponseCode=486";
    static const char late[] =
        "CallSid=CA00000000000000000000000000000002&CallStatus=ringing&SequenceNumber=1";
    struct floor *floor = *state;

    one_call_is_ordered(floor);
    assert_int_equal(floor_hook(floor, "/voice/status?attempt=1", busy, true, NULL), 204);
    assert_text_at(floor, "/api/v1/attempts/1", "result", "busy");
    assert_int_equal(floor_hook(floor, "/voice/status?attempt=1", busy, true, NULL), 204);
    assert_int_equal(floor_hook(floor, "/voice/status?attempt=1", late, true, NULL), 204);
    assert_text_at(floor, "/api/v1/attempts/1", "state", "ended");
    assert_text_at(floor, "/api/v1/agents/ann", "activity", "available");
}

static void a_forged_webhook_is_refused_and_counted(void **state)
{
    struct floor *floor = *state;
    unsigned status;

    one_call_is_ordered(floor);
    assert_int_equal(floor_hook(floor, "/voice/answer?attempt=1",
                                "CallSid=CA00000000000000000000000000000002", false, NULL),
                     403);
    assert_int_equal(floor_hook(floor, "/voice/status?attempt=1",
                                "CallSid=CA00000000000000000000000000000002&CallStatus=completed",
                                false, NULL),
                     403);
    json_t *live = floor_ask(floor, "GET", "/api/v1/live", NULL, &status);

    assert_int_equal(json_integer_value(json_object_get(live, "forged_webhooks")), 2);
    json_decref(live);
}

static void an_order_that_is_refused_is_not_posted_again(void **state)
{
    struct floor *floor = *state;

    ask_ok(floor, "POST", "/api/v1/campaigns", "{\"name\":\"spring\",\"settings\":{" HOURS "}}");
    ask_ok(floor, "POST", "/api/v1/agents",
           "{\"name\":\"ann\",\"contact\":\"sip:ann@127.0.0.1:5070\"}");
    ask_ok(floor, "POST", "/api/v1/agents/ann/login", NULL);
    floor_wait_orders(floor, 1);
    floor_hook(floor, "/voice/conference",
               "StatusCallbackEvent=participant-join&FriendlyName=agent-1&"
               "ParticipantLabel=leg-1-1&CallSid=CA00000000000000000000000000000001",
               true, NULL);
    floor->engine_status = 400;
    floor->engine_body =
        (char[]){"{\"code\":21211,\"message\":\"To is no number\",\"status\":400}"};
    floor_add_lead(floor, 1, "+12025551001");
    ask_ok(floor, "POST", "/api/v1/campaigns/spring/start", NULL);
    floor_wait_orders(floor, 2);
    floor_turn(floor, 200);
    assert_int_equal(floor->order_count, 2);
    assert_text_at(floor, "/api/v1/attempts/1", "result", "failed");
    assert_text_at(floor, "/api/v1/agents/ann", "activity", "available");
}

static void nobody_on_the_do_not_call_list_is_rung(void **state)
{
    struct floor *floor = *state;

    ask_ok(floor, "POST", "/api/v1/do-not-call", "{\"number\":\"+1 202 555 1001\"}");
    ask_ok(floor, "POST", "/api/v1/campaigns", "{\"name\":\"spring\",\"settings\":{" HOURS "}}");
    ask_ok(floor, "POST", "/api/v1/agents",
           "{\"name\":\"ann\",\"contact\":\"sip:ann@127.0.0.1:5070\"}");
    ask_ok(floor, "POST", "/api/v1/agents/ann/login", NULL);
    floor_wait_orders(floor, 1);
    floor_hook(floor, "/voice/conference",
               "StatusCallbackEvent=participant-join&FriendlyName=agent-1&"
               "ParticipantLabel=leg-1-1&CallSid=CA00000000000000000000000000000001",
               true, NULL);
    floor_add_lead(floor, 1, "+12025551001");
    ask_ok(floor, "POST", "/api/v1/campaigns/spring/start", NULL);
    floor_turn(floor, 300);
    assert_int_equal(floor->order_count, 1);

    unsigned status;
    json_t *page = floor_ask(floor, "GET", "/api/v1/leads?campaign=spring", NULL, &status);
    const json_t *lead = json_array_get(json_object_get(page, "items"), 0);

    assert_string_equal(json_string_value(json_object_get(lead, "state")), "blocked");
    json_decref(page);
    page = floor_ask(floor, "GET", "/api/v1/leads/1", NULL, &status);
    lead = json_array_get(json_object_get(page, "numbers"), 0);
    assert_string_equal(json_string_value(json_object_get(lead, "reason")), "do-not-call");
    json_decref(page);
}

static void ann_is_on_the_line(struct floor *floor)
{
    ask_ok(floor, "POST", "/api/v1/agents",
           "{\"name\":\"ann\",\"contact\":\"sip:ann@127.0.0.1:5070\"}");
    ask_ok(floor, "POST", "/api/v1/agents/ann/login", "{\"activity\":\"break\"}");
    floor_wait_orders(floor, 1);
    floor_hook(floor, "/voice/conference",
               "StatusCallbackEvent=participant-join&FriendlyName=agent-1&"
               "ParticipantLabel=leg-1-1&CallSid=CA00000000000000000000000000000001",
               true, NULL);
}

static void a_refused_dial_by_hand_leaves_a_waiting_lead_in_line(void **state)
{
    struct floor *floor = *state;
    unsigned status;

    ask_ok(floor, "POST", "/api/v1/campaigns", "{\"name\":\"spring\",\"settings\":{" HOURS "}}");
    ann_is_on_the_line(floor);
    ask_ok(floor, "POST", "/api/v1/agents",
           "{\"name\":\"bob\",\"contact\":\"sip:bob@127.0.0.1:5070\"}");
    floor_add_lead(floor, 1, "+12025551001");
    ask_ok(floor, "POST", "/api/v1/campaigns/spring/start", NULL);
    floor_turn(floor, 200);
    json_t *problem = floor_ask(floor, "POST", "/api/v1/agents/bob/dial", "{\"lead\":1}", &status);

    assert_int_equal(status, 409);
    assert_string_equal(json_string_value(json_object_get(problem, "refusal")), "agent-state");
    json_decref(problem);
    ask_ok(floor, "POST", "/api/v1/agents/ann/activity", "{\"activity\":\"available\"}");
    floor_wait_orders(floor, 2);
    assert_string_equal(form_get(&floor->orders[1].form, "To"), "+12025551001");
}

static void a_held_lead_is_asked_again_when_the_rules_change(void **state)
{
    struct floor *floor = *state;

    ask_ok(floor, "POST", "/api/v1/campaigns",
           "{\"name\":\"spring\",\"settings\":{\"hours\":{\"every_day\":[]}}}");
    ann_is_on_the_line(floor);
    floor_add_lead(floor, 1, "+12025551001");
    ask_ok(floor, "POST", "/api/v1/campaigns/spring/start", NULL);
    ask_ok(floor, "POST", "/api/v1/agents/ann/activity", "{\"activity\":\"available\"}");
    floor_turn(floor, 300);
    assert_int_equal(floor->order_count, 1);
    ask_ok(floor, "PATCH", "/api/v1/campaigns/spring", "{\"settings\":{" HOURS "}}");
    floor_wait_orders(floor, 2);
    assert_string_equal(form_get(&floor->orders[1].form, "To"), "+12025551001");
}

static void a_word_taken_back_frees_the_number_and_whoever_has_it(void **state)
{
    struct floor *floor = *state;
    unsigned status;

    ask_ok(floor, "POST", "/api/v1/campaigns",
           "{\"name\":\"spring\",\"settings\":{" HOURS ",\"mode\":\"manual\"}}");
    ann_is_on_the_line(floor);
    floor_add_lead(floor, 1, "+12025551001");
    ask_ok(floor, "POST", "/api/v1/campaigns/spring/start", NULL);
    ask_ok(floor, "POST", "/api/v1/do-not-call", "{\"number\":\"+12025551001\"}");
    json_t *problem = floor_ask(floor, "POST", "/api/v1/agents/ann/dial", "{\"lead\":1}", &status);

    assert_string_equal(json_string_value(json_object_get(problem, "refusal")), "do-not-call");
    json_decref(problem);
    ask_ok(floor, "DELETE", "/api/v1/do-not-call/1", NULL);
    ask_ok(floor, "POST", "/api/v1/agents/ann/dial", "{\"lead\":1}");
    floor_wait_orders(floor, 2);
}

static void calls_of_an_engine_that_died_are_asked_after_and_end(void **state)
{
    struct event restarted = {.kind = EVENT_VOICE_RESTARTED};
    struct floor *floor = *state;

    one_call_is_ordered(floor);
    floor_hook(floor, "/voice/answer?attempt=1",
               "CallSid=CA00000000000000000000000000000002&CallStatus=in-progress", true, NULL);
    floor_hook(floor, "/voice/conference",
               "StatusCallbackEvent=participant-join&FriendlyName=agent-1&"
               "ParticipantLabel=attempt-1&CallSid=CA00000000000000000000000000000002",
               true, NULL);
    assert_text_at(floor, "/api/v1/attempts/1", "state", "bridged");
    floor->engine_status = 404;
    floor->engine_body = (char[]){"{\"code\":20404,\"message\":\"not found\",\"status\":404}"};
    dialing_feed(&floor->server, &restarted, NULL);
    floor_turn(floor, 300);
    assert_text_at(floor, "/api/v1/attempts/1", "state", "ended");
    assert_text_at(floor, "/api/v1/attempts/1", "result", "connected");
}

#define WITH_FLOOR(test) cmocka_unit_test_setup_teardown(test, open_floor, close_floor)

static void assert_leg_is_told(struct floor *floor, const char *path, const char *wanted)
{
    struct text text;

    text_init(&text);
    assert_int_equal(
        floor_hook(floor, path, "CallSid=CA00000000000000000000000000000001", true, &text), 200);
    assert_non_null(strstr(text.at, wanted));
    text_release(&text);
}

static void a_line_that_is_not_waited_for_any_more_does_not_enter_the_room(void **state)
{
    struct floor *floor = *state;

    ask_ok(floor, "POST", "/api/v1/agents",
           "{\"name\":\"ann\",\"contact\":\"sip:ann@127.0.0.1:5070\"}");
    ask_ok(floor, "POST", "/api/v1/agents/ann/login", NULL);
    floor_wait_orders(floor, 1);
    assert_leg_is_told(floor, "/voice/agent?agent=1&leg=1", ">agent-1</Conference>");
    assert_leg_is_told(floor, "/voice/agent?agent=1&leg=2", "<Hangup/>");
    ask_ok(floor, "POST", "/api/v1/agents/ann/logout", NULL);
    assert_leg_is_told(floor, "/voice/agent?agent=1&leg=1", "<Hangup/>");
    assert_leg_is_told(floor, "/voice/agent?agent=9&leg=1", "<Hangup/>");
}

/* Its attempt was given up, and what was said to it then was lost. */
static void a_customer_whom_nobody_knows_is_told_goodbye_when_the_room_is_looked_into(void **state)
{
    struct floor *floor = *state;

    ann_is_on_the_line(floor);
    floor->engine_status = 200;
    floor->engine_body =
        (char[]){"{\"conferences\":[{\"sid\":\"CF00000000000000000000000000000001\",\"friendly_"
                 "name\":\"agent-1\",\"status\":\"in-progress\"}],\"participants\":[{\"label\":"
                 "\"attempt-77\",\"call_sid\":"
                 "\"CA00000000000000000000000000000077\"}]}"};
    legs_poll(&floor->server, 1, 1);
    floor_wait_orders(floor, 4); /* the room, its members, and then this */
    assert_non_null(
        strstr(floor->orders[3].path, "/Calls/CA00000000000000000000000000000077.json"));
    assert_non_null(strstr(form_get(&floor->orders[3].form, "Url"), "action=message"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FLOOR(an_order_names_its_attempt_in_its_urls),
        WITH_FLOOR(who_answers_goes_into_the_room_of_the_agent),
        WITH_FLOOR(a_report_that_comes_late_or_twice_changes_nothing),
        WITH_FLOOR(a_forged_webhook_is_refused_and_counted),
        WITH_FLOOR(an_order_that_is_refused_is_not_posted_again),
        WITH_FLOOR(calls_of_an_engine_that_died_are_asked_after_and_end),
        WITH_FLOOR(nobody_on_the_do_not_call_list_is_rung),
        WITH_FLOOR(a_refused_dial_by_hand_leaves_a_waiting_lead_in_line),
        WITH_FLOOR(a_held_lead_is_asked_again_when_the_rules_change),
        WITH_FLOOR(a_word_taken_back_frees_the_number_and_whoever_has_it),
        WITH_FLOOR(a_line_that_is_not_waited_for_any_more_does_not_enter_the_room),
        WITH_FLOOR(a_customer_whom_nobody_knows_is_told_goodbye_when_the_room_is_looked_into),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
