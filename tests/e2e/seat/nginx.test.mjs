// The way through TLS: the packaged nginx before a real server and its engine.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { after, before, test } from 'node:test';

import { Floor, numberOf } from '../modes/floor.mjs';
import { NAME, startNginx } from './nginx.mjs';
import { Seat } from './seat.mjs';

let floor, center, nginx;
before(async () => {
    floor = await Floor.open({ args: ['--public-url', `https://${NAME}`] });
    center = floor.center;
    nginx = await startNginx(new URL(center.http).port);
});
after(async () => {
    await nginx?.stop();
    await floor?.close();
});

const options = (path, more = {}) => ({ host: '127.0.0.1', port: nginx.https, path, servername: NAME, ca: nginx.authority,
    ...more, headers: { host: NAME, ...more.headers } });

function ask(path, more = {}) {
    return new Promise((resolve, reject) => {
        const request = https.request(options(path, more), (response) => {
            let text = '';
            response.on('data', (data) => { text += data; });
            response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
        });
        request.on('error', reject);
        request.end(more.body);
    });
}

/** The first text frame that comes after the 101, when `say` has been said; or the status of a refusal. */
function upgrade(path, say) {
    return new Promise((resolve, reject) => {
        const request = https.request(options(path, { headers: { connection: 'Upgrade', upgrade: 'websocket',
            'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' } }));
        request.on('response', (response) => { response.resume(); resolve({ status: response.statusCode }); });
        request.on('upgrade', (response, socket, head) => {
            let got = head;
            const timer = setTimeout(() => { socket.destroy(); reject(new Error(`${path}: nothing came`)); }, 10000);
            const look = () => {
                const size = got[1] === 126 ? got.length > 3 && got.readUInt16BE(2) : got[1];
                const from = got[1] === 126 ? 4 : 2;
                if (!size || got.length < from + size) return;
                clearTimeout(timer);
                socket.destroy();
                resolve({ status: 101, accept: response.headers['sec-websocket-accept'],
                    frame: got.subarray(from, from + size).toString() });
            };
            socket.on('data', (data) => { got = Buffer.concat([got, data]); look(); });
            socket.on('error', reject);
            if (say) {
                const text = Buffer.from(say);
                const length = text.length < 126 ? [0x80 | text.length] : [0xfe, text.length >> 8, text.length & 255];
                socket.write(Buffer.concat([Buffer.from([0x81, ...length, 0, 0, 0, 0]), text]));
            }
            look();
        });
        request.on('error', reject);
        request.end();
    });
}

const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

test('the interface is reached, and the browser is told to stay with TLS', async () => {
    const { status, headers, text } = await ask('/api/v1/health');
    assert.equal(status, 200, text);
    assert.match(headers['strict-transport-security'], /max-age=\d{8}/);
});

test('HTTP/2 is spoken', async () => {
    const session = http2.connect(`https://127.0.0.1:${nginx.https}`, { servername: NAME, ca: nginx.authority });
    const status = await new Promise((resolve, reject) => {
        session.on('error', reject);
        const stream = session.request({ ':path': '/api/v1/health', ':authority': NAME });
        stream.on('response', (headers) => resolve(headers[':status']));
        stream.on('error', reject);
        stream.resume();
        stream.end();
    });
    session.close();
    assert.equal(status, 200);
});

test('another name is refused', async () => {
    assert.equal((await ask('/api/v1/health', { headers: { host: 'evil.test' } })).status, 421);
});

test('plain HTTP is led to TLS', async () => {
    const location = await new Promise((resolve, reject) => {
        http.get({ host: '127.0.0.1', port: nginx.http, path: '/desk', headers: { host: NAME } }, (response) => {
            response.resume();
            resolve([response.statusCode, response.headers.location]);
        }).on('error', reject);
    });
    assert.deepEqual(location, [301, `https://${NAME}/desk`]);
});

test('the telephone reaches the engine through both', async () => {
    const listen = JSON.stringify({ type: 'listen', version: '1.6', payload: { token: 'no-token', browserinfo: {} } });
    const { status, accept, frame } = await upgrade('/signal', listen);
    assert.equal(status, 101);
    assert.equal(accept, ACCEPT);
    assert.equal(JSON.parse(frame).type, 'error', 'the engine judges the token');
});

test('the push socket is established', async () => {
    const { push_key: key } = JSON.parse(readFileSync(`${center.data}/credentials.json`, 'utf8'));
    assert.ok(key, 'the push app has a key');
    const { status, accept, frame } = await upgrade(`/app/${key}?protocol=7&client=js&version=8`);
    assert.equal(status, 101);
    assert.equal(accept, ACCEPT);
    assert.equal(JSON.parse(frame).event, 'pusher:connection_established');
});

test('what is too large is refused at the door', async () => {
    assert.equal((await ask('/login', { method: 'POST', body: 'x'.repeat(5000) })).status, 413);
    assert.equal((await ask('/api/v1/health', { headers: { more: 'x'.repeat(40000) } })).status, 400);
});

test('an agent works through TLS: the cookie is for TLS only, and a call is heard', { timeout: 90000 }, async () => {
    await floor.campaign('tls', { mode: 'progressive' }, [numberOf('patient', 90)]);
    const seat = await Seat.open(floor, 'ann', { campaigns: ['tls'], origin: `https://${NAME}:${nginx.https}`,
        browser: { ignoreHTTPSErrors: true }, rules: `MAP ${NAME} 127.0.0.1` });
    try {
        await seat.join();
        const cookie = (await seat.context.cookies()).find(({ name }) => name === 'outdial_session');
        assert.ok(cookie.secure && cookie.httpOnly && cookie.sameSite === 'Strict');
        const begun = Date.now();
        await floor.command('tls', 'start');
        await seat.phase('on-call', 20000);
        await seat.hears(begun, 'the customer', 12000);
        assert.deepEqual(seat.faults, []);
        assert.deepEqual(seat.foreign, []);
    } finally {
        await seat.close();
    }
});
