#include "wire/signature.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "wire/mac.h"

static int compare_fields(const void *a, const void *b)
{
    const struct form_field *x = *(const struct form_field *const *)a;
    const struct form_field *y = *(const struct form_field *const *)b;
    int order = strcmp(x->name, y->name);

    return order ? order : strcmp(x->value, y->value);
}

/* Parameters sorted by name, then value; a pair that occurs twice counts once. */
static void add_parameters(struct text *data, const struct form *form)
{
    const struct form_field *few[64], **sorted = few;
    size_t size = 0;

    if (form->count > array_count(few))
        sorted = calloc(form->count, sizeof(*sorted));
    if (!sorted) {
        data->failed = true;
        return;
    }
    for (size_t i = 0; i < form->count; ++i) {
        sorted[i] = &form->fields[i];
        size += sorted[i]->name_size + sorted[i]->value_size;
    }
    text_reserve(data, size);
    qsort(sorted, form->count, sizeof(*sorted), compare_fields);
    for (size_t i = 0; i < form->count; ++i) {
        if (i && compare_fields(&sorted[i - 1], &sorted[i]) == 0)
            continue;
        text_add_bytes(data, sorted[i]->name, sorted[i]->name_size);
        text_add_bytes(data, sorted[i]->value, sorted[i]->value_size);
    }
    if (sorted != few)
        free(sorted);
}

static struct slice without_fragment(struct slice url)
{
    return slice_cut(&url, '#');
}

void signature_make(const char *auth_token, struct slice url, const struct form *form,
                    char signature[SIGNATURE_SIZE])
{
    unsigned char digest[MAC_SHA1_SIZE];
    struct text data;

    text_init(&data);
    text_add_slice(&data, without_fragment(url));
    if (form)
        add_parameters(&data, form);
    check(!data.failed);
    mac_sha1(slice_from(auth_token), text_slice(&data), digest);
    EVP_EncodeBlock((unsigned char *)signature, digest, sizeof(digest));
    text_release(&data);
}

struct url_parts {
    struct slice scheme, user_info, host, port, rest; /* "https://", "u:p@", "h", ":1", "/..." */
};

static bool split_url(struct slice url, struct url_parts *parts)
{
    const char *colon = url.size ? memmem(url.at, url.size, "://", 3) : NULL;
    size_t end, at, port;

    if (!colon || colon == url.at)
        return false;
    parts->scheme = slice_of(url.at, (size_t)(colon - url.at) + 3);
    end = parts->scheme.size;
    while (end < url.size && !strchr("/?#", url.at[end]))
        ++end;
    at = end;
    while (at > parts->scheme.size && url.at[at - 1] != '@')
        --at;
    port = end;
    for (size_t i = end; i > at && url.at[i - 1] != ']'; --i)
        if (url.at[i - 1] == ':')
            port = i - 1;
    parts->user_info = slice_of(url.at + parts->scheme.size, at - parts->scheme.size);
    parts->host = slice_of(url.at + at, port - at);
    parts->port = slice_of(url.at + port, end - port);
    parts->rest = slice_of(url.at + end, url.size - end);
    return true;
}

/* The query decoded and encoded again, as receivers do that pass it through their framework. */
static void add_reencoded(struct text *text, struct slice rest)
{
    struct slice query = rest, path = slice_cut(&query, '?');
    struct form form;

    text_add_slice(text, path);
    if (path.size == rest.size)
        return;
    text_add_char(text, '?');
    if (form_parse(&form, query) == 0) {
        for (size_t i = 0; i < form.count; ++i) {
            text_add(text, i ? "&" : "");
            form_encode(slice_from(form.fields[i].name), false, text);
            text_add_char(text, '=');
            form_encode(slice_from(form.fields[i].value), false, text);
        }
    } else {
        text_add_slice(text, query);
    }
    form_release(&form);
}

static bool matches(const char *auth_token, struct slice url, const struct form *form,
                    const char *signature)
{
    char expected[SIGNATURE_SIZE];

    signature_make(auth_token, url, form, expected);
    return strlen(signature) == SIGNATURE_SIZE - 1 &&
           bytes_equal_constant_time(expected, signature, SIGNATURE_SIZE - 1);
}

enum { WITH_PORT = 1, REENCODED = 2, WITH_SLASH = 4, VARIANT_COUNT = 8 };

static void build_variant(struct text *text, const struct url_parts *parts, unsigned variant)
{
    text_clear(text);
    text_add_slice(text, parts->scheme);
    text_add_slice(text, parts->user_info);
    text_add_slice(text, parts->host);
    if (variant & WITH_PORT) {
        bool tls =
            slice_is_nocase(parts->scheme, "https://") || slice_is_nocase(parts->scheme, "wss://");

        if (parts->port.size)
            text_add_slice(text, parts->port);
        else
            text_add(text, tls ? ":443" : ":80");
    }
    if (variant & REENCODED)
        add_reencoded(text, parts->rest);
    else
        text_add_slice(text, parts->rest);
    if (variant & WITH_SLASH)
        text_add_char(text, '/');
}

bool signature_verify(const char *auth_token, struct slice url, const struct form *form,
                      const char *signature)
{
    struct url_parts parts;
    struct text text;
    bool socket, found = false;

    if (!signature)
        return false;
    url = without_fragment(url);
    if (matches(auth_token, url, form, signature))
        return true;
    if (!split_url(url, &parts))
        return false;
    socket = slice_is_nocase(parts.scheme, "wss://") || slice_is_nocase(parts.scheme, "ws://");
    text_init(&text);
    for (unsigned variant = 0; variant < VARIANT_COUNT && !found; ++variant) {
        if ((variant & WITH_SLASH) && !socket)
            continue;
        build_variant(&text, &parts, variant);
        found = !text.failed && matches(auth_token, text_slice(&text), form, signature);
    }
    text_release(&text);
    return found;
}

bool signature_verify_json(const char *auth_token, struct slice url, struct slice body,
                           const char *signature)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char hex[2 * EVP_MAX_MD_SIZE + 1];
    unsigned size = 0;
    struct slice query = without_fragment(url);
    struct form form;
    const char *told;
    bool same;

    check(EVP_Digest(body.at ? body.at : "", body.size, digest, &size, EVP_sha256(), NULL) == 1);
    bytes_to_hex(digest, size, hex);
    slice_cut(&query, '?');
    same = form_parse(&form, query) == 0 && (told = form_get(&form, "bodySHA256")) != NULL &&
           strlen(told) == strlen(hex) && bytes_equal_constant_time(told, hex, strlen(hex));
    form_release(&form);
    return same && signature_verify(auth_token, url, NULL, signature);
}
