// The disk is full, or read-only: dialling stops at once and says why, whoever is talking goes on talking,
// nothing is lost, and when there is room again everything goes on by itself.

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';

import { killServer } from '../crash/kills.mjs';
import { OUTDIAL, run } from '../lib/process.mjs';
import { sleep, until } from '../lib/wait.mjs';
import { Disk, Refusal, whereMountsAreOurs } from './disk.mjs';
import { LONG, long, serveEnds, short, SPOKEN, withFloor } from './floor.mjs';

whereMountsAreOurs();

const MEGABYTES = 40;

async function withDisk(work) {
    const disk = new Disk(MEGABYTES);
    try { await work(disk); } finally { disk.remove(); }
}

const BIG = `phone\n${Array.from({ length: 20000 }, (_, i) => `+1303555${String(i).padStart(5, '0').slice(-4)}`).join('\n')}\n`;

async function aRunningCampaign(floor) {
    await floor.list([...long(2), ...short(12)]);
    await floor.talking(2);
    await until(() => floor.ended().length >= 3, 20000, 'the first calls');
}

/** Dialling went on by itself: nobody was called meanwhile, who talked talked on, nothing is lost. */
async function itGoesOn(floor, imports) {
    await floor.released();
    assert.deepEqual(floor.placedBetween(floor.heldAt + 200000, floor.releasedAt - 1500000).map(({ number }) => number), [],
        'nobody was called meanwhile');
    await floor.settles();
    for (const number of long(2)) {
        const [call] = floor.ended(number);
        assert.equal(call.ended_by, 'person', `${number} talked to the end: ${JSON.stringify(call)}`);
    }
    assert.equal((await floor.must('GET', '/campaigns/hard/imports')).items.filter(({ state }) =>
        state === 'published').length, imports, 'a refused import leaves nothing');
    assert.equal(readdirSync(path.join(floor.data, 'uploads')).length, 0, 'nor its body');
    await floor.list(short(2, 500));
    await floor.settles();
}

/** While the store is refused: every question has an answer that says why. */
async function theStoreIsRefused(floor, { refusal, errno, said, status }) {
    await aRunningCampaign(floor);
    refusal.on(errno);
    const hold = await floor.hold('store');
    assert.match(hold.why, said);
    assert.match(hold.why, /data\/outdial\.db/, 'the file is named');
    const talkers = await floor.conversations();
    assert.ok(talkers.length >= 2, JSON.stringify(talkers));

    for (const [method, where, body] of [['POST', '/campaigns', { name: 'other', settings: {} }],
        ['POST', '/agents', { name: 'eve', contact: 'sip:eve@127.0.0.1' }],
        ['POST', '/do-not-call', { number: '+12025559999' }], ['POST', '/tokens', { name: 'x' }]]) {
        const { status: got, body: problem } = await floor.api(method, where, body);
        assert.equal(got, status, `${method} ${where}: ${JSON.stringify(problem)}`);
        assert.match(problem.detail, said, where);
    }
    for (const where of ['/campaigns', '/agents', '/leads?limit=5', '/campaigns/hard/report', '/live', '/attempts?limit=5'])
        assert.equal((await floor.api('GET', where)).status, 200, `${where} can be read`);
    const refused = await floor.api('POST', '/campaigns/hard/imports?filename=b.csv&country=US', 'phone\n+12025550555\n');
    assert.equal(refused.status, status, refused.text);
    assert.match(refused.body.detail, /No space|Read-only|Input.output error/, refused.text);
    assert.match((await floor.api('GET', '/status')).text, /Nothing new is dialled/);
    const paused = await floor.api('POST', '/agents/robot-1/activity', { activity: 'break' });
    assert.equal(paused.status, 202, `taken, and said not to be on disk yet: ${paused.text}`);
    assert.match(paused.body.not_yet_written, said);
    await floor.api('POST', '/agents/robot-1/activity', { activity: 'available' });

    await sleep(LONG ? 60000 : 2000);
    refusal.off();
    await itGoesOn(floor, 1);
}

describe('the disk', { concurrency: 6 }, () => {
    test('full while a campaign runs', () => withDisk((disk) => withFloor({ data: disk.data }, async (floor) => {
        await aRunningCampaign(floor);
        disk.fill();
        await floor.hold('room');
        const refused = await floor.api('POST', '/campaigns/hard/imports?filename=b.csv&country=US', BIG);
        assert.equal(refused.status, 507, refused.text);
        assert.match(refused.body.detail, /No space left/);
        assert.match((await floor.api('GET', '/status')).text, /Nothing new is dialled/);
        /* there may be room left in the store's own files: then it is done, else it says why */
        for (let i = 0; i < 40; ++i) {
            const { status, body } = await floor.api('POST', '/do-not-call', { number: `+1202777${1000 + i}` });
            assert.ok(status === 201 || (status === 507 && /(disk is full|No space left).*make room/.test(body.detail)), JSON.stringify(body));
        }
        await sleep(LONG ? 60000 : 2000);
        disk.free();
        await itGoesOn(floor, 1);
    })));

    for (const [name, errno, said, status] of [['full', 28, /the disk is full; make room/, 507],
        ['read-only', 30, /it is read-only; make it writable/, 503], ...(LONG ? [['broken', 5, /disk I\/O error/, 503]] : [])])
        test(`${name} to the store while a campaign runs`, () => withDisk((disk) => {
            const refusal = new Refusal(disk.folder);
            return withFloor({ data: disk.data, env: refusal.env(disk.data) }, (floor) =>
                theStoreIsRefused(floor, { refusal, errno, said, status }));
        }));

    test('nearly full: dialling stops while what is in progress can still be written', () => withDisk((disk) =>
        withFloor({ data: disk.data, agents: 2 }, async (floor) => {
            disk.fill(5 << 20);
            assert.match((await floor.hold('room')).why, /less than 16 MB left/);
            await floor.list(short(4));
            await sleep(1500);
            assert.equal(floor.ended().length, 0);
            disk.free();
            await floor.released();
            await floor.settles();
        })));

    test('full or read-only at the start: a sentence, code 1, nothing half made', () => withDisk(async (disk) => {
        disk.fill();
        let end = await serveEnds(disk.data);
        assert.equal(end.code, 1, end.errors);
        assert.match(end.errors, /data\/.*(No space left on device|the disk is full)/);
        assert.doesNotMatch(end.errors, SPOKEN);
        disk.free();
        await withFloor({ data: disk.data, agents: 1 }, async (floor) => {
            await floor.list(short(1));
            await floor.settles();
        });
        disk.fill();
        end = await serveEnds(disk.data);
        assert.equal(end.code, 1, end.errors);
        assert.match(end.errors, /the disk is full|No space left/);
        end = await run(OUTDIAL, ['token', 'make', '--offline', '--data', disk.data]);
        assert.notEqual(end.code, 0);
        assert.match(end.errors, /the disk is full|No space left/, end.errors);
        disk.free();
        disk.readOnly();
        end = await serveEnds(disk.data);
        assert.equal(end.code, 1, end.errors);
        assert.match(end.errors, /ead-only/);
        assert.doesNotMatch(end.errors, SPOKEN);
        disk.readOnly(false);
        await withFloor({ data: disk.data, serve: false }, async (floor) => {
            await floor.serve();
            assert.equal((await floor.must('GET', '/campaigns/hard/report')).balance, 'ok');
            assert.ok(existsSync(path.join(disk.data, 'token')));
        });
    }));

    test('an engine that was started while it was full is recorded when there is room', () => withDisk((disk) => {
        const refusal = new Refusal(disk.folder);
        return withFloor({ data: disk.data, agents: 1, env: refusal.env(disk.data) }, async (floor) => {
            const first = floor.enginePid();
            refusal.on(28);
            process.kill(first, 'SIGKILL');
            await until(() => floor.server.errors.match(/engine\.up /g).length === 2, 30000, 'another engine');
            assert.match(floor.server.errors, /engine\.unrecorded/);
            refusal.off();
            await until(() => /engine\.recorded/.test(floor.server.errors), 10000, 'it to be recorded');
            const second = floor.enginePid();
            assert.notEqual(second, first);
            await floor.released();
            await floor.inTheirRooms();
            await killServer(floor);
            await floor.serve();
            assert.match(floor.server.errors, /engine\.adopted/);
            assert.equal(floor.enginePid(), second);
        });
    }));

    test('stopped while it is full: what could not be written is said, and asked after', () => withDisk(async (disk) => {
        const { data } = disk;
        const refusal = new Refusal(disk.folder);
        await withFloor({ data, agents: 2, env: refusal.env(data) }, async (floor) => {
            await floor.list(long(2));
            await floor.talking(2);
            refusal.on(28);
            await floor.api('POST', '/agents/robot-1/activity', { activity: 'break' });
            await floor.hold('store');
        }, { code: 1, said: /\d+ decisions could not be written/ });
        refusal.off();
        await withFloor({ data, serve: false }, async (floor) => {
            await floor.serve();
            floor.numbers = long(2);
            await until(async () => (await floor.must('GET', '/campaigns/hard/report')).open === 0, 20000,
                'the attempts that were open to be settled', 100);
            assert.equal((await floor.must('GET', '/campaigns/hard/report')).balance, 'ok');
        });
    }));
});
