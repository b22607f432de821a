// The clock steps under the running server and its engine, an hour forward and back; and the night in
// which summer time begins or ends. libfaketime tells them the time; what they measure spans by, the
// monotonic clock, is left alone, as the kernel leaves it.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { OUTDIAL, temporaryFolder } from '../lib/process.mjs';
import { sleep, until } from '../lib/wait.mjs';
import { LONG, long, short, withFloor } from './floor.mjs';

const LIBRARY = String(spawnSync('sh', ['-c',
    'ls /usr/lib/*/faketime/libfaketime.so.1 2>/dev/null | head -1']).stdout).trim();
const skip = LIBRARY && existsSync(LIBRARY) ? false : 'the package faketime is not installed';

class Clock {
    constructor() {
        this.temporary = temporaryFolder();
        this.file = path.join(this.temporary.folder, 'clock');
        this.offset(0);
        const needed = spawnSync('ldd', [OUTDIAL]).stdout?.includes('libasan');
        const asan = needed ? `${String(spawnSync('cc', ['-print-file-name=libasan.so']).stdout).trim()} ` : '';
        this.env = { LD_PRELOAD: asan + LIBRARY, FAKETIME_TIMESTAMP_FILE: this.file, FAKETIME_NO_CACHE: '1',
            DONT_FAKE_MONOTONIC: '1', FAKETIME_DONT_RESET: '1' };
    }

    /** Seconds away from the real time. */
    offset(seconds) {
        this.ahead = seconds;
        writeFileSync(`${this.file}`, `${seconds < 0 ? '-' : '+'}${Math.abs(seconds)}\n`);
    }

    /** To this instant, from where it runs on. */
    set(iso) { this.offset(Math.round((Date.parse(iso) - Date.now()) / 1000)); }
    now() { return new Date(Date.now() + this.ahead * 1000); }
    remove() { this.temporary.remove(); }
}

async function withClock(work) {
    const clock = new Clock();
    try { await work(clock); } finally { clock.remove(); }
}

const shown = async (floor) => Date.parse((await floor.must('GET', '/live')).at);

/* New York, 2027: summer time begins on 14 March (02:00 becomes 03:00), ends on 7 November (02:00 becomes 01:00). */
const NEW_YORK = ['+12125550001', '+12125550002', '+12125550003', '+12125550004'];
const NIGHTS = [
    { name: 'begins: hours until 02:30, which is not there, end at 03:00', hours: [['00:00', '02:30']],
        from: '2027-03-14T06:59:40Z', open: true, then: '2027-03-14T07:00:05Z', opens: false },
    { name: 'begins: hours from 03:00 begin an hour of the clock early', hours: [['03:00', '04:00']],
        from: '2027-03-14T06:59:30Z', open: false, then: '2027-03-14T07:00:02Z', opens: true },
    { name: 'ends: hours until 02:00 go on through the second 01:30', hours: [['00:00', '02:00']],
        from: '2027-11-07T05:30:00Z', open: true, then: '2027-11-07T06:30:00Z', opens: true },
    { name: 'ends: hours until 02:00 end after the second 01:59', hours: [['00:00', '02:00']],
        from: '2027-11-07T06:59:30Z', open: true, then: '2027-11-07T07:00:05Z', opens: false },
];

export function clock() {
    test('an hour forward and an hour back: calls talk on, no timer fires early or hangs', { skip }, () =>
        withClock((clock) => withFloor({ env: clock.env, agents: 3 }, async (floor) => {
            await floor.list([...long(1), ...short(4)]);
            await floor.talking(1);
            for (const [offset, seconds] of [[3600, 3600], [0, -3600], ...(LONG ? [[-3600, -3600], [0, 3600]] : [])]) {
                clock.offset(offset);
                await until(() => floor.server.errors.includes(`clock.leapt seconds=${seconds - (seconds < 0 ? -1 : 1)}`) ||
                    floor.server.errors.includes(`clock.leapt seconds=${seconds}`), 10000, 'the leap to be noticed');
                floor.server.errors = '';
                await until(async () => Math.abs(await shown(floor) - clock.now()) < 3000, 5000, 'the time to be shown');
                assert.deepEqual((await floor.agents()).filter(({ line }) => line !== 'connected'), [], 'nobody is thrown out');
                const numbers = short(2, 100 + 10 * (floor.numbers.length));
                await floor.list(numbers);
                await until(async () => (await floor.must('GET', '/campaigns/hard/report')).leads.done >= floor.numbers.length - 1,
                    20000, 'the next calls, at the pace of before', 100);
            }
            await floor.settles();
            const [call] = floor.ended(long(1)[0]);
            assert.ok(call.ended_at - call.answered_at > 13e6 && call.ended_by === 'person', JSON.stringify(call));
            const { items } = await floor.must('GET', '/attempts?campaign=hard&limit=1000');
            for (const { placed_at, ended_at } of items)
                assert.ok(Date.parse(ended_at) - Date.parse(placed_at) >= 0, `${placed_at}-${ended_at}: ends before it begins`);
        })));

    for (const night of LONG ? NIGHTS : [NIGHTS[0], NIGHTS[2]])
        test(`the night summer time ${night.name}`, { skip }, () => withClock(async (clock) => {
            clock.set(night.from);
            await withFloor({ env: clock.env, agents: 1, settings: { hours: { every_day: night.hours } } }, async (floor) => {
                const called = async () => (await floor.must('GET', '/attempts?campaign=hard&limit=100')).items.length;
                const expect = async (open, numbers) => {
                    const before = await called();
                    await floor.list(numbers);
                    if (open) {
                        await until(async () => await called() > before, 15000, 'a call within the hours', 50);
                    } else {
                        await sleep(2500);
                        assert.equal(await called(), before, `nobody is called at ${clock.now().toISOString()}`);
                    }
                };
                await expect(night.open, NEW_YORK.slice(0, 1));
                clock.set(night.then);
                await until(() => /clock\.leapt/.test(floor.server.errors), 10000, 'the time to come');
                await expect(night.opens, NEW_YORK.slice(1, 2));
            });
        }));
}
