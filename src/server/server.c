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
