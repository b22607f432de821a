#ifndef CORE_EMIT_H
#define CORE_EMIT_H

#include "core/state.h"

/*
 * Effects on their way out. Things that changed are touched, and written once at the end of the feed
 * as they are then; what leaves memory is written at once. Records leave before acts.
 */
struct effect *emit(struct dialer *dialer, enum effect_kind kind);
void emit_refuse(struct dialer *dialer, struct verdict verdict);
void refuse(struct dialer *dialer, enum refusal refusal); /* for good */

void touch_lead(struct dialer *dialer, struct lead *lead);
void touch_attempt(struct dialer *dialer, struct attempt *attempt);
void touch_agent(struct dialer *dialer, struct agent *agent);
void touch_campaign(struct dialer *dialer, struct campaign *campaign);

void write_lead(struct dialer *dialer, struct lead *lead);
void write_attempt(struct dialer *dialer, struct attempt *attempt);
void write_reservation(struct dialer *dialer, struct agent *agent);
void write_touched(struct dialer *dialer);
void fold_touched(struct dialer *dialer); /* figures and ledgers know of what is not written yet */

#endif
