// Signing in as a page does it: by name and password, known by a cookie from then on; and what is refused to others.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { run, OUTDIAL } from '../lib/process.mjs';
import { killServer } from '../crash/kills.mjs';
import { Floor } from '../modes/floor.mjs';

const PASSWORD = 'correct horse battery';

let floor;
before(async () => {
    floor = await Floor.open();
    const made = await run(OUTDIAL, ['agent', 'create', 'ann', '--contact', 'client:ann', '--full-name', 'Ann Lee', '--password-stdin',
        '--server', floor.center.http, '--data', floor.center.data], { input: `${PASSWORD}\n` });
    assert.equal(made.code, 0, made.errors);
    await floor.post('agents', { name: 'ben', contact: 'client:ben' });
});
after(() => floor?.close());

/** A request as a browser might send it: { status, headers, json }. */
function ask(method, path, { body, headers = {}, cookie, type = 'application/json' } = {}) {
    const { hostname, port } = new URL(floor.center.http);
    return new Promise((resolve, reject) => {
        const request = http.request({ hostname, port, method, path, headers: {
            ...(body ? { 'content-type': type } : {}), ...(cookie ? { cookie } : {}), ...headers,
        } }, (response) => {
            let text = '';
            response.on('data', (data) => { text += data; });
            response.on('end', () => resolve({ status: response.statusCode, headers: response.headers,
                json: text ? JSON.parse(text) : null }));
        });
        request.on('error', reject);
        request.end(body && JSON.stringify(body));
    });
}

const API = '/api/v1';
const signIn = (name, password, more = {}) => ask('POST', `${API}/session`, { body: { name, password }, ...more });

async function cookieOf(name = 'ann', password = PASSWORD) {
    const { status, headers, json } = await signIn(name, password);
    assert.equal(status, 200, JSON.stringify(json));
    return headers['set-cookie'][0].split(';')[0];
}

const own = { 'x-outdial': '1' };

test('name and password open a session, and the cookie what the agent may see', async () => {
    const { status, headers, json } = await signIn('ann', PASSWORD);
    assert.equal(status, 200);
    assert.deepEqual(json, { agent: { id: json.agent.id, name: 'ann', full_name: 'Ann Lee' }, role: 'agent' });
    const [set] = headers['set-cookie'];
    assert.match(set, /^outdial_session=od_[0-9a-f]{64}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
    const cookie = set.split(';')[0];
    assert.deepEqual((await ask('GET', `${API}/session`, { cookie })).json, json);
    assert.equal((await ask('GET', `${API}/agents/ann`, { cookie })).status, 200);
    assert.equal((await ask('GET', `${API}/agents/ben`, { cookie })).status, 403);
    assert.equal((await ask('GET', `${API}/campaigns`, { cookie })).status, 403);
    assert.equal((await ask('GET', `${API}/session`)).status, 401);
});

test('behind a proxy with TLS the cookie is for TLS only', async () => {
    const { headers } = await signIn('ann', PASSWORD, { headers: { 'x-forwarded-proto': 'https' } });
    assert.match(headers['set-cookie'][0], /; Secure$/);
});

test('a cookie is no bearer token, and a bearer token no cookie', async () => {
    const cookie = await cookieOf();
    const secret = cookie.split('=')[1];
    assert.equal((await ask('GET', `${API}/agents/ann`, { headers: { authorization: `Bearer ${secret}` } })).status, 401);
    const { token } = await floor.post('tokens', { name: 'x', agent: 'ann' });
    assert.equal((await ask('GET', `${API}/agents/ann`, { cookie: `outdial_session=${token}` })).status, 401);
});

test('pages of another site change nothing', async () => {
    const cookie = await cookieOf();
    const path = `${API}/agents/ann/activity`, body = { activity: 'offline' };
    assert.equal((await ask('POST', path, { body, cookie })).status, 403, 'without the header');
    assert.equal((await ask('POST', path, { body, cookie, headers: { ...own, origin: 'http://evil.example' } })).status, 403);
    assert.equal((await ask('POST', path, { body, cookie, headers: { ...own, origin: 'null' } })).status, 403);
    const ours = await ask('POST', path, { body, cookie, headers: { ...own, origin: floor.center.http } });
    assert.ok(![401, 403].includes(ours.status), `${ours.status}`);
    assert.equal((await signIn('ann', PASSWORD, { type: 'text/plain' })).status, 415, 'a form cannot sign anybody in');
});

test('a name that others lead here is refused, for pages, interface and sockets', async () => {
    const headers = { host: 'evil.example' };
    for (const path of ['/', '/desk', `${API}/session`, '/pusher/auth', '/signal', '/app/key'])
        assert.equal((await ask('GET', path, { headers })).status, 421, path);
    const { json } = await ask('GET', '/', { headers });
    assert.match(json.detail, /evil\.example.*host_names/);
    assert.equal((await ask('GET', `${API}/health`, { headers })).status, 200);
    const bearer = { host: 'dialer.internal', authorization: `Bearer ${floor.token}` };
    assert.equal((await ask('GET', `${API}/campaigns`, { headers: bearer })).status, 200);
});

test('an unknown name, a wrong password, an agent without one: all the same answer', async () => {
    for (const [name, password] of [['nobody', PASSWORD], ['ann', 'wrong password'], ['ben', ''], ['ben', 'x'.repeat(300)]]) {
        const { status, json } = await signIn(name, password);
        assert.equal(status, 401);
        assert.equal(json.detail, 'Wrong name or password.');
    }
    assert.equal((await ask('POST', `${API}/session`, { body: { name: 'ben' } })).status, 400);
});

test('after five wrong passwords the name waits, whoever it is of', async () => {
    for (let n = 0; n < 5; n++) assert.equal((await signIn('mallory', 'guess')).status, 401);
    const { status, headers } = await signIn('mallory', 'guess');
    assert.equal(status, 429);
    assert.ok(Number(headers['retry-after']) > 0 && Number(headers['retry-after']) <= 15);
    await cookieOf(); // another name does not wait
});

test('a session outlives the server, and ends with signing out', async () => {
    const cookie = await cookieOf();
    await killServer(floor.center);
    await floor.center.serve();
    assert.equal((await ask('GET', `${API}/session`, { cookie })).status, 200);
    const { status, headers } = await ask('DELETE', `${API}/session`, { cookie, headers: own });
    assert.equal(status, 204);
    assert.match(headers['set-cookie'][0], /^outdial_session=; .*Max-Age=0/);
    assert.equal((await ask('GET', `${API}/session`, { cookie })).status, 401);
});

test('a new password signs everybody out; an agent must know the old one', async () => {
    const cookie = await cookieOf();
    const path = `${API}/agents/ann/password`, fresh = 'another long password';
    assert.equal((await ask('POST', path, { body: { password: fresh }, cookie, headers: own })).status, 400);
    assert.equal((await ask('POST', path, { body: { password: fresh, old_password: 'not it' }, cookie, headers: own })).status, 403);
    assert.equal((await ask('POST', path, { body: { password: 'short', old_password: PASSWORD }, cookie, headers: own })).status, 400);
    assert.equal((await ask('POST', path, { body: { password: fresh, old_password: PASSWORD }, cookie, headers: own })).status, 204);
    assert.equal((await ask('GET', `${API}/session`, { cookie })).status, 401);
    assert.equal((await signIn('ann', PASSWORD)).status, 401);
    const next = await cookieOf('ann', fresh);
    const changed = await run(OUTDIAL, ['agent', 'password', 'ann', '--password-stdin',
        '--server', floor.center.http, '--data', floor.center.data], { input: `${PASSWORD}\n` });
    assert.equal(changed.code, 0, changed.errors);
    assert.equal((await ask('GET', `${API}/session`, { cookie: next })).status, 401);
});

test('an agent who is removed is signed out, also after a restart', async () => {
    await floor.post('agents', { name: 'cem', contact: 'client:cem', password: PASSWORD });
    const cookie = await cookieOf('cem');
    await floor.ask('DELETE', 'agents/cem');
    assert.equal((await ask('GET', `${API}/session`, { cookie })).status, 401);
    await killServer(floor.center);
    await floor.center.serve();
    assert.equal((await ask('GET', `${API}/session`, { cookie })).status, 401);
    assert.equal((await signIn('cem', PASSWORD)).status, 401);
});

test('the seventeenth session of an agent ends the first', { timeout: 60000 }, async () => {
    const first = await cookieOf();
    const second = await cookieOf();
    for (let n = 0; n < 15; n++) await cookieOf();
    assert.equal((await ask('GET', `${API}/session`, { cookie: first })).status, 401);
    assert.equal((await ask('GET', `${API}/session`, { cookie: second })).status, 200);
});

test('how an agent likes the page is kept for every machine', async () => {
    const cookie = await cookieOf();
    const put = (body) => ask('PUT', `${API}/desk/preferences`, { body, cookie, headers: own });
    assert.equal((await put({ keys: { mute: 'v' }, theme: 'dark', cues: { wrap: true } })).status, 204);
    const elsewhere = await cookieOf();
    const { json } = await ask('GET', `${API}/desk/setup`, { cookie: elsewhere });
    assert.deepEqual([json.keys, json.theme, json.cues, json.language], [{ mute: 'v' }, 'dark', { wrap: true }, 'en']);
    assert.equal((await put({ keys: { mute: 'v'.repeat(5000) } })).status, 413);
    assert.equal((await put({ else: 1 })).status, 400);
});
