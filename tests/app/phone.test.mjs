// The page's telephone against a real engine, with the official SDK as the page loads it; only the dialer is a mock.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Bench, loudness, until } from '../contract/voice-sdk/bench.mjs';
import { mockServer } from './mock-server.mjs';
import { faultsOf } from './browser.mjs';
import { states } from './documents.mjs';

let bench, server, page, faults, phone, far, ring, tokens;
const asked = (path) => server.asked.filter((one) => one.path === path).length;
const state = () => page.evaluate(async () => (await import('/assets/app/main.js')).state().phone);
const ROOM = '<Dial><Conference beep="false" waitUrl="" endConferenceOnExit="false">desk</Conference></Dial>';

/** The mock's desk, told to the page as this screen's. @param {string} name @param {(doc: any) => void} [change] */
async function tell(name, change = () => {}) {
    const doc = structuredClone(states[name].doc);
    doc.agent.screen = await page.evaluate(async () => (await import('/assets/app/main.js')).state().screen);
    change(doc);
    server.push(doc);
}

before(async () => {
    [bench, server] = await Promise.all([Bench.start(), mockServer({ state: 'offline' })]);
    tokens = 0; // the first runs out soon: it is renewed a minute before
    server.voice = () => ({ token: bench.token('agent7', { ttl: tokens++ ? 600 : 68 }), identity: 'agent7', ttl_s: 600, chunderw: bench.host, ice_servers: [], codecs: ['pcmu', 'opus'] });
    const context = await bench.browser.newContext({ viewport: { width: 1440, height: 900 } });
    page = await context.newPage();
    faults = faultsOf(page);
    await page.goto(`http://127.0.0.1:${server.port}/desk`);
    await page.waitForSelector('[data-phase="offline"]');
    phone = await bench.telephone();
    ring = () => bench.ring('agent7', ROOM);
});
after(async () => {
    phone?.stop && await phone.stop();
    await server?.close();
    await bench?.stop();
});

test('Join registers the telephone, says so, and the room\'s call is answered by itself', { timeout: 60000 }, async () => {
    server.desk.agent.activity = 'offline';
    await page.click('#act-join');
    await until(() => asked('/desk/join') === 1, 10000, 'the join');
    await tell('joining');
    await until(() => asked('/desk/phone') >= 1, 15000, 'the telephone to say that it is there');
    const call = await ring();
    await bench.status(call.sid, 'in-progress');
    await until(async () => (await state()).state === 'connected', 10000, 'the page to be in its room');
    await tell('on-call');
    await page.waitForSelector('[data-phase="on-call"]');
    far = await bench.rest.createCall({ To: phone.uri, From: '+15005550006', Url: bench.hooks.twiml('/room', ROOM) });
    await bench.status(far.sid, 'in-progress');
    await until(() => loudness(phone.rtp) > 1000, 8000, 'the agent to be heard');
});

test('M mutes by the SDK and lights; M again and the agent is heard', { timeout: 30000 }, async () => {
    await page.waitForTimeout(320); // the guard's time
    await page.keyboard.press('m');
    await page.waitForSelector('#act-mute.lit');
    await until(() => phone.rtp.voice().length > 50 && loudness(phone.rtp, 300) < 50, 8000, 'silence');
    await page.keyboard.press('m');
    await page.waitForSelector('#act-mute:not(.lit)');
    await until(() => loudness(phone.rtp, 1000) > 1000, 8000, 'the agent again');
});

test('the line\'s health stands in figures of the call', { timeout: 30000 }, async () => {
    await until(async () => (await state()).loss !== null, 10000, 'a sample');
    await page.waitForSelector('.grade-good');
    await until(() => page.evaluate(() => Number(document.querySelector('[data-meter]')?.getAttribute('data-level')) > 0), 10000, 'the level of the microphone');
});

test('the token is renewed before it runs out', { timeout: 30000 }, async () => {
    await until(() => tokens >= 2, 20000, 'another token to be asked for');
    assert.equal((await state()).registered, true);
});

test('a headset that is pulled out: the call goes on with another device, which is named and can be changed', { timeout: 30000 }, async () => {
    const { device_id } = await state();
    await page.evaluate((gone) => {
        const devices = navigator.mediaDevices;
        const all = devices.enumerateDevices.bind(devices);
        devices.enumerateDevices = async () => (await all()).filter((one) => one.deviceId !== gone);
        devices.dispatchEvent(new Event('devicechange'));
    }, device_id);
    await page.waitForSelector('[data-phase="headset-gone"]');
    const now = await state();
    assert.notEqual(now.device_id, device_id);
    assert.ok((await page.textContent('.state')).includes(now.device));
    await until(() => loudness(phone.rtp, 500) > 1000, 8000, 'the agent to be heard by the other device');
    await page.locator('.call .stack button').last().click();
    await page.waitForSelector('[data-phase="on-call"]');
    await until(() => loudness(phone.rtp, 500) > 1000, 8000, 'the agent to be heard by the chosen device');
});

test('signalling that is away for a moment takes nothing from the call', { timeout: 30000 }, async () => {
    bench.cut();
    await until(async () => (await state()).registered, 15000, 'the telephone to be registered');
    assert.equal((await state()).state, 'connected');
    assert.equal(await page.getAttribute('.app', 'data-phase'), 'on-call');
});

test('a line that is hung up is reconnecting until the room has rung again', { timeout: 60000 }, async () => {
    const before = asked('/desk/phone');
    const calls = (await bench.rest.request('GET', '/Calls.json?To=client:agent7&Status=in-progress')).body.calls;
    await bench.rest.updateCall(calls[0].sid, { Status: 'completed' });
    await page.waitForSelector('[data-phase="reconnecting"]');
    assert.match(await page.textContent('.state'), /Customer is kept in the room, with hold music/);
    await tell('reconnecting');
    await until(() => asked('/desk/phone') === before + 1, 10000, 'the telephone to say that it is there');
    await ring();
    await until(async () => (await state()).state === 'connected', 10000, 'the page to be back');
    await tell('back');
    await page.waitForSelector('.state >> text=Back after 2.1 s. The customer heard hold music.');
    await until(() => loudness(phone.rtp, 300) > 1000, 8000, 'the agent to be heard again');
});

test('after the engine\'s death the telephone comes back by itself', { timeout: 90000 }, async (t) => {
    const before = asked('/desk/phone');
    await bench.voice.kill();
    bench.rest.close();
    const died = Date.now();
    await bench.startEngine();
    await page.waitForSelector('[data-phase="reconnecting"]', { timeout: 30000 });
    await tell('reconnecting');
    await until(() => asked('/desk/phone') > before, 40000, 'the telephone to say that it is there');
    t.diagnostic(`registered again ${((Date.now() - died) / 1000).toFixed(1)} s after the engine's death`);
    await ring();
    await until(async () => (await state()).state === 'connected', 10000, 'the page to be in its room');
});

test('another screen takes the desk: this telephone is put down', { timeout: 30000 }, async () => {
    await tell('available', (doc) => { doc.agent.screen = 'another'; });
    await page.waitForSelector('[data-phase="taken-over"]');
    const { sid } = await ring();
    await bench.status(sid, 'no-answer', 20000);
    assert.equal((await state()).state, 'none');
});

test('nothing left the machine, nothing broke the page\'s policy', () => {
    assert.deepEqual(faults, []);
});
