#ifndef VOICE_CONTROL_ADDRESS_H
#define VOICE_CONTROL_ADDRESS_H

#include "voice/control/machine.h"

/* Whom one can call: a number, a SIP address, a browser client. */
enum address_kind { ADDRESS_BAD, ADDRESS_NUMBER, ADDRESS_SIP, ADDRESS_CLIENT, ADDRESS_APPLICATION };

struct address {
    enum address_kind kind;
    char *text;          /* "+15005550001", "sip:user@host;transport=tcp", "client:agent7" */
    struct form headers; /* from the query: X- headers of a SIP address, parameters for a client */
};

/* Blanks, dashes, dots and brackets in a number are left out. Release it also when it is bad. */
void address_read(struct address *address, const char *text);
void address_release(struct address *address);

/* May this number be shown as the caller's? Any may when none are configured. */
bool address_is_ours(const struct control *control, const char *number);
/* May this number be called? */
bool address_is_allowed(const struct control *control, const char *number);
/* A SIP user part or client identity that may stand as From. */
bool address_is_name(const char *text);
/* The identity of a browser client. */
bool address_is_identity(const char *text);

#endif
