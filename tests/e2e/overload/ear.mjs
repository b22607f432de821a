// A process of its own that is called, talks and listens: the calls in progress whose sound is measured.
//
// It answers every INVITE. From then on it sends a packet every 20 ms that says who sent it, the how
// manieth it is and in which phase of the test; whoever hears it writes that down. With every tick it
// also sends a packet straight to itself: what is late there is this machine's doing, not the engine's.
//
// Standard input: a line `phase NAME` begins a phase; `report` prints one line of JSON of those since the last;
// `ports` prints the engine's RTP ports. Numbers that begin with +1500666 are silent until `speak`.

import dgram from 'node:dgram';
import os from 'node:os';
import { createInterface } from 'node:readline';

const TICK_MS = 20;
const LATE_MS = 60; // later than the packet that did not go through the engine
const STOOD_MS = 20; // this machine gave us no time
const MAGIC = 0x45415221;

try { os.setPriority(-10); } catch { /* without the right to: as it is */ }

const now = () => performance.now();
const bind = (onMessage) => new Promise((resolve) => {
    const socket = dgram.createSocket('udp4');
    socket.on('message', onMessage);
    socket.on('error', () => {});
    socket.bind(0, '127.0.0.1', () => resolve(socket));
});

/** name, and for each tick when the straight packet came back; what was sent and heard since. */
const phases = [];
const begin = (name) => phases.push({ name, sent: 0, heard: 0, repeated: 0, lates: [], excess: [], straight: [] });
begin('before');

const legs = [];
const straightAt = new Map(); // tick -> transit of the packet that did not go through the engine
const waiting = new Map(); // tick -> [{ phase, transit }] heard before the straight packet
let tick = 0;

function judge(phase, at, transit, straight) {
    const excess = Math.max(0, transit - straight);
    phase.excess.push(excess);
    if (excess > LATE_MS) phase.lates.push(at);
}

/** Around that tick the machine stood still for us as well: nothing can be said of the engine. */
function stood(at) {
    for (let tick = at - 10; tick <= at + 10; ++tick) if (straightAt.get(tick) > STOOD_MS) return true;
    return false;
}

const straight = await bind((data) => {
    const at = data.readUInt32BE(0), transit = now() - data.readDoubleBE(4);
    straightAt.set(at, transit);
    phases.at(-1).straight.push(transit);
    for (const { phase, transit: other } of waiting.get(at) ?? []) judge(phase, at, other, transit);
    waiting.delete(at);
    straightAt.delete(at - 20000);
});
const straightPort = straight.address().port;

function heard(leg, data) {
    if (data.length < 12 + 20 || data.readUInt32BE(12) !== MAGIC) return;
    const talker = data.readUInt16BE(16), count = data.readUInt32BE(18);
    const at = data.readUInt32BE(22), phase = phases[data.readUInt16BE(26)];
    const transit = now() - data.readDoubleBE(28);
    const key = talker * 2 ** 32 + count;
    if (leg.known.has(key)) { ++phase.repeated; return; }
    leg.known.add(key);
    leg.partner = talker;
    ++phase.heard;
    if (straightAt.has(at)) judge(phase, at, transit, straightAt.get(at));
    else waiting.set(at, [...(waiting.get(at) ?? []), { phase, transit }]);
}

function talk(leg) {
    const packet = Buffer.alloc(172, 0xff);
    packet[0] = 0x80;
    packet[1] = 0;
    packet.writeUInt16BE(leg.count & 0xffff, 2);
    packet.writeUInt32BE((leg.count * 160) >>> 0, 4);
    packet.writeUInt32BE(leg.id + 1, 8);
    packet.writeUInt32BE(MAGIC, 12);
    packet.writeUInt16BE(leg.id, 16);
    packet.writeUInt32BE(leg.count++, 18);
    packet.writeUInt32BE(tick, 22);
    packet.writeUInt16BE(phases.length - 1, 26);
    packet.writeDoubleBE(now(), 28);
    leg.rtp.send(packet, leg.remote.port, leg.remote.address);
    // counted once somebody is there to hear it
    if (legs.some((other) => other.partner === leg.id && other.up)) ++phases.at(-1).sent;
}

const started = now();
function onTick() {
    const due = Math.floor((now() - started) / TICK_MS);
    while (tick < due) {
        ++tick;
        const probe = Buffer.alloc(12);
        probe.writeUInt32BE(tick, 0);
        probe.writeDoubleBE(now(), 4);
        straight.send(probe, straightPort, '127.0.0.1');
        for (const leg of legs) if (leg.up && !leg.silent) talk(leg);
    }
    setTimeout(onTick, Math.max(1, started + (tick + 1) * TICK_MS - now()));
}
onTick();

// ------------------------------------------------------------------------------------------- SIP

let reported = 0;
const header = (text, name) => (text.match(new RegExp(`^${name}: *(.*)$`, 'im')) ?? [])[1]?.trim() ?? '';
const byCallId = new Map();

function reply(text, from, status, body = '', tag = '') {
    const vias = [...text.matchAll(/^Via:.*$/gim)].map(([line]) => line).join('\r\n');
    const to = header(text, 'To') + (tag && !/tag=/.test(header(text, 'To')) ? `;tag=${tag}` : '');
    sip.send(`SIP/2.0 ${status}\r\n${vias}\r\nFrom: ${header(text, 'From')}\r\nTo: ${to}\r\n` +
        `Call-ID: ${header(text, 'Call-ID')}\r\nCSeq: ${header(text, 'CSeq')}\r\n` +
        `Contact: <sip:ear@127.0.0.1:${sip.address().port}>\r\n` +
        (body ? 'Content-Type: application/sdp\r\n' : '') +
        `Content-Length: ${body.length}\r\n\r\n${body}`, from.port, from.address);
}

async function invited(text, from) {
    const id = header(text, 'Call-ID');
    let leg = byCallId.get(id);
    if (leg && !leg.answer) return; // its answer is being made
    if (!leg) {
        const port = Number((text.match(/^m=audio (\d+)/m) ?? [])[1]);
        const address = (text.match(/^c=IN IP4 (\S+)/m) ?? [])[1];
        leg = { id: legs.length, count: 0, up: false, known: new Set(), remote: { address, port },
            silent: /^INVITE sip:\+1500666/.test(text) };
        byCallId.set(id, leg);
        legs.push(leg);
        leg.rtp = await bind((data) => heard(leg, data));
        leg.answer = `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n` +
            `m=audio ${leg.rtp.address().port} RTP/AVP 0\r\na=sendrecv\r\n`;
    }
    reply(text, from, '200 OK', leg.answer, `ear${leg.id}`);
}

const sip = await bind((data, from) => {
    const text = data.toString('latin1');
    const [method] = text.split(' ');
    const leg = byCallId.get(header(text, 'Call-ID'));
    if (method === 'INVITE') invited(text, from);
    else if (method === 'ACK' && leg) leg.up = true;
    else if (method === 'BYE') {
        reply(text, from, '200 OK');
        if (leg?.up) { leg.up = false; leg.rtp.close(); leg.known.clear(); }
    } else if (['OPTIONS', 'CANCEL'].includes(method)) reply(text, from, '200 OK');
});

// ----------------------------------------------------------------------------------------- report

const percentile = (values, share) => {
    const sorted = Float64Array.from(values).sort();
    return sorted.length ? +sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(2) : 0;
};
const figures = ({ name, sent, heard: got, repeated, lates, excess, straight: own }) => ({
    name, sent, heard: got, missing: sent - got, repeated, late: lates.filter((at) => !stood(at)).length,
    p50: percentile(excess, 0.5), p99: percentile(excess, 0.99), max: percentile(excess, 1),
    machine_p99: percentile(own, 0.99), machine_max: percentile(own, 1),
});

createInterface({ input: process.stdin }).on('line', (line) => {
    const [word, ...name] = line.split(' ');
    if (word === 'phase') begin(name.join(' '));
    else if (word === 'report') {
        begin('before'); // what is under way is of the phases before
        setTimeout(() => {
            console.log(JSON.stringify(phases.slice(reported, -1).map(figures)));
            reported = phases.length - 1;
        }, 500);
    } else if (word === 'speak') {
        for (const leg of legs) leg.silent = false;
    } else if (word === 'ports') {
        const ports = (silent) => legs.filter((leg) => leg.up && leg.silent === silent)
            .map(({ remote }) => remote.port);
        console.log(JSON.stringify({ talking: ports(false), silent: ports(true) }));
    }
}).on('close', () => process.exit(0));

console.log(JSON.stringify({ ready: true, sip: `127.0.0.1:${sip.address().port}` }));
