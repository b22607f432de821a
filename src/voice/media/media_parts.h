#ifndef VOICE_MEDIA_MEDIA_PARTS_H
#define VOICE_MEDIA_MEDIA_PARTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "base/ring.h"
#include "base/table.h"
#include "voice/media/core.h"
#include "voice/media/media_web.h"

/* What media.c (the control thread's side) and media_thread.c share. Nobody else includes this. */

enum media_order_kind {
    ORDER_LEG_OPEN,
    ORDER_LEG_REMOTE,
    ORDER_LEG_ANSWERED,
    ORDER_LEG_CLOSE,
    ORDER_LEG_MUTE,
    ORDER_LEG_HOLD,
    ORDER_LEG_COACH,
    ORDER_LEG_SEND_DIGITS,
    ORDER_ROOM_OPEN,
    ORDER_ROOM_CLOSE,
    ORDER_ROOM_JOIN,
    ORDER_ROOM_LEAVE,
    ORDER_PLAY_LEG,
    ORDER_PLAY_ROOM,
    ORDER_STOP_LEG,
    ORDER_STOP_ROOM,
    ORDER_WEB_OPEN,
    ORDER_WEB_RESTART,
    ORDER_WEB_KEYS,
    ORDER_WEB_SEND,
    ORDER_WEB_OPUS,
    ORDER_END, /* the thread closes everything and returns */
};

struct media_order {
    enum media_order_kind kind;
    bool on;                   /* muted, held, beep */
    uint64_t leg, room, other; /* other: coached, play id */
    instant at;                /* when it was so: remote, answered */
    union {
        int fd;
        struct audio *audio; /* the order's own reference */
        struct media_remote remote;
        struct media_join join;
        struct media_play play; /* with the order's own reference to its audio */
        char digits[MEDIA_DIGITS_MAX + 1];
        struct media_web_ice ice;
        struct web_opus *opus; /* the order's own */
        struct {
            struct secure_stream *in, *out; /* the order's own */
        } keys;
        struct {
            uint8_t *at; /* the order's own, malloc's */
            size_t size;
        } datagram;
    };
};

struct media {
    struct media_options options;
    struct sockaddr_storage address; /* without a port */
    socklen_t address_size;
    instant clock_offset; /* UTC less CLOCK_MONOTONIC */
    struct ring orders, events;
    _Atomic bool ordered; /* the media thread is being woken, or awake and still to look */
    int order_fd, event_fd, epoll_fd;
    pthread_t thread;
    _Atomic int64_t busy; /* microseconds at work, or late for it; the thread alone adds */
    bool is_realtime;

    /* the control thread's */
    struct table legs;  /* ids of open legs */
    uint16_t web_port;  /* 0: no browsers */
    uint8_t *taken;     /* the datagram of the event taken last, or NULL */
    unsigned port_next; /* where the search in the range goes on */

    /* the media thread's */
    struct media_core *core;
    struct port *ports;                         /* all open ones, in a list */
    struct web_port *browsers;                  /* NULL: none are taken */
    struct port *swept[MEDIA_CORE_PHASE_COUNT]; /* those not watched, by their leg's phase */
    int64_t swept_tick;
    struct media_event *late_events; /* those the full ring refused */
    size_t late_count, late_room;
    bool waits_in_ms;
    bool told; /* an event was put since the last wake-up of the reader */
};

/* 0 or errno; makes the core, too. web_fd: the socket of all browsers, which it takes; -1: none */
int media_thread_start(struct media *media, int web_fd) must_check;
/* The media thread's: an event for the control thread; what has been sent, hellos among it. */
void media_event_put(struct media *media, const struct media_event *event);
void media_sent(struct media *media, instant now);
/* Binds a UDP socket to that port, or any (0). 0 or errno. */
int media_socket_bind(const struct sockaddr_storage *address, socklen_t size, unsigned port,
                      int *fd, unsigned *bound) must_check;
int media_web_bind(struct media *media, const struct media_options *options, int *fd, char *error,
                   size_t error_size) must_check;
void media_order_put(struct media *media, const struct media_order *order);
void media_order_release(struct media_order *order); /* lets go of its reference or socket */

#endif
