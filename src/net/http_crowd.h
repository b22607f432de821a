#ifndef NET_HTTP_CROWD_H
#define NET_HTTP_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/instant.h"
#include "base/table.h"

/*
 * The connections of an HTTP server, all of them, so that no crowd keeps others out: http_server.c
 * reports what each is doing, and here it is decided who must go. microhttpd cuts a connection on which
 * nothing moves; this cuts those on which just enough moves.
 *
 *   doing      may take                                     then
 *   waiting    twice `idle`                                 cut
 *   head       `idle`, at most 10 s, to its empty line      cut
 *   body       `idle` and a second for every 2 KiB          cut
 *   handled    as long as the handler takes
 *   sending    `idle` and a second for every 2 KiB          cut
 *
 * When all are taken each newcomer has the one cut that has kept us waiting longest: without a request,
 * with half a head, with a body that drips, with an answer it does not read. Where nobody can go, who
 * comes from an address with few connections is taken all the same: the crowd is not there.
 *
 * To cut is to shut the socket down: its owner finds it ended and closes it. One thread.
 */
enum { CROWD_EXCESS_MAX = 64 }; /* connections beyond count_max, for one short answer each */

struct crowd_limits {
    unsigned count_max;
    unsigned of_one_address_max; /* 0: half of count_max */
    unsigned few;                /* so many of one address are no crowd */
    const char *farewell;        /* an answer for whose request has not come yet; NULL: none */
    instant idle;
};

enum crowd_doing { CROWD_WAITING, CROWD_HEAD, CROWD_BODY, CROWD_HANDLED, CROWD_SENDING };

struct crowd_address;

struct crowd_member {
    struct crowd_member *previous, *next; /* of all */
    struct crowd_member *earlier, *later; /* of those not handled, the longest first */
    struct crowd_address *address;
    int fd;
    enum crowd_doing doing;
    bool is_excess, is_cut, has_asked;
    instant since;
    uint64_t size; /* of the body so far, or of the answer */
};

struct crowd {
    struct crowd_limits limits;
    struct crowd_member *members, *waiting_first, *waiting_last;
    struct table addresses;
    size_t count, cut_count; /* cut: not gone yet */
    uint64_t excess_total, evicted_total, slow_total;
    instant told_at;
    uint64_t told_total;
};

void crowd_init(struct crowd *crowd, const struct crowd_limits *limits);
void crowd_release(struct crowd *crowd);

/* A new connection; it waits for its first request. NULL: no memory, it is not looked after (all
 * functions take NULL for that). */
struct crowd_member *crowd_comes(struct crowd *crowd, int fd, const struct sockaddr *from,
                                 instant now);
void crowd_leaves(struct crowd *crowd, struct crowd_member *member);

void crowd_waits(struct crowd *crowd, struct crowd_member *member, instant now);
void crowd_reads_head(struct crowd *crowd, struct crowd_member *member, instant now);
void crowd_reads_body(struct crowd *crowd, struct crowd_member *member, instant now);
void crowd_progressed(struct crowd_member *member, size_t size);
void crowd_handles(struct crowd *crowd, struct crowd_member *member);
void crowd_sends(struct crowd *crowd, struct crowd_member *member, uint64_t size, instant now);

/* Cuts who has taken too long; about once a second. */
void crowd_sweep(struct crowd *crowd, instant now);

#endif
