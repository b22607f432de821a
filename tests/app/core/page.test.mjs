// The mind of the page: what the server says is shown once, what the hands do is asked for once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choiceMade, noteNow } from '../../../app/core/choice.js';
import { phaseOf } from '../../../app/core/phase.js';
import { onDesk, press } from './desk.mjs';
import { states } from '../documents.mjs';

const later = (doc, version, change = () => {}) => { const next = structuredClone(doc); next.version = version; change(next); return next; };

test('a document that is not newer than the one shown is dropped', () => {
    const desk = onDesk(states['on-call'].doc);
    const shown = desk.page;
    desk.feed({ kind: 'desk', doc: later(states['wrap-up'].doc, 1812) });
    desk.feed({ kind: 'desk', doc: later(states['wrap-up'].doc, 1811) });
    assert.equal(desk.page, shown);
    desk.feed({ kind: 'desk', doc: later(states['wrap-up'].doc, 1813) });
    assert.equal(phaseOf(desk.page), 'wrap-up');
});

test('an answer that is no desk changes nothing', () => {
    const desk = onDesk(states['on-call'].doc);
    const shown = desk.page;
    for (const doc of [null, {}, { version: 9999 }, { version: 'x', agent: {} }]) desk.feed({ kind: 'desk', doc });
    assert.equal(desk.page, shown);
});

test('a disposition key saves the choice and ends no call', () => {
    const desk = onDesk(states['on-call'].doc);
    const effects = press(desk, 'disposition-1', 5000);
    assert.deepEqual(effects.map((effect) => [effect.path, effect.body.code, effect.body.finish]), [['disposition', 'renewed', false]]);
    assert.equal(choiceMade(desk.page), true);
});

test('finish without a disposition is refused with the sentence on the button', () => {
    const desk = onDesk(states['wrap-up'].doc);
    assert.deepEqual(press(desk, 'finish', 5000), []);
    assert.equal(desk.page.said.text, 'Choose a disposition to finish');
});

test('finish on a live call hangs up first, then saves', () => {
    const desk = onDesk(states['on-call'].doc);
    press(desk, 'disposition-1', 5000);
    assert.deepEqual(press(desk, 'finish', 5100).map((effect) => effect.path), ['hangup', 'disposition']);
});

test('do not call asks once, and the second press blocks', () => {
    const desk = onDesk(states['on-call'].doc);
    assert.deepEqual(press(desk, 'disposition-8', 5000), []);
    assert.equal(choiceMade(desk.page), false);
    assert.deepEqual(press(desk, 'disposition-8', 5400).map((effect) => effect.path), ['do-not-call', 'disposition']);
    assert.equal(choiceMade(desk.page), true);
    assert.deepEqual(press(desk, 'disposition-8', 5800).map((effect) => effect.path), ['disposition'], 'a third press blocks nobody anew');
});

test('a callback is saved when its time is chosen, not before', () => {
    const desk = onDesk(states['on-call'].doc);
    assert.deepEqual(press(desk, 'disposition-2', 5000).filter((effect) => effect.do === 'post'), []);
    assert.equal(desk.page.panel.kind, 'callback');
    const at = Date.parse('2026-11-24T17:00:00Z');
    const effects = desk.feed({ kind: 'callback', at_time: at }).filter((effect) => effect.do === 'post');
    assert.deepEqual(effects.map((effect) => [effect.body.callback_at, effect.body.callback_agent]), [['2026-11-24T17:00:00.000Z', 7]]);
    assert.equal(desk.page.panel, null);
});

test('a note is kept until exactly its words are acknowledged', () => {
    const desk = onDesk(states['on-call'].doc);
    assert.deepEqual(desk.feed({ kind: 'note', text: 'By card' }).map((effect) => effect.do), ['keep-note', 'save-note']);
    desk.feed({ kind: 'note', text: 'By card. ' });
    assert.deepEqual(desk.feed({ kind: 'note-saved', attempt: 99, text: 'By card' }), [], 'more was typed meanwhile');
    assert.deepEqual(desk.feed({ kind: 'note-saved', attempt: 99, text: 'By card. ' }).map((effect) => effect.do), ['forget-note']);
    assert.equal(noteNow(desk.page), 'By card. ');
});

test('a document that comes while a note is typed does not take the words away', () => {
    const desk = onDesk(states['on-call'].doc);
    desk.feed({ kind: 'note', text: 'half a wo' });
    desk.feed({ kind: 'desk', doc: later(states['hung-up'].doc, 1900) });
    assert.equal(noteNow(desk.page), 'half a wo');
});

test('a note that was kept from before a reload is sent again', () => {
    const desk = onDesk(states['on-call'].doc);
    const effects = desk.feed({ kind: 'note-kept', attempt: 99, text: 'typed before' });
    assert.deepEqual(effects.map((effect) => effect.do), ['save-note']);
    assert.equal(noteNow(desk.page), 'typed before');
});

test('the script begins at step 1 with each customer, and stays where it is within a call', () => {
    const desk = onDesk(states['on-call'].doc);
    press(desk, 'branch-1', 5000);
    assert.equal(desk.page.step, 1);
    desk.feed({ kind: 'desk', doc: later(states['hold'].doc, 1900) });
    assert.equal(desk.page.step, 1);
    desk.feed({ kind: 'desk', doc: later(states['on-call'].doc, 1901, (doc) => { doc.call.attempt = 200; doc.person.lead = 77; doc.pop.lead = 77; }) });
    assert.equal(desk.page.step, 0);
});

test('the pop of a predictive call does not move the script when the bridge stands', () => {
    const desk = onDesk(states['preview'].doc);
    press(desk, 'branch-1', 5000);
    desk.feed({ kind: 'desk', doc: later(states['dialling'].doc, 1900) });
    assert.equal(desk.page.step, 1, 'the same person, first previewed, then dialled');
});

test('a key while reconnecting is refused aloud and not kept', () => {
    const desk = onDesk(states.reconnecting.doc);
    assert.deepEqual(press(desk, 'hold', 5000), []);
    assert.equal(desk.page.said.text, 'Not now: your line is reconnecting.');
    assert.deepEqual(desk.feed({ kind: 'desk', doc: later(states['on-call'].doc, 1900) }).filter((effect) => effect.do === 'post'), []);
});

test('the telephone that registers while the room does not hear it says that it is there', () => {
    const desk = onDesk(later(states['on-call'].doc, 10, (doc) => { doc.agent.line = 'rejoining'; }));
    desk.feed({ kind: 'phone', facts: { state: 'registering', registered: false } });
    const effects = desk.feed({ kind: 'phone', facts: { state: 'registered', registered: true } });
    assert.deepEqual(effects.map((effect) => [effect.path, effect.body]), [['phone', { screen: 'here' }]]);
    assert.deepEqual(desk.feed({ kind: 'phone', facts: { problem: '' } }), [], 'once');
});

test('a registered telephone whose room is lost is asked for when the server knows it, not before', () => {
    const desk = onDesk(states['on-call'].doc);
    assert.deepEqual(desk.feed({ kind: 'phone', facts: { state: 'lost' } }).filter((effect) => effect.do === 'post'), []);
    assert.equal(phaseOf(desk.page), 'reconnecting');
    const effects = desk.feed({ kind: 'desk', doc: later(states.reconnecting.doc, 1900) });
    assert.deepEqual(effects.filter((effect) => effect.do === 'post').map((effect) => effect.path), ['phone']);
});

test('a desk that another screen took stops this telephone', () => {
    const desk = onDesk(states.available.doc);
    const effects = desk.feed({ kind: 'desk', doc: later(states['taken-over'].doc, 1900) });
    assert.deepEqual(effects.filter((effect) => effect.do === 'phone').map((effect) => effect.verb), ['stop']);
});

test('trouble with the line sounds once, and names the customer first', () => {
    const desk = onDesk(states['on-call'].doc);
    const effects = desk.feed({ kind: 'desk', doc: later(states.reconnecting.doc, 1900) });
    assert.deepEqual(effects.filter((effect) => effect.do === 'cue').map((effect) => effect.name), ['trouble']);
    assert.match(desk.page.said.text, /customer is kept in the room/);
    assert.deepEqual(desk.feed({ kind: 'tick', now: desk.page.now + 1000 }), []);
});

test('a refused act gives its reason and clears what was pending', () => {
    const desk = onDesk(states['on-call'].doc);
    desk.feed({ kind: 'sent', action: 'hold', at: 5000 });
    desk.feed({ kind: 'refused', action: 'hold', why: 'The call has ended.' });
    assert.deepEqual(desk.page.pending, {});
    assert.equal(desk.page.trouble.text, 'The call has ended.');
});

test('a callback that comes due sounds once', () => {
    const desk = onDesk(states.available.doc);
    const at = Date.parse(states.available.doc.callbacks[0].at);
    assert.deepEqual(desk.feed({ kind: 'tick', now: at - 1 }), []);
    assert.deepEqual(desk.feed({ kind: 'tick', now: at + 900 }).map((effect) => effect.name), ['offer']);
    assert.deepEqual(desk.feed({ kind: 'tick', now: at + 1900 }), []);
});
