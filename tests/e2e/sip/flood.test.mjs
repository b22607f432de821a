// A flood of malformed packets: calls in progress do not notice, the process lives on.

import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import net from 'node:net';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { sleep } from '../lib/wait.mjs';
import { Bench } from './bench.mjs';

const PACKETS = 20000;
const CONNECTIONS = 300;

/** Repeatable chance (mulberry32). */
function chance(seed) {
    let state = seed >>> 0;
    return (bound) => {
        state = (state + 0x6d2b79f5) >>> 0;
        let t = Math.imul(state ^ (state >>> 15), state | 1);
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
        return ((t ^ (t >>> 14)) >>> 0) % bound;
    };
}

const description = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n' +
    'm=audio 40000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n';

function message(first, method, n) {
    return `${first}\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK${n};rport\r\nMax-Forwards: 70\r\n` +
        `From: <sip:a@127.0.0.1>;tag=${n}\r\nTo: <sip:b@127.0.0.1>${n % 3 ? '' : ';tag=7'}\r\n` +
        `Call-ID: flood${n}\r\nCSeq: ${n % 5} ${method}\r\nContact: <sip:a@127.0.0.1:9>\r\n` +
        `Content-Type: application/sdp\r\nContent-Length: ${description.length}\r\n\r\n${description}`;
}

function packet(random, n) {
    const methods = ['INVITE', 'ACK', 'BYE', 'CANCEL', 'INFO', 'OPTIONS', 'REGISTER', 'FOO'];
    const method = methods[random(methods.length)];
    const first = random(4) ? `${method} sip:b@127.0.0.1 SIP/2.0`
        : `SIP/2.0 ${[100, 180, 200, 302, 401, 503, 699][random(7)]} X`;
    const bytes = Buffer.from(message(first, method, n), 'latin1');
    for (let i = random(12); i > 0; --i) bytes[random(bytes.length)] = random(256);
    switch (random(6)) {
    case 0: return bytes.subarray(0, random(bytes.length));
    case 1: return Buffer.concat([bytes, bytes]);
    case 2: return Buffer.from(Array.from({ length: random(600) }, () => random(256)));
    default: return bytes;
    }
}

/** One TCP connection: some packets, cut anywhere, then gone without a word. */
function pour(random, port, n) {
    return new Promise((resolve) => {
        const socket = net.connect(port, '127.0.0.1', () => {
            const bytes = Buffer.concat(Array.from({ length: 1 + random(6) },
                                                   (_, i) => packet(random, n * 10 + i)));
            const cut = random(bytes.length);
            socket.write(bytes.subarray(0, cut), () => {
                socket.write(bytes.subarray(cut), () => setTimeout(() => socket.destroy(), 5));
            });
        });
        socket.on('error', () => {});
        socket.on('data', () => {});
        socket.on('close', resolve);
    });
}

const resident = (pid) =>
    Number(readFileSync(`/proc/${pid}/status`, 'latin1').match(/VmRSS:\s+(\d+)/)[1]) / 1024;

describe('a flood of malformed packets', () => {
    let bench;
    before(async () => { bench = await Bench.start(); });
    after(() => bench.stop());

    test('is not noticed by a call in progress, and the next call goes as ever', async () => {
        const seed = Number(process.env.SEED ?? 20261122);
        const random = chance(seed);
        const trunk = await bench.trunk('callee_waits_for_bye', { ms: 60000 });
        const call = await bench.place('<Pause length="60"/>');
        await bench.status(call.sid, 'in-progress');

        const socket = dgram.createSocket('udp4');
        for (let n = 0; n < PACKETS; ++n) {
            socket.send(packet(random, n), bench.voice.sipPort, '127.0.0.1');
            if (n % 200 === 199) await sleep(10);
        }
        await sleep(300);
        socket.close();
        for (let n = 0; n < CONNECTIONS; n += 20)
            await Promise.all(Array.from({ length: 20 },
                                         (_, i) => pour(random, bench.voice.sipPort, n + i)));
        console.log(`seed ${seed}: ${PACKETS} packets, ${CONNECTIONS} connections, ${Math.round(resident(bench.voice.pid))} MB`);

        assert.equal(bench.voice.end, undefined, bench.voice.errors.slice(-3000));
        assert.equal((await bench.rest.call(call.sid)).status, 'in-progress');
        assert.ok(bench.voice.errors.length < 4e6, 'a flood of packets became a flood of log');
        await bench.rest.updateCall(call.sid, { Status: 'completed' });
        assert.equal((await bench.end(call.sid)).CallStatus, 'completed');
        await trunk.succeeded();

        const next = await bench.trunk('callee_waits_for_bye');
        const again = await bench.place('<Pause length="1"/>');
        assert.equal((await bench.end(again.sid)).CallStatus, 'completed');
        await next.succeeded();
    });
});
