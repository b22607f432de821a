#include "unit/serve/floor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/routes.h"
#include "unit/serve/schema.h"

extern const char openapi_json[];
extern const size_t openapi_json_size;

struct world {
    struct floor floor;
    json_t *document;
};

static int open_world(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    floor_open(&world->floor);
    world->document = json_loadb(openapi_json, openapi_json_size, 0, NULL);
    assert_non_null(world->document);
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;

    floor_close(&world->floor);
    json_decref(world->document);
    free(world);
    return 0;
}

/* Asks, checks the answer against the document's schema for that path, and gives it. */
static json_t *ask(struct world *world, const char *method, const char *template, const char *path,
                   const char *body, unsigned wanted)
{
    char full[1536], key[512], why[512];
    unsigned status;

    snprintf(full, sizeof(full), "/api/v1%s", path);
    snprintf(key, sizeof(key), "/api/v1%s", template);
    json_t *answer = floor_ask(&world->floor, method, full, body, &status);

    if (status != wanted)
        fail_msg("%s %s: %u, not %u: %s", method, path, status, wanted,
                 json_string_value(json_object_get(answer, "detail")));
    if (status == 204)
        return NULL;
    const json_t *schema = schema_of_answer(world->document, key, method, status);

    if (!schema)
        fail_msg("%s %s: the document has no answer %u", method, key, status);
    if (schema_fault(world->document, schema, answer, key, why, sizeof(why)))
        fail_msg("%s %s: %s", method, path, why);
    return answer;
}

static void tell(struct world *world, const char *method, const char *template, const char *path,
                 const char *body, unsigned wanted)
{
    json_decref(ask(world, method, template, path, body, wanted));
}

static const json_t *described(const json_t *document, const struct api_route *route)
{
    const json_t *path = json_object_get(json_object_get(document, "paths"), route->path);
    char verb[16];
    size_t i = 0;

    for (; route->method[i]; i++)
        verb[i] = (char)(route->method[i] - 'A' + 'a');
    verb[i] = '\0';
    return json_object_get(path, verb);
}

/* What "$ref" names: "#/components/parameters/limit". */
static const json_t *resolved(const json_t *document, const json_t *value)
{
    const char *ref = json_string_value(json_object_get(value, "$ref"));
    struct slice rest = slice_from(ref);

    if (!ref)
        return value;
    slice_cut(&rest, '/');
    while (rest.size) {
        char name[64];

        slice_copy(slice_cut(&rest, '/'), name, sizeof(name));
        document = json_object_get(document, name);
    }
    return document;
}

static size_t word_count(const char *words)
{
    struct slice rest = slice_from(words);
    size_t count = 0;

    for (; rest.size; count++)
        slice_cut(&rest, ' ');
    return count;
}

static void must_have(const struct api_route *route, const char *words, const char *name,
                      const char *mark)
{
    char wanted[80], padded[256];

    snprintf(wanted, sizeof(wanted), " %s%s", name, mark);
    snprintf(padded, sizeof(padded), " %s ", words);
    if (!strstr(padded, wanted))
        fail_msg("%s %s: '%s' of docs/openapi.json is not in '%s'", route->method, route->path,
                 name, words);
}

static void what_a_request_may_say_is_what_the_document_says(void **state)
{
    struct world *world = *state;

    for (size_t i = 0; i < route_count; i++) {
        const struct api_route *route = &routes[i];
        const json_t *said = described(world->document, route), *one;
        const json_t *body = resolved(world->document, json_object_get(said, "requestBody"));
        const char *name;
        json_t *value;
        size_t at, asked = 0;

        json_array_foreach(json_object_get(said, "parameters"), at, one)
        {
            one = resolved(world->document, one);
            if (strcmp(json_string_value(json_object_get(one, "in")), "query") != 0)
                continue;
            must_have(route, route->asks, json_string_value(json_object_get(one, "name")), " ");
            asked++;
        }
        assert_int_equal(asked, word_count(route->asks));
        body = json_object_get(json_object_get(body, "content"), "application/json");
        body = resolved(world->document, json_object_get(body, "schema"));
        body = json_object_get(body, "properties");
        json_object_foreach((json_t *)(uintptr_t)body, name, value)
            must_have(route, route->takes, name, ":");
        assert_int_equal(json_object_size(body), word_count(route->takes));
    }
}

static void the_document_has_every_route_and_no_other(void **state)
{
    struct world *world = *state;
    const json_t *paths = json_object_get(world->document, "paths");
    const char *path;
    json_t *methods;
    size_t count = 0;

    for (size_t i = 0; i < route_count; i++)
        if (!described(world->document, &routes[i]))
            fail_msg("%s %s is not in docs/openapi.json", routes[i].method, routes[i].path);
    json_object_foreach((json_t *)paths, path, methods) count += json_object_size(methods);
    assert_int_equal(count, route_count);
}

static void answers_about_campaigns_match_the_document(void **state)
{
    struct world *world = *state;

    tell(world, "POST", "/campaigns", "/campaigns",
         "{\"name\":\"spring\",\"settings\":{\"mode\":\"ratio\"}}", 201);
    tell(world, "GET", "/campaigns", "/campaigns", NULL, 200);
    tell(world, "GET", "/campaigns/{campaign}", "/campaigns/spring", NULL, 200);
    tell(world, "GET", "/campaigns/{campaign}", "/campaigns/1", NULL, 200);
    tell(world, "GET", "/campaigns/{campaign}", "/campaigns/autumn", NULL, 404);
    tell(world, "PATCH", "/campaigns/{campaign}", "/campaigns/spring",
         "{\"settings\":{\"wrap_up_s\":20,\"retry\":{\"busy\":{\"delay_s\":60}}}}", 200);
    tell(world, "GET", "/campaigns/{campaign}/dispositions", "/campaigns/spring/dispositions", NULL,
         200);
    tell(world, "GET", "/campaigns/{campaign}/report", "/campaigns/spring/report", NULL, 200);
    tell(world, "GET", "/campaigns/{campaign}/imports", "/campaigns/spring/imports", NULL, 200);
    tell(world, "POST", "/campaigns/{campaign}/{command}", "/campaigns/spring/pause", NULL, 409);
    tell(world, "POST", "/campaigns/{campaign}/{command}", "/campaigns/spring/start", NULL, 200);
    tell(world, "POST", "/campaigns/{campaign}/{command}", "/campaigns/spring/explode", NULL, 404);
    tell(world, "POST", "/campaigns", "/campaigns", "{\"name\":\"spring\"}", 409);
}

static void what_nobody_asked_for_is_refused_not_passed_over(void **state)
{
    struct world *world = *state;

    tell(world, "POST", "/campaigns", "/campaigns", "{\"name\":\"spring\"}", 201);
    tell(world, "POST", "/tokens", "/tokens", "{\"agnet\":\"ann\"}", 400);
    tell(world, "POST", "/tokens", "/tokens", "{\"agent\":5}", 400);
    tell(world, "GET", "/attempts", "/attempts?result=busy", NULL, 400);
    tell(world, "POST", "/campaigns", "/campaigns", "{\"name\":\"autumn\",\"settings\":[]}", 400);
    tell(world, "POST", "/campaigns", "/campaigns",
         "{\"name\":\"autumn\",\"settings\":{\"caller_id\":\"abc\"}}", 422);
    tell(world, "POST", "/campaigns", "/campaigns",
         "{\"name\":\"autumn\",\"settings\":{\"country\":\"ZZ\"}}", 422);
    tell(world, "POST", "/agents", "/agents",
         "{\"name\":\"ann\",\"contact\":\"sip:a@127.0.0.1\",\"campaigns\":[\"summer\"]}", 400);
    tell(world, "POST", "/agents", "/agents", "{\"name\":\"ann\",\"contact\":\"sip:\"}", 400);
    tell(world, "POST", "/agents", "/agents",
         "{\"name\":\"ann\",\"contact\":\"sip:a@b\\r\\nX: y\"}", 400);
}

static void what_is_no_text_gets_a_sentence_too(void **state)
{
    struct world *world = *state;

    tell(world, "GET", "/campaigns/{campaign}", "/campaigns/%ff", NULL, 400);
    tell(world, "GET", "/campaigns/{campaign}", "/campaigns/a%00b", NULL, 400);
    /* cut within its last character */
    struct text path;

    text_init(&path);
    text_add(&path, "/campaigns/");
    for (int i = 0; i < 100; i++)
        text_add(&path, "%E2%82%AC");
    for (int i = 0; i < 3; i++) {
        text_add(&path, "x");
        tell(world, "GET", "/campaigns/{campaign}", path.at, NULL, 404);
    }
    text_release(&path);
}

static void answers_about_agents_leads_and_the_rest_match_the_document(void **state)
{
    struct world *world = *state;

    tell(world, "POST", "/campaigns", "/campaigns", "{\"name\":\"spring\"}", 201);
    tell(world, "POST", "/agents", "/agents", "{\"name\":\"ann\",\"contact\":\"sip:a@127.0.0.1\"}",
         201);
    tell(world, "GET", "/agents", "/agents", NULL, 200);
    tell(world, "PATCH", "/agents/{agent}", "/agents/ann",
         "{\"full_name\":\"Ann\",\"campaigns\":[\"spring\"]}", 200);
    tell(world, "GET", "/agents/{agent}", "/agents/ann", NULL, 200);
    tell(world, "POST", "/agents/{agent}/preview", "/agents/ann/preview",
         "{\"decision\":\"accept\"}", 409);
    tell(world, "GET", "/agents/{agent}/lead", "/agents/ann/lead", NULL, 404);
    tell(world, "POST", "/agents/{agent}/login", "/agents/ann/login", NULL, 200);
    tell(world, "POST", "/agents/{agent}/activity", "/agents/ann/activity",
         "{\"activity\":\"break\",\"break_code\":3}", 200);
    tell(world, "POST", "/agents/{agent}/logout", "/agents/ann/logout", NULL, 200);
    tell(world, "DELETE", "/agents/{agent}", "/agents/ann", NULL, 204);
    floor_add_lead(&world->floor, 1, "+12025551001");
    tell(world, "GET", "/leads", "/leads?campaign=spring&state=fresh", NULL, 200);
    tell(world, "GET", "/leads/{lead}", "/leads/1", NULL, 200);
    tell(world, "GET", "/leads/{lead}", "/leads/77", NULL, 404);
    tell(world, "GET", "/attempts", "/attempts", NULL, 200);
    tell(world, "GET", "/attempts/{attempt}", "/attempts/1", NULL, 404);
    tell(world, "GET", "/imports/{import}", "/imports/1", NULL, 200);
    tell(world, "POST", "/do-not-call", "/do-not-call", "{\"number\":\"+12025551001\"}", 201);
    tell(world, "GET", "/do-not-call", "/do-not-call", NULL, 200);
    tell(world, "DELETE", "/do-not-call/{entry}", "/do-not-call/1", NULL, 204);
    tell(world, "POST", "/tokens", "/tokens", "{\"name\":\"script\",\"expires_s\":600}", 201);
    tell(world, "GET", "/tokens", "/tokens", NULL, 200);
    tell(world, "DELETE", "/tokens/{token}", "/tokens/2", NULL, 204);
    tell(world, "GET", "/live", "/live", NULL, 200);
    tell(world, "GET", "/health", "/health", NULL, 200);
}

static void what_is_wrong_is_told_with_its_place(void **state)
{
    static const struct {
        const char *body, *told;
        unsigned status;
    } wrongs[] = {
        {"{\"name\":\"x\",\"settings\":{\"retry\":{\"busy\":{\"delay_s\":-4}}}}",
         "settings.retry.busy.delay_s: -4 is not within 0-31536000", 422},
        {"{\"name\":\"x\",\"settings\":{\"hours\":{\"monday\":[[\"21:00\",\"08:00\"]]}}}",
         "settings.hours.monday[0]: must be two times of day, the later second", 422},
        {"{\"name\":\"x\",\"settings\":{\"flavour\":1}}",
         "settings.flavour: there is no such "
         "setting",
         422},
        {"{\"name\":\"7\"}", "name: must be a text of 1-100 bytes, no number and without '/'", 400},
        {"{\"name\":", NULL, 400},
        {"[1]", "the body must be a JSON object", 400},
    };
    struct world *world = *state;

    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        json_t *answer =
            ask(world, "POST", "/campaigns", "/campaigns", wrongs[i].body, wrongs[i].status);

        if (wrongs[i].told)
            assert_string_equal(json_string_value(json_object_get(answer, "detail")),
                                wrongs[i].told);
        json_decref(answer);
    }
}

static void nothing_opens_without_a_token_and_an_agents_opens_its_own(void **state)
{
    struct world *world = *state;
    struct floor *floor = &world->floor;
    char operator_token[80];

    tell(world, "POST", "/agents", "/agents", "{\"name\":\"ann\",\"contact\":\"sip:a@127.0.0.1\"}",
         201);
    tell(world, "POST", "/agents", "/agents", "{\"name\":\"bob\",\"contact\":\"sip:b@127.0.0.1\"}",
         201);
    json_t *made = ask(world, "POST", "/tokens", "/tokens", "{\"agent\":\"ann\"}", 201);

    snprintf(operator_token, sizeof(operator_token), "%s", floor->token);
    snprintf(floor->token, sizeof(floor->token), "%s",
             json_string_value(json_object_get(made, "token")));
    json_decref(made);
    tell(world, "GET", "/agents/{agent}", "/agents/ann", NULL, 200);
    tell(world, "GET", "/agents/{agent}", "/agents/bob", NULL, 403);
    tell(world, "GET", "/campaigns", "/campaigns", NULL, 403);
    snprintf(floor->token, sizeof(floor->token), "od_guess");
    tell(world, "GET", "/agents/{agent}", "/agents/ann", NULL, 401);
    tell(world, "GET", "/live", "/live", NULL, 401);
}

static void pages_follow_each_other_by_cursor(void **state)
{
    struct world *world = *state;
    char body[128], path[64];
    json_int_t last = 0;
    int pages = 0;

    for (int i = 0; i < 5; i++) {
        snprintf(body, sizeof(body), "{\"name\":\"agent-%c\",\"contact\":\"sip:x@127.0.0.1\"}",
                 'a' + i);
        tell(world, "POST", "/agents", "/agents", body, 201);
    }
    snprintf(path, sizeof(path), "/agents?limit=2");
    for (bool more = true; more; pages++) {
        json_t *page = ask(world, "GET", "/agents", path, NULL, 200);
        const json_t *items = json_object_get(page, "items"), *agent;
        const char *next = json_string_value(json_object_get(page, "next_cursor"));
        size_t i;

        json_array_foreach(items, i, agent)
        {
            json_int_t id = json_integer_value(json_object_get(agent, "id"));

            assert_true(id > last);
            last = id;
        }
        more = next != NULL;
        if (more)
            snprintf(path, sizeof(path), "/agents?limit=2&cursor=%s", next);
        json_decref(page);
    }
    assert_int_equal(pages, 3);
    assert_int_equal(last, 5);
    tell(world, "GET", "/agents", "/agents?limit=0", NULL, 400);
    tell(world, "GET", "/agents", "/agents?cursor=x", NULL, 400);
}

/* Turns until the import has ended. */
static json_t *import_ends(struct world *world, const char *path)
{
    for (int i = 0; i < 200; i++) {
        json_t *import = ask(world, "GET", "/imports/{import}", path, NULL, 200);

        if (json_is_string(json_object_get(import, "ended_at")))
            return import;
        json_decref(import);
        floor_turn(&world->floor, 10);
    }
    fail_msg("the import does not end");
    return NULL;
}

static void a_list_that_is_uploaded_becomes_leads_once(void **state)
{
    static const char list[] = "name;phone\r\nAda;202 555 1001\r\nBen;12\r\nCleo;+12025551003\r\n";
    struct world *world = *state;

    tell(world, "POST", "/campaigns", "/campaigns", "{\"name\":\"spring\"}", 201);
    json_t *begun = ask(world, "POST", "/campaigns/{campaign}/imports",
                        "/campaigns/spring/imports?filename=people.csv&country=US", list, 202);
    char path[64];

    snprintf(path, sizeof(path), "/imports/%lld",
             (long long)json_integer_value(json_object_get(begun, "id")));
    json_decref(begun);
    json_t *import = import_ends(world, path);

    assert_string_equal(json_string_value(json_object_get(import, "state")), "published");
    assert_int_equal(json_integer_value(json_object_get(import, "imported")), 2);
    assert_int_equal(json_integer_value(json_object_get(import, "rejected")), 1);
    json_decref(import);
    begun = ask(world, "POST", "/campaigns/{campaign}/imports",
                "/campaigns/spring/imports?filename=people.csv&country=US", list, 202);
    assert_true(json_is_true(json_object_get(begun, "already")));
    json_decref(begun);

    json_t *leads = ask(world, "GET", "/leads", "/leads?campaign=spring", NULL, 200);

    assert_int_equal(json_array_size(json_object_get(leads, "items")), 2);
    json_decref(leads);
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(the_document_has_every_route_and_no_other),
        WITH_WORLD(what_a_request_may_say_is_what_the_document_says),
        WITH_WORLD(what_nobody_asked_for_is_refused_not_passed_over),
        WITH_WORLD(what_is_no_text_gets_a_sentence_too),
        WITH_WORLD(answers_about_campaigns_match_the_document),
        WITH_WORLD(answers_about_agents_leads_and_the_rest_match_the_document),
        WITH_WORLD(what_is_wrong_is_told_with_its_place),
        WITH_WORLD(nothing_opens_without_a_token_and_an_agents_opens_its_own),
        WITH_WORLD(pages_follow_each_other_by_cursor),
        WITH_WORLD(a_list_that_is_uploaded_becomes_leads_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
