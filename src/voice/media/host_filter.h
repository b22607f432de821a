#ifndef VOICE_MEDIA_HOST_FILTER_H
#define VOICE_MEDIA_HOST_FILTER_H

#include <sys/socket.h>

/*
 * A UDP socket that takes datagrams of one host only, whatever their port: the kernel drops all others
 * before they are queued. Where it takes no filter the socket stays open to all; its reader asks again.
 */
void host_filter_set(int fd,
                     const struct sockaddr *host); /* another one takes the place of the first */
void host_filter_clear(int fd);

#endif
