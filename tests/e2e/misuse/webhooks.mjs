// Webhooks from strangers: none of them changes anything, all of them are counted.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { signatureOf } from '../lib/webhooks.mjs';
import { ask, house, refused } from './house.mjs';

const PATHS = ['answer', 'told', 'agent', 'status', 'conference'];
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const sid = `CA${'0'.repeat(31)}1`;

async function state() {
    const { body } = await ask('GET', '/api/v1/campaigns/spring/report');
    const live = (await ask('GET', '/api/v1/live')).body;
    return { leads: body.leads, attempts: body.attempts, results: body.results, forged: live.forged_webhooks };
}

test('a signature that is missing, forged or of other words is refused and counted', async () => {
    const center = await house();
    const before = await state();
    let count = 0;
    for (const name of PATHS) {
        const path = `/voice/${name}?attempt=1`;
        const params = { CallSid: sid, CallStatus: 'completed' };
        const body = new URLSearchParams(params).toString();
        const url = center.http + path;
        for (const signature of [undefined, '', 'AAAA', 'x'.repeat(5000), signatureOf(url, params, 'other-token')]) {
            await refused('POST', path, body, 403, /signature/, { headers: { ...form,
                ...(signature === undefined ? {} : { 'x-twilio-signature': signature }) } });
            ++count;
        }
        await refused('POST', path, 'a=%ff', 400, /UTF-8/, { headers: form });
        const get = await refused('GET', path, undefined, 405, /posted/);
        assert.equal(get.headers.get('allow'), 'POST');
    }
    await refused('POST', '/voice/nope', '', 404, /no such page/, { headers: form });
    const after = await state();
    assert.equal(after.forged - before.forged, count);
    assert.deepEqual({ ...after, forged: 0 }, { ...before, forged: 0 });
});

test('signed, but of calls nobody made, twice, and with nonsense in them', async () => {
    const center = await house();
    const secret = JSON.parse(readFileSync(`${center.data}/credentials.json`, 'utf8')).auth_token;
    const post = (path, params, headers = {}) => ask('POST', path, new URLSearchParams(params).toString(), {
        headers: { ...form, 'x-twilio-signature': signatureOf(center.http + path, params, secret), ...headers } });
    const before = await state();
    for (const attempt of ['999999', '0', '-1', 'x', '9'.repeat(40)]) {
        for (let twice = 0; twice < 2; ++twice) {
            const token = { 'i-twilio-idempotency-token': `same-${attempt}` };
            const answer = await post(`/voice/answer?attempt=${attempt}`, { CallSid: sid });
            assert.equal(answer.status, 200);
            assert.match(answer.text, /<Response><Say>[^<]+<\/Say><\/Response>$/, 'told, and hung up on');
            for (const CallStatus of ['completed', 'ringing', 'nonsense', ''])
                assert.equal((await post(`/voice/status?attempt=${attempt}`, { CallSid: sid, CallStatus,
                    SequenceNumber: '-7', OutdialHelloUs: 'soon', SipResponseCode: '99999' }, token)).status, 204);
            assert.equal((await post('/voice/conference', { CallSid: sid, FriendlyName: 'agent-1',
                ParticipantLabel: `attempt-${attempt}`, StatusCallbackEvent: 'participant-join' })).status, 204);
            assert.equal((await post(`/voice/agent?agent=${attempt}&leg=1`, { CallSid: sid })).status, 200);
        }
    }
    for (const [path, params] of [['/voice/told?action=dance', {}], ['/voice/status', {}],
        ['/voice/status?leg=9&agent=9', { CallStatus: 'completed' }], ['/voice/conference', {}],
        ['/voice/conference', { StatusCallbackEvent: 'participant-leave', ParticipantLabel: 'x'.repeat(5000) }]])
        assert.ok((await post(path, params)).status < 300, path);
    assert.deepEqual(await state(), before);
});
