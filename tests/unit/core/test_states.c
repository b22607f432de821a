#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "core/agent.h"
#include "core/attempt.h"
#include "core/campaign.h"
#include "core/lead.h"

/*
 * docs/states.md is drawn from the tables of lawful moves. When they change, this test fails and has
 * written what the page should be to states.md in the folder it ran in: look, and copy it.
 */
static bool campaign_may(int from, int to)
{
    return campaign_may_become((enum campaign_state)from, (enum campaign_state)to);
}

static bool lead_may(int from, int to)
{
    return lead_may_become((enum lead_state)from, (enum lead_state)to);
}

static bool attempt_may(int from, int to)
{
    return attempt_may_become((enum attempt_state)from, (enum attempt_state)to);
}

static bool agent_may(int from, int to)
{
    return agent_may_become((enum agent_activity)from, (enum agent_activity)to);
}

static bool leg_may(int from, int to)
{
    return leg_may_become((enum leg_state)from, (enum leg_state)to);
}

static bool reservation_may(int from, int to)
{
    return reservation_may_become((enum reservation_status)from, (enum reservation_status)to);
}

static const char *campaign_word(int state)
{
    return campaign_state_name((enum campaign_state)state);
}

static const char *lead_word(int state)
{
    return lead_state_name((enum lead_state)state);
}

static const char *attempt_word(int state)
{
    return attempt_state_name((enum attempt_state)state);
}

static const char *agent_word(int state)
{
    return agent_activity_name((enum agent_activity)state);
}

static const char *leg_word(int state)
{
    return leg_state_name((enum leg_state)state);
}

static const char *reservation_word(int state)
{
    return reservation_status_name((enum reservation_status)state);
}

struct machine {
    const char *title, *sentence;
    int count;
    bool (*may)(int from, int to);
    const char *(*word)(int state);
};

static const struct machine machines[] = {
    {"Campaign", "A finished campaign may be started again when new leads have come.",
     CAMPAIGN_STATE_COUNT, campaign_may, campaign_word},
    {"Lead",
     "Done and exhausted leads are left alone by the dialer; an agent may still dial them by hand. "
     "Nobody returns from blocked.",
     LEAD_STATE_COUNT, lead_may, lead_word},
    {"Attempt",
     "Steps may be missed, because news gets lost; none is taken back. A waiting call that gets an "
     "agent, and a bridged one whose agent was lost, is answered again: on its way into a room.",
     ATTEMPT_STATE_COUNT, attempt_may, attempt_word},
    {"Agent", "What the agent does.", AGENT_ACTIVITY_COUNT, agent_may, agent_word},
    {"Agent's leg", "Whether the line to the agent's room stands; a machine of its own.",
     LEG_STATE_COUNT, leg_may, leg_word},
    {"Reservation", "The claim on one agent for one lead.", RESERVATION_STATUS_COUNT,
     reservation_may, reservation_word},
};

static void draw(struct text *page, const struct machine *machine)
{
    text_addf(page, "\n## %s\n\n%s\n\n| from | to |\n| --- | --- |\n", machine->title,
              machine->sentence);
    for (int from = 0; from < machine->count; ++from) {
        const char *comma = "";

        text_addf(page, "| %s | ", machine->word(from));
        for (int to = 0; to < machine->count; ++to)
            if (machine->may(from, to)) {
                text_addf(page, "%s%s", comma, machine->word(to));
                comma = ", ";
            }
        text_add(page, *comma ? " |\n" : "(the end) |\n");
    }
}

static char *read_page(void)
{
    FILE *file = fopen(OUTDIAL_SOURCE_DIR "/docs/states.md", "r");
    char *bytes = calloc(1, 65536);

    assert_non_null(bytes);
    if (file) {
        size_t size = fread(bytes, 1, 65535, file);

        bytes[size] = 0;
        fclose(file);
    }
    return bytes;
}

static void the_page_of_states_is_the_tables_of_lawful_moves(void **state)
{
    struct text page;
    char *kept = read_page();
    bool same;

    text_init(&page);
    text_add(&page, "# States\n\nDrawn from the tables of lawful moves in `src/core` by "
                    "`tests/unit/core/test_states.c`;\nnot edited by hand.\n");
    for (size_t i = 0; i < array_count(machines); ++i)
        draw(&page, &machines[i]);
    same = strcmp(kept, page.at) == 0;
    if (!same) {
        FILE *out = fopen("states.md", "w");

        assert_non_null(out);
        fwrite(page.at, 1, page.size, out);
        fclose(out);
    }
    free(kept);
    text_release(&page);
    assert_true(same);
}

static void words_lead_back_to_their_states(void **state)
{
    enum attempt_state attempt;
    enum lead_state lead;
    enum call_status status;
    enum refusal refusal;

    for (int i = 0; i < ATTEMPT_STATE_COUNT; ++i) {
        const char *word = attempt_word(i);

        assert_true(attempt_state_from_name(word, strlen(word), &attempt));
        assert_int_equal(attempt, i);
    }
    for (int i = 0; i < REFUSAL_COUNT; ++i) {
        const char *word = refusal_name((enum refusal)i);

        assert_true(refusal_from_name(word, strlen(word), &refusal));
        assert_int_equal(refusal, i);
        assert_true(strlen(refusal_sentence((enum refusal)i)) > 5);
    }
    assert_true(call_status_from_name("in-progress", 11, &status));
    assert_int_equal(status, CALL_IN_PROGRESS);
    assert_false(lead_state_from_name("gone", 4, &lead));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_of_states_is_the_tables_of_lawful_moves),
        cmocka_unit_test(words_lead_back_to_their_states),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
