#include "wire/form.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void form_init(struct form *form)
{
    *form = (struct form){0};
}

void form_release(struct form *form)
{
    for (size_t i = 0; i < form->count; ++i)
        free(form->fields[i].name); /* the value lies behind it */
    free(form->fields);
    form_init(form);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

void form_decode(struct slice value, bool plus, struct text *text)
{
    if (!value.size ||
        (!memchr(value.at, '%', value.size) && !(plus && memchr(value.at, '+', value.size)))) {
        text_add_slice(text, value);
        return;
    }
    for (size_t i = 0; i < value.size; ++i) {
        char c = value.at[i];

        if (c == '%' && i + 2 < value.size && hex_value(value.at[i + 1]) >= 0 &&
            hex_value(value.at[i + 2]) >= 0) {
            c = (char)(hex_value(value.at[i + 1]) * 16 + hex_value(value.at[i + 2]));
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        text_add_char(text, c);
    }
}

static bool is_plain(unsigned char c, bool plus)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || (plus ? c == '*' : c == '~');
}

void form_encode(struct slice value, bool plus, struct text *text)
{
    static const char DIGITS[] = "0123456789ABCDEF";
    size_t i = 0;

    while (i < value.size) {
        size_t start = i;
        unsigned char c;

        while (i < value.size && is_plain((unsigned char)value.at[i], plus))
            ++i;
        text_add_bytes(text, value.at + start, i - start);
        if (i == value.size)
            break;
        c = (unsigned char)value.at[i++];
        if (plus && c == ' ')
            text_add_char(text, '+');
        else
            text_add_bytes(text, (char[]){'%', DIGITS[c >> 4], DIGITS[c & 15]}, 3);
    }
}

/* The length of the well-formed UTF-8 character at the front (1-4), or 0. */
static size_t utf8_character(const unsigned char *at, size_t size)
{
    unsigned char c = at[0], low = 0x80, high = 0xbf;
    size_t length = c < 0x80                 ? 1
                    : c >= 0xc2 && c <= 0xdf ? 2
                    : (c & 0xf0) == 0xe0     ? 3
                    : c >= 0xf0 && c <= 0xf4 ? 4
                                             : 0;

    if (!length || c == 0 || length > size)
        return 0;
    if (c == 0xe0)
        low = 0xa0; /* shorter forms exist */
    else if (c == 0xed)
        high = 0x9f; /* surrogates */
    else if (c == 0xf0)
        low = 0x90;
    else if (c == 0xf4)
        high = 0x8f; /* beyond U+10FFFF */
    for (size_t i = 1; i < length; ++i) {
        if (at[i] < (i == 1 ? low : 0x80) || at[i] > (i == 1 ? high : 0xbf))
            return 0;
    }
    return length;
}

bool utf8_is_valid(struct slice bytes)
{
    for (size_t i = 0; i < bytes.size;) {
        size_t length = utf8_character((const unsigned char *)bytes.at + i, bytes.size - i);

        if (!length)
            return false;
        i += length;
    }
    return true;
}

void utf8_clean(struct slice bytes, struct text *text)
{
    if (utf8_is_valid(bytes)) {
        text_add_slice(text, bytes);
        return;
    }
    for (size_t i = 0; i < bytes.size;) {
        size_t length = utf8_character((const unsigned char *)bytes.at + i, bytes.size - i);

        if (length)
            text_add_bytes(text, bytes.at + i, length);
        else
            text_add(text, "\xef\xbf\xbd");
        i += length ? length : 1;
    }
}

/* Name and value share one block of memory. */
static int append(struct form *form, struct slice name, struct slice value)
{
    char *block = malloc(name.size + value.size + 2);

    if (block && form->count == form->room) {
        size_t room = form->room ? 2 * form->room : 16;
        struct form_field *fields = realloc(form->fields, room * sizeof(*fields));

        if (fields) {
            form->fields = fields;
            form->room = room;
        }
    }
    if (!block || form->count == form->room) {
        free(block);
        form->failed = true;
        return ENOMEM;
    }
    if (name.size)
        memcpy(block, name.at, name.size);
    block[name.size] = '\0';
    if (value.size)
        memcpy(block + name.size + 1, value.at, value.size);
    block[name.size + 1 + value.size] = '\0';
    form->fields[form->count++] =
        (struct form_field){block, block + name.size + 1, name.size, value.size};
    return 0;
}

int form_parse(struct form *form, struct slice body)
{
    struct text name, value;
    int err = 0;

    form_init(form);
    text_init(&name);
    text_init(&value);
    while (body.size && !err) {
        struct slice pair = slice_cut(&body, '&');
        struct slice raw = slice_cut(&pair, '=');

        if (!raw.size)
            continue;
        text_clear(&name);
        text_clear(&value);
        form_decode(raw, true, &name);
        form_decode(pair, true, &value);
        if (name.failed || value.failed)
            err = ENOMEM;
        else if (!utf8_is_valid(text_slice(&name)) || !utf8_is_valid(text_slice(&value)))
            err = EILSEQ;
        else
            err = append(form, text_slice(&name), text_slice(&value));
    }
    text_release(&name);
    text_release(&value);
    return err;
}

void form_add_slice(struct form *form, struct slice name, struct slice value)
{
    (void)append(form, name, value); /* remembered in failed */
}

void form_add(struct form *form, const char *name, const char *value)
{
    form_add_slice(form, slice_from(name), slice_from(value));
}

void form_set(struct form *form, const char *name, const char *value)
{
    size_t kept = 0;

    for (size_t i = 0; i < form->count; ++i) {
        struct form_field *field = &form->fields[i];

        if (strcmp(field->name, name) == 0)
            free(field->name);
        else
            form->fields[kept++] = *field;
    }
    form->count = kept;
    form_add(form, name, value);
}

const char *form_get_at(const struct form *form, const char *name, size_t index)
{
    for (size_t i = 0; i < form->count; ++i)
        if (strcmp(form->fields[i].name, name) == 0 && index-- == 0)
            return form->fields[i].value;
    return NULL;
}

const char *form_get(const struct form *form, const char *name)
{
    return form_get_at(form, name, 0);
}

void form_write(const struct form *form, struct text *text)
{
    for (size_t i = 0; i < form->count; ++i) {
        const struct form_field *field = &form->fields[i];

        if (i)
            text_add_char(text, '&');
        form_encode(slice_of(field->name, field->name_size), true, text);
        text_add_char(text, '=');
        form_encode(slice_of(field->value, field->value_size), true, text);
    }
}
