// The official packages of the push wire, unmodified, before a real `outdial serve`: the browser's in its build
// for Node, and the server's.

import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import Pusher from 'pusher';
import PusherClient from 'pusher-js';
import WebSocket from 'ws';

import { OUTDIAL, Running, temporaryFolder } from '../e2e/lib/process.mjs';
import { until } from '../e2e/lib/wait.mjs';

/** Errors are reported in two shapes: as an event, and inside that of the socket. */
const codeOf = (error) => (error.error ?? error).data.code;

const hmac = (secret, text) => createHmac('sha256', secret).update(text).digest('hex');

/** What the application behind the webhooks heard. */
class Listener {
    requests = [];
    answers = []; // statuses to come; then 200

    static async start() {
        const listener = new Listener();
        listener.server = http.createServer((request, response) => {
            const chunks = [];
            request.on('data', (chunk) => chunks.push(chunk));
            request.on('end', () => {
                listener.requests.push({ headers: request.headers,
                                         rawBody: Buffer.concat(chunks).toString('utf8') });
                response.writeHead(listener.answers.shift() ?? 200).end();
            });
        });
        listener.server.listen(0, '127.0.0.1');
        await once(listener.server, 'listening');
        listener.url = `http://127.0.0.1:${listener.server.address().port}/hooks`;
        return listener;
    }

    get events() { return this.requests.flatMap(({ rawBody }) => JSON.parse(rawBody).events); }

    expect(name, fits = () => true, ms = 6000) {
        return until(() => this.events.find((event) => event.name === name && fits(event)), ms, name);
    }
}

describe('push', () => {
    let temporary, serve, base, port, app, server, listener, operator;
    const clients = [];

    const start = async (http_) => {
        serve = new Running(OUTDIAL, ['serve', '--http', http_, '--data', temporary.folder,
            '--push-webhook', listener.url, '--push-client-events', 'yes',
            '--push-subscription-counts', 'yes']);
        base = (await serve.ready()).http;
        port = Number(new URL(base).port);
    };

    before(async () => {
        temporary = temporaryFolder();
        listener = await Listener.start();
        await start('127.0.0.1:0');
        const made = JSON.parse(readFileSync(path.join(temporary.folder, 'credentials.json'), 'utf8'));
        app = { id: made.push_app_id, key: made.push_key, secret: made.push_secret };
        assert.match(app.id, /^[1-9]\d+$/);
        operator = readFileSync(path.join(temporary.folder, 'token'), 'utf8').trim();
        server = new Pusher({ appId: app.id, key: app.key, secret: app.secret, host: '127.0.0.1',
                              port: String(port), useTLS: false });
    });

    after(async () => {
        for (const client of clients) client.disconnect();
        await serve.stop(20000);
        listener.server.closeAllConnections();
        listener.server.close();
        temporary.remove();
    });

    /** Signs as an application of its own would. */
    const authorizer = (member) => ({ customHandler: ({ socketId, channelName }, callback) => {
        callback(null, channelName.startsWith('presence-')
            ? server.authorizeChannel(socketId, channelName, member)
            : server.authorizeChannel(socketId, channelName));
    } });

    const connect = (options = {}) => {
        const client = new PusherClient(options.key ?? app.key, {
            wsHost: '127.0.0.1', wsPort: port, wssPort: port, forceTLS: false,
            enabledTransports: ['ws'], cluster: 'local',
            channelAuthorization: authorizer(options.member ?? { user_id: '7' }),
            userAuthentication: { customHandler: ({ socketId }, callback) =>
                callback(null, server.authenticateUser(socketId, { id: options.user ?? '7' })) },
            ...options,
        });
        client.states = [];
        client.errors = [];
        client.connection.bind('state_change', ({ current }) => client.states.push(current));
        client.connection.bind('error', (error) => client.errors.push(error));
        clients.push(client);
        return client;
    };

    const connected = (client, ms = 5000) =>
        until(() => client.connection.state === 'connected', ms, 'the connection');

    /** Subscribes and remembers every event of the channel. */
    const subscribe = async (client, name) => {
        const channel = client.subscribe(name);
        channel.heard = [];
        channel.bind_global((event, data) => channel.heard.push({ event, data }));
        await until(() => channel.heard.some(({ event }) =>
            event === 'pusher:subscription_succeeded'), 5000, `the subscription to ${name}`);
        return channel;
    };

    const heard = (channel, event, count = 1) => until(() => {
        const found = channel.heard.filter((one) => one.event === event);
        return found.length >= count && found;
    }, 5000, `${event} on ${channel.name}`);

    /** A socket without the package: what closes it, or its messages. */
    const raw = (where) => new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://127.0.0.1:${port}${where}`);
        socket.messages = [];
        const timer = setTimeout(() => reject(new Error(`${where} says nothing`)), 5000);
        const done = (value) => { clearTimeout(timer); resolve(value); };
        socket.on('message', (data) => {
            socket.messages.push(JSON.parse(data));
            done({ socket });
        });
        socket.on('close', (code) => { socket.code = code; done({ socket, code }); });
        socket.on('error', reject);
    });

    test('a client connects and is told its socket', async () => {
        const client = connect();
        await connected(client);
        assert.match(client.connection.socket_id, /^\d+\.\d+$/);
        assert.deepEqual(client.states, ['connected']); // it began before anybody could listen
        client.disconnect();
    });

    test('a wrong key, path or version closes with its code, after the upgrade', async () => {
        for (const [where, code] of [
            [`/app/${app.key}?protocol=7`, undefined], ['/app/nobody?protocol=7', 4001],
            [`/app/${app.key}/more?protocol=7`, 4005], [`/app/${app.key}`, 4008],
            [`/app/${app.key}?protocol=x`, 4006], [`/app/${app.key}?protocol=99`, 4007],
        ]) {
            const found = await raw(where);
            assert.equal(found.code, code, where);
            found.socket.terminate();
        }
        const client = connect({ key: 'nobody' });
        await until(() => client.connection.state === 'disconnected', 5000, 'the refusal');
        assert.equal(codeOf(client.errors[0]), 4001);
    });

    test('a binary message closes with 1003, pings are answered', async () => {
        const { socket } = await raw(`/app/${app.key}?protocol=7`);
        socket.send('{"event":"pusher:ping","data":{}}');
        await until(() => socket.messages.some(({ event, data }) =>
            event === 'pusher:pong' && data === '{}'), 3000, 'the pong');
        let ponged = false;
        socket.on('pong', () => { ponged = true; });
        socket.ping();
        await until(() => ponged, 3000, 'the protocol pong');
        socket.send(Buffer.from([1, 2]));
        await until(() => socket.code, 3000, 'the close');
        assert.equal(socket.code, 1003);
    });

    test('events reach private and public channels, but not who is excluded', async () => {
        const ann = connect(), bob = connect();
        await Promise.all([connected(ann), connected(bob)]);
        const mine = await subscribe(ann, 'private-ann'), all = await subscribe(ann, 'floor');
        const his = await subscribe(bob, 'floor');
        await server.trigger('private-ann', 'outbound_call', { lead: 7, name: 'Jürgen "J" 😀' });
        assert.deepEqual((await heard(mine, 'outbound_call'))[0].data,
            { lead: 7, name: 'Jürgen "J" 😀' });
        await server.trigger(['floor', 'private-ann'], 'tick', 'plain text',
            { socket_id: ann.connection.socket_id });
        assert.equal((await heard(his, 'tick'))[0].data, 'plain text');
        const told = await server.trigger('floor', 'last', {}, { info: 'subscription_count' });
        assert.deepEqual(await told.json(), { channels: { floor: { subscription_count: 2 } } });
        await heard(all, 'last');
        assert.ok(!all.heard.some(({ event }) => event === 'tick'));
        ann.disconnect();
        bob.disconnect();
    });

    test('a refused subscription is told to the channel, the connection lives', async () => {
        const client = connect({ channelAuthorization: { customHandler: (_, callback) =>
            callback(null, { auth: `${app.key}:${'0'.repeat(64)}` }) } });
        await connected(client);
        const channel = client.subscribe('private-ann');
        let error;
        channel.bind('pusher:subscription_error', (data) => { error = data; });
        await until(() => error, 5000, 'the error');
        assert.equal(error.status, 401);
        assert.equal(error.type, 'AuthError');
        assert.equal(client.connection.state, 'connected');
        assert.equal(codeOf(client.errors[0]), 4009);
        client.disconnect();
    });

    test('members come and go, each once', async () => {
        const ann = connect({ member: { user_id: '7', user_info: { name: 'Ann' } } });
        const again = connect({ member: { user_id: 7 } });
        const bob = connect({ member: { user_id: '9', user_info: { name: 'Bob' } } });
        await Promise.all([ann, again, bob].map((client) => connected(client)));
        const floor = await subscribe(bob, 'presence-floor');
        const hers = await subscribe(ann, 'presence-floor');
        assert.equal(hers.members.count, 2);
        assert.equal(hers.members.me.info.name, 'Ann');
        assert.equal(hers.members.get('9').info.name, 'Bob');
        await subscribe(again, 'presence-floor');
        const users = await (await server.get({ path: '/channels/presence-floor/users' })).json();
        assert.deepEqual(users.users.map(({ id }) => id).sort(), ['7', '9']);
        ann.disconnect();
        again.unsubscribe('presence-floor');
        await heard(floor, 'pusher:member_removed');
        assert.deepEqual(floor.heard.map(({ event }) => event).filter((event) =>
            event.includes('member')), ['pusher:member_added', 'pusher:member_removed']);
        assert.equal(floor.members.count, 1);
        again.disconnect();
        bob.disconnect();
    });

    test('a cache channel replays its last event, or says that it has none', async () => {
        const client = connect();
        await connected(client);
        const empty = await subscribe(client, 'private-cache-empty');
        await heard(empty, 'pusher:cache_miss');
        await server.trigger('private-cache-tile', 'set', { n: 1 });
        await server.trigger('private-cache-tile', 'set', { n: 2 });
        const tile = await subscribe(client, 'private-cache-tile');
        assert.deepEqual((await heard(tile, 'set')).map(({ data }) => data), [{ n: 2 }]);
        const told = await server.get({ path: '/channels/private-cache-tile',
                                        params: { info: 'cache,subscription_count' } });
        const { cache, ...rest } = await told.json();
        assert.deepEqual(rest, { occupied: true, subscription_count: 1 });
        assert.equal(cache.data, '{"n":2}');
        client.disconnect();
    });

    test('client events go to the others; elsewhere they are refused', async () => {
        const ann = connect({ member: { user_id: '7' } }), bob = connect({ member: { user_id: '9' } });
        await Promise.all([connected(ann), connected(bob)]);
        const hers = await subscribe(ann, 'presence-talk'), his = await subscribe(bob, 'presence-talk');
        let user;
        his.bind('client-typing', (_, metadata) => { user = metadata.user_id; });
        assert.ok(hers.trigger('client-typing', { on: true }));
        assert.deepEqual((await heard(his, 'client-typing'))[0].data, { on: true });
        assert.equal(user, '7');
        assert.ok(!hers.heard.some(({ event }) => event === 'client-typing'));
        const hook = await listener.expect('client_event');
        assert.deepEqual({ channel: hook.channel, event: hook.event, data: hook.data, user: hook.user_id,
                           socket: hook.socket_id },
            { channel: 'presence-talk', event: 'client-typing', data: '{"on":true}', user: '7',
              socket: ann.connection.socket_id });
        ann.send_event('client-typing', {}, 'floor');
        await until(() => ann.errors.length, 3000, 'the refusal');
        assert.equal(codeOf(ann.errors[0]), 4301);
        for (let i = 0; i < 20; i++) hers.trigger('client-many', i);
        await until(() => ann.errors.length > 1, 3000, 'the refusal of too many');
        assert.equal(codeOf(ann.errors[1]), 4301);
        ann.disconnect();
        bob.disconnect();
    });

    test('a batch, and what is too much of anything', async () => {
        const client = connect();
        await connected(client);
        const channel = await subscribe(client, 'batched');
        const batch = Array.from({ length: 10 }, (_, i) => ({ channel: 'batched', name: 'n', data: i }));
        await server.triggerBatch(batch);
        assert.deepEqual((await heard(channel, 'n', 10)).map(({ data }) => data),
            [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        const refused = (status, promise) => assert.rejects(promise, { status });
        await refused(400, server.triggerBatch([...batch, batch[0]]));
        await refused(413, server.trigger('batched', 'n', 'x'.repeat(10241)));
        await refused(400, server.get({ path: '/channels', params: { info: 'user_count' } }));
        await refused(400, server.get({ path: '/channels/batched/users' }));
        await refused(404, server.get({ path: '/nothing' }));
        const { channels } = await (await server.get({ path: '/channels',
            params: { filter_by_prefix: 'batch', info: 'subscription_count' } })).json();
        assert.deepEqual(channels, { batched: { subscription_count: 1 } });
        client.disconnect();
    });

    test('a request that is not signed right is refused with 401', async () => {
        const body = '{"name":"e","data":"x","channels":["floor"]}';
        const md5 = createHash('md5').update(body).digest('hex');
        const post = async (change = {}, sent = body) => {
            const query = { auth_key: app.key, auth_timestamp: Math.floor(Date.now() / 1000),
                            auth_version: '1.0', body_md5: md5, ...change };
            const text = Object.keys(query).sort().map((name) => `${name}=${query[name]}`).join('&');
            const signature = hmac(change.secret ?? app.secret, `POST\n/apps/${app.id}/events\n${text}`);
            const answer = await fetch(`${base}/apps/${app.id}/events?${text}&auth_signature=${signature}`,
                { method: 'POST', body: sent });
            await answer.text();
            return answer.status;
        };
        assert.equal(await post(), 200);
        assert.equal(await post({ extra: 'a' }), 200);
        assert.equal(await post({}, `${body} `), 401);
        assert.equal(await post({ secret: 'guess' }), 401);
        assert.equal(await post({ auth_key: 'other' }), 401);
        assert.equal(await post({ auth_timestamp: Math.floor(Date.now() / 1000) - 700 }), 401);
        assert.equal((await fetch(`${base}/apps/${app.id}/events`, { method: 'POST', body })).status, 401);
        assert.equal((await fetch(`${base}/apps/1/events`, { method: 'POST', body })).status, 404);
    });

    test('a user signs in, is sent to, and is terminated for good', async () => {
        const client = connect({ user: '42' });
        await connected(client);
        client.signin();
        await client.user.signinDonePromise;
        let hello;
        client.user.bind('hello', (data) => { hello = data; });
        await until(async () => {
            await server.sendToUser('42', 'hello', { n: 1 });
            return hello;
        }, 5000, 'the user event', 100);
        assert.deepEqual(hello, { n: 1 });
        await server.terminateUserConnections('42');
        await until(() => client.connection.state === 'disconnected', 5000, 'the end');
        assert.equal(codeOf(client.errors.at(-1)), 4009);
    });

    test('webhooks are what the package takes for valid, also the second time', async () => {
        listener.answers.push(500);
        const client = connect({ member: { user_id: '77' } });
        await connected(client);
        await subscribe(client, 'presence-hooked');
        await subscribe(client, 'hooked');
        await listener.expect('member_added', ({ user_id: id }) => id === '77');
        await listener.expect('subscription_count', ({ channel }) => channel === 'hooked');
        client.disconnect();
        await listener.expect('member_removed', ({ user_id: id }) => id === '77');
        await listener.expect('channel_vacated', ({ channel }) => channel === 'hooked');
        assert.ok(listener.events.some(({ name }) => name === 'cache_miss'));
        for (const request of listener.requests) {
            const hook = server.webhook(request);
            assert.ok(hook.isValid(), request.rawBody);
            assert.ok(hook.getTime() > new Date(Date.now() - 60000 * 60));
            assert.ok(!server.webhook({ ...request, rawBody: `${request.rawBody} ` }).isValid());
        }
        const bodies = listener.requests.map(({ rawBody }) => JSON.stringify(JSON.parse(rawBody).events));
        assert.ok(bodies.some((body, i) => bodies[i + 1] === body), 'the refused one came again');
    });

    test('an agent is let into its own two channels, by the server itself', async () => {
        const ask = async (method, where, body) => {
            const answer = await fetch(`${base}/api/v1${where}`, { method,
                headers: { authorization: `Bearer ${operator}` }, body: JSON.stringify(body) });
            const json = await answer.json();
            assert.ok(answer.ok, JSON.stringify(json));
            return json;
        };
        const ann = await ask('POST', '/agents', { name: 'ann', contact: 'client:ann' });
        const { token } = await ask('POST', '/tokens', { name: 'ann', agent: 'ann' });
        const client = connect({ channelAuthorization: { endpoint: `${base}/pusher/auth`,
            transport: 'ajax', headers: { Authorization: `Bearer ${token}` }, params: { screen: 's1' } } });
        await connected(client);
        await subscribe(client, `private-agent-${ann.id}`);
        const desk = await subscribe(client, `presence-desk-${ann.id}`);
        assert.deepEqual(desk.members.me, { id: String(ann.id), info: { screen: 's1' } });
        const other = client.subscribe(`private-agent-${ann.id + 1}`);
        let error;
        other.bind('pusher:subscription_error', (data) => { error = data; });
        await until(() => error, 5000, 'the refusal');
        assert.equal(error.status, 403);

        const auth = async (where, bearer, form, method = 'POST') => {
            const answer = await fetch(`${base}/pusher/${where}`, { method,
                headers: bearer ? { authorization: `Bearer ${bearer}` } : {},
                body: method === 'POST' ? new URLSearchParams(form) : undefined });
            return { status: answer.status, body: await answer.json() };
        };
        const socket = { socket_id: '1234.5678' };
        const channel = (name) => ({ ...socket, channel_name: name });
        const good = await auth('auth', token, channel(`private-agent-${ann.id}`));
        assert.deepEqual(good.body, { auth: `${app.key}:${hmac(app.secret,
            `1234.5678:private-agent-${ann.id}`)}` });
        const user = await auth('user-auth', token, socket);
        assert.equal(user.body.user_data, `{"id":"${ann.id}"}`);
        assert.equal(user.body.auth,
            `${app.key}:${hmac(app.secret, `1234.5678::user::${user.body.user_data}`)}`);
        for (const [status, bearer, form] of [
            [401, '', channel(`private-agent-${ann.id}`)], [401, 'od_wrong', channel('floor')],
            [401, operator, channel(`private-agent-${ann.id}`)], [403, token, channel('presence-floor')],
            [403, token, channel(`private-agent-0${ann.id}`)], [403, token, channel('')],
            [403, token, channel(`presence-desk-${ann.id + 1}`)], [403, token, socket],
            [400, token, { socket_id: 'me', channel_name: `private-agent-${ann.id}` }],
        ]) assert.equal((await auth('auth', bearer, form)).status, status, JSON.stringify(form));
        assert.equal((await auth('auth', token, {}, 'GET')).status, 405);
        client.disconnect();
    });

    test('who stays connected returns by itself, with its channels, to a new server', async () => {
        const client = connect();
        await connected(client);
        await subscribe(client, 'private-kept');
        const { socket_id: first } = client.connection;
        await serve.stop(20000);
        await start(`127.0.0.1:${port}`);
        await until(() => client.connection.state === 'connected' &&
            client.connection.socket_id !== first, 20000, 'the return');
        const channel = client.channel('private-kept');
        await until(async () => { // "connected" comes before the channels are back
            await server.trigger('private-kept', 'after', {});
            return channel.heard.some(({ event }) => event === 'after');
        }, 10000, 'an event after the return', 100);
        client.disconnect();
    });
});
