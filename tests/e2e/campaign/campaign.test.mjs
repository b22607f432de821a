// A list goes in, people are rung over real SIP and RTP, those who answer are heard by an agent who was
// already there, and the figures of both ends agree. 300 rows; 1,000 with --long.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { until } from '../lib/wait.mjs';
import { Center, leadsLeft } from './center.mjs';
import { compare, count } from './compare.mjs';
import { kindOf, makeList, networkScript } from './world.mjs';

const ROWS = process.env.OUTDIAL_LONG === '1' ? 1000 : 300;
const ROBOTS = 10;
const SETTINGS = {
    wrap_up_s: 1, ring_timeout_s: 15,
    hours: { every_day: [['00:00', '24:00']] },
    retry: {
        busy: { delay_s: 2, times_max: 1, alternates: true, alternate_delay_s: 1 },
        'no-answer': { delay_s: 3600, times_max: 0 },
        failed: { delay_s: 3600, times_max: 0 },
        'hung-up': { delay_s: 3600, times_max: 0 },
    },
    number_caps: { per_day: 3, gap_s: 0 },
    person_caps: { per_day: 5, gap_s: 0 },
};

/** @type {Center} */
let center;
const list = makeList(ROWS, 20261122);

before(async () => {
    center = await Center.start({ script: networkScript(7), args: ['--calls-per-second', '30'] });
});
after(async () => { await center?.stop(); });

test('a list is imported, its bad rows told, and a second time changes nothing', async () => {
    const settings = center.file('settings.json', JSON.stringify(SETTINGS));
    await center.cli(['campaign', 'create', 'spring', '--mode', 'progressive', '--country', 'US',
        '--caller-id', '+12025550100', '--settings', settings]);
    const file = center.file('people.csv', list.csv);
    const first = await center.json(['import', '--campaign', 'spring', file]);
    assert.equal(first.state, 'published');
    assert.equal(first.rows, list.rows);
    assert.equal(first.rejected, list.bad);
    assert.equal(first.imported, list.people.size);
    assert.equal(first.duplicates, list.duplicates);
    const rejects = readFileSync(`${file}.rejects.csv`, 'utf8').trim().split(/\r?\n/);
    assert.equal(rejects.length, 1 + list.bad + list.duplicates, 'a line for each, after the names');
    const again = await center.json(['import', '--campaign', 'spring', file]);
    assert.equal(again.already, true);
    assert.equal(again.id, first.id);
    const { leads } = await center.report('spring');
    assert.equal(leads.fresh, list.people.size);
});

test('everybody is rung as the rules say, and both ends agree call by call', async () => {
    await center.robots(ROBOTS, 'spring');
    await center.cli(['campaign', 'start', 'spring']);
    const report = await until(async () => {
        const now = await center.report('spring');
        return leadsLeft(now) === 0 && now.open === 0 && now;
    }, 900 * ROWS, 'every lead to end', 1000).catch(async (error) => {
        throw new Error(`${error.message}: ${JSON.stringify(await center.report('spring'))}`);
    });
    await until(() => center.records.filter(({ event, kind }) => event === 'ended' && kind === 'person')
        .length >= report.attempts, 5000, 'the telephones to tell every call');

    const agents = await center.json(['agent', 'list']);
    const attempts = await center.all('attempts?campaign=spring');
    const wrong = compare(attempts, center.records, agents, kindOf);
    if (wrong.length && process.env.OUTDIAL_KEEP) // both ends' records, to be looked at
        writeFileSync(process.env.OUTDIAL_KEEP, JSON.stringify({ attempts, records: center.records }));
    assert.deepEqual(wrong, []);
    assert.equal(report.balance, 'ok');
    assert.equal(attempts.length, report.attempts);
    const results = Object.fromEntries(Object.entries(report.results).filter(([, n]) => n));
    assert.deepEqual(count(attempts, 'result'), results);
    assert.equal(report.abandoned.abandoned, 0, 'one call per reserved agent abandons nobody');
    const hello = report.hello_latency_ms;
    console.log(`figure: hello latency of ${hello.count} calls: p50 ${hello.p50} ms, p95 ${hello.p95} ms,` +
        ` p99 ${hello.p99} ms, max ${hello.max} ms`);
    assert.ok(hello.count > ROWS / 3, 'hello latency is measured');
});

test('the journal replays to the same effects, state and rows', async () => {
    const { leads, attempts } = await center.report('spring');
    const replayed = await center.replay();
    console.log(`figure: journal of ${replayed.events} events and ${replayed.effects} effects replayed`);
    assert.equal(replayed.passed_over, 0);
    assert.equal(replayed.outcomes, replayed.events, 'every event is held to what came of it');
    assert.ok(replayed.states > 2, 'the state is held to the journal now and then');
    assert.equal(replayed.rows.attempts, attempts);
    assert.ok(replayed.rows.leads >= leads.done + leads.exhausted);
});

test('a journal that is torn or was changed is refused with the place', async () => {
    const file = center.file('journal');
    await center.cli(['journal', 'export', file]);
    await center.cli(['journal', 'replay', file]);
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.subarray(0, bytes.length - 5));
    const torn = await center.cli(['journal', 'replay', file], 1);
    assert.match(torn.errors, /is torn: the entry that begins at byte \d+ is not whole/);
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] ^= 0x40;
    writeFileSync(file, bytes);
    const damaged = await center.cli(['journal', 'replay', file], 1);
    const at = Number(damaged.errors.match(/is damaged at byte (\d+)/)?.[1]);
    assert.ok(at <= middle && at > middle - 5000, damaged.errors);
});

test('the export has a line for each attempt, and no formula', async () => {
    const file = center.file('attempts.csv');
    await center.cli(['export', 'spring', file]);
    const text = readFileSync(file, 'utf8');
    const { attempts } = await center.report('spring');
    assert.equal(text.trim().split('\r\n').length, attempts + 1);
    assert.doesNotMatch(text, /(^|,)"?[=@]/m);
});
