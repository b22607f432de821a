#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "voice/control/rest.h"
#include "voice/control/url.h"

const char *rest_param(const struct rest *rest, const char *name)
{
    return form_get(&rest->params, name);
}

bool rest_flag(const struct rest *rest, const char *name, bool fallback)
{
    const char *value = rest_param(rest, name);

    return value ? strcasecmp(value, "true") == 0 : fallback;
}

bool rest_number(struct rest *rest, const char *name, unsigned low, unsigned high, unsigned *value)
{
    const char *text = rest_param(rest, name);
    int64_t number;

    if (!text || !text[0])
        return true;
    if (slice_to_i64(slice_from(text), low, high, &number)) {
        rest_fail(rest, 400, 20001, "'%s' is '%.40s', not a number from %u to %u", name, text, low,
                  high);
        return false;
    }
    *value = (unsigned)number;
    return true;
}

bool rest_url(struct rest *rest, const char *name, unsigned code, const char **url)
{
    const char *text = rest_param(rest, name);

    if (!text || !text[0])
        return true;
    if (!url_is_absolute(text)) {
        rest_fail(rest, 400, code, "'%s' is not an absolute http or https URL: '%.200s'", name,
                  text);
        return false;
    }
    *url = text;
    return true;
}

bool rest_callback_url(struct rest *rest, const char *name, const char **url)
{
    const char *text = NULL;

    if (!rest_url(rest, name, 20001, &text))
        return false;
    if (text && !url_is_callback(text)) {
        rest_fail(rest, 400, 20001, "the host of '%s' has an underscore: '%.200s'", name, text);
        return false;
    }
    if (text)
        *url = text;
    return true;
}

bool rest_method(struct rest *rest, const char *name, const char **method)
{
    const char *text = rest_param(rest, name);

    if (!text || !text[0])
        return true;
    if (strcasecmp(text, "GET") != 0 && strcasecmp(text, "POST") != 0) {
        rest_fail(rest, 400, 20001, "'%s' is '%.40s', neither GET nor POST", name, text);
        return false;
    }
    *method = strcasecmp(text, "GET") == 0 ? "GET" : "POST";
    return true;
}

static bool add_word(struct slice word, const char *const *words, size_t count, unsigned *bits)
{
    for (size_t i = 0; i < count; ++i) {
        if (slice_is(word, words[i])) {
            *bits |= 1u << i;
            return true;
        }
    }
    return false;
}

bool rest_words(struct rest *rest, const char *name, const char *const *words, size_t count,
                unsigned *bits)
{
    unsigned found = 0;
    const char *value;
    size_t index = 0;

    while ((value = form_get_at(&rest->params, name, index++))) {
        struct slice left = slice_from(value);

        while (left.size) {
            struct slice word = slice_cut(&left, ' ');

            if (word.size && !add_word(word, words, count, &found)) {
                rest_fail(rest, 400, 20001, "'%s' does not know '%.*s'", name,
                          word.size > 40 ? 40 : (int)word.size, word.at);
                return false;
            }
        }
    }
    if (index > 1)
        *bits = found;
    return true;
}

static const char *date_param(const struct rest *rest, const char *name, const char *operator)
{
    char full[40];

    snprintf(full, sizeof(full), "%s%s", name, operator);
    return rest_param(rest, full);
}

static int read_date(const char *text, instant *at)
{
    return instant_from_iso(text, strlen(text), at);
}

bool rest_dates_are_good(struct rest *rest, const char *name)
{
    static const char *const OPERATORS[] = {"", "<", ">"};
    instant at;

    for (size_t i = 0; i < array_count(OPERATORS); ++i) {
        const char *text = date_param(rest, name, OPERATORS[i]);

        if (text && text[0] && read_date(text, &at)) {
            rest_fail(rest, 400, 20001, "'%s%s' is no date: '%.60s'", name, OPERATORS[i], text);
            return false;
        }
    }
    return true;
}

bool rest_date_passes(const struct rest *rest, const char *name, instant at)
{
    const char *on = date_param(rest, name, ""), *before = date_param(rest, name, "<");
    const char *from = date_param(rest, name, ">");
    instant limit;

    if (on && on[0] && !read_date(on, &limit)) {
        /* a bare day means all of it, an instant its second */
        instant span = strlen(on) == 10 ? DAY : SECOND;

        if (!at || at < limit || at >= limit + span)
            return false;
    }
    if (before && before[0] && !read_date(before, &limit) && (!at || at >= limit))
        return false;
    return !(from && from[0] && !read_date(from, &limit) && (!at || at < limit));
}

bool rest_filter_passes(const struct rest *rest, const char *name, const char *value)
{
    const char *wanted = rest_param(rest, name);

    return !wanted || !wanted[0] || (value && strcmp(wanted, value) == 0);
}
