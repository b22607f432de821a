#include <stddef.h>
#include <stdint.h>

#include "../tests/unit/push/double.h"
#include "push/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CLIENTS = 3, MESSAGES_MAX = 64 };

/* Auth strings depend on the socket's id, which is new each time: AUTH in a message is its own, for the
 * channel "presence-a" and the channel_data DATA. */
#define CHANNEL "presence-a"
#define DATA "{\"user_id\":\"7\"}"

static const struct push_app app = {"42", "key", "secret"};

static struct slice id_of(const struct websocket *socket)
{
    struct slice rest = slice_of(socket->sent.at, socket->sent.size);
    const char *mark = "\\\"socket_id\\\":\\\"";
    const char *at = memmem(rest.at, rest.size, mark, strlen(mark));

    check(at);
    rest = slice_from(at + strlen(mark));
    return slice_cut(&rest, '\\');
}

static void say(struct websocket *socket, struct slice line)
{
    static const char mark[] = "AUTH";
    const char *at = memmem(line.at, line.size, mark, strlen(mark));
    struct text text;
    size_t before;

    text_init(&text);
    if (at) {
        before = (size_t)(at - line.at);
        text_add_slice(&text, slice_of(line.at, before));
        push_auth_presence(&app, id_of(socket), slice_from(CHANNEL), slice_from(DATA), &text);
        text_add_slice(&text, slice_of(at + 4, line.size - before - 4));
        line = text_slice(&text);
    }
    if (utf8_is_valid(line))
        socket_say(socket, line);
    text_release(&text);
}

/* Lines, each said by the client whose number is its first byte; '-' and a number: it leaves. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct push_server_options options = {
        .app = app, .takes_client_events = true, .tells_subscription_counts = true, .grace_ms = 1};
    struct slice rest = slice_of((const char *)data, size);
    struct websocket *sockets[CLIENTS] = {NULL};
    struct push_server *push;
    struct loop *loop;

    check(!loop_new(&loop) && !push_server_new(&push, loop, &options));
    for (int i = 0; i < MESSAGES_MAX && rest.size; ++i) {
        struct slice line = slice_cut(&rest, '\n');
        bool leaves = line.size && line.at[0] == '-';
        size_t who;

        if (leaves)
            line = slice_of(line.at + 1, line.size - 1);
        if (!line.size)
            continue;
        who = (uint8_t)line.at[0] % CLIENTS;
        if (sockets[who] && (leaves || sockets[who]->code)) {
            socket_end(sockets[who]);
            sockets[who] = NULL;
        }
        if (leaves)
            continue;
        if (!sockets[who]) {
            struct http_request request = {
                .method = "GET", .path = "/app/key", .query = "protocol=7", .is_upgrade = true};

            check(push_server_take(push, &request) && request.socket);
            sockets[who] = request.socket;
        }
        say(sockets[who], slice_of(line.at + 1, line.size - 1));
        if (i % 8 == 0)
            check(!push_server_trigger(push, CHANNEL, "e", "{}"));
    }
    for (size_t i = 0; i < CLIENTS; ++i)
        if (sockets[i])
            socket_end(sockets[i]);
    check(!push_server_counts(push).connections);
    push_server_free(push);
    loop_free(loop);
    return 0;
}
