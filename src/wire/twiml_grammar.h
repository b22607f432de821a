#ifndef WIRE_TWIML_GRAMMAR_H
#define WIRE_TWIML_GRAMMAR_H

#include "wire/twiml.h"

/*
 * The words of TwiML: which elements stand where, which attributes they take and with what values.
 * One const table; used by wire/twiml.c alone.
 */
enum twiml_value {
    TWIML_VALUE_TEXT,    /* anything */
    TWIML_VALUE_FLAG,    /* true false */
    TWIML_VALUE_NUMBER,  /* decimal within low..high */
    TWIML_VALUE_WORD,    /* one of words (separated by blanks) */
    TWIML_VALUE_WORDS,   /* some of words, separated by blanks */
    TWIML_VALUE_METHOD,  /* GET POST */
    TWIML_VALUE_DIGITS,  /* 0-9 * # A-D w W */
    TWIML_VALUE_KEYS,    /* 0-9 * #, may be empty */
    TWIML_VALUE_IGNORED, /* lawful, without effect here: no warning, not kept */
};

struct twiml_attribute_rule {
    const char *name;
    enum twiml_value value;
    const char *words;
    unsigned low, high;
};

struct twiml_element_rule {
    const char *name;
    enum twiml_kind kind;
    unsigned parents;                              /* bits of 1 << kind; TWIML_IN_RESPONSE */
    bool text;                                     /* holds text; text in others is a warning */
    const struct twiml_attribute_rule *attributes; /* ended by a NULL name */
};

#define TWIML_IN_RESPONSE (1u << 31)

/* NULL: no such element in that parent (parent -1: the Response). */
const struct twiml_element_rule *twiml_element_rule(const char *name, int parent);
const struct twiml_attribute_rule *twiml_attribute_rule(const struct twiml_element_rule *element,
                                                        const char *name);
bool twiml_value_is_good(const struct twiml_attribute_rule *rule, const char *value);
/* A lawful part of SSML inside Say: its words are spoken, its markup is not minded. */
bool twiml_is_speech_markup(const char *name);

#endif
