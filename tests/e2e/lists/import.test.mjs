// A long list comes in while the campaign calls: every row becomes what it should, nobody sees half of it, the calls
// go on, and memory stays bounded. Killed half way, canceled by a stop, twice at once: nothing is left of it.
// With OUTDIAL_LONG=1 a million rows.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { run, OUTDIAL } from '../lib/process.mjs';
import { until } from '../lib/wait.mjs';
import { Center } from '../campaign/center.mjs';
import { killServer } from '../crash/kills.mjs';
import { importBeside, writeList } from './beside.mjs';

const LONG = process.env.OUTDIAL_LONG === '1';
const ROWS = LONG ? 1000000 : 20000;

test('a long list comes in while the campaign calls', async () => {
    const result = await importBeside({ rows: ROWS, robots: 4, quietMs: 3000,
        async check(center, expected, answer) {
            const { imported, rejected, duplicates } = answer;
            assert.deepEqual({ imported, rejected, duplicates },
                { imported: expected.imported, rejected: expected.rejected, duplicates: expected.duplicates });
            assert.equal((await center.report('busy')).balance, 'ok');
        } });
    const { alone, during } = result;
    console.log(`figure: ${ROWS} rows at ${Math.round(result.rowsPerSecond)} rows/s, ` +
        `${result.cpuUsPerRow.toFixed(1)} us of serve a row, while ${result.attemptsDuring} calls were begun`);
    console.log(`figure: record to disk p50/p99 ${alone.commit.p50}/${alone.commit.p99} ms alone, ` +
        `${during.commit.p50}/${during.commit.p99} ms beside the import`);
    console.log(`figure: hello p99 ${alone.hello.p99} ms alone, ${during.hello.p99} ms beside the import`);
    console.log(`figure: RSS of serve ${Math.round(alone.rssMiB)} MiB before, ${Math.round(during.rssMiB)} MiB at most`);
    assert.ok(result.attemptsDuring > 0, 'calls went on');
});

async function importing(center, name) {
    await until(async () => {
        const { items } = await center.api(`campaigns/${name}/imports`);
        const writing = items.find(({ state }) => state === 'writing');
        return writing && (await center.api(`imports/${writing.id}`)).imported > 500;
    }, 30000, 'the import to be under way');
}

const leads = async (center, name) =>
    Object.values((await center.report(name)).leads).reduce((sum, count) => sum + count, 0);

test('an import that is killed half way leaves nothing, and the same file comes in whole afterwards', async () => {
    const center = await Center.start({ script: { default: { do: 'unknown' } } });
    try {
        const file = center.file('list.csv');
        const expected = await writeList(file, 20000);
        for (const name of ['one', 'two']) await center.cli(['campaign', 'create', name]);
        const args = (name) => ['import', '--campaign', name, '--country', 'US', '--json', file,
            '--server', center.http, '--data', center.data];
        const first = run(OUTDIAL, args('one'));
        await importing(center, 'one');
        const second = await run(OUTDIAL, args('one')); // the same campaign: refused
        assert.notEqual(second.code, 0);
        assert.match(second.errors, /another import of this campaign is under way/);
        const other = run(OUTDIAL, args('two')); // another campaign: both at once
        await importing(center, 'two');
        await killServer(center);
        await Promise.all([first, other]);
        await center.serve();
        for (const name of ['one', 'two']) {
            await until(async () => (await center.api(`campaigns/${name}/imports`)).items
                .every(({ state }) => state !== 'writing'), 60000, 'what was half written to go');
            assert.equal(await leads(center, name), 0);
            assert.equal((await center.report(name)).balance, 'ok');
        }
        const answer = await center.json(['import', '--campaign', 'one', '--country', 'US', file]);
        assert.equal(answer.imported, expected.imported);
        assert.equal(await leads(center, 'one'), expected.imported);
        // Stopped in order, the import ends as canceled and leaves nothing either.
        const third = run(OUTDIAL, args('two'));
        await importing(center, 'two');
        await center.server.stop(20000);
        assert.notEqual((await third).code, 0);
        await center.serve();
        assert.equal(await leads(center, 'two'), 0);
        assert.equal(await leads(center, 'one'), expected.imported);
    } finally {
        await center.stop();
    }
});
