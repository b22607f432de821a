// Phones: called directly by sip: URI, holding by re-INVITE, pressing keys, calling in.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Bench } from './bench.mjs';

describe('phones', () => {
    let bench;
    before(async () => { bench = await Bench.start({ incoming: '/incoming' }); });
    after(() => bench.stop());

    for (const transport of ['udp', 'tcp']) {
        test(`a phone is called over ${transport}, holds, resumes and is hung up on`, async () => {
            const phone = await bench.phone('phone_holds_and_resumes',
                                            { transport: transport === 'tcp' ? 't1' : 'u1' });
            const suffix = transport === 'tcp' ? ';transport=tcp' : '';
            const call = await bench.place('<Pause length="3"/>',
                                           { To: `sip:robot7@127.0.0.1:${phone.port}${suffix}` });
            assert.equal((await bench.end(call.sid)).CallStatus, 'completed');
            const messages = await phone.succeeded();
            assert.match(messages, /^INVITE sip:robot7@127\.0\.0\.1:\d+/m);
        });
    }

    test('keys told by INFO are gathered', async () => {
        const phone = await bench.phone('phone_presses_keys');
        bench.hooks.twiml('/keys', '<Hangup/>');
        const call = await bench.place(
            `<Gather numDigits="2" action="${bench.hooks.url('/keys')}"/>`,
            { To: `sip:a@127.0.0.1:${phone.port}` });
        const keys = await bench.hooks.expect('/keys');
        assert.equal(keys.params.Digits, '42');
        await bench.end(call.sid);
        await phone.succeeded();
    });

    test('a call that comes in is answered by the application', async () => {
        bench.hooks.twiml('/incoming', '<Say>Hello</Say><Hangup/>');
        const caller = await bench.caller('caller_is_served');
        await caller.succeeded();
        const asked = await bench.hooks.expect('/incoming');
        assert.match(asked.params.From, /^sip:alice@127\.0\.0\.1/);
        assert.equal(asked.params.To, '+15005550100');
        assert.equal(asked.params.Direction, 'inbound');
        assert.equal(asked.params['SipHeader_X-Account'], '17');
        assert.ok(asked.signatureGood);
    });

    test('the same over TCP', async () => {
        const caller = await bench.caller('caller_is_served', { transport: 't1' });
        await caller.succeeded();
    });

    test('a caller hangs up', async () => {
        bench.hooks.twiml('/incoming', '<Say>Hello</Say><Pause length="30"/>');
        const caller = await bench.caller('caller_hangs_up');
        await caller.succeeded();
        const { calls } = await bench.rest.calls('?Status=in-progress');
        assert.equal(calls.length, 0);
    });

    test('a caller gives up while the application thinks', async () => {
        bench.hooks.on('/incoming', async () => {
            await new Promise((resolve) => setTimeout(resolve, 1500));
            return '<Response/>';
        });
        const caller = await bench.caller('caller_gives_up');
        await caller.succeeded();
    });

    test('the application refuses a caller as busy', async () => {
        bench.hooks.twiml('/incoming', '<Reject reason="busy"/>');
        const caller = await bench.caller('caller_is_refused');
        await caller.succeeded();
    });

    test('OPTIONS is answered', async () => {
        const caller = await bench.caller('asks_options');
        await caller.succeeded();
    });
});

describe('strangers', () => {
    let bench;
    before(async () => { bench = await Bench.start({ args: ['--local-phones', 'no'] }); });
    after(() => bench.stop());

    for (const transport of ['u1', 't1']) {
        test(`from an address that is not listed get no answer (${transport})`, async () => {
            const stranger = await bench.caller('asks_options',
                { transport, ms: 3000, args: ['-i', '127.0.0.2', '-max_retrans', '2'] });
            await assert.rejects(stranger.succeeded());
        });
    }

    test('and are counted', async () => {
        bench.voice.kill('SIGTERM');
        await bench.voice.ended;
        const counted = bench.voice.errors.match(/voice\.stopped strangers=(\d+)/);
        assert.ok(counted && Number(counted[1]) >= 2, bench.voice.errors);
    });
});
