// The small parts: times, the clock's offset, the script, the callback's times, keys, texts, sounds.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as time from '../../../app/core/time.js';
import { clockAsked, clockNew, clockTold } from '../../../app/core/clock.js';
import { scriptParagraphs, scriptStep } from '../../../app/core/script.js';
import { slotDays, slotTimes } from '../../../app/core/slots.js';
import { actionOf, BINDINGS, hint } from '../../../app/keys.js';
import { text, textKnown, texts } from '../../../app/texts.js';
import { sounds } from '../../../app/sounds/make.mjs';

test('timers, latencies and lengths have the one form the interface gives them', () => {
    assert.deepEqual([7000, 167000, 3767000, -5].map(time.timer), ['0:07', '2:47', '1:02:47', '0:00']);
    assert.deepEqual([0.4, 3.9, 1234].map(time.latency), ['0.4 ms', '4 ms', '1.2 s']);
    assert.deepEqual([2100, 48 * 60000, 192 * 60000, 3600000].map(time.length), ['2.1 s', '48 min', '3 h 12', '1 h']);
    assert.equal(time.remaining(32001), '0:33');
    assert.equal(time.remaining(-1), '0:00');
});

test("the customer's clock has the weekday when it is another day there", () => {
    const at = Date.parse('2026-11-22T02:00:00Z');
    assert.equal(time.clockThere(at, 'en', 'UTC'), '02:00');
    const there = time.clockThere(at, 'en', 'Pacific/Honolulu');
    assert.equal(there, time.dayNumber(at, 'Pacific/Honolulu') === time.dayNumber(at) ? '16:00' : 'Sat 16:00');
});

test('dates: day and month, a year ago month and year', () => {
    const now = Date.parse('2026-11-22T14:00:00Z');
    assert.equal(time.date(Date.parse('2026-11-14T12:00:00Z'), now, 'en'), '14 Nov');
    assert.equal(time.date(Date.parse('2025-11-12T12:00:00Z'), now, 'en'), 'Nov 2025');
});

test('the offset: the surest question wins, a push only moves it forward, a leap is followed', () => {
    let clock = clockAsked(clockNew(), 1000, 1020, 501010);
    assert.equal(clock.offset, 500000);
    clock = clockAsked(clock, 2000, 2200, 502180); // 80 ms out, but 100 ms in doubt
    assert.equal(clock.offset, 500000);
    assert.equal(clockTold(clock, 3000, 502900).offset, 500000, 'a late push says nothing');
    assert.equal(clockTold(clock, 3000, 503040).offset, 500040);
    assert.equal(clockAsked(clock, 4000, 4100, 564050).offset, 560000, 'the server was set a minute on');
});

test('merge fields: filled, unknown ones said, asides apart', () => {
    const [one, two] = scriptParagraphs('Ends on {Renewal due}, {{Saving}} less.\n(Pause.)', { 'renewal due': '2 December' });
    assert.deepEqual(one.pieces, [{ kind: 'text', text: 'Ends on ' }, { kind: 'field', text: '2 December' }, { kind: 'text', text: ', ' },
        { kind: 'missing', name: 'Saving' }, { kind: 'text', text: ' less.' }]);
    assert.deepEqual(two, { aside: true, pieces: [{ kind: 'text', text: 'Pause.' }] });
});

test('a branch leads to a step by its title or number, else nowhere', () => {
    const steps = [{ title: 'Opening' }, { title: 'Close' }];
    assert.deepEqual(['Close', 1, '2', 'Thinking', undefined, 3].map((to) => scriptStep(steps, to)), [1, 0, 1, -1, -1, -1]);
});

test('callback times: seven days, both clocks, night struck out with its reason', () => {
    const now = Date.parse('2026-11-22T14:42:00Z');
    const days = slotDays(now, 'America/Denver');
    assert.equal(days.length, 7);
    const times = slotTimes({ day: days[1].day, near: days[1].at, now, zone: 'America/Denver', language: 'en', opens: 540, closes: 1200 });
    const ten = times.find((slot) => slot.theirs === '10:00');
    assert.equal(new Date(ten.at).toISOString(), '2026-11-23T17:00:00.000Z');
    assert.equal(ten.refused, null);
    assert.equal(times.find((slot) => slot.theirs === '08:45').refused, 'night');
    assert.equal(times.find((slot) => slot.theirs === '20:00').refused, 'night');
    assert.equal(times.filter((slot) => slot.refused === null).length, 44);
});

test('the day on which the clocks change has its hours once', () => {
    const now = Date.parse('2026-10-31T18:00:00Z');
    const days = slotDays(now, 'America/Denver');
    assert.equal(new Set(days.map((one) => one.day)).size, 7);
    const times = slotTimes({ day: 20261101, near: days[1].at, now, zone: 'America/Denver', language: 'en', opens: 540, closes: 1200 });
    assert.equal(new Set(times.map((slot) => slot.theirs)).size, times.length);
});

const stroke = (key, code, more = {}) => ({ key, code, ctrlKey: false, altKey: false, metaKey: false, shiftKey: false, ...more });
const where = (more = {}) => ({ typing: false, keys: {}, settings: { letters: true }, waiting: '', enabled: () => true, ...more });

test('keys: printed letter, place of digits, number pad', () => {
    assert.equal(actionOf(stroke('m', 'KeyM'), where()), 'mute');
    assert.equal(actionOf(stroke('m', 'Semicolon'), where()), 'mute', 'where the keyboard prints M');
    assert.equal(actionOf(stroke('ь', 'KeyM'), where()), 'mute', 'by place where letters are not Latin');
    assert.equal(actionOf(stroke('&', 'Digit1'), where()), 'disposition-1', 'a French digit row');
    assert.equal(actionOf(stroke('1', 'Numpad1'), where()), 'disposition-1');
    assert.equal(actionOf(stroke('a', 'KeyQ'), where()), 'add', 'a French A is where Q is elsewhere: what is printed counts');
    assert.equal(actionOf(stroke('q', 'KeyA'), where()), 'branch-1');
});

test('keys: none acts in a text field without Alt, except those that always do', () => {
    assert.equal(actionOf(stroke('m', 'KeyM'), where({ typing: true })), null);
    assert.equal(actionOf(stroke('µ', 'KeyM', { altKey: true }), where({ typing: true })), 'mute');
    assert.equal(actionOf(stroke('Enter', 'Enter', { ctrlKey: true }), where({ typing: true })), 'finish');
    assert.equal(actionOf(stroke('Escape', 'Escape'), where({ typing: true })), 'close');
    assert.equal(hint('mute', { keys: {}, settings: { letters: true }, typing: true }), 'Alt M');
});

test('keys: a held key acts once; single letters can be changed and switched off', () => {
    assert.equal(actionOf(stroke('x', 'KeyX', { repeat: true }), where()), null);
    assert.equal(actionOf(stroke('y', 'KeyY'), where({ keys: { mute: 'y' } })), 'mute');
    assert.equal(actionOf(stroke('m', 'KeyM'), where({ keys: { mute: 'y' } })), null);
    assert.equal(actionOf(stroke('m', 'KeyM'), where({ keys: { mute: null } })), null);
    assert.equal(actionOf(stroke('m', 'KeyM'), where({ settings: { letters: false } })), null);
    assert.equal(actionOf(stroke('Enter', 'Enter', { ctrlKey: true }), where({ settings: { letters: false } })), 'finish');
});

test('keys: no two of them act on the same stroke', () => {
    for (const one of BINDINGS) {
        const twins = BINDINGS.filter((other) => other !== one && other.key === one.key && Boolean(other.ctrl) === Boolean(one.ctrl) && (other.pair ?? '') === (one.pair ?? ''));
        assert.deepEqual(twins.map((twin) => twin.action), [], one.action);
    }
});

test('texts: plural forms, places, and an unknown name is a fault', () => {
    assert.equal(text('history.attempts', { n: 1 }), '1 attempt');
    assert.equal(text('history.attempts', { n: 4 }), '4 attempts');
    assert.throws(() => text('no.such'));
    assert.equal(textKnown('no.such'), false);
});

test('every text that the code names is in the table, and none of them shouts', () => {
    const folder = new URL('../../../app/', import.meta.url);
    const files = ['core', 'views', 'io'].flatMap((room) => readdirSync(new URL(`${room}/`, folder)).map((name) => `${room}/${name}`)).concat('main.js', 'login_page.js');
    for (const file of files.filter((name) => name.endsWith('.js'))) {
        const source = readFileSync(new URL(file, folder), 'utf8');
        for (const [, id] of source.matchAll(/\btext\('([\w.-]+)'/g)) assert.ok(textKnown(id), `${file} wants '${id}'`);
    }
    for (const [id, words] of Object.entries(texts)) assert.ok(!/!|\bplease\b|\boops\b|successfully|invalid/i.test(JSON.stringify(words)), id);
});

test('the sound files are those their script makes', () => {
    for (const [name, bytes] of sounds()) assert.deepEqual(readFileSync(new URL(`../../../app/sounds/${name}`, import.meta.url)), bytes, name);
});

test('the document names every module that it preloads, and each exists', () => {
    const folder = new URL('../../../app/', import.meta.url);
    const html = readFileSync(new URL('index.html', folder), 'utf8');
    const named = [...html.matchAll(/modulepreload" href="\/assets\/app\/([^"]+)"/g)].map((found) => found[1]);
    // What is not part of the first drawing of the desk.
    const lazy = ['io/websocket-shim.js', 'views/login.js', 'start.js', 'login_page.js', 'views/late_views.js', 'views/call_panels.js', 'views/callback.js', 'views/command.js',
        'views/keymap.js', 'views/lists.js', 'core/slots.js', 'io/phone.js', 'io/push.js', 'io/cues.js', 'io/level.js', 'io/script_tag.js'];
    const there = ['', 'core/', 'views/', 'io/'].flatMap((room) => readdirSync(new URL(room || '.', folder)).filter((name) => name.endsWith('.js')).map((name) => room + name));
    assert.deepEqual(named.sort(), there.filter((name) => !lazy.includes(name)).sort());
    assert.ok(named.length <= 40, `${named.length} modules`);
    assert.doesNotMatch(html, /\sstyle=|\son\w+=/, 'the policy refuses inline styles and handlers');
});

test('the arrows of the pages: the mind is pure, views draw only, the world is met in io and main alone', () => {
    const folder = new URL('../../../app/', import.meta.url);
    const rooms = { core: ['core', 'texts'], views: ['core', 'views', 'texts', 'keys', 'preact', 'htm'], io: ['io', 'texts'] };
    const world = /(?<!['"`.\w])(?:fetch|document|window|localStorage|sessionStorage|setTimeout|setInterval|performance|navigator|location|history)\b\s*[.(]|\bDate\.now\b|\bMath\.random\b/;
    for (const [room, may] of Object.entries(rooms)) {
        for (const name of readdirSync(new URL(`${room}/`, folder)).filter((one) => one.endsWith('.js'))) {
            const source = readFileSync(new URL(`${room}/${name}`, folder), 'utf8');
            for (const [, from] of source.matchAll(/^(?:import|export)[^;]*? from '([^']+)'/gm)) {
                const to = from.startsWith('./') ? room : from.replace(/^\.\.\//, '').split('/')[0].replace(/\.js$/, '');
                assert.ok(may.includes(to), `${room}/${name} uses '${from}'`);
            }
            if (room !== 'io') assert.doesNotMatch(source.replace(/\/\*[^]*?\*\/|\/\/.*/g, ''), world, `${room}/${name}`);
        }
    }
});
