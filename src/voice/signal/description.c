#include "voice/signal/description.h"

#include <errno.h>
#include <stdlib.h>

#include "base/text.h"

struct description {
    struct sdp_session *session;
    struct sdp_media *audio;
};

static int add_formats(struct description *description)
{
    int err = sdp_format_add(NULL, description->audio, false, "0", "PCMU", 8000, 1, NULL, NULL,
                             NULL, false, NULL);

    if (!err)
        err = sdp_format_add(NULL, description->audio, false, "8", "PCMA", 8000, 1, NULL, NULL,
                             NULL, false, NULL);
    if (!err)
        err = sdp_format_add(NULL, description->audio, false, "101", "telephone-event", 8000, 1,
                             NULL, NULL, NULL, false, "0-15");
    if (!err)
        err = sdp_media_set_lattr(description->audio, true, "ptime", "20");
    return err;
}

int description_new(struct description **descriptionp)
{
    struct description *description = calloc(1, sizeof(*description));
    struct sa nowhere;
    int err;

    if (!description)
        return ENOMEM;
    sa_init(&nowhere, AF_INET);
    err = sdp_session_alloc(&description->session, &nowhere);
    if (!err)
        err = sdp_media_add(&description->audio, description->session, "audio", 0, "RTP/AVP");
    if (!err)
        err = add_formats(description);
    if (err) {
        description_free(description);
        return ENOMEM;
    }
    *descriptionp = description;
    return 0;
}

void description_free(struct description *description)
{
    if (!description)
        return;
    mem_deref(description->session); /* and its media */
    free(description);
}

void description_local(struct description *description, const struct signal_local *local)
{
    struct sa address;

    sa_set_in(&address, ntohl(local->address.s_addr), local->port);
    sdp_session_set_laddr(description->session, &address);
    sdp_media_set_lport(description->audio, local->port);
}

int description_write(struct description *description, bool offer, struct mbuf **body)
{
    return sdp_encode(body, description->session, offer) ? ENOMEM : 0;
}

/* Of what both sides have, in the peer's order, the first that is a voice. */
static const struct sdp_format *voice_of(const struct sdp_media *audio, enum signal_codec *codec)
{
    const struct list *formats = sdp_media_format_lst(audio, false);

    for (struct le *le = list_head(formats); le; le = le->next) {
        const struct sdp_format *format = le->data;

        if (!format->sup || format->pt < 0 || format->pt > 127)
            continue;
        if (format->pt == 0 || (format->name && slice_is_nocase(slice_from(format->name), "PCMU")))
            *codec = SIGNAL_PCMU;
        else if (format->pt == 8 ||
                 (format->name && slice_is_nocase(slice_from(format->name), "PCMA")))
            *codec = SIGNAL_PCMA;
        else
            continue;
        return format;
    }
    return NULL;
}

int description_read(struct description *description, struct mbuf *body, bool offer,
                     struct signal_media *media)
{
    const struct sdp_format *voice, *keys;
    const struct sa *remote;
    enum sdp_dir direction;

    if (sdp_decode(description->session, body, offer))
        return EBADMSG;
    remote = sdp_media_raddr(description->audio);
    *media = (struct signal_media){.address.sin_family = AF_INET};
    voice = voice_of(description->audio, &media->codec);
    if (!voice || !sa_port(remote) || sa_af(remote) != AF_INET)
        return ENOTSUP;
    media->payload_type = (uint8_t)voice->pt;
    keys = sdp_media_rformat(description->audio, "telephone-event");
    if (keys && keys->pt > 0 && keys->pt < 128)
        media->dtmf_type = (uint8_t)keys->pt;
    media->address.sin_addr.s_addr = htonl(sa_in(remote));
    media->address.sin_port = htons(sa_port(remote));
    direction = sdp_media_dir(description->audio);
    /* c=IN IP4 0.0.0.0 is how hold was said before there were directions. */
    media->we_send = (direction & SDP_SENDONLY) && media->address.sin_addr.s_addr;
    media->we_receive = direction & SDP_RECVONLY;
    return 0;
}
