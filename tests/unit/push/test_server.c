#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "double.h"
#include "push/server.h"

static const struct push_app APP = {"42", "push-test-key", "push-test-secret"};

enum { CLIENTS_MAX = 8 };

struct client {
    struct websocket *socket;
    char id[PUSH_SOCKET_ID_SIZE];
    size_t read; /* of socket->sent */
};

struct world {
    struct loop *loop;
    struct push_server *push;
    struct push_server_options options;
    struct client clients[CLIENTS_MAX];
    size_t count;
    struct text told; /* by the watch: "+floor 7 ", "-floor 7 " */
};

static void on_occupied(void *arg, const char *channel, bool is_occupied)
{
    struct world *world = arg;

    text_addf(&world->told, "%c%s ", is_occupied ? '+' : '-', channel);
}

static void on_member(void *arg, const char *channel, const char *user_id, const char *user_info,
                      bool is_there)
{
    struct world *world = arg;

    text_addf(&world->told, "%c%s/%s%s ", is_there ? '+' : '-', channel, user_id,
              strcmp(user_info, "null") ? user_info : "");
}

static int start(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    assert_int_equal(loop_new(&world->loop), 0);
    text_init(&world->told);
    world->options = (struct push_server_options){
        .app = APP, .grace_ms = 40, .watch = {on_occupied, on_member, world}};
    *state = world;
    return 0;
}

static void open_server(struct world *world)
{
    assert_int_equal(push_server_new(&world->push, world->loop, &world->options), 0);
}

static void end_clients(struct world *world)
{
    for (size_t i = 0; i < world->count; ++i)
        if (world->clients[i].socket)
            socket_end(world->clients[i].socket);
    world->count = 0;
}

static int stop(void **state)
{
    struct world *world = *state;

    end_clients(world);
    push_server_free(world->push);
    loop_free(world->loop);
    text_release(&world->told);
    free(world);
    return 0;
}

static struct websocket *dial(struct world *world, const char *path, const char *query)
{
    struct http_request request = {
        .method = "GET", .path = path, .query = query, .is_upgrade = true};

    assert_true(push_server_take(world->push, &request));
    assert_int_equal(request.status, 0);
    assert_non_null(request.socket);
    return request.socket;
}

/* The next message sent to the client, which must be there; the caller drops it. */
static json_t *next(struct client *client)
{
    struct slice rest =
        slice_of(client->socket->sent.at + client->read, client->socket->sent.size - client->read);
    struct slice line = slice_cut(&rest, '\n');
    json_t *json;

    assert_true(line.size > 0);
    client->read += line.size + 1;
    json = json_loadb(line.at, line.size, 0, NULL);
    assert_non_null(json);
    return json;
}

static bool is_quiet(const struct client *client)
{
    return client->read == client->socket->sent.size;
}

/* The next message is this event, with these data (a text; NULL: whatever). */
static void expect(struct client *client, const char *event, const char *channel, const char *data)
{
    json_t *json = next(client), *value = json_object_get(json, "data");
    const char *found = json_string_value(json_object_get(json, "channel"));

    assert_string_equal(json_string_value(json_object_get(json, "event")), event);
    assert_string_equal(found ? found : "", channel ? channel : "");
    assert_true(json_is_string(value));
    if (data)
        assert_string_equal(json_string_value(value), data);
    json_decref(json);
}

static void expect_error(struct client *client, int code)
{
    json_t *json = next(client), *data = json_object_get(json, "data");

    assert_string_equal(json_string_value(json_object_get(json, "event")), "pusher:error");
    assert_int_equal(json_integer_value(json_object_get(data, "code")), code);
    assert_true(*json_string_value(json_object_get(data, "message")));
    json_decref(json);
}

/* The channel hears it, and other clients do. */
static void expect_refused(struct client *client, const char *channel, int status)
{
    json_t *json = next(client), *data;

    assert_string_equal(json_string_value(json_object_get(json, "event")),
                        "pusher:subscription_error");
    assert_string_equal(json_string_value(json_object_get(json, "channel")), channel);
    data = json_loads(json_string_value(json_object_get(json, "data")), 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(data, "status")), status);
    json_decref(data);
    json_decref(json);
    expect_error(client, 4009);
}

static struct client *join(struct world *world)
{
    struct client *client = &world->clients[world->count++];
    json_t *json, *data;

    *client = (struct client){.socket = dial(world, "/app/push-test-key", "protocol=7&client=js")};
    json = next(client);
    assert_string_equal(json_string_value(json_object_get(json, "event")),
                        "pusher:connection_established");
    data = json_loads(json_string_value(json_object_get(json, "data")), 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(data, "activity_timeout")), 120);
    snprintf(client->id, sizeof(client->id), "%s",
             json_string_value(json_object_get(data, "socket_id")));
    assert_true(push_socket_id_is_valid(slice_from(client->id)));
    json_decref(data);
    json_decref(json);
    return client;
}

static void leave(struct client *client)
{
    socket_end(client->socket);
    client->socket = NULL;
}

static void say(struct client *client, const char *event, json_t *data)
{
    json_t *json = json_pack("{s:s, s:o}", "event", event, "data", data);
    char *text = json_dumps(json, 0);

    socket_say(client->socket, slice_from(text));
    free(text);
    json_decref(json);
}

static void ask_for(struct client *client, const char *channel, const char *channel_data)
{
    struct text auth;

    text_init(&auth);
    if (channel_data)
        push_auth_presence(&APP, slice_from(client->id), slice_from(channel),
                           slice_from(channel_data), &auth);
    else
        push_auth_private(&APP, slice_from(client->id), slice_from(channel), &auth);
    say(client, "pusher:subscribe",
        json_pack("{s:s, s:s, s:s*}", "channel", channel, "auth", auth.at, "channel_data",
                  channel_data));
    text_release(&auth);
}

static void subscribe(struct client *client, const char *channel)
{
    ask_for(client, channel, NULL);
    expect(client, "pusher_internal:subscription_succeeded", channel, "{}");
}

static void wait_ms(struct world *world, unsigned ms)
{
    instant end = loop_clock() + ms * MILLISECOND;

    while (loop_clock() < end)
        loop_step(world->loop, end - loop_clock());
}

static void expect_told(struct world *world, const char *told)
{
    assert_string_equal(world->told.at ? world->told.at : "", told);
    text_clear(&world->told);
}

/* ---- connections ---- */

static void what_is_wrong_closes_with_its_code(void **state)
{
    static const struct {
        const char *path, *query;
        uint16_t code;
    } wrong[] = {
        {"/app/", "protocol=7", 4005},
        {"/app/push-test-key/x", "protocol=7", 4005},
        {"/app/other", "protocol=7", 4001},
        {"/app/push-test-key", "", 4008},
        {"/app/push-test-key", "protocol=", 4008},
        {"/app/push-test-key", "protocol=seven", 4006},
        {"/app/push-test-key", "protocol=4", 4007},
        {"/app/push-test-key", "protocol=8", 4007},
    };
    struct world *world = *state;

    open_server(world);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); ++i) {
        struct websocket *socket = dial(world, wrong[i].path, wrong[i].query);

        assert_int_equal(socket->code, wrong[i].code);
        assert_int_equal(socket->sent.size, 0);
        socket_end(socket);
    }
    assert_int_equal(push_server_counts(world->push).connections, 0);
}

static void the_quota_and_tls_are_kept(void **state)
{
    struct world *world = *state;
    struct http_request request = {
        .method = "GET", .path = "/app/push-test-key", .query = "protocol=5", .is_upgrade = true};
    struct websocket *socket;

    world->options.connection_count_max = 1;
    open_server(world);
    join(world);
    socket = dial(world, "/app/push-test-key", "protocol=7");
    assert_int_equal(socket->code, 4004);
    socket_end(socket);
    end_clients(world);
    push_server_free(world->push);

    world->options.needs_tls = true;
    open_server(world);
    assert_true(push_server_take(world->push, &request));
    assert_int_equal(request.socket->code, 4000);
    /* Version 5 knows no close codes. */
    assert_non_null(strstr(request.socket->sent.at, "\"code\":4000"));
    socket_end(request.socket);
    request = (struct http_request){.method = "GET",
                                    .path = "/app/push-test-key",
                                    .query = "protocol=7",
                                    .forwarded = "https",
                                    .is_upgrade = true};
    assert_true(push_server_take(world->push, &request));
    assert_int_equal(request.socket->code, 0);
    socket_end(request.socket);
    push_server_free(world->push);

    world->options.is_disabled = true;
    open_server(world);
    socket = dial(world, "/app/push-test-key", "protocol=7");
    assert_int_equal(socket->code, 4003);
    socket_end(socket);
}

static void other_paths_are_others(void **state)
{
    struct world *world = *state;
    struct http_request page = {.method = "GET", .path = "/app/core/desk.js", .query = ""};
    struct http_request root = {.method = "GET", .path = "/", .query = "", .is_upgrade = true};
    struct http_request plain = {.method = "GET", .path = "/app/push-test-key", .query = ""};

    open_server(world);
    assert_false(push_server_take(world->push, &page));
    assert_false(push_server_take(world->push, &root));
    assert_true(push_server_take(world->push, &plain));
    assert_int_equal(plain.status, 426);
    text_release(&plain.answer);
}

static void a_ping_is_answered_and_nonsense_is_named(void **state)
{
    struct world *world = *state;
    struct client *client;
    static const char *const nonsense[] = {
        "", "{", "[]", "7", "{\"event\":7}", "{\"event\":\"pusher:nothing\",\"data\":{}}"};

    open_server(world);
    client = join(world);
    say(client, "pusher:ping", json_object());
    expect(client, "pusher:pong", NULL, "{}");
    say(client, "pusher:pong", json_object());
    assert_true(is_quiet(client));
    for (size_t i = 0; i < sizeof(nonsense) / sizeof(*nonsense); ++i) {
        socket_say(client->socket, slice_from(nonsense[i]));
        expect_error(client, 0);
    }
    assert_int_equal(client->socket->code, 0);
}

/* ---- channels ---- */

static void events_go_to_who_is_on_the_channel(void **state)
{
    struct world *world = *state;
    struct client *ann, *bob;

    open_server(world);
    ann = join(world);
    bob = join(world);
    subscribe(ann, "floor");
    subscribe(ann, "private-agent-7");
    subscribe(bob, "floor");
    assert_int_equal(push_server_trigger(world->push, "floor", "tick", "{\"n\":1}"), 0);
    expect(ann, "tick", "floor", "{\"n\":1}");
    expect(bob, "tick", "floor", "{\"n\":1}");
    assert_int_equal(push_server_trigger(world->push, "private-agent-7", "desk", "\"\xc3\xbc\""),
                     0);
    expect(ann, "desk", "private-agent-7", "\"\xc3\xbc\"");
    assert_true(is_quiet(bob));
    say(ann, "pusher:unsubscribe", json_pack("{s:s}", "channel", "floor"));
    assert_int_equal(push_server_trigger(world->push, "floor", "tick", "{}"), 0);
    assert_true(is_quiet(ann));
    expect(bob, "tick", "floor", "{}");
    assert_true(push_server_is_occupied(world->push, "floor"));
    assert_false(push_server_is_occupied(world->push, "ceiling"));
}

static void what_cannot_be_sent_is_said(void **state)
{
    struct world *world = *state;
    char large[PUSH_DATA_SIZE_MAX + 2];

    open_server(world);
    memset(large, 'x', sizeof(large));
    large[sizeof(large) - 1] = '\0';
    assert_int_equal(push_server_trigger(world->push, "floor", "e", large), EMSGSIZE);
    large[sizeof(large) - 2] = '\0';
    assert_int_equal(push_server_trigger(world->push, "floor", "e", large), 0);
    assert_int_equal(push_server_trigger(world->push, "a b", "e", "{}"), EINVAL);
    assert_int_equal(push_server_trigger(world->push, "floor", "", "{}"), EINVAL);
}

static void a_wrong_auth_is_refused_and_the_connection_lives(void **state)
{
    struct world *world = *state;
    struct client *client;

    open_server(world);
    client = join(world);
    say(client, "pusher:subscribe",
        json_pack("{s:s, s:s}", "channel", "private-agent-7", "auth", "push-test-key:0000"));
    expect_refused(client, "private-agent-7", 401);
    say(client, "pusher:subscribe", json_pack("{s:s}", "channel", "private-agent-7"));
    expect_refused(client, "private-agent-7", 401);
    /* A presence channel needs its data signed, not the name alone. */
    ask_for(client, "presence-floor", NULL);
    expect_refused(client, "presence-floor", 401);
    ask_for(client, "presence-floor", "{\"user_info\":{}}");
    expect_refused(client, "presence-floor", 401);
    ask_for(client, "no name", NULL);
    expect_refused(client, "no name", 400);
    ask_for(client, "#server-to-user-7", NULL);
    expect_refused(client, "#server-to-user-7", 401);
    subscribe(client, "private-agent-7");
    ask_for(client, "private-agent-7", NULL);
    expect_error(client, 0);
    assert_int_equal(client->socket->code, 0);
}

static void one_connection_has_a_bounded_number_of_channels(void **state)
{
    struct world *world = *state;
    struct client *client;
    char name[32];

    open_server(world);
    client = join(world);
    for (int i = 0; i < 200; ++i) {
        snprintf(name, sizeof(name), "c%d", i);
        subscribe(client, name);
    }
    ask_for(client, "one-more", NULL);
    expect_refused(client, "one-more", 403);
    say(client, "pusher:unsubscribe", json_pack("{s:s}", "channel", "c7"));
    subscribe(client, "one-more");
}

/* ---- presence ---- */

static void a_member_is_one_however_many_sockets(void **state)
{
    struct world *world = *state;
    struct client *ann, *other, *bob;

    open_server(world);
    ann = join(world);
    other = join(world);
    bob = join(world);
    ask_for(bob, "presence-floor", "{\"user_id\":9,\"user_info\":{\"name\":\"Bob\"}}");
    expect(bob, "pusher_internal:subscription_succeeded", "presence-floor",
           "{\"presence\":{\"ids\":[\"9\"],\"hash\":{\"9\":{\"name\":\"Bob\"}},\"count\":1}}");
    ask_for(ann, "presence-floor", "{\"user_id\":\"7\"}");
    expect(ann, "pusher_internal:subscription_succeeded", "presence-floor",
           "{\"presence\":{\"ids\":[\"9\",\"7\"],\"hash\":{\"9\":{\"name\":\"Bob\"},\"7\":null},"
           "\"count\":2}}");
    expect(bob, "pusher_internal:member_added", "presence-floor",
           "{\"user_id\":\"7\",\"user_info\":null}");
    ask_for(other, "presence-floor", "{\"user_id\":7}"); /* a number is the same as its text */
    expect(other, "pusher_internal:subscription_succeeded", "presence-floor", NULL);
    assert_true(is_quiet(bob));
    assert_true(is_quiet(ann));
    leave(ann);
    assert_true(is_quiet(bob));
    leave(other);
    expect(bob, "pusher_internal:member_removed", "presence-floor", "{\"user_id\":\"7\"}");
    expect_told(world, "+presence-floor +presence-floor/9{\"name\":\"Bob\"} +presence-floor/7 ");
}

static void a_full_presence_channel_takes_no_more(void **state)
{
    struct world *world = *state;
    struct client members[PUSH_MEMBERS_MAX];
    struct client *late;
    char data[64];

    open_server(world);
    for (int i = 0; i < PUSH_MEMBERS_MAX; ++i) {
        members[i] = *join(world);
        world->count = 0;
        snprintf(data, sizeof(data), "{\"user_id\":%d}", i);
        ask_for(&members[i], "presence-floor", data);
        expect(&members[i], "pusher_internal:subscription_succeeded", "presence-floor", NULL);
    }
    late = join(world);
    ask_for(late, "presence-floor", "{\"user_id\":\"late\"}");
    expect_refused(late, "presence-floor", 403);
    ask_for(late, "presence-floor", "{\"user_id\":5}"); /* who is in already may come again */
    expect(late, "pusher_internal:subscription_succeeded", "presence-floor", NULL);
    for (int i = 0; i < PUSH_MEMBERS_MAX; ++i)
        leave(&members[i]);
}

static void members_have_small_names_and_little_to_say(void **state)
{
    struct world *world = *state;
    struct client *client;
    char data[1400];

    open_server(world);
    client = join(world);
    snprintf(data, sizeof(data), "{\"user_id\":\"%0129d\"}", 0);
    ask_for(client, "presence-floor", data);
    expect_refused(client, "presence-floor", 401);
    snprintf(data, sizeof(data), "{\"user_id\":\"7\",\"user_info\":\"%01023d\"}", 0);
    ask_for(client, "presence-floor", data);
    expect_refused(client, "presence-floor", 413);
    snprintf(data, sizeof(data), "{\"user_id\":\"%0128d\",\"user_info\":\"%01022d\"}", 0, 0);
    ask_for(client, "presence-floor", data);
    expect(client, "pusher_internal:subscription_succeeded", "presence-floor", NULL);
}

static void who_returns_within_the_grace_was_never_away(void **state)
{
    struct world *world = *state;
    struct client *ann;

    open_server(world);
    ann = join(world);
    ask_for(ann, "presence-desk-7", "{\"user_id\":\"7\",\"user_info\":{\"screen\":\"a\"}}");
    expect_told(world, "+presence-desk-7 +presence-desk-7/7{\"screen\":\"a\"} ");
    leave(ann);
    expect_told(world, "");
    wait_ms(world, 10);
    ann = join(world);
    ask_for(ann, "presence-desk-7", "{\"user_id\":\"7\"}");
    wait_ms(world, 60);
    expect_told(world, "");
    leave(ann);
    wait_ms(world, 20);
    expect_told(world, "");
    wait_ms(world, 40);
    expect_told(world, "-presence-desk-7/7 -presence-desk-7 ");
}

static void users_may_have_any_name(void **state)
{
    struct world *world = *state;
    struct client *ann;

    open_server(world);
    ann = join(world);
    ask_for(ann, "presence-floor", "{\"user_id\":\"a b\\n\xc3\xbc\\\"\"}");
    expect(ann, "pusher_internal:subscription_succeeded", "presence-floor",
           "{\"presence\":{\"ids\":[\"a b\\n\xc3\xbc\\\"\"],\"hash\":{\"a b\\n\xc3\xbc\\\"\":null}"
           ",\"count\":1}}");
}

/* ---- cache channels ---- */

static void the_last_event_of_a_cache_channel_is_replayed(void **state)
{
    struct world *world = *state;
    struct client *client;

    world->options.cache_ms = 200;
    open_server(world);
    client = join(world);
    ask_for(client, "cache-tile", NULL);
    expect(client, "pusher_internal:subscription_succeeded", "cache-tile", "{}");
    expect(client, "pusher:cache_miss", "cache-tile", NULL);
    leave(client);
    assert_int_equal(push_server_trigger(world->push, "cache-tile", "first", "1"), 0);
    assert_int_equal(push_server_trigger(world->push, "cache-tile", "second", "2"), 0);
    client = join(world);
    ask_for(client, "cache-tile", NULL);
    expect(client, "pusher_internal:subscription_succeeded", "cache-tile", "{}");
    expect(client, "second", "cache-tile", "2");
    assert_true(is_quiet(client));
    wait_ms(world, 210);
    client = join(world);
    ask_for(client, "cache-tile", NULL);
    expect(client, "pusher_internal:subscription_succeeded", "cache-tile", "{}");
    expect(client, "pusher:cache_miss", "cache-tile", NULL);
}

/* ---- client events ---- */

static void say_event(struct client *client, const char *event, const char *channel, json_t *data)
{
    json_t *json = json_pack("{s:s, s:s, s:o}", "event", event, "channel", channel, "data", data);
    char *text = json_dumps(json, 0);

    socket_say(client->socket, slice_from(text));
    free(text);
    json_decref(json);
}

static void client_events_are_refused_unless_wanted(void **state)
{
    struct world *world = *state;
    struct client *ann, *bob;

    open_server(world);
    ann = join(world);
    bob = join(world);
    subscribe(ann, "private-a");
    subscribe(bob, "private-a");
    say_event(ann, "client-typing", "private-a", json_object());
    expect_error(ann, 4301);
    assert_true(is_quiet(bob));
}

static void client_events_go_to_the_others(void **state)
{
    struct world *world = *state;
    struct client *ann, *bob;
    json_t *json;

    world->options.takes_client_events = true;
    world->options.client_events_per_s = 6;
    open_server(world);
    ann = join(world);
    bob = join(world);
    ask_for(ann, "presence-a", "{\"user_id\":\"7\"}");
    ask_for(bob, "presence-a", "{\"user_id\":\"9\"}");
    ann->read = ann->socket->sent.size;
    bob->read = bob->socket->sent.size;
    say_event(ann, "client-typing", "presence-a", json_pack("{s:i}", "n", 1));
    json = next(bob);
    assert_string_equal(json_string_value(json_object_get(json, "data")), "{\"n\":1}");
    assert_string_equal(json_string_value(json_object_get(json, "user_id")), "7");
    json_decref(json);
    assert_true(is_quiet(ann));
    say_event(ann, "client-x", "floor", json_object()); /* neither subscribed nor private */
    expect_error(ann, 4301);
    subscribe(ann, "private-encrypted-a");
    say_event(ann, "client-x", "private-encrypted-a", json_object());
    expect_error(ann, 4301);
    for (int i = 0; i < 5; ++i) {
        say_event(ann, "client-x", "presence-a", json_string("as it is"));
        expect(bob, "client-x", "presence-a", "as it is");
    }
    say_event(ann, "client-x", "presence-a", json_null());
    expect_error(ann, 4301);
    assert_true(is_quiet(bob));
    wait_ms(world, 1010);
    say_event(ann, "client-x", "presence-a", json_null());
    expect(bob, "client-x", "presence-a", "null");
}

/* ---- users ---- */

static void sign_in(struct client *client, const char *user_data)
{
    struct text auth;

    text_init(&auth);
    push_auth_user(&APP, slice_from(client->id), slice_from(user_data), &auth);
    say(client, "pusher:signin", json_pack("{s:s, s:s}", "auth", auth.at, "user_data", user_data));
    text_release(&auth);
}

static void a_user_signs_in_has_a_channel_and_is_terminated(void **state)
{
    struct world *world = *state;
    struct client *ann, *bob;

    open_server(world);
    ann = join(world);
    bob = join(world);
    sign_in(ann, "{\"id\":\"7\"}");
    expect(ann, "pusher:signin_success", NULL, "{\"user_data\":\"{\\\"id\\\":\\\"7\\\"}\"}");
    say(ann, "pusher:subscribe",
        json_pack("{s:s, s:s}", "channel", "#server-to-user-7", "auth", ""));
    expect(ann, "pusher_internal:subscription_succeeded", "#server-to-user-7", "{}");
    say(ann, "pusher:subscribe",
        json_pack("{s:s, s:s}", "channel", "#server-to-user-9", "auth", ""));
    expect_refused(ann, "#server-to-user-9", 401);
    assert_int_equal(push_server_trigger(world->push, "#server-to-user-7", "hello", "{}"), 0);
    expect(ann, "hello", "#server-to-user-7", "{}");
    push_server_terminate(world->push, "7");
    assert_int_equal(ann->socket->code, 4009);
    assert_int_equal(bob->socket->code, 0);
    expect_told(world, ""); /* its own channel is nobody's business */
}

static void a_false_sign_in_closes(void **state)
{
    struct world *world = *state;
    struct client *client;

    open_server(world);
    client = join(world);
    sign_in(client, "{\"name\":\"nobody\"}");
    expect_error(client, 4009);
    assert_int_equal(client->socket->code, 4009);
    client = join(world);
    say(client, "pusher:signin",
        json_pack("{s:s, s:s}", "auth", "push-test-key:00", "user_data", "{\"id\":\"7\"}"));
    assert_int_equal(client->socket->code, 4009);
    client = join(world);
    sign_in(client, "{\"id\":7}");
    expect(client, "pusher:signin_success", NULL, NULL);
    sign_in(client, "{\"id\":\"7\"}"); /* again is fine, as somebody else is not */
    expect(client, "pusher:signin_success", NULL, NULL);
    sign_in(client, "{\"id\":\"8\"}");
    assert_int_equal(client->socket->code, 4009);
}

static void subscriptions_are_counted_where_wanted(void **state)
{
    struct world *world = *state;
    struct client *ann, *bob;

    world->options.tells_subscription_counts = true;
    open_server(world);
    ann = join(world);
    bob = join(world);
    ask_for(ann, "floor", NULL);
    ask_for(bob, "floor", NULL);
    leave(bob);
    expect(ann, "pusher_internal:subscription_count", "floor", "{\"subscription_count\":1}");
    expect(ann, "pusher_internal:subscription_succeeded", "floor", "{}");
    expect(ann, "pusher_internal:subscription_count", "floor", "{\"subscription_count\":2}");
    expect(ann, "pusher_internal:subscription_count", "floor", "{\"subscription_count\":1}");
}

static void at_a_planned_end_all_are_sent_away_over_a_while(void **state)
{
    struct world *world = *state;
    size_t gone = 0;

    open_server(world);
    for (int i = 0; i < 6; ++i)
        join(world);
    push_server_let_go(world->push, 200);
    for (size_t i = 0; i < world->count; ++i)
        gone += world->clients[i].socket->code == 4200;
    assert_true(gone >= 1 && gone <= 3);
    wait_ms(world, 300);
    for (size_t i = 0; i < world->count; ++i)
        assert_int_equal(world->clients[i].socket->code, 4200);
    join(world); /* and a newcomer is taken */
    assert_int_equal(world->clients[6].socket->code, 0);
}

/* ---- the HTTP interface ---- */

static void ask(struct world *world, const char *method, const char *path, const char *query_text,
                const char *body, unsigned status, const char *answer)
{
    struct http_request request = {.method = method, .path = path, .body = slice_from(body)};
    struct form query;
    struct text text;

    assert_int_equal(push_query_parse(&query, slice_from(query_text)), 0);
    push_request_sign(&APP, method, path, &query, request.body, loop_clock() + loop_clock_leap());
    text_init(&text);
    form_write(&query, &text);
    form_release(&query);
    request.query = text.at;
    assert_true(push_server_take(world->push, &request));
    assert_int_equal(request.status, status);
    if (answer)
        assert_string_equal(request.answer.at, answer);
    text_release(&request.answer);
    text_release(&text);
}

#define EVENTS "/apps/42/events"

static void events_come_by_http(void **state)
{
    struct world *world = *state;
    struct client *ann, *bob;
    char body[300];

    open_server(world);
    ann = join(world);
    bob = join(world);
    subscribe(ann, "floor");
    subscribe(bob, "floor");
    ask(world, "POST", EVENTS, "", "{\"name\":\"e\",\"data\":\"x\",\"channels\":[\"floor\",\"b\"]}",
        200, "{}");
    expect(ann, "e", "floor", "x");
    expect(bob, "e", "floor", "x");
    snprintf(body, sizeof(body),
             "{\"name\":\"e\",\"data\":\"y\",\"channel\":\"floor\",\"socket_id\":\"%s\","
             "\"info\":\"subscription_count,user_count\"}",
             ann->id);
    ask(world, "POST", EVENTS, "", body, 200,
        "{\"channels\":{\"floor\":{\"subscription_count\":2}}}");
    assert_true(is_quiet(ann));
    expect(bob, "e", "floor", "y");
    ask(world, "POST", "/apps/42/batch_events", "",
        "{\"batch\":[{\"channel\":\"floor\",\"name\":\"1\",\"data\":\"a\"},"
        "{\"channel\":\"presence-p\",\"name\":\"2\",\"data\":\"b\",\"info\":\"user_count\"}]}",
        200, "{\"batch\":[{},{\"user_count\":0}]}");
    expect(ann, "1", "floor", "a");
    expect(bob, "1", "floor", "a");
}

static void http_says_what_is_wrong(void **state)
{
    struct world *world = *state;
    struct http_request unsigned_one = {
        .method = "POST", .path = EVENTS, .query = "", .body = slice_from("{}")};
    struct text text;

    open_server(world);
    assert_true(push_server_take(world->push, &unsigned_one));
    assert_int_equal(unsigned_one.status, 401);
    assert_string_equal(unsigned_one.answer.at, "auth_key is not known\n");
    text_release(&unsigned_one.answer);
    ask(world, "POST", "/apps/43/events", "", "{}", 404, NULL);
    ask(world, "POST", "/apps/42/nothing", "", "{}", 404, NULL);
    ask(world, "GET", EVENTS, "", "", 405, NULL);
    ask(world, "POST", EVENTS, "", "[]", 400, NULL);
    ask(world, "POST", EVENTS, "", "{\"name\":", 400, NULL);
    ask(world, "POST", EVENTS, "", "", 400, NULL);
    ask(world, "POST", EVENTS, "", "{\"data\":\"x\",\"channel\":\"a\"}", 400, NULL);
    ask(world, "POST", EVENTS, "", "{\"name\":\"e\",\"data\":{},\"channel\":\"a\"}", 400,
        "data must be a text\n");
    ask(world, "POST", EVENTS, "", "{\"name\":\"e\",\"data\":\"x\"}", 400, NULL);
    ask(world, "POST", EVENTS, "", "{\"name\":\"e\",\"data\":\"x\",\"channels\":[7]}", 400, NULL);
    ask(world, "POST", EVENTS, "", "{\"name\":\"e\",\"data\":\"x\",\"channel\":\"a b\"}", 400,
        "No channel may be named 'a b'\n");
    ask(world, "POST", EVENTS, "",
        "{\"name\":\"e\",\"data\":\"x\",\"channel\":\"a\",\"socket_id\":\"me\"}", 400, NULL);
    text_init(&text);
    text_add(&text, "{\"name\":\"e\",\"channel\":\"a\",\"data\":\"");
    for (int i = 0; i <= PUSH_DATA_SIZE_MAX; ++i)
        text_add_char(&text, 'x');
    text_add(&text, "\"}");
    ask(world, "POST", EVENTS, "", text.at, 413, NULL);
    text_clear(&text);
    text_add(&text, "{\"name\":\"e\",\"data\":\"x\",\"channels\":[\"a\"");
    for (int i = 0; i < PUSH_CHANNELS_MAX; ++i)
        text_addf(&text, ",\"a%d\"", i);
    text_add(&text, "]}");
    ask(world, "POST", EVENTS, "", text.at, 400, NULL);
    text_clear(&text);
    text_add(&text, "{\"batch\":[{}");
    for (int i = 0; i < PUSH_BATCH_MAX; ++i)
        text_add(&text, ",{\"name\":\"e\",\"data\":\"x\",\"channel\":\"a\"}");
    text_add(&text, "]}");
    ask(world, "POST", "/apps/42/batch_events", "", text.at, 400, NULL);
    text_release(&text);
}

static void http_tells_who_is_there(void **state)
{
    struct world *world = *state;
    struct client *ann, *bob;

    open_server(world);
    ann = join(world);
    bob = join(world);
    subscribe(bob, "private-a");
    ask_for(ann, "presence-floor", "{\"user_id\":7}");
    ask_for(bob, "presence-floor", "{\"user_id\":9}");
    ask(world, "GET", "/apps/42/channels", "filter_by_prefix=presence-&info=user_count", "", 200,
        "{\"channels\":{\"presence-floor\":{\"user_count\":2}}}");
    ask(world, "GET", "/apps/42/channels", "info=user_count", "", 400, NULL);
    ask(world, "GET", "/apps/42/channels", "filter_by_prefix=private-", "", 200,
        "{\"channels\":{\"private-a\":{}}}");
    ask(world, "GET", "/apps/42/channels/presence-floor", "info=user_count,subscription_count", "",
        200, "{\"user_count\":2,\"subscription_count\":2,\"occupied\":true}");
    ask(world, "GET", "/apps/42/channels/nobody", "", "", 200, "{\"occupied\":false}");
    ask(world, "GET", "/apps/42/channels/private-a", "info=user_count", "", 400, NULL);
    ask(world, "GET", "/apps/42/channels/private-a", "info=cache", "", 400, NULL);
    ask(world, "GET", "/apps/42/channels/presence-floor/users", "", "", 200,
        "{\"users\":[{\"id\":\"7\"},{\"id\":\"9\"}]}");
    ask(world, "GET", "/apps/42/channels/private-a/users", "", "", 400, NULL);
    assert_int_equal(push_server_trigger(world->push, "cache-tile", "e", "7"), 0);
    ask(world, "GET", "/apps/42/channels/cache-tile", "info=cache", "", 200,
        "{\"occupied\":false,\"cache\":{\"data\":\"7\",\"ttl\":1800}}");
    sign_in(ann, "{\"id\":\"a b\"}");
    ask(world, "POST", "/apps/42/users/a%20b/terminate_connections", "", "{}", 200, "{}");
    assert_int_equal(ann->socket->code, 4009);
    assert_int_equal(bob->socket->code, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_wrong_closes_with_its_code),
        TEST(the_quota_and_tls_are_kept),
        TEST(other_paths_are_others),
        TEST(a_ping_is_answered_and_nonsense_is_named),
        TEST(events_go_to_who_is_on_the_channel),
        TEST(what_cannot_be_sent_is_said),
        TEST(a_wrong_auth_is_refused_and_the_connection_lives),
        TEST(one_connection_has_a_bounded_number_of_channels),
        TEST(a_member_is_one_however_many_sockets),
        TEST(a_full_presence_channel_takes_no_more),
        TEST(members_have_small_names_and_little_to_say),
        TEST(who_returns_within_the_grace_was_never_away),
        TEST(users_may_have_any_name),
        TEST(the_last_event_of_a_cache_channel_is_replayed),
        TEST(client_events_are_refused_unless_wanted),
        TEST(client_events_go_to_the_others),
        TEST(a_user_signs_in_has_a_channel_and_is_terminated),
        TEST(a_false_sign_in_closes),
        TEST(subscriptions_are_counted_where_wanted),
        TEST(at_a_planned_end_all_are_sent_away_over_a_while),
        TEST(events_come_by_http),
        TEST(http_says_what_is_wrong),
        TEST(http_tells_who_is_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
