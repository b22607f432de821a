// An agent's seat: the official browser telephone in a headless Chromium, led to the engine through the server's own
// address, and what is heard there. The page is the least that holds the package; what the desk's own page adds is
// tested in tests/app.

import { readFileSync } from 'node:fs';
import http from 'node:http';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';
import twilio from 'twilio';

import { until } from '../lib/wait.mjs';

const ROOT = new URL('../../../', import.meta.url);
const file = (path) => readFileSync(fileURLToPath(new URL(path, ROOT)));

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream', '--autoplay-policy=no-user-gesture-required',
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1', '--allow-loopback-in-peer-connection'];

/** The page's own ear and clock, in the page. */
const EAR = `<script>
const ear = { loud: [], connected: [], quietSince: 0 };
function listen() {
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 512;
    context.createMediaStreamSource(call.getRemoteStream()).connect(analyser);
    const samples = new Float32Array(512);
    const mine = call;
    const timer = setInterval(() => {
        if (mine !== call || mine.status() === 'closed') { clearInterval(timer); context.close(); return; }
        analyser.getFloatTimeDomainData(samples);
        const level = Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / 512);
        if (level > 0.01) ear.loud.push(Date.now());
    }, 10);
}
function sit(token, host, options, acceptance) {
    start(token, host, options);
    device.on('incoming', () => {
        call.on('accept', () => { ear.connected.push(Date.now()); listen(); });
        call.accept(acceptance);
    });
    return device.register();
}
</script>`;

export class Seat {
    /** options: campaigns, flags (more of Chromium), device and accept (options of the package's Device and of
     * accept()) */
    static async open(floor, name, options = {}) {
        const seat = new Seat();
        Object.assign(seat, { floor, name, options, foreign: [] });
        const page = file('tests/contract/voice-sdk/page.html').toString() + EAR;
        const files = {
            '/': ['text/html', page],
            '/twilio.min.js': ['text/javascript', file('node_modules/@twilio/voice-sdk/dist/twilio.min.js')],
            '/silence.wav': ['audio/wav', file('app/sounds/dtmf0.wav')],
        };
        seat.pages = http.createServer((request, response) => {
            const [type, body] = files[request.url] ?? [];
            response.writeHead(type ? 200 : 404, { 'content-type': type ?? 'text/plain' });
            response.end(body ?? '');
        });
        await new Promise((resolve) => seat.pages.listen(0, '127.0.0.1', resolve));
        await floor.post('agents', { name, contact: `client:${name}`, campaigns: options.campaigns ?? [] });
        seat.bearer = (await floor.post('tokens', { name: `seat-${name}`, agent: name })).token;
        await seat.browse();
        return seat;
    }

    async browse() {
        this.chromium = await chromium.launchServer({ executablePath: process.env.OUTDIAL_CHROMIUM ?? '/usr/bin/chromium',
            args: [...FLAGS, ...(this.options.flags ?? [])] });
        this.browser = await chromium.connect(this.chromium.wsEndpoint());
        this.page = await this.browser.newPage();
        const look = (one) => { if (new URL(one.url()).hostname !== '127.0.0.1') this.foreign.push(one.url()); };
        this.page.on('request', look);
        this.page.on('websocket', look);
    }

    token() {
        const made = JSON.parse(readFileSync(`${this.floor.center.data}/credentials.json`, 'utf8'));
        const { AccessToken } = twilio.jwt;
        const token = new AccessToken(made.account_sid, made.api_key_sid, made.api_key_secret,
            { identity: this.name, ttl: 3600 });
        token.addGrant(new AccessToken.VoiceGrant({ incomingAllow: true }));
        return token.toJwt();
    }

    run(code, argument) { return this.page.evaluate(code, argument); }
    desk(path, body = {}) { return this.floor.ask('POST', `desk/${path}`, body, this.bearer); }

    /** The page is opened (anew), its telephone registered, and the server told so. */
    async sit() {
        await this.page.goto(`http://127.0.0.1:${this.pages.address().port}/`);
        await this.register();
    }

    async register() {
        const host = new URL(this.floor.center.http).host;
        await this.run(([token, at, more, accept]) => sit(token, at, more, accept),
            [this.token(), host, this.options.device ?? {}, this.options.accept ?? {}]);
    }

    /** Registered, logged in and in the room. */
    async join() {
        await this.sit();
        await this.floor.post(`agents/${this.name}/login`, {});
        await this.inRoom();
    }

    inRoom(ms = 15000) {
        return this.floor.state(this.name, ({ line, activity }) => line === 'connected' && activity !== 'offline',
            'to be in the room', ms);
    }

    /** When the page's ear heard something since `from` (milliseconds of the epoch). */
    hears(from, what, ms = 8000) {
        return until(() => this.run((since) => ear.loud.find((at) => at >= since) ?? 0, from), ms, what);
    }

    connectedSince(from, ms = 15000) {
        return until(() => this.run((since) => ear.connected.find((at) => at >= since) ?? 0, from), ms,
            'the telephone to be in a call again');
    }

    /** The browser's process dies, and no page of it says goodbye. */
    async die() {
        const child = this.chromium.process();
        const gone = new Promise((resolve) => { child.once('exit', resolve); });
        child.kill('SIGKILL');
        await gone;
    }

    async close() {
        await this.browser?.close();
        await this.chromium?.close();
        await new Promise((resolve) => this.pages.close(resolve));
    }
}
