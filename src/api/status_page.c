#include "api/status_page.h"

#include <string.h>

#include "api/api.h"
#include "api/live.h"
#include "server/reply.h"
#include "server/server.h"
#include "wire/markup.h"

static void add_value(struct text *text, const json_t *value)
{
    if (json_is_string(value))
        markup_add(text, json_string_value(value));
    else if (json_is_integer(value))
        text_addf(text, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        text_addf(text, "%.2f", json_real_value(value));
    else
        text_add(text, "&ndash;");
}

/* An object of figures as a table of two columns; rows of zero are left out. */
static void add_figures(struct text *text, const char *title, const json_t *figures)
{
    const char *name;
    json_t *value;

    text_addf(text, "<h2>%s</h2><table>", title);
    json_object_foreach((json_t *)figures, name, value)
    {
        if (json_is_integer(value) && json_integer_value(value) == 0)
            continue;
        text_add(text, "<tr><th>");
        for (const char *at = name; *at; at++) /* our own keys: nothing to escape */
            text_add_char(text, *at == '_' ? ' ' : *at);
        text_add(text, "<td>");
        add_value(text, value);
    }
    text_add(text, "</table>");
}

static void add_rows(struct text *text, const char *title, const json_t *rows,
                     const char *const *columns)
{
    const json_t *row;
    size_t i;

    text_addf(text, "<h2>%s</h2><table><tr>", title);
    for (const char *const *column = columns; *column; column++)
        text_addf(text, "<th>%s", *column);
    json_array_foreach(rows, i, row)
    {
        text_add(text, "<tr>");
        for (const char *const *column = columns; *column; column++) {
            text_add(text, "<td>");
            add_value(text, json_object_get(row, *column));
        }
    }
    text_add(text, "</table>");
}

static void add_held(struct text *text, const json_t *held)
{
    const json_t *one;
    size_t i;

    json_array_foreach(held, i, one)
    {
        text_add(text, "<p><strong>Nothing new is dialled:</strong> ");
        markup_add(text, json_string_value(json_object_get(one, "why")));
    }
}

static const char head[] =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Outdial</title>"
    "<meta http-equiv=\"refresh\" content=\"2\"><link rel=\"stylesheet\" href=\"/status.css\">"
    "<h1>Outdial</h1>";

static const char style[] =
    ":root{color-scheme:light dark}body{font:16px/1.4 "
    "system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "}table{border-collapse:collapse}th,td{text-align:left;"
    "padding:.15rem 1rem .15rem 0;font-variant-numeric:tabular-nums}th{font-weight:600}";

bool status_page_take(struct server *server, struct http_request *request)
{
    static const char *const agents[] = {"name", "activity", "line", NULL};
    static const char *const campaigns[] = {"name", "state", "mode", NULL};
    const char *path = http_request_path(request);

    http_request_add_header(request, "Content-Security-Policy",
                            "default-src 'none'; style-src 'self'; frame-ancestors 'none'; "
                            "base-uri 'none'; form-action 'none'");
    http_request_add_header(request, "X-Content-Type-Options", "nosniff");
    if ((strcmp(path, "/status") == 0 || strcmp(path, "/status.css") == 0) &&
        strcmp(http_request_method(request), "GET") != 0 &&
        strcmp(http_request_method(request), "HEAD") != 0) {
        http_request_add_header(request, "Allow", "GET, HEAD");
        reply_problem(request, 405, "this page can only be read");
        return true;
    }
    if (strcmp(path, "/status.css") == 0) {
        http_request_reply(request, 200, "text/css", style, sizeof(style) - 1);
        return true;
    }
    if (strcmp(path, "/status") != 0)
        return false;

    json_t *live = live_snapshot(server);
    struct text text;

    text_init(&text);
    text_add(&text, head);
    if (!server->voice_is_up)
        text_add(&text, "<p><strong>The voice engine is not there just now.</strong>");
    add_held(&text, json_object_get(live, "held"));
    add_rows(&text, "Campaigns", json_object_get(live, "campaigns"), campaigns);
    add_figures(&text, "Calls now", json_object_get(live, "calls"));
    add_figures(&text, "Results since the start", json_object_get(live, "results"));
    add_figures(&text, "Hello latency (ms)", json_object_get(live, "hello_latency_ms"));
    add_figures(&text, "From record to disk (ms)", json_object_get(live, "commit_ms"));
    add_figures(&text, "Abandonment", json_object_get(live, "abandoned"));
    add_rows(&text, "Agents", json_object_get(live, "agents"), agents);
    text_add(&text, "<p>The interface is described at <a href=\"/api/openapi.json\">"
                    "/api/openapi.json</a>.</html>");
    json_decref(live);
    http_request_add_header(request, "Cache-Control", "no-store");
    http_request_reply(request, 200, "text/html; charset=utf-8", text.at, text.size);
    text_release(&text);
    return true;
}
