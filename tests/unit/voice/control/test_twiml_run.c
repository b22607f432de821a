#include "world.h"

/* A call on leg 1 that is answered and asks for its document. */
static struct world *answered_call(const char *more)
{
    struct world *world = world_new();

    world_calls(world, "15005550001", more);
    expect(world, "invite 1 *");
    world_answered(world, 1);
    expect(world, "POST http://app/voice *");
    return world;
}

static void verbs_run_one_after_another(void **state)
{
    struct world *world = answered_call("");

    (void)state;
    world_serves(world,
                 "<Response><Say loop=\"2\">One</Say><Play>two.wav</Play><Pause length=\"3\"/>"
                 "<Play digits=\"1w2\"/><Bogus/><Redirect method=\"GET\">/next?a=b</Redirect>"
                 "<Say>never</Say></Response>");
    expect(world, "play leg1 say 'One' x2");
    world_played(world);
    expect(world, "play leg1 url 'http://app/two.wav'");
    world_played(world);
    expect_nothing(world);
    world_passes(world, 3 * SECOND);
    expect(world, "digits 1 1w2");
    world_leg(world, CONTROL_LEG_DIGITS_SENT, 1);
    expect(world, "GET http://app/next CallStatus=in-progress CallSid=CA1");
    world_fetched(world, world->last_fetch, 200, "text/plain", "Spoken words");
    expect(world, "play leg1 say 'Spoken words'");
    world_played(world);
    expect(world, "hang up 1");
    expect_nothing(world);
    world_rest(world, "GET", "/Calls/CA1/Notifications.json", "");
    assert_int_equal(json_array_size(json_object_get(world->json, "notifications")), 1);
    world_free(world);
}

static void gather_takes_keys_until_it_has_enough(void **state)
{
    static const char GATHER[] =
        "<Response><Gather action=\"/pin\" numDigits=\"3\" timeout=\"4\"><Say>PIN?</Say>"
        "<Pause length=\"9\"/></Gather><Say>Nothing</Say></Response>";
    struct world *world = answered_call("");

    (void)state;
    world_serves(world, GATHER);
    expect(world, "play leg1 say 'PIN?'");
    world_digit(world, 1, '4');
    expect(world, "stop leg1");
    world_digit(world, 1, '2');
    expect_nothing(world);
    world_digit(world, 1, '1');
    expect(world, "POST http://app/pin CallStatus=in-progress CallSid=CA1 Digits=421");
    world_serves(world, GATHER);
    expect(world, "play leg1 say 'PIN?'");
    world_digit(world, 1, '7');
    expect(world, "stop leg1");
    world_digit(world, 1, '#');
    expect(world, "POST http://app/pin CallStatus=in-progress CallSid=CA1 Digits=7 "
                  "FinishedOnKey=#");
    world_serves(world, GATHER);
    expect(world, "play leg1 say 'PIN?'");
    world_played(world);
    world_passes(world, 9 * SECOND); /* the pause */
    world_digit(world, 1, '5');
    world_passes(world, 5 * SECOND); /* the time-out between keys */
    expect(world, "POST http://app/pin CallStatus=in-progress CallSid=CA1 Digits=5");
    world_serves(world, GATHER);
    expect(world, "play leg1 say 'PIN?'");
    world_played(world);
    world_passes(world, 12 * SECOND);
    expect_nothing(world);
    world_passes(world, 2 * SECOND);
    expect(world, "play leg1 say 'Nothing'");
    world_free(world);
}

static void an_empty_gather_asks_its_action_only_when_told(void **state)
{
    struct world *world = answered_call("");

    (void)state;
    world_serves(world, "<Response><Gather timeout=\"2\" actionOnEmptyResult=\"true\" "
                        "finishOnKey=\"\"/></Response>");
    world_passes(world, 3 * SECOND);
    expect(world, "POST http://app/voice CallStatus=in-progress CallSid=CA1 Digits=");
    world_free(world);
}

static void the_fallback_is_told_what_failed(void **state)
{
    struct world *world = answered_call("&FallbackUrl=http://app/fallback&FallbackMethod=GET");

    (void)state;
    world_fetched(world, world->last_fetch, 500, "text/html", "oops");
    expect(world, "GET http://app/fallback CallStatus=in-progress CallSid=CA1 ErrorCode=11200");
    world_serves(world, "<Response><Gather action=\"/x\" numDigits=\"1\"/></Response>");
    world_digit(world, 1, '1');
    expect(world, "POST http://app/x *");
    world_fetched(world, world->last_fetch, 200, "text/xml", "<Response>");
    expect(world, "GET http://app/fallback CallStatus=in-progress CallSid=CA1 ErrorCode=12100");
    world_fetched(world, world->last_fetch, 200, "application/json", "{}");
    expect(world, "play leg1 say *");
    world_played(world);
    expect(world, "hang up 1");
    world_free(world);
}

static void every_failure_has_its_code(void **state)
{
    static const struct {
        enum control_fetch_outcome outcome;
        unsigned status;
        const char *type, *body, *code;
    } FAILURES[] = {
        {CONTROL_FETCH_ANSWERED, 404, "text/xml", "", "11200"},
        {CONTROL_FETCH_TIMED_OUT, 0, NULL, "", "11200"},
        {CONTROL_FETCH_NO_HOST, 0, NULL, "", "11210"},
        {CONTROL_FETCH_TLS_FAILED, 0, NULL, "", "11220"},
        {CONTROL_FETCH_TOO_LARGE, 0, NULL, "", "11750"},
        {CONTROL_FETCH_ANSWERED, 200, "text/xml", " <?xml version=\"1.0\"?><Response/>", "12100"},
        {CONTROL_FETCH_ANSWERED, 200, "text/xml", "<!DOCTYPE x><Response/>", "12100"},
        {CONTROL_FETCH_ANSWERED, 200, "image/png", "x", "12300"},
        {CONTROL_FETCH_ANSWERED, 200, "", "<Response/>", "12300"},
    };

    (void)state;
    for (size_t i = 0; i < array_count(FAILURES); ++i) {
        struct world *world = answered_call("&Url=x%23rc=0");
        struct control_event event = {.kind = CONTROL_FETCHED};
        json_t *first;

        event.as.fetched.fetch = world->last_fetch;
        event.as.fetched.outcome = FAILURES[i].outcome;
        event.as.fetched.status = FAILURES[i].status;
        event.as.fetched.content_type = FAILURES[i].type;
        event.as.fetched.body = slice_from(FAILURES[i].body);
        world_feed(world, &event);
        world_passes(world, 200 * MILLISECOND);
        while (world->line_read < world->line_count &&
               strncmp(world->lines[world->line_read], "play", 4) != 0) {
            expect(world, "POST http://app/voice *"); /* the retry on a connect failure */
            event.as.fetched.fetch = world->last_fetch;
            world_feed(world, &event);
        }
        expect(world, "play leg1 say 'We are sorry, an application error has occurred. Goodbye.'");
        world_rest(world, "GET", "/Calls/CA1/Notifications.json", "");
        first = json_array_get(json_object_get(world->json, "notifications"), 0);
        assert_string_equal(json_string_value(json_object_get(first, "error_code")),
                            FAILURES[i].code);
        world_free(world);
    }
}

static void redirects_are_followed_as_get_and_move_the_base(void **state)
{
    struct world *world = answered_call("");
    struct control_event event = {.kind = CONTROL_FETCHED};

    (void)state;
    event.as.fetched.fetch = world->last_fetch;
    event.as.fetched.status = 302;
    event.as.fetched.location = "https://other.example/deep/doc?x=1";
    event.as.fetched.set_cookie = "session=abc; Path=/\nother=1";
    world_feed(world, &event);
    expect(world, "GET https://other.example/deep/doc");
    world_serves(world, "<Response><Play>tone.wav</Play><Redirect>http://app/again</Redirect>"
                        "</Response>");
    expect(world, "play leg1 url 'https://other.example/deep/tone.wav'");
    world_played(world);
    expect(world, "POST http://app/again CallStatus=in-progress CallSid=CA1 "
                  "cookie=session=abc; other=1");
    for (int i = 0; i < 10; ++i) {
        event.as.fetched.fetch = world->last_fetch;
        event.as.fetched.location = "/round";
        event.as.fetched.set_cookie = NULL;
        world_feed(world, &event);
        expect(world, "GET http://app/round cookie=*");
    }
    event.as.fetched.fetch = world->last_fetch;
    world_feed(world, &event);
    expect(world, "play leg1 say 'We are sorry*");
    world_free(world);
}

static void an_application_that_loops_without_sound_is_stopped(void **state)
{
    struct world *world = answered_call("&FallbackUrl=http://app/fallback");

    (void)state;
    for (int i = 0; i < 99; ++i) {
        world_serves(world, "<Response><Redirect>/voice</Redirect></Response>");
        expect(world, "POST http://app/voice *");
    }
    world_serves(world, "<Response><Redirect>/voice</Redirect></Response>");
    expect(world, "play leg1 say 'We are sorry*");
    world_played(world);
    expect(world, "hang up 1");
    world_free(world);
}

static void an_update_stops_the_verb_and_starts_the_new_document(void **state)
{
    struct world *world = answered_call("");

    (void)state;
    world_serves(world, "<Response><Play loop=\"0\">a.wav</Play></Response>");
    expect(world, "play leg1 url *");
    assert_int_equal(world_rest(world, "POST", "/Calls/CA1.json", "Url=http://app/b&Method=GET"),
                     200);
    expect(world, "stop leg1");
    expect(world, "GET http://app/b *");
    world_serves(world, "<Response><Say>B</Say></Response>");
    expect(world, "play leg1 say 'B'");
    assert_int_equal(
        world_rest(world, "POST", "/Calls/CA1.json", "Url=http://app/b&Twiml=<Response/>"), 400);
    world_free(world);
}

static void numbers_ring_together_and_the_first_to_answer_wins(void **state)
{
    struct world *world = answered_call("");

    (void)state;
    world_serves(world,
                 "<Response><Dial action=\"/done\" callerId=\"+15005550006\" timeout=\"15\">"
                 "<Number statusCallback=\"/leg\" statusCallbackEvent=\"answered completed\">"
                 "+15005550002</Number><Sip>sip:bob@127.0.0.1:5070?X-Lead=7</Sip></Dial>"
                 "</Response>");
    expect(world, "invite 2 +15005550002 from +15005550006");
    expect(world, "invite 3 sip:bob@127.0.0.1:5070 from +15005550006 X-Lead=7");
    expect(world, "play leg1 ring");
    world_rings(world, 2);
    world_answered(world, 2);
    expect(world, "POST http://app/leg CallStatus=in-progress SequenceNumber=2 CallSid=CA2 "
                  "ParentCallSid=CA1");
    world_acks(world);
    expect(world, "hang up 3");
    expect(world, "stop leg1");
    expect(world, "open room1");
    expect(world, "join 1 room1");
    expect(world, "join 2 room1");
    world->now += 10 * SECOND;
    world_ended(world, 2, 0);
    expect(world, "leave 1 room1");
    expect(world, "close room1");
    expect(world, "POST http://app/done CallStatus=in-progress CallSid=CA1 "
                  "DialCallStatus=completed DialBridged=true DialCallSid=CA2 DialCallDuration=10");
    expect(world, "POST http://app/leg CallStatus=completed *");
    expect_nothing(world);
    world_free(world);
}

static void a_sequential_dial_tries_one_after_another(void **state)
{
    struct world *world = answered_call("");

    (void)state;
    world_serves(world, "<Response><Dial sequential=\"true\" timeout=\"10\">"
                        "<Number>+15005550002</Number><Number>not a number</Number>"
                        "<Number>+15005550003</Number></Dial><Say>Nobody</Say></Response>");
    expect(world, "invite 2 *");
    expect(world, "play leg1 ring");
    world_ended(world, 2, 486);
    expect(world, "invite 3 +15005550003 *");
    world_passes(world, 11 * SECOND);
    expect(world, "stop leg1");
    expect(world, "hang up 3");
    expect(world, "play leg1 say 'Nobody'");
    expect_nothing(world);
    world_free(world);
}

static void a_whisper_is_heard_before_the_bridge(void **state)
{
    struct world *world = answered_call("");

    (void)state;
    world_serves(world, "<Response><Dial action=\"/done\"><Number url=\"/screen\">+15005550002"
                        "</Number></Dial></Response>");
    expect(world, "invite 2 *");
    expect(world, "play leg1 ring");
    world_answered(world, 2);
    expect(world, "POST http://app/screen CallStatus=in-progress CallSid=CA2 ParentCallSid=CA1");
    world_serves(world, "<Response><Gather numDigits=\"1\" action=\"/pressed\"><Say>Press 1</Say>"
                        "</Gather><Hangup/></Response>");
    expect(world, "play leg2 say 'Press 1'");
    world_digit(world, 2, '1');
    expect(world, "stop leg2");
    expect(world, "POST http://app/pressed *");
    world_serves(world, "<Response/>");
    expect(world, "stop leg1");
    expect(world, "open room1");
    expect(world, "join 1 room1");
    expect(world, "join 2 room1");
    world_ended(world, 1, 0); /* the caller leaves: the callee is hung up, the action still asked */
    expect(world, "leave 2 room1");
    expect(world, "hang up 2");
    expect(world, "close room1");
    expect(world, "POST http://app/done CallStatus=completed CallSid=CA1 DialCallStatus=completed "
                  "DialBridged=true DialCallSid=CA2 DialCallDuration=0");
    expect_nothing(world);
    world_free(world);
}

static void a_callee_who_declines_the_whisper_is_no_answer(void **state)
{
    struct world *world = answered_call("");

    (void)state;
    world_serves(world, "<Response><Dial action=\"/done\"><Number url=\"/screen\">+15005550002"
                        "</Number></Dial></Response>");
    expect(world, "invite 2 *");
    expect(world, "play leg1 ring");
    world_answered(world, 2);
    expect(world, "POST http://app/screen *");
    world_serves(world, "<Response><Hangup/></Response>");
    expect(world, "stop leg1");
    expect(world, "POST http://app/done CallStatus=in-progress CallSid=CA1 "
                  "DialCallStatus=no-answer DialBridged=false DialCallSid=CA2 DialCallDuration=0");
    expect(world, "hang up 2");
    expect_nothing(world);
    world_free(world);
}

static void a_star_leaves_the_dial_when_it_may(void **state)
{
    struct world *world = answered_call("");

    (void)state;
    world_serves(world, "<Response><Dial hangupOnStar=\"true\">+15005550002</Dial><Say>Back</Say>"
                        "</Response>");
    expect(world, "invite 2 *");
    expect(world, "play leg1 ring");
    world_answered(world, 2);
    expect(world, "stop leg1");
    expect(world, "open room1");
    expect(world, "join 1 room1");
    expect(world, "join 2 room1");
    world_digit(world, 1, '5');
    expect_nothing(world);
    world_digit(world, 1, '*');
    expect(world, "leave 2 room1");
    expect(world, "hang up 2");
    expect(world, "leave 1 room1");
    expect(world, "close room1");
    expect(world, "play leg1 say 'Back'");
    expect_nothing(world);
    world_free(world);
}

static void a_child_redirected_lets_the_parent_go_on(void **state)
{
    struct world *world = answered_call("");

    (void)state;
    world_serves(world, "<Response><Dial action=\"/done\">+15005550002</Dial></Response>");
    expect(world, "invite 2 *");
    expect(world, "play leg1 ring");
    world_answered(world, 2);
    expect(world, "stop leg1");
    expect(world, "open room1");
    expect(world, "join 1 room1");
    expect(world, "join 2 room1");
    world_rest(world, "GET", "/Calls.json", "");
    assert_int_equal(
        world_rest(world, "POST", "/Calls/CA2.json", "Twiml=<Response><Say>Alone</Say></Response>"),
        200);
    expect(world, "leave 2 room1");
    expect(world, "leave 1 room1");
    expect(world, "close room1");
    expect(world, "POST http://app/done CallStatus=in-progress CallSid=CA1 "
                  "DialCallStatus=completed DialBridged=true");
    expect(world, "play leg2 say 'Alone'");
    expect_nothing(world);
    world_free(world);
}

static void a_foreign_caller_id_and_a_bad_target_fail_the_dial(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct control_number number = {.number = "+15005550006"};
    struct control_options options = {.numbers = &number, .number_count = 1};

    (void)state;
    world_init(world, &options);
    world_calls(world, "15005550001", "");
    expect(world, "invite 1 *");
    world_answered(world, 1);
    expect(world, "POST http://app/voice *");
    world_serves(world, "<Response><Dial action=\"/done\" callerId=\"+15005550099\">+15005550002"
                        "</Dial></Response>");
    expect(world, "POST http://app/done CallStatus=in-progress CallSid=CA1 DialCallStatus=failed "
                  "DialBridged=false");
    world_serves(world, "<Response><Dial><Client> </Client></Dial><Say>x</Say></Response>");
    expect(world, "play leg1 say 'x'");
    expect_nothing(world);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verbs_run_one_after_another),
        cmocka_unit_test(gather_takes_keys_until_it_has_enough),
        cmocka_unit_test(an_empty_gather_asks_its_action_only_when_told),
        cmocka_unit_test(the_fallback_is_told_what_failed),
        cmocka_unit_test(every_failure_has_its_code),
        cmocka_unit_test(redirects_are_followed_as_get_and_move_the_base),
        cmocka_unit_test(an_application_that_loops_without_sound_is_stopped),
        cmocka_unit_test(an_update_stops_the_verb_and_starts_the_new_document),
        cmocka_unit_test(numbers_ring_together_and_the_first_to_answer_wins),
        cmocka_unit_test(a_sequential_dial_tries_one_after_another),
        cmocka_unit_test(a_whisper_is_heard_before_the_bridge),
        cmocka_unit_test(a_callee_who_declines_the_whisper_is_no_answer),
        cmocka_unit_test(a_star_leaves_the_dial_when_it_may),
        cmocka_unit_test(a_child_redirected_lets_the_parent_go_on),
        cmocka_unit_test(a_foreign_caller_id_and_a_bad_target_fail_the_dial),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
