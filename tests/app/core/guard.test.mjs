// The X meant for the last customer must not hang up on the next: the guard, by itself and in the page.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guardLets, guardNew, guardSaw, GUARD_MS } from '../../../app/core/guard.js';
import { onDesk, press } from './desk.mjs';
import { states } from '../documents.mjs';

/** Another customer, on the line since just now. */
function another(doc, version) {
    const next = structuredClone(doc);
    next.version = version;
    next.call.attempt = 200;
    next.person.lead = 77;
    next.person.name = 'Jonas Brandt';
    next.pop.lead = 77;
    return next;
}

test('a key acts when nothing has changed for 300 ms', () => {
    let guard = guardSaw(guardNew(), { 'hang-up': 'hang-up:1' }, 0);
    guard = guardSaw(guard, { 'hang-up': 'hang-up:2' }, 1000);
    assert.equal(guardLets(guard, 'hang-up', 'key', 1000 + GUARD_MS), true);
});

test('a key within 300 ms of a change acts only if it means the same as before', () => {
    let guard = guardSaw(guardNew(), { 'hang-up': 'hang-up:1', 'note': 'note:1' }, 0);
    guard = guardSaw(guard, { 'hang-up': 'hang-up:2', 'note': 'note:1' }, 1000);
    assert.equal(guardLets(guard, 'hang-up', 'key', 1299), false);
    assert.equal(guardLets(guard, 'note', 'key', 1001), true);
});

test('two changes within 300 ms: what the first customer was meant by is remembered', () => {
    let guard = guardSaw(guardNew(), { 'hang-up': 'hang-up:1' }, 0);
    guard = guardSaw(guard, { 'hang-up': '' }, 1000);
    guard = guardSaw(guard, { 'hang-up': 'hang-up:2' }, 1100);
    assert.equal(guardLets(guard, 'hang-up', 'click', 1200), false);
    assert.equal(guardLets(guard, 'hang-up', 'click', 1301), true);
});

test('a click on what could not be used before is meant as it is', () => {
    let guard = guardSaw(guardNew(), { 'hold': '' }, 0);
    guard = guardSaw(guard, { 'hold': 'hold:2' }, 1000);
    assert.equal(guardLets(guard, 'hold', 'click', 1010), true);
    assert.equal(guardLets(guard, 'hold', 'key', 1010), false);
});

test('X X begun at one customer does not hang up on the next', () => {
    const desk = onDesk(states['on-call'].doc, 1000);
    assert.deepEqual(press(desk, 'hang-up', 2000), []);
    desk.feed({ kind: 'desk', doc: another(states['on-call'].doc, 5000), at: 2100 });
    const effects = press(desk, 'hang-up', 2250);
    assert.equal(effects.some((effect) => effect.do === 'post'), false);
    assert.equal(desk.page.flash?.action, 'hang-up', 'the button flashes');
    assert.equal(press(desk, 'hang-up', 2500).some((effect) => effect.do === 'post'), false, 'a first X, not a second');
    assert.equal(press(desk, 'hang-up', 2600).some((effect) => effect.path === 'hangup'), true);
});

test('X X within 1.5 s hangs up, slower it does not', () => {
    const desk = onDesk(states['on-call'].doc, 1000);
    press(desk, 'hang-up', 2000);
    assert.deepEqual(press(desk, 'hang-up', 3600), [], 'too late to be the second: it is a first one');
    assert.deepEqual(press(desk, 'hang-up', 4000).map((effect) => effect.path), ['hangup']);
});

test('a disposition key goes on meaning the same when the customer hangs up', () => {
    const desk = onDesk(states['on-call'].doc, 1000);
    desk.feed({ kind: 'desk', doc: { ...structuredClone(states['hung-up'].doc), version: 5000 }, at: 2000 });
    assert.deepEqual(press(desk, 'disposition-1', 2050).map((effect) => effect.path), ['disposition']);
});
