// A stranger's process: so many packets a second from an address of its own, for so long.
//   node flood.mjs '{"kind":"invite","from":"127.0.0.66","ports":[5062],"rate":20000,"ms":3000}'
// Prints { sent } when done. kind: garbage invite register options huge rtp mixed

import dgram from 'node:dgram';

const { kind, from, ports, rate, ms } = JSON.parse(process.argv[2]);

const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.66\r\ns=-\r\nc=IN IP4 127.0.0.66\r\nt=0 0\r\n' +
    'm=audio 40000 RTP/AVP 0\r\n';
const sip = (method, n, more = '') => Buffer.from(
    `${method} sip:100@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP ${from}:5060;branch=z9hG4bK${n};rport\r\n` +
    `Max-Forwards: 70\r\nFrom: "100"<sip:100@1.1.1.1>;tag=${n}\r\nTo: <sip:100@127.0.0.1>\r\n` +
    `Call-ID: stranger${n}\r\nCSeq: 1 ${method}\r\nContact: <sip:100@${from}:5060>\r\n` +
    `User-Agent: friendly-scanner\r\n${more}Content-Type: application/sdp\r\n` +
    `Content-Length: ${sdp.length}\r\n\r\n${sdp}`, 'latin1');

const makers = {
    garbage: (n) => Buffer.from(Array.from({ length: 40 + n % 400 }, (_, i) => (n * 31 + i * 7) & 0xff)),
    invite: (n) => sip('INVITE', n),
    register: (n) => sip('REGISTER', n),
    options: (n) => sip('OPTIONS', n),
    huge: (n) => sip('INVITE', n, `X-Long: ${'a'.repeat(30000)}\r\n`),
    rtp: (n) => {
        const packet = Buffer.alloc(172, n & 0xff);
        packet.writeUInt32BE(0x80000000 + (n & 0xffff), 0);
        packet.writeUInt32BE(n * 160, 4);
        return packet;
    },
};
const kinds = kind === 'mixed' ? ['garbage', 'invite', 'register', 'options', 'huge'] : [kind];
const packets = Array.from({ length: 500 }, (_, n) => makers[kinds[n % kinds.length]](n));

const socket = dgram.createSocket('udp4');
await new Promise((resolve) => socket.bind(0, from, resolve));
socket.on('error', () => {});
let sent = 0, open = 0;
const began = performance.now();
await new Promise((resolve) => {
    const step = () => {
        const passed = performance.now() - began;
        if (passed > ms) { resolve(); return; }
        while (sent < passed * rate / 1000 && open < 2000) {
            ++open;
            socket.send(packets[sent % packets.length], ports[sent % ports.length], '127.0.0.1',
                        () => { --open; });
            ++sent;
        }
        setImmediate(step);
    };
    step();
});
while (open) await new Promise(setImmediate);
socket.close();
console.log(JSON.stringify({ sent, ms: Math.round(performance.now() - began) }));
