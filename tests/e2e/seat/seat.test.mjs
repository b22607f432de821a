// The agent's seat, whole: server, engine, telephones and the desk in a browser, worked by its controls and keys; sound is
// measured at both ends. Then in the middle of a call the page is reloaded, its socket cut, the browser killed, the server
// killed, the engine killed.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { enginePid, killServer } from '../crash/kills.mjs';
import { sleep, until } from '../lib/wait.mjs';
import { Floor, numberOf, time } from '../modes/floor.mjs';
import { Seat } from './seat.mjs';

const CALLS = process.env.OUTDIAL_LONG === '1' ? 50 : 5;

let floor, seat;
before(async () => {
    floor = await Floor.open();
    await floor.campaign('talk', { mode: 'progressive', wrap_up_s: 60 });
    await floor.campaign('look-first', { mode: 'preview', wrap_up_s: 60 });
    seat = await Seat.open(floor, 'ann', { campaigns: ['talk', 'look-first'] });
    await seat.join();
    await floor.command('talk', 'start');
});
after(async () => {
    await seat?.close();
    await floor?.close();
});

/** A list of one person, by name. */
async function bring(campaign, name, number) {
    await floor.post(`campaigns/${campaign}/imports?filename=list.csv`, `First name,Last name,Phone\r\n${name},Case,${number}\r\n`);
}

/** The agent in conversation with somebody who stays on the line. */
async function talking(index) {
    const number = numberOf('patient', index), name = `Patient ${index}`;
    const begun = Date.now();
    await bring('talk', name, number);
    await seat.phase('on-call', 20000);
    const { call } = await seat.document();
    return { number, name: `${name} Case`, begun, attempt: call.attempt };
}

/** Hung up by the key, twice. */
async function hangUp() {
    await until(async () => {
        if (await seat.is('wrap-up') || await seat.is('hung-up')) return true;
        await seat.page.keyboard.press('x');
        return false;
    }, 8000, 'the call to be hung up', 150);
}

/** A result by its key where none is chosen, and ready for the next. */
async function wrapUp() {
    if (!await seat.run(() => document.querySelector('.disposition.lit')))
        await seat.press('1', () => seat.run(() => document.querySelector('.disposition.lit') !== null), 'a disposition to be chosen');
    await seat.press('Control+Enter', async () => !(await seat.is('wrap-up')) && !(await seat.is('hung-up')), 'the wrap-up to be finished');
}

async function finish({ number }) {
    await hangUp();
    await wrapUp();
    await seat.phase('available');
    return (await floor.ended(number))[0];
}

test(`${CALLS} calls in a row: the person is shown before the bridge, hello is heard in the page, the agent at the customer's`,
    { timeout: 60000 * CALLS }, async () => {
        for (let n = 0; n < CALLS; n++) {
            const call = await talking(n);
            const shown = await seat.shown(call.name, call.begun);
            const heard = await seat.hears(call.begun, 'the customer to be heard in the page');
            const { call: { bridged_at: bridged, hello_ms: hello } } = await seat.document();
            assert.ok(shown < time(bridged), `the page showed ${call.name} at ${shown}, bridged at ${bridged}`);
            assert.ok(hello >= 0, 'the hello latency is told');
            await sleep(1200); // the microphone beeps once a second
            const ended = await finish(call);
            assert.ok(ended.hello_at, 'the customer said hello');
            console.log(`figure: shown before the bridge ${(time(bridged) - shown).toFixed(0)} ms, hello sent -> heard in the page ${(heard - ended.hello_at / 1000).toFixed(0)} ms`);
            assert.ok(ended.speech_heard > 0, 'the customer heard the agent speak');
            assert.equal(ended.ended_by, 'caller');
            assert.equal((await floor.get(`attempts/${call.attempt}`)).disposition, 1, 'the result was kept');
        }
    });

test('on hold nobody hears the other, and then again', { timeout: 60000 }, async () => {
    const call = await talking(60);
    await seat.hears(call.begun, 'the customer');
    await seat.press('h', () => seat.is('hold'));
    await sleep(600); // what was on its way is heard out
    const held = Date.now();
    await sleep(1500);
    assert.equal(await seat.heardSince(held), 0, 'silence on hold');
    await seat.press('h', () => seat.is('on-call'));
    await seat.hears(Date.now(), 'the customer after the hold', 12000);
    await finish(call);
});

test('a consultation: somebody is asked first, then all talk together', { timeout: 60000 }, async () => {
    const asked = numberOf('patient', 67);
    const call = await talking(66);
    await seat.hears(call.begun, 'the customer');
    await seat.press('t', () => seat.run(() => document.querySelector('.app').dataset.panel === 'transfer'));
    await seat.page.fill('#panel-transfer input', asked);
    await seat.page.click('#panel-transfer li .pair button:last-child');
    await seat.phase('consult');
    await until(() => floor.center.records.some((record) => record.event === 'answered' && record.number === asked), 10000, 'the other to answer');
    await seat.hears(Date.now(), 'the other', 12000);
    await until(async () => (await seat.document()).call.parties[0]?.state === 'joined', 8000, 'the page to show that the other is there');
    await seat.press('a', () => seat.is('three'), 'all to be together');
    await until(() => floor.center.records.some((record) => record.event === 'heard' &&
        [[record.listener, record.number], [record.number, record.listener]].some(([one, other]) => one === call.number && other === asked)),
    15000, 'customer and the other to hear each other');
    await finish(call);
});

test('handed to another agent: the colleague talks on, and this one wraps up', { timeout: 60000 }, async () => {
    await floor.agent('ben', 'talk', { login: { activity: 'break' } });
    const call = await talking(68);
    await seat.hears(call.begun, 'the customer');
    await floor.act('ben', 'activity', { activity: 'available' });
    await seat.press('t', () => seat.run(() => document.querySelector('.app').dataset.panel === 'transfer'));
    await seat.page.fill('#panel-transfer input', 'ben');
    await seat.page.click('#panel-transfer li .pair button:first-child');
    await seat.phase(['wrap-up', 'hung-up']);
    await floor.state('ben', 'on-call');
    assert.equal(floor.calls(call.number).length, 0, 'the customer was kept');
    await floor.heard('robot-ben', call.number);
    await floor.act('ben', 'hangup', {});
    await floor.state('ben', 'wrap-up');
    const { reservation } = await floor.get('agents/ben');
    await floor.dispose('ben', 1, { attempt: reservation.attempt });
    await floor.act('ben', 'logout', {});
    await wrapUp();
    await seat.phase('available');
});

test('preview: the agent looks first, and the call is made when wanted', { timeout: 60000 }, async () => {
    const number = numberOf('patient', 69), skipped = numberOf('patient', 70);
    await floor.command('talk', 'pause');
    await bring('look-first', 'Skipped', skipped);
    await floor.command('look-first', 'start');
    await seat.phase('preview');
    await seat.press('k', () => seat.run(() => document.querySelector('.app').dataset.panel === 'skip'), 'the reasons to be asked');
    await seat.page.click('#panel-skip li:first-child button');
    await seat.phase('available');
    await bring('look-first', 'Looked', number);
    await seat.phase('preview');
    await seat.shown('Looked Case', 0);
    assert.ok(!floor.center.records.some((record) => [number, skipped].includes(record.number)), 'nobody is called before');
    const begun = Date.now();
    await seat.press('Enter', async () => !(await seat.is('preview')), 'the call to be made');
    await seat.phase('on-call');
    await seat.hears(begun, 'the customer', 12000);
    await finish({ number });
    await floor.command('look-first', 'stop');
    await floor.command('talk', 'start');
});

test('a note typed is kept by the server, and a callback is promised by the picker', { timeout: 60000 }, async () => {
    const call = await talking(71);
    await seat.press('n', () => seat.run(() => document.activeElement?.id === 'note'));
    await seat.page.keyboard.type('Asks for a letter first.');
    await until(async () => (await seat.document()).call.note === 'Asks for a letter first.', 8000, 'the note to be kept');
    await seat.page.keyboard.press('Escape');
    await seat.press('3', () => seat.run(() => document.querySelector('.app').dataset.panel === 'callback'), 'the picker to open');
    await seat.page.click('.days .day:nth-child(3)');
    await seat.page.click('.times button.time');
    await until(async () => (await seat.document()).call.callback_at, 8000, 'the time to be kept');
    await hangUp();
    await wrapUp();
    await seat.phase('available');
    assert.equal((await floor.get(`attempts/${call.attempt}`)).note, 'Asks for a letter first.');
    const { items } = await floor.ask('GET', 'desk/callbacks', undefined, seat.bearer);
    const promise = items.find(({ name }) => name === call.name);
    assert.ok(promise.mine && Date.parse(promise.at) > Date.now() + 86400000, `in two days: ${JSON.stringify(promise)}`);
});

test('a cut signalling socket is not heard', { timeout: 60000 }, async () => {
    const call = await talking(61);
    await seat.hears(call.begun, 'the customer');
    const before = await seat.packets();
    const begun = Date.now();
    await seat.cutSignalling();
    const back = await seat.signalledSince(begun);
    console.log(`figure: signalling lost -> back ${back - begun} ms`);
    await until(async () => await seat.packets() > before + 40, 4000, 'sound to go on');
    assert.ok(await seat.is('on-call'), 'the page shows the call all the while');
    await finish(call);
});

test('the page is reloaded in mid-call: the agent is back with the same customer and the same note', { timeout: 60000 }, async () => {
    const call = await talking(62);
    await seat.hears(call.begun, 'the customer');
    await seat.press('n', () => seat.run(() => document.activeElement?.id === 'note'));
    await seat.page.keyboard.type('Half a sente');
    const begun = Date.now();
    await seat.page.reload();
    const back = await seat.connectedSince(begun);
    console.log(`figure: reload -> agent's line back ${back - begun} ms`);
    await seat.phase('on-call');
    await seat.hears(back, 'the same customer', 12000);
    assert.equal(floor.calls(call.number).length, 0, 'the customer was kept');
    await until(() => seat.run(() => document.getElementById('note')?.value === 'Half a sente'), 5000, 'the note to be there again');
    await seat.shown(call.name, begun);
    await finish(call);
});

test('the browser dies in mid-call: another machine finds the same customer', { timeout: 60000 }, async () => {
    const call = await talking(65);
    await seat.hears(call.begun, 'the customer');
    await seat.die();
    const gone = Date.now();
    await seat.browse();
    await seat.signIn();
    await seat.phase(['taken-over', 'reconnecting', 'on-call']);
    if (await seat.is('taken-over')) await seat.page.click('#act-join');
    const back = await seat.connectedSince(gone);
    console.log(`figure: browser killed -> signed in and back in another ${back - gone} ms`);
    await seat.phase('on-call');
    await seat.hears(back, 'the same customer', 12000);
    assert.equal(floor.calls(call.number).length, 0, 'the customer was kept');
    await finish(call);
});

test('a second tab takes the desk over in mid-call, and the first says so', { timeout: 60000 }, async () => {
    const call = await talking(72);
    await seat.hears(call.begun, 'the customer');
    const first = seat.page, begun = Date.now();
    seat.page = await seat.tab();
    await seat.page.goto(`${seat.origin}/desk`);
    await seat.phase('taken-over');
    await seat.page.click('#act-join');
    await seat.phase('on-call');
    const back = await seat.connectedSince(begun);
    await first.waitForSelector('.app[data-phase="taken-over"]', { timeout: 10000 });
    await seat.hears(back, 'the same customer in the second tab', 12000);
    assert.equal(floor.calls(call.number).length, 0, 'the customer was kept');
    await finish(call);
    await first.close();
});

test('the server is killed in mid-call: sound goes on, the page comes back by itself', { timeout: 90000 }, async () => {
    const call = await talking(63);
    await seat.hears(call.begun, 'the customer');
    await killServer(floor.center);
    const gone = Date.now();
    const heard = await seat.packets();
    const counted = Date.now();
    await floor.center.serve();
    console.log(`figure: server killed -> ready again ${Date.now() - gone} ms`);
    const packets = await seat.packets() - heard;
    const due = (Date.now() - counted) / 20;
    assert.ok(packets > 0.7 * due, `the sound did not wait for the server: ${packets} of ${due.toFixed(0)} packets`);
    const back = await seat.signalledSince(gone);
    console.log(`figure: server killed -> telephone registered again ${back - gone} ms`);
    await until(async () => (await seat.state()).push.state === 'live', 15000, 'the push socket to be back');
    await seat.hears(Date.now(), 'the customer', 12000);
    await seat.phase('on-call');
    await finish(call);
});

test('the engine is killed in mid-call: the customer is shown as lost, the agent comes back into the room', { timeout: 90000 }, async () => {
    const call = await talking(64);
    await seat.hears(call.begun, 'the customer');
    await floor.command('talk', 'pause'); // who was cut off is due at once
    const begun = Date.now();
    process.kill(enginePid(floor.center), 'SIGKILL');
    await seat.phase(['lost', 'reconnecting']);
    const back = await seat.connectedSince(begun, 20000);
    console.log(`figure: engine killed -> agent's line back ${back - begun} ms`);
    await seat.inRoom(20000);
    await seat.phase('lost');
    await floor.command('talk', 'start');
    await seat.page.click('#act-call-back');
    await seat.phase('on-call', 20000);
    await seat.hears(Date.now(), 'the customer who was called back', 12000);
    assert.equal((await seat.document()).person.name, call.name);
    await finish(call);
});

test('keys only, from the sign-in to the end of the shift', { timeout: 60000 }, async () => {
    await seat.press('b', () => seat.run(() => document.querySelector('.app').dataset.panel === 'next'));
    await seat.page.keyboard.press('Tab');
    await seat.page.click('#panel-next li:last-child button');
    await seat.phase('offline');
    await floor.state('ann', 'offline');
});

test('nothing was asked of another host, and the page had no fault', () => {
    assert.deepEqual(seat.foreign, []);
    assert.deepEqual(seat.faults, []);
});
