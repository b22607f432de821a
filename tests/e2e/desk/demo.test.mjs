// The demo's seat, as whoever started `./dev run` finds it: one button, one microphone, and people call.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { OUTDIAL, Running, temporaryFolder } from '../lib/process.mjs';
import { Seat } from '../seat/seat.mjs';

let demo, folder, seat;
before(async () => {
    folder = temporaryFolder();
    demo = new Running(OUTDIAL, ['serve', '--demo', '--http', '127.0.0.1:0', '--data', folder.folder]);
    const { http } = await demo.ready(30000);
    seat = Object.assign(new Seat(), { name: 'you', options: { origin: http }, foreign: [], faults: [] });
    await seat.browse();
});
after(async () => {
    await seat?.close();
    await demo?.stop();
    folder?.remove();
});

test('one button takes the seat, and people call', { timeout: 120000 }, async () => {
    await seat.page.goto(`${seat.origin}/desk`);
    await seat.page.waitForURL(/\/login$/);
    await seat.page.click('#demo-seat');
    await seat.page.waitForURL(/\/desk$/);
    await seat.phase('offline');
    await seat.page.click('#act-join');
    await seat.phase('on-call', 90000);
    const { person, call } = await seat.document();
    assert.match(person.name, /^\w+ \w+$/);
    assert.equal(person.fields.length, 4);
    assert.ok(call.hello_ms >= 0);
    await seat.hears(0, 'the simulated person');
    assert.match(await seat.page.textContent('#script'), /am I speaking with/);
    if (process.env.OUTDIAL_SHOTS) await seat.page.screenshot({ path: `${process.env.OUTDIAL_SHOTS}/demo-on-call.png` });
});

test('nobody from elsewhere gets in without a password', async () => {
    const ask = (body, headers = {}) => fetch(`${seat.origin}/api/v1/session`, { method: 'POST',
        headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
    assert.equal((await ask({ name: 'robot-1' })).status, 400);
    assert.equal((await ask({ name: 'you' }, { 'x-forwarded-for': '192.0.2.1' })).status, 400);
});

test('the page had no fault', () => {
    assert.deepEqual(seat.faults, []);
    assert.deepEqual(seat.foreign, []);
});
