// What somebody else has already: the folder, a port.

import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';

import { freePort } from '../lib/ports.mjs';
import { OUTDIAL, Running, temporaryFolder } from '../lib/process.mjs';
import { until } from '../lib/wait.mjs';
import { Floor, serveArgs, serveEnds, short, withFloor } from './floor.mjs';

const listen = (port) => new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject).listen(port, '127.0.0.1', () => resolve(server));
});
const bind = (port) => new Promise((resolve, reject) => {
    const socket = dgram.createSocket('udp4').once('error', reject);
    socket.bind(port, '127.0.0.1', () => resolve(socket));
});

export function ports() {
    test('a second server on the same folder is refused and told whose it is; after kill -9 it starts', () =>
        withFloor({ agents: 1 }, async (floor) => {
            await floor.list(short(3));
            const second = await serveEnds(floor.data);
            assert.equal(second.code, 1);
            assert.match(second.errors, new RegExp(`outdial\\.db': another outdial is using it \\(process ${floor.server.pid}\\)`));
            assert.equal(second.output, '');
            await floor.settles();
            const gone = new Promise((resolve) => { floor.server.child.once('exit', resolve); });
            floor.server.child.kill('SIGKILL');
            await gone;
            assert.equal(readFileSync(path.join(floor.data, 'outdial.db.lock'), 'utf8').trim(), String(floor.server.pid));
            await floor.serve();
            assert.equal((await floor.must('GET', '/campaigns/hard/report')).balance, 'ok');
        }));

    test('taken ports: of the interface, of the engine, of SIP, some of the media\'s', async () => {
        const port = await freePort();
        const tcp = await listen(port);
        const place = temporaryFolder();
        const data = path.join(place.folder, 'data');
        const end = await serveEnds(data, ['--http', `127.0.0.1:${port}`]);
        assert.equal(end.code, 1);
        assert.match(end.errors, new RegExp(`cannot listen on '127\\.0\\.0\\.1:${port}': Address already in use`));

        for (const [flag, said] of [['--engine-http', /cannot listen/], ['--engine-sip', /cannot bind the SIP address/]]) {
            /* it may be free again in a moment: the engine is started anew until it is, and that is said */
            const serve = new Running(OUTDIAL, serveArgs(data, [flag, `127.0.0.1:${port}`, '--trunk', 'sip:127.0.0.1:9']));
            try {
                await until(() => new RegExp(`'127\\.0\\.0\\.1:${port}': Address already in use`).test(serve.errors) &&
                    (serve.end || /dialling\.held by=voice/.test(serve.errors)), 20000, `${flag} to be said to be taken`)
                    .catch((error) => { throw new Error(`${error.message}: ${serve.errors}`); });
                assert.match(serve.errors, said, flag);
            } finally { await serve.kill(); }
        }
        tcp.close();
        place.remove();

        /* half of the media's ports are somebody's: the others are used */
        const from = 21000 + 2 * (await freePort() % 2000);
        const taken = [];
        for (let i = 0; i < 12; i += 2) taken.push(await bind(from + 2 * i).catch(() => null));
        const floor = await Floor.start({ args: ['--engine-media', `127.0.0.1:${from}-${from + 60}`], agents: 2 });
        try {
            await floor.list(short(6));
            await floor.settles();
            await floor.stop();
        } finally {
            for (const socket of taken) socket?.close();
            await floor.drop();
        }
    });
}
