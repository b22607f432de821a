// Slow, silent, deaf and very many HTTP clients against the engine's interface and the dialer's: those who
// are well are answered or clearly told to come later, calls in progress sound as ever.

import assert from 'node:assert/strict';
import http from 'node:http';
import path from 'node:path';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { ACCOUNT_SID, AUTH_TOKEN, OUTDIAL, Running, startVoice, temporaryFolder } from '../lib/process.mjs';
import { Rest } from '../lib/rest.mjs';
import { until } from '../lib/wait.mjs';
import { Webhooks } from '../lib/webhooks.mjs';
import { Ear, LONG, Memory, SMALL_QUARANTINE, figure, pass, unnoticed } from './calls.mjs';
import { figures, spread } from './engine.mjs';

const CROWD = path.join(path.dirname(fileURLToPath(import.meta.url)), 'crowd.mjs');
// few descriptors, so that a small crowd fills every place: 250 of the engine, 500 of the dialer
const LIMITS = LONG ? [undefined, undefined] : [2000, 1000];
const CLIENTS = LONG ? 6000 : 800;
const ASKED = LONG ? 400 : 30;

const ALL = [['idle', 1], ['idle', 8], ['head', 8], ['half', 1], ['body', 8], ['deaf', 4]];
const CROWDS = [[ALL[0], ALL[2]], [ALL[1], ALL[4], ALL[5]], ALL];

let ear, voice, rest, hooks, serve;
const data = temporaryFolder();
/** What is attacked: { name, port, pid, request (as a line of a head), headers, path, later } */
const targets = [];

before(async () => {
    ear = await Ear.start();
    hooks = await Webhooks.start();
    voice = await startVoice({ trunk: `sip:${ear.sip}`, env: SMALL_QUARANTINE,
        limit: LIMITS[0], args: ['--cps', '100', '--probe-s', '0'] });
    rest = new Rest(voice.http);
    await ear.pairs(rest, 4);
    serve = new Running('sh', ['-c', `${LIMITS[1] ? `ulimit -n ${LIMITS[1]};` : ''} exec "$@"`, 'sh', OUTDIAL,
        'serve', '--http', '127.0.0.1:0', '--data', data.folder, '--voice', voice.http], { env: { ...SMALL_QUARANTINE, twilio_account_sid: ACCOUNT_SID,
        twilio_auth_token: AUTH_TOKEN } });
    const dialer = (await serve.ready()).http;
    const basic = 'Basic ' + Buffer.from(`${ACCOUNT_SID}:${AUTH_TOKEN}`).toString('base64');
    const bearer = `Bearer ${readFileSync(`${data.folder}/token`, 'utf8').trim()}`;
    const calls = `/2010-04-01/Accounts/${ACCOUNT_SID}/Calls.json?PageSize=1000`;
    const line = (path, value) => `GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: ${value}\r\n`;
    targets.push({ name: 'the engine', base: voice.http, pid: voice.pid, headers: { authorization: basic },
        path: `/2010-04-01/Accounts/${ACCOUNT_SID}.json`, deaf: line(calls, basic), later: 429 });
    targets.push({ name: 'the dialer', base: dialer, pid: serve.pid, headers: { authorization: bearer },
        path: '/api/v1/campaigns', deaf: line('/api/openapi.json', bearer), later: 503 });
});
after(async () => {
    rest.close();
    await ear.stop();
    await hooks.stop();
    await serve.stop();
    await voice.stop();
    data.remove();
});

/** One request on a connection of its own. */
function ask(base, target, options = {}) {
    const at = performance.now();
    return new Promise((resolve) => {
        const request = http.request(new URL(target, base), { agent: false, ...options }, (response) => {
            response.resume();
            response.on('end', () => resolve({ status: response.statusCode, ms: performance.now() - at,
                retry: response.headers['retry-after'] }));
        });
        request.setTimeout(15000, () => request.destroy());
        request.on('error', (error) => resolve({ status: 0, error: error.message, ms: performance.now() - at }));
        request.end(options.body);
    });
}

/** The honest client's requests, five at a time: all answered, or told to come again. */
async function honest(target, what) {
    const answers = [];
    while (answers.length < ASKED)
        answers.push(...await Promise.all(Array.from({ length: 5 }, () =>
            ask(target.base, target.path, { headers: target.headers }))));
    const good = answers.filter(({ status }) => status === 200);
    const later = answers.filter(({ status }) => status === target.later);
    figure(`${target.name}, ${what}: ${good.length} of ${ASKED} requests served, ${later.length} told to ` +
        `come later; served in ${spread(good.map(({ ms }) => ms))}`);
    const lost = answers.filter(({ status }) => ![200, target.later].includes(status));
    assert.deepEqual(lost, [], 'each is answered or clearly refused');
    assert.ok(later.every(({ retry }) => Number(retry) > 0), 'and told when to come again');
    return good.length;
}

async function crowd(target, kind, addresses) {
    const from = Array.from({ length: addresses }, (_, i) => `127.0.0.${2 + i}`);
    const order = { kind, port: Number(new URL(target.base).port), from, count: CLIENTS, request: target.deaf };
    const running = new Running(process.execPath, [CROWD, JSON.stringify(order)]);
    await until(() => running.output.includes('there') || running.end, 20000, `the crowd (${kind})`);
    return {
        async end() {
            running.child.kill('SIGTERM');
            await running.ended;
            const { opened, cut, open } = JSON.parse(running.output.trim().split('\n').at(-1));
            figure(`${target.name}, ${kind} clients from ${addresses}: ${opened} connections came, ${cut} were ` +
                `cut, ${open} stayed`);
        },
    };
}

for (const which of [0, 1])
    test(`a crowd before ${which ? 'the dialer' : 'the engine'} keeps nobody out`, async () => {
        const target = targets[which];
        const memory = new Memory(target.name, target.pid);
        await honest(target, 'alone');
        for (const [kind, addresses] of CROWDS[LONG ? 2 : which]) {
            ear.phase(`${kind} from ${addresses}`);
            const there = await crowd(target, kind, addresses);
            try {
                await pass(600);
                const good = await honest(target, `${kind} clients from ${addresses} addresses`);
                assert.ok(good >= ASKED * 0.5, `${good} of ${ASKED} were served`);
                if (which === 0 && addresses > 1) await askedInTime(kind);
                if (which === 1) await webhook(target, kind);
            } finally { await there.end(); }
        }
        ear.phase('after');
        await until(async () => await honest(target, 'afterwards') === ASKED, 10000, 'all to be served again');
        unnoticed(await ear.report(`a crowd before ${target.name}`));
        await memory.bounded(150, 100);
    });

/** The engine's own questions to an application, while its interface is crowded. */
async function askedInTime(kind) {
    const url = hooks.twiml(`/voice-${kind}`, '<Hangup/>');
    const at = new Map();
    for (let i = 0; i < 5; ++i) {
        const call = await until(() => rest.createCall({ To: '+15006660000', From: '+15005550006', Url: url })
            .catch(() => null), 10000, 'the order to be taken');
        at.set(call.sid, Date.now());
    }
    await until(() => hooks.to(`/voice-${kind}`).length >= 5, 10000, 'the questions');
    figure(`the engine, ${kind} clients: order to answer webhook ` +
        spread(hooks.to(`/voice-${kind}`).map(({ params, at: when }) => when - at.get(params.CallSid))));
}

/** A webhook is answered in a crowd as well (here: that its signature is missing). */
async function webhook(target, kind) {
    const answers = [];
    for (let i = 0; i < 10; ++i)
        answers.push(await ask(target.base, '/voice/status?attempt=1', { method: 'POST', body: 'CallSid=CA1' }));
    figure(`the dialer, ${kind} clients: webhooks answered in ${spread(answers.map(({ ms }) => ms))}`);
    assert.ok(answers.every(({ status }) => status === 403), JSON.stringify(answers.find((a) => a.status !== 403)));
}

test('1,000 requests at once are each answered or told to come later', async () => {
    for (const target of targets) {
        await until(async () => (await ask(target.base, target.path, { headers: target.headers })).status === 200,
                    10000, `${target.name} to be alone again`);
        ear.phase(`1,000 requests to ${target.name}`);
        for (const kept of [false, true]) {
            const agent = kept && new http.Agent({ keepAlive: true, maxSockets: 200 });
            const at = performance.now();
            const answers = await Promise.all(Array.from({ length: 1000 }, () =>
                ask(target.base, target.path, { headers: target.headers, agent })));
            const good = answers.filter(({ status }) => status === 200);
            const later = answers.filter(({ status }) => status === target.later);
            figure(`${target.name}, 1,000 requests at once${kept ? ' over 200 kept connections' : ''}: ` +
                `${good.length} served in ${spread(good.map(({ ms }) => ms))}; ${later.length} told to come ` +
                `later; ${(1000 * 1000 / (performance.now() - at)).toFixed(0)} requests/s`);
            assert.equal(good.length + later.length, 1000, 'none is lost: ' +
                JSON.stringify(answers.find(({ status }) => ![200, target.later].includes(status))));
            assert.ok(good.length >= 100, `${good.length} were served`);
            if (agent) agent.destroy();
        }
    }
    ear.phase('after');
    unnoticed(await ear.report('1,000 requests'));
    figure(`the engine's interface: ${JSON.stringify(await figures(voice))}`);
});
