// `kill -9` of the dialer, of its engine, and of both, while a campaign is running: nobody is called
// twice because of it, nothing is lost, the figures balance, the agents are back without a hand.
// Once each; five times each with --long.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { sleep, until } from '../lib/wait.mjs';
import { Center, leadsLeft } from '../campaign/center.mjs';
import { compare } from '../campaign/compare.mjs';
import { makeList, networkScript, kindOf, randomOf } from '../campaign/world.mjs';

const ROUNDS = process.env.OUTDIAL_LONG === '1' ? 5 : 1;
const SEED = Number(process.env.OUTDIAL_SEED || Date.now() % 1000000);
const SETTINGS = {
    wrap_up_s: 1, ring_timeout_s: 15, hours: { every_day: [['00:00', '24:00']] },
    retry: Object.fromEntries(['busy', 'no-answer', 'failed', 'hung-up', 'canceled', 'machine']
        .map((result) => [result, { delay_s: 3600, times_max: 0, alternates: false }])),
    number_caps: { per_day: 3, gap_s: 0 }, person_caps: { per_day: 5, gap_s: 0 },
};

const enginePid = (center) =>
    JSON.parse(readFileSync(path.join(center.data, 'engine.json'), 'utf8')).pid;

const killEngine = (center) => { process.kill(enginePid(center), 'SIGKILL'); };

/* Its engine lives on and holds its standard error open, so the end of the process is what counts. */
function killServer(center) {
    const gone = new Promise((resolve) => { center.server.child.once('exit', resolve); });
    center.server.child.kill('SIGKILL');
    return gone;
}

async function aCampaignThatIsHurt(hurt, seed) {
    const random = randomOf(seed);
    const list = makeList(60, seed);
    const center = await Center.start({ script: networkScript(seed), args: ['--calls-per-second', '30'] });
    try {
        await center.cli(['campaign', 'create', 'hurt', '--mode', 'progressive', '--country', 'US',
            '--settings', center.file('settings.json', JSON.stringify(SETTINGS))]);
        await center.cli(['import', '--campaign', 'hurt', center.file('people.csv', list.csv)]);
        await center.robots(6, 'hurt');
        await center.cli(['campaign', 'start', 'hurt']);
        await until(() => center.records.filter(({ event }) => event === 'ended').length > 4, 60000,
            'the first calls');
        await sleep(random() * 3000);

        const hurtAt = Date.now();
        await hurt(center);
        await center.inTheirRooms(60000);
        console.log(`figure: agents back in their rooms ${Date.now() - hurtAt} ms after the kill`);

        const report = await until(async () => {
            const now = await center.report('hurt');
            return leadsLeft(now) === 0 && now.open === 0 && now;
        }, 120000, 'every lead to end', 500).catch(async (error) => {
            throw new Error(`${error.message}: ${JSON.stringify(await center.report('hurt'))}`);
        });
        await sleep(1500);
        assert.equal(report.balance, 'ok');
        const lost = list.people.size - Object.values(report.leads).reduce((sum, n) => sum + n, 0);
        assert.equal(lost, 0, 'no lead is lost');
        const token = readFileSync(`${center.data}/token`, 'utf8').trim();
        const answer = await fetch(`${center.http}/api/v1/attempts?campaign=hurt&limit=1000`,
            { headers: { authorization: `Bearer ${token}` } });
        const { items } = await answer.json();
        const agents = await center.json(['agent', 'list']);
        assert.deepEqual(compare(items, center.records, agents, kindOf, { lostCalls: true }), []);
        const numbers = items.filter(({ placed_at }) => placed_at).map(({ number }) => number);
        assert.equal(new Set(numbers).size, numbers.length, 'nobody is called twice');
    } catch (error) {
        if (process.env.OUTDIAL_KEEP) writeFileSync(process.env.OUTDIAL_KEEP, JSON.stringify(center.records));
        error.message += `\nseed ${seed} (OUTDIAL_SEED); the server said:\n${center.server.errors.slice(-5000)}`;
        throw error;
    } finally {
        if (existsSync(path.join(center.data, 'engine.json')) && center.server.end)
            try { killEngine(center); } catch { /* gone already */ }
        await center.stop().catch((error) => { console.log(String(error.message).slice(0, 2000)); });
    }
}

const HURTS = {
    'the dialer': async (center) => { await killServer(center); await center.serve(); },
    'the engine': async (center) => { killEngine(center); await sleep(300); },
    'both': async (center) => {
        killEngine(center);
        await killServer(center);
        await center.serve();
    },
};

for (const [what, hurt] of Object.entries(HURTS))
    for (let round = 0; round < ROUNDS; ++round)
        test(`kill -9 of ${what}, seed ${SEED + round}`, () => aCampaignThatIsHurt(hurt, SEED + round));
