// What is refused: with which HTTP status, and with which documented code.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { ACCOUNT_SID, AUTH_TOKEN, Bench, OURS, PEOPLE } from './bench.mjs';

describe('errors', () => {
    let bench, client;
    before(async () => {
        bench = await Bench.start();
        client = bench.client;
    });
    after(() => bench.stop());

    const refused = (request, status, code) => assert.rejects(request, (error) => {
        assert.equal(error.status, status, error.message);
        assert.equal(error.code, code, error.message);
        assert.ok(error.message.length > 0);
        assert.match(error.moreInfo, new RegExp(`/${code}$`));
        return true;
    });

    test('wrong credentials are 401 and 20003', async () => {
        await refused(bench.newClient(ACCOUNT_SID, 'wrong').calls.list(), 401, 20003);
        await refused(bench.newClient('AC00000000000000000000000000000009', AUTH_TOKEN)
            .calls.list(), 401, 20003);
    });

    test('what is not there is 404 and 20404', async () => {
        const nobody = 'CA00000000000000000000000000000000';
        await refused(client.calls(nobody).fetch(), 404, 20404);
        await refused(client.conferences('CF00000000000000000000000000000000').fetch(), 404, 20404);
        await refused(client.conferences('CF00000000000000000000000000000000').participants.list(),
            404, 20404);
        await refused(client.queues.list(), 404, 20404);
        await refused(client.messages.list(), 404, 20404);
        await refused(client.api.accounts('AC00000000000000000000000000000009').fetch(), 404, 20404);
    });

    const url = 'http://app.example/voice';
    for (const [what, more, code] of [
        ['no To', { to: '' }, 21201],
        ['no From', { from: '' }, 21213],
        ['a To that is no number', { to: '12' }, 21211],
        ['an emergency number', { to: '911' }, 21211],
        ['a From that is no number', { from: 'somebody' }, 21212],
        ['a From that is not ours', { from: '+15005550099' }, 21210],
        ['a CallerId that is not ours', { callerId: '+15005550099' }, 21210],
        ['a browser client without a name', { to: 'client:' }, 21211],
        ['no URL at all', { url: undefined }, 21205],
        ['a relative URL', { url: '/voice' }, 21205],
        ['an unknown application', { applicationSid: 'AP00000000000000000000000000000000' }, 21218],
        ['a callback host with an underscore', { statusCallback: 'http://my_host/x' }, 20001],
        ['an unknown event', { statusCallbackEvent: ['answered', 'exploded'] }, 20001],
        ['a time-out of an hour', { timeout: 3600 }, 20001],
        ['machine detection of its own kind', { machineDetection: 'Maybe' }, 20001],
        ['digits that are none', { sendDigits: '12x' }, 20001],
        ['TwiML longer than 4000', { url: undefined, twiml: 'x'.repeat(4001) }, 20001],
    ]) {
        test(`${what} is refused with ${code}`, () =>
            refused(client.calls.create({ to: PEOPLE.talker, from: OURS, url, ...more }), 400, code));
    }

    test('a bad update is refused and changes nothing', async () => {
        const call = await bench.place({ to: PEOPLE.never });
        await refused(client.calls(call.sid).update({ url }), 400, 21220);
        await refused(client.calls(call.sid).update({ status: 'ringing' }), 400, 20001);
        await refused(client.calls.list({ status: 'dancing' }), 400, 20001);
        assert.ok(['queued', 'ringing'].includes((await client.calls(call.sid).fetch()).status));
    });

    test('machine parameters within their ranges are taken, and nothing is claimed', async () => {
        const call = await bench.place({ machineDetection: 'DetectMessageEnd', asyncAmd: 'true',
            machineDetectionTimeout: 10, machineDetectionSpeechThreshold: 1800,
            asyncAmdStatusCallback: bench.hooks.url('/amd') });
        const live = await bench.becomes(call.sid, 'in-progress');
        assert.equal(live.answeredBy, null);
        assert.equal(bench.hooks.to('/amd').length, 0);
    });

    test('errors too had their fields', () => {
        assert.deepEqual(bench.recorder.wrong, []);
    });
});
