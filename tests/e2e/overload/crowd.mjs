// Clients who mean no good, in a process of their own: so many connections from some addresses, and when
// one is cut the next comes.
//   node crowd.mjs '{"kind":"idle","port":8080,"from":["127.0.0.2"],"count":1500,"request":"GET ..."}'
// kind: idle (never says a word), head (a byte of a header now and then), half (half a head, then nothing),
//       body (a byte of a body now and then), deaf (asks for much and does not read)
// Prints a line when the first `count` are there, and one when it is ended (SIGTERM).

import net from 'node:net';

const { kind, port, from, count, request } = JSON.parse(process.argv[2]);
const open = new Set();
let opened = 0, cut = 0, refused = 0, said = false, over = false;

const beginnings = {
    idle: '',
    head: 'GET /api/v1/campaigns HTTP/1.1\r\nHost: a\r\nX-Slow: ',
    half: 'GET /api/v1/campaigns HTTP/1.1\r\nHost: a\r\n',
    body: 'POST /api/v1/campaigns HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n',
    deaf: `${request}\r\n`.repeat(300),
};

function connect(n) {
    const socket = net.connect({ port, host: '127.0.0.1', localAddress: from[n % from.length] });
    socket.on('connect', () => {
        ++opened;
        open.add(socket);
        socket.write(beginnings[kind]);
        if (kind === 'deaf') socket.pause();
        if (!said && open.size >= count * 0.15) {
            said = true;
            console.log(JSON.stringify({ there: open.size }));
        }
    });
    if (kind !== 'deaf') socket.on('data', (data) => { if (/ (429|503) /.test(data)) ++refused; });
    socket.on('error', () => {});
    socket.on('close', () => {
        cut += open.delete(socket);
        if (!over) setTimeout(connect, 100, n);
    });
}

for (let n = 0; n < count; ++n) setTimeout(connect, n / 5, n);
setInterval(() => {
    if (['head', 'body'].includes(kind)) for (const socket of open) socket.write('a');
}, 500);
process.once('SIGTERM', () => {
    over = true;
    console.log(JSON.stringify({ opened, cut, refused, open: open.size }));
    process.exit(0);
});
