#include "voice/web/pstream.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

static const char VERSION[] = "1.6";
const char pstream_heartbeat[PSTREAM_HEARTBEAT_SIZE + 1] = "\n";

/* -------------------------------------------------------------------------------------- reading */

static const struct {
    const char *type;
    enum pstream_kind kind;
} KINDS[] = {
    {"listen", PSTREAM_LISTEN}, {"register", PSTREAM_REGISTER}, {"invite", PSTREAM_INVITE},
    {"answer", PSTREAM_ANSWER}, {"reject", PSTREAM_REJECT},     {"hangup", PSTREAM_HANGUP},
    {"dtmf", PSTREAM_DTMF},     {"reinvite", PSTREAM_REINVITE}, {"message", PSTREAM_MESSAGE},
};

static enum pstream_kind kind_of(const char *type)
{
    for (size_t i = 0; i < array_count(KINDS); ++i)
        if (slice_is(slice_from(type), KINDS[i].type))
            return KINDS[i].kind;
    return PSTREAM_OTHER;
}

static const char *word(const json_t *payload, const char *name)
{
    const char *text = json_string_value(json_object_get(payload, name));

    return text ? text : "";
}

static size_t size_of(const json_t *content)
{
    if (json_is_string(content))
        return json_string_length(content);
    return content ? json_dumpb(content, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY) : 0;
}

static void read_payload(struct pstream_message *message, const json_t *payload)
{
    message->callsid = word(payload, "callsid");
    message->sdp = word(payload, "sdp");
    message->token = word(payload, "token");
    message->reconnect = word(payload, "reconnect");
    message->digits = word(payload, "dtmf");
    message->params = word(json_object_get(payload, "twilio"), "params");
    message->message_type = word(payload, "messagetype");
    message->event_sid = word(payload, "voiceeventsid");
    message->content_size = size_of(json_object_get(payload, "content"));
    message->has_audio = json_is_true(json_object_get(json_object_get(payload, "media"), "audio"));
}

int pstream_read(struct pstream_message *message, struct slice frame)
{
    const json_t *type;

    *message = (struct pstream_message){.kind = PSTREAM_HEARTBEAT};
    read_payload(message, NULL);
    if (!slice_trim(frame).size)
        return 0;
    message->json = json_loadb(frame.at, frame.size, JSON_REJECT_DUPLICATES, NULL);
    type = json_object_get(message->json, "type");
    if (!json_is_string(type))
        return EINVAL;
    message->kind = kind_of(json_string_value(type));
    read_payload(message, json_object_get(message->json, "payload"));
    return 0;
}

void pstream_message_release(struct pstream_message *message)
{
    json_decref(message->json);
    *message = (struct pstream_message){.kind = PSTREAM_OTHER};
}

/* -------------------------------------------------------------------------------------- writing */

/* Takes the payload (NULL: memory was out). */
static void write_frame(struct text *frame, const char *type, json_t *payload)
{
    json_t *json =
        json_pack("{s:s, s:o, s:s}", "type", type, "payload", payload, "version", VERSION);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

    if (text)
        text_add(frame, text);
    else
        frame->failed = true;
    free(text);
    json_decref(json);
}

void pstream_connected(struct text *frame, const char *identity, int64_t ttl_s)
{
    /* The region is what a page would build host names of: none of them is to exist. */
    write_frame(frame, "connected",
                json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:I}}", "edge", "local", "region", "local",
                          "home", "local", "gateway", "outdial", "token", "identity", identity,
                          "ttl", (json_int_t)ttl_s));
}

void pstream_ready(struct text *frame)
{
    write_frame(frame, "ready", json_object());
}

void pstream_offline(struct text *frame)
{
    write_frame(frame, "offline", json_object());
}

void pstream_ringing(struct text *frame, const char *callsid, const char *sdp)
{
    write_frame(frame, "ringing", json_pack("{s:s, s:s*}", "callsid", callsid, "sdp", sdp));
}

void pstream_answer(struct text *frame, const char *callsid, const char *sdp, const char *reconnect)
{
    write_frame(
        frame, "answer",
        json_pack("{s:s, s:s*, s:s*}", "callsid", callsid, "sdp", sdp, "reconnect", reconnect));
}

void pstream_cancel(struct text *frame, const char *callsid)
{
    write_frame(frame, "cancel", json_pack("{s:s}", "callsid", callsid));
}

void pstream_hangup(struct text *frame, const char *callsid, unsigned code, const char *why)
{
    write_frame(frame, "hangup",
                code ? json_pack("{s:s, s:{s:i, s:s}}", "callsid", callsid, "error", "code",
                                 (int)code, "message", why)
                     : json_pack("{s:s}", "callsid", callsid));
}

void pstream_error(struct text *frame, unsigned code, const char *why, const char *callsid,
                   const char *event_sid)
{
    write_frame(frame, "error",
                json_pack("{s:{s:i, s:s}, s:s*, s:s*}", "error", "code", (int)code, "message", why,
                          "callsid", callsid, "voiceeventsid", event_sid));
}

void pstream_ack(struct text *frame, const char *callsid, const char *event_sid)
{
    write_frame(frame, "ack",
                json_pack("{s:s, s:s, s:s}", "acktype", "message", "callsid", callsid,
                          "voiceeventsid", event_sid));
}

void pstream_invite(struct text *frame, const struct pstream_invite *invite)
{
    write_frame(frame, "invite",
                json_pack("{s:s, s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s}}", "callsid",
                          invite->callsid, "sdp", invite->sdp, "reconnect", invite->reconnect,
                          "parameters", "CallSid", invite->callsid, "From", invite->from, "To",
                          invite->to, "AccountSid", invite->account_sid, "Params", invite->params));
}
