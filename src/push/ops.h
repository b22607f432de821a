#ifndef PUSH_OPS_H
#define PUSH_OPS_H

/*
 * The narrow side of push: an event to everybody on a channel. Behind it stands the embedded server
 * (push/server.h) or the hosted service (push/hosted.h); a caller cannot tell which.
 *
 *   push.ops->trigger(push.self, "private-agent-7", "desk", "{\"version\":12}");
 *
 * An event may be lost, as on any push wire: whoever gets it must be able to read its state anew. Data is
 * JSON, at most PUSH_DATA_SIZE_MAX bytes. Events to one channel come in their order.
 */
struct push_ops {
    /* 0; EMSGSIZE; EINVAL: a name that may not be; ENOBUFS: too many are waiting. */
    int (*trigger)(void *self, const char *channel, const char *event, const char *data);
};

struct push {
    const struct push_ops *ops;
    void *self;
};

#endif
