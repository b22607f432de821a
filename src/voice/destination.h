#ifndef VOICE_DESTINATION_H
#define VOICE_DESTINATION_H

#include <sys/socket.h>

#include "voice/voice.h"

/*
 * Where webhooks and audio may be fetched from. Asked for every address right before it is connected
 * to, so a name that resolves to a private address does not slip through. Pure.
 */
bool destination_is_allowed(enum voice_fetch policy, const struct sockaddr *address);

#endif
