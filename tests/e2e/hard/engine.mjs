// An engine that takes connections and says nothing, or nothing but errors; and lives again.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { killServer } from '../crash/kills.mjs';
import { sleep, until } from '../lib/wait.mjs';
import { Floor, LONG, long, short, withFloor } from './floor.mjs';

const memory = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

const isAlive = (pid) => {
    try { return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')); } catch { return false; }
};

/** A voice service by another's hand: silent, or answering everything with 500, as `mode` says. */
async function strangeService(mode) {
    const service = { mode, open: 0, most: 0, posts: 0 };
    const server = createServer((request, response) => {
        service.open++;
        service.most = Math.max(service.most, service.open);
        service.posts += request.method === 'POST';
        response.on('close', () => { service.open--; });
        request.resume();
        if (service.mode === 'errors') response.writeHead(500).end('{"message":"out of order"}');
        else if (service.mode === 'well') response.writeHead(200).end('{"calls":[],"participants":[],"conferences":[]}');
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    service.url = `http://127.0.0.1:${server.address().port}`;
    service.stop = () => { server.closeAllConnections(); server.close(); };
    return service;
}

export function engine() {
    test('an engine that is stopped for a while (SIGSTOP) is noticed, waited for, and nobody is called twice', () =>
        withFloor({ agents: 3, apart: true, args: ['--engine-silent-s', '600'] }, async (floor) => {
            await floor.list(short(14));
            await until(() => floor.ended().length >= 3, 30000, 'the first calls');
            const engine = floor.enginePid();
            const before = memory(floor.server.pid);
            process.kill(engine, 'SIGSTOP');
            try {
                const hold = await floor.hold('voice');
                assert.match(hold.why, /the voice engine does not answer/);
                assert.equal((await floor.api('GET', '/health')).body.status, 'held');
                const held = (await floor.must('GET', '/attempts?campaign=hard&limit=1000')).items.length;
                await sleep(LONG ? 180000 : 6000);
                assert.equal((await floor.must('GET', '/attempts?campaign=hard&limit=1000')).items.length, held,
                    'nothing new is begun');
                const grown = memory(floor.server.pid) - before;
                console.log(`figure: the server grew by ${grown} kB beside a silent engine`);
                assert.ok(grown < 64 * 1024, `${grown} kB`);
            } finally { process.kill(engine, 'SIGCONT'); }
            await floor.released();
            assert.equal(floor.enginePid(), engine, 'it is the same engine');
            await floor.inTheirRooms(60000);
            await floor.settles({ ms: 90000, lostCalls: true });
        }));

    test('an engine that lives and stays silent is killed and started anew, its calls end honestly', () =>
        withFloor({ agents: 3, apart: true, args: ['--engine-silent-s', '6'] }, async (floor) => {
            await floor.list([...short(10), ...long(2)]);
            await floor.talking(2);
            const engine = floor.enginePid();
            process.kill(engine, 'SIGSTOP');
            assert.match((await floor.hold('voice')).why, /does not answer.*after 6 s killed/);
            await until(() => !isAlive(engine), 30000, 'the silent engine to be killed', 50);
            await floor.released(30000);
            assert.match(floor.server.errors, /engine\.silent .*had not answered for 6 s and was killed/);
            assert.match(floor.server.errors, /dialling\.held by=voice .*had not answered for 6 s and was killed/);
            assert.notEqual(floor.enginePid(), engine);
            await floor.inTheirRooms(60000);
            await floor.settles({ ms: 90000, lostCalls: true });
        }));

    test('a silent engine of a server that was killed has its time, is killed, and a new one is started', () =>
        withFloor({ agents: 2, apart: true, args: ['--engine-silent-s', '5'] }, async (floor) => {
            await floor.list(short(6));
            await until(() => floor.ended().length >= 2, 30000, 'the first calls');
            const engine = floor.enginePid();
            await killServer(floor);
            process.kill(engine, 'SIGSTOP'); /* before, the system would wake and end it as an orphan */
            await floor.serve();
            assert.ok(!isAlive(engine), 'it is gone');
            assert.match(floor.server.errors, /held by=voice .*of the last run, process \d+, does not answer/);
            assert.match(floor.server.errors, /engine\.silent pid=\d+ /);
            await floor.released();
            await floor.inTheirRooms(60000);
            await floor.settles({ ms: 90000, lostCalls: true });
        }));

    test('another\'s voice service that is silent, then answers with errors, then is well', async () => {
        const service = await strangeService('silent');
        const floor = await Floor.start({ serve: false });
        try {
            floor.options.args = ['--voice', service.url];
            floor.options.env = { twilio_account_sid: 'AC00000000000000000000000000000001', twilio_auth_token: 'x' };
            await floor.serve();
            assert.match((await floor.hold('voice')).why, /does not answer/);
            await floor.must('POST', '/agents', { name: 'ann', contact: 'sip:ann@127.0.0.1' });
            await floor.must('POST', '/agents/ann/login', {});
            await sleep(LONG ? 120000 : 3000);
            assert.ok(service.most <= 8, `${service.most} requests were open at once`);
            assert.notEqual((await floor.agents())[0].line, 'connected', 'her line is not said to stand');
            service.mode = 'errors';
            await until(async () => /status 500/.test((await floor.held())[0]?.why), 15000, 'the errors to be told', 50);
            service.mode = 'well';
            await floor.released();
            await floor.stop();
        } finally {
            service.stop();
            await floor.drop();
        }
    });
}
