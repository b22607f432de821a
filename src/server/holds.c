#include "server/holds.h"

#include <string.h>

#include "base/log.h"
#include "server/dialing.h"
#include "server/reply.h"
#include "server/server.h"

static const char *const names[HOLD_KIND_COUNT] = {
    [HOLD_STORE] = "store", [HOLD_ROOM] = "room", [HOLD_VOICE] = "voice", [HOLD_TRUNK] = "trunk"};

const char *hold_name(enum hold_kind kind)
{
    check(kind < HOLD_KIND_COUNT);
    return names[kind];
}

bool holds_has(const struct server *server, enum hold_kind kind)
{
    return server->holds.of[kind].since != 0;
}

void holds_tell(struct server *server)
{
    struct event event = {.kind = EVENT_DIALLING_HELD};

    for (int i = 0; i < HOLD_KIND_COUNT; i++)
        event.of.held |= holds_has(server, (enum hold_kind)i);
    if (!server->dialer || !server->recovered || event.of.held == server->holds.told)
        return;
    server->holds.told = event.of.held;
    dialing_feed(server, &event, NULL);
}

void holds_set(struct server *server, enum hold_kind kind, const char *why)
{
    struct hold *hold = &server->holds.of[kind];

    if (hold->since && strcmp(hold->why, why) == 0)
        return;
    if (!hold->since)
        hold->since = loop_clock();
    slice_copy(slice_from(why), hold->why, sizeof(hold->why));
    log_error("dialling.held", "by=%s why=\"%s\"", hold_name(kind), hold->why);
    holds_tell(server);
}

void holds_clear(struct server *server, enum hold_kind kind)
{
    struct hold *hold = &server->holds.of[kind];

    if (!hold->since)
        return;
    log_event("dialling.well", "what=%s after_s=%lld", hold_name(kind),
              (long long)((loop_clock() - hold->since) / SECOND));
    *hold = (struct hold){.since = 0};
    holds_tell(server);
}

json_t *holds_json(const struct server *server)
{
    json_t *list = json_array();

    for (int i = 0; i < HOLD_KIND_COUNT; i++) {
        const struct hold *hold = &server->holds.of[i];

        if (hold->since)
            json_array_append_new(list,
                                  json_pack("{s:s, s:s, s:o}", "what", hold_name((enum hold_kind)i),
                                            "why", hold->why, "since", reply_time(hold->since)));
    }
    return list;
}
