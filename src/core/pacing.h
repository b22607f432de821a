#ifndef CORE_PACING_H
#define CORE_PACING_H

#include "core/state.h"

/*
 * Who is dialled next, and for whom. Asked at the end of every event, for the campaigns that
 * something has changed for: first callers who wait, then new calls, taking turns by weight.
 */
void pacing_work(struct dialer *dialer);
bool pacing_has_line(const struct dialer *dialer, const struct campaign *campaign);
void pacing_spend(struct dialer *dialer); /* an order to the engine, for its calls per second */

#endif
