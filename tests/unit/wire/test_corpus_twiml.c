#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../../../fuzz/corpus.h"
#include "../../../fuzz/fuzz_twiml.c"

static void the_corpus_runs_clean(void **state)
{
    (void)state;
    assert_true(corpus_run(OUTDIAL_SOURCE_DIR "/fuzz/corpus/twiml", LLVMFuzzerTestOneInput) >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_corpus_runs_clean)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
