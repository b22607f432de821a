#include <stdarg.h>
#include <stdio.h>

#include "voice/control/rest.h"

json_t *json_text(const char *text)
{
    json_t *json = text ? json_string(text) : json_null();

    check(json != NULL); /* all text in here is UTF-8 */
    return json;
}

json_t *json_sid(const char *sid)
{
    return json_text(sid && sid[0] ? sid : NULL);
}

json_t *json_date(instant at)
{
    char text[INSTANT_TEXT_SIZE];

    if (!at)
        return json_null();
    instant_to_rfc2822(at, text);
    return json_text(text);
}

json_t *json_path(const struct rest *rest, const char *format, ...)
{
    struct text text;
    char tail[300];
    va_list list;
    json_t *json;

    va_start(list, format);
    vsnprintf(tail, sizeof(tail), format, list);
    va_end(list);
    text_init(&text);
    text_addf(&text, "/2010-04-01/Accounts/%s%s", rest->control->account_sid, tail);
    json = json_text(text_slice(&text).at);
    text_release(&text);
    return json;
}
