#include "push/signature.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/mac.h"

enum { MD5_SIZE = 16, PAIRS_MAX = 64 };

static void sign(const char *secret, struct slice text, char signature[PUSH_SIGNATURE_SIZE])
{
    unsigned char digest[MAC_SHA256_SIZE];

    mac_sha256(slice_from(secret), text, digest);
    bytes_to_hex(digest, sizeof(digest), signature);
}

/* "KEY:" and the signature of the parts, a colon between each two. */
static void add_auth(const struct push_app *app, const struct slice *parts, size_t count,
                     struct text *auth)
{
    char signature[PUSH_SIGNATURE_SIZE];
    struct text text;

    text_init(&text);
    for (size_t i = 0; i < count; ++i) {
        if (i)
            text_add_char(&text, ':');
        text_add_slice(&text, parts[i]);
    }
    if (text.failed) {
        auth->failed = true;
    } else {
        sign(app->secret, text_slice(&text), signature);
        text_addf(auth, "%s:%s", app->key, signature);
    }
    text_release(&text);
}

void push_auth_private(const struct push_app *app, struct slice socket_id, struct slice channel,
                       struct text *auth)
{
    add_auth(app, (struct slice[]){socket_id, channel}, 2, auth);
}

void push_auth_presence(const struct push_app *app, struct slice socket_id, struct slice channel,
                        struct slice channel_data, struct text *auth)
{
    add_auth(app, (struct slice[]){socket_id, channel, channel_data}, 3, auth);
}

void push_auth_user(const struct push_app *app, struct slice socket_id, struct slice user_data,
                    struct text *auth)
{
    add_auth(app,
             (struct slice[]){socket_id, slice_of("", 0), slice_from("user"), slice_of("", 0),
                              user_data},
             5, auth);
}

static bool same(struct text *good, struct slice auth)
{
    bool is_same = !good->failed && good->size == auth.size &&
                   bytes_equal_constant_time(good->at, auth.at, auth.size);

    text_release(good);
    return is_same;
}

bool push_auth_channel_is_good(const struct push_app *app, struct slice socket_id,
                               struct slice channel, struct slice channel_data, struct slice auth)
{
    struct text good;

    text_init(&good);
    if (channel_data.size)
        push_auth_presence(app, socket_id, channel, channel_data, &good);
    else
        push_auth_private(app, socket_id, channel, &good);
    return same(&good, auth);
}

bool push_auth_user_is_good(const struct push_app *app, struct slice socket_id,
                            struct slice user_data, struct slice auth)
{
    struct text good;

    text_init(&good);
    push_auth_user(app, socket_id, user_data, &good);
    return same(&good, auth);
}

/* ---- requests ---- */

int push_query_parse(struct form *query, struct slice text)
{
    struct text name, value;
    int err = 0;

    form_init(query);
    text_init(&name);
    text_init(&value);
    while (text.size && !err) {
        struct slice pair = slice_cut(&text, '&'), left = slice_cut(&pair, '=');

        if (!left.size)
            continue;
        text_clear(&name);
        text_clear(&value);
        form_decode(left, false, &name);
        form_decode(pair, false, &value);
        if (!utf8_is_valid(text_slice(&name)) || !utf8_is_valid(text_slice(&value)))
            err = EILSEQ;
        else
            form_add_slice(query, text_slice(&name), text_slice(&value));
    }
    if (!err && (query->failed || name.failed || value.failed))
        err = ENOMEM;
    text_release(&name);
    text_release(&value);
    return err;
}

struct pair {
    char *name; /* in small letters */
    const char *value;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct pair *)a)->name, ((const struct pair *)b)->name);
}

/* METHOD, path and sorted query, a line each; false: no memory, or more parameters than anybody has. */
static bool add_signed_text(const char *method, const char *path, const struct form *query,
                            struct text *text)
{
    struct pair pairs[PAIRS_MAX];
    size_t count = 0;
    bool is_whole = query->count <= PAIRS_MAX;

    for (size_t i = 0; i < query->count && is_whole; ++i) {
        char *name = slice_dup(slice_of(query->fields[i].name, query->fields[i].name_size));

        is_whole = name != NULL;
        if (!name)
            break;
        for (char *at = name; *at; ++at)
            *at = (char)tolower((unsigned char)*at);
        if (!strcmp(name, "auth_signature"))
            free(name);
        else
            pairs[count++] = (struct pair){name, query->fields[i].value};
    }
    qsort(pairs, count, sizeof(*pairs), by_name);
    text_addf(text, "%s\n%s\n", method, path);
    for (size_t i = 0; i < count; ++i) {
        text_addf(text, "%s%s=%s", i ? "&" : "", pairs[i].name, pairs[i].value);
        free(pairs[i].name);
    }
    return is_whole && !text->failed;
}

static bool body_md5(struct slice body, char hex[2 * MD5_SIZE + 1])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size;

    if (!EVP_Digest(body.at, body.size, digest, &size, EVP_md5(), NULL))
        return false;
    bytes_to_hex(digest, MD5_SIZE, hex);
    return true;
}

void push_request_sign(const struct push_app *app, const char *method, const char *path,
                       struct form *query, struct slice body, instant now)
{
    char signature[PUSH_SIGNATURE_SIZE], md5[2 * MD5_SIZE + 1], time[24];
    struct text text;

    snprintf(time, sizeof(time), "%lld", (long long)(now / SECOND));
    form_add(query, "auth_key", app->key);
    form_add(query, "auth_timestamp", time);
    form_add(query, "auth_version", "1.0");
    if (body.size && body_md5(body, md5))
        form_add(query, "body_md5", md5);
    text_init(&text);
    if (add_signed_text(method, path, query, &text)) {
        sign(app->secret, text_slice(&text), signature);
        form_add(query, "auth_signature", signature);
    } else {
        query->failed = true;
    }
    text_release(&text);
}

static bool equal(const char *a, const char *b)
{
    size_t size = strlen(b);

    return a && strlen(a) == size && bytes_equal_constant_time(a, b, size);
}

const char *push_request_fault(const struct push_app *app, const char *method, const char *path,
                               const struct form *query, struct slice body, instant now)
{
    const char *time = form_get(query, "auth_timestamp"),
               *version = form_get(query, "auth_version");
    char signature[PUSH_SIGNATURE_SIZE], md5[2 * MD5_SIZE + 1];
    struct text text;
    int64_t seconds;
    bool is_good;

    if (!equal(form_get(query, "auth_key"), app->key))
        return "auth_key is not known";
    if (!version || strcmp(version, "1.0"))
        return "auth_version should be 1.0";
    if (!time || slice_to_i64(slice_from(time), 0, INT64_MAX / SECOND, &seconds))
        return "auth_timestamp is no number of seconds";
    if (seconds > now / SECOND + PUSH_CLOCK_MAX_S || seconds < now / SECOND - PUSH_CLOCK_MAX_S)
        return "auth_timestamp is more than 600 seconds from now";
    if ((body.size || form_get(query, "body_md5")) &&
        (!body_md5(body, md5) || !equal(form_get(query, "body_md5"), md5)))
        return "body_md5 does not match the body";
    text_init(&text);
    is_good = add_signed_text(method, path, query, &text);
    if (is_good) {
        sign(app->secret, text_slice(&text), signature);
        is_good = equal(form_get(query, "auth_signature"), signature);
    }
    text_release(&text);
    return is_good ? NULL : "auth_signature is not right";
}

void push_webhook_sign(const struct push_app *app, struct slice body,
                       char signature[PUSH_SIGNATURE_SIZE])
{
    sign(app->secret, body, signature);
}
