// What does a whole call cost, and how many a second go well? The dialer places each by REST, its engine
// invites `outdial phones`, who answer; the dialer is asked what to do, the customer joins an agent's
// room, every status is told, the customer hangs up, the agent wraps up: all that a campaign does, store
// and signatures included. CPU above that of the same agents sitting in their rooms.
//
//   node bench/calls.mjs [--quick] [--rate CALLS_PER_SECOND] [--seconds S] [--calls N]
//
// --calls N goes on until N calls are made (100000 in the long form), for the growth of memory.

import { sleep, until } from '../tests/e2e/lib/wait.mjs';
import { Center, difference, residentKiB, sum } from './lib/center.mjs';
import { figure, quick } from './lib/figure.mjs';

const option = (name, preset) => {
    const at = process.argv.indexOf(name);
    return at < 0 ? preset : Number(process.argv[at + 1]);
};
const rate = option('--rate', quick ? 100 : 300);
const seconds = option('--seconds', quick ? 5 : 12);
const callsWanted = option('--calls', quick ? 4000 : 20000);
const agents = Math.ceil(rate * 1.8); // a call holds one for 1.2 s, its wrap-up included
const IDLE_SECONDS = quick ? 2 : 4;
const WARM = 1000; // calls before the first look at memory

const center = await Center.start({
    people: { do: 'answer', ring: 0.05, hello_after: 0, talk: 0.1 }, agents, rate: Math.min(500, rate),
    leads: Math.max(callsWanted, rate * seconds) + 20 * rate,
});
const memory = () => Object.fromEntries(Object.entries(center.pids).map(([name, pid]) => [name, residentKiB(pid)]));
const madeAtLeast = (count) => until(async () => (await center.api('GET', 'live')).attempts >= count, 600000,
    `${count} calls`, 500);

let before = center.look();
await sleep(IDLE_SECONDS * 1000);
const idle = Object.entries(center.look()).map(([name, threads]) => [name, difference(threads, before[name])]);
await center.command('start');
await madeAtLeast(WARM);
const memoryBefore = memory();
const first = await center.report();
before = center.look();
const began = Date.now();
await sleep(seconds * 1000);
const after = center.look();
const took = (Date.now() - began) / 1000;
const last = await center.report();
const calls = last.attempts - first.attempts;
await madeAtLeast(callsWanted);
const memoryAfter = memory();
const { attempts, results } = await center.report();
await center.stop();

const failed = Object.entries(results).filter(([name]) => !['connected', 'none'].includes(name))
    .reduce((all, [, count]) => all + count, 0);
const perCall = Object.fromEntries(idle.map(([name, at]) => {
    const used = difference(after[name], before[name]);
    return [name, Object.fromEntries(Object.entries(used)
        .map(([thread, us]) => [thread, (us - at[thread] * took / IDLE_SECONDS) / calls / 1000]))];
}));
console.error(JSON.stringify({ calls, per_second: calls / took, results, hello: last.hello_latency_ms, perCall,
    memoryBefore, memoryAfter, attempts }));

const what = { bench: 'calls', load: `${Math.round(calls / took)} calls/s, ${agents} agents` };
figure({ ...what, figure: 'whole call: engine', unit: 'CPU-ms/call', runs: [sum(perCall.engine)], goal: { at_most: 0.5 } });
figure({ ...what, figure: 'whole call: engine, control thread', unit: 'CPU-ms/call', runs: [perCall.engine.main] });
figure({ ...what, figure: 'whole call: dialer', unit: 'CPU-ms/call', runs: [sum(perCall.dialer)] });
figure({ ...what, figure: 'whole call: dialer, loop', unit: 'CPU-ms/call', runs: [perCall.dialer.main] });
figure({ ...what, figure: 'whole call: telephones', unit: 'CPU-ms/call', runs: [sum(perCall.phones)] });
figure({ ...what, figure: 'whole calls', unit: 'calls/s', load: `${attempts} calls, ${failed} not connected`,
    runs: [calls / took], goal: { at_least: 300, stretch: 500 } });
for (const name of ['engine', 'dialer'])
    figure({ ...what, figure: `resident memory of the ${name}`, unit: '% of that at call 1,000',
        load: `call ${attempts}`, runs: [100 * memoryAfter[name] / memoryBefore[name]], goal: { at_most: 105 } });
