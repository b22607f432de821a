// The engine between its dialers: it outlives one that died, but not for ever; and what is said and done when
// it cannot start.

import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { freePort } from '../lib/ports.mjs';
import { OUTDIAL, Running, run, temporaryFolder } from '../lib/process.mjs';
import { until } from '../lib/wait.mjs';
import { Center } from '../campaign/center.mjs';
import { enginePid, killServer } from './kills.mjs';

const lives = (pid) => {
    try {
        return process.kill(pid, 0);
    } catch {
        return false;
    }
};

const hold = (port) => new Promise((resolve, reject) => {
    const socket = dgram.createSocket('udp4');
    socket.once('error', reject);
    socket.bind(port, '127.0.0.1', () => resolve(socket));
});

const ended = (center, kind) => center.records.filter((one) => one.event === 'ended' && one.kind === kind);

async function aForgottenEngine() {
    const talk = 7;
    const center = await Center.start({
        script: { seed: 5, numbers: { 'robot-': { do: 'robot' }, '+1202555': { do: 'answer', ring: 0.2, talk } },
            default: { do: 'unknown' } },
        args: ['--engine-alone-s', '3'],
    });
    await center.cli(['campaign', 'create', 'last', '--country', 'US', '--hours', '0-24']);
    await center.cli(['import', '--campaign', 'last', center.file('list.csv', 'phone\n+12025550100\n')]);
    await center.robots(2, 'last');
    await center.cli(['campaign', 'start', 'last']);
    await until(() => center.records.some(({ event, robot }) => event === 'heard' && robot), 20000, 'a talk');
    const pid = enginePid(center);
    await killServer(center);
    await until(() => !lives(pid), 60000, 'the engine to end itself');
    await center.phones.stop();
    assert.match(center.server.errors, /voice\.forgotten seconds=3 calls=3/);
    assert.match(center.server.errors, /voice\.stopped/);
    const [customer] = ended(center, 'person');
    assert.equal(customer.ended_by, 'person', 'the talk goes on to its own end');
    assert.ok(customer.ended_at - customer.answered_at > (talk - 0.5) * 1e6);
    const robots = ended(center, 'robot');
    assert.equal(robots.length, 2);
    for (const robot of robots) {
        assert.equal(robot.ended_by, 'caller');
        assert.ok(robot.speech_heard > 0, 'told goodbye');
    }
    assert.ok(Math.max(...robots.map(({ ended_at }) => ended_at)) > customer.ended_at);
    center.temporary.remove();
}

async function anIdleDialer() {
    const center = await Center.start({ script: { seed: 1, numbers: {}, default: { do: 'unknown' } },
        args: ['--engine-alone-s', '3'] });
    const pid = enginePid(center);
    const gone = await until(() => !lives(pid), 7000, 'nothing').catch(() => false);
    assert.equal(gone, false, center.server.errors);
    assert.doesNotMatch(center.server.errors, /voice\.forgotten|engine\.down/);
    await center.stop();
}

async function aPortTakenAtFirst() {
    const { folder, remove } = temporaryFolder();
    const socket = await hold(await freePort());
    const address = `127.0.0.1:${socket.address().port}`;
    const end = await run(OUTDIAL, ['serve', '--http', '127.0.0.1:0', '--data', folder, '--engine-sip', address]);
    socket.close();
    remove();
    assert.equal(end.code, 1, end.errors);
    assert.match(end.errors, new RegExp(`outdial serve: the voice engine does not start: .*'${address}'.*in use`));
    assert.equal(end.errors.match(/engine\.down/g).length, 3, 'tried four times, with pauses');
}

async function aPortTakenLater() {
    const { folder, remove } = temporaryFolder();
    const port = await freePort();
    const server = new Running(OUTDIAL, ['serve', '--http', '127.0.0.1:0', '--data', folder,
        '--engine-sip', `127.0.0.1:${port}`]);
    await server.ready(30000);
    const pid = enginePid({ data: folder });
    process.kill(pid, 'SIGKILL');
    await until(() => !lives(pid), 5000, 'the engine to be gone');
    const socket = await hold(port);
    const refused = () => server.errors.match(/engine\.down why="[^"]*in use/g)?.length ?? 0;
    await until(() => refused() >= 4, 60000, 'more tries than a first start has');
    assert.equal(server.end, undefined, 'the dialer goes on');
    socket.close();
    await until(() => (server.errors.match(/engine\.up/g)?.length ?? 0) === 2, 30000, 'the engine to be back');
    await server.stop(20000);
    remove();
}

/* A dialer killed while its engine was starting: the next one must not leave it behind. */
async function anEngineHalfStarted() {
    const { folder, remove } = temporaryFolder();
    const args = ['serve', '--http', '127.0.0.1:0', '--data', folder];
    const record = () => {
        try {
            return JSON.parse(readFileSync(path.join(folder, 'engine.json'), 'utf8'));
        } catch {
            return null;
        }
    };
    let half = null;
    for (let i = 0; i < 20 && !half; ++i) {
        const server = new Running(OUTDIAL, args);
        const seen = await until(record, 20000, 'an engine', 1);
        const gone = new Promise((resolve) => { server.child.once('exit', resolve); });
        server.child.kill('SIGKILL');
        await gone;
        if (record()?.http === '') half = seen.pid;
        else process.kill(record().pid, 'SIGKILL'); // it was quicker
    }
    assert.ok(half, 'a dialer was killed in time');
    const server = new Running(OUTDIAL, args);
    await server.ready(30000);
    await until(() => !lives(half), 5000, 'the engine to be gone, by itself or by the dialer');
    await server.stop(20000);
    remove();
}

// Side by side: each waits, most of the time.
test('the engine between its dialers', { concurrency: 5 }, (t) => Promise.all([
    t.test('an engine whose dialer died lets talks finish, says goodbye to who is left, and ends', aForgottenEngine),
    t.test('an engine that was only half started when its dialer died is not left behind', anEngineHalfStarted),
    t.test('an idle dialer is enough to keep its engine', anIdleDialer),
    t.test('a port that is taken at the first start is told, and the dialer leaves', aPortTakenAtFirst),
    t.test('a port that is taken later is tried again until it is free', aPortTakenLater),
]));
