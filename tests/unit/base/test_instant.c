#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/heap.h"
#include "base/instant.h"
#include "base/rng.h"
#include "base/table.h"

static void an_instant_survives_its_iso_text(void **state)
{
    struct rng rng = rng_from_seed(1);

    (void)state;
    for (int i = 0; i < 10000; ++i) {
        instant at = (instant)rng_below(&rng, (uint64_t)(200LL * 365 * DAY)), back;
        char text[INSTANT_TEXT_SIZE];

        instant_to_iso(at, 1, text);
        assert_int_equal(instant_from_iso(text, strlen(text), &back), 0);
        assert_int_equal(at, back);
    }
}

static void the_contracts_dates_are_read_and_written(void **state)
{
    const char *text = "Tue, 31 Aug 2010 20:36:28 +0000", *one = "Wed, 1 Sep 2010 20:36:28 +0000";
    char out[INSTANT_TEXT_SIZE];
    instant at, other;

    (void)state;
    assert_int_equal(instant_from_rfc2822(text, strlen(text), &at), 0);
    instant_to_rfc2822(at, out);
    assert_string_equal(out, text);
    assert_int_equal(instant_from_rfc2822(one, strlen(one), &other), 0);
    assert_int_equal(other - at, DAY);
    assert_int_equal(instant_from_iso("2026-02-30", 10, &at), 22);
    assert_int_equal(instant_from_iso("2026-01-02T03:04:05+01:00", 25, &at), 0);
    instant_to_iso(at, 0, out);
    assert_string_equal(out, "2026-01-02T02:04:05Z");
}

static void a_heap_gives_the_earliest_and_keeps_the_order_of_equals(void **state)
{
    struct heap heap;
    struct heap_node nodes[500] = {{0}};
    struct rng rng = rng_from_seed(7);
    instant last = -1;
    uint64_t last_serial = 0;

    (void)state;
    heap_init(&heap);
    for (int i = 0; i < 500; ++i)
        assert_int_equal(heap_add(&heap, &nodes[i], (instant)rng_below(&rng, 50)), 0);
    for (int i = 0; i < 500; i += 3)
        heap_remove(&heap, &nodes[i]);
    for (struct heap_node *node; (node = heap_first(&heap));) {
        assert_true(node->at > last || (node->at == last && node->serial > last_serial));
        last = node->at;
        last_serial = node->serial;
        heap_remove(&heap, node);
    }
    heap_release(&heap);
}

static void a_table_finds_what_was_put_and_nothing_else(void **state)
{
    struct table table;
    static char values[2000];
    size_t at = 0, seen = 0;

    (void)state;
    table_init(&table);
    for (uint64_t i = 0; i < 2000; ++i)
        assert_int_equal(table_put_id(&table, i, &values[i]), 0);
    for (uint64_t i = 0; i < 2000; i += 2)
        assert_ptr_equal(table_remove_id(&table, i), &values[i]);
    for (uint64_t i = 0; i < 3000; ++i)
        assert_ptr_equal(table_get_id(&table, i), i < 2000 && i % 2 ? &values[i] : NULL);
    while (table_next(&table, &at))
        ++seen;
    assert_int_equal(seen, 1000);
    table_release(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_instant_survives_its_iso_text),
        cmocka_unit_test(the_contracts_dates_are_read_and_written),
        cmocka_unit_test(a_heap_gives_the_earliest_and_keeps_the_order_of_equals),
        cmocka_unit_test(a_table_finds_what_was_put_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
