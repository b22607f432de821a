// A server for the page alone: its files with the policy of the real one, the desk's documents of documents.mjs, and
// as much of the push wire (Channels) and of the voice SDK's signalling as the page needs to connect.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import { calls, callbacks, campaign, setup, states } from './documents.mjs';

const top = fileURLToPath(new URL('../../', import.meta.url));
const TYPES = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2', '.wav': 'audio/wav', '.html': 'text/html; charset=utf-8' };

/**
 * @param {{state?: string}} [options]
 * @returns {Promise<{port: number, desk: any, asked: any[], push: (doc: any) => void, show: (state: string) => void,
 *   answer: (path: string, status: number, body: any) => void, close: () => Promise<void>}>}
 */
export async function mockServer({ state = 'on-call' } = {}) {
    const html = await readFile(path.join(top, 'app/index.html'), 'utf8');
    const map = /<script type="importmap">([^<]*)<\/script>/.exec(html)?.[1] ?? '';
    const hash = createHash('sha256').update(map).digest('base64');
    const policy = `default-src 'none'; script-src 'self' 'sha256-${hash}'; style-src 'self'; font-src 'self'; img-src 'self'; media-src 'self' blob:; `
        + "connect-src 'self' ws: wss:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    const self = { port: 0, desk: structuredClone(states[state].doc), details: campaign, out: false, asked: [], sockets: new Set(), answers: new Map() };
    let version = self.desk.version;
    const subscribed = new Set();

    const api = (request, body) => {
        const where = request.url.replace('/api/v1', '').split('?')[0];
        if (request.method !== 'GET') self.asked.push({ path: where, body });
        const told = self.answers.get(where);
        if (told) return told;
        if (self.out && where !== '/desk/setup') return [401, { title: 'Signed out', detail: 'You were signed out at 17:00, the end of your shift. Your note is kept.' }];
        if (where === '/session' && request.method === 'POST')
            return body.password === 'right' ? [200, { agent: setup.agent, role: 'agent' }] : [401, { title: 'Refused', detail: 'Wrong name or password. After 5 more tries this account waits 15 minutes.' }];
        if (where === '/desk/setup') return [200, { ...setup, voice: self.voice?.() ?? { ...setup.voice, chunderw: `127.0.0.1:${self.port}` } }];
        if (where === '/desk/voice-token') return [200, { token: self.voice?.().token ?? 'token', ttl_s: 3600 }];
        if (where.startsWith('/desk/campaigns/')) return [200, self.details];
        if (where === '/desk/calls') return [200, { items: calls }];
        if (where === '/desk/callbacks') return [200, { items: callbacks }];
        if (where === '/desk' || request.method === 'POST') return [200, self.desk];
        return [404, { title: 'Not found', detail: `There is nothing at '${where}'.` }];
    };

    const file = async (url) => {
        const name = url.startsWith('/assets/app/') ? `app/${url.slice('/assets/app/'.length)}`
            : url.startsWith('/assets/npm/') ? `node_modules/${url.slice('/assets/npm/'.length)}` : 'app/index.html';
        const full = path.join(top, path.normalize(name));
        return [await readFile(full), TYPES[path.extname(full)] ?? 'application/octet-stream'];
    };

    const server = http.createServer(async (request, response) => {
        const parts = [];
        for await (const part of request) parts.push(part);
        const text = Buffer.concat(parts).toString();
        const url = new URL(request.url, 'http://localhost').pathname;
        response.setHeader('Content-Security-Policy', policy);
        if (url.startsWith('/api/v1/')) {
            const [status, answer] = api(request, text ? JSON.parse(text) : null);
            response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
        } else if (url === '/pusher/auth') {
            const form = new URLSearchParams(text);
            const presence = form.get('channel_name')?.startsWith('presence-') ? { channel_data: JSON.stringify({ user_id: '7' }) } : {};
            response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ auth: 'outdial:0', ...presence }));
        } else {
            try {
                const [bytes, type] = await file(url);
                response.writeHead(200, { 'Content-Type': type, 'Cache-Control': url.startsWith('/assets/') ? 'max-age=3600' : 'no-store' }).end(bytes);
            } catch { response.writeHead(404).end(); }
        }
    });

    const sockets = new WebSocketServer({ server });
    sockets.on('connection', (socket, request) => {
        self.sockets.add(socket);
        socket.on('close', () => { self.sockets.delete(socket); subscribed.delete(socket); });
        const say = (message) => socket.send(JSON.stringify(message));
        if (request.url.startsWith('/app/')) {
            say({ event: 'pusher:connection_established', data: JSON.stringify({ socket_id: '1.1', activity_timeout: 120 }) });
            socket.on('message', (raw) => {
                const message = JSON.parse(String(raw));
                const channel = message.data?.channel;
                if (message.event === 'pusher:ping') say({ event: 'pusher:pong', data: '{}' });
                if (message.event !== 'pusher:subscribe') return;
                const presence = channel.startsWith('presence-') ? { presence: { ids: ['7'], hash: { 7: {} }, count: 1 } } : {};
                say({ event: 'pusher_internal:subscription_succeeded', channel, data: JSON.stringify(presence) });
                if (!channel.startsWith('presence-')) subscribed.add(socket);
            });
        } else if (request.url.startsWith('/signal')) {
            socket.on('message', (raw) => {
                if (!String(raw).trim()) return;
                const { type } = JSON.parse(String(raw));
                if (type === 'listen') say({ type: 'connected', version: '1.6', payload: { edge: 'local', region: 'local', home: 'local', gateway: 'mock', token: { identity: 'agent7', ttl: 3600 } } });
                if (type === 'register') say({ type: 'ready', version: '1.6', payload: {} });
            });
        } else socket.close();
    });

    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    self.port = server.address().port;
    return Object.assign(self, {
        /** A new document, told by push to every page. */
        push(doc) {
            self.desk = { ...structuredClone(doc), version: ++version };
            const data = JSON.stringify(self.desk);
            for (const socket of subscribed) socket.send(JSON.stringify({ event: 'desk', channel: setup.push.channel, data }));
        },
        show(name) {
            self.out = false;
            self.details = states[name].details ?? campaign;
            self.desk = { ...structuredClone(states[name].doc), version: ++version };
        },
        answer(where, status, body) { self.answers.set(where, [status, body]); },
        dropSockets() { for (const socket of self.sockets) socket.terminate(); },
        close: () => new Promise((resolve) => {
            for (const socket of self.sockets) socket.terminate();
            server.close(() => resolve());
            server.closeAllConnections();
        }),
    });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const server = await mockServer({ state: process.argv[2] ?? 'on-call' });
    console.log(`http://127.0.0.1:${server.port}/desk`);
}
