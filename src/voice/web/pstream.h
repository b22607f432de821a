#ifndef VOICE_WEB_PSTREAM_H
#define VOICE_WEB_PSTREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/*
 * The messages of the browser phone's signalling ("PStream" 1.6): JSON {type, payload, version}, one a
 * WebSocket text frame. Read from the browser, written to it. Pure.
 *
 *   if (pstream_read(&message, frame) == 0) { ...; }
 *   pstream_message_release(&message);                   also after a failure
 *
 * The writers append one whole frame; texts that may be NULL are left out then.
 */
enum pstream_kind {
    PSTREAM_HEARTBEAT, /* the echo of ours */
    PSTREAM_LISTEN,    /* token */
    PSTREAM_REGISTER,  /* has_audio: it wants to be rung */
    PSTREAM_INVITE,    /* callsid, sdp, params; or reconnect */
    PSTREAM_ANSWER,    /* callsid, sdp */
    PSTREAM_REJECT,
    PSTREAM_HANGUP,
    PSTREAM_DTMF, /* digits */
    PSTREAM_REINVITE,
    PSTREAM_MESSAGE, /* content ... */
    PSTREAM_OTHER,   /* well formed, of no meaning here */
};

struct pstream_message {
    enum pstream_kind kind;
    /* "" when absent; they live as long as the message */
    const char *callsid, *sdp, *token, *params, *reconnect, *digits;
    const char *message_type, *event_sid;
    size_t content_size; /* of a message */
    bool has_audio;
    void *json;
};

enum { PSTREAM_HEARTBEAT_SIZE = 1 };
extern const char pstream_heartbeat[PSTREAM_HEARTBEAT_SIZE + 1];

/* 0; EINVAL: no JSON object with a type; ENOMEM. */
int pstream_read(struct pstream_message *message, struct slice frame) must_check;
void pstream_message_release(struct pstream_message *message);

void pstream_connected(struct text *frame, const char *identity, int64_t ttl_s);
void pstream_ready(struct text *frame);
void pstream_offline(struct text *frame);
/* sdp: it hears from now on what comes before the answer */
void pstream_ringing(struct text *frame, const char *callsid, const char *sdp);
/* reconnect: what it is to show when it comes back over another socket */
void pstream_answer(struct text *frame, const char *callsid, const char *sdp,
                    const char *reconnect);
void pstream_cancel(struct text *frame, const char *callsid);
void pstream_hangup(struct text *frame, const char *callsid, unsigned code, const char *why);
void pstream_error(struct text *frame, unsigned code, const char *why, const char *callsid,
                   const char *event_sid);
void pstream_ack(struct text *frame, const char *callsid, const char *event_sid);

struct pstream_invite {
    const char *callsid, *sdp, *from, *to, *account_sid, *reconnect;
    const char *params; /* "a=b&c=d" */
};

void pstream_invite(struct text *frame, const struct pstream_invite *invite);

#endif
