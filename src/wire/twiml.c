#include "wire/twiml.h"

#include <errno.h>
#include <expat.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/form.h"
#include "wire/twiml_grammar.h"

/* Memory of a document: blocks in a list, all freed at once. */
struct block {
    struct block *next;
    _Alignas(16) char bytes[];
};

struct owned_document {
    struct twiml_document document; /* first: the caller's view */
    struct block *blocks;
};

/* An element that is open while the parser is inside it. */
struct open_element {
    struct open_element *outer;
    struct twiml_element *element; /* NULL: skipped, or the markup of speech */
    struct twiml_element **last;   /* where its next child goes */
    const struct twiml_element_rule *rule;
    struct text text;
    bool text_warned;
};

struct reader {
    XML_Parser parser;
    struct owned_document *owned;
    struct twiml_warning **last_warning;
    struct open_element *open;   /* innermost kept element; NULL in Response */
    struct twiml_element **last; /* where the next verb goes */
    unsigned depth;              /* open tags in all */
    unsigned skip_depth;         /* > 0: inside something left out; its depth */
    unsigned markup_depth;       /* open tags of speech markup inside Say */
    bool response_text_warned;
    bool failed; /* no memory */
    struct twiml_error *error;
    bool refused; /* error is filled */
};

static void *take(struct reader *reader, size_t size)
{
    struct block *block = calloc(1, sizeof(*block) + size);

    if (!block) {
        reader->failed = true;
        XML_StopParser(reader->parser, XML_FALSE);
        return NULL;
    }
    block->next = reader->owned->blocks;
    reader->owned->blocks = block;
    return block->bytes;
}

static const char *keep(struct reader *reader, struct slice text)
{
    char *copy = take(reader, text.size + 1);

    if (copy && text.size)
        memcpy(copy, text.at, text.size);
    return copy;
}

static unsigned line_now(const struct reader *reader)
{
    return (unsigned)XML_GetCurrentLineNumber(reader->parser);
}

__attribute__((format(printf, 2, 3))) static void warn(struct reader *reader, const char *format,
                                                       ...)
{
    struct twiml_document *document = &reader->owned->document;
    struct twiml_warning *warning;
    struct text clean;
    char text[200];
    va_list list;

    if (document->warning_count == TWIML_WARNING_COUNT_MAX)
        return;
    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    warning = take(reader, sizeof(*warning));
    if (!warning)
        return;
    warning->line = line_now(reader);
    text_init(&clean);
    utf8_clean(slice_from(text), &clean); /* a name may have been cut inside a character */
    warning->text = keep(reader, text_slice(&clean));
    text_release(&clean);
    *reader->last_warning = warning;
    reader->last_warning = &warning->next;
    ++document->warning_count;
}

/* Stops with an error of ours at the place the parser is. */
static void refuse(struct reader *reader, const char *text)
{
    reader->error->line = line_now(reader);
    reader->error->column = (unsigned)XML_GetCurrentColumnNumber(reader->parser) + 1;
    slice_copy(slice_from(text), reader->error->text, sizeof(reader->error->text));
    reader->refused = true;
    XML_StopParser(reader->parser, XML_FALSE);
}

static void keep_attributes(struct reader *reader, struct twiml_element *element,
                            const struct twiml_element_rule *rule, const char **attributes)
{
    size_t count = 0;

    while (attributes[2 * count])
        ++count;
    element->attributes = take(reader, (count + 1) * sizeof(*element->attributes));
    for (size_t i = 0; element->attributes && i < count; ++i) {
        const char *name = attributes[2 * i], *value = attributes[2 * i + 1];
        const struct twiml_attribute_rule *known = twiml_attribute_rule(rule, name);

        if (!known) {
            warn(reader, "unknown attribute '%.60s' of '%s'", name, rule->name);
        } else if (!twiml_value_is_good(known, value)) {
            warn(reader, "bad value '%.60s' of attribute '%s' of '%s'", value, name, rule->name);
        } else if (known->value != TWIML_VALUE_IGNORED) {
            struct twiml_attribute *kept = &element->attributes[element->attribute_count++];

            kept->name = known->name;
            kept->value = keep(reader, slice_from(value));
        }
    }
}

static void open_element(struct reader *reader, const struct twiml_element_rule *rule,
                         const char **attributes)
{
    struct twiml_element *element = take(reader, sizeof(*element));
    struct open_element *open = calloc(1, sizeof(*open));
    struct twiml_element ***last = reader->open ? &reader->open->last : &reader->last;

    if (!element || !open) {
        reader->failed = true;
        XML_StopParser(reader->parser, XML_FALSE);
        free(open);
        return;
    }
    element->kind = rule->kind;
    element->line = line_now(reader);
    element->text = "";
    keep_attributes(reader, element, rule, attributes);
    **last = element;
    *last = &element->next;
    open->outer = reader->open;
    open->element = element;
    open->last = &element->first;
    open->rule = rule;
    text_init(&open->text);
    reader->open = open;
}

static void XMLCALL on_start(void *arg, const char *name, const char **attributes)
{
    struct reader *reader = arg;
    const struct twiml_element_rule *rule;

    ++reader->depth;
    if (reader->skip_depth || reader->failed || reader->refused)
        return;
    if (reader->depth == 1) {
        if (strcmp(name, "Response") != 0)
            refuse(reader, "the root element is not 'Response'");
        else if (attributes[0])
            warn(reader, "unknown attribute '%.60s' of 'Response'", attributes[0]);
        return;
    }
    if (reader->open && reader->open->element->kind == TWIML_SAY && twiml_is_speech_markup(name)) {
        ++reader->markup_depth;
        return;
    }
    rule = twiml_element_rule(name, reader->open ? (int)reader->open->element->kind : -1);
    if (!rule) {
        warn(reader, reader->open ? "'%.60s' does not belong in '%s'" : "unknown verb '%.60s'%s",
             name, reader->open ? reader->open->rule->name : "");
        reader->skip_depth = reader->depth;
        return;
    }
    open_element(reader, rule, attributes);
}

static void XMLCALL on_end(void *arg, const char *name)
{
    struct reader *reader = arg;
    struct open_element *open = reader->open;
    struct slice text;

    (void)name;
    if (reader->failed || reader->refused)
        return;
    if (reader->skip_depth) {
        if (reader->depth-- == reader->skip_depth)
            reader->skip_depth = 0;
        return;
    }
    --reader->depth;
    if (reader->markup_depth) {
        --reader->markup_depth;
        return;
    }
    if (!open)
        return; /* </Response> */
    text = slice_trim(text_slice(&open->text));
    if (text.size)
        open->element->text = keep(reader, text);
    if (open->text.failed)
        reader->failed = true;
    text_release(&open->text);
    reader->open = open->outer;
    free(open);
}

static void XMLCALL on_text(void *arg, const char *at, int size)
{
    struct reader *reader = arg;
    struct slice text = slice_of(at, (size_t)size);
    bool *warned = reader->open ? &reader->open->text_warned : &reader->response_text_warned;

    if (reader->skip_depth || reader->failed || reader->refused)
        return;
    if (reader->open && reader->open->rule->text)
        text_add_slice(&reader->open->text, text);
    else if (slice_trim(text).size && !*warned) {
        *warned = true;
        warn(reader, "text where none belongs, in '%s'",
             reader->open ? reader->open->rule->name : "Response");
    }
}

static void XMLCALL on_doctype(void *arg, const char *name, const char *system, const char *public,
                               int has_internal_subset)
{
    (void)name;
    (void)system;
    (void)public;
    (void)has_internal_subset;
    refuse(arg, "a document type declaration is not allowed");
}

static int parse_error(struct reader *reader)
{
    struct twiml_error *error = reader->error;

    if (reader->failed || XML_GetErrorCode(reader->parser) == XML_ERROR_NO_MEMORY)
        return ENOMEM;
    if (!reader->refused) {
        error->line = line_now(reader);
        error->column = (unsigned)XML_GetCurrentColumnNumber(reader->parser) + 1;
        slice_copy(slice_from(XML_ErrorString(XML_GetErrorCode(reader->parser))), error->text,
                   sizeof(error->text));
    }
    return EINVAL;
}

static void release_open(struct reader *reader)
{
    while (reader->open) {
        struct open_element *outer = reader->open->outer;

        text_release(&reader->open->text);
        free(reader->open);
        reader->open = outer;
    }
}

int twiml_parse(struct twiml_document **document, struct slice bytes, struct twiml_error *error)
{
    struct reader reader = {.error = error};
    int err = 0;

    *error = (struct twiml_error){0};
    if (bytes.size > TWIML_SIZE_MAX) {
        slice_copy(slice_from("the document is larger than 64 kB"), error->text,
                   sizeof(error->text));
        return E2BIG;
    }
    reader.owned = calloc(1, sizeof(*reader.owned));
    reader.parser = XML_ParserCreate(NULL);
    if (!reader.owned || !reader.parser) {
        err = ENOMEM;
        goto out;
    }
    reader.last = &reader.owned->document.first;
    reader.last_warning = &reader.owned->document.warnings;
    XML_SetUserData(reader.parser, &reader);
    XML_SetElementHandler(reader.parser, on_start, on_end);
    XML_SetCharacterDataHandler(reader.parser, on_text);
    XML_SetStartDoctypeDeclHandler(reader.parser, on_doctype);
    if (XML_Parse(reader.parser, bytes.at ? bytes.at : "", (int)bytes.size, XML_TRUE) !=
            XML_STATUS_OK ||
        reader.failed)
        err = parse_error(&reader);
out:
    release_open(&reader);
    if (reader.parser)
        XML_ParserFree(reader.parser);
    if (!err)
        *document = &reader.owned->document;
    else if (reader.owned)
        twiml_free(&reader.owned->document);
    return err;
}

void twiml_free(struct twiml_document *document)
{
    struct owned_document *owned = (struct owned_document *)(void *)document;

    if (!owned)
        return;
    while (owned->blocks) {
        struct block *next = owned->blocks->next;

        free(owned->blocks);
        owned->blocks = next;
    }
    free(owned);
}

const char *twiml_text(const struct twiml_element *element, const char *name, const char *fallback)
{
    for (size_t i = 0; i < element->attribute_count; ++i)
        if (strcmp(element->attributes[i].name, name) == 0)
            return element->attributes[i].value;
    return fallback;
}

bool twiml_flag(const struct twiml_element *element, const char *name, bool fallback)
{
    const char *value = twiml_text(element, name, NULL);

    return value ? strcmp(value, "true") == 0 : fallback;
}

unsigned twiml_number(const struct twiml_element *element, const char *name, unsigned fallback)
{
    const char *value = twiml_text(element, name, NULL);
    int64_t number;

    if (!value || slice_to_i64(slice_from(value), 0, 1000000, &number))
        return fallback;
    return (unsigned)number;
}
