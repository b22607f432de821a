#include "wire/access_token.h"

#include <errno.h>
#include <jansson.h>
#include <jwt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char CONTENT_TYPE[] = "twilio-fpa;v=1";

static bool identity_is_good(const char *identity)
{
    size_t size = identity ? strlen(identity) : 0;

    if (!size || size > ACCESS_TOKEN_IDENTITY_MAX || !utf8_is_valid(slice_of(identity, size)))
        return false;
    for (; *identity; ++identity)
        if ((unsigned char)*identity < ' ' || *identity == 0x7f)
            return false;
    return true;
}

/* --------------------------------------------------------------------------------------- making */

static json_t *params_json(const struct form *params)
{
    json_t *json = json_object();

    for (size_t i = 0; json && i < params->count; ++i)
        if (json_object_set_new(json, params->fields[i].name,
                                json_string(params->fields[i].value))) {
            json_decref(json);
            json = NULL;
        }
    return json;
}

static json_t *voice_json(const struct access_token_order *order)
{
    json_t *voice = json_object(), *outgoing;
    int err = 0;

    if (order->incoming)
        err |= json_object_set_new(voice, "incoming", json_pack("{s:b}", "allow", 1));
    if (order->application_sid) {
        outgoing = json_pack("{s:s}", "application_sid", order->application_sid);
        if (order->params && order->params->count)
            err |= json_object_set_new(outgoing, "params", params_json(order->params));
        err |= json_object_set_new(voice, "outgoing", outgoing);
    }
    if (!err)
        return voice;
    json_decref(voice);
    return NULL;
}

static char *claims_text(const struct access_token_order *order)
{
    int64_t ttl_s = order->ttl_s ? order->ttl_s : ACCESS_TOKEN_TTL_S;
    char id[SID_SIZE + 24];
    json_t *claims;
    char *text;

    if (ttl_s > ACCESS_TOKEN_TTL_S_MAX)
        ttl_s = ACCESS_TOKEN_TTL_S_MAX;
    snprintf(id, sizeof(id), "%s-%lld", order->key_sid, (long long)order->now_s);
    claims = json_pack("{s:s, s:s, s:s, s:I, s:I, s:{s:s, s:o}}", "jti", id, "iss", order->key_sid,
                       "sub", order->account_sid, "iat", (json_int_t)order->now_s, "exp",
                       (json_int_t)(order->now_s + ttl_s), "grants", "identity", order->identity,
                       "voice", voice_json(order));
    text = claims ? json_dumps(claims, JSON_COMPACT) : NULL;
    json_decref(claims);
    return text;
}

int access_token_make(const struct access_token_order *order, struct text *token)
{
    jwt_t *jwt = NULL;
    char *claims, *made = NULL;
    int err;

    if (!order->account_sid || !sid_is(slice_from(order->account_sid), "AC") || !order->key_sid ||
        !sid_is(slice_from(order->key_sid), "SK") || !order->key_secret || !order->key_secret[0] ||
        (order->application_sid && !sid_is(slice_from(order->application_sid), "AP")) ||
        !identity_is_good(order->identity))
        return EINVAL;
    claims = claims_text(order);
    err = claims ? jwt_new(&jwt) : ENOMEM;
    if (!err)
        err = jwt_set_alg(jwt, JWT_ALG_HS256, (const unsigned char *)order->key_secret,
                          (int)strlen(order->key_secret));
    if (!err)
        err = jwt_add_header(jwt, "cty", CONTENT_TYPE);
    if (!err)
        err = jwt_add_grants_json(jwt, claims);
    if (!err && !(made = jwt_encode_str(jwt)))
        err = ENOMEM;
    if (!err) {
        text_add(token, made);
        err = token->failed ? ENOMEM : 0;
    }
    free(made);
    free(claims);
    jwt_free(jwt);
    return err;
}

/* ------------------------------------------------------------------------------------- checking */

/* A token being read: what it says before anything of it is believed. */
struct reading {
    const struct access_token_keys *keys;
    int64_t now_s;
    struct access_token *token;
    json_t *claims;
    const char **why;
};

static enum access_token_fault invalid(struct reading *reading, const char *why)
{
    *reading->why = why;
    return ACCESS_TOKEN_INVALID;
}

static const char *word(const json_t *json, const char *name)
{
    return json_string_value(json_object_get(json, name));
}

static json_t *claims_of(jwt_t *jwt)
{
    char *text = jwt_get_grants_json(jwt, NULL);
    json_t *claims = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;

    free(text);
    return claims;
}

/* Signed by this secret? The text is known to be a token with one of our algorithms. */
static bool is_signed_by(const char *text, const char *secret)
{
    jwt_t *jwt = NULL;
    int err = jwt_decode(&jwt, text, (const unsigned char *)secret, (int)strlen(secret));

    jwt_free(jwt);
    return !err;
}

static enum access_token_fault check_times(struct reading *reading)
{
    const json_t *begin = json_object_get(reading->claims, "nbf");
    const json_t *end = json_object_get(reading->claims, "exp");

    if (!json_is_integer(end) || (begin && !json_is_integer(begin)))
        return invalid(reading, "the token does not say until when it holds");
    reading->token->expires_s = json_integer_value(end);
    if (begin && json_integer_value(begin) > reading->now_s + ACCESS_TOKEN_LEEWAY_S)
        return invalid(reading, "the token does not hold yet");
    if (reading->token->expires_s < reading->now_s - ACCESS_TOKEN_LEEWAY_S) {
        *reading->why = "the token has expired";
        return ACCESS_TOKEN_EXPIRED;
    }
    return ACCESS_TOKEN_GOOD;
}

static enum access_token_fault take_identity(struct reading *reading, const char *identity)
{
    if (!identity_is_good(identity))
        return invalid(reading, "the token names no identity that can be used");
    reading->token->identity = slice_dup(slice_from(identity));
    return reading->token->identity ? ACCESS_TOKEN_GOOD : invalid(reading, "memory is out");
}

static void take_param(struct form *params, const char *name, const json_t *value)
{
    char number[32];

    if (json_is_string(value)) {
        form_add(params, name, json_string_value(value));
    } else if (json_is_boolean(value)) {
        form_add(params, name, json_is_true(value) ? "true" : "false");
    } else if (json_is_integer(value)) {
        snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
        form_add(params, name, number);
    }
}

static enum access_token_fault take_grants(struct reading *reading)
{
    struct access_token *token = reading->token;
    json_t *grants = json_object_get(reading->claims, "grants");
    json_t *voice = json_object_get(grants, "voice");
    json_t *outgoing = json_object_get(voice, "outgoing"), *value;
    const char *application = word(outgoing, "application_sid"), *name;

    if (application && !sid_is(slice_from(application), "AP"))
        return invalid(reading, "the token names an application that is none");
    if (application)
        sid_normalise(slice_from(application), token->application_sid);
    json_object_foreach(json_object_get(outgoing, "params"), name, value)
        take_param(&token->params, name, value);
    token->incoming = json_is_true(json_object_get(json_object_get(voice, "incoming"), "allow"));
    return take_identity(reading, word(grants, "identity"));
}

/* "scope:client:outgoing?appSid=AP...&clientName=ann&appParams=..." */
static enum access_token_fault take_scope(struct reading *reading, struct slice scope)
{
    struct access_token *token = reading->token;
    struct slice query = scope, name = slice_cut(&query, '?');
    bool out = slice_is(name, "scope:client:outgoing");
    enum access_token_fault fault = ACCESS_TOKEN_GOOD;
    const char *application, *client, *params;
    struct form form;

    if (!out && !slice_is(name, "scope:client:incoming"))
        return ACCESS_TOKEN_GOOD; /* of no interest here */
    if (form_parse(&form, query)) {
        form_release(&form);
        return invalid(reading, "a scope of the token is not UTF-8");
    }
    application = form_get(&form, "appSid");
    client = form_get(&form, "clientName");
    params = form_get(&form, "appParams");
    token->incoming = token->incoming || !out;
    if (client && !token->identity)
        fault = take_identity(reading, client);
    if (out && application && sid_is(slice_from(application), "AP"))
        sid_normalise(slice_from(application), token->application_sid);
    if (out && params) {
        form_release(&token->params);
        if (form_parse(&token->params, slice_from(params)))
            fault = invalid(reading, "the parameters of the token are not UTF-8");
    }
    form_release(&form);
    return fault;
}

static enum access_token_fault take_scopes(struct reading *reading)
{
    const char *scopes = word(reading->claims, "scope");
    struct slice rest = slice_from(scopes);
    enum access_token_fault fault = ACCESS_TOKEN_GOOD;

    reading->token->is_old = true;
    while (rest.size && fault == ACCESS_TOKEN_GOOD)
        fault = take_scope(reading, slice_cut(&rest, ' '));
    if (fault == ACCESS_TOKEN_GOOD && !reading->token->identity)
        fault = take_identity(reading, "Anonymous");
    return fault;
}

/* Which secret has to have signed it: NULL when nobody we know says so. */
static const char *secret_for(const struct reading *reading, bool old)
{
    const struct access_token_keys *keys = reading->keys;
    struct slice issuer = slice_from(word(reading->claims, "iss"));

    if (old)
        return slice_is_nocase(issuer, keys->account_sid) ? keys->auth_token : NULL;
    if (!keys->key_sid || !slice_is_nocase(issuer, keys->key_sid) ||
        !slice_is_nocase(slice_from(word(reading->claims, "sub")), keys->account_sid))
        return NULL;
    return keys->key_secret;
}

static enum access_token_fault check_claims(struct reading *reading, jwt_t *jwt, const char *text)
{
    const char *content = jwt_get_header(jwt, "cty"), *secret;
    bool old = !content && word(reading->claims, "scope");
    enum access_token_fault fault;

    if (!old && (!content || strcmp(content, CONTENT_TYPE) != 0))
        return invalid(reading, "the token is of another kind");
    secret = secret_for(reading, old);
    if (!secret || !secret[0] || !is_signed_by(text, secret)) {
        *reading->why = "the token is not signed by a key of this account";
        return ACCESS_TOKEN_REFUSED;
    }
    fault = check_times(reading);
    if (fault == ACCESS_TOKEN_GOOD)
        fault = old ? take_scopes(reading) : take_grants(reading);
    if (fault == ACCESS_TOKEN_GOOD && reading->token->params.failed)
        fault = invalid(reading, "memory is out");
    return fault;
}

/* None but the three: a public key's text must never become a shared secret, nor may "none" pass. (A token
 * read without a key has no algorithm for the library: the header tells.) */
static bool algorithm_is_ours(jwt_t *jwt)
{
    const char *name = jwt_get_header(jwt, "alg");

    return name &&
           (strcmp(name, "HS256") == 0 || strcmp(name, "HS384") == 0 || strcmp(name, "HS512") == 0);
}

enum access_token_fault access_token_check(struct slice text, const struct access_token_keys *keys,
                                           int64_t now_s, struct access_token *token,
                                           const char **why)
{
    struct reading reading = {.keys = keys, .now_s = now_s, .token = token, .why = why};
    enum access_token_fault fault;
    jwt_t *jwt = NULL;
    char *copy;

    *token = (struct access_token){0};
    form_init(&token->params);
    *why = "";
    if (!text.size || text.size > ACCESS_TOKEN_SIZE_MAX || memchr(text.at, 0, text.size))
        return invalid(&reading, "this is no token");
    copy = slice_dup(text);
    if (!copy || jwt_decode(&jwt, copy, NULL, 0))
        fault = invalid(&reading, "this is no token");
    else if (!algorithm_is_ours(jwt))
        fault = invalid(&reading, "the token is signed by an algorithm that is not taken");
    else if (!(reading.claims = claims_of(jwt)))
        fault = invalid(&reading, "the claims of the token are no JSON object");
    else
        fault = check_claims(&reading, jwt, copy);
    json_decref(reading.claims);
    jwt_free(jwt);
    free(copy);
    return fault;
}

void access_token_release(struct access_token *token)
{
    free(token->identity);
    form_release(&token->params);
    *token = (struct access_token){0};
}
