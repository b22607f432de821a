#include "world.h"

/* Nobody looks after the calls any more: those who talk finish, who is left alone is told so. */
static const char ROOM[] = "<Response><Dial><Conference beep=\"false\" waitUrl=\"\">agent-7"
                           "</Conference></Dial></Response>";

static void comes_in(struct world *world, const char *number, uint64_t leg)
{
    char line[120];

    world_calls(world, number, "");
    snprintf(line, sizeof(line), "invite %u +%s *", (unsigned)leg, number);
    expect(world, line);
    world_answered(world, leg);
    expect(world, "POST http://app/voice *");
    world_serves(world, ROOM);
    if (leg == 1)
        expect(world, "open room1");
    snprintf(line, sizeof(line), "join %u room1", (unsigned)leg);
    expect(world, line);
    expect_nothing(world);
}

static void wind_down(struct world *world)
{
    control_wind_down(world->control, world->now);
    world_drain(world);
}

static void two_who_talk_finish_and_the_one_who_is_left_is_told_goodbye(void **state)
{
    struct world *world = world_new();

    comes_in(world, "15005550007", 1);
    comes_in(world, "15005550001", 2);
    wind_down(world);
    expect_nothing(world);
    world_ended(world, 2, 0);
    expect_nothing(world);
    wind_down(world);
    expect(world, "leave 1 room1");
    expect(world, "close room1");
    expect(world, "play leg1 say 'This line is being closed. Goodbye.'");
    wind_down(world); /* it is on its way out: not told again */
    expect_nothing(world);
    world_played(world);
    expect(world, "hang up 1");
    world_ended(world, 1, 0);
    assert_int_equal(control_live_calls(world->control), 0);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_who_talk_finish_and_the_one_who_is_left_is_told_goodbye),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
