// Three agents work a campaign side by side in three browsers, for half an hour (OUTDIAL_SHIFT_S seconds): no page grows, no
// engine gathers descriptors, nobody is ever stuck.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { enginePid } from '../crash/kills.mjs';
import { sleep } from '../lib/wait.mjs';
import { Floor } from '../modes/floor.mjs';
import { Seat } from './seat.mjs';

const SHIFT_MS = 1000 * Number(process.env.OUTDIAL_SHIFT_S ?? 1800);
const STUCK_MS = 60000;
const SETTLED = 0.25; // of the shift: by then every part of the page has been used

let floor;
const seats = [];
before(async () => {
    floor = await Floor.open();
    await floor.campaign('shift', { mode: 'progressive', wrap_up_s: 30 });
    for (const name of ['ann', 'ben', 'cem']) {
        const seat = await Seat.open(floor, name, { campaigns: ['shift'] });
        await seat.join();
        seats.push(seat);
    }
    const rows = Array.from({ length: 5000 }, (_, i) => `Person ${i},+1202556${String(i).padStart(4, '0')}`);
    await floor.post('campaigns/shift/imports?filename=list.csv', `First name,Phone\r\n${rows.join('\r\n')}\r\n`);
    await floor.command('shift', 'start');
});
after(async () => {
    for (const seat of seats) await seat.close();
    await floor?.close();
});

/** One agent's work until the end: every call is given a result by its key. */
async function work(seat, until) {
    let calls = 0, moved = Date.now(), before = '';
    while (Date.now() < until) {
        const phase = await seat.run(() => document.querySelector('.app')?.dataset.phase);
        if (phase !== before) { before = phase; moved = Date.now(); }
        assert.ok(Date.now() - moved < STUCK_MS, `${seat.name} has been in '${phase}' for a minute, after ${calls} calls`);
        if (phase === 'wrap-up' || phase === 'hung-up') {
            await seat.page.keyboard.press('1');
            await sleep(350);
            await seat.page.keyboard.press('Control+Enter');
            calls++;
        }
        await sleep(250);
    }
    return calls;
}

async function heap(seat) {
    const session = await seat.context.newCDPSession(seat.page);
    await session.send('HeapProfiler.enable');
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    const { nodes } = await session.send('Memory.getDOMCounters');
    await session.detach();
    return { heap: usedSize, nodes };
}

const descriptors = (pid) => readdirSync(`/proc/${pid}/fd`).length;
const resident = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

test('a shift of three', { timeout: SHIFT_MS + 120000 }, async () => {
    const engine = enginePid(floor.center);
    const begun = Date.now();
    const jobs = seats.map((seat) => work(seat, begun + SHIFT_MS));
    await sleep(SHIFT_MS * SETTLED);
    const pages = await Promise.all(seats.map(heap));
    const fds = descriptors(engine), memory = resident(engine);
    const calls = await Promise.all(jobs);
    const last = await Promise.all(seats.map(heap));
    console.log(`figure: calls ${calls.join(', ')}; engine: descriptors ${fds} -> ${descriptors(engine)}, memory ${memory} -> ${resident(engine)} KB`);
    last.forEach((now, i) => console.log(`figure: page of ${seats[i].name}: heap ${(pages[i].heap / 1e6).toFixed(1)} -> ${(now.heap / 1e6).toFixed(1)} MB, nodes ${pages[i].nodes} -> ${now.nodes}`));
    calls.forEach((count, i) => assert.ok(count > SHIFT_MS / 30000, `${seats[i].name} had ${count} calls`));
    assert.ok(descriptors(engine) <= fds + 20, 'the engine gathers no descriptors');
    last.forEach((now, i) => assert.ok(now.heap < pages[i].heap * 1.3 + 2e6, `the page of ${seats[i].name} does not grow`));
    assert.equal((await floor.report('shift')).balance, 'ok', 'the figures agree');
    for (const seat of seats) {
        assert.deepEqual(seat.faults, []);
        assert.deepEqual(seat.foreign, []);
    }
});
