// The dialer as a process: how it starts, refuses, hands out tokens, answers its interface, keeps its
// engine over a kill -9, shows its demo, and leaves.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { OUTDIAL, Running, run, temporaryFolder } from '../lib/process.mjs';
import { sleep, until } from '../lib/wait.mjs';

const VARIABLES = ['twilio_account_sid', 'twilio_auth_token', 'twilio_caller_id',
    'twilio_app_id_outbound', 'pusher_appid', 'pusher_key', 'pusher_secret'];
const folders = [];
const folder = () => {
    const made = temporaryFolder();
    folders.push(made);
    return made.folder;
};
after(() => { for (const made of folders) made.remove(); });

const serve = (data, args = [], env = {}) =>
    new Running(OUTDIAL, ['serve', '--http', '127.0.0.1:0', '--data', data, ...args], { env });

async function ask(http, token, method, where, body) {
    const answer = await fetch(`${http}/api/v1${where}`, {
        method, headers: { authorization: `Bearer ${token}` }, body: body && JSON.stringify(body),
    });
    const type = answer.headers.get('content-type') ?? '';
    return { status: answer.status, type, body: type.includes('json') ? await answer.json() : await answer.text() };
}

test('misuse is told and ends with 2, a failure with 1', async () => {
    const data = folder();
    const twice = await run(OUTDIAL, ['serve', '--http', '1.2.3.4:99999', '--data', data]);
    assert.equal(twice.code, 2);
    assert.match(twice.errors, /http '1\.2\.3\.4:99999' is not of the form HOST:PORT/);
    const unknown = await run(OUTDIAL, ['serve', '--flavour', 'sweet']);
    assert.equal(unknown.code, 2);
    assert.match(unknown.errors, /unknown flag '--flavour'/);
    const command = await run(OUTDIAL, ['dance']);
    assert.equal(command.code, 2);
    const file = path.join(data, 'dialer.conf');
    writeFileSync(file, '# ours\ncommit_ms = 3\ncalls_max = many\n');
    const settings = await run(OUTDIAL, ['serve', '--config', file, '--data', data]);
    assert.equal(settings.code, 2);
    assert.match(settings.errors, /dialer\.conf:3: calls_max 'many' is not a whole number/);
    const nobody = await run(OUTDIAL, ['report', 'x', '--server', 'http://127.0.0.1:1', '--data', data]);
    assert.equal(nobody.code, 1);
    const version = await run(OUTDIAL, ['--version']);
    assert.equal(version.code, 0);
    assert.match(version.output, /^outdial \d/);
    const help = await run(OUTDIAL, ['help', 'serve']);
    assert.equal(help.code, 0);
    assert.match(help.output, /--calls-per-second/);
});

test('variables of the hosted services that are half set are an error that names the rest', async () => {
    const some = await run(OUTDIAL, ['serve', '--http', '127.0.0.1:0', '--data', folder()],
        { env: { twilio_account_sid: 'AC1', TWILIO_AUTH_TOKEN: 'x' } });
    assert.equal(some.code, 1);
    for (const name of VARIABLES.slice(2).filter((one) => one.startsWith('twilio_')))
        assert.match(some.errors, new RegExp(name));
    assert.doesNotMatch(some.errors, /pusher/, 'the push service is chosen by itself');
    assert.doesNotMatch(some.errors, /but not [^;]*twilio_auth_token/);
    const voice = await run(OUTDIAL, ['serve', '--http', '127.0.0.1:0', '--data', folder(),
        '--voice', 'http://127.0.0.1:9']);
    assert.equal(voice.code, 1);
    assert.match(voice.errors, /twilio_account_sid/);
});

test('an engine that refuses its settings ends the server with its reason', async () => {
    const end = await run(OUTDIAL, ['serve', '--http', '127.0.0.1:0', '--data', folder(),
        '--engine-media', 'nowhere']);
    assert.equal(end.code, 1);
    assert.match(end.errors, /the voice engine does not start: --media 'nowhere' is not of the form/);
});

test('one server a data folder; its secrets are for its owner only', async () => {
    const data = folder();
    const first = serve(data);
    await first.ready();
    const second = await run(OUTDIAL, ['serve', '--http', '127.0.0.1:0', '--data', data]);
    assert.equal(second.code, 1);
    assert.match(second.errors, /outdial\.db/);
    for (const name of ['credentials.json', 'token', 'engine.json'])
        assert.equal(statSync(path.join(data, name)).mode & 0o777, 0o600, name);
    const offline = await run(OUTDIAL, ['token', '--offline', '--data', data]);
    assert.equal(offline.code, 1);
    await first.stop();
    assert.ok(!existsSync(path.join(data, 'engine.json')), 'the engine has left too');
    const made = await run(OUTDIAL, ['token', '--offline', '--data', data]);
    assert.equal(made.code, 0, made.errors);
    assert.match(made.output, /^od_[0-9a-f]{64}\n$/);
});

let center, http, token, data;

before(async () => {
    data = folder();
    center = serve(data);
    ({ http } = await center.ready());
    token = readFileSync(path.join(data, 'token'), 'utf8').trim();
});
after(async () => { await center?.stop(); });

test('the engine has been given its key and the application of browser phones', async () => {
    const made = JSON.parse(readFileSync(path.join(data, 'credentials.json'), 'utf8'));
    const { voice } = await center.ready();
    const key = Buffer.from(`${made.api_key_sid}:${made.api_key_secret}`).toString('base64');
    const answer = await fetch(`${voice}/2010-04-01/Accounts/${made.account_sid}/Applications/` +
        `${made.application_sid}.json`, { headers: { authorization: `Basic ${key}` } });
    assert.equal(answer.status, 200);
    assert.equal((await answer.json()).voice_url, `${http}/voice/client`);
    const signal = await fetch(`${voice}/signal`);
    assert.equal(signal.status, 426, 'browsers are taken there');
});

test('the interface describes itself, and says what is wrong', async () => {
    const document = await (await fetch(`${http}/api/openapi.json`)).json();
    assert.equal(document.openapi, '3.1.0');
    assert.ok(document.paths['/api/v1/campaigns/{campaign}/report']);
    const health = await until(async () => {
        const { body } = await ask(http, token, 'GET', '/health');
        return body.held.length && body;
    }, 5000, 'the server to notice that it has no trunk');
    assert.equal(health.status, 'held');
    assert.match(health.held[0].why, /no trunk was given; start outdial with --trunk/);
    const nobody = await ask(http, 'od_guess', 'GET', '/live');
    assert.equal(nobody.status, 401);
    assert.match(nobody.type, /problem\+json/);
    const bad = await ask(http, token, 'POST', '/campaigns', { name: 'x', settings: { mode: 'loud' } });
    assert.equal(bad.status, 422);
    assert.match(bad.body.detail, /mode: 'loud' is none of/);
    const method = await ask(http, token, 'DELETE', '/live');
    assert.equal(method.status, 405);
    const page = await fetch(http);
    assert.match(page.headers.get('content-security-policy'), /default-src 'none'/);
    assert.match(await page.text(), /Outdial/);
});

test('tokens are made, listed without their secret, and ended', async () => {
    const options = ['--server', http, '--data', data];
    const made = await run(OUTDIAL, ['token', '--name', 'script', ...options]);
    assert.equal(made.code, 0, made.errors);
    const fresh = made.output.trim();
    assert.equal((await ask(http, fresh, 'GET', '/live')).status, 200);
    const list = await run(OUTDIAL, ['token', 'list', '--json', ...options]);
    assert.doesNotMatch(list.output, new RegExp(fresh));
    const { id } = JSON.parse(list.output).find(({ name }) => name === 'script');
    assert.equal((await run(OUTDIAL, ['token', 'end', String(id), ...options])).code, 0);
    assert.equal((await ask(http, fresh, 'GET', '/live')).status, 401);
});

test('webhooks without a good signature are refused and counted', async () => {
    const before = (await ask(http, token, 'GET', '/live')).body.forged_webhooks;
    for (const where of ['answer?attempt=1', 'status?attempt=1', 'agent?agent=1&leg=1', 'conference', 'told'])
        assert.equal((await fetch(`${http}/voice/${where}`, {
            method: 'POST', headers: { 'x-twilio-signature': 'AAAA' },
            body: new URLSearchParams({ CallSid: 'CA1' }),
        })).status, 403, where);
    assert.equal((await ask(http, token, 'GET', '/live')).body.forged_webhooks, before + 5);
});

test('requests that are nonsense are refused, and the server goes on', async () => {
    for (const body of ['{', '[]', '"x"', '{"name":7}', '\u0000', '{"a":'.repeat(3000)])
        assert.ok((await fetch(`${http}/api/v1/campaigns`, {
            method: 'POST', headers: { authorization: `Bearer ${token}` }, body,
        })).status >= 400);
    for (const where of ['/campaigns/%ff', '/leads?cursor=-1', '/leads?limit=100000', '/leads/0', '/attempts?lead=x',
        '/agents/nobody', '/campaigns//report', '/imports/99999999999999999999'])
        assert.ok((await ask(http, token, 'GET', where)).status >= 400, where);
    assert.equal((await ask(http, token, 'GET', '/health')).status, 200);
});

test('after kill -9 the server takes up its living engine, at the same address', async () => {
    const place = folder();
    const first = serve(place);
    const before = await first.ready();
    const engine = JSON.parse(readFileSync(path.join(place, 'engine.json'), 'utf8')).pid;
    first.child.kill('SIGKILL');
    await once(first.child, 'exit'); /* its pipes stay open: the engine has them too */
    process.kill(engine, 0); /* it lives */
    const second = serve(place);
    const now = await second.ready();
    assert.equal(now.http, before.http, 'an engine that outlived its server still calls there');
    assert.equal(now.voice, before.voice);
    assert.equal(JSON.parse(readFileSync(path.join(place, 'engine.json'), 'utf8')).pid, engine);
    assert.match(second.errors, /engine\.adopted/);
    await second.stop();
    await until(() => { try { process.kill(engine, 0); return false; } catch { return true; } }, 3000,
        'the engine to end');
});

test('an engine that is killed is started again', async () => {
    const { pid } = JSON.parse(readFileSync(path.join(data, 'engine.json'), 'utf8'));
    process.kill(pid, 'SIGKILL');
    await until(async () => (await ask(http, token, 'GET', '/health')).body.status === 'no-voice', 3000,
        'the server to notice');
    await until(async () => (await ask(http, token, 'GET', '/health')).body.status !== 'no-voice', 15000,
        'another engine');
});

test('the demo answers calls within a minute, says so, and ends at once', async (t) => {
    const place = folder();
    const demo = serve(place, ['--demo']);
    t.after(() => demo.end ?? demo.kill('SIGKILL'));
    const ready = await demo.ready(60000);
    await until(() => /results  connected [1-9]/.test(demo.output), 60000, 'a call to be answered and end');
    assert.match(demo.output, /Look at http:\/\/127\.0\.0\.1:\d+/);
    assert.match(demo.output, /on-call \d/);
    const page = await (await fetch(`${ready.http}/status`)).text();
    assert.match(page, /robot-1/);
    const begin = Date.now();
    demo.child.kill('SIGINT');
    const end = await Promise.race([demo.ended, sleep(6000)]);
    assert.equal(end?.code, 0, demo.errors.slice(-3000));
    assert.match(demo.output, /Stopped: \d+ calls, [1-9]\d* connected, hello  p99 \d/);
    assert.equal(demo.errors, '', 'the log is in its file');
    assert.match(readFileSync(path.join(place, 'demo.log'), 'utf8'), /engine\.up/);
    console.log(`figure: the demo ended ${Date.now() - begin} ms after Ctrl-C`);
});
