#ifndef SERVER_ENGINE_H
#define SERVER_ENGINE_H

#include "net/loop.h"

/*
 * The voice engine that serve starts and looks after: the same program as `outdial voice`, reached by
 * its interface only.
 *
 *   err = engine_new(&engine, loop, &options, handler, arg);
 *   engine_start(engine);
 *         adopts the engine of a server that died, if the data folder names one that lives and
 *         knows our credentials; else starts one
 *         (server/watch asks it once a second, so it knows that it is wanted)
 *   handler(arg, &news)      up (adopted or fresh), down; it is started again by itself, after
 *                            a pause that grows from half a second to ten
 *   engine_kill(engine);     it has stopped answering; server/watch says so
 *   engine_stop(engine);     asks it to end; news ENGINE_STOPPED when it has (killed after
 *                            ENGINE_STOP_MS_MAX)
 *   engine_free(engine);     an engine that was not stopped lives on, to be adopted
 */
struct engine;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { ENGINE_STOP_MS_MAX = 15000 }; /* a sanitizer looks for leaks on the way out: let it */
#else
enum { ENGINE_STOP_MS_MAX = 1500 };
#endif

enum engine_news_kind {
    ENGINE_UP,      /* fresh: it knows no calls */
    ENGINE_ADOPTED, /* its calls may be alive */
    ENGINE_SILENT,  /* the one to be adopted does not answer: why. DOWN, ADOPTED or UP follows */
    ENGINE_DOWN,    /* all of its calls are gone */
    ENGINE_REFUSED, /* it does not start as it was told to, and never has: why. Not started again */
    ENGINE_STOPPED,
};

struct engine_news {
    enum engine_news_kind kind;
    const char *url; /* of its interface, when up or adopted */
    const char *why; /* when silent, down or refused */
};

typedef void (*engine_handler)(void *arg, const struct engine_news *news);

struct engine_options {
    const char *program; /* NULL: our own executable */
    const char *data;    /* the server's data folder */
    const char *http, *sip, *media;
    const char *web_media, *web_advertised; /* "" for none */
    const char *trunk;                      /* "" for none */
    const char *account, *auth_token;
    const char *key, *key_secret;              /* API key: signs the tokens of browser phones */
    const char *application, *application_url; /* of the calls they make */
    const char *log;                           /* the least level it writes to standard error */
    unsigned calls_per_second;
    unsigned alone_s;  /* it ends itself when no dialer has asked it anything for so long */
    unsigned silent_s; /* one to be adopted that does not answer for so long is killed */
};

/* All texts are copied. 0, ENOMEM. */
int engine_new(struct engine **engine, struct loop *loop, const struct engine_options *options,
               engine_handler handler, void *arg) must_check;
void engine_free(struct engine *engine);
void engine_start(struct engine *engine);
void engine_stop(struct engine *engine);
/* It lives and has not answered for silent_s: ENGINE_DOWN follows, as after any other end of it. */
void engine_kill(struct engine *engine);

#endif
