#include <stdlib.h>
#include <string.h>

#include "voice/control/call.h"
#include "voice/control/memory.h"
#include "voice/control/notes.h"
#include "voice/control/url.h"
#include "voice/control/webhook.h"

/* Of one host: sent at once, and waiting in all lines together (some 20 MB). */
enum { OPEN_MAX = 32, WAITING_MAX = 4096 };

/* Where callbacks go. It is there while any is on its way or waits. */
struct callback_host {
    struct control *control;
    size_t open;
    struct chain waiting; /* callbacks, the oldest first */
    struct chain ready;   /* lines whose next may go when another has come back */
    struct slice name;    /* "app.example:8080", behind this */
};

/* A request that waits for its turn in a line of callbacks. */
struct callback {
    struct chain_link link, of_host;
    struct callback_line *line;
    struct callback_host *host;
    char *url, *method;
    struct form form;
};

/* ---- hosts ---- */

static struct callback_host *host_of(struct control *control, const char *url)
{
    struct slice name = url_host(url);
    struct callback_host *host = table_get(&control->callback_hosts, name.at, name.size);
    char *copy;

    if (host)
        return host;
    host = memory_take(sizeof(*host) + name.size);
    copy = memcpy(host + 1, name.at, name.size);
    host->control = control;
    host->name = slice_of(copy, name.size);
    check(table_put(&control->callback_hosts, copy, name.size, host) == 0);
    return host;
}

static void host_forget_if_idle(struct callback_host *host)
{
    if (host->open || host->waiting.count)
        return;
    check(!host->ready.count);
    table_remove(&host->control->callback_hosts, host->name.at, host->name.size);
    free(host);
}

/* Out of its line and its host's. */
static void callback_leave(struct callback *callback)
{
    chain_remove(&callback->line->waiting, &callback->link);
    chain_remove(&callback->host->waiting, &callback->of_host);
    --callback->host->control->callbacks_waiting;
}

static void callback_free(struct callback *callback)
{
    free(callback->url);
    free(callback->method);
    form_release(&callback->form);
    free(callback);
}

/* ---- sending ---- */

static void send_next(struct control *control, struct callback_line *line);

/* One of the host's has come back: the line that waited longest for that goes on. */
static void host_has_room(struct callback_host *host)
{
    struct control *control = host->control;

    --host->open;
    while (host->ready.first && host->open < OPEN_MAX) {
        struct callback_line *line =
            container_of(host->ready.first, struct callback_line, in_ready);

        chain_remove(&host->ready, &line->in_ready);
        send_next(control, line);
    }
    host_forget_if_idle(host);
}

static void line_closed(struct callback_line *line)
{
    struct callback_host *host = line->open_host;

    line->open = NULL;
    line->open_host = NULL;
    host_has_room(host);
}

static void delivered(struct control *control, void *owner, const struct webhook_answer *answer)
{
    struct callback_line *line = owner;

    line_closed(line);
    ++control->figures.callbacks_sent;
    if (answer->code && answer->code != ANSWER_TOO_LARGE) { /* its answer is not looked at */
        struct note_request request = {.url = answer->url,
                                       .method = answer->method,
                                       .status = answer->status,
                                       .content_type = answer->content_type,
                                       .body = answer->body};

        ++control->figures.callbacks_lost;
        note_problem(control, line->call, answer->code, false, &request,
                     "a callback was not delivered: %s", answer->error);
    }
    send_next(control, line);
    if (line->call && callback_line_is_empty(line))
        call_callbacks_done(line->call);
}

static void send_next(struct control *control, struct callback_line *line)
{
    struct callback *callback;

    if (line->open || !line->waiting.first || line->in_ready.linked)
        return;
    callback = container_of(line->waiting.first, struct callback, link);
    if (callback->host->open >= OPEN_MAX) {
        chain_add(&callback->host->ready, &line->in_ready);
        return;
    }
    ++callback->host->open;
    line->open_host = callback->host;
    callback_leave(callback);
    line->open = webhook_send(control, &(struct webhook_order){.url = callback->url,
                                                               .method = callback->method,
                                                               .form = &callback->form,
                                                               .call = line->call,
                                                               .is_callback = true,
                                                               .handler = delivered,
                                                               .owner = line});
    callback_free(callback);
}

/* A host that takes nothing must not fill the memory: its oldest go, and that is said. */
static void drop_oldest(struct callback_host *host)
{
    struct control *control = host->control;
    struct callback *callback = container_of(host->waiting.first, struct callback, of_host);
    struct callback_line *line = callback->line;

    ++control->figures.callbacks_dropped;
    note_problem(control, line->call, 11200, false, NULL,
                 "a callback was dropped: %d others wait for '%.*s'", WAITING_MAX,
                 (int)(host->name.size < 100 ? host->name.size : 100), host->name.at);
    if (line->waiting.first == &callback->link) /* the line stands where its next is to go */
        chain_remove(&host->ready, &line->in_ready);
    callback_leave(callback);
    callback_free(callback);
    send_next(control, line);
    if (line->call && callback_line_is_empty(line))
        call_callbacks_done(line->call);
}

void callback_line_add(struct control *control, struct callback_line *line, const char *url,
                       const char *method, struct form *form)
{
    struct callback *callback = memory_take(sizeof(*callback));

    callback->line = line;
    callback->host = host_of(control, url);
    callback->url = memory_text(url);
    callback->method = memory_text(method);
    callback->form = *form;
    form_init(form);
    chain_add(&line->waiting, &callback->link);
    chain_add(&callback->host->waiting, &callback->of_host);
    ++control->callbacks_waiting;
    if (callback->host->waiting.count > WAITING_MAX)
        drop_oldest(callback->host);
    send_next(control, line);
}

bool callback_line_is_empty(const struct callback_line *line)
{
    return !line->open && !line->waiting.first;
}

void callback_line_release(struct callback_line *line)
{
    while (line->waiting.first) {
        struct callback *callback = container_of(line->waiting.first, struct callback, link);
        struct callback_host *host = callback->host;

        chain_remove(&host->ready, &line->in_ready); /* the first's; then it is in none */
        callback_leave(callback);
        callback_free(callback);
        host_forget_if_idle(host);
    }
    if (!line->open)
        return;
    webhook_forget(line->open);
    line_closed(line);
}
