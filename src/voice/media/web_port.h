#ifndef VOICE_MEDIA_WEB_PORT_H
#define VOICE_MEDIA_WEB_PORT_H

#include "voice/media/media_parts.h"
#include "voice/media/web.h"

/*
 * The socket of all browsers, on the media thread: read in batches while it is readable, a bounded number at a
 * time; what goes out waits until the thread has done what it woke for, and goes in one call.
 */
struct web_port;

/* Takes the descriptor, on success only. Watched by media's epoll with the port itself as its carrier. */
int web_port_new(struct web_port **port, struct media *media,
                 int fd) must_check;       /* 0, ENOMEM or errno */
void web_port_free(struct web_port *port); /* NULL is fine */
struct web *web_port_web(struct web_port *port);
void web_port_receive(struct web_port *port);
void web_port_flush(struct web_port *port); /* sends what waits; NULL is fine */

#endif
