// An agent's seat: a headless Chromium with the desk as `serve` gives it, its telephone and its microphone (a beep each
// second). The page is used as a person uses it: by its controls and keys. What it shows and what is heard in it is noted
// with the time, from outside of the page's own code.

import { chromium } from 'playwright-core';

import { until } from '../lib/wait.mjs';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream', '--autoplay-policy=no-user-gesture-required',
    '--allow-loopback-in-peer-connection'];

export const PASSWORD = 'a long enough password';

/** Runs in the page before everything else: its ear, its eye, its sockets. */
function witness(relay) {
    const seen = { loud: [], connected: [], signalled: [], phases: [], names: [], packets: 0, longest: 0 };
    const sockets = [];
    const peers = [];
    Object.assign(window, { seen, sockets, peers });

    const Peer = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Peer {
        constructor(configuration, ...more) {
            super(relay ? { ...configuration, iceTransportPolicy: 'relay' } : configuration, ...more);
            peers.push(this);
            this.addEventListener('connectionstatechange', () => {
                if (this.connectionState === 'connected') seen.connected.push(Date.now());
            });
            this.addEventListener('track', ({ track }) => listen(this, track));
        }
    };

    function listen(peer, track) {
        const context = new AudioContext();
        const analyser = context.createAnalyser();
        analyser.fftSize = 512;
        context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
        const samples = new Float32Array(512);
        const timer = setInterval(() => {
            if (peer.connectionState === 'closed') { clearInterval(timer); context.close(); return; }
            analyser.getFloatTimeDomainData(samples);
            const level = Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / 512);
            if (level > 0.01) seen.loud.push(Date.now());
            if (seen.loud.length > 20000) seen.loud.splice(0, 10000);
        }, 10);
    }

    const Socket = window.WebSocket;
    window.WebSocket = class extends Socket {
        constructor(...args) {
            super(...args);
            sockets.push(this);
            if (new URL(this.url).pathname === '/signal')
                this.addEventListener('message', ({ data }) => {
                    if (/"type":"(connected|ready)"/.test(data)) seen.signalled.push(Date.now());
                });
        }
    };

    const look = () => {
        const phase = document.querySelector('.app')?.dataset.phase;
        const name = document.querySelector('#column-person h2.name')?.textContent ?? '';
        const now = Date.now();
        if (phase && phase !== seen.phases.at(-1)?.[1]) seen.phases.push([now, phase]);
        if (name !== (seen.names.at(-1)?.[1] ?? '')) seen.names.push([now, name]);
    };
    new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
}

export class Seat {
    /** options: campaigns, flags (more of Chromium), origin (another way to the server), browser (options of a page),
     * relay (sound by a TURN server only), rules (names that are to be found) */
    static async open(floor, name, options = {}) {
        const seat = new Seat();
        Object.assign(seat, { floor, name, options, foreign: [], faults: [] });
        await floor.post('agents', { name, full_name: name.toUpperCase(), contact: `client:${name}`,
            campaigns: options.campaigns ?? [], password: PASSWORD });
        seat.bearer = (await floor.post('tokens', { name: `seat-${name}`, agent: name })).token;
        await seat.browse();
        return seat;
    }

    get origin() { return this.options.origin ?? this.floor.center.http; }

    /** A new browser, which knows nothing of the last. */
    async browse() {
        this.chromium = await chromium.launchServer({ executablePath: process.env.OUTDIAL_CHROMIUM ?? '/usr/bin/chromium',
            args: [...FLAGS, ...(this.options.flags ?? []), `--host-resolver-rules=${[this.options.rules, 'MAP * ~NOTFOUND', 'EXCLUDE 127.0.0.1'].filter(Boolean).join(', ')}`] });
        this.browser = await chromium.connect(this.chromium.wsEndpoint());
        this.context = await this.browser.newContext({ permissions: ['microphone'], viewport: { width: 1440, height: 900 },
            ...this.options.browser });
        await this.context.addInitScript(witness, this.options.relay ?? false);
        this.page = await this.tab();
    }

    /** One more tab of the same browser. */
    async tab() {
        const page = await this.context.newPage();
        const look = (one) => {
            if (!one.url().startsWith('blob:') && new URL(one.url()).hostname !== new URL(this.origin).hostname)
                this.foreign.push(one.url());
        };
        page.on('request', look);
        page.on('websocket', look);
        page.on('pageerror', (error) => this.faults.push(error.stack ?? error.message));
        page.on('console', (message) => {
            if (/Content Security Policy|TypeError|ReferenceError/.test(message.text())) this.faults.push(message.text());
        });
        return page;
    }

    run(code, argument) { return this.page.evaluate(code, argument); }
    desk(path, body = {}) { return this.floor.ask('POST', `desk/${path}`, body, this.bearer); }
    /** What the page knows: its phase is `phase()`. */
    state() { return this.run(async () => JSON.parse(JSON.stringify((await import('/assets/app/main.js')).state()))); }
    document() { return this.state().then(({ doc }) => doc); }

    async signIn(page = this.page) {
        await page.goto(`${this.origin}/login`);
        await page.fill('#name', this.name);
        await page.fill('#password', PASSWORD);
        await page.keyboard.press('Enter');
        await page.waitForURL(/\/desk$/);
        await page.waitForSelector('.app:not([data-phase="loading"])');
    }

    /** Signed in, the shift begun by the page's own button, and in the room. */
    async join() {
        await this.signIn();
        await this.page.click('#act-join');
        await this.inRoom();
    }

    /** Until the page shows one of these states. */
    phase(wanted, ms = 15000) {
        const words = [wanted].flat();
        return this.page.waitForSelector(words.map((one) => `.app[data-phase="${one}"]`).join(', '), { timeout: ms })
            .catch(async (error) => {
                const { phases } = await this.run(() => seen);
                throw new Error(`the page never showed ${words.join(' or ')}: ${JSON.stringify(phases.slice(-6))}; ${error.message.split('\n')[0]}`);
            });
    }

    /** A key, when the page would take it (it drops those pressed within 300 ms of a change they were not meant for). */
    async press(key, taken, what = `key ${key} to be taken`) {
        await until(async () => {
            await this.page.keyboard.press(key);
            await new Promise((resolve) => { setTimeout(resolve, 120); });
            return taken();
        }, 5000, what, 300);
    }

    is(phase) { return this.run((word) => document.querySelector('.app')?.dataset.phase === word, phase); }

    inRoom(ms = 15000) {
        return this.floor.state(this.name, ({ line, activity }) => line === 'connected' && activity !== 'offline',
            'to be in the room', ms);
    }

    /** When the page's ear heard something since `from` (milliseconds of the epoch). */
    hears(from, what, ms = 8000) {
        return until(() => this.run((since) => seen.loud.find((at) => at >= since) ?? 0, from), ms, what);
    }

    heardSince(from) { return this.run((since) => seen.loud.filter((at) => at > since).length, from); }

    connectedSince(from, ms = 15000) {
        return until(() => this.run((since) => seen.connected.find((at) => at >= since) ?? 0, from), ms,
            'the telephone to be in a call again', 5);
    }

    signalledSince(from, ms = 15000) {
        return until(() => this.run((since) => seen.signalled.find((at) => at >= since) ?? 0, from), ms,
            'the telephone to be signalled with again', 5);
    }

    /** When the page first showed that name after `from`. */
    async shown(name, from) {
        return until(() => this.run(([text, since]) => seen.names.find(([at, one]) => at >= since && one === text)?.[0] ?? 0,
            [name, from]), 15000, `the page to show ${name}`, 10);
    }

    /** Packets of sound the page has received on its line. */
    packets() {
        return this.run(async () => {
            const peer = peers.findLast((one) => one.connectionState === 'connected');
            let count = 0;
            for (const one of (await peer?.getStats())?.values() ?? []) if (one.type === 'inbound-rtp') count = one.packetsReceived;
            return count;
        });
    }

    cutSignalling() {
        return this.run(() => sockets.filter(({ url, readyState }) => new URL(url).pathname === '/signal' && readyState < 2)
            .forEach((socket) => socket.close()));
    }

    /** The browser's process dies, and no page of it says goodbye. */
    async die() {
        const child = this.chromium.process();
        const gone = new Promise((resolve) => { child.once('exit', resolve); });
        child.kill('SIGKILL');
        await gone;
    }

    async close() {
        await this.browser?.close().catch(() => {});
        await this.chromium?.close().catch(() => {});
    }
}
