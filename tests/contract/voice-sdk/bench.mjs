// The official browser phone, unmodified, in a headless Chromium before a real engine: what its tests share.

import { accessSync, constants, readFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';
import twilio from 'twilio';

import { ACCOUNT_SID, startVoice } from '../../e2e/lib/process.mjs';
import { Rest } from '../../e2e/lib/rest.mjs';
import { Sipp } from '../../e2e/lib/sipp.mjs';
import { until } from '../../e2e/lib/wait.mjs';
import { Webhooks } from '../../e2e/lib/webhooks.mjs';
import { RtpSocket, mulaw } from '../../e2e/phones/rtp.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.resolve(HERE, '../../..');
const SCENARIOS = path.join(ROOT, 'tests/e2e/sip/scenarios');
const KEY_SID = 'SK00000000000000000000000000000001';
const KEY_SECRET = 'api-key-secret-of-the-test-0000001';
export const APPLICATION = 'AP00000000000000000000000000000001';

/** Nothing but this machine can be reached: whoever asks for another host is told there is none. */
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream', '--autoplay-policy=no-user-gesture-required',
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1', '--allow-loopback-in-peer-connection'];

function programOf(name) {
    for (const folder of (process.env.PATH ?? '').split(':')) {
        try {
            accessSync(path.join(folder, name), constants.X_OK);
            return path.join(folder, name);
        } catch { /* elsewhere */ }
    }
    throw new Error(`'${name}' is not installed`);
}

/** Half a second of nothing, as a WAV file. */
function silence() {
    const wav = Buffer.alloc(44 + 4000, 0x80);
    wav.write('RIFF', 0); wav.writeUInt32LE(36 + 4000, 4); wav.write('WAVEfmt ', 8);
    wav.writeUInt32LE(16, 16); wav.writeUInt16LE(1, 20); wav.writeUInt16LE(1, 22);
    wav.writeUInt32LE(8000, 24); wav.writeUInt32LE(8000, 28); wav.writeUInt16LE(1, 32);
    wav.writeUInt16LE(8, 34); wav.write('data', 36); wav.writeUInt32LE(4000, 40);
    return wav;
}

/** The root mean square of what came in the last `ms`. */
export function loudness(rtp, ms = 400) {
    const since = performance.timeOrigin + performance.now() - ms;
    const samples = rtp.voice().filter((packet) => packet.at >= since && packet.type === 0)
        .flatMap((packet) => [...packet.payload].map(mulaw));
    return samples.length ? Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length) : 0;
}

/** A µ-law tone, 20 ms a packet, for as long as it is not stopped. */
export function speak(rtp) {
    const payload = Buffer.alloc(160, 0);
    for (let n = 0; n < 160; n++) payload[n] = n % 8 < 4 ? 0x9f : 0x1f; // a square of 1 kHz
    let sequence = 1000;
    const timer = setInterval(() => {
        const head = Buffer.alloc(12);
        head[0] = 0x80;
        head.writeUInt16BE(++sequence & 0xffff, 2);
        head.writeUInt32BE(sequence * 160 >>> 0, 4);
        head.writeUInt32BE(77, 8);
        rtp.send(Buffer.concat([head, payload]));
    }, 20);
    return () => clearInterval(timer);
}

/** One page of a browser, and what happened in it. */
class Phone {
    constructor(page, bench) {
        this.page = page;
        this.bench = bench;
    }

    run(code, argument) { return this.page.evaluate(code, argument); }

    happened() { return this.run(() => happened); }

    /** Waits for something to happen that has not been waited for yet (a prefix is enough). */
    async expect(what, ms = 10000) {
        this.read ??= 0;
        let list;
        const found = () => list.findIndex((one, at) => at >= this.read && one.startsWith(what));
        try {
            await until(async () => { list = await this.happened(); return found() >= 0; }, ms, what);
        } catch {
            throw new Error(`waited ${ms} ms for '${what}', what happened: ${JSON.stringify(list)}`);
        }
        this.read = found() + 1;
        return list[this.read - 1];
    }

    /** Has no call, and nothing that happened so far is waited for. */
    async settle() {
        await this.run(() => device.disconnectAll());
        await until(() => this.run(() => !device.isBusy && device.calls.length === 0), 10000, 'no call to be left');
        this.read = (await this.happened()).length;
    }

    start(token, options) {
        return this.run(([t, h, o]) => start(t, h, o), [token, this.bench.host, options]);
    }

    async register(identity, grants, options) {
        await this.start(this.bench.token(identity, grants), options);
        await this.run(() => device.register());
        await this.expect('registered');
        return this;
    }

    connect(params) { return this.run((p) => connect(p), params); }
    figures() { return this.run(() => figures()); }
    hangUp() { return this.run(() => call.disconnect()); }
    close() { return this.page.context().close(); }
}

export class Bench {
    static async start() {
        const bench = new Bench();
        try {
            bench.hooks = await Webhooks.start();
            await bench.startEngine();
            await bench.startLine();
            await bench.startPages();
            bench.browser = await chromium.launch({ executablePath: programOf('chromium'), headless: true,
                args: FLAGS });
        } catch (error) {
            await bench.stop();
            throw error;
        }
        return bench;
    }

    /** Always with the same key; the line below leads to it, so a page finds it again. */
    async startEngine() {
        this.voice = await startVoice({
            args: ['--web-media', '127.0.0.1', '--cps', '50', '--probe-s', '0',
                '--application-url', this.hooks.url('/client')],
            env: { twilio_api_key_sid: KEY_SID, twilio_api_key_secret: KEY_SECRET,
                twilio_app_id_outbound: APPLICATION },
        });
        this.rest = new Rest(this.voice.http);
    }

    /** The network between page and engine, as far as signalling goes: it can be cut. */
    async startLine() {
        this.pairs = new Set();
        this.line = net.createServer((near) => {
            const far = net.connect(Number(new URL(this.voice.http).port), '127.0.0.1');
            const pair = [near, far];
            this.pairs.add(pair);
            for (const [one, other] of [[near, far], [far, near]]) {
                one.on('error', () => {});
                one.on('close', () => { other.destroy(); this.pairs.delete(pair); });
                one.pipe(other);
            }
        });
        await new Promise((resolve) => this.line.listen(0, '127.0.0.1', resolve));
        this.host = `127.0.0.1:${this.line.address().port}`;
    }

    cut() { for (const pair of [...this.pairs ?? []]) pair[0].resetAndDestroy(); }

    async startPages() {
        const files = {
            '/': ['text/html', readFileSync(path.join(HERE, 'page.html'))],
            '/twilio.min.js': ['text/javascript',
                readFileSync(path.join(ROOT, 'node_modules/@twilio/voice-sdk/dist/twilio.min.js'))],
            '/silence.wav': ['audio/wav', silence()],
        };
        this.pages = http.createServer((request, response) => {
            const [type, body] = files[request.url] ?? [];
            response.writeHead(type ? 200 : 404, { 'content-type': type ?? 'text/plain' });
            response.end(body ?? '');
        });
        await new Promise((resolve) => this.pages.listen(0, '127.0.0.1', resolve));
        this.origin = `http://127.0.0.1:${this.pages.address().port}`;
        this.asked = new Set();
    }

    /** As an application's server mints it, with the official package. */
    token(identity, { ttl = 600, incoming = true, params, secret = KEY_SECRET } = {}) {
        const { AccessToken } = twilio.jwt;
        const token = new AccessToken(ACCOUNT_SID, KEY_SID, secret, { identity, ttl });
        token.addGrant(new AccessToken.VoiceGrant({ outgoingApplicationSid: APPLICATION,
            outgoingApplicationParams: params, incomingAllow: incoming }));
        return token.toJwt();
    }

    async phone() {
        const context = await this.browser.newContext();
        const page = await context.newPage();
        page.on('request', (request) => this.asked.add(new URL(request.url()).origin));
        page.on('websocket', (socket) => this.asked.add(new URL(socket.url()).origin));
        await page.goto(this.origin);
        return new Phone(page, this);
    }

    /** A telephone of SIP with a sound of its own: { sipp, rtp, uri }. */
    async telephone() {
        const rtp = await RtpSocket.open();
        const sipp = await Sipp.start({ scenario: path.join(SCENARIOS, 'callee_speaks_elsewhere.xml'),
            values: { rtp_port: String(rtp.port) }, ms: 60000 });
        return { sipp, rtp, uri: `sip:someone@127.0.0.1:${sipp.port}`,
            stop: async () => { await sipp.stop(); rtp.close(); } };
    }

    /** Rings an identity; the call runs `verbs` when it is answered. */
    ring(identity, verbs, form = {}) {
        this.count = (this.count ?? 0) + 1;
        return this.rest.createCall({ To: `client:${identity}`, From: '+15005550006',
            Url: this.hooks.twiml(`/rung${this.count}`, verbs), StatusCallback: this.hooks.url('/status'),
            StatusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'], ...form });
    }

    status(sid, wanted, ms = 10000) {
        return until(async () => (await this.rest.call(sid)).status === wanted, ms, `the call to be ${wanted}`);
    }

    async stop() {
        await this.browser?.close();
        this.rest?.close();
        this.pages?.closeAllConnections();
        this.pages?.close();
        this.cut();
        this.line?.close();
        if (this.voice && !this.voice.end) await this.voice.stop();
        await this.hooks?.stop();
    }
}

export { until };
