#include "world.h"

static const char CALLBACK[] =
    "&StatusCallback=http://app/status&StatusCallbackEvent=initiated&StatusCallbackEvent=ringing"
    "+answered&StatusCallbackEvent=completed";

static void the_life_of_a_call_is_told_in_order(void **state)
{
    struct world *world = world_new();

    (void)state;
    world_calls(world, "15005550001", CALLBACK);
    expect(world, "invite 1 +15005550001 from +15005550006");
    expect(world, "POST http://app/status CallStatus=initiated SequenceNumber=0 CallSid=CA1");
    world_acks(world);
    world_rings(world, 1);
    expect(world, "POST http://app/status CallStatus=ringing SequenceNumber=1 CallSid=CA1");
    world_answered(world, 1); /* the callback before is still out: the next one waits */
    expect(world, "POST http://app/voice CallStatus=in-progress CallSid=CA1");
    world_serves(world, "<Response><Say>Hello</Say><Hangup/></Response>");
    expect(world, "play leg1 say 'Hello'");
    expect_nothing(world);
    world_fetched(world, world->fetches[2], 204, NULL, "");
    expect(world, "POST http://app/status CallStatus=in-progress SequenceNumber=2 CallSid=CA1");
    world_acks(world);
    world->now += 61 * SECOND;
    world_hello(world, 1, 1234);
    world_played(world);
    expect(world, "hang up 1");
    expect(world, "POST http://app/status CallStatus=completed SequenceNumber=3 CallSid=CA1 "
                  "CallDuration=61 Duration=2 SipResponseCode=200 OutdialHelloUs=1234");
    world_acks(world);
    world_ended(world, 1, 0);
    expect_nothing(world);
    assert_int_equal(world_rest(world, "GET", "/Calls/CA1.json", ""), 200);
    assert_string_equal(field(world, "status"), "completed");
    assert_string_equal(field(world, "duration"), "61");
    world_free(world);
}

static void ends_without_conversation_have_their_own_words(void **state)
{
    static const struct {
        unsigned sip;
        const char *status;
    } ENDS[] = {{486, "busy"},      {600, "busy"},   {480, "no-answer"}, {408, "no-answer"},
                {487, "no-answer"}, {404, "failed"}, {503, "failed"},    {603, "failed"}};
    struct world *world = world_new();

    (void)state;
    for (size_t i = 0; i < array_count(ENDS); ++i) {
        char line[200];

        world_calls(world, "15005550001", "&StatusCallback=http://app/status");
        expect(world, "invite *");
        world_ended(world, i + 1, ENDS[i].sip);
        snprintf(line, sizeof(line),
                 "POST http://app/status CallStatus=%s SequenceNumber=1 CallSid=CA%zu "
                 "CallDuration=0 Duration=0 SipResponseCode=%u",
                 ENDS[i].status, i + 1, ENDS[i].sip);
        expect(world, line);
    }
    world_free(world);
}

static void a_call_rings_no_longer_than_its_timeout(void **state)
{
    struct world *world = world_new();

    (void)state;
    world_calls(world, "15005550001", "&Timeout=20&StatusCallback=http://app/status");
    expect(world, "invite *");
    world_rings(world, 1);
    world_passes(world, 19 * SECOND);
    expect_nothing(world);
    world_passes(world, 2 * SECOND);
    expect(world, "hang up 1");
    expect(world, "POST http://app/status CallStatus=no-answer SequenceNumber=2 CallSid=CA1 "
                  "CallDuration=0 Duration=0 SipResponseCode=487");
    world_acks(world);
    world_answered(world, 1); /* its 200 crossed our CANCEL */
    world_ended(world, 1, 487);
    expect_nothing(world);
    world_free(world);
}

static void a_request_cancels_and_completes(void **state)
{
    struct world *world = world_new();

    (void)state;
    world_calls(world, "15005550001", "");
    world_rings(world, 1);
    assert_int_equal(world_rest(world, "POST", "/Calls/CA1.json", "Status=canceled"), 200);
    assert_string_equal(field(world, "status"), "canceled");
    expect(world, "invite *");
    expect(world, "hang up 1");
    world_calls(world, "15005550001", "");
    world_answered(world, 2);
    expect(world, "invite *");
    expect(world, "POST http://app/voice *");
    assert_int_equal(world_rest(world, "POST", "/Calls/CA2.json", "Status=canceled"), 400);
    assert_string_equal(field(world, "code"), "21220");
    assert_int_equal(world_rest(world, "POST", "/Calls/CA2.json", "Status=completed"), 200);
    assert_string_equal(field(world, "status"), "completed");
    expect(world, "hang up 2");
    world_serves(world, "<Response><Say>too late</Say></Response>");
    assert_int_equal(world_rest(world, "POST", "/Calls/CA2.json", "Status=completed"), 200);
    expect_nothing(world);
    world_free(world);
}

static void calls_beyond_the_rate_wait_in_line_and_are_dropped_when_stale(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct control_options options = {.calls_per_second = 2, .queue_age_max = 3 * SECOND};

    (void)state;
    world_init(world, &options);
    for (int i = 0; i < 10; ++i)
        world_calls(world, "15005550001", "&StatusCallback=http://app/status");
    assert_string_equal(field(world, "queue_time"), "4000");
    expect(world, "invite 1 *");
    expect(world, "invite 2 *");
    expect_nothing(world);
    world_passes(world, SECOND);
    expect(world, "invite 3 *");
    expect(world, "invite 4 *");
    expect_nothing(world);
    world_passes(world, 10 * SECOND);
    for (int i = 0; i < 3; ++i)
        expect(world, "invite *");
    expect(world, "POST http://app/status CallStatus=canceled SequenceNumber=0 CallSid=CA8 *");
    expect(world, "POST http://app/status CallStatus=canceled SequenceNumber=0 CallSid=CA9 *");
    expect(world, "POST http://app/status CallStatus=canceled SequenceNumber=0 CallSid=CA10 *");
    world_free(world);
}

static void a_time_limit_ends_a_conversation(void **state)
{
    struct world *world = world_new();

    (void)state;
    world_calls(world, "15005550001", "&TimeLimit=30");
    world_answered(world, 1);
    expect(world, "invite *");
    expect(world, "POST http://app/voice *");
    world_serves(world, "<Response><Pause length=\"600\"/></Response>");
    world_passes(world, 29 * SECOND);
    expect_nothing(world);
    world_passes(world, 2 * SECOND);
    expect(world, "hang up 1");
    expect_nothing(world);
    world_free(world);
}

/* Redirected meanwhile, a call has another plan: the end of the digits, or of their time, begins nothing. */
static void digits_that_end_after_a_redirect_begin_nothing(void **state)
{
    struct world *world = world_new();

    (void)state;
    world_calls(world, "15005550001", "&SendDigits=1");
    expect(world, "invite 1 +15005550001 from +15005550006");
    world_answered(world, 1);
    expect(world, "digits 1 1");
    assert_int_equal(world_rest(world, "POST", "/Calls/CA1.json",
                                "Twiml=%3CResponse%3E%3CDial%3E%3CConference%3Ea%3C/Conference%3E"
                                "%3C/Dial%3E%3C/Response%3E"),
                     200);
    expect(world, "open room1");
    expect(world, "join 1 room1*");
    expect(world, "play leg1 hold");
    world_leg(world, CONTROL_LEG_DIGITS_SENT, 1);
    world->now += 61 * SECOND;
    world_leg(world, CONTROL_TIME_PASSED, 0);
    expect_nothing(world);
    world_free(world);
}

static void digits_are_sent_before_the_document_is_asked(void **state)
{
    struct world *world = world_new();

    (void)state;
    world_calls(world, "15005550001", "&SendDigits=ww12%23");
    world_answered(world, 1);
    expect(world, "invite *");
    expect(world, "digits 1 ww12#");
    expect_nothing(world);
    world_leg(world, CONTROL_LEG_DIGITS_SENT, 1);
    expect(world, "POST http://app/voice *");
    world_free(world);
}

static void late_and_repeated_events_are_harmless(void **state)
{
    struct world *world = world_new();
    struct control_event event = {.kind = CONTROL_PLAY_ENDED};

    (void)state;
    event.as.play.play = 77;
    world_feed(world, &event);
    world_ended(world, 99, 404);
    world_answered(world, 99);
    world_fetched(world, 99, 200, "text/xml", "<Response/>");
    world_calls(world, "15005550001", "");
    world_answered(world, 1);
    expect(world, "invite *");
    expect(world, "POST http://app/voice *");
    world_answered(world, 1);
    world_rings(world, 1);
    expect_nothing(world);
    world_serves(world, "<Response/>");
    expect(world, "hang up 1");
    world_serves(world, "<Response><Say>again</Say></Response>");
    world_ended(world, 1, 0);
    world_ended(world, 1, 0);
    world_hello(world, 1, 1);
    world_digit(world, 1, '5');
    expect_nothing(world);
    world_free(world);
}

static void a_lost_callback_is_retried_as_its_url_asks(void **state)
{
    struct world *world = world_new();

    (void)state;
    world_calls(world, "15005550001",
                "&StatusCallback=http://app/status%23rc=2%26rp=ct,5xx&StatusCallbackEvent=initiated"
                "&StatusCallbackEvent=completed");
    expect(world, "invite *");
    expect(world, "POST http://app/status CallStatus=initiated *");
    world_fetched(world, world->last_fetch, 500, NULL, "");
    expect_nothing(world);
    world_passes(world, SECOND);
    expect(world, "POST http://app/status CallStatus=initiated SequenceNumber=0 *");
    world_ended(world, 1, 486);
    expect_nothing(world); /* in order */
    world_fetched(world, world->last_fetch, 0, NULL, "");
    world_passes(world, SECOND);
    expect(world, "POST http://app/status CallStatus=initiated SequenceNumber=0 *");
    world_fetched(world, world->last_fetch, 500, NULL, "");
    expect(world, "POST http://app/status CallStatus=busy SequenceNumber=1 *");
    world_passes(world, 30 * SECOND); /* the shell never answers */
    world_free(world);
}

static void ended_calls_stay_readable_for_a_bounded_number(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct control_options options = {
        .calls_per_second = 1000, .ended_call_count_max = 3, .ended_call_age_max = HOUR};
    struct control_figures figures;

    (void)state;
    world_init(world, &options);
    for (uint64_t i = 1; i <= 5; ++i) {
        world_calls(world, "15005550001", "");
        world_ended(world, i, 486);
    }
    assert_int_equal(world_rest(world, "GET", "/Calls/CA1.json", ""), 404);
    assert_int_equal(world_rest(world, "GET", "/Calls/CA3.json", ""), 200);
    world_passes(world, HOUR + MINUTE);
    assert_int_equal(world_rest(world, "GET", "/Calls/CA5.json", ""), 404);
    control_figures(world->control, &figures);
    assert_int_equal(figures.calls_ended_kept, 0);
    assert_int_equal(figures.calls_total, 5);
    world_free(world);
}

#define ORDER "To=%2B15005550001&From=%2B15005550006&Url=http%3A%2F%2Fapp%2Fvoice"

static void one_call_more_than_fit_is_refused_and_not_made(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct control_options options = {.calls_per_second = 1, .live_call_count_max = 2};
    struct control_figures figures;

    (void)state;
    world_init(world, &options);
    world_calls(world, "15005550001", "");
    world_calls(world, "15005550002", ""); /* waits for the rate, and has its place */
    expect(world, "invite 1 *");
    expect_nothing(world);
    assert_int_equal(world_rest(world, "POST", "/Calls.json", ORDER), 429);
    assert_int_equal(json_integer_value(json_object_get(world->json, "code")), 20429);
    assert_true(world->retry_after_s > 0);
    control_figures(world->control, &figures);
    assert_int_equal(figures.calls_total, 2);
    assert_int_equal(figures.calls_refused, 1);

    /* The place is free when the leg is gone, not when the call is: its socket lives until then. */
    assert_int_equal(world_rest(world, "POST", "/Calls/CA1.json", "Status=completed"), 200);
    expect(world, "hang up 1");
    assert_int_equal(world_rest(world, "POST", "/Calls.json", ORDER), 429);
    world_ended(world, 1, 487);
    assert_int_equal(world_rest(world, "POST", "/Calls.json", ORDER), 201);
    world_free(world);
}

static void a_call_deleted_before_its_leg_is_gone_gives_its_place_back(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct control_options options = {.calls_per_second = 100, .live_call_count_max = 1};

    (void)state;
    world_init(world, &options);
    world_calls(world, "15005550001", "");
    assert_int_equal(world_rest(world, "POST", "/Calls/CA1.json", "Status=completed"), 200);
    assert_int_equal(world_rest(world, "DELETE", "/Calls/CA1.json", ""), 204);
    assert_int_equal(world_rest(world, "POST", "/Calls.json", ORDER), 201);
    world_free(world);
}

static void nobody_is_called_while_the_media_path_has_no_time(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct control_options options = {.calls_per_second = 100, .queue_age_max = 30 * SECOND};
    struct control_event load = {.kind = CONTROL_LOAD, .as.load.is_high = true};
    struct control_event event = {.kind = CONTROL_LEG_INCOMING, .leg = CONTROL_LEG_INCOMING_BIT};

    (void)state;
    world_init(world, &options);
    world_calls(world, "15005550001", "");
    expect(world, "invite 1 *");
    world_feed(world, &load);
    world_calls(world, "15005550002", "");
    world_calls(world, "15005550003", "");
    event.as.incoming.from = "sip:alice@127.0.0.1";
    event.as.incoming.to = "+15005550009";
    world_feed(world, &event);
    expect(world, "reject 4611686018427387904 503");
    world_passes(world, 10 * SECOND);
    expect_nothing(world);
    load.as.load.is_high = false;
    world_feed(world, &load);
    expect(world, "invite 2 *");
    expect(world, "invite 3 *");

    load.as.load.is_high = true;
    world_feed(world, &load);
    world_calls(world, "15005550004", "");
    world_passes(world, 31 * SECOND);
    assert_int_equal(world_rest(world, "GET", "/Calls/CA4.json", ""), 200);
    assert_string_equal(field(world, "status"), "canceled");
    world_free(world);
}

static void an_incoming_call_beyond_is_rejected_and_leaves_nothing(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct control_number number = {.number = "+15005550009", .voice_url = "http://app/in"};
    struct control_options options = {
        .numbers = &number, .number_count = 1, .live_call_count_max = 1, .calls_per_second = 10};
    struct control_event event = {.kind = CONTROL_LEG_INCOMING};
    struct control_figures figures;

    (void)state;
    world_init(world, &options);
    event.as.incoming.from = "sip:alice@127.0.0.1";
    event.as.incoming.to = "+15005550009";
    event.leg = CONTROL_LEG_INCOMING_BIT;
    world_feed(world, &event);
    expect(world, "POST http://app/in *");
    for (int i = 1; i <= 1000; ++i) {
        struct control_effect effect;

        event.leg = CONTROL_LEG_INCOMING_BIT + (uint64_t)i;
        control_feed(world->control, world->now, &event);
        assert_true(control_drain(world->control, &effect));
        assert_int_equal(effect.kind, CONTROL_REJECT);
        assert_int_equal(effect.as.reject.sip_code, 503);
        assert_false(control_drain(world->control, &effect));
    }
    control_figures(world->control, &figures);
    assert_int_equal(figures.calls_total, 1);
    assert_int_equal(figures.legs_up, 1);
    assert_int_equal(figures.calls_refused, 1000);
    world_free(world);
}

static void an_incoming_call_is_answered_by_its_first_sound(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct control_number number = {.number = "+15005550009", .voice_url = "http://app/in"};
    struct control_options options = {.numbers = &number, .number_count = 1};
    struct control_event event = {.kind = CONTROL_LEG_INCOMING, .leg = CONTROL_LEG_INCOMING_BIT};

    (void)state;
    world_init(world, &options);
    event.as.incoming.from = "sip:alice@127.0.0.1";
    event.as.incoming.to = "+15005550009";
    world_feed(world, &event);
    expect(world, "POST http://app/in CallStatus=ringing CallSid=CA1");
    world_serves(world, "<Response><Pause length=\"2\"/><Say>Hi</Say></Response>");
    expect_nothing(world);
    world_passes(world, 2 * SECOND);
    expect(world, "answer 4611686018427387904");
    world_answered(world, event.leg);
    expect(world, "play leg4611686018427387904 say 'Hi'");
    world_played(world);
    expect(world, "hang up 4611686018427387904");
    event.leg |= 1;
    world_feed(world, &event);
    expect(world, "POST http://app/in CallStatus=ringing CallSid=CA2");
    world_serves(world, "<Response><Reject reason=\"busy\"/></Response>");
    expect(world, "reject 4611686018427387905 486");
    event.leg |= 2;
    event.as.incoming.to = "+15005550000";
    world_feed(world, &event);
    expect(world, "reject 4611686018427387907 404");
    expect_nothing(world);
    world_free(world);
}

static void pages_of_live_calls_survive_the_end_of_their_anchor(void **state)
{
    struct world *world = world_new();
    const char *next;
    char path[400];

    (void)state;
    for (int i = 0; i < 5; ++i)
        world_calls(world, "15005550001", "");
    assert_int_equal(world_rest(world, "GET", "/Calls.json", "Status=ringing&PageSize=2"), 200);
    next = field(world, "next_page_uri");
    assert_non_null(next);
    snprintf(path, sizeof(path), "%s", strchr(next, '?') + 1);
    world_ended(world, 4, 486); /* CA4, the last on that page */
    assert_int_equal(world_rest(world, "GET", "/Calls.json", path), 200);
    assert_int_equal(json_array_size(json_object_get(world->json, "calls")), 2);
    assert_string_equal(json_string_value(json_object_get(
                            json_array_get(json_object_get(world->json, "calls"), 0), "sid")),
                        world_sid(world, "CA3"));
    assert_int_equal(world_rest(world, "GET", "/Calls.json", "PageToken=PAnonsense"), 400);
    world_free(world);
}

/* Whoever asks for what nobody matches does not hold up the calls that go on in the same thread. */
static void a_request_looks_at_so_many_calls_at_most(void **state)
{
    enum { ENDED = 9000 };
    struct control_options options = {.calls_per_second = 1000, .ended_call_count_max = 100000};
    struct world *world = calloc(1, sizeof(*world));
    char path[400] = "To=%2B15005550009";
    unsigned requests = 0, found = 0;
    const char *next;

    (void)state;
    world_init(world, &options);
    world_calls(world, "15005550009", "");
    world_ended(world, 1, 486);
    for (unsigned i = 0; i < ENDED; ++i) {
        world_passes(world, 10 * MILLISECOND);
        world_calls(world, "15005550001", "");
        world_ended(world, 2 + i, 486);
        world->line_count = world->line_read = world->name_count = 0;
    }
    do {
        assert_int_equal(world_rest(world, "GET", "/Calls.json", path), 200);
        found += (unsigned)json_array_size(json_object_get(world->json, "calls"));
        next = field(world, "next_page_uri");
        if (next)
            snprintf(path, sizeof(path), "%s", strchr(next, '?') + 1);
        assert_true(++requests < 10);
    } while (next);
    assert_int_equal(found, 1);
    assert_int_equal(requests, 1 + ENDED / 4000);
    assert_int_equal(world_rest(world, "GET", "/Calls.json", "Page=1&To=%2B15005550001"), 200);
    assert_int_equal(world_rest(world, "GET", "/Calls.json", "Page=1&To=%2B15005550009"), 400);
    assert_int_equal(world_rest(world, "GET", "/Calls.json", "Page=1000000&PageSize=1000"), 400);
    world_free(world);
}

static void an_api_key_is_another_way_in(void **state)
{
    static const struct {
        const char *user, *password;
        unsigned status;
    } WAYS[] = {
        {ACCOUNT, TOKEN, 200},
        {"SK00000000000000000000000000000001", "key-secret", 200},
        {"SK00000000000000000000000000000001", TOKEN, 401},
        {ACCOUNT, "key-secret", 401},
        {ACCOUNT, "", 401},
        {NULL, NULL, 401},
    };
    struct world *world = calloc(1, sizeof(*world));
    struct control_options options = {.api_key_sid = "SK00000000000000000000000000000001",
                                      .api_key_secret = "key-secret"};

    (void)state;
    world_init(world, &options);
    for (size_t i = 0; i < array_count(WAYS); ++i) {
        struct control_request request = {.method = "GET",
                                          .path = BASE "/Calls.json",
                                          .user = WAYS[i].user,
                                          .password = WAYS[i].password};
        struct control_reply reply;

        control_rest(world->control, world->now, &request, &reply);
        assert_int_equal(reply.status, WAYS[i].status);
        control_reply_release(&reply);
    }
    world_free(world);
}

static void hanging_up_all_leaves_no_call(void **state)
{
    struct world *world = world_new();

    (void)state;
    world_calls(world, "15005550001", "");
    world_calls(world, "15005550002", "");
    world_answered(world, 1);
    control_hang_up_all(world->control, world->now);
    world_drain(world);
    assert_int_equal(control_live_calls(world->control), 0);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_life_of_a_call_is_told_in_order),
        cmocka_unit_test(ends_without_conversation_have_their_own_words),
        cmocka_unit_test(a_call_rings_no_longer_than_its_timeout),
        cmocka_unit_test(a_request_cancels_and_completes),
        cmocka_unit_test(calls_beyond_the_rate_wait_in_line_and_are_dropped_when_stale),
        cmocka_unit_test(a_time_limit_ends_a_conversation),
        cmocka_unit_test(digits_that_end_after_a_redirect_begin_nothing),
        cmocka_unit_test(digits_are_sent_before_the_document_is_asked),
        cmocka_unit_test(late_and_repeated_events_are_harmless),
        cmocka_unit_test(a_lost_callback_is_retried_as_its_url_asks),
        cmocka_unit_test(ended_calls_stay_readable_for_a_bounded_number),
        cmocka_unit_test(one_call_more_than_fit_is_refused_and_not_made),
        cmocka_unit_test(a_call_deleted_before_its_leg_is_gone_gives_its_place_back),
        cmocka_unit_test(nobody_is_called_while_the_media_path_has_no_time),
        cmocka_unit_test(an_incoming_call_beyond_is_rejected_and_leaves_nothing),
        cmocka_unit_test(an_incoming_call_is_answered_by_its_first_sound),
        cmocka_unit_test(pages_of_live_calls_survive_the_end_of_their_anchor),
        cmocka_unit_test(a_request_looks_at_so_many_calls_at_most),
        cmocka_unit_test(an_api_key_is_another_way_in),
        cmocka_unit_test(hanging_up_all_leaves_no_call),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
