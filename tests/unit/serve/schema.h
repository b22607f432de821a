#ifndef TESTS_UNIT_SERVE_SCHEMA_H
#define TESTS_UNIT_SERVE_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Does a value match a schema of an OpenAPI 3.1 document? Knows what docs/openapi.json uses: $ref, type (one
 * or several), enum, const, oneOf, required, properties, additionalProperties, items, minimum, maximum.
 * NULL when it matches; else where and why, in `why`.
 */
const char *schema_fault(const json_t *document, const json_t *schema, const json_t *value,
                         const char *place, char *why, size_t why_size);
/* The schema of an answer; NULL: the document has no such answer. */
const json_t *schema_of_answer(const json_t *document, const char *path, const char *method,
                               unsigned status);

#endif
