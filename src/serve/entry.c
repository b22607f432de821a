#include "serve/entry.h"

#include <errno.h>
#include <string.h>

#include "api/api.h"
#include "api/sessions.h"
#include "api/status_page.h"
#include "desk/pages.h"
#include "desk/push.h"
#include "serve/routes.h"
#include "server/imports.h"
#include "server/reply.h"
#include "server/server.h"
#include "server/webhooks.h"

void entry_take_head(void *arg, struct http_request *request)
{
    struct server *server = arg;

    imports_head(server->imports, request);
}

/* The pages know one address, ours; the engine's may change under them. */
static bool take_signal(struct server *server, struct http_request *request)
{
    int err;

    if (strcmp(http_request_path(request), "/signal") != 0)
        return false;
    err = server->signal.address ? relay_begin(request, &server->signal) : ENOTCONN;
    if (err == EINVAL) {
        http_request_add_header(request, "Upgrade", "websocket");
        reply_problem(request, 426, "a WebSocket is spoken here");
    } else if (err) {
        http_request_add_header(request, "Retry-After", "1");
        reply_problem(request, 503, "the voice engine is not there at the moment; try again");
    }
    return true;
}

void entry_take_request(void *arg, struct http_request *request)
{
    struct server *server = arg;

    if (webhooks_take(server, request))
        return; /* in a crowd as well: somebody is on the line */
    if (http_request_is_excess(request)) {
        http_request_add_header(request, "Retry-After", "1");
        reply_problem(request, 503, "too many connections at once; try again");
        return;
    }
    if (!sessions_admit(server, request))
        return;
    if (take_signal(server, request) || desk_push_take(server, request) ||
        api_take(server, request, routes, route_count) || pages_take(server->pages, request) ||
        status_page_take(server, request))
        return;
    reply_problem(request, 404, "there is no such page");
}
