// A dialer whose engine has no room, and one whose callbacks come a hundred times: no lead's attempt is
// used up, nobody is called twice, figures balance.

import assert from 'node:assert/strict';
import http from 'node:http';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { ACCOUNT_SID, AUTH_TOKEN, OUTDIAL, Running, run, temporaryFolder } from '../lib/process.mjs';
import { until } from '../lib/wait.mjs';
import { signatureOf } from '../lib/webhooks.mjs';
import { figure } from './calls.mjs';

const LEADS = 20;
const TIMES = 100;
const SETTINGS = { wrap_up_s: 1, ring_timeout_s: 15, hours: { every_day: [['00:00', '24:00']] },
    retry: { failed: { delay_s: 3600, times_max: 0 } } };

/** A voice service of ours: it refuses orders with 429 until it has room, and tells everything 100 times. */
class Service {
    constructor() {
        this.room = false;
        this.refused = 0;
        this.placed = [];
        this.told = 0;
        this.server = http.createServer((request, response) => this.#came(request, response));
    }

    async start() {
        await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
        this.base = `http://127.0.0.1:${this.server.address().port}`;
        return this;
    }

    stop() { this.server.closeAllConnections(); this.server.close(); }

    #came(request, response) {
        let body = '';
        request.on('data', (data) => { body += data; });
        request.on('end', () => {
            const form = new URLSearchParams(body);
            const answer = (status, json, headers = {}) => {
                response.writeHead(status, { 'content-type': 'application/json', ...headers });
                response.end(JSON.stringify(json));
            };
            const isOrder = request.method === 'POST' && /\/Calls\.json$/.test(request.url);
            const isAgent = /^sip:/.test(form.get('To') ?? '');
            if (isOrder && !isAgent && !this.room) {
                ++this.refused;
                answer(429, { code: 20429, message: 'no room', status: 429 }, { 'retry-after': '1' });
            } else if (isOrder) {
                const sid = 'CA' + String(this.placed.length + 1).padStart(32, '0');
                const call = { sid, to: form.get('To'), url: form.get('Url'),
                    callback: form.get('StatusCallback')?.split('#')[0], isAgent };
                this.placed.push(call);
                answer(201, { sid, status: 'queued', date_created: new Date().toUTCString() });
                setTimeout(() => (isAgent ? this.#seat(call) : this.#busy(call)).catch(() => {}), 50);
            } else if (/\/Calls\/CA/.test(request.url)) {
                const sid = request.url.match(/CA\d+/)[0];
                const call = this.placed.find((one) => one.sid === sid);
                answer(200, { sid, status: call?.isAgent ? 'in-progress' : 'busy' });
            } else {
                answer(200, { calls: [], conferences: [], participants: [], sid: ACCOUNT_SID });
            }
        });
    }

    post(url, params) {
        return fetch(url, { method: 'POST', body: new URLSearchParams(params).toString(), headers: {
            'content-type': 'application/x-www-form-urlencoded',
            'x-twilio-signature': signatureOf(url, params, AUTH_TOKEN) } });
    }

    /** The agent's line: answered, and in its room. */
    async #seat(call) {
        const document = await (await this.post(call.url, { CallSid: call.sid, CallStatus: 'in-progress' })).text();
        const text = (name) => (document.match(new RegExp(`${name}="([^"]*)"`)) ?? [])[1]?.replaceAll('&amp;', '&');
        const room = (document.match(/>([^<]*)<\/Conference>/) ?? [])[1];
        for (let i = 0; i < TIMES; ++i)
            await this.post(text('statusCallback').split('#')[0], { StatusCallbackEvent: 'participant-join', CallSid: call.sid,
                FriendlyName: room, ParticipantLabel: text('participantLabel'), SequenceNumber: '1' });
    }

    /** A telephone that is busy, told a hundred times and in no order. */
    async #busy(call) {
        const words = ['initiated', 'ringing', 'busy'];
        const all = Array.from({ length: TIMES }, (_, i) => words[i % words.length])
            .sort((a, b) => words.indexOf(b) % 2 - words.indexOf(a) % 2);
        await Promise.all(all.map(async (word) => {
            const answer = await this.post(call.callback, { CallSid: call.sid, CallStatus: word,
                SequenceNumber: String(words.indexOf(word)), SipResponseCode: word === 'busy' ? '486' : '' });
            assert.ok(answer.status < 300, `a callback is taken: ${answer.status}`);
            ++this.told;
        }));
    }
}

test('an engine without room is asked later, and one that repeats itself is heard once', async () => {
    const { folder, remove } = temporaryFolder();
    const service = await new Service().start();
    const data = path.join(folder, 'data');
    const serve = new Running(OUTDIAL, ['serve', '--http', '127.0.0.1:0', '--data', data, '--voice', service.base,
        '--calls-per-second', '50'], { env: { twilio_account_sid: ACCOUNT_SID, twilio_auth_token: AUTH_TOKEN } });
    const { http: base } = await serve.ready();
    const cli = async (...args) => {
        const end = await run(OUTDIAL, [...args, '--server', base, '--data', data, '--json']);
        assert.equal(end.code, 0, `${args.join(' ')}: ${end.output}${end.errors}`);
        return JSON.parse(end.output || 'null');
    };
    const file = (name, text) => { writeFileSync(path.join(folder, name), text); return path.join(folder, name); };

    await cli('campaign', 'create', 'full', '--mode', 'progressive', '--country', 'US', '--caller-id',
              '+12025550100', '--settings', file('settings.json', JSON.stringify(SETTINGS)));
    await cli('import', '--campaign', 'full', file('list.csv', 'First name,Phone\n' +
        Array.from({ length: LEADS }, (_, i) => `Ann,+1202555${String(1000 + i)}`).join('\n')));
    for (const name of ['one', 'two']) {
        await cli('agent', 'create', name, '--contact', `sip:${name}@127.0.0.1`, '--campaign', 'full');
        await cli('agent', 'login', name);
    }
    await cli('campaign', 'start', 'full');
    await until(() => service.refused >= 6, 20000, 'orders to be refused');
    const during = await cli('report', 'full');
    figure(`a service without room was asked ${service.refused} times in some seconds`);
    assert.equal(during.results.failed ?? 0, 0, JSON.stringify(during.results));
    assert.equal(during.leads.exhausted ?? 0, 0, 'no lead is used up by refusals');

    service.room = true;
    const done = await until(async () => {
        const report = await cli('report', 'full');
        return (report.results.busy ?? 0) >= LEADS && report.open === 0 && report;
    }, 60000, 'everybody to have been called', 500).catch(async (error) => {
        throw new Error(`${error.message}: ${JSON.stringify(await cli('report', 'full'))}`);
    });
    const people = service.placed.filter(({ isAgent }) => !isAgent).map(({ to }) => to);
    figure(`${people.length} calls, ${service.told} callbacks of them; results ${JSON.stringify(done.results)}`);
    assert.equal(new Set(people).size, people.length, 'nobody is called twice');
    assert.equal(done.results.busy, people.length);
    assert.equal(done.balance, 'ok');
    assert.ok(service.told >= people.length * TIMES * 0.9);
    assert.ok(!/call\.twice|check failed/.test(serve.errors), serve.errors.slice(-2000));
    service.stop();
    await serve.stop();
    remove();
});
