// An agent behind a firewall: the browser may speak to a TURN server only (Debian's coturn), and the call is through.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { freePort } from '../lib/ports.mjs';
import { Running, temporaryFolder } from '../lib/process.mjs';
import { sleep, until } from '../lib/wait.mjs';
import { DONE, Floor, numberOf } from '../modes/floor.mjs';
import { Seat } from './seat.mjs';

const SECRET = 'shared with nobody';

let floor, seat, turn, folder;
before(async () => {
    const port = await freePort();
    const low = 30000 + 100 * (await freePort() % 100);
    folder = temporaryFolder();
    turn = new Running('/usr/bin/turnserver', ['-n', '--no-cli', '--no-tls', '--no-dtls', '-L', '127.0.0.1',
        '-p', String(port), '-E', '127.0.0.1', '--min-port', String(low), '--max-port', String(low + 99),
        '--allow-loopback-peers', '--use-auth-secret', `--static-auth-secret=${SECRET}`, '-r', 'desk.test',
        '--userdb', `${folder.folder}/db`, '--pidfile', `${folder.folder}/pid`, '--log-file', 'stdout', '--simple-log']);
    await until(() => turn.end || /IO method|Relay ports initialization done/.test(turn.output), 10000, 'coturn to listen');
    assert.ok(!turn.end, `coturn ended: ${turn.output}${turn.errors}`);
    floor = await Floor.open({ args: ['--turn', `turn:127.0.0.1:${port}`], env: { OUTDIAL_TURN_SECRET: SECRET } });
    await floor.campaign('relayed', { mode: 'progressive' }, [numberOf('patient', 70)]);
    seat = await Seat.open(floor, 'ann', { campaigns: ['relayed'], relay: true });
    await seat.join();
});
after(async () => {
    await seat?.close();
    await floor?.close();
    await turn?.kill('SIGTERM');
    folder?.remove();
});

test('sound goes both ways through the relay, and no other way', { timeout: 60000 }, async () => {
    const begun = Date.now();
    await floor.command('relayed', 'start');
    await seat.phase('on-call', 20000);
    const { call: { attempt } } = await seat.document();
    await seat.hears(begun, 'the customer through the relay', 12000);
    const pair = await seat.run(async () => {
        const all = [...(await peers.findLast((one) => one.connectionState === 'connected').getStats()).values()];
        const used = all.find((one) => one.type === 'candidate-pair' && one.nominated && one.state === 'succeeded');
        const local = all.find((one) => one.id === used?.localCandidateId);
        return local && [local.candidateType, local.relayProtocol];
    });
    assert.deepEqual(pair, ['relay', 'udp']);
    const number = numberOf('patient', 70);
    await sleep(1500); // the microphone beeps once a second
    await seat.desk('hangup');
    const [ended] = await floor.ended(number);
    assert.ok(ended.speech_heard > 0, 'the customer heard the agent');
    await floor.dispose('ann', DONE, { attempt });
});
