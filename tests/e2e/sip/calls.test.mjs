// Calls out, by REST, against sipp as the trunk.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { freePort } from '../lib/ports.mjs';
import { until } from '../lib/wait.mjs';
import { Bench } from './bench.mjs';

const md5 = (text) => createHash('md5').update(text).digest('hex');

/** The digest answer in a header, recomputed from its own parameters. */
function digestIsRight(header, method, user, password) {
    const value = (name) => (header.match(new RegExp(`[ ,]${name}="?([^",]*)`)) ?? [])[1] ?? '';
    const one = md5(`${user}:${value('realm')}:${password}`);
    const two = md5(`${method}:${value('uri')}`);
    return value('response') ===
        md5([one, value('nonce'), value('nc'), value('cnonce'), value('qop'), two].join(':'));
}

for (const transport of ['udp', 'tcp']) {
    describe(`over ${transport}`, () => {
        let bench;
        before(async () => { bench = await Bench.start({ transport }); });
        after(() => bench.stop());

        test('a call is answered, told of in order, and hung up by the application', async () => {
            const trunk = await bench.trunk('callee_waits_for_bye');
            const call = await bench.place('<Pause length="1"/>');
            const end = await bench.end(call.sid);
            const messages = await trunk.succeeded();

            assert.deepEqual(bench.story(call.sid),
                             ['initiated', 'ringing', 'in-progress', 'completed']);
            assert.equal(end.SipResponseCode, '200');
            assert.equal(end.CallDuration, '1');
            assert.deepEqual(bench.hooks.to('/status', (params) => params.CallSid === call.sid)
                .map(({ params }) => params.SequenceNumber), ['0', '1', '2', '3']);
            assert.ok(bench.hooks.requests.every((request) => request.signatureGood));
            assert.match(messages, /^P-Asserted-Identity: <sip:\+15005550006@/m);
            assert.match(messages, /^INVITE sip:\+15005550001@127\.0\.0\.1:\d+ SIP\/2\.0/m);
            assert.equal((await bench.rest.call(call.sid)).status, 'completed');
        });

        test('the callee hangs up', async () => {
            const trunk = await bench.trunk('callee_hangs_up');
            const call = await bench.place('<Pause length="30"/>');
            const end = await bench.end(call.sid);
            await trunk.succeeded();
            assert.equal(end.CallStatus, 'completed');
        });

        test('REST hangs up', async () => {
            const trunk = await bench.trunk('callee_waits_for_bye');
            const call = await bench.place('<Pause length="30"/>');
            await bench.status(call.sid, 'in-progress');
            await bench.rest.updateCall(call.sid, { Status: 'completed' });
            assert.equal((await bench.end(call.sid)).CallStatus, 'completed');
            await trunk.succeeded();
        });
    });
}

describe('the ways a call goes', () => {
    let bench;
    before(async () => { bench = await Bench.start(); });
    after(() => bench.stop());

    test('early media comes before the answer', async () => {
        const trunk = await bench.trunk('callee_early_media');
        const call = await bench.place('<Pause length="1"/>');
        assert.equal((await bench.end(call.sid)).CallStatus, 'completed');
        await trunk.succeeded();
        assert.deepEqual(bench.story(call.sid),
                         ['initiated', 'ringing', 'in-progress', 'completed']);
    });

    test('a challenge (407) is answered with the right digest', async () => {
        const trunk = await bench.trunk('callee_challenges');
        const call = await bench.place('<Pause length="1"/>');
        assert.equal((await bench.end(call.sid)).CallStatus, 'completed');
        const messages = await trunk.succeeded();
        const header = messages.match(/^Proxy-Authorization: (.*)$/m)[1];
        assert.ok(digestIsRight(` ${header}`, 'INVITE', 'someone', 'secret'), header);
    });

    test('credentials that are refused for ever fail the call', async () => {
        const trunk = await bench.trunk('callee_challenges_for_ever');
        const call = await bench.place('<Pause length="1"/>');
        const end = await bench.end(call.sid);
        assert.equal(end.CallStatus, 'failed');
        assert.equal(end.SipResponseCode, '401');
        await trunk.succeeded();
    });

    test('a busy callee (486)', async () => {
        const trunk = await bench.trunk('callee_is_busy');
        const call = await bench.place('<Pause/>');
        const end = await bench.end(call.sid);
        assert.equal(end.CallStatus, 'busy');
        assert.equal(end.SipResponseCode, '486');
        await trunk.succeeded();
    });

    test('a congested trunk (503)', async () => {
        const trunk = await bench.trunk('callee_is_congested');
        const call = await bench.place('<Pause/>');
        const end = await bench.end(call.sid);
        assert.equal(end.CallStatus, 'failed');
        assert.equal(end.SipResponseCode, '503');
        await trunk.succeeded();
    });

    test('canceled while it rings', async () => {
        const trunk = await bench.trunk('callee_is_canceled');
        const call = await bench.place('<Pause/>');
        await bench.hooks.expect('/status', (params) => params.CallSid === call.sid &&
            params.CallStatus === 'ringing');
        await bench.rest.updateCall(call.sid, { Status: 'canceled' });
        assert.equal((await bench.end(call.sid)).CallStatus, 'canceled');
        await trunk.succeeded();
    });

    test('canceled before the first provisional answer: the CANCEL waits for it', async () => {
        const trunk = await bench.trunk('callee_is_canceled_early');
        const call = await bench.place('<Pause/>');
        await bench.hooks.expect('/status', (params) => params.CallSid === call.sid &&
            params.CallStatus === 'initiated');
        await bench.rest.updateCall(call.sid, { Status: 'canceled' });
        assert.equal((await bench.end(call.sid)).CallStatus, 'canceled');
        await trunk.succeeded();
    });

    test('nobody answers within the ring time', async () => {
        const trunk = await bench.trunk('callee_is_canceled');
        const began = Date.now();
        const call = await bench.place('<Pause/>', { Timeout: 5 });
        const end = await bench.end(call.sid, 20000);
        assert.equal(end.CallStatus, 'no-answer');
        assert.equal(end.SipResponseCode, '487');
        assert.ok(Date.now() - began > 4500 && Date.now() - began < 13000);
        await trunk.succeeded();
    });

    test('a trunk that says nothing is given up after four seconds, not after 32', async () => {
        const began = Date.now();
        const call = await bench.place('<Pause/>');
        const end = await bench.end(call.sid);
        assert.equal(end.CallStatus, 'failed');
        assert.equal(end.SipResponseCode, '408');
        assert.ok(Date.now() - began < 7000);
    });
});

describe('a trunk over TCP that is not there', () => {
    let bench;
    before(async () => { bench = await Bench.start({ transport: 'tcp' }); });
    after(() => bench.stop());

    test('a refused connection fails the call at once', async () => {
        const began = Date.now();
        const call = await bench.place('<Pause/>');
        const end = await bench.end(call.sid);
        assert.equal(end.CallStatus, 'failed');
        assert.ok(Date.now() - began < 2000);
    });
});

describe('the trunk', () => {
    let bench;
    before(async () => { bench = await Bench.start({ probe: 1 }); });
    after(() => bench.stop());

    test('is asked by OPTIONS whether it lives, and the log says when that changes', async () => {
        await until(() => bench.voice.errors.includes('trunk.down'), 8000, 'the trunk to be down');
        const trunk = await bench.trunk('trunk_is_asked', { calls: 1000 });
        await until(() => bench.voice.errors.includes('trunk.up'), 8000, 'the trunk to be up');
        await trunk.stop();
    });
});

describe('an engine with room for one call', () => {
    let bench;
    before(async () => {
        const port = 2 * Math.floor(await freePort() / 2);
        bench = await Bench.start({ media: `127.0.0.1:${port}-${port}` });
    });
    after(() => bench.stop());

    test('refuses the second for want of a port, and takes the next when the first is over', async () => {
        const trunk = await bench.trunk('callee_waits_for_bye', { calls: 2 });
        const first = await bench.place('<Pause length="30"/>');
        await bench.status(first.sid, 'in-progress');
        await assert.rejects(bench.place('<Pause/>'), /: 429 .*20429/);
        await bench.rest.updateCall(first.sid, { Status: 'completed' });
        assert.equal((await bench.end(first.sid)).CallStatus, 'completed');
        // its port is free when the trunk has answered the BYE
        const third = await until(() => bench.place('<Pause length="1"/>').catch(() => null), 5000,
                                  'the port to be free');
        assert.equal((await bench.end(third.sid)).CallStatus, 'completed');
        await trunk.succeeded();
    });
});

describe('an engine behind another address', () => {
    let bench;
    before(async () => { bench = await Bench.start({ args: ['--media-advertised', '192.0.2.7'] }); });
    after(() => bench.stop());

    test('tells that address in its descriptions', async () => {
        const trunk = await bench.trunk('callee_waits_for_bye');
        const call = await bench.place('<Pause length="1"/>');
        await bench.end(call.sid);
        assert.match(await trunk.succeeded(), /^c=IN IP4 192\.0\.2\.7\r?$/m);
    });
});

describe('the end of the engine', () => {
    let bench;
    before(async () => { bench = await Bench.start(); });
    after(() => bench.stop().catch(() => {}));

    test('SIGTERM does not wait for an application that never answers', async () => {
        const trunk = await bench.trunk('callee_waits_for_bye');
        bench.hooks.on('/never', () => new Promise(() => {}));
        const call = await bench.place('', { Url: bench.hooks.url('/never') });
        await bench.hooks.expect('/never', (params) => params.CallSid === call.sid);
        const began = Date.now();
        await bench.voice.stop();
        assert.ok(Date.now() - began < 3500);
        await trunk.succeeded();
    });
});

describe('the end of an engine with calls', () => {
    let bench;
    before(async () => { bench = await Bench.start(); });
    after(() => bench.stop().catch(() => {}));

    test('SIGTERM hangs up, tells the application, and leaves cleanly', async () => {
        const trunk = await bench.trunk('callee_waits_for_bye');
        const call = await bench.place('<Pause length="30"/>');
        await bench.status(call.sid, 'in-progress');
        const began = Date.now();
        await bench.voice.stop();
        assert.ok(Date.now() - began < 3000);
        await trunk.succeeded();
        assert.equal((await bench.end(call.sid)).CallStatus, 'completed');
    });
});
