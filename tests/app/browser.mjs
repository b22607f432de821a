// Chromium for the page's tests: no network but loopback, a microphone made of a tone.

import { chromium } from 'playwright-core';
import { phoneWell, states } from './documents.mjs';

const executablePath = process.env.OUTDIAL_CHROMIUM ?? '/usr/bin/chromium';

export function launch() {
    return chromium.launch({
        executablePath,
        args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
            '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', '--autoplay-policy=no-user-gesture-required',
            '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1', '--font-render-hinting=none'],
    });
}

/** Faults that the page itself reports: uncaught errors, refusals of the policy. @param {import('playwright-core').Page} page */
export function faultsOf(page) {
    /** @type {string[]} */
    const faults = [];
    page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));
    page.on('console', (message) => { if (/Content Security Policy|TypeError|ReferenceError/.test(message.text())) faults.push(message.text()); });
    page.on('request', (request) => { if (!request.url().startsWith('http://127.0.0.1') && !/^(blob|data):/.test(request.url())) faults.push(`left the machine: ${request.url()}`); });
    return faults;
}

/**
 * The desk in a state, drawn and at rest.
 * @param {import('playwright-core').Page} page @param {any} server @param {string} name
 */
export async function enter(page, server, name) {
    const state = states[name];
    server.show(name);
    if (page.url().startsWith('http')) await page.evaluate(() => { localStorage.clear(); sessionStorage.clear(); });
    await page.goto(`http://127.0.0.1:${server.port}${state.route ?? '/desk'}`);
    await page.waitForSelector('.app:not([data-phase="loading"])');
    await page.evaluate(() => document.fonts.ready);
    await page.evaluate(async (facts) => {
        const { send } = await import('/assets/app/main.js');
        send({ kind: 'phone', facts });
    }, { ...phoneWell, ...state.phone });
    await page.evaluate(() => document.querySelectorAll('[data-meter]').forEach((meter) => meter.setAttribute('data-level', '5')));
    if (state.refuse) {
        server.out = true;
        await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
        await page.waitForSelector('[data-phase="signed-out"]');
    }
    if (state.keys) {
        await page.waitForFunction(() => document.querySelector('.steps, .hint'));
        await page.waitForTimeout(320); // the guard's time: keys before it are dropped, on purpose
        for (const key of state.keys) await page.keyboard.press(key);
    }
    if (name === 'note') await page.keyboard.type('Prefers to pay by card. Asked about the deductible.');
}
