// Webhooks as the official package receives them: validateRequest accepts every one.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import twilio from 'twilio';

import { AUTH_TOKEN, Bench, PEOPLE } from './bench.mjs';

describe('webhooks', () => {
    let bench, client;
    before(async () => {
        bench = await Bench.start();
        client = bench.client;
    });
    after(() => bench.stop());

    test('POST and GET, with queries, umlauts and odd characters, are signed as accepted', async () => {
        const { VoiceResponse } = twilio.twiml;
        const posted = await bench.hooks.on('/posted', () => {
            const twiml = new VoiceResponse();
            twiml.redirect({ method: 'GET' }, '/got?name=J%C3%BCrgen&x=a+b%27c');
            return twiml.toString();
        });
        bench.hooks.on('/got', () => {
            const twiml = new VoiceResponse();
            const gather = twiml.gather({ timeout: 1, actionOnEmptyResult: true, action: '/gathered' });
            gather.say('Hello');
            return twiml.toString();
        });
        bench.hooks.on('/gathered', () => {
            const twiml = new VoiceResponse();
            twiml.dial({ action: '/dialed?a=%2B', timeout: 5 }).number({
                statusCallback: bench.hooks.url('/leg'), statusCallbackMethod: 'GET',
                statusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'],
            }, PEOPLE.busy);
            return twiml.toString();
        });
        bench.hooks.on('/dialed', () => {
            const twiml = new VoiceResponse();
            twiml.dial({ timeLimit: 1 }).conference({
                statusCallback: `${bench.hooks.url('/room')}?q=1`,
                statusCallbackEvent: ['start', 'end', 'join', 'leave'],
            }, 'Jürgens Raum');
            return twiml.toString();
        });
        const call = await bench.place({
            url: `${posted}?lead=7&name=%C3%BC#rc=2&rp=ct,5xx`,
            statusCallback: `${bench.hooks.url('/status')}?attempt=1%202`,
            statusCallbackMethod: 'GET',
            statusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'],
        });
        await bench.hooks.expect('/room');
        await client.calls(call.sid).update({ status: 'completed' });
        await bench.hooks.expect('/status', ({ CallStatus }) => CallStatus === 'completed');
        await bench.hooks.expect('/room',
            ({ StatusCallbackEvent }) => StatusCallbackEvent === 'conference-end');
        const methods = new Set(bench.hooks.requests.map(({ method }) => method));
        assert.deepEqual([...methods].sort(), ['GET', 'POST']);
        for (const request of bench.hooks.requests) {
            assert.ok(bench.accepts(request), `${request.method} ${request.url}`);
            assert.ok(!bench.accepts({ ...request, url: `${request.url}&x=1` }));
            assert.equal(request.headers['user-agent'], 'TwilioProxy/1.1');
            assert.match(request.headers['i-twilio-idempotency-token'], /^[0-9a-f-]{36}$/);
        }
        const tokens = bench.hooks.requests.map(({ headers }) => headers['i-twilio-idempotency-token']);
        assert.equal(new Set(tokens).size, tokens.length);
        const [dialed] = bench.hooks.to('/dialed');
        assert.equal(dialed.params.DialCallStatus, 'busy');
        assert.equal(dialed.params.DialBridged, 'false');
        const [room] = bench.hooks.to('/room');
        assert.equal(room.params.FriendlyName, 'Jürgens Raum');
        assert.deepEqual(bench.hooks.to('/leg').map(({ params }) => params.Direction),
            bench.hooks.to('/leg').map(() => 'outbound-dial'));
    });

    test('a changed parameter or a wrong token is not accepted', () => {
        const [request] = bench.hooks.to('/posted');
        const url = bench.hooks.base + request.url;
        const signature = request.headers['x-twilio-signature'];
        assert.ok(twilio.validateRequest(AUTH_TOKEN, signature, url, request.params));
        assert.ok(!twilio.validateRequest('other', signature, url, request.params));
        assert.ok(!twilio.validateRequest(AUTH_TOKEN, signature, url,
            { ...request.params, From: '+1' }));
    });

    test('a lost callback comes again with the same idempotency token', async () => {
        let failures = 2;
        const url = bench.hooks.on('/flaky-status', () => ({ status: failures-- > 0 ? 500 : 204 }));
        await bench.place({ to: PEOPLE.busy, statusCallback: `${url}#rc=3&rp=5xx` });
        await bench.hooks.expect('/flaky-status');
        await new Promise((resolve) => setTimeout(resolve, 1500));
        const came = bench.hooks.to('/flaky-status');
        assert.equal(came.length, 3);
        assert.equal(new Set(came.map(({ headers }) => headers['i-twilio-idempotency-token'])).size, 1);
    });

    test('the fallback is asked with the error, and its TwiML takes over', async () => {
        const call = await bench.place({ url: bench.hooks.on('/broken', () => ({ status: 500 })),
            fallbackUrl: bench.hooks.twiml('/fallback', '<Hangup/>') });
        const asked = await bench.hooks.expect('/fallback');
        assert.equal(asked.params.ErrorCode, '11200');
        assert.equal(asked.params.ErrorUrl, bench.hooks.url('/broken'));
        await bench.becomes(call.sid, 'completed');
    });
});
