#ifndef SERVER_LEGS_H
#define SERVER_LEGS_H

#include <stdint.h>

#include "core/ids.h"

/*
 * Agents' lines: each agent's own call, dialled into the agent's room and kept there for the shift. A
 * dialling has a serial, which rides in its URLs and its label; reports of an older one find nobody.
 */
struct server;

void legs_dial(struct server *server, agent_id agent, uint32_t serial);
void legs_hang_up(struct server *server, agent_id agent, uint32_t serial);
void legs_poll(struct server *server, agent_id agent, uint32_t serial);

/* From webhooks. */
void legs_learn_sid(struct server *server, agent_id agent, uint32_t serial, const char *sid);
void legs_joined(struct server *server, agent_id agent, uint32_t serial, const char *sid);
void legs_left(struct server *server, agent_id agent, uint32_t serial, const char *sid);
void legs_ended(struct server *server, agent_id agent, uint32_t serial);

#endif
