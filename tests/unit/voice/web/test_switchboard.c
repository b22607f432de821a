#include "board.h"

#include <errno.h>

/* The browser phones, from a page's first word to the end of its call. */

static void a_page_is_known_by_its_token(void **state)
{
    struct house *house = house_new();

    (void)state;
    assert_int_equal(switchboard_opened(house->board, house->now, 1), 0);
    page_says(house, 1, "register", "\"media\":{\"audio\":true}");
    expect(house, "1 < error code=31204");
    page_says(house, 1, "listen", "\"token\":\"not-a-jwt\"");
    expect(house, "1 < error code=31204");
    page_listens(house, 1, "ann", 60, true, NULL);
    expect(house, "1 < connected identity=ann ttl=60");
    assert_false(switchboard_is_there(house->board, "ann"));
    page_says(house, 1, "register", "\"media\":{\"audio\":true}");
    expect(house, "1 < ready");
    assert_true(switchboard_is_there(house->board, "ann"));
    assert_false(switchboard_is_there(house->board, "Ann"));
    page_says(house, 1, "register", "\"media\":{\"audio\":false}");
    expect(house, "1 < offline");
    assert_false(switchboard_is_there(house->board, "ann"));
    /* another person's token: not rung until it registers again */
    page_says(house, 1, "register", "\"media\":{\"audio\":true}");
    expect(house, "1 < ready");
    page_listens(house, 1, "bob", 60, true, NULL);
    expect(house, "1 < connected identity=bob ttl=60");
    assert_false(switchboard_is_there(house->board, "bob"));
    /* one that may not be rung */
    page_listens(house, 1, "bob", 60, false, NULL);
    expect(house, "1 < connected identity=bob ttl=60");
    page_says(house, 1, "register", "\"media\":{\"audio\":true}");
    expect(house, "1 < error code=31201");
    expect(house, "1 < offline");
    expect_nothing(house);
    house_free(house);
}

static void sockets_that_say_nothing_are_let_go(void **state)
{
    struct house *house = house_new();

    (void)state;
    assert_int_equal(switchboard_opened(house->board, house->now, 1), 0);
    house_passes(house, 15 * SECOND);
    expect(house, "1 < beat");
    expect(house, "1 closed 4401");                /* no token in all that time */
    page_listens(house, 1, "ann", 60, true, NULL); /* it is too late */
    expect_nothing(house);
    switchboard_closed(house->board, house->now, 1);
    page_is_there(house, 2, "ann");
    house_passes(house, 20 * SECOND);
    switchboard_said(house->board, house->now, 2, slice_from("\n"));
    house_passes(house, 20 * SECOND);
    for (int i = 0; i < 4; ++i)
        expect(house, "2 < beat");
    house_passes(house, 10 * SECOND);
    expect(house, "2 closed 1001"); /* 30 s after its last word */
    switchboard_closed(house->board, house->now, 2);
    assert_int_equal(switchboard_deadline(house->board), INSTANT_NEVER);
    assert_int_equal(switchboard_opened(house->board, house->now, 3), 0);
    switchboard_said(house->board, house->now, 3, slice_from("GET / HTTP/1.1"));
    expect(house, "3 closed 1007");
    expect_nothing(house);
    house_free(house);
}

static void there_are_no_more_pages_than_may_be(void **state)
{
    struct house *house = house_new();

    (void)state;
    for (uint64_t i = 1; i <= 20; ++i)
        assert_int_equal(switchboard_opened(house->board, house->now, i), 0);
    assert_int_equal(switchboard_opened(house->board, house->now, 21), ENOBUFS);
    switchboard_closed(house->board, house->now, 7);
    assert_int_equal(switchboard_opened(house->board, house->now, 21), 0);
    house_free(house);
}

static void a_token_that_runs_out_is_told_and_renewed(void **state)
{
    struct house *house = house_new();

    (void)state;
    assert_int_equal(switchboard_opened(house->board, house->now, 1), 0);
    page_listens(house, 1, "ann", 5, true, NULL);
    page_says(house, 1, "register", "\"media\":{\"audio\":true}");
    page_is_up(house, 1);
    house_passes(house, 5 * SECOND);
    expect(house, "1 < error code=31205");
    assert_false(switchboard_is_there(house->board, "ann"));
    assert_int_equal(house_rings(house, 5, "ann", CALL), ENOENT);
    page_says(house, 1, "invite", "\"callsid\":\"TJ2\",\"sdp\":\"v=0\",\"twilio\":{}");
    expect(house, "1 < hangup callsid=TJ2 code=31205");
    page_says(house, 1, "dtmf", "\"callsid\":\"" CALL "\",\"dtmf\":\"1\""); /* its call goes on */
    expect(house, "leg 1 digit 1");
    page_says(house, 1, "register", "\"media\":{\"audio\":true}");
    expect(house, "1 < error code=31205");
    page_listens(house, 1, "ann", 60, true, NULL);
    expect(house, "1 < connected identity=ann ttl=60");
    assert_true(switchboard_is_there(house->board, "ann")); /* its registration holds again */
    expect_nothing(house);
    house_free(house);
}

static void a_page_calls_and_is_answered(void **state)
{
    struct house *house = house_new();
    struct form params;

    (void)state;
    form_init(&params);
    form_add(&params, "desk", "7");
    assert_int_equal(switchboard_opened(house->board, house->now, 1), 0);
    page_listens(house, 1, "ann", 60, true, &params);
    expect(house, "1 < connected identity=ann ttl=60");
    page_says(
        house, 1, "invite",
        "\"callsid\":\"TJ1\",\"sdp\":\"OFFER\",\"twilio\":{\"params\":\"To=%2B1&desk=8&a=b%20c\"}");
    expect(house, "leg 1 calls as ann through AP00: OFFER desk=7&To=%2B1&a=b+c");
    page_says(house, 1, "invite",
              "\"callsid\":\"TJ1\",\"sdp\":\"OFFER\",\"twilio\":{}"); /* twice */
    switchboard_ringing(house->board, LEG, CALL);
    expect(house, "1 < ringing callsid=" CALL);
    switchboard_early(house->board, LEG, "EARLY");
    expect(house, "1 < ringing callsid=" CALL " sdp=EARLY");
    switchboard_answer(house->board, LEG, "ANSWER");
    expect(house, "1 < answer callsid=" CALL); /* the description was early */
    page_says(house, 1, "message",
              "\"callsid\":\"" CALL
              "\",\"content\":\"hi\",\"messagetype\":\"t\",\"voiceeventsid\":\"KX1\"");
    expect(house, "1 < ack callsid=" CALL " voiceeventsid=KX1");
    expect(house, "leg 1 message t 2");
    page_says(house, 1, "dtmf", "\"callsid\":\"" CALL "\",\"dtmf\":\"1w#x\"");
    expect(house, "leg 1 digit 1");
    expect(house, "leg 1 digit #");
    house->restart = "HERE";
    page_says(house, 1, "reinvite", "\"callsid\":\"" CALL "\",\"sdp\":\"AGAIN\"");
    expect(house, "leg 1 restarts AGAIN");
    expect(house, "1 < answer callsid=" CALL " sdp=HERE");
    page_says(house, 1, "hangup", "\"callsid\":\"" CALL "\"");
    expect(house, "leg 1 ended: hung up");
    switchboard_end(house->board, LEG, 0, NULL); /* nothing any more */
    page_says(house, 1, "hangup", "\"callsid\":\"" CALL "\"");
    expect_nothing(house);
    assert_int_equal(switchboard_counts(house->board).legs, 0);
    form_release(&params);
    house_free(house);
}

static void a_page_is_refused_with_a_code_it_knows(void **state)
{
    struct house *house = house_new();

    (void)state;
    assert_int_equal(switchboard_opened(house->board, house->now, 1), 0);
    page_says(house, 1, "invite", "\"callsid\":\"TJ0\",\"sdp\":\"OFFER\",\"twilio\":{}");
    expect(house, "1 < hangup callsid=TJ0 code=31204");
    page_listens(house, 1, "ann", 60, true, NULL);
    expect(house, "1 < connected identity=ann ttl=60");
    page_says(house, 1, "invite", "\"callsid\":\"TJ1\",\"twilio\":{}");
    expect(house, "1 < hangup callsid=TJ1 code=31400");
    page_says(house, 1, "invite",
              "\"callsid\":\"TJ1\",\"sdp\":\"O\",\"twilio\":{\"params\":\"a=%ff\"}");
    expect(house, "1 < hangup callsid=TJ1 code=31400");
    page_says(house, 1, "invite", "\"callsid\":\"TJ1\",\"sdp\":\"OFFER\",\"twilio\":{}");
    expect(house, "leg 1 calls as ann through AP00: OFFER ");
    switchboard_end(house->board, LEG, 503, "no room");
    expect(house, "1 < hangup callsid=TJ1 code=31005");
    page_says(house, 1, "invite", "\"callsid\":\"TJ2\",\"sdp\":\"OFFER\",\"twilio\":{}");
    expect(house, "leg 2 calls as ann through AP00: OFFER ");
    switchboard_ringing(house->board, LEG + 1, CALL);
    expect(house, "1 < ringing callsid=" CALL);
    switchboard_end(house->board, LEG + 1, 486, "busy");
    expect(house, "1 < hangup callsid=" CALL " code=31486");
    /* ended from within the very event that tells of it */
    house->ends_on = LEG + 2;
    page_says(house, 1, "invite", "\"callsid\":\"TJ3\",\"sdp\":\"OFFER\",\"twilio\":{}");
    expect(house, "leg 3 calls as ann through AP00: OFFER ");
    expect(house, "1 < hangup callsid=TJ3 code=31486");
    house->ends_on = 0;
    for (int i = 0; i < SWITCHBOARD_CALLS_OF_DEVICE_MAX + 1; ++i) {
        char payload[100];

        snprintf(payload, sizeof(payload), "\"callsid\":\"TJ-%d\",\"sdp\":\"O\",\"twilio\":{}", i);
        page_says(house, 1, "invite", payload);
    }
    assert_int_equal(switchboard_counts(house->board).legs, SWITCHBOARD_CALLS_OF_DEVICE_MAX);
    house_free(house);
}

static void a_page_gives_up_before_it_is_answered(void **state)
{
    struct house *house = house_new();

    (void)state;
    page_is_there(house, 1, "ann");
    page_says(house, 1, "invite", "\"callsid\":\"TJ1\",\"sdp\":\"OFFER\",\"twilio\":{}");
    expect(house, "leg 1 calls as ann through AP00: OFFER ");
    page_says(house, 1, "hangup", "\"callsid\":\"TJ1\""); /* it does not know the SID yet */
    expect(house, "leg 1 ended: hung up");
    page_says(house, 1, "invite", "\"callsid\":\"TJ2\",\"sdp\":\"OFFER\",\"twilio\":{}");
    expect(house, "leg 2 calls as ann through AP00: OFFER ");
    switchboard_closed(house->board, house->now, 1); /* it has no reconnect token yet */
    expect(house, "leg 2 ended: hung up");
    expect_nothing(house);
    house_free(house);
}

static void all_pages_of_a_name_ring_and_the_first_has_the_call(void **state)
{
    struct house *house = house_new();

    (void)state;
    page_is_there(house, 1, "ann");
    page_is_there(house, 2, "ann");
    page_is_there(house, 3, "bob");
    assert_int_equal(house_rings(house, 5, "carl", CALL), ENOENT);
    assert_int_equal(house_rings(house, 5, "ann", CALL), 0);
    expect(house, "2 < invite callsid=" CALL " sdp=OFFER From=+15005550006 To=client:ann Params=");
    expect(house, "1 < invite callsid=" CALL " sdp=OFFER From=+15005550006 To=client:ann Params=");
    assert_true(switchboard_rings(house->board, 5));
    page_says(house, 3, "answer", "\"callsid\":\"" CALL "\",\"sdp\":\"MINE\""); /* not rung */
    expect(house, "3 < hangup callsid=" CALL " code=31404");
    page_says(house, 3, "reject", "\"callsid\":\"" CALL "\"");
    page_says(house, 1, "answer", "\"callsid\":\"" CALL "\",\"sdp\":\"ACCEPT\"");
    expect(house, "2 < cancel callsid=" CALL);
    expect(house, "leg 5 accepted ACCEPT");
    assert_false(switchboard_rings(house->board, 5));
    page_says(house, 2, "answer",
              "\"callsid\":\"" CALL "\",\"sdp\":\"LATE\""); /* crossed the cancel */
    expect(house, "2 < hangup callsid=" CALL " code=31404");
    page_says(house, 2, "hangup", "\"callsid\":\"" CALL "\""); /* not its call */
    page_says(house, 1, "answer", "\"callsid\":\"" CALL "\",\"sdp\":\"AGAIN\"");
    expect_nothing(house);
    switchboard_end(house->board, 5, 0, NULL);
    expect(house, "1 < hangup callsid=" CALL);
    house_free(house);
}

static void a_call_that_is_not_taken(void **state)
{
    struct house *house = house_new();

    (void)state;
    page_is_there(house, 1, "ann");
    page_is_there(house, 2, "ann");
    assert_int_equal(house_rings(house, 5, "ann", CALL), 0);
    house->line_read = house->line_count;
    page_says(house, 1, "reject", "\"callsid\":\"" CALL "\"");
    expect_nothing(house); /* the other rings still */
    page_says(house, 1, "reject", "\"callsid\":\"" CALL "\"");
    expect_nothing(house);
    page_says(house, 2, "reject", "\"callsid\":\"" CALL "\"");
    expect(house, "leg 5 ended: refused");
    /* given up by the caller */
    assert_int_equal(house_rings(house, 6, "ann", CALL), 0);
    house->line_read = house->line_count;
    switchboard_end(house->board, 6, 0, NULL);
    expect(house, "2 < cancel callsid=" CALL);
    expect(house, "1 < cancel callsid=" CALL);
    /* the pages go */
    assert_int_equal(house_rings(house, 7, "ann", CALL), 0);
    house->line_read = house->line_count;
    switchboard_closed(house->board, house->now, 2);
    expect_nothing(house);
    switchboard_closed(house->board, house->now, 1);
    expect(house, "leg 7 ended: gone");
    expect_nothing(house);
    house_free(house);
}

static void a_lost_socket_loses_no_call(void **state)
{
    struct house *house = house_new();
    char payload[300];

    (void)state;
    page_is_there(house, 1, "ann");
    page_is_up(house, 1);
    switchboard_closed(house->board, house->now, 1);
    assert_int_equal(switchboard_counts(house->board).lost, 1);
    page_is_there(house, 2, "bob");
    page_is_there(house, 3, "ann");
    snprintf(payload, sizeof(payload),
             "\"callsid\":\"" CALL "\",\"sdp\":\"a=ice-ufrag:one\\r\\n\",\"reconnect\":\"%s\"",
             house->reconnect);
    page_says(house, 2, "invite", payload); /* bob has stolen ann's token */
    expect(house, "2 < hangup callsid=" CALL " code=31404");
    page_says(house, 3, "invite",
              "\"callsid\":\"" CALL "\",\"reconnect\":\"RT00000000000000000000000000000000\"");
    expect(house, "3 < hangup callsid=" CALL " code=31404");
    page_says(house, 3, "invite", payload);
    expect(house, "3 < answer callsid=" CALL); /* and no description: the sound never stopped */
    assert_int_equal(switchboard_counts(house->board).lost, 0);
    house_passes(house, 9 * SECOND);
    page_says(house, 3, "dtmf", "\"callsid\":\"" CALL "\",\"dtmf\":\"5\"");
    expect(house, "leg 1 digit 5");
    /* another page, with other credentials of ICE: it needs a description */
    page_is_there(house, 4, "ann");
    snprintf(payload, sizeof(payload),
             "\"callsid\":\"" CALL "\",\"sdp\":\"a=ice-ufrag:two\\r\\n\",\"reconnect\":\"%s\"",
             house->reconnect);
    page_says(house, 4, "invite", payload);
    expect(house, "leg 1 restarts a=ice-ufrag:two\r\n");
    expect(house, "4 < hangup callsid=" CALL " code=31005");
    page_says(house, 3, "dtmf",
              "\"callsid\":\"" CALL "\",\"dtmf\":\"6\""); /* who has it keeps it */
    expect(house, "leg 1 digit 6");
    house->restart = "HERE";
    page_says(house, 4, "invite", payload);
    expect(house, "leg 1 restarts a=ice-ufrag:two\r\n");
    expect(house, "4 < answer callsid=" CALL " sdp=HERE");
    switchboard_closed(house->board, house->now, 3); /* it has no part in it any more */
    assert_int_equal(switchboard_counts(house->board).lost, 0);
    switchboard_closed(house->board, house->now, 4);
    house->line_read = house->line_count;
    switchboard_closed(house->board, house->now, 2);
    house_passes(house, SWITCHBOARD_GRACE_S * SECOND - 1);
    expect_nothing(house);
    house_passes(house, 1);
    expect(house, "leg 1 ended: lost");
    expect_nothing(house);
    assert_int_equal(switchboard_deadline(house->board), INSTANT_NEVER);
    house_free(house);
}

static void a_lost_call_can_be_hung_up(void **state)
{
    struct house *house = house_new();

    (void)state;
    page_is_there(house, 1, "ann");
    page_is_up(house, 1);
    switchboard_closed(house->board, house->now, 1);
    switchboard_end(house->board, LEG, 0, NULL);
    expect_nothing(house);
    assert_int_equal(switchboard_deadline(house->board), INSTANT_NEVER);
    house_free(house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_known_by_its_token),
        cmocka_unit_test(sockets_that_say_nothing_are_let_go),
        cmocka_unit_test(there_are_no_more_pages_than_may_be),
        cmocka_unit_test(a_token_that_runs_out_is_told_and_renewed),
        cmocka_unit_test(a_page_calls_and_is_answered),
        cmocka_unit_test(a_page_is_refused_with_a_code_it_knows),
        cmocka_unit_test(a_page_gives_up_before_it_is_answered),
        cmocka_unit_test(all_pages_of_a_name_ring_and_the_first_has_the_call),
        cmocka_unit_test(a_call_that_is_not_taken),
        cmocka_unit_test(a_lost_socket_loses_no_call),
        cmocka_unit_test(a_lost_call_can_be_hung_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
