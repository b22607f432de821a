// Calls by the official package: created, read, listed, changed, removed.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { ACCOUNT_SID, Bench, OURS, PEOPLE, until } from './bench.mjs';

describe('calls', () => {
    let bench, client;
    before(async () => {
        bench = await Bench.start();
        client = bench.client;
    });
    after(() => bench.stop());

    const createdAt = (date) => Math.abs(Date.now() - date.getTime()) < 60000;

    test('a call is made, queued, answered, ended and read again', async () => {
        const call = await bench.place({
            statusCallback: bench.hooks.url('/status-life'),
            statusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'],
        });
        assert.equal(call.status, 'queued');
        assert.equal(call.direction, 'outbound-api');
        assert.equal(call.to, PEOPLE.talker);
        assert.equal(call.toFormatted, '(500) 555-0001');
        assert.equal(call.accountSid, ACCOUNT_SID);
        assert.equal(call.startTime, null);
        assert.ok(createdAt(call.dateCreated));
        const live = await bench.becomes(call.sid, 'in-progress');
        assert.ok(createdAt(live.startTime));
        assert.equal(live.duration, null);
        assert.equal(live.answeredBy, null);
        const ended = await client.calls(call.sid).update({ status: 'completed' });
        assert.equal(ended.status, 'completed');
        assert.match(ended.duration, /^\d+$/);
        await bench.hooks.expect('/status-life', ({ CallStatus }) => CallStatus === 'completed');
        const told = bench.hooks.to('/status-life');
        assert.deepEqual(told.map(({ params }) => params.CallStatus),
            ['initiated', 'ringing', 'in-progress', 'completed']);
        assert.deepEqual(told.map(({ params }) => params.SequenceNumber), ['0', '1', '2', '3']);
        assert.equal(told[3].params.SipResponseCode, '200');
    });

    for (const [who, status, sip] of [['busy', 'busy', '486'], ['unknown', 'failed', '404']]) {
        test(`a call to the ${who} ends as ${status}`, async () => {
            const call = await bench.place({ to: PEOPLE[who],
                statusCallback: bench.hooks.url(`/status-${who}`) });
            const told = await bench.hooks.expect(`/status-${who}`);
            assert.equal(told.params.CallStatus, status);
            assert.equal(told.params.SipResponseCode, sip);
            assert.equal(told.params.CallDuration, '0');
            const ended = await client.calls(call.sid).fetch();
            assert.equal(ended.status, status);
            assert.equal(ended.duration, null);
            assert.equal(ended.startTime, null);
        });
    }

    test('a call rings no longer than its timeout', async () => {
        const call = await bench.place({ to: PEOPLE.never, timeout: 1 });
        await bench.becomes(call.sid, 'no-answer');
    });

    test('a ringing call is canceled, a live one is not', async () => {
        const ringing = await bench.place({ to: PEOPLE.never });
        await bench.becomes(ringing.sid, 'ringing');
        assert.equal((await client.calls(ringing.sid).update({ status: 'canceled' })).status,
            'canceled');
        const live = await bench.place();
        await bench.becomes(live.sid, 'in-progress');
        await assert.rejects(client.calls(live.sid).update({ status: 'canceled' }),
            { status: 400, code: 21220 });
        await client.calls(live.sid).update({ status: 'completed' });
        assert.equal((await client.calls(live.sid).update({ status: 'completed' })).status,
            'completed');
    });

    test('a live call is redirected by URL and by TwiML', async () => {
        const call = await bench.place();
        await bench.becomes(call.sid, 'in-progress');
        const url = bench.hooks.twiml('/redirected', '<Pause length="30"/>');
        await client.calls(call.sid).update({ url, method: 'GET' });
        const asked = await bench.hooks.expect('/redirected');
        assert.equal(asked.method, 'GET');
        await client.calls(call.sid).update({ twiml: '<Response><Hangup/></Response>' });
        await bench.becomes(call.sid, 'completed');
        await assert.rejects(client.calls(call.sid).update({ url }), { status: 400, code: 21220 });
    });

    test('calls are listed newest first, filtered, in pages and to their end', async () => {
        const begin = new Date(Date.now() - 1000);
        const placed = [];
        for (let i = 0; i < 7; ++i)
            placed.push(await bench.place({ to: PEOPLE.busy }));
        for (const { sid } of placed) await bench.becomes(sid, 'busy');
        const sids = placed.map(({ sid }) => sid).reverse();
        const all = await client.calls.list({ to: PEOPLE.busy, pageSize: 2, limit: 7 });
        assert.deepEqual(all.map(({ sid }) => sid), sids);
        const page = await client.calls.page({ to: PEOPLE.busy, pageSize: 3 });
        assert.equal(page.instances.length, 3);
        const next = await page.nextPage();
        assert.deepEqual(next.instances.map(({ sid }) => sid), sids.slice(3, 6));
        const back = await next.previousPage();
        assert.deepEqual(back.instances.map(({ sid }) => sid), sids.slice(0, 3));
        assert.equal((await client.calls.list({ status: 'busy', from: '+1' })).length, 0);
        assert.ok((await client.calls.list({ status: 'busy', endTimeAfter: begin })).length >= 7);
        assert.equal((await client.calls.list({ to: PEOPLE.busy, endTimeBefore: begin })).filter(
            ({ sid }) => sids.includes(sid)).length, 0);
        const seen = [];
        await client.calls.each({ to: PEOPLE.busy, pageSize: 2 }, (call) => seen.push(call.sid));
        await until(() => sids.every((sid) => seen.includes(sid)), 5000, 'every call of each()');
    });

    test('an ended call is removed, a live one is not', async () => {
        const call = await bench.place();
        await bench.becomes(call.sid, 'in-progress');
        await assert.rejects(client.calls(call.sid).remove(), { status: 400, code: 21220 });
        await client.calls(call.sid).update({ status: 'completed' });
        assert.equal(await client.calls(call.sid).remove(), true);
        await assert.rejects(client.calls(call.sid).fetch(), { status: 404, code: 20404 });
    });

    test('a call tells its events, its hello and what was wrong with its TwiML', async () => {
        const url = bench.hooks.twiml('/odd', '<Bogus/><Pause length="1"/><Hangup/>');
        const call = await bench.place({ url, method: 'GET' });
        await bench.becomes(call.sid, 'completed');
        const events = await client.calls(call.sid).events.list();
        const asked = events.find(({ request }) => request.url === url);
        assert.equal(asked.response.response_code, 200);
        assert.equal(asked.request.parameters.CallSid, call.sid);
        const [problem] = await client.calls(call.sid).notifications.list();
        assert.equal(problem.errorCode, '12200');
        assert.match(problem.messageText, /Bogus/);
        const whole = await client.calls(call.sid).notifications(problem.sid).fetch();
        assert.equal(whole.requestUrl, url);
        assert.ok((await client.notifications.list({ limit: 5 })).some(
            ({ sid }) => sid === problem.sid));
        assert.equal((await client.notifications(problem.sid).fetch()).callSid, call.sid);
    });

    test('an application says what its calls do', async () => {
        const made = await client.applications.create({ friendlyName: 'dialer',
            voiceUrl: bench.hooks.twiml('/application', '<Hangup/>'), voiceMethod: 'GET' });
        assert.equal((await client.applications(made.sid).fetch()).friendlyName, 'dialer');
        await client.applications(made.sid).update({ friendlyName: 'other',
            statusCallback: bench.hooks.url('/status-application') });
        assert.equal((await client.applications.list({ friendlyName: 'other' })).length, 1);
        const call = await client.calls.create({ to: PEOPLE.talker, from: OURS,
            applicationSid: made.sid, url: 'http://ignored.example/' });
        const asked = await bench.hooks.expect('/application');
        assert.equal(asked.method, 'GET');
        assert.equal(asked.params.ApplicationSid, made.sid);
        await bench.hooks.expect('/status-application', ({ CallSid }) => CallSid === call.sid);
        assert.equal(await client.applications(made.sid).remove(), true);
        assert.equal((await client.applications.list()).length, 0);
    });

    test('the account, its balance and its numbers are told', async () => {
        const account = await client.api.accounts(ACCOUNT_SID).fetch();
        assert.equal(account.status, 'active');
        assert.equal(account.type, 'Full');
        assert.equal((await client.api.accounts.list()).length, 1);
        assert.equal((await client.balance.fetch()).currency, 'USD');
        assert.deepEqual((await client.outgoingCallerIds.list({ phoneNumber: OURS })).map(
            ({ phoneNumber }) => phoneNumber), [OURS]);
        const [id] = await client.outgoingCallerIds.list();
        assert.equal((await client.outgoingCallerIds(id.sid).fetch()).sid, id.sid);
        assert.equal((await client.incomingPhoneNumbers.list()).length, 0);
    });

    test('every answer had the fields, types and enums of the table', () => {
        assert.deepEqual(bench.recorder.wrong, []);
        for (const kind of ['GET 200', 'POST 200', 'POST 201', 'DELETE 204'])
            assert.ok(bench.recorder.seen.has(kind), kind);
    });
});
