// The desk in every state on every size, light and dark: photographed, and held to what a picture cannot show - axe
// without violations, nothing wider than the page, no words cut off, no fault of the page or its policy.
// The pictures are kept in build/screenshots. OUTDIAL_LONG=1: the whole matrix.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { mockServer } from './mock-server.mjs';
import { enter, faultsOf, launch } from './browser.mjs';
import { states } from './documents.mjs';

const folder = process.env.OUTDIAL_SCREENSHOTS ?? fileURLToPath(new URL('../../build/screenshots/', import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const long = process.env.OUTDIAL_LONG === '1';
const SIZES = [[1440, 900], [1024, 768], [390, 844], [1366, 768]];

/** @type {import('playwright-core').Browser} */
let browser;
let server;

before(async () => {
    mkdirSync(folder, { recursive: true });
    [browser, server] = await Promise.all([launch(), mockServer()]);
});
after(async () => { await browser?.close(); await server?.close(); });

/** Every state at every size in both themes; the short run takes some of them, over all states, sizes and themes. */
function* views() {
    let n = 0;
    for (const name of Object.keys(states)) {
        for (const [width, height] of SIZES) {
            for (const theme of ['light', 'dark']) {
                n++;
                if (long || (width !== 1366 && (n + Math.floor(n / 8)) % 32 === 0)) yield { name, width, height, theme };
            }
        }
    }
}

/** Words that do not fit: elements whose text is wider than they are, except where an ellipsis is meant. */
const clipped = () => {
    const found = [];
    for (const one of document.querySelectorAll('.app *, .login *')) {
        const text = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if (!text || one.closest('.hidden, .skip, .cut, .command-field, svg, option, textarea') || !one.checkVisibility()) continue;
        const style = getComputedStyle(one);
        if (style.position === 'absolute' && style.clipPath !== 'none') continue;
        if (style.display !== 'inline' && one.scrollWidth > one.clientWidth + 1) found.push(`${one.className || one.tagName}: ${one.textContent.slice(0, 40)} (${one.scrollWidth} in ${one.clientWidth})`);
        const box = one.getBoundingClientRect();
        if (box.width && (box.left < -1 || box.right > innerWidth + 1) && !one.closest('.steps')) found.push(`outside: ${one.textContent.slice(0, 40)}`);
    }
    return found;
};

const axeRun = () => window.axe.run(document, { resultTypes: ['violations'] });

async function held(page, name) {
    const shape = await page.evaluate(() => [document.documentElement.scrollWidth, document.body.scrollWidth, innerWidth]);
    assert.ok(shape[0] <= shape[2] && shape[1] <= shape[2], `${name}: the page is ${Math.max(shape[0], shape[1])} px wide in ${shape[2]}`);
    assert.deepEqual(await page.evaluate(clipped), [], `${name}: words are cut off`);
    if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(axe);
    const { violations } = await page.evaluate(axeRun);
    assert.deepEqual(violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')}`), [], name);
}

for (const theme of ['light', 'dark']) {
    test(`the desk, ${theme}`, { timeout: long ? 1500000 : 120000 }, async (t) => {
        const context = await browser.newContext({ colorScheme: theme, reducedMotion: 'reduce' });
        const page = await context.newPage();
        const faults = faultsOf(page);
        for (const view of views()) {
            if (view.theme !== theme) continue;
            const name = `${view.name}-${view.width}-${theme}`;
            await t.test(name, async () => {
                await page.setViewportSize(view);
                await enter(page, server, view.name);
                await page.screenshot({ path: `${folder}/${name}.png` });
                await held(page, name);
                assert.deepEqual(faults.splice(0), [], `${name}: faults of the page`);
            });
        }
        await context.close();
    });
}

test('login, and login refused', { timeout: 60000 }, async () => {
    for (const [width, height, theme] of [[1440, 900, 'light'], [390, 844, 'dark']]) {
        const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme });
        const page = await context.newPage();
        const faults = faultsOf(page);
        await page.goto(`http://127.0.0.1:${server.port}/login`);
        await page.waitForSelector('#name');
        await page.screenshot({ path: `${folder}/login-${width}-${theme}.png` });
        await held(page, 'login');
        await page.fill('#name', 'priya');
        await page.fill('#password', 'wrong');
        await page.keyboard.press('Enter');
        await page.waitForSelector('#summary');
        assert.match(await page.title(), /^Error:/);
        assert.equal(await page.inputValue('#name'), 'priya', 'what was typed stays');
        await page.screenshot({ path: `${folder}/login-refused-${width}-${theme}.png` });
        await held(page, 'login refused');
        assert.deepEqual(faults, []);
        await context.close();
    }
});

test('a language with half as many letters more fits', { timeout: long ? 200000 : 60000 }, async () => {
    const context = await browser.newContext({ reducedMotion: 'reduce' });
    const page = await context.newPage();
    for (const name of long ? Object.keys(states) : ['on-call', 'wrap-up', 'consult', 'offline', 'callback']) {
        for (const [width, height] of SIZES.slice(0, 3)) {
            await page.setViewportSize({ width, height });
            await enter(page, server, name);
            await page.evaluate(async () => {
                const { texts } = await import('/assets/app/texts.js');
                const longer = (words) => words.replace(/[a-z]{3,}/g, (word) => (/^(name|time|n|of|date|planned)$/.test(word) ? word : word + 'åäöüßéèêñõ'.slice(0, Math.ceil(word.length / 2))));
                for (const [id, form] of Object.entries(texts)) texts[id] = typeof form === 'string' ? longer(form).replace(/\{[^}]*\}/g, (place, at, all) => form.match(/\{[^}]*\}/g)[all.slice(0, at).split('{').length - 1]) : form;
                (await import('/assets/app/main.js')).send({ kind: 'tick', now: (await import('/assets/app/main.js')).state().now + 1 });
            });
            await page.screenshot({ path: `${folder}/${name}-${width}-long-language.png` });
            const shape = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
            assert.ok(shape[0] <= shape[1], `${name} ${width}: ${shape[0]} px wide`);
            assert.deepEqual(await page.evaluate(clipped), [], `${name} ${width}: words are cut off`);
        }
    }
    await context.close();
});

test('forced colours, right to left, 200 and 400 % zoom: the desk stays whole', { timeout: 60000 }, async () => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, forcedColors: 'active', reducedMotion: 'reduce' });
    const page = await context.newPage();
    await enter(page, server, 'on-call');
    await page.screenshot({ path: `${folder}/on-call-forced-colours.png` });
    assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('.state')).borderTopWidth), '3px');
    await context.close();
    for (const [name, width, height, direction] of [['right-to-left', 1440, 900, 'rtl'], ['zoom-200', 720, 450, 'ltr'], ['reflow-320', 320, 568, 'ltr']]) {
        const other = await browser.newContext({ viewport: { width, height }, reducedMotion: 'reduce' });
        const shown = await other.newPage();
        await enter(shown, server, 'on-call');
        await shown.evaluate((dir) => { document.documentElement.dir = dir; }, direction);
        await shown.screenshot({ path: `${folder}/on-call-${name}.png` });
        await held(shown, name);
        await other.close();
    }
});
