// The dialer, its engine and the telephones built with a sanitizer, with every thread of theirs at work at the
// same time: a campaign over real SIP and RTP, while lists are imported, reports and exports written, tokens made
// and ended, and the engine dies and is started again. What a sanitizer says of any of them fails the test.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { until } from '../lib/wait.mjs';
import { spoken } from '../lib/process.mjs';
import { Center, leadsLeft } from '../campaign/center.mjs';
import { makeList, networkScript } from '../campaign/world.mjs';

const LONG = process.env.OUTDIAL_LONG === '1';
const ROWS = LONG ? 600 : 60;
const ROBOTS = LONG ? 12 : 6;
const SETTINGS = {
    wrap_up_s: 1, ring_timeout_s: 15, hours: { every_day: [['00:00', '24:00']] },
    retry: Object.fromEntries(['busy', 'no-answer', 'failed', 'hung-up', 'canceled', 'machine']
        .map((result) => [result, { delay_s: 3600, times_max: 0, alternates: false }])),
    number_caps: { per_day: 3, gap_s: 0 }, person_caps: { per_day: 5, gap_s: 0 },
};

const enginePid = (center) =>
    JSON.parse(readFileSync(path.join(center.data, 'engine.json'), 'utf8')).pid;

/** Goes on with `what` until `over()`, and resolves with how often it was done. */
async function again(over, what) {
    let count = 0;
    while (!over()) await what(++count);
    return count;
}

/** Everything else the interface offers, all at once. */
function officeWork(center, over) {
    const token = readFileSync(path.join(center.data, 'token'), 'utf8').trim();
    const ask = async (url, options = {}) => {
        const answer = await fetch(center.http + url,
            { ...options, headers: { authorization: `Bearer ${token}` } });
        assert.ok(answer.status < 500 || answer.status === 503, `${url}: ${answer.status}`);
        return answer.text();
    };
    return Promise.all([
        again(over, async (n) => {
            const { csv } = makeList(400, 1000 + n);
            await ask(`/api/v1/campaigns/idle/imports?filename=list-${n}.csv`, { method: 'POST', body: csv });
        }),
        again(over, async () => {
            for (const url of ['/campaigns/busy/report', '/campaigns/idle/imports', '/live', '/agents',
                '/attempts?campaign=busy&limit=1000', '/leads?campaign=idle&limit=200'])
                await ask(`/api/v1${url}`);
            await ask('/status');
        }),
        again(over, async () => { await ask('/api/v1/campaigns/busy/export'); }),
        again(over, async (n) => {
            const made = JSON.parse(await ask('/api/v1/tokens', { method: 'POST',
                body: JSON.stringify({ name: `token-${n}` }) }));
            if (made.id) await ask(`/api/v1/tokens/${made.id}`, { method: 'DELETE' });
        }),
    ]);
}

test('every thread at work at once, and nothing is said of any of them', async () => {
    const list = makeList(ROWS, 7);
    const center = await Center.start({ script: networkScript(7), args: ['--calls-per-second', '30'] });
    let finished = false;
    try {
        const settings = center.file('settings.json', JSON.stringify(SETTINGS));
        for (const name of ['busy', 'idle'])
            await center.cli(['campaign', 'create', name, '--mode', 'progressive', '--country', 'US',
                '--settings', settings]);
        await center.cli(['import', '--campaign', 'busy', center.file('people.csv', list.csv)]);
        await center.robots(ROBOTS, 'busy');
        await center.cli(['campaign', 'start', 'busy']);
        const office = officeWork(center, () => finished);
        office.catch(() => {});
        await until(() => center.records.filter(({ event }) => event === 'ended').length > ROWS / 4, 120000,
            'a quarter of the calls');
        process.kill(enginePid(center), 'SIGKILL');
        const report = await until(async () => {
            const now = await center.report('busy');
            return leadsLeft(now) === 0 && now.open === 0 && now;
        }, 2000 * ROWS + 120000, 'every lead to end', 500);
        finished = true;
        console.log('figure: imports, rounds of pages, exports, tokens meanwhile:', (await office).join(', '));
        assert.equal(report.balance, 'ok');
        const leads = Object.values(report.leads).reduce((sum, count) => sum + count, 0);
        assert.equal(leads, list.people.size, 'no lead is lost');
    } finally {
        finished = true;
        await center.stop();
    }
    assert.equal(spoken(), '');
});
