// The official browser phone (@twilio/voice-sdk, unmodified) in a headless Chromium, against the engine.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { APPLICATION, Bench, loudness, speak, until } from './voice-sdk/bench.mjs';

let bench, ann;
before(async () => {
    bench = await Bench.start();
    ann = await bench.phone();
    await ann.register('ann', { params: { desk: '7' } });
});
after(() => bench?.stop());
beforeEach(() => ann?.settle()); // what went wrong in one test is not to be found in the next

const dials = (uri, more = '') => bench.hooks.twiml('/client', `<Dial ${more}><Sip>${uri}</Sip></Dial>`);

test('a page calls: its application is asked, sound goes both ways, mute is silence', async () => {
    const phone = await bench.telephone();
    dials(phone.uri);
    await ann.connect({ To: '+15005550001', desk: '8', lead: 'a b&c' });
    assert.equal(await ann.expect('call.ringing'), 'call.ringing false'); // late description
    await ann.expect('call.accept');
    const { params, signatureGood } = await bench.hooks.expect('/client');
    assert.ok(signatureGood);
    assert.equal(params.From, 'client:ann');
    assert.equal(params.To, '+15005550001');
    assert.equal(params.ApplicationSid, APPLICATION);
    assert.equal(params.Direction, 'inbound');
    assert.equal(params.CallStatus, 'ringing');
    assert.equal(params.lead, 'a b&c');
    assert.equal(params.desk, '7', 'the token says it, whatever the page says');
    assert.equal(await ann.run(() => call.parameters.CallSid), params.CallSid);
    await until(() => loudness(phone.rtp) > 1000, 8000, 'the page to be heard');
    const quiet = speak(phone.rtp);
    await until(async () => (await ann.figures()).level > 0.05, 8000, 'the telephone to be heard');
    assert.equal((await ann.figures()).codec, 'audio/PCMU');
    await ann.run(() => call.mute(true));
    await until(() => phone.rtp.voice().length > 100 && loudness(phone.rtp, 300) < 50, 8000, 'silence');
    await ann.run(() => call.mute(false));
    await until(() => loudness(phone.rtp, 1000) > 1000, 8000, 'sound after the silence');
    quiet();
    await ann.hangUp();
    await ann.expect('call.disconnect');
    await bench.status(params.CallSid, 'completed');
    await phone.sipp.succeeded();
    phone.rtp.close();
});

test('one who is dialled is heard ringing before the page is answered', async () => {
    const carl = await bench.phone();
    await carl.register('carl');
    bench.hooks.twiml('/client', '<Dial answerOnBridge="true"><Client><Identity>carl</Identity>' +
        '<Parameter name="from" value="ann &amp; all"/></Client></Dial>');
    await ann.connect({});
    await ann.expect('call.ringing false');
    await ann.expect('call.ringing true'); // early description
    await carl.expect('incoming');
    const told = await carl.run(() => [call.parameters.From, call.customParameters.get('from')]);
    assert.deepEqual(told, ['client:ann', 'ann & all']);
    await until(async () => (await ann.figures()).level > 0.01, 8000, 'the ringing tone');
    assert.ok(!(await ann.happened()).slice(ann.read).includes('call.accept'));
    await carl.run(() => call.accept());
    await carl.expect('call.accept');
    await ann.expect('call.accept');
    for (const one of [ann, carl]) // the other's beeps
        await until(async () => (await one.figures()).level > 0.01, 8000, 'one page to hear the other');
    await ann.hangUp();
    await carl.expect('call.disconnect');
    await carl.close();
});

test('digits come by the sound and by signalling', async () => {
    for (const [way, keys] of [['rtp', '12#9'], ['signalling', '48*0']]) {
        bench.hooks.twiml('/client', `<Gather numDigits="4" finishOnKey="" timeout="10" action="/keys-${way}"/>`);
        bench.hooks.twiml(`/keys-${way}`, '<Hangup/>');
        await ann.connect({});
        await ann.expect('call.accept');
        await until(async () => (await ann.figures()).sent > 5, 8000, 'the sound to be up');
        if (way === 'signalling') // as in a browser that cannot press keys in the sound
            await ann.run(() => { call._mediaHandler.getOrCreateDTMFSender = () => null; });
        await ann.run((digits) => call.sendDigits(digits), keys);
        const { params } = await bench.hooks.expect(`/keys-${way}`);
        assert.equal(params.Digits, keys);
        await ann.expect('call.disconnect');
    }
});

test('a page is rung: who calls, with what, and accepts', async () => {
    const { sid } = await bench.ring('ann?lead=12&name=a%20b', '<Say>Hello there, how are you</Say><Pause length="20"/>');
    await ann.expect('incoming');
    const told = await ann.run(() => ({ ...call.parameters, custom: Object.fromEntries(call.customParameters) }));
    assert.equal(told.CallSid, sid);
    assert.equal(told.From, '+15005550006');
    assert.equal(told.To, 'client:ann');
    assert.deepEqual(told.custom, { lead: '12', name: 'a b' });
    await bench.status(sid, 'ringing');
    await ann.run(() => call.accept());
    await ann.expect('call.accept');
    await bench.status(sid, 'in-progress');
    await until(async () => (await ann.figures()).level > 0.01, 10000, 'what is said to be heard');
    await bench.rest.updateCall(sid, { Status: 'completed' });
    await ann.expect('call.disconnect');
    assert.deepEqual(bench.hooks.statuses('/status', sid), ['initiated', 'ringing', 'in-progress', 'completed']);
});

test('it refuses, or the caller gives up', async () => {
    const refused = await bench.ring('ann', '<Hangup/>');
    await ann.expect('incoming');
    await ann.run(() => call.reject());
    await bench.status(refused.sid, 'busy');
    const canceled = await bench.ring('ann', '<Hangup/>');
    await ann.expect('incoming');
    await bench.rest.updateCall(canceled.sid, { Status: 'canceled' });
    await ann.expect('call.cancel');
    await bench.status(canceled.sid, 'canceled');
    const nobody = await bench.ring('nobody', '<Hangup/>');
    await bench.status(nobody.sid, 'no-answer');
    const { params } = await bench.hooks.expect('/status', (one) => one.CallSid === nobody.sid &&
        one.CallStatus === 'no-answer');
    assert.equal(params.SipResponseCode, '480');
});

test('of several pages the first to accept has the call', async () => {
    const other = await bench.phone();
    await other.register('ann');
    const { sid } = await bench.ring('ann', '<Pause length="20"/>');
    await Promise.all([ann.expect('incoming'), other.expect('incoming')]);
    await other.run(() => call.accept());
    await other.expect('call.accept');
    await ann.expect('call.cancel');
    await bench.status(sid, 'in-progress');
    await other.close(); // the page says goodbye on its way out
    await bench.status(sid, 'completed');
});

test('in a conference a page is a participant like any other', async () => {
    const phone = await bench.telephone();
    const room = '<Dial><Conference beep="false" waitUrl="">web</Conference></Dial>';
    const page = await bench.ring('ann', room);
    await ann.expect('incoming');
    await ann.run(() => call.accept());
    await ann.expect('call.accept');
    const far = await bench.rest.createCall({ To: phone.uri, From: '+15005550006',
        Url: bench.hooks.twiml('/room', room) });
    await bench.status(far.sid, 'in-progress');
    await until(() => loudness(phone.rtp) > 1000, 8000, 'the page to be heard');
    const conference = (await bench.rest.request('GET', '/Conferences.json?FriendlyName=web')).body.conferences[0];
    const participant = (form) => bench.rest.request('POST',
        `/Conferences/${conference.sid}/Participants/${page.sid}.json`, form);
    await participant({ Muted: 'true' });
    await until(() => loudness(phone.rtp, 300) < 50, 8000, 'the muted page not to be heard');
    await participant({ Muted: 'false' });
    await until(() => loudness(phone.rtp, 1000) > 1000, 8000, 'the page to be heard again');
    await participant({ Hold: 'true' });
    await until(() => loudness(phone.rtp, 300) < 50, 8000, 'the held page not to be heard');
    await until(async () => (await ann.figures()).level > 0.005, 8000, 'what is played to the held page');
    await participant({ Hold: 'false' });
    await until(() => loudness(phone.rtp, 1000) > 1000, 8000, 'the page to be heard after hold');
    await ann.hangUp();
    await ann.expect('call.disconnect');
    await bench.rest.updateCall(far.sid, { Status: 'completed' });
    await phone.sipp.succeeded();
    phone.rtp.close();
});

test('a message is acknowledged', async () => {
    const { sid } = await bench.ring('ann', '<Pause length="20"/>');
    await ann.expect('incoming');
    await ann.run(() => call.accept());
    await ann.expect('call.accept');
    await ann.run(() => call.sendMessage({ content: { text: 'hello' }, messageType: 'user-defined-message' }));
    await ann.expect('call.messageSent hello');
    const { body } = await bench.rest.request('GET', `/Calls/${sid}/Events.json`);
    assert.match(JSON.stringify(body), /message type=user-defined-message bytes=16/);
    await ann.hangUp();
    await bench.status(sid, 'completed');
});

test('a page that has lost its socket keeps its call and its sound', async () => {
    const phone = await bench.telephone();
    dials(phone.uri);
    await ann.connect({});
    await ann.expect('call.accept');
    await until(() => loudness(phone.rtp) > 1000, 8000, 'the page to be heard');
    bench.cut();
    await ann.expect('call.reconnecting');
    await ann.expect('call.reconnected');
    await ann.expect('registered'); // by itself
    const came = phone.rtp.voice().map((packet) => packet.at).slice(10);
    const gaps = came.slice(1).map((at, n) => at - came[n]);
    assert.ok(Math.max(...gaps) < 400, `no sound for ${Math.max(...gaps)} ms`);
    const { heard } = await ann.figures();
    await until(async () => (await ann.figures()).heard > heard + 10, 8000, 'sound to come still');
    const sid = await ann.run(() => call.parameters.CallSid);
    assert.equal((await bench.rest.call(sid)).status, 'in-progress');
    await bench.rest.updateCall(sid, { Status: 'completed' }); // signalling works over the new socket
    await ann.expect('call.disconnect');
    await phone.sipp.succeeded();
    phone.rtp.close();
});

test('the ways of the sound are sought anew', async () => {
    const phone = await bench.telephone();
    dials(phone.uri);
    await ann.connect({});
    await ann.expect('call.accept');
    await until(() => loudness(phone.rtp) > 1000, 8000, 'the page to be heard');
    const ufrag = () => ann.run(() => call._mediaHandler.version.pc.remoteDescription.sdp.match(/ice-ufrag:(\S+)/)[1]);
    const before_ = await ufrag();
    await ann.run(() => call._mediaHandler.iceRestart());
    await until(async () => await ufrag() !== before_, 8000, 'other credentials');
    const { heard } = await ann.figures();
    await until(async () => (await ann.figures()).heard > heard + 50, 8000, 'sound to come');
    await until(() => loudness(phone.rtp, 300) > 1000, 8000, 'the page to be heard');
    await ann.hangUp();
    await ann.expect('call.disconnect');
    await phone.sipp.succeeded();
    phone.rtp.close();
});

test('a token runs out, and another one takes its place', async () => {
    const bob = await bench.phone();
    await bob.register('bob', { ttl: 4 }, { tokenRefreshMs: 2000 });
    await bob.expect('tokenWillExpire');
    await bob.expect('error 20104');
    const missed = await bench.ring('bob', '<Hangup/>');
    await bench.status(missed.sid, 'no-answer');
    await bob.run((token) => device.updateToken(token), bench.token('bob'));
    const { sid } = await until(async () => {
        const call = await bench.ring('bob', '<Hangup/>');
        const { status } = await until(async () => {
            const one = await bench.rest.call(call.sid);
            return one.status !== 'queued' && one.status !== 'initiated' && one;
        }, 5000, 'the call to begin');
        return status === 'ringing' && call;
    }, 8000, 'bob to be rung again');
    await bob.expect('incoming');
    await bob.run(() => call.reject());
    await bench.status(sid, 'busy');
    await bob.close();
    const stranger = await bench.phone();
    await stranger.start(bench.token('bob', { secret: 'not the secret of this key at all' }));
    await stranger.run(() => { device.register().catch(() => {}); });
    await stranger.expect('error 20151'); // authentication failed
    await stranger.close();
});

test('an engine that is killed ends the page\'s call with an error, and serves it again', async () => {
    bench.hooks.twiml('/client', '<Say>Hello</Say><Pause length="60"/>');
    await ann.connect({});
    await ann.expect('call.accept');
    await bench.voice.kill();
    bench.rest.close();
    await bench.startEngine();
    await ann.expect('call.error 31404', 20000);
    await ann.expect('call.disconnect');
    await ann.expect('registered', 15000);
    await ann.connect({});
    await ann.expect('call.accept');
    await ann.hangUp();
    await ann.expect('call.disconnect');
});

test('nobody but this machine was asked for anything', () => {
    const elsewhere = [...bench.asked].filter((origin) => new URL(origin).hostname !== '127.0.0.1');
    assert.deepEqual(elsewhere, []);
    assert.ok(bench.asked.size >= 2);
});
