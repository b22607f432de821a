// Applications that hang, drip, never end or send far too much: other calls' webhooks come as ever, calls
// in progress sound as ever, and what cannot be delivered is bounded, dropped aloud and counted.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { startVoice } from '../lib/process.mjs';
import { Rest } from '../lib/rest.mjs';
import { until } from '../lib/wait.mjs';
import { Webhooks } from '../lib/webhooks.mjs';
import { Ear, LONG, Memory, SMALL_QUARANTINE, figure, pass, unnoticed } from './calls.mjs';
import { figures, spread } from './engine.mjs';

const CALLS = LONG ? 2000 : 250;

let ear, voice, rest, hooks, bad;

/** A server whose every path is another misfortune; it counts what is open. */
async function startBad() {
    const open = new Set();
    let most = 0;
    const server = http.createServer((request, response) => {
        const timers = [];
        const every = (ms, what) => timers.push(setInterval(what, ms));
        request.resume();
        response.on('error', () => {});
        response.on('close', () => timers.forEach(clearInterval));
        const { pathname } = new URL(request.url, 'http://bad');
        if (pathname === '/drip') {
            response.writeHead(200, { 'content-type': 'text/xml' });
            every(500, () => response.write('<'));
        } else if (pathname === '/endless' || pathname === '/endless.wav') {
            response.writeHead(200, { 'content-type': pathname === '/endless' ? 'text/xml' : 'audio/wav' });
            every(1, () => response.write(Buffer.alloc(64 << 10, 0x20)));
        } else if (pathname === '/huge') {
            response.writeHead(200, { 'content-type': 'text/xml', 'content-length': 200 << 20 });
            response.write(Buffer.alloc(1 << 20, 0x20));
        } else if (pathname === '/good') {
            response.writeHead(200, { 'content-type': 'text/xml' });
            response.end('<Response><Hangup/></Response>');
        } // else it hangs
    });
    server.on('connection', (socket) => {
        open.add(socket);
        most = Math.max(most, open.size);
        socket.on('error', () => {});
        socket.on('close', () => open.delete(socket));
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
        url: (path) => `http://127.0.0.1:${server.address().port}${path}`,
        get most() { return most; },
        get open() { return open.size; },
        stop: () => { server.closeAllConnections(); server.close(); },
    };
}

before(async () => {
    ear = await Ear.start();
    hooks = await Webhooks.start();
    bad = await startBad();
    voice = await startVoice({ trunk: `sip:${ear.sip}`, env: SMALL_QUARANTINE,
        args: ['--cps', '500', '--probe-s', '0'] });
    rest = new Rest(voice.http);
    await ear.pairs(rest, 4);
});
after(async () => {
    rest.close();
    await ear.stop();
    bad.stop();
    await hooks.stop();
    await voice.stop();
});

const order = (form) => rest.createCall({ To: '+15006660000', From: '+15005550006', ...form });

/** `count` calls by an application that is well: ms from the order to the question, of each. */
async function askedInTime(what, count = 15) {
    const path = `/voice-${what.replace(/\W/g, '-')}`;
    const at = new Map();
    const url = hooks.twiml(path, '<Hangup/>');
    for (let i = 0; i < count; ++i) at.set((await order({ Url: url })).sid, Date.now());
    await until(() => hooks.to(path).length >= count, 15000, `the questions (${what})`);
    figure(`order to answer webhook, ${what}: ` +
        spread(hooks.to(path).map(({ params, at: when }) => when - at.get(params.CallSid))));
}

test('a status callback target that hangs holds up nobody, on its own host or another', async () => {
    const memory = new Memory('the engine under callbacks that hang', voice.pid);
    await askedInTime('before');
    ear.phase('callbacks hang');
    for (let i = 0; i < CALLS; ++i)
        await order({ Url: bad.url('/good'), StatusCallback: bad.url('/hang'),
            StatusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'] });
    await askedInTime('while callbacks hang');
    // the same host answers the questions of those who are on the line
    await until(async () => (await figures(voice)).legs <= 8, 15000, 'the calls to be told to end', 200);
    const now = await figures(voice);
    figure(`callbacks: ${now.callbacks_waiting} wait, ${now.callbacks_dropped} dropped, ` +
        `${now.fetches} on their way, at most ${bad.most} connections`);
    assert.ok(now.fetches <= 40, `${now.fetches} requests are on their way`);
    assert.ok(now.callbacks_waiting > CALLS, 'the others wait for theirs');
    ear.phase('after');
    unnoticed(await ear.report('callbacks that hang'));
    await memory.bounded(LONG ? 120 : 60, LONG ? 120 : 60);
});

test('documents and sounds without end, or far too large, are given up', async () => {
    const memory = new Memory('the engine under answers without end', voice.pid);
    ear.phase('answers without end');
    const paths = ['/endless', '/huge', '/drip', '/hang'];
    const calls = [];
    for (let i = 0; i < CALLS / 2; ++i) calls.push(await order({ Url: bad.url(paths[i % paths.length]) }));
    for (let i = 0; i < 40; ++i)
        calls.push(await order({ Twiml: `<Response><Play>${bad.url('/endless.wav')}</Play></Response>` }));
    await askedInTime('while documents do not end');
    await pass(1500);
    ear.phase('after');
    unnoticed(await ear.report('answers without end'));
    await memory.bounded(150, 80);
    const told = await until(async () => {
        const { body } = await rest.request('GET', '/Notifications.json?PageSize=1000');
        return body.notifications.some(({ error_code: code }) => code === '11750') && body.notifications;
    }, 5000, 'the notification of a document too large');
    assert.ok(told.length > 0);
});
