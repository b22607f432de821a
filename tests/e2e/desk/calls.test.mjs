// What an agent does with a call, over the desk's routes: hold, transfer, third persons; on our engine, with real
// SIP and RTP, and told by the engine's own list of who is in which room.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { Rest } from '../lib/rest.mjs';
import { sleep, until } from '../lib/wait.mjs';
import { DONE, Floor, numberOf } from '../modes/floor.mjs';

/** @type {Floor} */
let floor;
/** @type {Rest} */
let rest;

before(async () => {
    floor = await Floor.open();
    const read = (name) => JSON.parse(readFileSync(`${floor.center.data}/${name}`, 'utf8'));
    const { account_sid, auth_token } = read('credentials.json');
    await until(async () => (await floor.get('live')).voice_is_up, 15000, 'the engine to be up');
    rest = new Rest(read('engine.json').http, { sid: account_sid, token: auth_token });
});
after(async () => {
    rest?.close();
    await floor?.close();
});

/** Who is in the room of that name: {label: {hold, muted}}. */
async function room(name) {
    const { body } = await rest.request('GET', `/Conferences.json?FriendlyName=${name}`);
    const live = body.conferences.find(({ status }) => status !== 'completed');
    if (!live) return {};
    const members = await rest.request('GET', `/Conferences/${live.sid}/Participants.json`);
    return Object.fromEntries(members.body.participants.map(({ label, hold, muted }) => [label, { hold, muted }]));
}

const inRoom = (name, wanted, what, ms = 8000) =>
    until(async () => { const now = await room(name); return wanted(now) && now; }, ms, what);

/** An agent in conversation with a person who stays; what the agent's page asks for. */
async function talking(name, index, more = {}) {
    const number = numberOf('patient', index);
    await floor.campaign(name, { mode: 'progressive', ...more }, [number]);
    await floor.agent(name, name);
    const { token } = await floor.post('tokens', { name: `desk-${name}`, agent: name });
    await floor.command(name, 'start');
    const { id, reservation } = await floor.state(name, 'on-call');
    const [desk, attempt] = [(path, body) => floor.ask('POST', `desk/${path}`, body, token), reservation.attempt];
    return { id, attempt, number, desk, token, label: `attempt-${attempt}`, room: `agent-${id}` };
}

describe('an agent and a call', { concurrency: 10, timeout: 60000 }, () => {
    test('hold: the customer hears music, and the agent comes back', async () => {
        const call = await talking('holder', 40);
        await call.desk('hold', { on: true });
        await inRoom(call.room, (now) => now[call.label]?.hold === true, 'the customer to be on hold');
        assert.ok((await floor.get(`attempts/${call.attempt}`)).held_since);
        await call.desk('hold', { on: false });
        await inRoom(call.room, (now) => now[call.label]?.hold === false, 'the customer to be back');
        await call.desk('hangup');
        await floor.state('holder', 'wrap-up');
        await assert.rejects(call.desk('hold', { on: true }), { status: 409 });
        await floor.dispose('holder', DONE);
    });

    test('the phone is ready: a new line stands at once, and the customer is still there', async () => {
        const call = await talking('reloader', 41);
        const before = Object.keys(await room(call.room)).find((label) => label.startsWith('leg-'));
        const begun = Date.now();
        await call.desk('phone', { screen: 'a' });
        await inRoom(call.room, (now) => Object.keys(now).some((label) => label.startsWith('leg-') && label !== before)
            && !(before in now), 'another line to be there');
        await floor.state('reloader', ({ line }) => line === 'connected', 'to be back');
        assert.ok(Date.now() - begun < 3000, 'in a moment');
        await inRoom(call.room, (now) => now[call.label]?.hold === false, 'the customer to hear the agent');
        await call.desk('hangup');
    });

    test('a colleague who is free takes over', async () => {
        const call = await talking('giver', 42);
        await floor.agent('taker', 'giver');
        const taker = await floor.state('taker', 'available');
        await call.desk('transfer', { to: { agent: 'taker' } });
        await floor.state('giver', 'wrap-up');
        await floor.state('taker', 'on-call');
        await inRoom(`agent-${taker.id}`, (now) => call.label in now, 'the customer to be in the other room');
        await floor.heard('robot-taker', call.number);
        await floor.dispose('giver', DONE);
        await floor.state('giver', 'available');
        await floor.act('taker', 'hangup');
        await floor.dispose('taker', DONE);
        assert.equal((await floor.get(`attempts/${call.attempt}`)).agent, taker.id);
    });

    test('a third person is asked first, swapped with, muted, and takes over', async () => {
        const call = await talking('asker', 43);
        const third = numberOf('patient', 44), label = `party-${call.attempt}-1`;
        await call.desk('transfer', { to: { number: third }, ask_first: true });
        await inRoom(call.room, (now) => label in now && now[call.label]?.hold, 'the third person to be there');
        await floor.heard('robot-asker', third);
        await call.desk('consult', { action: 'swap' });
        await inRoom(call.room, (now) => now[label].hold && !now[call.label].hold, 'the two to be swapped');
        await call.desk('consult', { action: 'all_together' });
        await inRoom(call.room, (now) => !now[label].hold && !now[call.label].hold, 'all to be together');
        await call.desk('party', { party: 'p1', action: 'mute' });
        await inRoom(call.room, (now) => now[label].muted, 'the third person to be muted');
        await call.desk('party', { party: 'p1', action: 'unmute' });
        await call.desk('consult', { action: 'hand_over' });
        await floor.state('asker', 'wrap-up');
        await inRoom(call.label, (now) => call.label in now && label in now, 'the two to be on their own');
        assert.equal((await floor.get(`attempts/${call.attempt}`)).state, 'handed-over');
        await floor.dispose('asker', DONE);
        await floor.state('asker', 'available');

        const { body } = await rest.request('GET', `/Calls.json?To=${encodeURIComponent(third)}`);
        await rest.request('POST', `/Calls/${body.calls[0].sid}.json`, { Status: 'completed' });
        await floor.ended(call.number); /* who is left is not left alone */
        await until(async () => (await floor.get(`attempts/${call.attempt}`)).state === 'ended', 8000, 'the end');
    });

    test('a third person is rung and does not answer; another joins, and goes with the call', async () => {
        const call = await talking('adder', 45);
        const third = numberOf('patient', 46);
        await call.desk('add', { to: { number: numberOf('busy', 46) } });
        await until(async () => {
            try { await call.desk('add', { to: { number: third } }); return true; }
            catch (error) { assert.equal(error.status, 409); return false; }
        }, 8000, 'the busy one to be gone');
        await inRoom(call.room, (now) => `party-${call.attempt}-2` in now, 'the third person to be there');
        await call.desk('hangup');
        await floor.ended(third);
        await floor.dispose('adder', DONE);
        assert.deepEqual(Object.keys(await inRoom(call.room, (now) => Object.keys(now).length === 1, 'all to go')).length, 1);
    });

    test('keys reach the customer, each once and in their order', async () => {
        const call = await talking('presser', 48);
        for (const digits of ['1', '2', '#', '34']) await call.desk('digits', { digits });
        for (const digits of ['', 'x', 5]) await assert.rejects(call.desk('digits', { digits }), { status: 400 });
        await sleep(2500); /* five tones and their pauses last a second */
        await call.desk('hangup');
        const [ended] = await floor.ended(call.number);
        assert.equal(ended.digits, '12#34');
        await floor.state('presser', 'wrap-up');
        await assert.rejects(call.desk('digits', { digits: '1' }), { status: 409 });
    });

    test('what cannot be done is refused, and why', async () => {
        const call = await talking('refused', 47);
        for (const number of ['911', '+1 900 555 0100', 'nobody'])
            await assert.rejects(call.desk('add', { to: { number } }), { status: 400 });
        await assert.rejects(call.desk('transfer', { to: { agent: 'refused' } }), { status: 409 });
        await assert.rejects(call.desk('transfer', { to: { agent: 'nobody' } }), { status: 400 });
        await assert.rejects(call.desk('consult', { action: 'swap' }), { status: 409 });
        await assert.rejects(call.desk('consult', { action: 'dance' }), { status: 400 });
        await assert.rejects(floor.post('desk/hold', { on: true }), { status: 403 });
        await call.desk('hangup');
    });
});

test('all of it is made again from the journal, to the same state and rows', async () => {
    const replayed = await floor.center.replay();
    assert.equal(replayed.passed_over, 0);
    assert.equal(replayed.outcomes, replayed.events, 'every event is held to what came of it');
});
