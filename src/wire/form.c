#include "wire/form.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_SIZE = 1000, FIELDS_FIRST = 32 };

/* A webhook's thirty names and values fill one. */
struct form_chunk {
    struct form_chunk *next;
    size_t used, size;
    char bytes[];
};

void form_init(struct form *form)
{
    *form = (struct form){0};
}

void form_release(struct form *form)
{
    while (form->chunks) {
        struct form_chunk *chunk = form->chunks;

        form->chunks = chunk->next;
        free(chunk);
    }
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

/* Never longer than what it is made of. Returns its size. */
static size_t decode(struct slice value, bool plus, char *out)
{
    size_t size = 0;

    if (!value.size)
        return 0;
    if (!memchr(value.at, '%', value.size) && !(plus && memchr(value.at, '+', value.size))) {
        memcpy(out, value.at, value.size);
        return value.size;
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
        out[size++] = c;
    }
    return size;
}

void form_decode(struct slice value, bool plus, struct text *text)
{
    char part[256];

    if (!value.size ||
        (!memchr(value.at, '%', value.size) && !(plus && memchr(value.at, '+', value.size)))) {
        text_add_slice(text, value);
        return;
    }
    while (value.size) {
        size_t size = value.size < sizeof(part) ? value.size : sizeof(part);

        if (size < value.size) /* not between a '%' and its digits */
            for (size_t back = 1; back <= 2; ++back)
                if (value.at[size - back] == '%') {
                    size -= back;
                    break;
                }
        text_add_bytes(text, part, decode(slice_of(value.at, size), plus, part));
        value = slice_of(value.at + size, value.size - size);
    }
}

static bool is_plain(unsigned char c, bool plus)
{
    static const char LETTERS[256] = {
        ['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1, ['-'] = 1, ['.'] = 1, ['_'] = 1};

    return LETTERS[c] || c == (plus ? '*' : '~');
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

/* Eight at a time: how many at the front are all of 1-127. 0 or 8, or 1 near the end. */
static size_t plain_bytes(const char *at, size_t size)
{
    uint64_t word;

    if (size < sizeof(word))
        return (signed char)*at > 0;
    memcpy(&word, at, sizeof(word));
    return (((word - 0x0101010101010101) | word) & 0x8080808080808080) ? 0 : sizeof(word);
}

bool utf8_is_valid(struct slice bytes)
{
    for (size_t i = 0; i < bytes.size;) {
        size_t length = plain_bytes(bytes.at + i, bytes.size - i);

        if (!length)
            length = utf8_character((const unsigned char *)bytes.at + i, bytes.size - i);

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

/* Room for so many bytes, or NULL. */
static char *chunk_take(struct form *form, size_t size)
{
    struct form_chunk *chunk = form->chunks;

    if (!chunk || chunk->size - chunk->used < size) {
        size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;

        chunk = malloc(sizeof(*chunk) + room);
        if (!chunk)
            return NULL;
        *chunk = (struct form_chunk){.next = form->chunks, .size = room};
        form->chunks = chunk;
    }
    chunk->used += size;
    return chunk->bytes + chunk->used - size;
}

static bool field_reserve(struct form *form)
{
    size_t room = form->room ? 2 * form->room : FIELDS_FIRST;
    struct form_field *fields;

    if (form->count < form->room)
        return true;
    fields = realloc(form->fields, room * sizeof(*fields));
    if (!fields)
        return false;
    form->fields = fields;
    form->room = room;
    return true;
}

/* Name and value, one behind the other; decoded in place when they come encoded. */
static int append(struct form *form, struct slice name, struct slice value, bool encoded)
{
    char *block = field_reserve(form) ? chunk_take(form, name.size + value.size + 2) : NULL;
    struct form_field *field;

    if (!block) {
        form->failed = true;
        return ENOMEM;
    }
    field = &form->fields[form->count++];
    if (encoded) {
        field->name_size = decode(name, true, block);
        field->value_size = decode(value, true, block + field->name_size + 1);
    } else {
        field->name_size = name.size;
        field->value_size = value.size;
        if (name.size)
            memcpy(block, name.at, name.size);
        if (value.size)
            memcpy(block + name.size + 1, value.at, value.size);
    }
    block[field->name_size] = '\0';
    block[field->name_size + 1 + field->value_size] = '\0';
    field->name = block;
    field->value = block + field->name_size + 1;
    return 0;
}

int form_parse(struct form *form, struct slice body)
{
    form_init(form);
    while (body.size) {
        struct slice pair = slice_cut(&body, '&');
        struct slice name = slice_cut(&pair, '=');
        const struct form_field *field;

        if (!name.size)
            continue;
        if (append(form, name, pair, true))
            return ENOMEM;
        field = &form->fields[form->count - 1];
        if (!utf8_is_valid(slice_of(field->name, field->name_size)) ||
            !utf8_is_valid(slice_of(field->value, field->value_size))) {
            --form->count;
            return EILSEQ;
        }
    }
    return 0;
}

void form_add_slice(struct form *form, struct slice name, struct slice value)
{
    (void)append(form, name, value, false); /* remembered in failed */
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

        if (strcmp(field->name, name) != 0)
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

void utf8_copy(const char *from, char *to, size_t size)
{
    struct slice text = slice_from(from);

    if (text.size >= size) {
        text.size = size - 1;
        while (text.size && ((unsigned char)text.at[text.size] & 0xc0) == 0x80)
            text.size--;
    }
    (void)slice_copy(text, to, size);
}
