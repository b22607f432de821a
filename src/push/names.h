#ifndef PUSH_NAMES_H
#define PUSH_NAMES_H

#include "base/text.h"

/* What the names of channels and events say, and how long anything may be. */
enum {
    PUSH_NAME_SIZE_MAX = 200,       /* of a channel and of an event */
    PUSH_DATA_SIZE_MAX = 10 * 1024, /* of an event */
    PUSH_CHANNELS_MAX = 100,        /* an event may go to */
    PUSH_BATCH_MAX = 10,
    PUSH_MEMBERS_MAX = 100, /* of a presence channel */
    PUSH_USER_SIZE_MAX = 128,
    PUSH_USER_INFO_SIZE_MAX = 1024,
    PUSH_SOCKET_ID_SIZE = 24,
};

struct push_channel_kind {
    bool is_private; /* also when it is presence */
    bool is_presence, is_encrypted, is_cache;
    bool is_user; /* "#server-to-user-ID": of one who has signed in */
};

/* False: it may not be so named. */
bool push_channel_kind(struct slice name, struct push_channel_kind *kind);
struct slice push_channel_user(struct slice name); /* the ID of "#server-to-user-ID" */
bool push_event_is_valid(struct slice name);
bool push_socket_id_is_valid(struct slice id); /* digits, a dot, digits */

#endif
