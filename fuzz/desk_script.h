#ifndef FUZZ_DESK_SCRIPT_H
#define FUZZ_DESK_SCRIPT_H

#include "desk.h"

/*
 * The bytes of an input as a script of what happens at a desk: what the targets of the interface and of the
 * webhooks share.
 */
struct script {
    const uint8_t *at, *end;
};

unsigned script_byte(struct script *script); /* 0 at the end */
/* A few bytes as they stand, percent-encoded or for JSON. */
void script_raw(struct script *script, struct text *text, bool json);
/* The engine answers one of the requests that are open, as an engine would or not. */
void script_answer(struct script *script, struct desk *desk);
void script_wait(struct script *script, struct desk *desk);
/* One webhook: its path, its own parameters and the engine's. */
void script_hook(struct script *script, struct desk *desk);
/* One request of the interface: any route, with fields of the right kind, mostly. */
void script_ask(struct script *script, struct desk *desk);

#define SCRIPT_ONE_OF(script, words) (words)[script_byte(script) % array_count(words)]

#endif
