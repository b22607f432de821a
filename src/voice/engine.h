#ifndef VOICE_ENGINE_H
#define VOICE_ENGINE_H

#include "base/table.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "voice/capacity.h"
#include "voice/control/control.h"
#include "voice/media/media.h"
#include "voice/prompt.h"
#include "voice/signal/signal.h"
#include "voice/voice.h"
#include "voice/web/peer.h"
#include "voice/web/switchboard.h"

/*
 * The engine process from the inside; only voice/'s own files include this. Everything that happens
 * is fed to the control, then engine_settle performs what the control wants, all on one thread:
 *
 *   engine_rest.c    HTTP requests     -> control_rest
 *   engine_fetch.c   control's fetches -> net/http_client, within the destination policy
 *   engine_legs.c    SIP and media events -> control; control's orders about legs and rooms
 *   engine_web.c     browsers' sockets and legs, as engine_legs.c those of SIP
 *   engine_sound.c   control's plays   -> words, files and tones -> media
 *   engine_alone.c   nobody asks any more: the engine's own end
 *   engine_load.c    how busy the media thread is -> control; figures for the log
 *   voice.c          the beginning, the loop and the end
 */
struct engine_load {
    struct loop_timer timer;
    bool is_high;
    unsigned percent;
    instant looked_at, busy, told_at, no_room_until;
    uint64_t refused_told, dropped_told;
};

struct engine {
    const struct voice_options *options;
    unsigned descriptors; /* this process may have */
    struct capacity capacity;
    struct in_addr media_address; /* as advertised */
    struct loop *loop;
    struct signal *signal;
    struct media *media;
    struct web_peers *browsers; /* NULL: none are taken */
    struct switchboard *board;  /* of their signalling; NULL likewise */
    struct table sockets;       /* device -> struct engine_socket */
    uint64_t socket_last;
    struct prompt *prompt;
    struct http_client *client;          /* of documents and sound: somebody is on the line */
    struct http_client *callback_client; /* a host that hangs for these hangs for these only */
    struct http_server *server;
    struct control *control;
    struct loop_timer deadline_timer, stop_timer, alone_timer, board_timer;
    struct engine_load load;
    struct table legs;                   /* leg -> struct engine_leg */
    struct table sounds;                 /* play -> struct sound */
    struct audio *ring_tone, *exit_beep; /* made at first use */
    struct control_event *later;         /* happened while effects were performed; fed after them */
    size_t later_count, later_room;
    bool settling, stopping;
    bool forgotten; /* nobody has asked for alone_s: it is on its way out */
    instant stop_by, heard_at;
    int signal_fd;
};

/* The leg as the engine must know it between SIP and media. */
struct engine_leg {
    struct engine *engine;
    uint64_t id;
    bool has_media; /* media has it: MEDIA_LEG_CLOSED will come */
    bool over;      /* SIP (or the switchboard) is through with it */
    bool is_browser;
    char *description; /* ours, of a page that calls, until it is over */
    bool has_remote;
    struct media_remote remote;
    unsigned digits_waiting; /* media_leg_send_digits not yet told as sent */
};

/* Feeds the control and performs what it wants. From inside a perform the event waits its turn; its
 * texts must then be constant. */
void engine_feed(struct engine *engine, const struct control_event *event);
void engine_settle(struct engine *engine);

/* engine_rest.c */
void engine_rest(void *engine, struct http_request *request);

/* engine_fetch.c */
void engine_fetch(struct engine *engine, const struct control_effect *effect);
/* May what is fetched come from there? (enum voice_fetch) */
bool engine_may_connect(void *engine, const struct sockaddr *address);

/* engine_legs.c */
void engine_signal_event(void *engine, const struct signal_event *event);
void engine_media_events(void *engine, uint32_t epoll_events);
void engine_browser_failed(void *engine, uint64_t leg, const char *why);
void engine_leg_effect(struct engine *engine, const struct control_effect *effect);
void engine_legs_release(struct engine *engine);
struct engine_leg *engine_leg_find(struct engine *engine, uint64_t id); /* NULL: none */
struct engine_leg *engine_leg_new(struct engine *engine, uint64_t id);  /* NULL: no memory */
/* Frees it when signalling and media are both through with it. */
void engine_leg_release(struct engine_leg *leg);
void engine_feed_digit(struct engine *engine, uint64_t leg, char digit, unsigned duration_ms);
const char *engine_reason_of(unsigned sip_code);

/* engine_web.c */
int engine_web_start(struct engine *engine) must_check; /* nothing without browsers; 0, errno */
void engine_web_release(struct engine *engine);
/* A page's socket: answered, or false when the request is none of its business. */
bool engine_web_takes(struct engine *engine, struct http_request *request);
bool engine_web_is_for(const struct control_effect *effect); /* an invitation to a page */
void engine_web_invite(struct engine *engine, const struct control_effect *effect);
/* CONTROL_ANSWER, _EARLY_MEDIA, _REJECT, _HANG_UP of a browser's leg */
void engine_web_effect(struct engine_leg *leg, const struct control_effect *effect);

/* engine_alone.c */
void engine_alone_watch(struct engine *engine); /* from now on */
void engine_heard(struct engine *engine);       /* who has our credentials asked something */

/* engine_load.c */
void engine_load_watch(struct engine *engine); /* from now on */
/* Somebody else has the ports or descriptors we counted on: calls wait a moment. */
void engine_no_room(struct engine *engine);
void engine_figures_tell(struct engine *engine);

/* engine_sound.c */
void engine_play(struct engine *engine, const struct control_effect *effect);
void engine_stop_play(struct engine *engine, uint64_t play);
void engine_play_ended(struct engine *engine, uint64_t play, enum media_play_end end);
void engine_sounds_release(struct engine *engine);

#endif
