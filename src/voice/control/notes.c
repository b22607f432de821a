#include "voice/control/notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "voice/control/call.h"
#include "voice/control/memory.h"

static void note_free(struct note *note)
{
    chain_remove(note->home, &note->link);
    if (note->call_home)
        chain_remove(note->call_home, &note->of_call);
    free(note->text);
    free(note->url);
    free(note->method);
    free(note->variables);
    free(note->content_type);
    free(note->body);
    free(note);
}

static void drop_oldest(struct chain *home)
{
    note_free(container_of(home->first, struct note, link));
}

static struct note *note_add(struct control *control, struct call *call, bool is_problem)
{
    struct chain *home = is_problem ? &control->notifications : &control->events;
    size_t count_max = is_problem ? NOTIFICATION_COUNT_MAX : EVENT_COUNT_MAX;
    struct note *note = memory_take(sizeof(*note));

    if (home->count == count_max)
        drop_oldest(home);
    note->home = home;
    note->call = call;
    note->at = control->now;
    chain_add(home, &note->link);
    if (call) {
        note->call_home = is_problem ? &call->notifications : &call->events;
        chain_add(note->call_home, &note->of_call);
    }
    return note;
}

static char *format_text(const char *format, va_list list)
{
    char text[400];

    vsnprintf(text, sizeof(text), format, list);
    return memory_clean(text);
}

void note_event(struct control *control, struct call *call, const char *format, ...)
{
    struct note *note = note_add(control, call, false);
    va_list list;

    va_start(list, format);
    note->text = format_text(format, list);
    va_end(list);
}

static char *body_of(struct slice body)
{
    struct text text;

    if (body.size > NOTE_BODY_SIZE_MAX)
        body.size = NOTE_BODY_SIZE_MAX;
    text_init(&text);
    utf8_clean(body, &text);
    return memory_take_text(&text);
}

static void keep_request(struct note *note, const struct note_request *request)
{
    note->url = memory_clean(request->url);
    note->method = memory_text(request->method);
    note->variables = memory_text(request->variables);
    note->has_answer = true;
    note->status = request->status;
    note->took_ms = request->took_ms;
    note->content_type = memory_clean(request->content_type);
    note->body = body_of(request->body);
}

void note_request(struct control *control, struct call *call, const struct note_request *request)
{
    struct note *note = note_add(control, call, false);

    keep_request(note, request);
    note->text = memory_clean(request->error);
}

void note_problem(struct control *control, struct call *call, unsigned code, bool is_warning,
                  const struct note_request *request, const char *format, ...)
{
    struct note *note = note_add(control, call, true);
    va_list list;

    sid_make(&control->sids, "NO", note->sid);
    note->code = code;
    note->is_warning = is_warning;
    if (request)
        keep_request(note, request);
    va_start(list, format);
    note->text = format_text(format, list);
    va_end(list);
}

void notes_forget_call(struct control *control, struct call *call)
{
    (void)control;
    while (call->events.first)
        note_free(container_of(call->events.first, struct note, of_call));
    while (call->notifications.first)
        note_free(container_of(call->notifications.first, struct note, of_call));
}

void notes_release(struct control *control)
{
    while (control->events.first)
        drop_oldest(&control->events);
    while (control->notifications.first)
        drop_oldest(&control->notifications);
}
