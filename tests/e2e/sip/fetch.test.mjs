// What the engine fetches while a call is up: documents, redirects, retries, audio, and what it refuses.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Bench } from './bench.mjs';

/** A WAV file of `seconds` of a soft tone: 8 kHz, 16 bit, mono. */
function wav(seconds) {
    const samples = 8000 * seconds;
    const bytes = Buffer.alloc(44 + 2 * samples);
    bytes.write('RIFF', 0); bytes.writeUInt32LE(36 + 2 * samples, 4); bytes.write('WAVEfmt ', 8);
    bytes.writeUInt32LE(16, 16); bytes.writeUInt16LE(1, 20); bytes.writeUInt16LE(1, 22);
    bytes.writeUInt32LE(8000, 24); bytes.writeUInt32LE(16000, 28); bytes.writeUInt16LE(2, 32);
    bytes.writeUInt16LE(16, 34); bytes.write('data', 36); bytes.writeUInt32LE(2 * samples, 40);
    for (let i = 0; i < samples; ++i)
        bytes.writeInt16LE(Math.round(6000 * Math.sin(i * 2 * Math.PI * 440 / 8000)), 44 + 2 * i);
    return bytes;
}

describe('fetching', () => {
    let bench;
    before(async () => { bench = await Bench.start(); });
    after(() => bench.stop());

    /** Places a call to a callee that waits, and resolves with its terminal callback. */
    async function through(verbs, form) {
        const trunk = await bench.trunk('callee_waits_for_bye');
        const call = await bench.place(verbs, form);
        const end = await bench.end(call.sid, 25000);
        await trunk.succeeded();
        return { call, end };
    }

    test('a redirect is followed and signed anew', async () => {
        bench.hooks.on('/moved', { status: 302, headers: { location: '/there?x=1' } });
        bench.hooks.twiml('/there', '<Hangup/>');
        await through('', { Url: bench.hooks.url('/moved') });
        const there = bench.hooks.to('/there')[0];
        assert.equal(there.method, 'GET');
        assert.ok(there.signatureGood);
    });

    test('a circle of redirects ends at the fallback with 11215', async () => {
        bench.hooks.on('/circle', { status: 302, headers: { location: '/circle' } });
        bench.hooks.twiml('/rescue', '<Hangup/>');
        await through('', { Url: bench.hooks.url('/circle'), FallbackUrl: bench.hooks.url('/rescue') });
        assert.equal(bench.hooks.to('/rescue').at(-1).params.ErrorCode, '11215');
        assert.ok(bench.hooks.to('/circle').length <= 12);
    });

    test('a document of more than 64 kB ends at the fallback with 11750', async () => {
        bench.hooks.on('/large', `<Response>${' '.repeat(70000)}</Response>`);
        await through('', { Url: bench.hooks.url('/large'), FallbackUrl: bench.hooks.url('/rescue') });
        assert.equal(bench.hooks.to('/rescue').at(-1).params.ErrorCode, '11750');
    });

    test('an address of the private networks is not connected to', async () => {
        const began = Date.now();
        await through('', {
            Url: 'http://169.254.169.254/latest', FallbackUrl: bench.hooks.url('/rescue'),
        });
        assert.equal(bench.hooks.to('/rescue').at(-1).params.ErrorCode, '11205');
        assert.ok(Date.now() - began < 4000);
    });

    test('a callback is repeated as its URL asks, under the same token', async () => {
        let times = 0;
        bench.hooks.on('/flaky', () => ({ status: ++times < 3 ? 500 : 204 }));
        const trunk = await bench.trunk('callee_waits_for_bye');
        const call = await bench.place('<Hangup/>', {
            StatusCallback: bench.hooks.url('/flaky') + '#rc=3&rp=5xx',
            StatusCallbackEvent: ['completed'],
        });
        await trunk.succeeded();
        await bench.hooks.expect('/flaky', () => bench.hooks.to('/flaky').length === 3);
        const tries = bench.hooks.to('/flaky');
        assert.equal(new Set(tries.map((t) => t.headers['i-twilio-idempotency-token'])).size, 1);
        assert.ok(tries.every((t) => t.signatureGood && t.params.CallSid === call.sid));
    });

    test('a WAV file is fetched, played to its end and then the next verb runs', async () => {
        bench.hooks.on('/tone.wav', { type: 'audio/wav', body: wav(2) });
        const { end } = await through(`<Play>${bench.hooks.url('/tone.wav')}</Play><Hangup/>`);
        assert.ok(Number(end.CallDuration) >= 2 && Number(end.CallDuration) <= 4, end.CallDuration);
    });

    test('audio that is none is passed over', async () => {
        bench.hooks.on('/noise.wav', { type: 'audio/wav', body: 'this is not sound' });
        bench.hooks.twiml('/after', '<Hangup/>');
        await through(`<Play>${bench.hooks.url('/noise.wav')}</Play>` +
                      `<Redirect>${bench.hooks.url('/after')}</Redirect>`);
        assert.equal(bench.hooks.to('/after').length, 1);
    });

    test('words are spoken', async () => {
        const { end } = await through('<Say>One, two, three, four, five, six.</Say><Hangup/>');
        assert.ok(Number(end.CallDuration) >= 1, end.CallDuration);
    });

    test('an application that is not there leaves the callee with a message, not with silence', async () => {
        const { end } = await through('', { Url: 'http://127.0.0.1:9/nobody' });
        assert.equal(end.CallStatus, 'completed');
    });
});
