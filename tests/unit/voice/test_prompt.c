/* Words and files to audio, with the real speaker and decoder as child processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "voice/decode_child.h"
#include "voice/prompt.h"
#include "wire/audio_file.h"
#include "wire/g711.h"

/* What a handler was told. */
struct answer {
    bool came;
    unsigned count;
    struct audio *audio;
    char error[256];
};

static struct loop *loop;
static struct prompt *prompts;
static struct prompt_options options;

static int prompt_begin(void **state)
{
    memset(&options, 0, sizeof(options));
    return loop_new(&loop) || prompt_new(&prompts, loop, &options);
}

static int prompt_end(void **state)
{
    prompt_free(prompts);
    loop_free(loop);
    return 0;
}

/* The same prompts with other options. */
static void prompt_with(const struct prompt_options *other)
{
    prompt_free(prompts);
    assert_int_equal(prompt_new(&prompts, loop, other), 0);
}

static void answered(void *arg, struct audio *audio, const char *error)
{
    struct answer *answer = arg;

    answer->came = true;
    answer->count++;
    answer->audio = audio_ref(audio);
    snprintf(answer->error, sizeof(answer->error), "%s", error);
}

static void await(struct answer *answer)
{
    instant until = loop_clock() + 30 * SECOND;

    while (!answer->came && loop_clock() < until)
        loop_step(loop, 50 * MILLISECOND);
    assert_true(answer->came);
}

static void say(struct answer *answer, const char *text, const char *voice, const char *language)
{
    struct prompt_say order = {.text = slice_from(text), .voice = voice, .language = language};

    memset(answer, 0, sizeof(*answer));
    assert_int_equal(prompt_say(prompts, &order, answered, answer, NULL), 0);
    assert_false(answer->came); /* never from inside the call */
}

static unsigned loudness(const struct audio *audio)
{
    unsigned sum = 0;

    for (size_t i = 0; i < audio_size(audio); i++)
        sum += (unsigned)abs(g711_mulaw_decode(audio_bytes(audio)[i]));
    return audio_size(audio) ? sum / (unsigned)audio_size(audio) : 0;
}

/* An executable shell script of the test's own. */
static void make_script(char path[64], const char *lines)
{
    FILE *file;
    int fd;

    snprintf(path, 64, "/tmp/prompt-test-XXXXXX");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    file = fdopen(fd, "w");
    fprintf(file, "#!/bin/sh\n%s\n", lines);
    fclose(file);
    assert_int_equal(chmod(path, 0700), 0);
}

static void words_become_sound(void **state)
{
    struct answer answer;

    say(&answer, "Hello, who is speaking please?", NULL, NULL);
    await(&answer);
    assert_string_equal(answer.error, "");
    assert_in_range(audio_ms(answer.audio), 1000, 6000);
    assert_true(loudness(answer.audio) > 300);
    audio_unref(answer.audio);
}

static void the_same_words_are_spoken_once(void **state)
{
    struct answer first, second, third;

    say(&first, "please hold the line", "man", "en-US");
    say(&second, "please hold the line", "man", "en-US");
    await(&first);
    await(&second);
    assert_ptr_equal(first.audio, second.audio);
    say(&third, "please hold the line", "man", "en-US");
    await(&third);
    assert_ptr_equal(first.audio, third.audio);
    assert_int_equal(first.count + second.count + third.count, 3);
    audio_unref(first.audio);
    audio_unref(second.audio);
    audio_unref(third.audio);
}

static void another_language_or_voice_is_another_sound(void **state)
{
    struct answer english, german, woman;

    say(&english, "Sonderangebot", NULL, "en-US");
    say(&german, "Sonderangebot", NULL, "de-DE");
    say(&woman, "Sonderangebot", "alice", "en-US");
    await(&english);
    await(&german);
    await(&woman);
    assert_true(audio_size(english.audio) != audio_size(german.audio));
    assert_ptr_not_equal(english.audio, woman.audio);
    audio_unref(english.audio);
    audio_unref(german.audio);
    audio_unref(woman.audio);
}

static void an_unknown_voice_or_language_is_the_default_one(void **state)
{
    struct answer answer;

    say(&answer, "hello", "Polly.Nobody", "xx-YY; rm -rf");
    await(&answer);
    assert_string_equal(answer.error, "");
    assert_true(loudness(answer.audio) > 300);
    audio_unref(answer.audio);
}

static void words_that_look_like_options_are_words(void **state)
{
    struct answer answer;

    say(&answer, "--help -v -f /etc/passwd", NULL, NULL);
    await(&answer);
    assert_string_equal(answer.error, "");
    assert_true(audio_ms(answer.audio) > 500);
    audio_unref(answer.audio);
}

static void no_words_are_no_sound(void **state)
{
    struct answer answer;

    say(&answer, "", NULL, NULL);
    await(&answer);
    assert_string_equal(answer.error, "");
    assert_int_equal(audio_size(answer.audio), 0);
    audio_unref(answer.audio);
}

static void too_many_words_are_refused(void **state)
{
    struct answer answer;
    char text[PROMPT_TEXT_SIZE_MAX + 2];

    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    say(&answer, text, NULL, NULL);
    await(&answer);
    assert_null(answer.audio);
    assert_non_null(strstr(answer.error, "4097 bytes"));
}

static void a_speaker_that_is_not_installed_is_named(void **state)
{
    struct answer answer;

    options.speaker = "no-such-speaker";
    prompt_with(&options);
    say(&answer, "hello", NULL, NULL);
    await(&answer);
    assert_null(answer.audio);
    assert_non_null(strstr(answer.error, "'no-such-speaker'"));
}

static void a_speaker_that_hangs_is_ended(void **state)
{
    struct answer answer;
    char path[64];

    make_script(path, "exec sleep 60");
    options.speaker = path;
    options.work_ms_max = 200;
    prompt_with(&options);
    say(&answer, "hello", NULL, NULL);
    await(&answer);
    assert_null(answer.audio);
    assert_non_null(strstr(answer.error, "longer than 200 ms"));
    unlink(path);
}

static void a_fetched_file_is_decoded(void **state)
{
    struct answer answer = {0};
    char bytes[4000];
    struct text wav;

    memset(bytes, 0x91, sizeof(bytes));
    text_init(&wav);
    assert_int_equal(audio_file_encode_wav(slice_of(bytes, sizeof(bytes)), &wav), 0);
    assert_int_equal(prompt_decode(prompts, text_slice(&wav), "audio/wav", answered, &answer, NULL),
                     0);
    text_release(&wav);
    assert_false(answer.came);
    await(&answer);
    assert_string_equal(answer.error, "");
    assert_int_equal(audio_size(answer.audio), sizeof(bytes));
    assert_memory_equal(audio_bytes(answer.audio), bytes, sizeof(bytes));
    audio_unref(answer.audio);
}

static void what_is_no_audio_is_refused_with_the_decoders_sentence(void **state)
{
    struct answer answer = {0};

    assert_int_equal(prompt_decode(prompts, slice_from("<html>not found</html>"), "text/html",
                                   answered, &answer, NULL),
                     0);
    await(&answer);
    assert_null(answer.audio);
    assert_non_null(strstr(answer.error, "text/html"));
}

static void audio_longer_than_allowed_is_refused(void **state)
{
    struct answer answer = {0};
    char bytes[9000];

    memset(bytes, 0x91, sizeof(bytes));
    options.audio_ms_max = 1000;
    prompt_with(&options);
    assert_int_equal(prompt_decode(prompts, slice_of(bytes, sizeof(bytes)), "audio/basic", answered,
                                   &answer, NULL),
                     0);
    await(&answer);
    assert_null(answer.audio);
    assert_non_null(strstr(answer.error, "longer than 1 second"));
}

static void a_decoder_that_dies_costs_only_the_prompt(void **state)
{
    struct answer answer = {0};
    char path[64];

    make_script(path, "kill -SEGV $$");
    options.self = path;
    prompt_with(&options);
    assert_int_equal(
        prompt_decode(prompts, slice_from("RIFFxxxx"), "audio/wav", answered, &answer, NULL), 0);
    await(&answer);
    assert_null(answer.audio);
    assert_non_null(strstr(answer.error, "signal 11"));
    unlink(path);
}

static void a_cancelled_order_is_not_answered(void **state)
{
    struct answer answer = {0}, other;
    uint64_t ref;

    assert_int_equal(
        prompt_decode(prompts, slice_from("abcd"), "audio/basic", answered, &answer, &ref), 0);
    assert_true(ref != 0);
    prompt_cancel(prompts, ref);
    prompt_cancel(prompts, ref); /* twice, or never existed: nothing */
    say(&other, "one", NULL, NULL);
    await(&other);
    assert_false(answer.came);
    audio_unref(other.audio);
}

static void many_orders_wait_in_line_and_are_all_answered(void **state)
{
    struct answer answers[12];
    char text[32];

    options.child_count_max = 2;
    prompt_with(&options);
    for (int i = 0; i < 12; i++) {
        snprintf(text, sizeof(text), "number %d", i);
        say(&answers[i], text, NULL, NULL);
    }
    for (int i = 0; i < 12; i++) {
        await(&answers[i]);
        assert_string_equal(answers[i].error, "");
        assert_int_equal(answers[i].count, 1);
        audio_unref(answers[i].audio);
    }
}

static void those_who_wait_at_the_end_are_told(void **state)
{
    struct answer answer;

    say(&answer, "never to be heard", NULL, NULL);
    prompt_free(prompts);
    prompts = NULL;
    assert_true(answer.came);
    assert_null(answer.audio);
    assert_non_null(strstr(answer.error, "stopping"));
}

static void the_cache_forgets_what_was_used_longest_ago(void **state)
{
    struct audio *audio;
    char name[24];

    options.cache_size_max = 80000;
    prompt_with(&options);
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof(name), "file %d", i);
        audio = audio_new_silence(1250); /* 10 000 bytes */
        prompt_keep(prompts, name, audio);
        audio_unref(audio);
        assert_non_null(prompt_cached(prompts, "file 0")); /* used again and again */
    }
    assert_null(prompt_cached(prompts, "file 1"));
    assert_null(prompt_cached(prompts, "file 2"));
    assert_non_null(prompt_cached(prompts, "file 3"));
    assert_non_null(prompt_cached(prompts, "file 9"));
    audio = audio_new_silence(9000);
    prompt_keep(prompts, "giant", audio); /* would push out the rest */
    audio_unref(audio);
    assert_null(prompt_cached(prompts, "giant"));
    assert_non_null(prompt_cached(prompts, "file 9"));
}

static void ready_made_sounds_are_at_hand(void **state)
{
    assert_true(audio_ms(prompt_hold(prompts)) > 10000);
    assert_in_range(loudness(prompt_hold(prompts)), 300, 6000);
    assert_true(loudness(prompt_beep(prompts)) > 1000);
}

int main(int argc, char **argv)
{
#define prompt_test(name) cmocka_unit_test_setup_teardown(name, prompt_begin, prompt_end)
    const struct CMUnitTest tests[] = {
        prompt_test(words_become_sound),
        prompt_test(the_same_words_are_spoken_once),
        prompt_test(another_language_or_voice_is_another_sound),
        prompt_test(an_unknown_voice_or_language_is_the_default_one),
        prompt_test(words_that_look_like_options_are_words),
        prompt_test(no_words_are_no_sound),
        prompt_test(too_many_words_are_refused),
        prompt_test(a_speaker_that_is_not_installed_is_named),
        prompt_test(a_speaker_that_hangs_is_ended),
        prompt_test(a_fetched_file_is_decoded),
        prompt_test(what_is_no_audio_is_refused_with_the_decoders_sentence),
        prompt_test(audio_longer_than_allowed_is_refused),
        prompt_test(a_decoder_that_dies_costs_only_the_prompt),
        prompt_test(a_cancelled_order_is_not_answered),
        prompt_test(many_orders_wait_in_line_and_are_all_answered),
        prompt_test(those_who_wait_at_the_end_are_told),
        prompt_test(the_cache_forgets_what_was_used_longest_ago),
        prompt_test(ready_made_sounds_are_at_hand),
    };

    if (argc > 1) /* the prompts start this very program as their decoder */
        return decode_child_main(argc - 1, argv + 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
