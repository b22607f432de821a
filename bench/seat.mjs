// How soon is an agent back? A browser with the desk, in a call with a customer, loses its page, its signalling, the
// server, the engine, over and over. Times are from the loss to the telephone being in the call (or
// registered) again; the gap of the sound is by the page's own ear, which looks every 10 ms.
//
//   OUTDIAL=build/release/outdial node bench/seat.mjs [--quick]

import { enginePid, killServer } from '../tests/e2e/crash/kills.mjs';
import { sleep, until } from '../tests/e2e/lib/wait.mjs';
import { Floor, numberOf } from '../tests/e2e/modes/floor.mjs';
import { Seat } from '../tests/e2e/seat/seat.mjs';
import { figure, percentile, quick } from './lib/figure.mjs';

const OFTEN = quick ? 5 : 40;
const SELDOM = quick ? 2 : 10;
const GOAL_BACK_MS = 1500;
const GOAL_ENGINE_MS = 3000;

const floor = await Floor.open();
await floor.campaign('bench', { mode: 'progressive' }, [numberOf('patient', 1)]);
const seat = await Seat.open(floor, 'ann', { campaigns: ['bench'] });

async function times(count, once) {
    const all = [];
    for (let n = 0; n < count; n++) {
        all.push(await once());
        await sleep(300); // the next loss finds everybody settled
    }
    return all;
}

async function reload() {
    const begun = Date.now();
    await seat.page.reload();
    const back = await seat.connectedSince(begun) - begun;
    await seat.phase('on-call');
    return back;
}

/** From `lose` until the telephone is signalled with again. */
async function signalled(lose) {
    const begun = Date.now();
    await lose();
    return await seat.signalledSince(begun) - begun;
}

/** The longest time without a packet of sound while `body` runs, as the page counts them. */
async function gap(body) {
    await seat.run(() => {
        const peer = peers.findLast((one) => one.connectionState === 'connected');
        let count = -1, since = performance.now();
        window.longest = 0;
        window.watching = setInterval(async () => {
            const line = [...(await peer.getStats()).values()].find(({ type }) => type === 'inbound-rtp');
            const now = performance.now();
            if (line && line.packetsReceived !== count) { count = line.packetsReceived; since = now; }
            window.longest = Math.max(window.longest, now - since);
        }, 10);
    });
    const took = await body();
    return { took, longest: await seat.run(() => { clearInterval(window.watching); return window.longest; }) };
}

async function engineKilled() {
    await floor.command('bench', 'pause');
    const begun = Date.now();
    process.kill(enginePid(floor.center), 'SIGKILL');
    const back = await seat.connectedSince(begun, 20000);
    await seat.inRoom(20000);
    return back - begun;
}

const tell = (name, values, goal) => {
    const load = `one browser, ${values.length} times`;
    figure({ bench: 'seat', figure: `${name}, p50`, unit: 'ms', load, runs: [percentile(values, 0.5)] });
    figure({ bench: 'seat', figure: `${name}, p95`, unit: 'ms', load, runs: [percentile(values, 0.95)],
        ...(goal ? { goal: { at_most: goal } } : {}) });
};

try {
    await seat.join();
    await floor.command('bench', 'start');
    await seat.phase('on-call', 20000);
    tell('page reloaded, agent back', await times(OFTEN, reload), GOAL_BACK_MS);
    tell('signalling lost, agent back', await times(OFTEN,
        () => signalled(() => seat.cutSignalling())), GOAL_BACK_MS);
    const restarts = await times(SELDOM, () => gap(() => signalled(async () => {
        await killServer(floor.center);
        await floor.center.serve();
    })));
    tell('server killed and started, telephone back', restarts.map(({ took }) => took));
    tell('server killed and started, gap of the sound', restarts.map(({ longest }) => longest));
    tell('engine killed, agent back', await times(SELDOM, engineKilled), GOAL_ENGINE_MS);
} finally {
    await seat.close();
    await floor.close();
}
