// `kill -9` of a running call centre's processes, one after the other, and how long each took to mend.

import { readFileSync } from 'node:fs';
import path from 'node:path';

import { until } from '../lib/wait.mjs';

const RECOVERY_MS_MAX = 60000;

const nowUs = () => Date.now() * 1000;

export const enginePid = (center) => {
    try {
        const { pid, http } = JSON.parse(readFileSync(path.join(center.data, 'engine.json'), 'utf8'));
        return http ? pid : 0;
    } catch {
        return 0; // none is there, or its record is just being written
    }
};

const lives = (pid) => {
    try {
        return process.kill(pid, 0);
    } catch {
        return false;
    }
};

async function killEngine(center) {
    const pid = await until(() => enginePid(center), RECOVERY_MS_MAX, 'an engine that can be killed');
    process.kill(pid, 'SIGKILL');
    await until(() => !lives(pid), 10000, 'the engine to be gone');
    return pid;
}

/** Its engine lives on and holds its standard error open, so the end of the process is what counts. */
export function killServer(center) {
    const gone = new Promise((resolve) => { center.server.child.once('exit', resolve); });
    center.server.child.kill('SIGKILL');
    return gone;
}

const back = (center) => until(async () => {
    const { items } = await center.api('agents').catch(() => ({ items: [] }));
    return items.length && items.every(({ line, activity }) => line === 'connected' && activity !== 'offline');
}, RECOVERY_MS_MAX, 'the agents to be in their rooms', 50);

/** Every robot has been called into its room since; the telephones say so, not the dialer. */
const calledAnew = (center, since) => until(() => {
    const anew = new Set(center.records.filter(({ event, kind, at }) =>
        event === 'answered' && kind === 'robot' && at > since).map(({ number }) => number));
    return anew.size === center.robotCount;
}, RECOVERY_MS_MAX, 'the robots to be called anew');

const newCall = (center, since) => until(() => center.records.find(({ event, kind, at }) =>
    event === 'invited' && kind === 'person' && at > since), RECOVERY_MS_MAX, 'a new call to be placed');

/**
 * Kills `what` ('dialer', 'engine' or 'both') now, starts the dialer again if it was hit, and waits until
 * all agents are back and somebody is called. Resolves with the kill: what, at and upAt (from when calls are
 * new ones; us), agents_ms, call_ms.
 */
export async function kill(center, what) {
    const hit = { what, at: nowUs(), engine: what !== 'dialer', dialer: what !== 'engine' };
    center.kills.push(hit); // known from its first moment, whatever comes of it
    if (hit.engine) await killEngine(center);
    if (hit.dialer) {
        await killServer(center);
        await center.serve();
    }
    hit.upAt = hit.dialer ? nowUs() : hit.at;
    hit.robotsLost = () => center.records.filter(({ event, kind, ended_at }) =>
        event === 'ended' && kind === 'robot' && ended_at > hit.at && ended_at < hit.backAt);
    const called = newCall(center, hit.upAt);
    if (hit.engine) await calledAnew(center, hit.at);
    await back(center);
    hit.backAt = nowUs();
    hit.agents_ms = (hit.backAt - hit.at) / 1000;
    hit.call_ms = ((await called).at - hit.at) / 1000;
    return hit;
}

const spread = (values) => {
    const sorted = values.toSorted((a, b) => a - b);
    const at = (part) => Math.round(sorted[Math.floor(part * (sorted.length - 1))]);
    return `min ${at(0)}, p50 ${at(0.5)}, max ${at(1)} ms`;
};

/** How long the kills took to mend, a line for each kind. */
export function report(kills) {
    for (const what of ['dialer', 'engine', 'both']) {
        const some = kills.filter((hit) => hit.what === what && hit.call_ms !== undefined);
        if (!some.length) continue;
        console.log(`figure: ${some.length} times kill -9 of ${what === 'both' ? 'both' : `the ${what}`}: ` +
            `agents back in their rooms ${spread(some.map(({ agents_ms }) => agents_ms))}; ` +
            `first new call ${spread(some.map(({ call_ms }) => call_ms))}`);
    }
}
