#include "world.h"

/* Browser phones ("clients") and the application their calls go through. */
#define KEY "SK00000000000000000000000000000001"
#define APPLICATION "AP00000000000000000000000000000001"

static struct world *client_world(void)
{
    struct world *world = calloc(1, sizeof(*world));
    struct control_options options = {.calls_per_second = 1000,
                                      .api_key_sid = KEY,
                                      .api_key_secret = "key-secret",
                                      .application_sid = APPLICATION,
                                      .application_url = "http://app/client"};

    world_init(world, &options);
    return world;
}

/* A page calls. */
static void page_calls(struct world *world, const char *application)
{
    static const struct control_header PARAMS[] = {
        {"To", "+15005550001"}, {"desk", "7"}, {"From", "client:boss"}, {"FromCity", "nowhere"}};
    struct control_event event = {.kind = CONTROL_LEG_INCOMING,
                                  .leg = CONTROL_LEG_INCOMING_BIT | 1};

    event.as.incoming.from = "client:ann";
    event.as.incoming.to = "";
    event.as.incoming.peer = "127.0.0.1";
    event.as.incoming.application_sid = application;
    event.as.incoming.params = PARAMS;
    event.as.incoming.param_count = array_count(PARAMS);
    event.as.incoming.takes_early_media = true;
    control_feed(world->control, world->now, &event);
}

#define LEG "4611686018427387905" /* the bit, and 1 */

/* The body of the next request as a form. */
static void next_form(struct world *world, struct form *form)
{
    struct control_effect effect;

    assert_true(control_drain(world->control, &effect));
    assert_int_equal(effect.kind, CONTROL_FETCH);
    world->last_fetch = effect.as.fetch.fetch;
    assert_string_equal(effect.as.fetch.url, "http://app/client");
    assert_int_equal(form_parse(form, effect.as.fetch.body), 0);
}

static void the_application_is_there_from_the_start(void **state)
{
    struct world *world = client_world();

    (void)state;
    assert_int_equal(world_rest(world, "GET", "/Applications/" APPLICATION ".json", ""), 200);
    assert_string_equal(field(world, "voice_url"), "http://app/client");
    assert_string_equal(field(world, "date_created"), "Fri, 02 Jan 2026 03:04:05 +0000");
    assert_int_equal(
        world_rest(world, "POST", "/Applications/" APPLICATION ".json", "VoiceUrl=http://b/c"),
        200);
    assert_string_equal(field(world, "voice_url"), "http://b/c");
    world_free(world);
}

static void a_page_that_calls_is_told_to_its_application(void **state)
{
    struct world *world = client_world();
    struct form form;

    (void)state;
    page_calls(world, APPLICATION);
    next_form(world, &form);
    assert_string_equal(form_get(&form, "From"), "client:ann");
    assert_string_equal(form_get(&form, "Caller"), "client:ann");
    assert_string_equal(form_get(&form, "ApplicationSid"), APPLICATION);
    assert_string_equal(form_get(&form, "Direction"), "inbound");
    assert_string_equal(form_get(&form, "CallStatus"), "ringing");
    assert_string_equal(form_get(&form, "desk"), "7");
    assert_string_equal(form_get(&form, "To"), "+15005550001");
    assert_string_equal(form_get(&form, "Called"), "+15005550001");
    assert_null(form_get_at(&form, "To", 1));
    assert_string_equal(form_get(&form, "CallSid"),
                        control_call_sid(world->control, CONTROL_LEG_INCOMING_BIT | 1));
    form_release(&form);
    world_serves(world, "<Response><Say>Hello</Say></Response>");
    expect(world, "answer " LEG);
    world_answered(world, CONTROL_LEG_INCOMING_BIT | 1);
    expect(world, "play leg" LEG " say 'Hello'");
    world_ended(world, CONTROL_LEG_INCOMING_BIT | 1, 0);
    expect_nothing(world);
    assert_null(control_call_sid(world->control, 77));
    world_free(world);
}

static void a_page_whose_application_is_not_there_is_refused(void **state)
{
    struct world *world = client_world();

    (void)state;
    page_calls(world, "AP00000000000000000000000000000002");
    world_drain(world);
    expect(world, "reject " LEG " 404");
    expect_nothing(world);
    world_free(world);
}

/* The one who waits for a bridge hears it ring. */
static void an_unanswered_page_hears_what_it_dials(void **state)
{
    struct world *world = client_world();
    struct control_event rings = {.kind = CONTROL_LEG_RINGING, .leg = 1};
    struct form form;

    (void)state;
    page_calls(world, APPLICATION);
    next_form(world, &form);
    form_release(&form);
    world_serves(world, "<Response><Dial answerOnBridge=\"true\" callerId=\"+15005550006\">"
                        "+15005550001</Dial></Response>");
    expect(world, "invite 1 +15005550001 from +15005550006");
    expect(world, "early media " LEG);
    expect(world, "play leg" LEG " ring");
    rings.as.ringing.early_media = true;
    world_feed(world, &rings);
    expect(world, "stop leg" LEG);
    expect(world, "open room1");
    expect(world, "join " LEG " room1");
    expect(world, "join 1 room1");
    world_answered(world, 1);
    expect(world, "answer " LEG);
    expect_nothing(world);
    world_answered(world, CONTROL_LEG_INCOMING_BIT | 1);
    world_ended(world, CONTROL_LEG_INCOMING_BIT | 1, 0);
    expect(world, "leave 1 room1");
    expect(world, "hang up 1");
    expect(world, "close room1");
    expect_nothing(world);
    world_free(world);
}

static void a_client_is_called_by_request(void **state)
{
    struct world *world = client_world();

    (void)state;
    assert_int_equal(
        world_rest(world, "POST", "/Calls.json",
                   "To=client:agent7%3Flead%3D12%26x%3Da%2520b&From=anybody&Url=http://app/voice"),
        201);
    assert_string_equal(field(world, "to"), "client:agent7");
    expect(world, "invite 1 client:agent7 from anybody lead=12 x=a b");
    world_rings(world, 1);
    world_answered(world, 1);
    expect(world, "POST http://app/voice CallStatus=in-progress CallSid=CA1");
    world_ended(world, 1, 0);
    /* any number may be shown, also one that is not ours */
    assert_int_equal(world_rest(world, "POST", "/Calls.json",
                                "To=client:agent7&From=%2B15005550099&Url=http://app/voice"),
                     201);
    expect(world, "invite 2 client:agent7 from +15005550099");
    assert_int_equal(
        world_rest(world, "POST", "/Calls.json", "To=client:&From=anybody&Url=http://app/voice"),
        400);
    assert_string_equal(field(world, "code"), "21211");
    world_free(world);
}

static void a_client_that_is_not_there_does_not_answer(void **state)
{
    struct world *world = client_world();

    (void)state;
    assert_int_equal(world_rest(world, "POST", "/Calls.json",
                                "To=client:nobody&From=anybody&Url=http://app/voice&"
                                "StatusCallback=http://app/status"),
                     201);
    expect(world, "invite 1 client:nobody from anybody");
    world_ended(world, 1, 480);
    expect(world, "POST http://app/status CallStatus=no-answer SequenceNumber=1 CallSid=CA1 "
                  "CallDuration=0 Duration=0 SipResponseCode=480");
    world_free(world);
}

static void a_client_joins_a_conference_by_request(void **state)
{
    struct world *world = client_world();

    (void)state;
    assert_int_equal(world_rest(world, "POST", "/Conferences/desk/Participants.json",
                                "To=client:agent7&From=desk&Label=agent&WaitUrl="),
                     201);
    expect(world, "invite 1 client:agent7 from desk");
    world_answered(world, 1);
    expect(world, "open room1");
    expect(world, "join 1 room1");
    world_free(world);
}

static void the_noun_of_a_client_rings_all_it_names(void **state)
{
    struct world *world = client_world();

    (void)state;
    world_calls(world, "15005550001", "");
    expect(world, "invite 1 +15005550001 from +15005550006");
    world_answered(world, 1);
    expect(world, "POST http://app/voice CallStatus=in-progress CallSid=CA1");
    world_serves(world, "<Response><Dial action=\"/done\"><Client>ann</Client>"
                        "<Client statusCallback=\"/told\" statusCallbackEvent=\"answered\">"
                        "<Identity>bob b</Identity><Parameter name=\"lead\" value=\"12\"/>"
                        "<Parameter value=\"lost\"/></Client><Client></Client></Dial></Response>");
    expect(world, "invite 2 client:ann from +15005550006");
    expect(world, "invite 3 client:bob b from +15005550006 lead=12");
    expect(world, "play leg1 ring");
    world_ended(world, 2, 480);
    world_answered(world, 3);
    expect(world, "POST http://app/told CallStatus=in-progress SequenceNumber=1 CallSid=CA2 "
                  "ParentCallSid=CA1");
    expect(world, "stop leg1");
    expect(world, "open room1");
    expect(world, "join 1 room1");
    expect(world, "join 3 room1");
    world_ended(world, 3, 0);
    expect(world, "leave 1 room1");
    expect(world, "close room1");
    expect(world,
           "POST http://app/done CallStatus=in-progress CallSid=CA1 DialCallStatus=completed "
           "DialBridged=true DialCallSid=CA2 DialCallDuration=0");
    expect_nothing(world);
    world_rest(world, "GET", "/Calls/CA1/Notifications.json", "");
    assert_int_equal(json_array_size(json_object_get(world->json, "notifications")), 1);
    world_free(world);
}

static void a_pages_message_stands_among_the_events(void **state)
{
    struct control_event event = {.kind = CONTROL_LEG_MESSAGE, .leg = 1};
    struct world *world = client_world();
    char *body;

    (void)state;
    assert_int_equal(world_rest(world, "POST", "/Calls.json",
                                "To=client:agent7&From=anybody&Url=http://app/voice"),
                     201);
    world_answered(world, 1);
    event.as.message.type = "user-defined-message";
    event.as.message.size = 17;
    world_feed(world, &event);
    assert_int_equal(world_rest(world, "GET", "/Calls/CA1/Events.json", ""), 200);
    body = json_dumps(world->json, JSON_COMPACT);
    assert_non_null(strstr(body, "message type=user-defined-message bytes=17"));
    free(body);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_application_is_there_from_the_start),
        cmocka_unit_test(a_page_that_calls_is_told_to_its_application),
        cmocka_unit_test(a_page_whose_application_is_not_there_is_refused),
        cmocka_unit_test(an_unanswered_page_hears_what_it_dials),
        cmocka_unit_test(a_client_is_called_by_request),
        cmocka_unit_test(a_client_that_is_not_there_does_not_answer),
        cmocka_unit_test(a_client_joins_a_conference_by_request),
        cmocka_unit_test(the_noun_of_a_client_rings_all_it_names),
        cmocka_unit_test(a_pages_message_stands_among_the_events),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
