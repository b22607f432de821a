// What does the question "somebody answered: what now?" cost the dialer? POST /voice/answer of real
// attempts (people whose telephones ring), some 23 fields and a signature each, on 1, 16 and 64
// connections that stay open: signature, core, journal and store included. The floor is libmicrohttpd
// alone, which reads the same forms and answers as many bytes.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { OUTDIAL, run } from '../tests/e2e/lib/process.mjs';
import { sleep, until } from '../tests/e2e/lib/wait.mjs';
import { signatureOf } from '../tests/e2e/lib/webhooks.mjs';
import { Center, difference, spent, sum } from './lib/center.mjs';
import { figure, quick } from './lib/figure.mjs';

const PEER = path.join(path.dirname(OUTDIAL), 'bench/http_peer');
const AGENTS = 64; // and as many telephones that ring
const SECONDS = quick ? 1 : 3;
const RUNS = quick ? 2 : 3;
const PACED = 1000; // calls answered in a second: twice of what an engine places

const PLACES = ['From', 'To', 'Caller', 'Called']
    .flatMap((who) => ['City', 'State', 'Zip', 'Country'].map((what) => who + what));

/** One request as the engine sends it. */
function requestOf(center, account, token, attempt) {
    const params = {
        CallSid: attempt.call_sid, AccountSid: account, From: '+12025550100', To: attempt.number,
        Caller: '+12025550100', Called: attempt.number, CallStatus: 'in-progress', ApiVersion: '2010-04-01',
        Direction: 'outbound-api', ...Object.fromEntries(PLACES.map((name) => [name, name.endsWith('Country') ? 'US' : ''])),
    };
    const target = `/voice/answer?attempt=${attempt.id}`;
    const body = new URLSearchParams(params).toString();
    const text = `POST ${target} HTTP/1.1\r\nHost: ${new URL(center.http).host}\r\nUser-Agent: TwilioProxy/1.1\r\n` +
        `Accept: */*\r\nX-Twilio-Signature: ${signatureOf(center.http + target, params, token)}\r\n` +
        `I-Twilio-Idempotency-Token: 00000000-0000-0000-0000-${String(attempt.id).padStart(12, '0')}\r\n` +
        'Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n' +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    return { text, target, body, signature: signatureOf(center.http + target, params, token) };
}

async function load(port, file, connections, seconds, rate) {
    const end = await run(PEER, ['load', port, file, connections, seconds, rate].map(String));
    if (end.code !== 0) throw new Error(`http_peer: ${end.errors}`);
    return JSON.parse(end.output);
}

/** CPU in microseconds for a request, by thread, and what the load saw. */
async function measure(pid, port, file, connections, seconds = SECONDS, rate = 0) {
    const before = spent(pid);
    const seen = await load(port, file, connections, seconds, rate);
    const used = difference(spent(pid), before);
    const perRequest = Object.fromEntries(Object.entries(used).map(([name, us]) => [name, us / seen.requests]));
    return { ...seen, perRequest, all: sum(perRequest) };
}

async function startFloor(center, size) {
    const file = path.join(center.temporary.folder, 'floor-port');
    const child = spawn(PEER, ['floor', file, String(size)], { stdio: 'ignore' });
    await until(() => existsSync(file) && readFileSync(file, 'latin1').endsWith('\n'), 5000, 'the floor to listen', 20);
    return { child, pid: child.pid, port: Number(readFileSync(file, 'latin1')) };
}

const center = await Center.start({ people: { do: 'ring_out' }, agents: AGENTS, leads: 10 * AGENTS, rate: 200 });
await center.command('start');
const ringing = await until(async () => {
    const { items } = await center.api('GET', 'attempts?campaign=bench&limit=200');
    const all = items.filter(({ state, call_sid: sid }) => state === 'ringing' && sid);
    return all.length >= AGENTS && all;
}, 20000, 'the telephones to ring', 200);
const { account_sid: account, auth_token: token } =
    JSON.parse(readFileSync(path.join(center.data, 'credentials.json'), 'utf8'));
const requests = ringing.map((attempt) => requestOf(center, account, token, attempt));
const file = path.join(center.temporary.folder, 'requests');
writeFileSync(file, requests.map(({ text }) => `${Buffer.byteLength(text)}\n${text}`).join(''));

const first = await fetch(center.http + requests[0].target, {
    method: 'POST', body: requests[0].body,
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': requests[0].signature } });
const document = await first.text();
if (!document.includes('<Conference')) throw new Error(`no room is told: ${first.status} ${document}`);
const floor = await startFloor(center, document.length);
const port = Number(new URL(center.http).port);
await load(port, file, 16, 1, 2000); // every attempt has been answered once, everything is warm

for (const connections of [1, 16, 64]) {
    const ours = [], theirs = [];
    for (let i = 0; i < RUNS; ++i) {
        ours.push(await measure(center.pids.dialer, port, file, connections));
        await sleep(300); // the store is done with what it was told
        theirs.push(await measure(floor.pid, floor.port, file, connections));
    }
    if (ours.some(({ bad, unanswered }) => bad || unanswered)) throw new Error(`not every request was answered well: ${JSON.stringify(ours)}`);
    console.error(`${connections} connections:`, JSON.stringify({ ours: ours.at(-1), floor: theirs.at(-1) }));
    const what = { bench: 'webhook', load: `${connections} connections`, scheduling: {} };
    figure({ ...what, figure: 'answer webhook: CPU of the loop', unit: 'CPU-us/request',
        runs: ours.map(({ perRequest }) => perRequest.main),
        floor: { name: 'libmicrohttpd alone', runs: theirs.map(({ all }) => all) },
        goal: connections === 16 ? { ratio_at_most: 1.5 } : undefined });
    figure({ ...what, figure: 'answer webhook: CPU with the store', unit: 'CPU-us/request', runs: ours.map(({ all }) => all),
        floor: { name: 'libmicrohttpd alone', runs: theirs.map(({ all }) => all) } });
    figure({ ...what, figure: 'answer webhook: rate', unit: 'requests/s',
        runs: ours.map((one) => one.requests / one.seconds),
        floor: { name: 'libmicrohttpd alone', runs: theirs.map((one) => one.requests / one.seconds) } });
}
const paced = [], bare = [];
for (let i = 0; i < RUNS; ++i) {
    paced.push(await measure(center.pids.dialer, port, file, 16, SECONDS, PACED));
    bare.push(await measure(floor.pid, floor.port, file, 16, SECONDS, PACED));
}
for (const [part, goal] of [['p50'], ['p99', { at_most: 1 }]])
    figure({ bench: 'webhook', figure: `answer webhook: ${part}`, unit: 'ms', goal,
        load: `${PACED} requests/s on 16 connections`, runs: paced.map((one) => one[`${part}_us`] / 1000),
        floor: { name: 'libmicrohttpd alone', runs: bare.map((one) => one[`${part}_us`] / 1000) } });
floor.child.kill('SIGKILL');
await center.stop();
