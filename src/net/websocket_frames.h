#ifndef NET_WEBSOCKET_FRAMES_H
#define NET_WEBSOCKET_FRAMES_H

#include "base/text.h"

/*
 * The frames of a WebSocket, server's side, without the socket: bytes in, messages out, and the bytes
 * to be sent. wslay's home.
 *
 *   err = frames_new(&frames, 65536, false, on_message, arg);
 *   frames_feed(frames, bytes);                    as they come
 *   frames_send(frames, text);                     also from on_message
 *   send(fd, frames_out(frames)->at ...);          and take what has gone from its front
 *
 * Pings are answered, fragments put together, text is checked to be UTF-8. After a close, whoever began
 * it, nothing is read and nothing more is written; its frame stands at the end of frames_out.
 */
struct frames;

typedef void (*frames_message)(void *arg, struct slice text); /* its bytes live until it returns */

int frames_new(struct frames **frames, size_t message_size_max, bool takes_binary,
               frames_message message, void *arg) must_check; /* 0, ENOMEM */
void frames_free(struct frames *frames); /* NULL is fine; not from on_message */

void frames_feed(struct frames *frames, struct slice bytes);
void frames_send(struct frames *frames, struct slice text);
void frames_ping(struct frames *frames);
/* code: 1000-1011 or 3000-4999; the reason is cut to the 123 bytes it may have. */
void frames_close(struct frames *frames, uint16_t code, const char *reason);

struct text *frames_out(struct frames *frames);
/* 0 while open; else why it is closed: the peer's code (1005: it gave none) or ours. */
uint16_t frames_code(const struct frames *frames);
bool frames_has_failed(const struct frames *frames); /* no memory: nothing can be relied on */
uint64_t frames_heard(const struct frames *frames);  /* whole frames so far */

#endif
