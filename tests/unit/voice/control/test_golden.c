#include "world.h"

/*
 * REST answers and webhooks, whole, against files of tests/golden/voice. A change shows as a diff of
 * those files: OUTDIAL_GOLDEN=write writes them anew.
 */
static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, 65536);

    if (file) {
        text[fread(text, 1, 65535, file)] = '\0';
        fclose(file);
    }
    return text;
}

static void golden(const char *name, const char *text)
{
    const char *mode = getenv("OUTDIAL_GOLDEN");
    char path[500], *wanted;

    snprintf(path, sizeof(path), "%s/tests/golden/voice/%s", OUTDIAL_SOURCE_DIR, name);
    if (mode && strcmp(mode, "write") == 0) {
        FILE *file = fopen(path, "wb");

        assert_non_null(file);
        fputs(text, file);
        fclose(file);
        return;
    }
    wanted = read_file(path);
    if (strcmp(wanted, text) != 0)
        print_error("%s differs (OUTDIAL_GOLDEN=write to take it):\n%s\n", path, text);
    assert_string_equal(wanted, text);
    free(wanted);
}

static void golden_answer(struct world *world, const char *name)
{
    char *text = json_dumps(world->json, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    struct text whole;

    text_init(&whole);
    text_addf(&whole, "%s\n", text);
    golden(name, whole.at);
    text_release(&whole);
    free(text);
}

/* Takes the effects there are; the requests among them come as text, one parameter a line. */
static void golden_requests(struct world *world, const char *name)
{
    struct control_effect effect;
    struct text whole;

    text_init(&whole);
    while (control_drain(world->control, &effect)) {
        struct slice body;

        if (effect.kind != CONTROL_FETCH)
            continue;
        check_signature(&effect);
        world->last_fetch = effect.as.fetch.fetch;
        text_addf(&whole, "%s %s\n", effect.as.fetch.method, effect.as.fetch.url);
        for (const char *const *header = effect.as.fetch.headers; *header; ++header)
            text_addf(&whole, "%s\n", *header);
        text_add(&whole, "\n");
        body = effect.as.fetch.body;
        while (body.size) {
            struct slice pair = slice_cut(&body, '&');

            text_addf(&whole, "%.*s\n", (int)pair.size, pair.at);
        }
        text_add(&whole, "\n");
    }
    golden(name, whole.at ? whole.at : "");
    text_release(&whole);
}

/* A step that leaves its effects to golden_requests. */
static void quietly(struct world *world, enum control_event_kind kind, uint64_t leg)
{
    struct control_event event = {.kind = kind, .leg = leg};

    if (kind == CONTROL_LEG_HELLO)
        event.as.hello.latency_us = 1234;
    control_feed(world->control, world->now, &event);
}

static void quietly_answer(struct world *world, const char *twiml)
{
    struct control_event event = {.kind = CONTROL_FETCHED};

    event.as.fetched.fetch = world->last_fetch;
    event.as.fetched.status = 200;
    event.as.fetched.content_type = "text/xml";
    event.as.fetched.body = slice_from(twiml);
    control_feed(world->control, world->now, &event);
}

static struct world *golden_world(void)
{
    static const struct control_number NUMBER = {
        .number = "+15005550006", .friendly_name = "Sales", .voice_url = "http://app/incoming"};
    static const char *const CALLER_IDS[] = {"+15005550008"};
    struct world *world = calloc(1, sizeof(*world));
    struct control_options options = {.numbers = &NUMBER,
                                      .number_count = 1,
                                      .caller_ids = CALLER_IDS,
                                      .caller_id_count = 1,
                                      .account_name = "Test"};

    world_init(world, &options);
    return world;
}

static void a_calls_answers_are_as_written(void **state)
{
    struct world *world = golden_world();

    (void)state;
    world_calls(world, "15005550001", "&StatusCallback=http://app/status?attempt=1");
    golden_answer(world, "call_created.json");
    world_answered(world, 1);
    world->now += 75 * SECOND;
    world_rest(world, "GET", "/Calls/CA1.json", "");
    golden_answer(world, "call_in_progress.json");
    world_rest(world, "POST", "/Calls/CA1.json", "Status=completed");
    golden_answer(world, "call_completed.json");
    world_acks(world); /* all callbacks are answered: less of the call is kept from now on */
    world_rest(world, "GET", "/Calls.json", "Status=completed&PageSize=1");
    golden_answer(world, "calls_page.json");
    world_free(world);
}

static void errors_are_as_written(void **state)
{
    struct world *world = golden_world();
    struct control_request request = {.method = "GET", .path = BASE ".json"};
    struct control_reply reply;

    (void)state;
    control_rest(world->control, world->now, &request, &reply);
    assert_int_equal(reply.status, 401);
    golden("error_authenticate.json", reply.body.at);
    control_reply_release(&reply);
    world_rest(world, "POST", "/Calls.json", "From=%2B15005550006");
    golden_answer(world, "error_no_to.json");
    world_rest(world, "GET", "/Nothing.json", "");
    golden_answer(world, "error_not_found.json");
    assert_int_equal(world_rest(world, "GET", "/Calls", ""), 404);
    assert_int_equal(world_rest(world, "PUT", "/Calls.json", ""), 405);
    assert_int_equal(world_rest(world, "POST", "/Calls.json", "To=%ff"), 400);
    world_free(world);
}

static void facts_of_the_account_are_as_written(void **state)
{
    struct world *world = golden_world();

    (void)state;
    world_rest(world, "GET", "/Balance.json", "");
    golden_answer(world, "balance.json");
    world_rest(world, "GET", ".json", "");
    golden_answer(world, "account.json");
    world_rest(world, "GET", "/IncomingPhoneNumbers.json", "PhoneNumber=%2B1500555");
    golden_answer(world, "incoming_phone_numbers.json");
    world_rest(world, "GET", "/OutgoingCallerIds.json", "");
    golden_answer(world, "outgoing_caller_ids.json");
    world_rest(world, "POST", "/Applications.json", "FriendlyName=dialer&VoiceUrl=http://app/v");
    golden_answer(world, "application.json");
    world_free(world);
}

static void webhooks_of_a_call_in_a_conference_are_as_written(void **state)
{
    struct world *world = golden_world();

    (void)state;
    world_rest(world, "POST", "/Calls.json",
               "To=%2B15005550001&From=%2B15005550006&Url=http://me:secret@app/voice?attempt=7"
               "%23rc=2&StatusCallback=https://app/status&StatusCallbackMethod=GET");
    quietly(world, CONTROL_LEG_ANSWERED, 1);
    golden_requests(world, "webhook_voice_url.txt");
    quietly_answer(world, "<Response><Dial action=\"/after\"><Conference statusCallback=\"/room\" "
                          "statusCallbackEvent=\"start end join leave\" waitUrl=\"\" "
                          "participantLabel=\"customer\">J\xc3\xbcrgen</Conference></Dial>"
                          "</Response>");
    golden_requests(world, "webhook_participant_join.txt");
    quietly_answer(world, "");
    world_rest(world, "GET", "/Conferences.json", "");
    golden_answer(world, "conferences.json");
    world_rest(world, "GET", "/Conferences/CF1/Participants.json", "");
    golden_answer(world, "participants.json");
    world->now += 61 * SECOND;
    quietly(world, CONTROL_LEG_HELLO, 1);
    quietly(world, CONTROL_LEG_ENDED, 1);
    golden_requests(world, "webhook_leave_and_action.txt");
    quietly_answer(world, "");
    golden_requests(world, "webhook_completed_or_conference_end.txt");
    world_rest(world, "GET", "/Conferences/CF1.json", "");
    golden_answer(world, "conference_completed.json");
    world_rest(world, "GET", "/Calls/CA1/Events.json", "PageSize=5");
    golden_answer(world, "call_events.json");
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_calls_answers_are_as_written),
        cmocka_unit_test(errors_are_as_written),
        cmocka_unit_test(facts_of_the_account_are_as_written),
        cmocka_unit_test(webhooks_of_a_call_in_a_conference_are_as_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
