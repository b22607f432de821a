// What does a whole call cost, and how many a second go well? The dialer places each by REST, its engine
// invites `outdial phones`, who answer; the dialer is asked what to do, the customer joins an agent's
// room, every status is told, the customer hangs up, the agent wraps up: all that a campaign does, store
// and signatures included. CPU above that of the same agents sitting in their rooms.
//
//   node bench/calls.mjs [--quick] [--rate CALLS_PER_SECOND] [--seconds S] [--calls N]
//
// A rate goes well when it is reached, to a twentieth, and every call is connected for all of the seconds.
// The highest such rate is looked for from 300 on, up to 500 or down; with --rate only that one is tried.
// --calls N goes on until N calls are made (100000 in the long form), for the growth of memory.

import { sleep, until } from '../tests/e2e/lib/wait.mjs';
import { Center, difference, residentKiB, sum } from './lib/center.mjs';
import { figure, quick } from './lib/figure.mjs';

const option = (name, preset) => {
    const at = process.argv.indexOf(name);
    return at < 0 ? preset : Number(process.argv[at + 1]);
};
const only = option('--rate', 0);
const seconds = option('--seconds', quick ? 5 : 8);
const callsWanted = option('--calls', quick ? 0 : 14000);
const IDLE_SECONDS = 2;
const WARM_SECONDS = 2;
// SIP remembers a call over UDP for 32 s, so only after these does a steady rate take a steady memory.
const STEADY_SECONDS = 36;
const STEPS = only ? [only] : quick ? [100] : [300, 500, 400];
const LOWER = [250, 200, 150, 100, 50];

const memory = (center) => Object.fromEntries(
    Object.entries(center.pids).map(([name, pid]) => [name, residentKiB(pid)]));

const notConnected = (results) => Object.entries(results)
    .filter(([name]) => !['connected', 'none'].includes(name)).reduce((all, [, count]) => all + count, 0);

/** CPU-ms a call by process and thread, above that of agents who sit in their rooms. */
function costOf(idle, used, took, calls) {
    return Object.fromEntries(Object.entries(used).map(([name, threads]) =>
        [name, Object.fromEntries(Object.entries(threads).map(([thread, us]) =>
            [thread, (us - (idle[name][thread] ?? 0) * took / IDLE_SECONDS) / calls / 1000]))]));
}

const differences = (after, before) => Object.fromEntries(Object.entries(after)
    .map(([name, threads]) => [name, difference(threads, before[name])]));

/** The same rate goes on until so many calls are made: memory from call 1,000 and from when it is steady. */
async function grow(center, rate, began) {
    const grown = {};
    const made = async () => (await center.api('GET', 'live')).attempts;
    await until(async () => await made() >= 1000, 60000, '1,000 calls', 100);
    grown.at1000 = memory(center);
    await sleep(Math.max(0, began + STEADY_SECONDS * 1000 - Date.now()));
    grown.steady = memory(center);
    grown.steadyAt = await made();
    await until(async () => await made() >= callsWanted, 3600000, `${callsWanted} calls`, 500);
    grown.end = memory(center);
    grown.calls = await made();
    return grown;
}

async function tryRate(rate, wantsGrowth) {
    const agents = Math.ceil(rate * 1.8); // a call holds one for 1.2 s, its wrap-up included
    const center = await Center.start({
        people: { do: 'answer', ring: 0.05, hello_after: 0, talk: 0.1 }, agents, rate: Math.min(500, rate),
        leads: Math.max(wantsGrowth ? callsWanted : 0, rate * (seconds + WARM_SECONDS)) + 20 * rate,
    });
    let before = center.look();
    await sleep(IDLE_SECONDS * 1000);
    const idle = differences(center.look(), before);
    const started = Date.now();
    await center.command('start');
    await sleep(WARM_SECONDS * 1000);
    const growth = wantsGrowth && callsWanted ? grow(center, rate, started) : null;
    const first = await center.report();
    before = center.look();
    const began = Date.now();
    await sleep(seconds * 1000);
    const used = differences(center.look(), before);
    const took = (Date.now() - began) / 1000;
    const last = await center.report();
    const calls = last.attempts - first.attempts;
    const grown = await growth;
    const { attempts, results } = await center.report();
    await center.stop();
    const seen = { rate, agents, attempts, failed: notConnected(results), perSecond: calls / took, results,
        hello: last.hello_latency_ms, perCall: costOf(idle, used, took, calls), grown };
    seen.goesWell = seen.failed === 0 && seen.perSecond >= 0.95 * rate;
    console.error(JSON.stringify(seen));
    return seen;
}

function tellCost({ perSecond, agents, rate, perCall }) {
    const what = { bench: 'calls', load: `${Math.round(perSecond)} calls/s of ${rate} asked for, ${agents} agents` };
    const both = sum(perCall.engine) + sum(perCall.dialer);
    const tell = (name, ms, goal) => figure({ ...what, figure: name, unit: 'CPU-ms/call', runs: [ms], goal });

    tell('whole call: engine', sum(perCall.engine), { at_most: 0.5 });
    tell('whole call: engine, control thread', perCall.engine.main);
    tell('whole call: dialer', sum(perCall.dialer));
    tell('whole call: dialer, loop', perCall.dialer.main);
    tell('whole call: telephones', sum(perCall.phones));
    figure({ ...what, figure: 'whole calls a core of engine and dialer', unit: 'calls/CPU-s', runs: [1000 / both],
        goal: { at_least: 300, stretch: 500 } });
}

function tellGrowth({ grown, perSecond }) {
    for (const name of ['engine', 'dialer']) {
        const tell = (from, at) => figure({ bench: 'calls', figure: `resident memory of the ${name}, ${at}`,
            unit: `% of ${Math.round(from[name] / 1024)} MiB`, load: `at call ${grown.calls}, ${Math.round(perSecond)} calls/s`,
            runs: [100 * grown.end[name] / from[name]], goal: { at_most: 105 } });
        tell(grown.at1000, 'since call 1,000');
        tell(grown.steady, `since call ${grown.steadyAt}, steady`);
    }
}

const tried = [];
for (const rate of STEPS) {
    const isKnown = tried.some((one) => (one.goesWell ? one.rate >= rate : one.rate <= rate));

    if (!isKnown) tried.push(await tryRate(rate, tried.length === 0));
}
for (const rate of only || quick ? [] : LOWER) {
    if (tried.some(({ goesWell }) => goesWell)) break;
    tried.push(await tryRate(rate, false));
}
tellCost(tried[0]);
const best = tried.filter(({ goesWell }) => goesWell).sort((a, b) => b.rate - a.rate)[0];
figure({ bench: 'calls', figure: 'whole calls, all connected', unit: 'calls/s', runs: [best ? best.perSecond : 0],
    load: `on ${tried.map(({ rate, perSecond, failed, attempts }) =>
        `${rate} asked: ${Math.round(perSecond)}, ${failed} of ${attempts} not connected`).join('; ')}`,
    goal: { at_least: 300, stretch: 500 } });
if (tried[0].grown) tellGrowth(tried[0]);
