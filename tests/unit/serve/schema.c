#include "unit/serve/schema.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"

static const json_t *resolve(const json_t *document, const json_t *schema)
{
    const char *ref = json_string_value(json_object_get(schema, "$ref"));
    const char *name = ref ? strrchr(ref, '/') : NULL;

    if (!name)
        return schema;
    const json_t *components = json_object_get(document, "components");

    return json_object_get(json_object_get(components, "schemas"), name + 1);
}

static bool is_of_type(const json_t *value, const char *type)
{
    return (strcmp(type, "null") == 0 && json_is_null(value)) ||
           (strcmp(type, "string") == 0 && json_is_string(value)) ||
           (strcmp(type, "integer") == 0 && json_is_integer(value)) ||
           (strcmp(type, "number") == 0 && json_is_number(value)) ||
           (strcmp(type, "boolean") == 0 && json_is_boolean(value)) ||
           (strcmp(type, "object") == 0 && json_is_object(value)) ||
           (strcmp(type, "array") == 0 && json_is_array(value));
}

static bool type_matches(const json_t *types, const json_t *value)
{
    const json_t *type;
    size_t i;

    if (!types)
        return true;
    if (json_is_string(types))
        return is_of_type(value, json_string_value(types));
    json_array_foreach(types, i, type) if (is_of_type(value, json_string_value(type))) return true;
    return false;
}

static bool enum_matches(const json_t *words, const json_t *value)
{
    const json_t *word;
    size_t i;

    json_array_foreach(words, i, word) if (json_equal(word, value)) return true;
    return words == NULL;
}

static const char *object_fault(const json_t *document, const json_t *schema, const json_t *value,
                                const char *place, char *why, size_t why_size)
{
    const json_t *properties = json_object_get(schema, "properties");
    const json_t *more = json_object_get(schema, "additionalProperties"), *name;
    const char *key;
    json_t *member;
    size_t i;

    json_array_foreach(json_object_get(schema, "required"), i,
                       name) if (!json_object_get(value, json_string_value(name)))
    {
        snprintf(why, why_size, "%s: %s is missing", place, json_string_value(name));
        return why;
    }
    json_object_foreach((json_t *)value, key, member)
    {
        const json_t *own = json_object_get(properties, key);
        char inner[256];

        snprintf(inner, sizeof(inner), "%.200s.%s", place, key);
        if (!own && json_is_false(more)) {
            snprintf(why, why_size, "%s is not in the document", inner);
            return why;
        }
        if (!own && json_is_object(more))
            own = more;
        if (own && schema_fault(document, own, member, inner, why, why_size))
            return why;
    }
    return NULL;
}

static const char *one_of_fault(const json_t *document, const json_t *choices, const json_t *value,
                                const char *place, char *why, size_t why_size)
{
    const json_t *choice;
    size_t i, matches = 0;

    json_array_foreach(choices, i, choice) matches +=
        !schema_fault(document, choice, value, place, why, why_size);
    if (matches == 1)
        return NULL;
    snprintf(why, why_size, "%s: %zu of oneOf match", place, matches);
    return why;
}

const char *schema_fault(const json_t *document, const json_t *given, const json_t *value,
                         const char *place, char *why, size_t why_size)
{
    const json_t *schema = resolve(document, given), *item;
    const json_t *low = json_object_get(schema, "minimum");
    const json_t *constant = json_object_get(schema, "const");
    size_t i;

    check(schema);
    snprintf(why, why_size, "%s", place);
    if (json_object_get(schema, "oneOf"))
        return one_of_fault(document, json_object_get(schema, "oneOf"), value, place, why,
                            why_size);
    if (constant && !json_equal(constant, value))
        return why;
    if (!type_matches(json_object_get(schema, "type"), value)) {
        snprintf(why, why_size, "%s: has another type", place);
        return why;
    }
    if (!enum_matches(json_object_get(schema, "enum"), value)) {
        snprintf(why, why_size, "%s: '%s' is none of the words", place, json_string_value(value));
        return why;
    }
    if (low && json_is_number(value) && json_number_value(value) < json_number_value(low)) {
        snprintf(why, why_size, "%s: is below its minimum", place);
        return why;
    }
    if (json_is_object(value))
        return object_fault(document, schema, value, place, why, why_size);
    if (json_object_get(schema, "items"))
        json_array_foreach(value, i,
                           item) if (schema_fault(document, json_object_get(schema, "items"), item,
                                                  place, why, why_size)) return why;
    return NULL;
}

const json_t *schema_of_answer(const json_t *document, const char *path, const char *method,
                               unsigned status)
{
    const json_t *paths = json_object_get(document, "paths");
    char verb[16], code[8];
    size_t i = 0;

    for (; method[i] && i < sizeof(verb) - 1; i++)
        verb[i] = (char)(method[i] - 'A' + 'a');
    verb[i] = '\0';
    snprintf(code, sizeof(code), "%u", status);
    const json_t *answers =
        json_object_get(json_object_get(json_object_get(paths, path), verb), "responses");
    const json_t *answer = json_object_get(answers, code);
    const json_t *content =
        json_object_get(answer ? answer : json_object_get(answers, "default"), "content");
    const json_t *json = json_object_get(content, "application/json");

    if (!json)
        json = json_object_get(content, "application/problem+json");
    return json_object_get(json, "schema");
}
