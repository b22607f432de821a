// Do 800 people talk at once on one core? `outdial phones` is bound to one core; sipp calls and sends
// every packet back to whoever sent it, so each person also has somebody to listen to. (What is lost
// is lost in sipp, which echoes through one socket; bench_phones has a peer that keeps up.)
//
//   OUTDIAL=build/release/outdial node bench/phones-load.mjs [calls] [seconds]

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { OUTDIAL, Running, temporaryFolder } from '../tests/e2e/lib/process.mjs';
import { freePort } from '../tests/e2e/lib/ports.mjs';
import { sleep, until } from '../tests/e2e/lib/wait.mjs';

const calls = Number(process.argv[2] ?? 800);
const seconds = Number(process.argv[3] ?? 15);
const { folder, remove } = temporaryFolder();
const script = path.join(folder, 'script.json');
writeFileSync(script, JSON.stringify({
    seed: 1, voices: 'en-us',
    numbers: { '+1': { do: 'answer', ring: 0.1, hello_after: 0, pause: 0.2, hang_up: 'caller' } },
}));

/** CPU of a process in ms: user and system, all its threads. */
function processorMs(pid) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
}

const phones = new Running('taskset', ['-c', '0', OUTDIAL, 'phones', '--listen', '127.0.0.1:0',
    '--script', script]);
const ended = [];
let answered = 0;
let last;
phones.onLine((line) => {
    const record = JSON.parse(line);
    answered += record.event === 'answered';
    if (record.event === 'ended') ended.push(record);
    last = record;
});
const remote = (await phones.ready()).sip.replace('sip:', '');
const media = 30000 + 2 * (await freePort() % 1000);
const sipp = new Running('taskset', ['-c', '1', 'sipp', '-sn', 'uac', '-s', '+15005550001', remote,
    '-i', '127.0.0.1', '-p', String(await freePort()), '-mp', String(media), '-rtp_echo', '-nostdin',
    '-r', '80', '-l', String(calls), '-m', String(calls), '-buff_size', '4000000',
    '-d', String((calls / 80 + seconds + 2) * 1000)], { cwd: folder });
await until(() => answered >= calls, 60000, `${calls} answers`);
const before = processorMs(phones.pid);
const began = Date.now();
await sleep(seconds * 1000);
const cpu = 100 * (processorMs(phones.pid) - before) / (Date.now() - began);
await sipp.ended;
await until(() => ended.length >= calls, 20000, 'the records');
await phones.stop();
remove();
const sum = (key) => ended.reduce((total, record) => total + record.rtp[key], 0);
console.log(JSON.stringify({
    bench: 'phones-load', calls, cpu_percent_of_one_core: Math.round(cpu * 10) / 10,
    sent: sum('sent'), received: sum('received'), lost: sum('lost'), late: sum('late'),
    ended_by_caller: ended.filter((record) => record.ended_by === 'caller').length,
    media_cpu_ms: last.media_cpu_ms,
}));
process.exitCode = ended.every((record) => record.ended_by === 'caller') ? 0 : 1;
