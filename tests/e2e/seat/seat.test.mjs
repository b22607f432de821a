// The agent's seat, whole: server, engine, telephones and a browser; sound is measured at both ends. Then in the middle
// of a call the page is reloaded, its socket cut, the server killed, the engine killed.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { enginePid, killServer } from '../crash/kills.mjs';
import { sleep, until } from '../lib/wait.mjs';
import { DONE, Floor, numberOf } from '../modes/floor.mjs';
import { Seat } from './seat.mjs';

const CALLS = process.env.OUTDIAL_LONG === '1' ? 50 : 5;

let floor, seat;
before(async () => {
    floor = await Floor.open();
    seat = await Seat.open(floor, 'ann');
    await seat.join();
});
after(async () => {
    await seat?.close();
    await floor?.close();
});

let campaigns = 0;

/** The agent in conversation with somebody who stays on the line: { number, answered }. */
async function talking(index) {
    const number = numberOf('patient', index);
    const campaign = `talk-${++campaigns}`;
    await floor.campaign(campaign, { mode: 'progressive', wrap_up_s: 60 }, [number]);
    await floor.ask('PATCH', 'agents/ann', { campaigns: [campaign] });
    const begun = Date.now();
    await floor.command(campaign, 'start');
    const { reservation } = await floor.state('ann', 'on-call');
    return { number, begun, campaign, attempt: reservation.attempt };
}

async function finish({ number, attempt, campaign }) {
    await seat.desk('hangup');
    await floor.state('ann', 'wrap-up');
    await floor.dispose('ann', DONE, { attempt });
    await floor.state('ann', 'available');
    await floor.command(campaign, 'stop');
    return (await floor.ended(number))[0];
}

test(`${CALLS} calls in a row: hello is heard in the page, the agent at the customer's`, { timeout: 60000 * CALLS }, async () => {
    for (let n = 0; n < CALLS; n++) {
        const call = await talking(n);
        const heard = await seat.hears(call.begun, 'the customer to be heard in the page');
        await sleep(1200); // the microphone beeps once a second
        const ended = await finish(call);
        assert.ok(ended.hello_at, 'the customer said hello');
        console.log(`figure: hello sent -> heard in the page ${(heard - ended.hello_at / 1000).toFixed(0)} ms`);
        assert.ok(ended.speech_heard > 0, 'the customer heard the agent speak');
        assert.equal(ended.ended_by, 'caller');
    }
});

test('on hold nobody hears the other, and then again', { timeout: 60000 }, async () => {
    const call = await talking(60);
    await seat.hears(call.begun, 'the customer');
    await seat.desk('hold', { on: true });
    await sleep(600); // what was on its way is heard out
    const held = Date.now();
    await sleep(1500);
    assert.equal(await seat.run((since) => ear.loud.filter((at) => at > since).length, held), 0, 'silence on hold');
    await seat.desk('hold', { on: false });
    await seat.hears(Date.now(), 'the customer after the hold', 12000);
    await finish(call);
});

test('a cut signalling socket is not heard', { timeout: 60000 }, async () => {
    const call = await talking(61);
    await seat.hears(call.begun, 'the customer');
    const before = (await seat.run(() => figures())).heard;
    const read = (await seat.run(() => happened)).length;
    const begun = Date.now();
    await seat.run(() => device._stream.transport._socket.close());
    await until(async () => (await seat.run(() => happened)).indexOf('call.reconnected', read) >= 0, 8000,
        'the telephone to be back');
    console.log(`figure: signalling lost -> back ${Date.now() - begun} ms`);
    await until(async () => (await seat.run(() => figures())).heard > before + 40, 4000, 'sound to go on');
    assert.equal((await floor.state('ann', 'on-call')).line, 'connected');
    await finish(call);
});

test('the page is reloaded in mid-call: the agent is back with the same customer', { timeout: 60000 }, async () => {
    const call = await talking(62);
    await seat.hears(call.begun, 'the customer');
    const begun = Date.now();
    await seat.sit();
    await seat.desk('phone', { screen: 'seat' });
    const back = await seat.connectedSince(begun);
    console.log(`figure: reload -> agent's line back ${back - begun} ms`);
    await seat.hears(back, 'the same customer', 12000);
    assert.equal(floor.calls(call.number).length, 0, 'the customer was kept');
    await finish(call);
});

test('the browser dies in mid-call: another one finds the same customer', { timeout: 60000 }, async () => {
    const call = await talking(65);
    await seat.hears(call.begun, 'the customer');
    await seat.die();
    const gone = Date.now();
    await seat.browse();
    await seat.sit();
    await seat.desk('phone', { screen: 'seat' });
    const back = await seat.connectedSince(gone);
    console.log(`figure: browser killed -> agent's line back in another ${back - gone} ms`);
    await seat.hears(back, 'the same customer', 12000);
    assert.equal(floor.calls(call.number).length, 0, 'the customer was kept');
    await finish(call);
});

test('a consultation: a colleague is asked, then all talk together', { timeout: 60000 }, async () => {
    const call = await talking(66);
    await seat.hears(call.begun, 'the customer');
    await seat.desk('transfer', { to: { number: numberOf('patient', 67) }, ask_first: true });
    await until(() => floor.center.records.some((record) => record.event === 'answered' &&
        record.number === numberOf('patient', 67)), 10000, 'the colleague to answer');
    await seat.hears(Date.now(), 'the colleague', 12000);
    await until(() => seat.desk('consult', { action: 'all_together' }).catch(() => false), 5000, 'all to be together', 200);
    await until(() => floor.center.records.some((record) => record.event === 'heard' &&
        [[record.listener, record.number], [record.number, record.listener]].some(([one, other]) =>
            one === call.number && other === numberOf('patient', 67))), 15000, 'customer and colleague to hear each other');
    await finish(call);
});

test('preview: the agent looks first, and the call is made when wanted', { timeout: 60000 }, async () => {
    const number = numberOf('patient', 68);
    await floor.campaign('look-first', { mode: 'preview' }, [number]);
    await floor.ask('PATCH', 'agents/ann', { campaigns: ['look-first'] });
    await floor.command('look-first', 'start');
    await floor.state('ann', 'reserved');
    assert.ok(!floor.center.records.some((record) => record.number === number), 'nobody is called before');
    const begun = Date.now();
    await floor.act('ann', 'preview', { decision: 'accept' });
    const { reservation } = await floor.state('ann', 'on-call');
    await seat.hears(begun, 'the customer', 12000);
    await finish({ number, attempt: reservation.attempt, campaign: 'look-first' });
});

test('the server is killed in mid-call: sound goes on, signalling comes back', { timeout: 90000 }, async () => {
    const call = await talking(63);
    await seat.hears(call.begun, 'the customer');
    const read = (await seat.run(() => happened)).length;
    await killServer(floor.center);
    const gone = Date.now();
    const heard = (await seat.run(() => figures())).heard;
    const counted = Date.now();
    await floor.center.serve();
    console.log(`figure: server killed -> ready again ${Date.now() - gone} ms`);
    const packets = (await seat.run(() => figures())).heard - heard;
    const due = (Date.now() - counted) / 20;
    assert.ok(packets > 0.7 * due, `the sound did not wait for the server: ${packets} of ${due.toFixed(0)} packets`);
    await until(async () => (await seat.run(() => happened)).indexOf('call.reconnected', read) >= 0, 15000,
        'the telephone to be back');
    console.log(`figure: server killed -> telephone registered again ${Date.now() - gone} ms`);
    await seat.hears(Date.now(), 'the customer', 12000);
    await floor.state('ann', 'on-call');
    await finish(call);
});

test('the engine is killed in mid-call: the agent comes back into the room', { timeout: 90000 }, async () => {
    const call = await talking(64);
    await seat.hears(call.begun, 'the customer');
    const begun = Date.now();
    process.kill(enginePid(floor.center), 'SIGKILL');
    await until(() => seat.run(() => call.status() === 'closed'), 15000, 'the call to be lost');
    await until(() => seat.run(() => device.state === 'registered'), 15000, 'the telephone to be registered');
    await until(async () => {
        try { return await seat.desk('phone', { screen: 'seat' }); } catch { return false; }
    }, 10000, 'the line to be rung');
    const back = await seat.connectedSince(begun, 20000);
    console.log(`figure: engine killed -> agent's line back ${back - begun} ms`);
    await seat.inRoom(20000);
});

test('nothing was asked of another host', () => assert.deepEqual(seat.foreign, []));
