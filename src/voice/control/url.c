#include "voice/control/url.h"

#include <string.h>

#include "voice/control/memory.h"
#include "wire/form.h"

static size_t scheme_size(struct slice url)
{
    struct slice head = slice_of(url.at, url.size < 8 ? url.size : 8);

    if (head.size >= 7 && slice_is_nocase(slice_of(head.at, 7), "http://"))
        return 7;
    return head.size == 8 && slice_is_nocase(head, "https://") ? 8 : 0;
}

/* Everything after the scheme up to path, query or fragment: "user:pass@host:port". */
static struct slice authority_of(struct slice url)
{
    size_t start = scheme_size(url), end = start;

    while (end < url.size && !strchr("/?#", url.at[end]))
        ++end;
    return slice_of(url.at + start, end - start);
}

static struct slice host_of(struct slice authority)
{
    for (size_t i = authority.size; i > 0; --i)
        if (authority.at[i - 1] == '@')
            return slice_of(authority.at + i, authority.size - i);
    return authority;
}

struct slice url_host(const char *url)
{
    return host_of(authority_of(slice_from(url)));
}

static bool port_is_good(struct slice host)
{
    struct slice port = host;
    int64_t number;

    if (host.size && host.at[0] == '[') {
        slice_cut(&port, ']');
        return !port.size ||
               (port.at[0] == ':' &&
                slice_to_i64(slice_of(port.at + 1, port.size - 1), 1, 65535, &number) == 0);
    }
    if (!memchr(host.at, ':', host.size))
        return true;
    return slice_cut(&port, ':').size && slice_to_i64(port, 1, 65535, &number) == 0;
}

bool url_is_absolute(const char *url)
{
    struct slice slice = slice_from(url), host;

    if (!scheme_size(slice) || slice.size > URL_SIZE_MAX)
        return false;
    for (size_t i = 0; i < slice.size; ++i)
        if ((unsigned char)slice.at[i] <= ' ' || slice.at[i] == 0x7f || slice.at[i] == '"' ||
            slice.at[i] == '<' || slice.at[i] == '>')
            return false;
    host = url_host(url);
    return host.size && host.at[0] != ':' && port_is_good(host);
}

bool url_is_callback(const char *url)
{
    struct slice host;

    if (!url_is_absolute(url))
        return false;
    host = url_host(url);
    return !memchr(host.at, '_', host.size);
}

static bool has_scheme(struct slice reference)
{
    for (size_t i = 0; i < reference.size; ++i) {
        char c = reference.at[i];

        if (c == ':')
            return i > 0;
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (i && ((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'))))
            return false;
    }
    return false;
}

/* RFC 3986 section 5.2.4. */
static void remove_dots(struct slice path, struct text *out, size_t floor)
{
    while (path.size) {
        const char *next = memchr(path.at + 1, '/', path.size - 1);
        struct slice segment = slice_of(path.at, next ? (size_t)(next - path.at) : path.size);

        path = slice_of(path.at + segment.size, path.size - segment.size);
        if (slice_is(segment, "/.") || slice_is(segment, "/..")) {
            if (segment.size == 3) {
                while (out->size > floor && out->at[out->size - 1] != '/')
                    --out->size;
                if (out->size > floor)
                    --out->size;
            }
            if (!path.size)
                text_add_char(out, '/');
            else if (out->at)
                out->at[out->size] = '\0';
        } else {
            text_add_slice(out, segment);
        }
    }
}

void url_resolve(const char *base, const char *reference, struct text *out)
{
    struct slice url = slice_from(base), ref = slice_from(reference), rest, path, merged_path;
    struct slice authority, query = ref, fragment;
    struct text merged;
    size_t origin;

    if (!base || !scheme_size(url) || has_scheme(ref)) {
        text_add_slice(out, ref);
        return;
    }
    authority = authority_of(url);
    origin = (size_t)(authority.at - url.at) + authority.size;
    rest = slice_of(url.at + origin, url.size - origin);
    if (!ref.size) { /* the document itself, its overrides included */
        text_add_slice(out, url);
        return;
    }
    if (slice_starts(ref, "//")) {
        text_add_slice(out, slice_of(url.at, scheme_size(url) - 2));
        text_add_slice(out, ref);
        return;
    }
    text_add_slice(out, slice_of(url.at, origin));
    path = slice_cut(&rest, '#');
    path = slice_cut(&path, '?');
    fragment = ref;
    query = slice_cut(&fragment, '#'); /* path and query of the reference */
    if (query.size && query.at[0] == '?') {
        text_add_slice(out, path);
        text_add_slice(out, ref);
        return;
    }
    text_init(&merged);
    merged_path = query;
    merged_path = slice_cut(&query, '?');
    if (!merged_path.size || merged_path.at[0] != '/') {
        size_t keep = path.size;

        while (keep && path.at[keep - 1] != '/')
            --keep;
        text_add_slice(&merged, slice_of(path.at, keep));
        if (!keep)
            text_add_char(&merged, '/');
    }
    text_add_slice(&merged, merged_path);
    remove_dots(text_slice(&merged), out, out->size);
    text_add_slice(out, slice_of(merged_path.at + merged_path.size,
                                 ref.size - (size_t)(merged_path.at - ref.at) - merged_path.size));
    text_release(&merged);
}

static char *decoded(struct slice slice)
{
    struct text raw, clean;

    text_init(&raw);
    text_init(&clean);
    form_decode(slice, false, &raw);
    utf8_clean(text_slice(&raw), &clean);
    text_release(&raw);
    return memory_take_text(&clean);
}

void url_split_user(const char *url, char **bare, char **user, char **password)
{
    struct slice rest = slice_from(url), whole = slice_cut(&rest, '#');
    struct slice authority = authority_of(whole), host = host_of(authority);
    struct text text;

    *user = *password = NULL;
    text_init(&text);
    if (host.size < authority.size) {
        struct slice info = slice_of(authority.at, authority.size - host.size - 1);
        struct slice name = slice_cut(&info, ':');

        *user = decoded(name);
        *password = decoded(info);
        text_add_slice(&text, slice_of(whole.at, (size_t)(authority.at - whole.at)));
        text_add_slice(&text, slice_of(host.at, whole.size - (size_t)(host.at - whole.at)));
    } else {
        text_add_slice(&text, whole);
    }
    *bare = memory_take_text(&text);
}

static void read_retry_reasons(struct url_policy *policy, struct slice words)
{
    policy->on_connect = policy->on_read = policy->on_4xx = policy->on_5xx = false;
    while (words.size) {
        struct slice word = slice_cut(&words, ',');
        bool all = slice_is(word, "all");

        policy->on_connect |= all || slice_is(word, "ct");
        policy->on_read |= all || slice_is(word, "rt");
        policy->on_4xx |= all || slice_is(word, "4xx");
        policy->on_5xx |= all || slice_is(word, "5xx");
    }
}

static void read_number(struct slice value, unsigned low, unsigned high, unsigned *place)
{
    int64_t number;

    if (slice_to_i64(value, low, high, &number) == 0)
        *place = (unsigned)number;
}

struct url_policy url_policy(const char *url, unsigned default_retry_count)
{
    struct url_policy policy = {default_retry_count, true, false, false, false, 5000, 15000, 15000};
    struct slice rest = slice_from(url);

    slice_cut(&rest, '#');
    while (rest.size) {
        struct slice value = slice_cut(&rest, '&'), name = slice_cut(&value, '=');

        if (slice_is(name, "rc"))
            read_number(value, 0, 5, &policy.retry_count);
        else if (slice_is(name, "rp"))
            read_retry_reasons(&policy, value);
        else if (slice_is(name, "ct"))
            read_number(value, 100, 10000, &policy.connect_ms);
        else if (slice_is(name, "rt"))
            read_number(value, 100, 15000, &policy.read_ms);
        else if (slice_is(name, "tt"))
            read_number(value, 100, 15000, &policy.total_ms);
    }
    return policy;
}
