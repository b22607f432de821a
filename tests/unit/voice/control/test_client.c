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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_application_is_there_from_the_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
