// The simulated telephone network, called by sipp over UDP and TCP.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { OUTDIAL, Running, run, temporaryFolder } from '../lib/process.mjs';
import { Sipp } from '../lib/sipp.mjs';
import { until } from '../lib/wait.mjs';
import { RtpSocket, tonePurity } from './rtp.mjs';
import { answered, step, writeScenario } from './scenario.mjs';

const SCRIPT = {
    seed: 11,
    voices: 'en-us',
    numbers: {
        '+11': { do: 'answer', ring: 0.3, hello_after: 0.2, talk: 2 },
        '+12': { do: 'answer', ring: 0, hello_after: 0, hang_up: 'caller' },
        '+13': { do: 'busy' },
        '+14': { do: 'decline', ring: 0.2 },
        '+15': { do: 'unknown', early: 'sit' },
        '+16': { do: 'congestion' },
        '+17': { do: 'ring_out' },
        '+18': { do: 'machine', ring: 0.1, hello: 'Leave a message.', talk: 4 },
        '+19': { do: 'answer', early: 'ringback', ring: 0.6, hello_after: 0, talk: 1.5 },
        '+21': { do: 'silent', ring: 0, talk: 3, digits: [{ press: '12#', after: 0.2 }] },
        '+22': { do: 'silent', ring: 0, talk: 5, digits: [{ press: '7', on: 'quiet', after: 0.1 }] },
        '+23': { do: 'answer', auth: { user: 'ann', password: 'secret' }, ring: 0, talk: 0.3 },
        '+24': { do: 'answer', auth: { user: 'ann', password: 'secret', status: 401 }, ring: 0, talk: 0.3 },
        '+25': { do: 'answer', ring: 0, talk: 0.3, answer_at_try: 3, until_then: { do: 'busy' } },
        '+26': { do: 'no_response' },
        '+27': { do: 'hang_up_at_once', ring: 0 },
        '+28': { do: 'answer', trying_after: 1.2, ring: 0, talk: 0.3 },
        'robot-': { do: 'robot', pause: 0.1 },
        'robot-7': { do: 'reject', code: 480 },
    },
};

const temporary = temporaryFolder();
let phones;
let records;

before(async () => {
    const script = path.join(temporary.folder, 'script.json');
    writeFileSync(script, JSON.stringify(SCRIPT));
    phones = new Running(OUTDIAL, ['phones', '--listen', '127.0.0.1:0', '--script', script]);
    records = [];
    phones.onLine((line) => records.push(JSON.parse(line)));
    phones.remote = (await phones.ready()).sip.replace('sip:', '');
});

after(async () => {
    await phones.stop();
    temporary.remove();
    const last = records.at(-1);
    assert.equal(last.event, 'stopped');
    assert.equal(last.broken, 0);
    assert.equal(last.rtp.malformed + last.rtp.unsent, 0);
});

let scenarios = 0;

/** Starts a call by sipp; `finished` resolves with the phone's own record of it. */
async function call(number, steps, options = {}) {
    const rtp = await RtpSocket.open();
    const file = writeScenario(temporary.folder, `s${++scenarios}`, steps);
    const sipp = await Sipp.start({
        scenario: file, remote: phones.remote, ms: 20000, ...options,
        values: { number, rtp_port: String(rtp.port) },
    });
    const known = records.length;
    const finished = async () => {
        try {
            const messages = await sipp.succeeded();
            const record = await until(() => records.slice(known).find((one) =>
                one.event === 'ended' && one.number === number), 5000, `the record of ${number}`);
            /* the last ones may still lie in our socket */
            await until(() => rtp.packets.length >= record.rtp.sent, 5000, `${record.rtp.sent} packets of ${number}`);
            return { record, messages, rtp };
        } finally { rtp.close(); }
    };
    return { rtp, finished };
}

const sippCall = async (...args) => (await call(...args)).finished();
const hungUpByPerson = [...answered(), step.expectBye(), step.ok()];
const rejected = (code) => [
    step.invite(), step.maybe(100), step.maybe(180), step.maybe(183), step.expect(code),
    step.ackRejection(),
];

for (const transport of ['u1', 't1']) {
    const name = transport === 'u1' ? 'UDP' : 'TCP';

    test(`somebody answers over ${name}, says hello and hangs up`, async () => {
        const { record, rtp, messages } = await sippCall('+11001', hungUpByPerson, { transport });
        assert.equal(record.sip_code, 200);
        assert.equal(record.ended_by, 'person');
        assert.equal(record.transport, name);
        assert.equal(record.from, '+15005550006');
        assert.equal(record.from_name, 'Ann Ex');
        assert.ok(record.ringing_at >= record.invited_at);
        const ring = (record.answered_at - record.ringing_at) / 1000;
        assert.ok(ring >= 295, `rang ${ring} ms`);
        const hello = (record.hello_at - record.answered_at) / 1000;
        assert.ok(hello >= 195, `hello after ${hello} ms`);
        console.log(`figure: told to ring 300 ms: ${ring} ms; hello after 200 ms: ${hello} ms; first packet ` +
            `${(record.first_rtp_sent_at - record.answered_at) / 1000} ms after the answer`);
        assert.equal(record.rtp.sent, rtp.packets.length);
        assert.ok(rtp.voice().every((packet) => packet.type === 0 && packet.payload.length === 160));
        assert.match(messages, /SIP\/2\.0 180 Ringing/);
    });
}

test('whoever waits for the caller is hung up on', async () => {
    const { record } = await sippCall('+12001', [
        ...answered(), step.wait(500), step.bye(), step.expect(200)]);
    assert.equal(record.ended_by, 'caller');
    assert.ok(record.established_at >= record.answered_at);
});

test('the INVITE may come without an offer', async () => {
    const { record, rtp } = await sippCall('+12002', [
        step.invite({ offer: false }), step.maybe(100), step.maybe(180),
        step.expect(200, 'rrs="true"'), step.answerInAck(), step.wait(600), step.bye(),
        step.expect(200)]);
    assert.ok(rtp.packets.length > 20);
    assert.equal(record.ended_by, 'caller');
});

test('a caller that speaks A-law first is spoken to in A-law', async () => {
    const { rtp } = await sippCall('+12003', [
        ...answered({ payload: 8 }), step.wait(300), step.bye(), step.expect(200)]);
    assert.ok(rtp.packets.length > 8 && rtp.packets.every((packet) => packet.type === 8));
});

test('a person put on hold falls silent and comes back', async () => {
    const { record, rtp } = await sippCall('+12004', [
        ...answered(), step.wait(300),
        step.reinvite({ direction: 'sendonly' }), step.maybe(100), step.expect(200),
        step.ack({ cseq: 2 }), step.wait(1000),
        step.reinvite({ direction: 'sendrecv' }), step.maybe(100), step.expect(200),
        step.ack({ cseq: 3 }), step.wait(300), step.bye({ cseq: 4 }), step.expect(200)]);
    const gaps = rtp.packets.slice(1).map((packet, i) => packet.at - rtp.packets[i].at);
    assert.equal(gaps.filter((gap) => gap > 700).length, 1);
    assert.equal(record.held, true);
});

for (const [number, code, what] of [['+13001', 486, 'busy'], ['+14001', 603, 'decline'],
    ['+16001', 503, 'congestion'], ['+99', 404, 'unknown'], ['robot-7', 480, 'a rejecting robot']]) {
    test(`${what} is ${code}`, async () => {
        const { record } = await sippCall(number, rejected(code));
        assert.equal(record.sip_code, code);
        assert.equal(record.ended_by, 'person');
        assert.equal(record.answered_at, null);
    });
}

test('an unknown number is told by SIT tones before the 404', async () => {
    const { record, rtp, messages } = await sippCall('+15001', rejected(404));
    assert.match(messages, /SIP\/2\.0 183 /);
    assert.ok(record.early_media_at);
    assert.ok(rtp.packets.length > 90, `${rtp.packets.length} packets`);
    for (const [i, hz] of [[5, 950], [22, 1400], [38, 1800]])
        assert.ok(tonePurity(rtp.packets[i].payload, hz) > 0.95, `${hz} Hz in packet ${i}`);
});

test('ringback is heard until the answer', async () => {
    const { rtp, record } = await sippCall('+19001', hungUpByPerson);
    assert.ok(record.early_media_at && record.answered_at);
    assert.ok(tonePurity(rtp.packets[10].payload, 440) > 0.4);
    assert.ok(tonePurity(rtp.packets[10].payload, 480) > 0.4);
});

test('a ringing call is canceled', async () => {
    const { record } = await sippCall('+17001', [
        step.invite(), step.maybe(100), step.expect(180), step.cancel(), step.expect(200),
        step.expect(487), step.ackRejection()]);
    assert.equal(record.sip_code, 487);
    assert.equal(record.ended_by, 'canceled');
    assert.ok(record.ringing_at);
});

test('a call is canceled before anything rings', async () => {
    const { record } = await sippCall('+26001', [
        step.invite({ repeat: false }), step.wait(200), step.cancel(), step.expect(200), step.expect(487),
        step.ackRejection()]);
    assert.equal(record.ended_by, 'canceled');
    assert.equal(record.ringing_at, null);
});

test('a slow network takes its time', async () => {
    const { record } = await sippCall('+28001', hungUpByPerson);
    assert.ok(record.answered_at - record.invited_at >= 1_195_000);
});

test('a machine greets, beeps and listens', async () => {
    const { rtp, record } = await sippCall('+18001', hungUpByPerson);
    const beeps = rtp.packets.filter((packet) => tonePurity(packet.payload, 1000) > 0.95);
    assert.equal(beeps.length, 20);
    assert.ok(beeps[0].at > record.hello_at / 1000 + 500);
});

test('who hangs up at once is gone', async () => {
    const { record } = await sippCall('+27001', hungUpByPerson);
    assert.ok(record.ended_at - record.answered_at < 500_000);
    assert.equal(record.hello_at, null);
});

for (const [number, status] of [['+23001', 407], ['+24001', 401]]) {
    const challenge = (password) => [
        step.invite(), step.maybe(100), step.expect(status, 'auth="true"'),
        step.ackRejection(),
        step.invite({ cseq: 2, headers: `[authentication username=ann password=${password}]\n` }),
        step.maybe(100), step.maybe(180)];

    test(`the password is asked for by ${status}`, async () => {
        const { record } = await sippCall(number, [
            ...challenge('secret'), step.expect(200, 'rrs="true"'), step.ack({ cseq: 2 }),
            step.expectBye(), step.ok()]);
        assert.equal(record.try, 1);
        assert.equal(record.sip_code, 200);
    });

    test(`a wrong password is asked for again by ${status}`, async () => {
        const rtp = await RtpSocket.open();
        const sipp = await Sipp.start({
            scenario: writeScenario(temporary.folder, `wrong${status}`, [
                ...challenge('guess'), step.expect(status),
                step.ackRejection({ cseq: 2 })]),
            remote: phones.remote, values: { number, rtp_port: String(rtp.port) },
        });
        await sipp.succeeded().finally(() => rtp.close());
    });
}

test('a third try is answered, earlier ones are busy', async () => {
    const tries = [];
    for (const steps of [rejected(486), rejected(486), hungUpByPerson])
        tries.push((await sippCall('+25001', steps)).record);
    assert.deepEqual(tries.map((record) => [record.try, record.sip_code]),
        [[1, 486], [2, 486], [3, 200]]);
});

test('keys are pressed after the answer', async () => {
    const { rtp, record } = await sippCall('+21001', hungUpByPerson);
    assert.equal(rtp.digits(), '12#');
    assert.equal(record.pressed, '12#');
});

/** 20 ms packets of a loud tone from us, every 20 ms. */
function speak(rtp, count, first = 0) {
    let i = first;
    return new Promise((resolve) => {
        const timer = setInterval(() => {
            const packet = Buffer.alloc(172, i % 2 ? 0x9f : 0x1f);
            packet.writeUInt16BE(0x8000, 0);
            packet.writeUInt16BE(i & 0xffff, 2);
            packet.writeUInt32BE(160 * i, 4);
            packet.writeUInt32BE(4711, 8);
            for (let n = 12; n < 172; n++) packet[n] = n % 8 < 4 ? 0x9f : 0x1f;
            rtp.send(packet);
            if (++i === first + count) { clearInterval(timer); resolve(i); }
        }, 20);
    });
}

test('keys are pressed when a prompt has been heard out, and keys are heard', async () => {
    const { rtp, finished } = await call('+22001', hungUpByPerson);
    await until(() => rtp.packets.length > 10, 5000, 'sound');
    const sequence = await speak(rtp, 20);
    const quietSince = Date.now();
    await until(() => rtp.digits() === '7', 3000, 'the digit');
    assert.ok(Date.now() - quietSince > 400);
    for (let i = 0; i < 3; i++) {
        const event = Buffer.alloc(16);
        event.writeUInt16BE(0x8065, 0);
        event.writeUInt16BE(sequence + i, 2);
        event.writeUInt32BE(160 * 20, 4);
        event.writeUInt32BE(4711, 8);
        event.set([10, 10 + 128 * (i === 2), 0, 160], 12);
        rtp.send(event);
    }
    const { record } = await finished();
    assert.equal(record.pressed, '7');
    assert.equal(record.digits, '*');
    assert.equal(record.speech_heard, 1);
    assert.equal(record.rtp.received, 23);
    assert.equal(record.rtp.lost, 0);
});

test('a robot hears whose voice it is and from the first word on, and is heard itself', async () => {
    const stay = (ms) => [...answered(), step.wait(ms), step.bye(), step.expect(200)];
    const robot = await call('robot-3', stay(6000));
    await until(() => robot.rtp.packets.length > 20, 8000, 'the robot');
    const person = await call('+12777', stay(4000));
    // We are the room: what one says the other hears.
    person.rtp.onPacket = (packet) => robot.rtp.send(packet.data);
    robot.rtp.onPacket = (packet) => person.rtp.send(packet.data);
    const [ofRobot, ofPerson] = [(await robot.finished()).record, (await person.finished()).record];
    assert.deepEqual(ofRobot.heard.map((one) => one.name), ['+12777']);
    assert.equal(ofRobot.heard[0].cut_ms, 0);
    console.log(`figure: first word through a room of the test's own: ${ofRobot.heard[0].first_word_ms} ms`);
    assert.deepEqual(ofPerson.heard_by.map((one) => one.name), ['robot-3']);
    assert.deepEqual(ofPerson.heard.map((one) => one.name), ['robot-3']);
    const line = records.find((one) => one.event === 'heard' && one.robot === 'robot-3');
    assert.equal(line.call, ofPerson.call);
    assert.equal(line.number, '+12777');
    assert.equal(line.first_word_ms, ofRobot.heard[0].first_word_ms);
});

test('sound from another port of the caller\'s address is a stranger\'s, and not heard', async () => {
    const { rtp, finished } = await call('+21002', hungUpByPerson);
    const stranger = await RtpSocket.open();
    await until(() => rtp.peer, 5000, 'the person\'s sound');
    stranger.peer = rtp.peer;
    await speak(stranger, 20);
    const { record } = await finished();
    stranger.close();
    assert.equal(record.rtp.foreign, 20);
    assert.equal(record.rtp.received, 0);
    assert.equal(record.speech_heard, 0);
});

test('OPTIONS is answered, unknown methods are not obeyed, nonsense does no harm', async () => {
    const [address, port] = phones.remote.split(':');
    const rtp = await RtpSocket.open();
    const answers = [];
    rtp.socket.removeAllListeners('message');
    rtp.socket.on('message', (data) => answers.push(String(data).split('\r\n')[0]));
    const request = (method, branch) => `${method} sip:x@${phones.remote} SIP/2.0\r\n` +
        `Via: SIP/2.0/UDP 127.0.0.1:${rtp.port};branch=z9hG4bK${branch}\r\nMax-Forwards: 1\r\n` +
        `From: <sip:a@b>;tag=1\r\nTo: <sip:x@y>\r\nCall-ID: ${branch}\r\nCSeq: 1 ${method}\r\n` +
        'Content-Length: 0\r\n\r\n';
    for (let i = 0; i < 300; i++) {
        const bytes = Buffer.from(request('INVITE', `n${i}`));
        for (let n = 0; n < 12; n++) bytes[(i * 7919 + n * 104729) % bytes.length] = (i * 31 + n * 17) & 0xff;
        rtp.socket.send(bytes, Number(port), address);
    }
    // Datagrams get lost in such a flood: asked again until it is answered, as UDP wants it.
    const ask = () => rtp.socket.send(request('OPTIONS', 'o1'), Number(port), address);
    const asking = setInterval(ask, 100);
    await until(() => answers.includes('SIP/2.0 200 OK'), 8000, 'the answer to OPTIONS')
        .finally(() => { clearInterval(asking); rtp.close(); });
});

test('a mistake in the script is told with its place', async () => {
    const script = path.join(temporary.folder, 'bad.json');
    writeFileSync(script, '{"numbers": {"+1": {"do": "answer", "ring": [5, 1]}}}');
    const ended = await run(OUTDIAL, ['phones', '--listen', '127.0.0.1:0', '--script', script]);
    assert.equal(ended.code, 2);
    assert.match(ended.errors, /numbers\."\+1"\.ring: seconds must/);
});

test('when whoever reads its lines has died it ends, too', async () => {
    const script = path.join(temporary.folder, 'orphan.json');
    writeFileSync(script, '{"numbers": {"+1": {"do": "busy"}}}');
    const orphan = new Running(OUTDIAL, ['phones', '--listen', '127.0.0.1:0', '--script', script]);
    await orphan.ready();
    orphan.child.stdout.destroy();
    const { code } = await until(() => orphan.end, 5000, 'the end');
    assert.equal(code, 0);
});
