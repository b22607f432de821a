#ifndef API_BOARD_H
#define API_BOARD_H

#include "base/check.h"
#include "base/text.h"

#include <jansson.h>

/*
 * The floor in a terminal: agents, calls, results and hello latency, redrawn in place twice a second; where standard
 * output is no terminal, a plain line every five seconds.
 */
struct server;
struct board;

int board_new(struct board **board, struct server *server, const char *http) must_check;
void board_free(struct board *board); /* leaves the last picture standing; NULL is fine */

/* One picture of a snapshot (api_live.h), for people; plain: one line. */
void board_draw(const json_t *live, const char *http, bool plain, struct text *text);

/* One line for the end. */
void board_sum_up(const json_t *live, struct text *text);

#endif
