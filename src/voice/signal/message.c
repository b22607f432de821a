#include "voice/signal/message.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

struct slice message_slice(const struct pl *text)
{
    return slice_of(text->p ? text->p : "", text->p ? text->l : 0);
}

size_t message_x_headers(const struct sip_msg *message, struct signal_header *headers, size_t room)
{
    size_t count = 0;

    for (struct le *le = list_head(&message->hdrl); le && count < room; le = le->next) {
        const struct sip_hdr *header = le->data;
        struct slice name = message_slice(&header->name);

        if (name.size > 2 && (name.at[0] == 'X' || name.at[0] == 'x') && name.at[1] == '-')
            headers[count++] = (struct signal_header){name, message_slice(&header->val)};
    }
    return count;
}

static bool is_key(char c)
{
    return (c >= '0' && c <= '9') || c == '*' || c == '#' || (c >= 'A' && c <= 'D');
}

/* "Signal=5\r\nDuration=160": the lines in any order, blanks around the sign. */
static void read_relay_line(struct slice line, char *digit, unsigned *duration_ms)
{
    struct slice value = line;
    struct slice name = slice_trim(slice_cut(&value, '='));
    int64_t number;

    value = slice_trim(value);
    if (slice_is_nocase(name, "Signal") && value.size == 1)
        *digit = value.at[0];
    else if (slice_is_nocase(name, "Duration") && !slice_to_i64(value, 1, 60000, &number))
        *duration_ms = (unsigned)number;
}

bool message_key(const struct sip_msg *message, char *digit, unsigned *duration_ms)
{
    struct slice body = slice_of((const char *)mbuf_buf(message->mb), mbuf_get_left(message->mb));
    struct slice type = message_slice(&message->ctyp.type);
    struct slice subtype = message_slice(&message->ctyp.subtype);

    *digit = 0;
    *duration_ms = 100;
    if (!slice_is_nocase(type, "application"))
        return false;
    if (slice_is_nocase(subtype, "dtmf")) {
        body = slice_trim(body);
        *digit = body.size == 1 ? body.at[0] : 0;
    } else if (slice_is_nocase(subtype, "dtmf-relay")) {
        while (body.size)
            read_relay_line(slice_cut(&body, '\n'), digit, duration_ms);
    }
    if (*digit >= 'a' && *digit <= 'd')
        *digit = (char)(*digit - 'a' + 'A');
    return is_key(*digit);
}

bool message_has_description(const struct sip_msg *message)
{
    return mbuf_get_left(message->mb) > 0 &&
           slice_is_nocase(message_slice(&message->ctyp.type), "application") &&
           slice_is_nocase(message_slice(&message->ctyp.subtype), "sdp");
}

void message_add_clean(struct text *text, struct slice value)
{
    for (size_t i = 0; i < value.size; ++i)
        if ((unsigned char)value.at[i] >= 32 && value.at[i] != 127)
            text_add_char(text, value.at[i]);
}

void message_add_name(struct text *text, const char *name)
{
    for (; *name; ++name)
        if ((unsigned char)*name >= 32 && *name != 127 && *name != '"' && *name != '\\')
            text_add_char(text, *name);
}

static bool is_letter_or_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

void message_add_user(struct text *text, const char *user)
{
    for (; *user; ++user)
        if (is_letter_or_digit(*user) || strchr("-_.!~*'()&=+$,", *user))
            text_add_char(text, *user);
        else
            text_addf(text, "%%%02X", (unsigned)(unsigned char)*user);
}

void message_add_header(struct text *text, struct slice name, struct slice value)
{
    if (!name.size)
        return;
    for (size_t i = 0; i < name.size; ++i)
        if (!is_letter_or_digit(name.at[i]) && !memchr("-.!%*_+`'~", name.at[i], 10))
            return;
    text_add_slice(text, name);
    text_add(text, ": ");
    message_add_clean(text, value);
    text_add(text, "\r\n");
}

bool message_is_number(const char *text)
{
    size_t size = strlen(text);
    size_t at = text[0] == '+';

    if (size == at || size > 31)
        return false;
    for (; at < size; ++at)
        if (!is_key(text[at]) || (text[at] >= 'A' && text[at] <= 'D'))
            return false;
    return true;
}

static int read_host(struct slice host, struct in_addr *address)
{
    char name[64];

    if (slice_is_nocase(host, "localhost")) {
        address->s_addr = htonl(INADDR_LOOPBACK);
        return 0;
    }
    if (!slice_copy(host, name, sizeof(name)) || inet_pton(AF_INET, name, address) != 1)
        return EINVAL;
    return 0;
}

static int read_transport(struct slice parameters, bool *tcp)
{
    while (parameters.size) {
        struct slice value = slice_cut(&parameters, ';');
        struct slice name = slice_cut(&value, '=');

        if (!slice_is_nocase(name, "transport"))
            continue;
        *tcp = slice_is_nocase(value, "tcp");
        if (!*tcp && !slice_is_nocase(value, "udp"))
            return EINVAL;
    }
    return 0;
}

int message_read_target(const char *uri, struct message_target *target)
{
    struct slice rest = slice_from(uri), parameters, host;
    int64_t port = 0;

    *target = (struct message_target){.port = 0};
    for (size_t i = 0; i < rest.size; ++i)
        if ((unsigned char)rest.at[i] <= 32 || strchr("<>\"\x7f", rest.at[i]))
            return EINVAL;
    if (rest.size < 5 || !slice_is_nocase(slice_of(rest.at, 4), "sip:"))
        return EINVAL;
    rest = slice_of(rest.at + 4, rest.size - 4);
    rest = slice_cut(&rest, '?');
    if (memchr(rest.at, '@', rest.size))
        target->user = slice_cut(&rest, '@');
    parameters = rest;
    host = slice_cut(&parameters, ';');
    target->host = slice_cut(&host, ':');
    if (host.size && slice_to_i64(host, 1, 65535, &port))
        return EINVAL;
    target->port = (uint16_t)port;
    if (!target->host.size || read_transport(parameters, &target->tcp))
        return EINVAL;
    return read_host(target->host, &target->address);
}

const char *signal_end_name(enum signal_end end)
{
    switch (end) {
    case SIGNAL_END_PEER:
        return "peer";
    case SIGNAL_END_US:
        return "us";
    case SIGNAL_END_REFUSED:
        return "refused";
    case SIGNAL_END_NO_ANSWER:
        return "no-answer";
    case SIGNAL_END_NO_REPLY:
        return "no-reply";
    case SIGNAL_END_UNREACHABLE:
        return "unreachable";
    case SIGNAL_END_MEDIA:
        return "media";
    case SIGNAL_END_FAULT:
        return "fault";
    }
    return "unknown";
}
