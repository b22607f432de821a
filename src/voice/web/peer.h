#ifndef VOICE_WEB_PEER_H
#define VOICE_WEB_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/*
 * WebRTC, the control thread's half: descriptions (RFC 8829, bundle of one audio stream), ICE-lite credentials
 * (RFC 8445), DTLS (RFC 5763, by OpenSSL on memory, we are always its server), and from its end the keys of
 * SRTP (RFC 5764). The media thread has the other half: the one UDP port of all browsers, STUN, SRTP and
 * SRTCP; it hands DTLS datagrams here (MEDIA_WEB_DTLS) and sends ours.
 *
 *   web_peers_new(&peers, media, &options, error, sizeof(error));
 *   web_peer_answer(peers, leg, offer_sdp, &answer);     the browser calls: media_leg is opened inside
 *   web_peer_offer(peers, leg, &offer);                  we call the browser; then
 *   web_peer_accepted(peers, leg, answer_sdp);
 *   web_peer_restart(peers, leg, offer_sdp, &answer);    ICE restart (reinvite): new ufrag and password, same DTLS
 *   web_peers_dtls(peers, leg, bytes)                    a MEDIA_WEB_DTLS event of media
 *   web_peer_close(peers, leg);                          also closes the media leg; MEDIA_LEG_CLOSED follows
 *
 * A leg is a media leg like any other: rooms, mute, hold, plays and digits are ordered of media by its number.
 * media_leg_answered is the caller's. One thread.
 */
struct web_peers;
struct media;
struct loop;

struct web_peers_options {
    struct loop *loop; /* its timers repeat what the network lost of a handshake */
    const char *const
        *candidates; /* IPv4 addresses to advertise, best first, with media_web_port; NULL ends */
    bool opus; /* speak Opus with a browser that puts it first (poor links), offer it after PCMU */
    unsigned handshake_ms; /* a handshake that takes longer has failed; 0: 15 000 */
    /*
     * No sound will come: the handshake failed, or was too long, or the browser took our offer and never
     * came. Once a leg, from the loop, never from inside a call; the leg is there until web_peer_close.
     * NULL: nobody is told, and the leg is found to be silent.
     */
    void (*failed)(void *arg, uint64_t leg, const char *why);
    void *arg;
};

int web_peers_new(struct web_peers **peers, struct media *media,
                  const struct web_peers_options *options, char *error,
                  size_t error_size) must_check;
void web_peers_free(struct web_peers *peers);

/* 0; EINVAL with *why (a static sentence): the description is not understood or lacks a line that is needed;
 * ENOTSUP with *why: no codec in common; EEXIST, ENOBUFS, ENOMEM. The text is initialised by the caller. */
int web_peer_answer(struct web_peers *peers, uint64_t leg, struct slice offer, struct text *answer,
                    const char **why) must_check;
int web_peer_offer(struct web_peers *peers, uint64_t leg, struct text *offer) must_check;
int web_peer_accepted(struct web_peers *peers, uint64_t leg, struct slice answer,
                      const char **why) must_check;
int web_peer_restart(struct web_peers *peers, uint64_t leg, struct slice offer, struct text *answer,
                     const char **why) must_check;
void web_peers_dtls(struct web_peers *peers, uint64_t leg, struct slice datagram);
void web_peer_close(struct web_peers *peers, uint64_t leg);
bool web_peer_is_secured(const struct web_peers *peers,
                         uint64_t leg); /* DTLS is through, fingerprint checked */

#endif
