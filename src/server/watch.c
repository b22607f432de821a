#include "server/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/log.h"
#include "server/dialing.h"
#include "server/server.h"

/* Below ROOM_MIN nothing new is dialled, so that the calls in progress can still be written down; it
 * goes on when there is twice as much. */
#define ROOM_MIN ((uint64_t)8 << 20)
enum { ANSWER_MS_MAX = 3000 };

struct watch {
    struct server *server;
    unsigned pause_ms, silent_s;
    struct loop_timer timer;
    bool asking, short_of_room;
    instant judged_at;  /* the last answer, or the last one that did not come */
    instant silent_for; /* as far as we were awake to hear */
};

static void look(void *arg);

static void look_again(struct watch *watch, unsigned ms)
{
    struct loop *loop = watch->server->loop;

    if (loop_timer_start(loop, &watch->timer, loop_now(loop) + ms * MILLISECOND, look, watch) != 0)
        check(!"room for a timer");
}

static void look_at_room(struct watch *watch)
{
    struct server *server = watch->server;
    struct statvfs disk;
    char why[300];

    if (statvfs(server->data, &disk) != 0)
        return; /* whoever writes there will say why */
    uint64_t room = (uint64_t)disk.f_bavail * disk.f_frsize;

    watch->short_of_room = room < (watch->short_of_room ? 2 * ROOM_MIN : ROOM_MIN);
    if (watch->short_of_room) {
        snprintf(why, sizeof(why),
                 "the disk of '%.150s' has less than %u MB left; make room on it: everything goes "
                 "on by itself then",
                 server->data, (unsigned)(2 * ROOM_MIN >> 20));
        holds_set(server, HOLD_ROOM, why);
    } else {
        holds_clear(server, HOLD_ROOM);
    }
}

static void look_at_trunk(struct server *server, const json_t *account)
{
    const char *trunk = json_string_value(json_object_get(account, "outdial_trunk"));

    if (trunk && strcmp(trunk, "down") == 0)
        holds_set(server, HOLD_TRUNK,
                  "the trunk does not answer; it is asked again and again, and dialling goes on by "
                  "itself when it does");
    else if (trunk && strcmp(trunk, "none") == 0)
        holds_set(server, HOLD_TRUNK, "no trunk was given; start outdial with --trunk sip:HOST");
    else
        holds_clear(server, HOLD_TRUNK);
}

/* An engine that is there again is asked what became of everything. */
static void is_well(struct server *server)
{
    struct event event = {.kind = EVENT_VOICE_RESTARTED};
    bool was_silent = holds_has(server, HOLD_VOICE);

    holds_clear(server, HOLD_VOICE);
    if (was_silent)
        dialing_feed(server, &event, NULL);
}

/* The process lives, but nobody is at home: the calls on it are lost, and no new ones can be made. */
static void is_silent(struct watch *watch)
{
    struct server *server = watch->server;
    instant now = loop_now(server->loop);
    instant turn = (watch->pause_ms + ANSWER_MS_MAX) * MILLISECOND;
    char why[200];

    /* a machine that stood still heard nobody: each question counts for as long as one takes */
    watch->silent_for += instant_min(now - watch->judged_at, 2 * turn);
    watch->judged_at = now;
    if (!server->engine) {
        holds_set(server, HOLD_VOICE, "the voice engine does not answer; it is asked again");
        return;
    }
    snprintf(why, sizeof(why),
             "the voice engine does not answer; it is asked again, and after %u s killed and "
             "started anew",
             watch->silent_s);
    holds_set(server, HOLD_VOICE, why);
    if (watch->silent_for < watch->silent_s * SECOND)
        return;
    watch->silent_for = 0;
    engine_kill(server->engine);
}

static void asked(void *arg, const struct telephony_answer *answer)
{
    struct watch *watch = arg;
    struct server *server = watch->server;
    char why[TELEPHONY_MESSAGE_SIZE + 120];

    watch->asking = false;
    if (server->stopping || server->leaving)
        return;
    look_again(watch, watch->pause_ms);
    if (!server->voice_is_up)
        return; /* its end was told already */
    if (!answer->status) {
        is_silent(watch);
        return;
    }
    watch->silent_for = 0;
    watch->judged_at = loop_now(server->loop);
    if (answer->outcome == TELEPHONY_DONE) {
        is_well(server);
        look_at_trunk(server, answer->body);
        return;
    }
    snprintf(why, sizeof(why), "the voice engine answers with status %u: %s; it is asked again",
             answer->status, answer->message);
    holds_set(server, HOLD_VOICE, why);
}

static void look(void *arg)
{
    struct watch *watch = arg;
    struct server *server = watch->server;

    if (server->stopping || server->leaving)
        return;
    look_at_room(watch);
    if (!server->voice_is_up) {
        watch->silent_for = 0;
        watch->judged_at = loop_now(server->loop);
    }
    if (watch->asking || !server->voice_is_up) {
        look_again(watch, watch->pause_ms);
        return;
    }
    watch->asking = true;
    telephony_check(server->telephony, ANSWER_MS_MAX, asked, watch);
}

void watch_soon(struct watch *watch)
{
    if (watch && !watch->asking)
        look_again(watch, 0);
}

int watch_new(struct watch **watchp, struct server *server, unsigned pause_ms, unsigned silent_s)
{
    struct watch *watch = calloc(1, sizeof(*watch));

    if (!watch)
        return ENOMEM;
    watch->server = server;
    watch->pause_ms = pause_ms;
    watch->silent_s = silent_s;
    watch->judged_at = loop_now(server->loop);
    int err = loop_timer_start(server->loop, &watch->timer, loop_now(server->loop), look, watch);

    if (err)
        free(watch);
    else
        *watchp = watch;
    return err;
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    loop_timer_stop(watch->server->loop, &watch->timer);
    free(watch);
}
