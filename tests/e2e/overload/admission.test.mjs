// Three times the calls that fit: the rest is refused clearly, by REST and by SIP, those in progress sound as
// ever, and afterwards there is room again. The same for want of ports, of descriptors, of time.

import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';

import { freePort } from '../lib/ports.mjs';
import { OUTDIAL, run, startVoice } from '../lib/process.mjs';
import { Rest } from '../lib/rest.mjs';
import { until } from '../lib/wait.mjs';
import { Webhooks } from '../lib/webhooks.mjs';
import { Ear, LONG, Memory, SMALL_QUARANTINE, figure, pass, unnoticed } from './calls.mjs';
import { figures } from './engine.mjs';

const FIT = LONG ? 400 : 60;
const PAIRS = 4;

let ear, hooks, engine;
beforeEach(async () => {
    ear = await Ear.start();
    hooks = await Webhooks.start();
});
afterEach(async () => {
    await engine?.stop();
    engine = null;
    await ear.stop();
    await hooks.stop();
});

async function startEngine(args, options = {}) {
    const voice = await startVoice({ trunk: `sip:${ear.sip}`, env: SMALL_QUARANTINE, ...options,
        args: ['--cps', '500', '--probe-s', '0', '--incoming-url',
            hooks.twiml('/in', '<Pause length="60"/>'), ...args] });
    const rest = new Rest(voice.http);
    engine = { voice, rest, async stop() { rest.close(); await voice.stop(); } };
    return engine;
}

const order = (rest) => rest.request('POST', '/Calls.json', { To: '+15006660000', From: '+15005550006',
    Twiml: '<Response><Pause length="60"/></Response>' });

/** So many orders at once: { taken (SIDs), refused }. */
async function storm(rest, count) {
    const answers = await Promise.all(Array.from({ length: count }, () => order(rest)));
    const taken = answers.filter(({ status }) => status === 201).map(({ body }) => body.sid);
    const refused = answers.filter(({ status }) => status === 429);
    assert.equal(taken.length + refused.length, count, 'each is taken or refused');
    for (const { body, headers } of refused) {
        assert.equal(body.code, 20429);
        assert.equal(body.status, 429);
        assert.ok(Number(headers['retry-after']) > 0, 'and told when to come again');
    }
    return { taken, refused: refused.length };
}

const hangUp = (rest, sids) => Promise.all(sids.map((sid) => rest.updateCall(sid, { Status: 'completed' })));
const legsUp = (voice, wanted) =>
    until(async () => (await figures(voice)).legs === wanted, 15000, `${wanted} legs to be up`, 100);

/** A telephone that calls in `count` times at once; resolves with the final answers' heads. */
async function callIn(voice, count) {
    const socket = dgram.createSocket('udp4');
    const finals = new Map();
    const sip = (method, n, to = '') => `${method} sip:+15005550009@127.0.0.1 SIP/2.0\r\n` +
        `Via: SIP/2.0/UDP 127.0.0.1:${socket.address().port};branch=z9hG4bKin${n};rport\r\n` +
        `Max-Forwards: 70\r\nFrom: <sip:ann@127.0.0.1>;tag=in${n}\r\nTo: <sip:+15005550009@127.0.0.1>${to}\r\n` +
        `Call-ID: in${n}-${voice.sipPort}\r\nCSeq: 1 ${method}\r\n` +
        `Contact: <sip:ann@127.0.0.1:${socket.address().port}>\r\n`;
    const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n' +
        'm=audio 40000 RTP/AVP 0\r\n';
    await new Promise((resolve) => socket.bind(0, '127.0.0.1', resolve));
    socket.on('message', (data) => {
        const text = data.toString('latin1');
        const status = Number((text.match(/^SIP\/2\.0 (\d+)/) ?? [])[1]);
        const n = Number((text.match(/^Call-ID: in(\d+)/m) ?? [])[1]);
        if (!(status >= 200) || !/CSeq: \d+ INVITE/.test(text)) return;
        finals.set(n, { status, text });
        const to = (text.match(/^To: [^\r\n]*?(;tag=[^\r\n;]*)/m) ?? [])[1] ?? '';
        socket.send(`${sip('ACK', n, to)}Content-Length: 0\r\n\r\n`, voice.sipPort, '127.0.0.1');
    });
    for (let n = 0; n < count; ++n)
        socket.send(`${sip('INVITE', n)}Content-Type: application/sdp\r\nContent-Length: ${sdp.length}\r\n\r\n` +
            sdp, voice.sipPort, '127.0.0.1');
    await until(() => finals.size >= count, 20000, `${count} answers to calls in`);
    socket.close();
    return [...finals.values()];
}

test('three times the calls that fit', async () => {
    const { voice, rest } = await startEngine(['--calls-max', String(FIT)]);
    const memory = new Memory('the engine under three times its calls', voice.pid);
    await ear.pairs(rest, PAIRS, 'three');
    ear.phase('three times the calls by REST');
    const room = FIT - 2 * PAIRS;
    const first = await storm(rest, 3 * FIT);
    figure(`${3 * FIT} orders where ${room} fit: ${first.taken.length} taken, ${first.refused} refused with 429`);
    assert.equal(first.taken.length, room);
    await legsUp(voice, FIT);

    ear.phase('calls in on top of it');
    const finals = await callIn(voice, 3 * FIT);
    assert.ok(finals.every(({ status, text }) => status === 503 && /^Retry-After: [1-9]/m.test(text)),
              `503 and Retry-After: ${finals.find(({ status }) => status !== 503)?.text}`);
    await pass(500);
    await hangUp(rest, first.taken);
    await legsUp(voice, 2 * PAIRS);

    ear.phase('room again');
    const again = await storm(rest, 10);
    assert.equal(again.taken.length, 10);
    await hangUp(rest, again.taken);
    await legsUp(voice, 2 * PAIRS);
    assert.ok((await figures(voice)).refused >= 2 * FIT + 3 * FIT);
    ear.phase('after');
    unnoticed(await ear.report('three times the calls'));
    await memory.bounded(60);
});

test('no port is left: somebody else took some of them', async () => {
    const port = 2 * Math.floor(await freePort() / 2) - 400;
    const { voice, rest } = await startEngine([], { media: `127.0.0.1:${port}-${port + 39}` });
    const squatters = [];
    const ports = new Set((await ear.ports()).talking);
    await ear.pairs(rest, PAIRS, 'ports');
    const mine = (await ear.ports()).talking.filter((one) => !ports.has(one));
    for (let at = port; at < port + 40; at += 2)
        if (!mine.includes(at) && squatters.length < 6) {
            const socket = dgram.createSocket('udp4');
            await new Promise((resolve) => { socket.once('error', resolve); socket.bind(at, '127.0.0.1', resolve); });
            squatters.push(socket);
        }
    ear.phase('ports');
    const { taken, refused } = await storm(rest, 60);
    const statuses = async () => (await Promise.all(taken.map((sid) => rest.call(sid))))
        .map(({ status }) => status);
    const count = (all, wanted) => all.filter((status) => status === wanted).length;
    await until(async () => count(await statuses(), 'in-progress') === 20 - 2 * PAIRS - squatters.length, 10000,
                'a call on each port that is left', 100);
    const all = await statuses();
    figure(`20 ports, 8 in use, ${squatters.length} taken by others, 60 orders: ${count(all, 'in-progress')} calls, ` +
        `${count(all, 'failed')} failed, ${count(all, 'queued')} wait, ${refused} refused with 429`);
    assert.ok(count(all, 'failed') <= 5, 'who finds no port makes the others wait, not fail');
    assert.ok(refused >= 60 - 20 && count(all, 'queued') > 0);
    squatters.forEach((socket) => socket.close());
    await until(async () => count(await statuses(), 'queued') === 0, 10000, 'those who waited to be called', 100);
    assert.ok(count(await statuses(), 'failed') <= 6);
    await hangUp(rest, taken);
    await legsUp(voice, 2 * PAIRS);
    ear.phase('after');
    unnoticed(await ear.report('no port is left'));
});

test('few descriptors: there is room for fewer calls, and the last one is never taken', async () => {
    const few = await run('sh', ['-c', `ulimit -n 100; exec ${OUTDIAL} voice --http 127.0.0.1:0 --sip ` +
        '127.0.0.1:0'], { env: { twilio_account_sid: `AC${'0'.repeat(31)}1`, twilio_auth_token: 't' } });
    assert.equal(few.code, 1);
    assert.match(few.errors, /100 descriptors are too few for a call: raise the limit/);

    const { voice, rest } = await startEngine([], { limit: 300 });
    await ear.pairs(rest, PAIRS, 'descriptors');
    const open = () => readdirSync(`/proc/${voice.pid}/fd`).length;
    const before = open();
    ear.phase('few descriptors');
    const { taken, refused } = await storm(rest, 400);
    figure(`300 descriptors: ${taken.length} calls taken, ${refused} refused, ${open()} descriptors open at most`);
    assert.ok(taken.length > 20 && refused > 100);
    await legsUp(voice, taken.length + 2 * PAIRS);
    const idle = Array.from({ length: 200 }, () => fetch(voice.http).catch(() => null));
    await Promise.all(idle);
    assert.doesNotMatch(voice.errors, /Too many open files/);
    await hangUp(rest, taken);
    await legsUp(voice, 2 * PAIRS);
    await until(() => open() <= before + 20, 10000, 'descriptors to be given back', 100);
    ear.phase('after');
    unnoticed(await ear.report('few descriptors'));
});

test('no time is left: while the media thread is at work too much, new calls wait', async () => {
    const { voice, rest } = await startEngine(['--load-percent', '1']);
    // one in a hundred is at work soon: a stand-in for a machine that is full
    const sids = await ear.pairs(rest, LONG ? 40 : 12, 'load').catch(() => []);
    await until(() => /voice\.load_high/.test(voice.errors), 10000, 'the load to be told');
    ear.phase('loaded');
    const { taken } = await storm(rest, 5);
    assert.equal(taken.length, 5, 'orders are taken');
    const finals = await callIn(voice, 5);
    assert.ok(finals.every(({ status }) => status === 503), 'callers are told to come later');
    const calls = await Promise.all(taken.map((sid) => rest.call(sid)));
    assert.ok(calls.every(({ status }) => status === 'queued'), `and wait: ${calls.map(({ status }) => status)}`);
    unnoticed(await ear.report('no time is left'));
    const all = (await rest.calls('?Status=in-progress&PageSize=1000')).calls.map(({ sid }) => sid);
    await hangUp(rest, all);
    await until(() => /voice\.load_low/.test(voice.errors), 10000, 'the load to go');
    await until(async () => (await rest.call(taken[0])).status === 'in-progress', 5000, 'who waited to be called');
    assert.ok(sids);
});
