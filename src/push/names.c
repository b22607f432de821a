#include "push/names.h"

#include <string.h>

#define USER_PREFIX "#server-to-user-"

static bool take_prefix(struct slice *name, const char *prefix)
{
    size_t size = strlen(prefix);

    if (!slice_starts(*name, prefix))
        return false;
    *name = slice_of(name->at + size, name->size - size);
    return true;
}

static bool is_of_name(struct slice name)
{
    if (!name.size)
        return false;
    for (size_t i = 0; i < name.size; ++i) {
        char c = name.at[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            (!c || !strchr("_-=@,.;", c)))
            return false;
    }
    return true;
}

bool push_channel_kind(struct slice name, struct push_channel_kind *kind)
{
    *kind = (struct push_channel_kind){.is_private = false};
    if (name.size > PUSH_NAME_SIZE_MAX)
        return false;
    if (take_prefix(&name, USER_PREFIX)) {
        kind->is_user = true;
        return name.size && name.size <= PUSH_USER_SIZE_MAX;
    }
    if (!is_of_name(name))
        return false;
    if (take_prefix(&name, "private-encrypted-"))
        kind->is_private = kind->is_encrypted = true;
    else if (take_prefix(&name, "private-"))
        kind->is_private = true;
    else if (take_prefix(&name, "presence-"))
        kind->is_private = kind->is_presence = true;
    kind->is_cache = take_prefix(&name, "cache-");
    return true;
}

struct slice push_channel_user(struct slice name)
{
    return take_prefix(&name, USER_PREFIX) ? name : slice_of("", 0);
}

bool push_event_is_valid(struct slice name)
{
    return name.size && name.size <= PUSH_NAME_SIZE_MAX && !memchr(name.at, '\0', name.size);
}

static bool is_digits(struct slice text)
{
    for (size_t i = 0; i < text.size; ++i)
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
    return text.size > 0;
}

bool push_socket_id_is_valid(struct slice id)
{
    struct slice first = slice_cut(&id, '.');

    return is_digits(first) && is_digits(id);
}
