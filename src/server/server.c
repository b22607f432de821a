#include "server/server.h"

#include "server/api.h"
#include "server/imports.h"
#include "server/push.h"
#include "server/status_page.h"
#include "server/webhooks.h"

instant server_now(const struct server *server)
{
    return loop_now(server->loop) + server->clock_offset;
}

void server_take_head(void *arg, struct http_request *request)
{
    struct server *server = arg;

    imports_head(server->imports, request);
}

void server_take_request(void *arg, struct http_request *request)
{
    struct server *server = arg;

    if (webhooks_take(server, request))
        return; /* in a crowd as well: somebody is on the line */
    if (http_request_is_excess(request)) {
        http_request_add_header(request, "Retry-After", "1");
        api_reply_problem(request, 503, "too many connections at once; try again");
        return;
    }
    if (desk_push_take(server, request) || api_take(server, request) ||
        status_page_take(server, request))
        return;
    api_reply_problem(request, 404, "there is no such page");
}
