// People and robot agents of the simulated network in the rooms of the real engine: who hears whom.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { OUTDIAL, Running, startVoice, temporaryFolder } from '../lib/process.mjs';
import { Rest } from '../lib/rest.mjs';
import { until } from '../lib/wait.mjs';

const SCRIPT = {
    seed: 3,
    voices: ['en-us', 'en-gb'],
    numbers: {
        '+1': { do: 'answer', ring: [0.05, 0.3], hello_after: [0, 0.1], talk: [3, 4] },
        '+4930': { do: 'answer', ring: 0.1, hello_after: 0, hang_up: 'caller' },
        'robot-': { do: 'robot' },
    },
};

const temporary = temporaryFolder();
const records = [];
let phones, voice, rest, sip;

before(async () => {
    const script = path.join(temporary.folder, 'script.json');
    writeFileSync(script, JSON.stringify(SCRIPT));
    phones = new Running(OUTDIAL, ['phones', '--listen', '127.0.0.1:0', '--script', script]);
    phones.onLine((line) => records.push(JSON.parse(line)));
    sip = (await phones.ready()).sip;
    voice = await startVoice({ trunk: sip, args: ['--cps', '100'] });
    rest = new Rest(voice.http);
});

after(async () => {
    rest.close();
    await voice.stop();
    await phones.stop();
    temporary.remove();
});

const join = (room) => `<Response><Dial><Conference startConferenceOnEnter="true" beep="false"` +
    ` waitUrl="">${room}</Conference></Dial></Response>`;
const call = (to, room) => rest.createCall({ To: to, From: '+15005550006', Twiml: join(room) });
const robot = (name) => `${sip.replace('sip:', `sip:${name}@`)}`;
const endOf = (number) => records.find((one) => one.event === 'ended' && one.number === number);

/**
 * No word is cut; on a machine so busy that the join took longer than the 200 ms that are kept, only what
 * is older than that: the first that came had waited all of them.
 */
function isWhole({ cut_ms: cut, first_word_ms: took }) { return cut === 0 || took - cut >= 180; }

async function seat(name, room) {
    const placed = await call(robot(name), room);
    await until(() => records.some((one) => one.event === 'answered' && one.number === name), 10000,
                `${name} to answer`);
    return placed;
}

test('each person is heard from the first word on by the agent of its room and by nobody else', async () => {
    const agents = await Promise.all([1, 2, 3].map((i) => seat(`robot-${i}`, `agent-${i}`)));
    const wanted = new Map();
    const firstWords = [];
    for (let round = 0; round < 4; round++) {
        const numbers = [1, 2, 3].map((i) => {
            const number = `+1500555${round}${i}`;
            wanted.set(number, `robot-${i}`);
            call(number, `agent-${i}`);
            return number;
        });
        await until(() => numbers.every(endOf), 20000, 'three people to hang up');
    }
    for (const [number, name] of wanted) {
        const { heard_by: heardBy, heard, ended_by: endedBy } = endOf(number);
        assert.equal(endedBy, 'person');
        assert.deepEqual(heardBy.map((one) => one.name), [name], number);
        assert.ok(isWhole(heardBy[0]), `${number} ${JSON.stringify(heardBy[0])}`);
        assert.deepEqual(heard.map((one) => one.name), [name], `${number} is replied to`);
        firstWords.push(heardBy[0].first_word_ms);
    }
    firstWords.sort((a, b) => a - b);
    console.log(`figure: first word from mouth to ear of ${firstWords.length} calls:` +
        ` p50 ${firstWords[firstWords.length >> 1]} ms, max ${firstWords.at(-1)} ms`);
    for (const { sid } of agents) await rest.updateCall(sid, { Status: 'completed' });
    await until(() => endOf('robot-1') && endOf('robot-2') && endOf('robot-3'), 5000, 'the robots');
});

test('in a room of three everybody is heard through the mix', async () => {
    const ann = await seat('robot-4', 'three'), bob = await seat('robot-5', 'three');
    const { sid } = await call('+493012345600', 'three');
    const hearers = () => records.filter((one) => one.event === 'heard' && one.number === '+493012345600')
        .map((one) => one.robot).sort();
    await until(() => hearers().length === 2, 15000, 'both robots to hear the person');
    assert.deepEqual(hearers(), ['robot-4', 'robot-5']);
    for (const one of [sid, ann.sid, bob.sid]) await rest.updateCall(one, { Status: 'completed' });
    const record = await until(() => endOf('+493012345600'), 5000, 'the record');
    assert.equal(record.ended_by, 'caller');
    assert.ok(record.heard_by.every(isWhole), JSON.stringify(record.heard_by));
});
