#include "voice/engine.h"

#include <stdio.h>

static void tell_retry(struct http_request *request, unsigned seconds)
{
    char text[16];

    snprintf(text, sizeof(text), "%u", seconds);
    http_request_add_header(request, "Retry-After", text);
}

/* All connections are taken: said in the interface's own words, so that libraries try again. */
static void refuse(struct http_request *request)
{
    static const char BODY[] =
        "{\"code\":20429,\"message\":\"Too many requests at once\","
        "\"more_info\":\"https://www.twilio.com/docs/errors/20429\",\"status\":429}";

    tell_retry(request, 1);
    http_request_reply(request, 429, "application/json", BODY, sizeof(BODY) - 1);
}

/* The REST interface: every request is answered at once by the control, then what it wants is done. */
void engine_rest(void *arg, struct http_request *request)
{
    struct engine *engine = arg;
    char user[128], password[256];
    bool has_credentials =
        http_request_basic(request, user, sizeof(user), password, sizeof(password));
    struct control_request asked = {
        .method = http_request_method(request),
        .path = http_request_path(request),
        .query = http_request_query(request),
        .body = http_request_body(request),
        .user = has_credentials ? user : NULL,
        .password = has_credentials ? password : NULL,
    };
    struct control_reply reply;

    if (http_request_is_excess(request)) {
        refuse(request);
        return;
    }
    if (engine_web_takes(engine, request))
        return;
    control_rest(engine->control, loop_clock(), &asked, &reply);
    if (reply.status != 401)
        engine_heard(engine);
    if (reply.request_id[0])
        http_request_add_header(request, "Twilio-Request-Id", reply.request_id);
    if (reply.retry_after_s)
        tell_retry(request, reply.retry_after_s);
    if (reply.status == 401)
        http_request_add_header(request, "WWW-Authenticate", "Basic realm=\"Outdial voice\"");
    http_request_reply(request, reply.status, reply.body.size ? "application/json" : NULL,
                       reply.body.at, reply.body.size);
    control_reply_release(&reply);
    engine_settle(engine);
}
