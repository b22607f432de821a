#include "api/fields.h"

#include <string.h>

static bool is_of_kind(const json_t *value, struct slice kind)
{
    if (json_is_null(value))
        return true;
    if (slice_is(kind, "text"))
        return json_is_string(value);
    if (slice_is(kind, "whole"))
        return json_is_integer(value);
    if (slice_is(kind, "flag"))
        return json_is_boolean(value);
    if (slice_is(kind, "who"))
        return json_is_string(value) || json_is_integer(value);
    if (slice_is(kind, "list"))
        return json_is_array(value);
    check(slice_is(kind, "object"));
    return json_is_object(value);
}

static const char *wanted(struct slice kind)
{
    return slice_is(kind, "text")    ? "a text"
           : slice_is(kind, "whole") ? "a whole number"
           : slice_is(kind, "flag")  ? "true or false"
           : slice_is(kind, "who")   ? "a name or an id"
           : slice_is(kind, "list")  ? "a list"
                                     : "an object";
}

/* The word of that name among "name name" or "name:kind name:kind". */
static bool find(const char *words, const char *name, struct slice *kind)
{
    struct slice rest = slice_from(words);

    while (rest.size) {
        *kind = slice_cut(&rest, ' ');
        if (slice_is(slice_cut(kind, ':'), name))
            return true;
    }
    return false;
}

bool api_query_fits(struct api_call *call)
{
    const char *known = call->route->asks;
    struct slice kind;

    for (size_t i = 0; i < call->query.count; i++)
        if (!find(known, call->query.fields[i].name, &kind)) {
            api_refuse(call, 400, "'%.60s': there is no such parameter here; %s%s",
                       call->query.fields[i].name, *known ? "known: " : "none is known", known);
            return false;
        }
    return true;
}

bool api_body_fits(struct api_call *call)
{
    const char *known = call->route->takes, *name;
    struct slice kind;
    json_t *value;

    json_object_foreach(call->body, name, value)
    {
        if (!find(known, name, &kind)) {
            api_refuse(call, 400, "'%.60s': there is no such field here; %s%s", name,
                       *known ? "known: " : "none is known", known);
            return false;
        }
        if (!is_of_kind(value, kind)) {
            api_refuse(call, 400, "%s: must be %s", name, wanted(kind));
            return false;
        }
    }
    return true;
}
