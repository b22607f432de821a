// Every document of the wire becomes the state the interface names, and its block says so.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { blockOf, phaseOf } from '../../../app/core/phase.js';
import { actionsOf } from '../../../app/core/actions.js';
import { onDesk } from './desk.mjs';
import { NOW, states } from '../documents.mjs';

const EXPECTED = {
    'offline': ['offline', 'Offline', null], 'joining': ['joining', 'Joining the room', '0:04'], 'available': ['available', 'Available', '0:12'],
    'preview': ['preview', 'Preview', '0:08'], 'dialling': ['dialling', 'Dialling', '0:07'], 'connecting': ['connecting', 'Connecting now', '0:00'],
    'on-call': ['on-call', 'On call', '2:47'], 'hold': ['hold', 'Customer on hold', '0:38'], 'consult': ['consult', 'Consulting Claims desk', '0:21'],
    'three': ['three', 'Three in the call', '2:47'], 'hung-up': ['hung-up', 'Customer hung up', '0:04'], 'wrap-up': ['wrap-up', 'Wrap-up', '0:27'],
    'break': ['break', 'Break · Lunch', '18:06'], 'reconnecting': ['reconnecting', 'Reconnecting', '0:03'], 'lost': ['lost', 'Customer lost', '0:20'],
    'mic-refused': ['mic-refused', 'Microphone refused', null], 'headset-gone': ['headset-gone', 'Headset gone', '2:47'],
    'taken-over': ['taken-over', 'Taken over', null],
};

for (const [name, [phase, word, clock]] of Object.entries(EXPECTED)) {
    test(`${name} is told from its document`, () => {
        const desk = onDesk(states[name].doc);
        desk.feed({ kind: 'phone', facts: states[name].phone ?? {} });
        assert.equal(phaseOf(desk.page), phase);
        const block = blockOf(desk.page);
        assert.equal(block.word, word);
        assert.equal(block.clock, clock);
    });
}

test('the golden document of the wire is a call of three with the figures in it', () => {
    const golden = JSON.parse(readFileSync(new URL('../../golden/desk/on-call.json', import.meta.url), 'utf8'));
    golden.agent.screen = 'here';
    const desk = onDesk(golden);
    assert.equal(phaseOf(desk.page), 'three');
    assert.equal(blockOf(desk.page).lines[0], 'You, Margaret Holloway and (303) 555-0100');
});

test('the golden documents of the wire are the states that their names say', () => {
    const folder = new URL('../../golden/desk/', import.meta.url);
    for (const name of ['available', 'preview', 'wrap-up', 'consult']) {
        const desk = onDesk(JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')));
        assert.equal(phaseOf(desk.page), name);
    }
});

test('the hello latency is shown for ten seconds, then who is on the line', () => {
    const desk = onDesk(states.hello.doc);
    assert.deepEqual(blockOf(desk.page).lines, ['Hello in 4 ms']);
    desk.feed({ kind: 'tick', now: NOW + 8100 });
    assert.deepEqual(blockOf(desk.page).lines, ['With Margaret Holloway']);
});

test('hung up becomes wrap-up after ten seconds by the clock alone', () => {
    const desk = onDesk(states['hung-up'].doc);
    desk.feed({ kind: 'tick', now: NOW + 6000 });
    assert.equal(phaseOf(desk.page), 'wrap-up');
    assert.deepEqual(blockOf(desk.page).lines, ['Next call in 0:50']);
});

test('past the limit of a hold the block says so', () => {
    const desk = onDesk(states['hold-late'].doc);
    const block = blockOf(desk.page);
    assert.equal(block.late, true);
    assert.equal(block.lines.at(-1), 'Go back to the customer soon');
});

test('back: for five seconds the block says what the customer heard', () => {
    const desk = onDesk(states.back.doc);
    assert.deepEqual(blockOf(desk.page).lines, ['Back after 2.1 s. The customer heard hold music.']);
    desk.feed({ kind: 'tick', now: NOW + 5000 });
    assert.deepEqual(blockOf(desk.page).lines, ['With Margaret Holloway']);
});

test('in a consultation the keys change their meaning in place', () => {
    const actions = actionsOf(onDesk(states.consult.doc).page);
    assert.deepEqual(['hold', 'transfer', 'add', 'hang-up'].map((id) => actions[id].label), ['Swap', 'Hand over', 'All together', 'End consult']);
});

test('while reconnecting no call key can be used, and the reason is given', () => {
    const actions = actionsOf(onDesk(states.reconnecting.doc).page);
    for (const id of ['mute', 'hold', 'keypad', 'transfer', 'add', 'hang-up', 'finish']) {
        assert.equal(actions[id].enabled, false, id);
        assert.equal(actions[id].why, 'Not now: your line is reconnecting.', id);
    }
});

test('before the bridge the keys sleep, and the customer is there to read', () => {
    const desk = onDesk(states.connecting.doc);
    const actions = actionsOf(desk.page);
    assert.equal(actions.hold.enabled, false);
    assert.equal(actions['branch-1'].enabled, true);
});

test('a third person who is rung is not in the call yet; in a consultation it is said who waits', () => {
    const ringing = structuredClone(states.three.doc);
    ringing.call.parties[0].state = 'ringing';
    const desk = onDesk(ringing);
    assert.equal(phaseOf(desk.page), 'on-call');
    assert.deepEqual(blockOf(desk.page).lines, ['Ringing at Claims desk']);
    const swapped = structuredClone(states.consult.doc);
    swapped.version++;
    swapped.call.consult.with = 'customer';
    desk.feed({ kind: 'desk', doc: swapped });
    assert.equal(blockOf(desk.page).lines[0], 'Claims desk waits. You speak with Margaret Holloway');
});
