// Free ports on loopback. A port is free when asked; nobody holds it for us, so take it soon.

import dgram from 'node:dgram';
import net from 'node:net';

const bindTcp = (port) => new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(0));
    server.listen(port, '127.0.0.1', () => {
        const bound = server.address().port;
        server.close(() => resolve(bound));
    });
});

const bindUdp = (port) => new Promise((resolve) => {
    const socket = dgram.createSocket('udp4');
    socket.once('error', () => resolve(0));
    socket.bind(port, '127.0.0.1', () => {
        const bound = socket.address().port;
        socket.close(() => resolve(bound));
    });
});

/** A port free for UDP and for TCP. */
export async function freePort() {
    for (;;) {
        const port = await bindUdp(0);
        if (port && await bindTcp(port) === port) return port;
    }
}
