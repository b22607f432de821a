// What an engine tells of itself when it is asked by SIGUSR1; and spreads of times.

import { until } from '../lib/wait.mjs';

export async function figures(voice) {
    const before = voice.errors.length;
    process.kill(voice.pid, 'SIGUSR1');
    const line = await until(() => voice.errors.slice(before).match(/voice\.figures .*\n/), 10000,
                             'the engine to tell its figures');
    return Object.fromEntries([...line[0].matchAll(/(\w+)=(\d+)/g)]
        .map(([, name, value]) => [name, Number(value)]));
}

export function spread(times) {
    const sorted = [...times].sort((a, b) => a - b);
    const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    return `p50 ${at(0.5).toFixed(0)} ms, p99 ${at(0.99).toFixed(0)} ms, max ${at(1).toFixed(0)} ms` +
        ` of ${sorted.length}`;
}
