#ifndef CORE_PREVIEW_H
#define CORE_PREVIEW_H

#include "core/state.h"

/* A lead on an agent's screen before it is dialled, and numbers that agents dial by hand. */
void preview_show(struct dialer *dialer, struct agent *agent, struct lead *lead, uint8_t index);
void preview_expire(struct dialer *dialer, struct agent *agent);
/* A rule forbids it meanwhile, or the agent is gone (REFUSED_NOT: it goes back in line). */
void preview_withdraw(struct dialer *dialer, struct agent *agent, struct verdict verdict);
/* The lead leaves the screen; the agent's reservation is not touched. */
struct lead *preview_take(struct dialer *dialer, struct agent *agent);

void preview_accepted(struct dialer *dialer, const struct event *event);
void preview_skipped(struct dialer *dialer, const struct event *event);
void preview_snoozed(struct dialer *dialer, const struct event *event);
void preview_manual(struct dialer *dialer, const struct event *event);

#endif
