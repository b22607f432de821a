#ifndef WIRE_TWIML_H
#define WIRE_TWIML_H

#include "base/text.h"

/*
 * TwiML: bytes to a tree of the verbs this engine knows. What it does not know (verb, noun,
 * attribute, wrong case, bad value) is left out and noted as a warning with its line: the document
 * still runs. What is no document at all is refused with one error.
 *
 *   err = twiml_parse(&document, bytes, &error);
 *   for (verb = document->first; verb; verb = verb->next) ...
 *   twiml_free(document);
 *
 * External entities and document type declarations are refused, so nothing outside the bytes is read
 * and nothing expands.
 */
enum twiml_kind {
    TWIML_SAY,
    TWIML_PLAY,
    TWIML_PAUSE,
    TWIML_DIAL,
    TWIML_GATHER,
    TWIML_REDIRECT,
    TWIML_HANGUP,
    TWIML_REJECT,
    /* nouns of Dial */
    TWIML_NUMBER,
    TWIML_CLIENT,
    TWIML_SIP,
    TWIML_CONFERENCE,
    /* inside Client */
    TWIML_IDENTITY,
    TWIML_PARAMETER,
};

struct twiml_attribute {
    const char *name, *value;
};

/* All of it lives as long as the document. */
struct twiml_element {
    enum twiml_kind kind;
    unsigned line;
    const char *text;                   /* its own text, ends trimmed, SSML inside flattened */
    struct twiml_attribute *attributes; /* those that are known and good */
    size_t attribute_count;
    struct twiml_element *first, *next; /* children, sibling */
};

struct twiml_warning {
    unsigned line;
    const char *text; /* "unknown verb 'Foo'" */
    struct twiml_warning *next;
};

struct twiml_document {
    struct twiml_element *first;    /* the verbs of <Response>, in order */
    struct twiml_warning *warnings; /* in order */
    size_t warning_count;
};

struct twiml_error {
    unsigned line, column; /* from 1; 0 when there is no place */
    char text[160];
};

enum { TWIML_SIZE_MAX = 64 * 1024, TWIML_WARNING_COUNT_MAX = 50 };

/* 0; EINVAL (12100) with *error filled; E2BIG (11750); ENOMEM. */
int twiml_parse(struct twiml_document **document, struct slice bytes,
                struct twiml_error *error) must_check;
void twiml_free(struct twiml_document *document); /* NULL is fine */

const char *twiml_kind_name(enum twiml_kind kind); /* "Say" */

/* Attributes: the value, or the fallback when it is not there. */
const char *twiml_text(const struct twiml_element *element, const char *name, const char *fallback);
bool twiml_flag(const struct twiml_element *element, const char *name, bool fallback);
unsigned twiml_number(const struct twiml_element *element, const char *name, unsigned fallback);

#endif
