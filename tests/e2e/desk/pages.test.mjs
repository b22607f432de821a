// The agent's page as `serve` gives it: every file, how it is packed and kept, what the policy lets in; and how large it is.

import assert from 'node:assert/strict';
import { copyFileSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import { chromium } from 'playwright-core';

import { Center } from '../campaign/center.mjs';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** Kilobytes (1000) on the wire with all that comes after the first drawing; until it 60 are meant, which is told only. */
const ALL_KB = 220;

let center, own;
before(async () => {
    center = await Center.start({ script: { default: { do: 'unknown' } } });
});
after(async () => {
    await own?.stop();
    await center?.stop();
});

/** { status, headers, body }, the path as it is given: fetch would tidy it. */
function get(where, headers = {}, method = 'GET', at = center.http) {
    const { hostname, port } = new URL(at);
    return new Promise((resolve, reject) => {
        const request = http.request({ hostname, port, method, path: where, headers }, (response) => {
            const parts = [];
            response.on('data', (data) => parts.push(data));
            response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }));
        });
        request.on('error', reject);
        request.end();
    });
}

const onDisk = (where) => path.join(ROOT, where.startsWith('/assets/npm/') ? `node_modules/${where.slice(12)}` : `app/${where.slice(12)}`);

/** What index.html names, and what those modules import. */
async function filesOfPage() {
    const html = (await get('/desk')).body.toString();
    const files = new Set([...html.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map((found) => found[1]));
    for (const file of files) {
        if (!/\/app\/.*\.js$/.test(file)) continue;
        const code = (await get(file)).body.toString();
        for (const [, at] of code.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) files.add(path.posix.join(path.posix.dirname(file), at));
        for (const [, at] of code.matchAll(/'(\/assets\/[^'$]+)'/g)) files.add(at);
    }
    return files;
}

test('every file of the page is there, as it lies, and of the right type', async () => {
    const files = await filesOfPage();
    assert.ok(files.size > 40, `${files.size} files`);
    for (const file of files) {
        const { status, headers, body } = await get(file);
        assert.equal(status, 200, file);
        assert.deepEqual(body, readFileSync(onDisk(file)), file);
        assert.equal(headers['x-content-type-options'], 'nosniff');
        if (/\.m?js$/.test(file)) assert.match(headers['content-type'], /^text\/javascript/);
    }
    assert.match((await get('/assets/licences.txt')).body.toString(), /preact\/LICENSE[\s\S]*SIL OPEN FONT LICENSE/i);
});

test('all addresses of the page give it, others do not', async () => {
    const { body } = await get('/desk');
    for (const where of ['/login', '/desk/callbacks', '/desk/calls'])
        assert.deepEqual((await get(where)).body, body, where);
    const root = await get('/');
    assert.deepEqual([root.status, root.headers.location], [302, '/desk']);
    assert.equal((await get('/desks')).status, 404);
    assert.equal((await get('/assets/app/none.js')).status, 404);
    assert.equal((await get('/desk', {}, 'POST')).status, 405);
    assert.match((await get('/status')).body.toString(), /Campaigns/);
});

test('packed for who takes it, and not sent twice', async () => {
    const file = '/assets/app/main.js', plain = await get(file);
    const packed = await get(file, { 'accept-encoding': 'br, gzip;q=0.5' });
    assert.equal(packed.headers['content-encoding'], 'gzip');
    assert.ok(packed.body.length < plain.body.length / 2);
    assert.deepEqual(gunzipSync(packed.body), plain.body);
    assert.equal((await get(file, { 'accept-encoding': 'gzip;q=0' })).headers['content-encoding'], undefined);
    const again = await get(file, { 'if-none-match': `"other", W/${plain.headers.etag}` });
    assert.deepEqual([again.status, again.body.length], [304, 0]);
    const head = await get(file, {}, 'HEAD');
    assert.deepEqual([head.status, head.body.length], [200, 0]);
});

test('no path leads out of the page', async () => {
    for (const where of ['/assets/app/../../package.json', '/assets/app/%2e%2e/%2e%2e/package.json', '/assets/../dev', '/assets/app//etc/passwd'])
        assert.notEqual((await get(where)).status, 200, where);
});

test('from a folder each file is read anew, and nothing beside it', async () => {
    const app = path.join(center.folder, 'app');
    cpSync(path.join(ROOT, 'app'), app, { recursive: true });
    symlinkSync('/etc/passwd', path.join(app, 'out.js'));
    mkdirSync(path.join(center.folder, 'app-beside'));
    copyFileSync(path.join(ROOT, 'app/keys.js'), path.join(center.folder, 'app-beside/keys.js'));
    own = await Center.start({ script: { default: { do: 'unknown' } }, args: ['--app', app] });
    const ask = (where) => get(where, {}, 'GET', own.http);
    writeFileSync(path.join(app, 'keys.js'), '// changed\n');
    assert.equal((await ask('/assets/app/keys.js')).body.toString(), '// changed\n');
    assert.match((await ask('/desk')).headers['content-security-policy'], /'sha256-[^']{44}'/);
    for (const where of ['/assets/app/out.js', '/assets/app/../app-beside/keys.js', '/assets/app/', '/assets/app/core'])
        assert.equal((await ask(where)).status, 404, where);
});

test('a browser draws it under the policy, asks nobody else, and within its size', async () => {
    const browser = await chromium.launch({ executablePath: process.env.OUTDIAL_CHROMIUM ?? '/usr/bin/chromium',
        args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'] });
    try {
        const page = await browser.newPage();
        const faults = [];
        let first = 0, all = 0;
        page.on('pageerror', (error) => faults.push(error.message));
        page.on('console', (message) => { if (message.type() === 'error' && !/401/.test(message.text())) faults.push(message.text()); });
        page.on('request', (request) => { if (!request.url().startsWith(center.http)) faults.push(request.url()); });
        await page.goto(`${center.http}/login`);
        await page.waitForSelector('#password');
        await page.evaluate(() => document.fonts.ready);
        assert.ok(await page.evaluate(() => document.fonts.check('16px "Inter Variable"')), 'the typeface is there');
        assert.deepEqual(faults, []);

        const html = (await get('/desk')).body.toString();
        const early = new Set(['/desk', ...[...html.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map((found) => found[1])]);
        for (const file of new Set([...early, ...await filesOfPage()])) {
            if (/\.wav$|login/.test(file)) continue; // sounds are loaded when made
            const size = (await get(file, { 'accept-encoding': 'gzip' })).body.length / 1000;
            all += size;
            if (early.has(file) && !/\.woff2$|mark\.svg/.test(file)) first += size;
        }
        console.log(`figure: until the desk is drawn ${first.toFixed(1)} kB (and the typeface beside it), all ${all.toFixed(1)} kB`);
        assert.ok(all <= ALL_KB, `all ${all.toFixed(1)} kB`);
    } finally {
        await browser.close();
    }
});
