// Bytes of the store overwritten, as a dying disk does it: found, named, and never worked on as if they
// were right.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { until } from '../lib/wait.mjs';
import { LONG, long, serveEnds, short, SPOKEN, withFloor } from './floor.mjs';

const PAGE = 4096;

function overwrite(file, at, size) {
    const handle = openSync(file, 'r+');
    writeSync(handle, Buffer.alloc(size, 0xa5), 0, size, at);
    closeSync(handle);
}

const sqlite = (file, command) => execFileSync('sqlite3', [file, command], { encoding: 'utf8', maxBuffer: 1 << 28 });

/** The root page of a table, as its offset in the file. */
const pageOf = (file, table) =>
    (Number(sqlite(file, `SELECT rootpage FROM sqlite_schema WHERE name = '${table}'`)) - 1) * PAGE;

export function damage() {
    test('damage in the store is found at the start, and what can be read is saved by hand', () =>
        withFloor({ agents: 2 }, async (floor) => {
            const store = path.join(floor.data, 'outdial.db');
            const backup = path.join(floor.folder, 'backup.db');
            await floor.list(short(6));
            await floor.settles();
            sqlite(store, `.backup ${backup}`); // as docs/storage.md says, beside the running server
            floor.server.child.kill('SIGTERM');
            await floor.server.ended;
            const sound = path.join(floor.folder, 'sound.db');
            copyFileSync(store, sound);

            const kinds = [['the head', 0, 100], ['the table of leads', pageOf(sound, 'leads'), PAGE],
                ['the journal', pageOf(sound, 'journal'), 64], ['the end', statSync(sound).size - PAGE, PAGE]];
            for (const [what, at, size] of LONG ? kinds : kinds.slice(0, 2)) {
                copyFileSync(sound, store);
                overwrite(store, at, size);
                const end = await serveEnds(floor.data);
                assert.equal(end.code, 1, `${what}: ${end.errors}`);
                assert.match(end.errors, /data\/outdial\.db': the file is damaged/, what);
                assert.match(end.errors, /restore a copy or save what can be read \(docs\/hard-days\.md\)/, what);
                assert.doesNotMatch(end.errors, SPOKEN);
                assert.equal(end.output, '', 'it was never ready');
            }

            /* a page of the table is gone; the rest is read out as docs/hard-days.md says */
            copyFileSync(sound, store);
            overwrite(store, pageOf(sound, 'activities'), PAGE);
            const saved = path.join(floor.folder, 'saved.db');
            const said = spawnSync('tools/salvage-store', [store, saved], { encoding: 'utf8' });
            assert.match(said.stdout, /^ok$/m, said.stderr);
            for (const good of [saved, backup]) {
                for (const rest of ['', '-wal', '-shm']) rmSync(store + rest, { force: true });
                copyFileSync(good, store);
                await floor.serve();
                const report = await floor.must('GET', '/campaigns/hard/report');
                assert.equal(report.balance, 'ok', good);
                assert.equal(report.leads.done, 6, good);
                if (good === saved) {
                    floor.server.child.kill('SIGTERM');
                    await floor.server.ended;
                }
            }
        }));

    test('damage under a running server: whoever reads it is told, dialling stops for good, calls go on', () =>
        withFloor({ agents: 2 }, async (floor) => {
            const store = path.join(floor.data, 'outdial.db');
            await floor.list([...long(1), ...short(10)]);
            await floor.talking(1);
            await until(() => floor.ended().length >= 2, 20000, 'the first calls');
            /* what the server has in memory is right; who reads the file meets the damage. So again and again,
             * for its own writing mends page by page. */
            const damage = setInterval(() => {
                const size = statSync(store).size;
                if (size > 2 * PAGE) overwrite(store, PAGE, size - PAGE);
            }, 100);
            try {
                const told = await until(async () => {
                    const answer = await floor.api('GET', '/campaigns/hard/report');
                    return answer.status !== 200 && answer;
                }, 10000, 'the damage to be met', 100);
                assert.ok(told.status === 503 || told.status === 500, told.text);
                assert.match(told.body.detail, /outdial\.db': the file is damaged/);
                const hold = await floor.hold('store');
                assert.match(hold.why, /the file is damaged/);
            } finally { clearInterval(damage); }
            for (const where of ['/campaigns', '/agents', '/live', '/leads?limit=5', '/attempts?limit=5', '/campaigns/hard/export'])
                assert.ok((await floor.api('GET', where)).status < 600, where);
            await until(() => floor.ended(long(1)[0]).length, 25000, 'who was talking to have talked to the end');
            assert.equal(floor.ended(long(1)[0])[0].ended_by, 'person');
            assert.deepEqual((await floor.held()).map(({ what }) => what), ['store'], 'not until somebody has looked after it');
            assert.deepEqual(floor.placedBetween(floor.heldAt + 1000000, Infinity), []);
            floor.server.child.kill('SIGTERM');
            await floor.server.ended;
            const end = await serveEnds(floor.data);
            assert.equal(end.code, 1);
            assert.match(end.errors, /the file is damaged/);
        }));
}
