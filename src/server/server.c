#include "server/server.h"

instant server_now(const struct server *server)
{
    return loop_now(server->loop) + server->clock_offset;
}

void server_lead_signal(struct server *server, const char *url)
{
    server->signal = (struct relay_target){.path = "/signal"};
    if (url && !relay_target_of(url, server->signal_address, sizeof(server->signal_address),
                                &server->signal))
        server->signal.address = NULL;
}

void server_touch(struct server *server, agent_id agent)
{
    struct touched *touched = &server->touched;

    for (uint32_t i = 0; i < touched->count; i++)
        if (touched->agents[i] == agent)
            return;
    if (!agent)
        return;
    if (touched->count < TOUCHED_MAX)
        touched->agents[touched->count++] = agent;
    else
        touched->many = true;
}

void server_tell(struct server *server)
{
    if (!server->touched.count)
        return;
    if (server->on_touched && !server->stopping)
        server->on_touched(server);
    server->touched = (struct touched){.count = 0};
}
