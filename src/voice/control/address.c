#include "voice/control/address.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "voice/control/memory.h"

enum { DIGITS_MIN = 7, DIGITS_MAX = 15, SIP_SIZE_MAX = 512, NAME_SIZE_MAX = 121 };

static bool read_number(struct address *address, const char *text)
{
    char digits[DIGITS_MAX + 3] = "+";
    size_t count = 0;

    if (*text++ != '+')
        return false;
    for (; *text; ++text) {
        if (strchr(" -.()", *text))
            continue;
        if (*text < '0' || *text > '9' || count == DIGITS_MAX)
            return false;
        digits[++count] = *text;
    }
    if (count < DIGITS_MIN || digits[1] == '0')
        return false;
    address->text = memory_text(digits);
    return true;
}

static bool is_header_name(const char *name)
{
    if (strncasecmp(name, "X-", 2) != 0 || !name[2])
        return false;
    for (; *name; ++name)
        if (!((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
              (*name >= '0' && *name <= '9') || *name == '-' || *name == '_'))
            return false;
    return true;
}

static bool is_printable(const char *text)
{
    for (; *text; ++text)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

static void keep_headers(struct address *address, struct slice query)
{
    struct form form;

    if (form_parse(&form, query) == 0)
        for (size_t i = 0; i < form.count; ++i)
            if (is_header_name(form.fields[i].name) && is_printable(form.fields[i].value))
                form_add(&address->headers, form.fields[i].name, form.fields[i].value);
    form_release(&form);
}

/* sip:user@host[:port][;parameters][?X-Name=v] */
static bool read_sip(struct address *address, const char *text)
{
    struct slice query = slice_from(text), uri = slice_cut(&query, '?'), host = uri, user;

    if (uri.size > SIP_SIZE_MAX || strpbrk(text, " \t\r\n<>\""))
        return false;
    slice_cut(&host, ':');
    user = slice_cut(&host, '@');
    if (!user.size || !host.size || host.at[0] == ';' || host.at[0] == ':')
        return false;
    address->text = memory_slice(uri);
    keep_headers(address, query);
    return true;
}

/* client:identity[?name=value] */
static bool read_client(struct address *address, const char *text)
{
    struct slice query = slice_from(text), plain = slice_cut(&query, '?');
    char *copy = memory_slice(plain);

    if (address_is_identity(copy + 7) && form_parse(&address->headers, query) == 0) {
        address->text = copy;
        return true;
    }
    free(copy);
    return false;
}

void address_read(struct address *address, const char *text)
{
    struct slice trimmed = slice_trim(slice_from(text));
    char *copy = memory_slice(trimmed);

    *address = (struct address){0};
    form_init(&address->headers);
    if (strncasecmp(copy, "sip:", 4) == 0 || strncasecmp(copy, "sips:", 5) == 0) {
        address->kind = read_sip(address, copy) ? ADDRESS_SIP : ADDRESS_BAD;
    } else if (strncmp(copy, "client:", 7) == 0) {
        address->kind = read_client(address, copy) ? ADDRESS_CLIENT : ADDRESS_BAD;
    } else if (strncmp(copy, "app:", 4) == 0) {
        address->kind = ADDRESS_APPLICATION;
        address->text = memory_text(copy);
    } else if (read_number(address, copy)) {
        address->kind = ADDRESS_NUMBER;
    }
    free(copy);
}

void address_release(struct address *address)
{
    free(address->text);
    form_release(&address->headers);
    *address = (struct address){0};
}

bool address_is_ours(const struct control *control, const char *number)
{
    if (!control->number_count && !control->caller_id_count)
        return true;
    for (size_t i = 0; i < control->number_count; ++i)
        if (strcmp(control->numbers[i].number, number) == 0)
            return true;
    for (size_t i = 0; i < control->caller_id_count; ++i)
        if (strcmp(control->caller_ids[i].number, number) == 0)
            return true;
    return false;
}

bool address_is_allowed(const struct control *control, const char *number)
{
    for (size_t i = 0; i < control->allowed_prefix_count; ++i)
        if (slice_starts(slice_from(number), control->allowed_prefixes[i]))
            return true;
    return !control->allowed_prefix_count;
}

bool address_is_identity(const char *text)
{
    return *text && strlen(text) <= NAME_SIZE_MAX && is_printable(text);
}

bool address_is_name(const char *text)
{
    size_t size = strlen(text);

    return size && size <= NAME_SIZE_MAX && !strpbrk(text, " \t\r\n<>\"@;,") && is_printable(text);
}
