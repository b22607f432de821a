#ifndef TESTS_SCRIPT_TEXT_H
#define TESTS_SCRIPT_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "phones/script.h"

/* JSON with ' for ", so that scripts can be read in a test. Free it. */
static inline char *script_json(const char *text)
{
    char *json = strdup(text);

    assert_non_null(json);
    for (char *at = json; *at; at++) {
        if (*at == '\'')
            *at = '"';
    }
    return json;
}

static inline struct script *script_from(const char *text)
{
    struct script_problem problem;
    struct script *script = NULL;
    char *json = script_json(text);
    int err = script_parse(&script, slice_from(json), "folder/", &problem);

    if (err)
        print_error("%s\n", problem.text);
    free(json);
    assert_int_equal(err, 0);
    return script;
}

#endif
