#include "world.h"

static const char AGENT_ROOM[] =
    "<Response><Dial><Conference beep=\"onExit\" statusCallback=\"/conference\" "
    "statusCallbackEvent=\"start end join leave mute hold modify announcement\">agent-7"
    "</Conference></Dial></Response>";
static const char CUSTOMER_ROOM[] =
    "<Response><Dial action=\"/after-customer-call\"><Conference beep=\"false\">agent-7"
    "</Conference></Dial></Response>";

/* The agent (leg 1, CA1) is parked alone in room1 of CF1. */
static void agent_parks(struct world *world)
{
    world_calls(world, "15005550007", "");
    expect(world, "invite 1 +15005550007 *");
    world_answered(world, 1);
    expect(world, "POST http://app/voice CallStatus=in-progress CallSid=CA1");
    world_serves(world, AGENT_ROOM);
    expect(world, "open room1");
    expect(world, "join 1 room1");
    expect(world, "play leg1 hold");
    expect(world, "POST http://app/conference SequenceNumber=1 "
                  "StatusCallbackEvent=participant-join CallSid=CA1 Muted=false Hold=false "
                  "Coaching=false");
    world_acks(world);
    expect_nothing(world);
}

/* The customer (leg 2, CA2) is bridged to the agent. */
static void customer_is_bridged(struct world *world)
{
    world_calls(world, "15005550001", "&StatusCallback=http://app/status");
    expect(world, "invite 2 +15005550001 *");
    world_rings(world, 2);
    world_answered(world, 2);
    expect(world, "POST http://app/voice CallStatus=in-progress CallSid=CA2");
    world_serves(world, CUSTOMER_ROOM);
    expect(world, "stop leg1");
    expect(world, "join 2 room1");
    expect(world, "POST http://app/conference SequenceNumber=2 "
                  "StatusCallbackEvent=participant-join CallSid=CA2 *");
    world_acks(world);
    expect(world,
           "POST http://app/conference SequenceNumber=3 StatusCallbackEvent=conference-start");
    world_acks(world);
    expect_nothing(world);
}

static void an_agent_parked_and_a_customer_bridged_follow_the_contracts_sequence(void **state)
{
    struct world *world = world_new();

    (void)state;
    agent_parks(world);
    assert_int_equal(world_rest(world, "GET", "/Conferences.json", "Status=init"), 200);
    assert_int_equal(json_array_size(json_object_get(world->json, "conferences")), 1);
    customer_is_bridged(world);
    assert_int_equal(world_rest(world, "GET", "/Conferences/CF1.json", ""), 200);
    assert_string_equal(field(world, "status"), "in-progress");
    world->now += 30 * SECOND;
    world_hello(world, 2, 900);
    world_ended(world, 2, 0);
    expect(world, "POST http://app/conference SequenceNumber=4 "
                  "StatusCallbackEvent=participant-leave CallSid=CA2 Muted=false Hold=false "
                  "Coaching=false ReasonParticipantLeft=participant_hung_up");
    world_acks(world);
    expect(world, "POST http://app/after-customer-call CallStatus=completed CallSid=CA2 "
                  "DialCallStatus=answered DialBridged=true");
    expect_nothing(world); /* the terminal status waits for its turn */
    world_serves(world, "<Response><Hangup/></Response>");
    expect(world, "POST http://app/status CallStatus=completed SequenceNumber=3 CallSid=CA2 "
                  "CallDuration=30 Duration=1 SipResponseCode=200 OutdialHelloUs=900");
    world_acks(world);
    expect_nothing(world); /* the agent stays, in silence */
    assert_int_equal(world_rest(world, "GET", "/Conferences/CF1/Participants.json", ""), 200);
    assert_int_equal(json_array_size(json_object_get(world->json, "participants")), 1);
    world_ended(world, 1, 0);
    expect(world, "POST http://app/conference SequenceNumber=5 "
                  "StatusCallbackEvent=participant-leave CallSid=CA1 *");
    expect(world, "close room1");
    world_acks(world);
    expect(world, "POST http://app/conference SequenceNumber=6 StatusCallbackEvent=conference-end "
                  "ReasonConferenceEnded=last-participant-left");
    expect_nothing(world);
    world_free(world);
}

static void a_key_is_heard_by_the_others_of_the_room(void **state)
{
    struct world *world = world_new();

    (void)state;
    agent_parks(world);
    world_digit(world, 1, '1'); /* nobody is there */
    expect_nothing(world);
    customer_is_bridged(world);
    world_digit(world, 1, '5');
    expect(world, "digits 2 5");
    world_digit(world, 2, '#');
    expect(world, "digits 1 #");
    assert_int_equal(
        world_rest(world, "POST", "/Conferences/CF1/Participants/CA1.json", "Muted=true"), 200);
    expect(world, "mute 1");
    expect(world, "POST http://app/conference *");
    world_acks(world);
    world_digit(world, 1, '6'); /* one who is not heard */
    expect_nothing(world);
    world_free(world);
}

static void an_announcement_of_tones_is_over_when_they_are_out(void **state)
{
    struct world *world = world_new();

    (void)state;
    agent_parks(world);
    customer_is_bridged(world);
    assert_int_equal(world_rest(world, "POST", "/Conferences/CF1/Participants/CA2.json",
                                "AnnounceUrl=http://app/digits"),
                     200);
    expect(world, "POST http://app/digits *");
    world_serves(world, "<Response><Play digits=\"12#\"/></Response>");
    expect(world, "digits 2 12#");
    expect_nothing(world);
    world_leg(world, CONTROL_LEG_DIGITS_SENT, 2);
    expect(world, "POST http://app/conference SequenceNumber=4 "
                  "StatusCallbackEvent=announcement-end *");
    world_acks(world);
    expect_nothing(world);
    world_free(world);
}

static void a_customer_taken_out_goes_on_with_the_action_and_the_agent_stays(void **state)
{
    struct world *world = world_new();

    (void)state;
    agent_parks(world);
    customer_is_bridged(world);
    assert_int_equal(world_rest(world, "DELETE", "/Conferences/CF1/Participants/CA2.json", ""),
                     204);
    expect(world, "leave 2 room1");
    expect(world, "POST http://app/conference SequenceNumber=4 "
                  "StatusCallbackEvent=participant-leave CallSid=CA2 Muted=false Hold=false "
                  "Coaching=false ReasonParticipantLeft=participant_updated_via_api");
    expect(world, "POST http://app/after-customer-call CallStatus=in-progress CallSid=CA2 "
                  "DialCallStatus=answered DialBridged=true");
    world_serves(world, "<Response><Say>Goodbye</Say></Response>");
    expect(world, "play leg2 say 'Goodbye'");
    world_played(world);
    expect(world, "hang up 2");
    expect(world, "POST http://app/status *");
    expect_nothing(world);
    world_free(world);
}

static void a_redirect_takes_a_customer_out_of_the_room(void **state)
{
    struct world *world = world_new();

    (void)state;
    agent_parks(world);
    customer_is_bridged(world);
    assert_int_equal(world_rest(world, "POST", "/Calls/CA2.json",
                                "Twiml=<Response><Play>http://app/drop.wav</Play></Response>"),
                     200);
    expect(world, "leave 2 room1");
    expect(world, "POST http://app/conference SequenceNumber=4 "
                  "StatusCallbackEvent=participant-leave CallSid=CA2 Muted=false Hold=false "
                  "Coaching=false ReasonParticipantLeft=participant_updated_via_api");
    expect(world, "play leg2 url 'http://app/drop.wav'");
    expect_nothing(world);
    world_free(world);
}

static void hold_mute_and_coaching_reach_media_and_are_told(void **state)
{
    struct world *world = world_new();

    (void)state;
    agent_parks(world);
    customer_is_bridged(world);
    assert_int_equal(
        world_rest(world, "POST", "/Conferences/CF1/Participants/CA2.json", "Hold=true"), 200);
    assert_string_equal(field(world, "hold"), "true");
    expect(world, "hold 2");
    expect(world, "play leg2 hold");
    expect(world, "POST http://app/conference SequenceNumber=4 "
                  "StatusCallbackEvent=participant-hold CallSid=CA2 Muted=false Hold=true *");
    world_acks(world);
    world_rest(world, "POST", "/Conferences/CF1/Participants/CA2.json",
               "Hold=true&HoldUrl=http://app/hold");
    expect(world, "stop leg2");
    expect(world, "GET http://app/hold CallStatus=in-progress CallSid=CA2");
    world_serves(world, "<Response><Play>music.wav</Play><Dial>1</Dial></Response>");
    expect(world, "play leg2 url 'http://app/music.wav'");
    world->now += 20 * SECOND;
    world_played(world); /* the document ends, and is asked again */
    expect(world, "GET http://app/hold *");
    world_fetched(world, world->last_fetch, 500, NULL, "");
    expect(world, "play leg2 hold");
    world_rest(world, "POST", "/Conferences/CF1/Participants/CA2.json", "Hold=false");
    expect(world, "stop leg2");
    expect(world, "unhold 2");
    expect(world, "POST http://app/conference SequenceNumber=5 "
                  "StatusCallbackEvent=participant-unhold *");
    world_acks(world);
    world_rest(world, "POST", "/Conferences/CF1/Participants/CA1.json", "Muted=true");
    assert_string_equal(field(world, "muted"), "true");
    expect(world, "mute 1");
    expect(world, "POST http://app/conference SequenceNumber=6 "
                  "StatusCallbackEvent=participant-mute *");
    world_acks(world);
    world_rest(world, "POST", "/Conferences/CF1/Participants/CA1.json", "Muted=whatever");
    expect(world, "unmute 1");
    expect(world, "POST http://app/conference SequenceNumber=7 "
                  "StatusCallbackEvent=participant-unmute *");
    world_acks(world);
    expect_nothing(world);
    world_free(world);
}

static void the_one_who_ends_the_room_on_exit_sends_all_on(void **state)
{
    struct world *world = world_new();

    (void)state;
    agent_parks(world);
    customer_is_bridged(world);
    world_rest(world, "POST", "/Conferences/CF1/Participants/CA1.json", "EndConferenceOnExit=true");
    expect(world, "coach 1 0");
    expect(world, "POST http://app/conference SequenceNumber=4 "
                  "StatusCallbackEvent=participant-modify *");
    world_acks(world);
    world_ended(world, 1, 0);
    expect(world, "POST http://app/conference SequenceNumber=5 "
                  "StatusCallbackEvent=participant-leave CallSid=CA1 *");
    expect(world, "leave 2 room1");
    expect(world, "POST http://app/after-customer-call *");
    expect(world, "close room1");
    world_fetched(world, world->fetches[world->line_read - 4], 204, NULL, "");
    expect(world, "POST http://app/conference SequenceNumber=6 "
                  "StatusCallbackEvent=participant-leave CallSid=CA2 Muted=false Hold=false "
                  "Coaching=false ReasonParticipantLeft=moderator_ended_conference");
    world_acks(world);
    expect(world, "POST http://app/conference SequenceNumber=7 StatusCallbackEvent=conference-end "
                  "ReasonConferenceEnded=participant-with-end-conference-on-exit-left");
    world_rest(world, "GET", "/Conferences/CF1.json", "");
    assert_string_equal(field(world, "status"), "completed");
    assert_string_equal(field(world, "reason_conference_ended"),
                        "participant-with-end-conference-on-exit-left");
    assert_string_equal(field(world, "call_sid_ending_conference"), world_sid(world, "CA1"));
    world_free(world);
}

static void a_participant_made_by_request_joins_when_it_answers(void **state)
{
    struct world *world = world_new();

    (void)state;
    agent_parks(world);
    assert_int_equal(world_rest(world, "POST", "/Conferences/agent-7/Participants.json",
                                "To=%2B15005550001&From=%2B15005550006&Label=customer&Beep=false"
                                "&StatusCallback=http://app/status"),
                     201);
    assert_string_equal(field(world, "status"), "queued");
    assert_string_equal(field(world, "label"), "customer");
    expect(world, "invite 2 *");
    world_rings(world, 2);
    expect(world, "play room1 ring");
    world_rest(world, "GET", "/Conferences/CF1/Participants/customer.json", "");
    assert_string_equal(field(world, "status"), "ringing");
    world_answered(world, 2);
    expect(world, "stop leg1");
    expect(world, "stop room1");
    expect(world, "join 2 room1");
    expect(world, "POST http://app/conference SequenceNumber=2 "
                  "StatusCallbackEvent=participant-join CallSid=CA2 ParticipantLabel=customer *");
    world_acks(world);
    expect(world, "POST http://app/conference SequenceNumber=3 *");
    world_rest(world, "DELETE", "/Conferences/CF1/Participants/customer.json", "");
    expect(world, "leave 2 room1");
    expect(world, "hang up 2");
    expect(world, "POST http://app/status CallStatus=completed SequenceNumber=3 CallSid=CA2 *");
    expect_nothing(world);
    world_free(world);
}

static void a_participant_never_answered_leaves_without_having_joined(void **state)
{
    struct world *world = world_new();

    (void)state;
    agent_parks(world);
    world_rest(world, "POST", "/Conferences/CF1/Participants.json",
               "To=%2B15005550001&From=%2B15005550006&EarlyMedia=false");
    expect(world, "invite 2 *");
    world_rings(world, 2);
    world_ended(world, 2, 486);
    expect(world, "POST http://app/conference SequenceNumber=2 "
                  "StatusCallbackEvent=participant-leave CallSid=CA2 Muted=false Hold=false "
                  "Coaching=false ReasonParticipantLeft=participant_add_failed");
    expect_nothing(world);
    world_free(world);
}

static void who_may_not_start_the_room_waits_muted(void **state)
{
    struct world *world = world_new();

    (void)state;
    world_calls(world, "15005550001", "");
    world_answered(world, 1);
    expect(world, "invite *");
    expect(world, "POST http://app/voice *");
    world_serves(world,
                 "<Response><Dial><Conference startConferenceOnEnter=\"false\" beep=\"false\" "
                 "waitUrl=\"/wait\">r</Conference></Dial></Response>");
    expect(world, "POST http://app/wait *");
    world_serves(world, "<Response><Say>Wait</Say><Redirect/></Response>");
    expect(world, "open room1");
    expect(world, "join 1 room1 muted");
    expect(world, "play leg1 say 'Wait'");
    world->now += 5 * SECOND;
    world_played(world);
    expect(world, "POST http://app/wait *");
    world_calls(world, "15005550002", "");
    world_answered(world, 2);
    expect(world, "invite *");
    expect(world, "POST http://app/voice *");
    world_serves(world, "<Response><Dial><Conference beep=\"false\">r</Conference></Dial>"
                        "</Response>");
    expect(world, "unmute 1");
    expect(world, "join 2 room1");
    expect_nothing(world);
    world_free(world);
}

static void a_failing_wait_document_keeps_the_caller_out(void **state)
{
    struct world *world = world_new();

    (void)state;
    world_calls(world, "15005550001", "");
    world_answered(world, 1);
    expect(world, "invite *");
    expect(world, "POST http://app/voice *");
    world_serves(world, "<Response><Dial><Conference waitUrl=\"/wait\">r</Conference></Dial>"
                        "<Say>Sorry</Say></Response>");
    expect(world, "POST http://app/wait *");
    world_fetched(world, world->last_fetch, 404, "text/html", "no");
    expect(world, "play leg1 say 'Sorry'");
    world_rest(world, "GET", "/Conferences.json", "Status=in-progress");
    assert_int_equal(json_array_size(json_object_get(world->json, "conferences")), 0);
    expect_nothing(world);
    world_free(world);
}

static void a_taken_label_a_full_room_and_nobody_to_coach_run_the_next_verb(void **state)
{
    static const char *const NOUNS[] = {
        "<Conference participantLabel=\"agent\">r</Conference>",
        "<Conference maxParticipants=\"2\">r</Conference>",
        "<Conference coach=\"CA00000000000000000000000000000000\">r</Conference>"};
    struct world *world = world_new();
    uint64_t leg;

    (void)state;
    for (leg = 1; leg <= 2; ++leg) {
        char twiml[300];

        world_calls(world, "15005550001", "");
        world_answered(world, leg);
        expect(world, "invite *");
        expect(world, "POST http://app/voice *");
        snprintf(twiml, sizeof(twiml),
                 "<Response><Dial><Conference waitUrl=\"\" beep=\"false\" participantLabel=\"%s\">r"
                 "</Conference></Dial></Response>",
                 leg == 1 ? "agent" : "other");
        world_serves(world, twiml);
        if (leg == 1)
            expect(world, "open room1");
        expect(world, "join *");
    }
    for (size_t i = 0; i < array_count(NOUNS); ++i, ++leg) {
        char twiml[300];

        world_calls(world, "15005550001", "");
        world_answered(world, leg);
        expect(world, "invite *");
        expect(world, "POST http://app/voice *");
        snprintf(twiml, sizeof(twiml), "<Response><Dial>%s</Dial><Say>no</Say></Response>",
                 NOUNS[i]);
        world_serves(world, twiml);
        expect(world, "play *");
        expect_nothing(world);
    }
    world_free(world);
}

static void an_announcement_is_heard_by_the_room_and_its_end_told(void **state)
{
    struct world *world = world_new();

    (void)state;
    agent_parks(world);
    customer_is_bridged(world);
    assert_int_equal(
        world_rest(world, "POST", "/Conferences/CF1.json", "AnnounceUrl=http://app/announce"), 200);
    expect(world, "POST http://app/announce");
    world_serves(world, "<Response><Say>Two minutes</Say></Response>");
    expect(world, "play room1 say 'Two minutes'");
    world_played(world);
    expect(world, "POST http://app/conference SequenceNumber=4 "
                  "StatusCallbackEvent=announcement-end");
    world_acks(world);
    assert_int_equal(world_rest(world, "POST", "/Conferences/CF1.json", "Status=completed"), 200);
    assert_string_equal(field(world, "reason_conference_ended"), "conference-ended-via-api");
    expect(world, "leave 1 room1");
    expect(world, "POST http://app/conference SequenceNumber=5 *");
    expect(world, "leave 2 room1");
    expect(world, "POST http://app/after-customer-call *");
    expect(world, "close room1");
    expect(world, "hang up 1");
    expect_nothing(world);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_agent_parked_and_a_customer_bridged_follow_the_contracts_sequence),
        cmocka_unit_test(a_key_is_heard_by_the_others_of_the_room),
        cmocka_unit_test(an_announcement_of_tones_is_over_when_they_are_out),
        cmocka_unit_test(a_customer_taken_out_goes_on_with_the_action_and_the_agent_stays),
        cmocka_unit_test(a_redirect_takes_a_customer_out_of_the_room),
        cmocka_unit_test(hold_mute_and_coaching_reach_media_and_are_told),
        cmocka_unit_test(the_one_who_ends_the_room_on_exit_sends_all_on),
        cmocka_unit_test(a_participant_made_by_request_joins_when_it_answers),
        cmocka_unit_test(a_participant_never_answered_leaves_without_having_joined),
        cmocka_unit_test(who_may_not_start_the_room_waits_muted),
        cmocka_unit_test(a_failing_wait_document_keeps_the_caller_out),
        cmocka_unit_test(a_taken_label_a_full_room_and_nobody_to_coach_run_the_next_verb),
        cmocka_unit_test(an_announcement_is_heard_by_the_room_and_its_end_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
