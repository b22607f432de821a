// Conferences and participants by the official package.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Bench, OURS, PEOPLE, until } from './bench.mjs';

describe('conferences', () => {
    let bench, client;
    before(async () => {
        bench = await Bench.start();
        client = bench.client;
    });
    after(() => bench.stop());

    const customerJoins = async (name, more = '') => {
        const url = bench.hooks.twiml(`/join-${name}`,
            `<Dial action="/after-${name}"><Conference beep="false" ${more}>${name}</Conference></Dial>`);
        bench.hooks.twiml(`/after-${name}`, '<Hangup/>');
        const call = await bench.place({ url });
        await until(async () => (await client.conferences.list({ friendlyName: name,
            status: 'in-progress' })).length === 1, 10000, `${name} to start`);
        return call;
    };

    test('an agent parked alone waits in init; a customer starts the room', async () => {
        const { call, conference } = await bench.park('agent-1',
            'statusCallback="/room-1" statusCallbackEvent="start end join leave"');
        assert.equal(conference.status, 'init');
        const customer = await customerJoins('agent-1');
        const live = await client.conferences(conference.sid).fetch();
        assert.equal(live.status, 'in-progress');
        assert.deepEqual((await client.conferences(live.sid).participants.list()).map(({ callSid }) => callSid).sort(),
            [call.sid, customer.sid].sort());
        await client.calls(customer.sid).update({ status: 'completed' });
        const gone = await bench.hooks.expect('/after-agent-1');
        assert.equal(gone.params.CallStatus, 'completed');
        assert.equal(gone.params.DialCallStatus, 'answered');
        await client.calls(call.sid).update({ status: 'completed' });
        const end = await bench.hooks.expect('/room-1',
            ({ StatusCallbackEvent }) => StatusCallbackEvent === 'conference-end');
        assert.equal(end.params.ReasonConferenceEnded, 'last-participant-left');
        assert.deepEqual(bench.hooks.to('/room-1').map(({ params }) => params.StatusCallbackEvent),
            ['participant-join', 'participant-join', 'conference-start', 'participant-leave',
                'participant-leave', 'conference-end']);
        const over = await client.conferences(conference.sid).fetch();
        assert.equal(over.status, 'completed');
        assert.equal(over.callSidEndingConference, call.sid);
    });

    test('participants are muted, held, coached, announced to and taken out', async () => {
        const { call, conference } = await bench.park('agent-2');
        const customer = await customerJoins('agent-2');
        const participant = client.conferences(conference.sid).participants(customer.sid);
        assert.equal((await participant.update({ muted: true })).muted, true);
        assert.equal((await participant.update({ muted: false })).muted, false);
        assert.equal((await participant.update({ hold: true,
            holdUrl: bench.hooks.twiml('/hold', '<Say>Please wait</Say>') })).hold, true);
        assert.equal((await bench.hooks.expect('/hold')).method, 'GET');
        assert.equal((await client.conferences(conference.sid).participants.list(
            { hold: true })).length, 1);
        assert.equal((await participant.update({ hold: false })).hold, false);
        const coach = client.conferences(conference.sid).participants(call.sid);
        assert.equal((await coach.update({ coaching: true,
            callSidToCoach: customer.sid })).callSidToCoach, customer.sid);
        assert.equal((await coach.update({ coaching: false })).coaching, false);
        await assert.rejects(coach.update({ coaching: true,
            callSidToCoach: 'CA00000000000000000000000000000000' }), { status: 400, code: 13240 });
        await participant.update({ announceUrl: bench.hooks.twiml('/announce', '<Say>One</Say>') });
        await bench.hooks.expect('/announce');
        assert.equal((await participant.update({ endConferenceOnExit: true, beepOnExit: false }))
            .endConferenceOnExit, true);
        assert.equal(await participant.remove(), true);
        const left = await bench.hooks.expect('/after-agent-2');
        assert.equal(left.params.DialCallStatus, 'answered');
        await until(async () => (await client.conferences(conference.sid).fetch())
            .reasonConferenceEnded === 'participant-with-end-conference-on-exit-kicked',
        5000, 'the reason');
        await assert.rejects(participant.fetch(), { status: 404, code: 20404 });
    });

    test('a participant is called into a room by its name and known by its label', async () => {
        const { conference } = await bench.park('agent-3');
        const made = await client.conferences('agent-3').participants.create({
            to: PEOPLE.talker, from: OURS, label: 'customer', beep: 'false', earlyMedia: true,
            statusCallback: bench.hooks.url('/status-3'),
            statusCallbackEvent: ['initiated', 'completed'],
        });
        assert.equal(made.status, 'queued');
        assert.equal(made.conferenceSid, conference.sid);
        const byLabel = client.conferences(conference.sid).participants('customer');
        await until(async () => (await byLabel.fetch()).status === 'connected', 10000, 'the answer');
        assert.equal((await client.conferences(conference.sid).fetch()).status, 'in-progress');
        await assert.rejects(client.conferences('agent-3').participants.create(
            { to: PEOPLE.talker, from: OURS, label: 'customer' }), { status: 400, code: 16025 });
        await byLabel.remove();
        await bench.hooks.expect('/status-3', ({ CallStatus }) => CallStatus === 'completed');
        assert.equal((await client.conferences(conference.sid).fetch()).status, 'in-progress');
    });

    test('a participant who does not answer never joins', async () => {
        const made = await client.conferences('empty').participants.create({
            to: PEOPLE.busy, from: OURS,
            conferenceStatusCallback: bench.hooks.url('/room-empty'),
            conferenceStatusCallbackEvent: ['join', 'leave', 'end'],
        });
        const left = await bench.hooks.expect('/room-empty',
            ({ StatusCallbackEvent }) => StatusCallbackEvent === 'participant-leave');
        assert.equal(left.params.ReasonParticipantLeft, 'participant_add_failed');
        assert.equal(left.params.CallSid, made.callSid);
        await bench.hooks.expect('/room-empty',
            ({ StatusCallbackEvent }) => StatusCallbackEvent === 'conference-end');
    });

    test('a conference is announced to, listed and ended by request', async () => {
        const { call, conference } = await bench.park('agent-4');
        const room = client.conferences(conference.sid);
        await room.update({ announceUrl: bench.hooks.twiml('/all', '<Say>All</Say>') });
        await bench.hooks.expect('/all');
        assert.equal((await client.conferences.list({ status: 'init' })).length, 1);
        const ended = await room.update({ status: 'completed' });
        assert.equal(ended.status, 'completed');
        assert.equal(ended.reasonConferenceEnded, 'conference-ended-via-api');
        await bench.becomes(call.sid, 'completed');
        const today = new Date();
        assert.ok((await client.conferences.list({ dateCreated: today, status: 'completed',
            limit: 3 })).length > 0);
    });

    test('every answer had the fields, types and enums of the table', () => {
        assert.deepEqual(bench.recorder.wrong, []);
    });
});
