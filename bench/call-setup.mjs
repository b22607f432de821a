// What does setting up a call cost the engine? Calls placed by REST at a steady rate against sipp as
// the trunk; each is answered, told of by webhooks and hung up by its TwiML.
//
//   OUTDIAL=build/release/outdial node bench/call-setup.mjs [calls per second] [seconds]

import { readFileSync, readdirSync } from 'node:fs';

import { Bench } from '../tests/e2e/sip/bench.mjs';
import { sleep, until } from '../tests/e2e/lib/wait.mjs';

const rate = Number(process.argv[2] ?? 100);
const seconds = Number(process.argv[3] ?? 20);
const calls = rate * seconds;

/** CPU in ms, user and system: of the control thread, and of all others (media). */
function processorMs(pid) {
    const spent = { control: 0, media: 0 };
    for (const task of readdirSync(`/proc/${pid}/task`)) {
        const fields = readFileSync(`/proc/${pid}/task/${task}/stat`, 'latin1').split(') ')[1].split(' ');
        spent[Number(task) === pid ? 'control' : 'media'] += (Number(fields[11]) + Number(fields[12])) * 10;
    }
    return spent;
}

const percentile = (sorted, p) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))];

const bench = await Bench.start({ args: ['--cps', '500', '--log', 'warning'] });
const trunk = await bench.trunk('callee_waits_for_bye', {
    calls, ms: (seconds + 60) * 1000, args: ['-l', '20000'], quiet: true,
});
const url = bench.hooks.twiml('/voice', '<Pause length="1"/>');
const placed = new Map();
const setup = [], results = {};

bench.hooks.on('/done', (request) => {
    const status = request.params.CallStatus;
    if (status === 'in-progress')
        setup.push(request.at - placed.get(request.params.CallSid));
    else results[status] = (results[status] ?? 0) + 1;
    return { status: 204 };
});

const cpuBefore = processorMs(bench.voice.pid);
const began = Date.now();
const open = [];
for (let i = 0; i < calls; ++i) {
    const due = began + i * 1000 / rate;
    if (Date.now() < due) await sleep(due - Date.now());
    const at = Date.now();
    open.push(bench.rest.createCall({
        To: `+1500555${String(i % 10000).padStart(4, '0')}`, From: '+15005550006', Url: url,
        StatusCallback: bench.hooks.url('/done'), StatusCallbackEvent: ['answered', 'completed'],
    }).then((call) => placed.set(call.sid, at)));
}
await Promise.all(open);
await until(() => Object.values(results).reduce((a, b) => a + b, 0) >= calls, 60000, 'the calls to end')
    .catch((error) => console.error(error.message));
const cpuAfter = processorMs(bench.voice.pid);
const perCall = (part) => Math.round((cpuAfter[part] - cpuBefore[part]) * 1000 / calls);
const took = (Date.now() - began) / 1000;
setup.sort((a, b) => a - b);
console.log(JSON.stringify({
    rate, calls, seconds: Math.round(took), results,
    setup_ms: { p50: percentile(setup, 0.5), p95: percentile(setup, 0.95), p99: percentile(setup, 0.99) },
    cpu_us_per_call: { control: perCall('control'), media: perCall('media') },
    resident_mb: Math.round(Number(readFileSync(`/proc/${bench.voice.pid}/status`, 'latin1')
        .match(/VmRSS:\s+(\d+)/)[1]) / 1024),
}));
await trunk.stop();
await bench.stop();
