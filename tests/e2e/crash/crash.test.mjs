// `kill -9` of the dialer, of its engine, and of both, at seeded instants of a campaign that runs: nobody is
// called twice because of it, nothing is lost, the figures balance, the agents are back without a hand, and
// every customer whose leg survived is in a room or told goodbye. Five kills; 50 of each kind with --long.

import assert from 'node:assert/strict';
import { cpSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';

import { sleep, until } from '../lib/wait.mjs';
import { Center } from '../campaign/center.mjs';
import { kindOf, makeList, networkScript, randomOf } from '../campaign/world.mjs';
import { enginePid, kill, report } from './kills.mjs';
import { legsThatFell, verify } from './verify.mjs';

const LONG = process.env.OUTDIAL_LONG === '1';
const SEED = Number(process.env.OUTDIAL_SEED || Date.now() % 1000000);
const ROBOTS = 10;
const PAUSE_MS_MAX = 3000;
const LISTS = LONG ? 5 : 1;
const KILLS = LONG ? ['dialer', 'engine', 'both'].flatMap((what) => Array(10).fill(what))
    : ['dialer', 'engine', 'both', 'dialer', 'engine'];
const SETTINGS = {
    wrap_up_s: 1, ring_timeout_s: 15, hours: { every_day: [['00:00', '24:00']] },
    retry: Object.fromEntries(['busy', 'no-answer', 'failed', 'hung-up', 'canceled', 'machine', 'abandoned']
        .map((result) => [result, { delay_s: 3600, times_max: 0, alternates: false }])),
    number_caps: { per_day: 3, gap_s: 0 }, person_caps: { per_day: 5, gap_s: 0 },
};

function shuffled(list, random) {
    const mixed = [...list];
    for (let i = mixed.length - 1; i > 0; --i) {
        const j = Math.floor(random() * (i + 1));
        [mixed[i], mixed[j]] = [mixed[j], mixed[i]];
    }
    return mixed;
}

/* People who talk long enough that a kill finds most agents in a conversation. */
function script(seed) {
    const network = networkScript(seed);
    network.numbers['+12025551'] = { do: 'answer', ring: [0.2, 0.6], hello_after: [0, 0.3], talk: [2, 8] };
    return network;
}

async function begin(seed, mode) {
    const list = makeList(LONG ? 1000 : 250, seed);
    const center = await Center.start({ script: script(seed), args: ['--calls-per-second', '30'] });
    center.kills = [];
    center.robotCount = ROBOTS;
    await center.cli(['campaign', 'create', 'hurt', '--mode', mode, '--country', 'US',
        '--settings', center.file('settings.json', JSON.stringify(SETTINGS))]);
    await center.cli(['import', '--campaign', 'hurt', center.file('people.csv', list.csv)]);
    await center.robots(ROBOTS, 'hurt');
    await center.cli(['campaign', 'start', 'hurt']);
    await until(() => center.records.filter(({ event }) => event === 'ended').length > 4, 60000,
        'the first calls');
    return { center, list };
}

/* No call is placed any more; those that are out go their way. */
async function calmDown(center) {
    await center.cli(['campaign', 'pause', 'hurt']);
    return until(async () => {
        const now = await center.report('hurt');
        return now.open === 0 && now;
    }, 120000, 'every call to end', 500);
}

async function check(center, list, mode) {
    const now = await calmDown(center);
    assert.equal(now.balance, 'ok');
    assert.equal(Object.values(now.leads).reduce((sum, n) => sum + n, 0), list.people.size, 'no lead is lost');
    const attempts = await center.all('attempts?campaign=hurt');
    const { items: agents } = await center.api('agents');
    const replayed = await center.replay();
    await center.phones.stop(); // who still rings for a dead engine is told of, too
    assert.deepEqual(verify(attempts, center.records, agents, kindOf, center.kills, mode), []);
    assert.deepEqual(legsThatFell(center.records, center.kills), [], 'a death of the dialer is nothing to a leg');
    assert.equal(replayed.lives, 1 + center.kills.filter(({ dialer }) => dialer).length);
    assert.equal(replayed.rows.attempts, attempts.length);
    console.log(`figure: ${replayed.lives} lives of the dialer in one journal of ${replayed.events} events ` +
        'replayed to the same effects, state and rows');
}

async function aCampaignThatIsHurt(seed, mode) {
    const random = randomOf(seed);
    const { center, list } = await begin(seed, mode);
    try {
        for (const what of shuffled(KILLS, random)) {
            await sleep(random() * PAUSE_MS_MAX); // the instant is chance, by the seed
            await kill(center, what);
        }
        await check(center, list, mode);
        return center.kills;
    } catch (error) {
        if (process.env.OUTDIAL_KEEP) { // both ends' records, to be looked at
            writeFileSync(process.env.OUTDIAL_KEEP, JSON.stringify(center.records));
            cpSync(center.data, `${process.env.OUTDIAL_KEEP}.data`, { recursive: true });
        }
        error.message += `\nseed ${seed} (OUTDIAL_SEED), kills ${JSON.stringify(center.kills)}; ` +
            `the server said:\n${center.server.errors.slice(-5000)}`;
        throw error;
    } finally {
        const engine = enginePid(center);
        await center.stop().catch((error) => { console.log(String(error.message).slice(0, 2000)); });
        try { if (engine) process.kill(engine, 'SIGKILL'); } catch { /* gone with its dialer */ }
    }
}

test(`kill -9, again and again, seed ${SEED}`, async () => {
    const kills = [];
    for (let i = 0; i < LISTS; ++i)
        kills.push(...await aCampaignThatIsHurt(SEED + i, i % 2 ? 'ratio' : 'progressive'));
    report(kills);
});
