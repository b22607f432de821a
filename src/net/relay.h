#ifndef NET_RELAY_H
#define NET_RELAY_H

#include "net/http_server.h"

/*
 * A WebSocket carried on to another server: the browser sees one origin, and what stands behind it may
 * move. The request's head is made anew (key, version, protocol; no extensions), then bytes go both ways
 * as they are. One thread, the loop's.
 *
 *   err = relay_begin(request, &target);      in the HTTP handler; 0: the relay replies, sooner or later
 *
 * Nobody there, or no 101 within ANSWER: 503, so that the browser comes again; what else the target says
 * (426, 401 ...) is passed on by its status, 5xx as 503. Buffers are fixed (16 KiB each way): who does not
 * read holds up who writes, and nothing else. When one side has ended, the other has GRACE to end too.
 * A relay ends itself; those still open end with http_server_free.
 */
struct relay_target {
    const char *address; /* in numbers */
    uint16_t port;
    const char *path;
};

enum { RELAY_ANSWER_MS_MAX = 3000, RELAY_GRACE_MS_MAX = 5000 };

/* "http://127.0.0.1:8081" or "http://[::1]:8081" (a path after it is not looked at); false: it is nothing a
 * relay can reach. The address is written to `address`, which the target then points to. */
bool relay_target_of(const char *url, char *address, size_t address_size,
                     struct relay_target *target) must_check;

/* 0; EINVAL: no WebSocket is asked for (say 426); ECONNREFUSED, EINVAL ...: cannot be connected, ENOMEM (say
 * 503). Nobody has replied then. */
int relay_begin(struct http_request *request, const struct relay_target *target) must_check;

#endif
