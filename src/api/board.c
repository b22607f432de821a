#include "api/board.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/live.h"
#include "server/server.h"

enum { DRAW_MS = 500, LINE_MS = 5000 };

struct board {
    struct server *server;
    struct loop_timer timer;
    char http[160];
    bool plain, drawn;
};

static long long count_of(const json_t *object, const char *name)
{
    return (long long)json_integer_value(json_object_get(object, name));
}

static void add_ms(struct text *text, const char *name, const json_t *value)
{
    if (json_is_number(value))
        text_addf(text, "  %s %.2f ms", name, json_number_value(value));
    else
        text_addf(text, "  %s -", name);
}

static void add_hello(struct text *text, const json_t *live)
{
    const json_t *hello = json_object_get(live, "hello_latency_ms");

    text_addf(text, "hello latency  %lld measured", count_of(hello, "count"));
    add_ms(text, "p50", json_object_get(hello, "p50"));
    add_ms(text, "p95", json_object_get(hello, "p95"));
    add_ms(text, "p99", json_object_get(hello, "p99"));
    add_ms(text, "max", json_object_get(hello, "max"));
}

static void add_counts(struct text *text, const json_t *object)
{
    const char *name;
    json_t *value;
    bool any = false;

    json_object_foreach((json_t *)object, name, value) if (json_integer_value(value))
    {
        text_addf(text, "  %s %lld", name, (long long)json_integer_value(value));
        any = true;
    }
    if (!any)
        text_add(text, "  none yet");
}

static void add_held(const json_t *live, const char *begin, const char *end, struct text *text)
{
    const json_t *one;
    size_t i;

    json_array_foreach(json_object_get(live, "held"), i, one)
        text_addf(text, "%snothing new is dialled: %s%s", begin,
                  json_string_value(json_object_get(one, "why")), end);
}

static void draw_agents(const json_t *live, struct text *text)
{
    const json_t *agent;
    size_t i;

    json_array_foreach(json_object_get(live, "agents"), i, agent)
    {
        const json_t *attempt = json_object_get(agent, "attempt");

        text_addf(text, "  %-14s %-10s line %-10s",
                  json_string_value(json_object_get(agent, "name")),
                  json_string_value(json_object_get(agent, "activity")),
                  json_string_value(json_object_get(agent, "line")));
        if (json_is_integer(attempt))
            text_addf(text, " attempt %lld", (long long)json_integer_value(attempt));
        text_add(text, "\n");
        if (i == 19) {
            text_add(text, "  ...\n");
            break;
        }
    }
}

void board_sum_up(const json_t *live, struct text *text)
{
    const json_t *p99 = json_object_get(json_object_get(live, "hello_latency_ms"), "p99");

    text_addf(text, "Stopped: %lld calls, %lld connected, hello", count_of(live, "attempts"),
              count_of(json_object_get(live, "results"), "connected"));
    add_ms(text, "p99", p99);
    text_add(text, ".\n");
}

void board_draw(const json_t *live, const char *http, bool plain, struct text *text)
{
    const char *at = json_string_value(json_object_get(live, "at"));
    const json_t *abandoned = json_object_get(live, "abandoned");

    if (plain) {
        text_addf(text, "%.19sZ agents", at ? at : "");
        add_counts(text, json_object_get(live, "agents_by_activity"));
        text_add(text, " | calls");
        add_counts(text, json_object_get(live, "calls"));
        text_add(text, " | results");
        add_counts(text, json_object_get(live, "results"));
        text_add(text, " | ");
        add_hello(text, live);
        add_held(live, " | ", "", text);
        text_add(text, "\n");
        return;
    }
    text_addf(text,
              "Outdial is calling simulated people. Look at %s/status, sit down at %s/desk   "
              "(Ctrl-C ends it)\n\n",
              http, http);
    if (!json_is_true(json_object_get(live, "voice_is_up")))
        text_add(text, "the voice engine is being started\n\n");
    add_held(live, "", "\n\n", text);
    draw_agents(live, text);
    text_addf(text, "\ncalls now     ");
    add_counts(text, json_object_get(live, "calls"));
    text_addf(text, "\nresults       ");
    add_counts(text, json_object_get(live, "results"));
    text_addf(text, "\nattempts        %lld   answered by people %lld, abandoned %lld (%.1f %%)\n",
              count_of(live, "attempts"), count_of(abandoned, "answered_live"),
              count_of(abandoned, "abandoned"),
              json_number_value(json_object_get(abandoned, "percent")));
    add_hello(text, live);
    text_add(text, "\n");
}

/* Each line is cleared to its end, the rest of the screen after the last. */
static void put_in_place(struct board *board, const struct text *picture)
{
    struct slice rest = text_slice(picture);

    fputs(board->drawn ? "\033[H" : "\033[2J\033[H", stdout);
    while (rest.size) {
        struct slice line = slice_cut(&rest, '\n');

        fwrite(line.at, 1, line.size, stdout);
        fputs("\033[K\n", stdout);
    }
    fputs("\033[J", stdout);
    board->drawn = true;
}

static void draw(void *arg)
{
    struct board *board = arg;
    struct loop *loop = board->server->loop;
    json_t *live = live_snapshot(board->server);
    struct text picture;

    text_init(&picture);
    board_draw(live, board->http, board->plain, &picture);
    if (board->plain)
        fwrite(picture.at, 1, picture.size, stdout);
    else
        put_in_place(board, &picture);
    fflush(stdout);
    text_release(&picture);
    json_decref(live);
    if (loop_timer_start(loop, &board->timer,
                         loop_now(loop) + (board->plain ? LINE_MS : DRAW_MS) * MILLISECOND, draw,
                         board) != 0)
        fputs("no memory for the board\n", stderr);
}

int board_new(struct board **boardp, struct server *server, const char *http)
{
    struct board *board = calloc(1, sizeof(*board));

    if (!board)
        return ENOMEM;
    board->server = server;
    board->plain = !isatty(STDOUT_FILENO);
    slice_copy(slice_from(http), board->http, sizeof(board->http));
    if (board->plain)
        printf("Outdial is calling simulated people. Look at %s/status, sit down at %s/desk "
               "(Ctrl-C ends "
               "it)\n",
               board->http, board->http);
    draw(board);
    *boardp = board;
    return 0;
}

void board_free(struct board *board)
{
    if (!board)
        return;
    loop_timer_stop(board->server->loop, &board->timer);
    free(board);
}
