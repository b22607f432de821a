#include <stdlib.h>

#include "voice/control/call.h"
#include "voice/control/memory.h"
#include "voice/control/notes.h"
#include "voice/control/webhook.h"

/* A request that waits for its turn in a line of callbacks. */
struct callback {
    struct chain_link link;
    char *url, *method;
    struct form form;
};

static void callback_free(struct callback *callback)
{
    free(callback->url);
    free(callback->method);
    form_release(&callback->form);
    free(callback);
}

static void send_next(struct control *control, struct callback_line *line);

static void delivered(struct control *control, void *owner, const struct webhook_answer *answer)
{
    struct callback_line *line = owner;

    line->open = NULL;
    ++control->figures.callbacks_sent;
    if (answer->code) {
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

    if (line->open || !line->waiting.first)
        return;
    callback = container_of(line->waiting.first, struct callback, link);
    chain_remove(&line->waiting, &callback->link);
    line->open = webhook_send(control, &(struct webhook_order){.url = callback->url,
                                                               .method = callback->method,
                                                               .form = &callback->form,
                                                               .call = line->call,
                                                               .handler = delivered,
                                                               .owner = line});
    callback_free(callback);
}

void callback_line_add(struct control *control, struct callback_line *line, const char *url,
                       const char *method, struct form *form)
{
    struct callback *callback = memory_take(sizeof(*callback));

    callback->url = memory_text(url);
    callback->method = memory_text(method);
    callback->form = *form;
    form_init(form);
    chain_add(&line->waiting, &callback->link);
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

        chain_remove(&line->waiting, &callback->link);
        callback_free(callback);
    }
    webhook_forget(line->open);
    line->open = NULL;
}
