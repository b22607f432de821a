#include "server/reply.h"

#include <string.h>

#include "wire/form.h"

static const char *title_of(unsigned status)
{
    static const struct {
        unsigned status;
        const char *title;
    } titles[] = {
        {400, "Bad Request"},         {401, "Unauthorized"},        {403, "Forbidden"},
        {404, "Not Found"},           {405, "Method Not Allowed"},  {409, "Conflict"},
        {413, "Content Too Large"},   {421, "Misdirected Request"}, {422, "Unprocessable Content"},
        {426, "Upgrade Required"},    {429, "Too Many Requests"},   {500, "Internal Server Error"},
        {503, "Service Unavailable"}, {507, "Insufficient Storage"}};

    for (size_t i = 0; i < array_count(titles); i++)
        if (titles[i].status == status)
            return titles[i].title;
    return "Error";
}

void reply_json(struct http_request *request, unsigned status, const char *type, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

    http_request_add_header(request, "Cache-Control", "no-store");
    http_request_add_header(request, "X-Content-Type-Options", "nosniff");
    if (text)
        http_request_reply(request, status, type, text, strlen(text));
    else
        http_request_reply(request, json ? 500 : status, NULL, NULL, 0);
    free(text);
    json_decref(json);
}

/* The detail may hold what the client sent, and be cut within a character. */
void reply_problem_and(struct http_request *request, unsigned status, const char *detail,
                       json_t *more)
{
    struct text clean;

    text_init(&clean);
    utf8_clean(slice_from(detail), &clean);
    json_t *json =
        json_pack("{s:s, s:s, s:i, s:s}", "type", "about:blank", "title", title_of(status),
                  "status", (int)status, "detail", clean.at ? clean.at : "");

    text_release(&clean);

    if (json && more)
        json_object_update(json, more);
    json_decref(more);
    if (status == 401)
        http_request_add_header(request, "WWW-Authenticate", "Bearer");
    reply_json(request, status, "application/problem+json", json);
}

void reply_problem(struct http_request *request, unsigned status, const char *detail)
{
    reply_problem_and(request, status, detail, NULL);
}

json_t *reply_time(instant at)
{
    char text[INSTANT_TEXT_SIZE];

    if (at <= 0 || at == INSTANT_NEVER)
        return json_null();
    instant_to_iso(at, 1, text);
    return json_string(text);
}
