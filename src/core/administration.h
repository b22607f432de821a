#ifndef CORE_ADMINISTRATION_H
#define CORE_ADMINISTRATION_H

#include "core/state.h"

/* Campaigns and agents come, change and go; recovery after a start. */
void administration_campaign_loaded(struct dialer *dialer, const struct event *event);
void administration_campaign_changed(struct dialer *dialer, const struct event *event);
void administration_campaign_commanded(struct dialer *dialer, const struct event *event);
void administration_agent_loaded(struct dialer *dialer, const struct event *event);
void administration_agent_changed(struct dialer *dialer, const struct event *event);
void administration_agent_removed(struct dialer *dialer, const struct event *event);
void administration_lead_withdrawn(struct dialer *dialer, const struct event *event);
/* What a campaign that does not run any more still has to let go; bounded. */
void administration_tidy(struct dialer *dialer, struct campaign *campaign);

void recovery_attempt(struct dialer *dialer, const struct event *event);
void recovery_ended(struct dialer *dialer, const struct event *event);

#endif
