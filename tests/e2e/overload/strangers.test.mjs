// Floods from addresses that are nobody's: dropped before anything is parsed, counted, and not noticed
// by the calls in progress; the memory stays where it is.

import assert from 'node:assert/strict';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { run, startVoice } from '../lib/process.mjs';
import { Rest } from '../lib/rest.mjs';
import { until } from '../lib/wait.mjs';
import { Ear, LONG, Memory, SMALL_QUARANTINE, figure, pass, processorMs, unnoticed } from './calls.mjs';
import { figures } from './engine.mjs';

const STRANGER = '127.0.0.66';
const FLOOD = path.join(path.dirname(fileURLToPath(import.meta.url)), 'flood.mjs');
const MS = LONG ? 15000 : 1500;
const RATE = LONG ? 50000 : 30000;

let ear, voice, rest;

before(async () => {
    ear = await Ear.start();
    voice = await startVoice({ trunk: `sip:${ear.sip}`, env: SMALL_QUARANTINE,
        args: ['--cps', '200', '--local-phones', 'no', '--probe-s', '0'] });
    rest = new Rest(voice.http);
    await ear.pairs(rest, 5);
});
after(async () => {
    rest.close();
    await ear.stop();
    if (!voice.end) await voice.stop();
});

/** A flood in a process of its own; prints what a packet cost the engine. */
async function flood(kind, ports, options = {}) {
    const begun = processorMs(voice.pid), at = Date.now();
    const order = { kind, from: STRANGER, ports, rate: RATE, ms: MS, ...options };
    const { code, output, errors } = await run(process.execPath, [FLOOD, JSON.stringify(order)]);
    assert.equal(code, 0, errors);
    const { sent, ms } = JSON.parse(output);
    const cpu = processorMs(voice.pid) - begun;
    figure(`${kind} from ${order.from}: ${Math.round(1000 * sent / ms)} packets/s, the engine's processor ${(100 * cpu / (Date.now() - at)).toFixed(0)} % of a core, ` +
        `${(1000 * cpu / sent).toFixed(2)} us a packet with its calls`);
    return sent;
}

test('SIP from strangers is dropped, counted, and not noticed', async () => {
    const memory = new Memory('the engine under SIP', voice.pid);
    await pass(1000);
    let sent = 0;
    for (const kind of ['garbage', 'invite', 'mixed']) {
        ear.phase(`flood of ${kind}`);
        sent += await flood(kind, [voice.sipPort]);
    }
    ear.phase('connections');
    const connections = await Promise.all(Array.from({ length: 300 }, () => connect()));
    await until(() => connections.every((one) => one.closed), 10000, 'strangers to be turned away');
    ear.phase('after');
    await pass(1000);
    unnoticed(await ear.report('SIP flood'));
    await memory.bounded(40);
    const { strangers } = await figures(voice);
    assert.ok(strangers >= 0.9 * sent, `${strangers} of ${sent} were counted`);
    assert.ok(voice.errors.length < 100000, 'a flood of packets became a flood of log');
});

function connect() {
    const state = { closed: false };
    const socket = net.connect({ port: voice.sipPort, host: '127.0.0.1', localAddress: STRANGER });
    socket.on('connect', () => socket.write('INVITE sip:half'));
    socket.on('error', () => {});
    socket.on('data', () => {});
    socket.on('close', () => { state.closed = true; });
    return state;
}

test('RTP from strangers reaches nobody, latched or not', async () => {
    const memory = new Memory('the engine under RTP', voice.pid);
    await ear.pairs(rest, 2, 'silent', '+1500666');
    const { talking, silent } = await ear.ports();
    assert.equal(silent.length, 4);
    ear.phase('RTP to latched legs');
    await flood('rtp', talking);
    ear.phase('RTP to a latched leg from its own address');
    await flood('rtp', talking, { from: '127.0.0.1' });
    ear.phase('RTP to legs not latched');
    await flood('rtp', silent);
    ear.phase('after');
    ear.speak();
    await pass(1000);
    const phases = await ear.report('RTP flood');
    unnoticed(phases);
    assert.ok(phases.at(-1).heard > phases.at(-1).sent * 0.9, 'the silent are heard once they speak');
    await memory.bounded(40);
});
