// What turns out otherwise: lines that stay away, people who call back, agents who change their minds,
// operators who change the rules while the campaign runs.

import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { after, before, describe, test } from 'node:test';

import { sleep, until } from '../lib/wait.mjs';
import { CALLBACK, DONE, Floor, numberOf, soon, time } from './floor.mjs';

/** @type {Floor} */
let floor;

before(async () => { floor = await Floor.open(); });
after(async () => { await floor?.close(); });

describe('one centre', { concurrency: 30, timeout: 70000 }, () => {
    test("an agent's line that stays away: the customer goes to a colleague, the agent is offline", async () => {
        const number = numberOf('patient', 0);
        await floor.campaign('relay', {}, [number]);
        await floor.agent('relay-a', 'relay', { robot: 'frail-a' });
        await floor.command('relay', 'start');
        await floor.state('relay-a', 'on-call');
        await floor.ask('PATCH', 'agents/relay-a', { contact: `sip:${numberOf('unknown', 0)}@${floor.center.sip}` });
        await floor.state('relay-a', ({ line }) => line === 'rejoining', 'to lose the line');
        await floor.agent('relay-b', 'relay');
        const gone = await floor.state('relay-a', 'offline', 'to be given up', 45000);
        assert.equal(gone.line, 'lost');
        await floor.state('relay-b', 'on-call');
        await floor.heard('robot-relay-b', number);
        await floor.act('relay-b', 'hangup');
        await floor.dispose('relay-b', DONE);
        const calls = await floor.ended(number);
        assert.equal(calls.length, 1, 'one call, two agents');
        const [attempt] = await floor.attempts('relay');
        assert.equal(attempt.result, 'connected');
        await floor.ask('PATCH', 'agents/relay-a', { contact: `sip:robot-relay-a@${floor.center.sip}` });
        await floor.login('relay-a');
        assert.equal((await floor.report('relay')).balance, 'ok');
    });

    test('an agent who hangs up or rejects while it rings', async () => {
        const numbers = [numberOf('rings', 0), numberOf('rings', 1)];
        await floor.campaign('ringing', { retry: { canceled: { delay_s: 3600 } } }, numbers);
        await floor.agent('ringer', 'ringing');
        await floor.command('ringing', 'start');
        const rings = (number) => floor.attempt('ringing',
            (one) => one.number === number && one.state === 'ringing', `${number} to ring`);
        await rings(numbers[0]);
        assert.equal((await floor.get('agents/ringer')).activity, 'reserved');
        await floor.act('ringer', 'hangup');
        assert.equal((await floor.ended(numbers[0]))[0].ended_by, 'canceled');
        await rings(numbers[1]);
        await floor.act('ringer', 'reject');
        assert.equal((await floor.ended(numbers[1]))[0].ended_by, 'canceled');
        await floor.state('ringer', 'break');
        assert.deepEqual((await floor.report('ringing')).results.canceled, 2);
    });

    test('a callback whose agent is away goes to anyone after a while', async () => {
        const number = numberOf('patient', 10);
        await floor.campaign('away', { callback_agent_wait_s: 2 }, [number]);
        const [lead] = await floor.leads('away');
        await floor.agent('absentee', 'away', { login: null });
        await floor.agent('stander', 'away');
        await floor.command('away', 'start');
        await floor.state('stander', 'on-call');
        await floor.act('stander', 'hangup');
        await floor.dispose('stander', CALLBACK, { callback_at: soon(1000), callback_agent: 'absentee' });
        const { due_at: due } = await floor.lead(lead.id, ({ state }) => state === 'callback', 'to wait');
        await floor.state('stander', 'on-call');
        await floor.act('stander', 'hangup');
        await floor.dispose('stander', DONE);
        const [, call] = await floor.ended(number, 2);
        assert.ok(call.invited_at / 1000 - time(due) > 1900, 'its agent had the time promised');
    });

    test('forbidden while it is looked at', async () => {
        const number = numberOf('quick', 20);
        await floor.campaign('glance', { mode: 'preview', preview_s: 60 }, [number]);
        const [lead] = await floor.leads('glance');
        await floor.agent('looker', 'glance');
        await floor.command('glance', 'start');
        await floor.state('looker', 'reserved');
        await floor.post('do-not-call', { number });
        await floor.state('looker', 'available');
        assert.equal((await floor.refusal('POST', 'agents/looker/preview', { decision: 'accept' })).refusal,
                     'unknown-reservation');
        await floor.lead(lead.id, ({ state }) => state === 'blocked', 'to be blocked');
        assert.deepEqual(floor.calls(number), []);
    });

    test('a campaign that is stopped takes its previews along', async () => {
        await floor.campaign('glances', { mode: 'preview', preview_s: 60 }, [numberOf('quick', 21)]);
        await floor.agent('peeper', 'glances');
        await floor.command('glances', 'start');
        await floor.state('peeper', 'reserved');
        await floor.command('glances', 'stop');
        await floor.state('peeper', 'available');
        await until(async () => (await floor.get('campaigns/glances')).state === 'finished', 5000,
                    'the campaign to finish');
        assert.equal((await floor.report('glances')).leads.fresh, 1);
    });

    test('a word taken back: the number may be called again', async () => {
        const number = numberOf('quick', 30);
        await floor.campaign('before', { mode: 'manual' }, [number]);
        await floor.campaign('afterwards', { mode: 'manual' }, [number]);
        const [one] = await floor.leads('before'), [two] = await floor.leads('afterwards');
        await floor.agent('mender', ['before', 'afterwards']);
        await floor.command('before', 'start');
        await floor.command('afterwards', 'start');
        const { id } = await floor.post('do-not-call', { number });
        for (const { id: lead } of [one, two])
            assert.equal((await floor.refusal('POST', 'agents/mender/dial', { lead })).refusal, 'do-not-call');
        await floor.ask('DELETE', `do-not-call/${id}`);
        assert.equal((await floor.get(`leads/${two.id}`)).numbers[0].may_call, true);
        await floor.act('mender', 'dial', { lead: two.id });
        await floor.state('mender', 'wrap-up');
        await floor.dispose('mender', DONE);
    });

    test('rules that are loosened while the campaign runs count at once', async () => {
        const closed = numberOf('quick', 40), capped = numberOf('busy', 40);
        const quick = { delay_s: 0, times_max: 9 };
        await floor.campaign('loose', { hours: { every_day: [] } }, [closed]);
        await floor.campaign('capped', { number_caps: { per_day: 1 }, retry: { busy: quick } }, [capped]);
        const [one] = await floor.leads('loose'), [two] = await floor.leads('capped');
        await floor.agent('loose', ['loose', 'capped']);
        await floor.command('loose', 'start');
        await floor.command('capped', 'start');
        assert.equal((await floor.get(`leads/${one.id}`)).numbers[0].reason, 'outside-hours');
        assert.equal((await floor.lead(two.id, ({ state }) => state === 'held', 'to be held')).reason,
                     'number-per-day');
        await floor.ask('PATCH', 'campaigns/capped', { settings: { number_caps: { per_day: 2 } } });
        await floor.ended(capped, 2);
        await floor.ask('PATCH', 'campaigns/loose', {
            settings: { hours: { every_day: [['00:00', '24:00']] } },
        });
        await floor.ended(closed);
        await floor.state('loose', 'wrap-up');
        await floor.dispose('loose', DONE);
    });

    test('a lead that waits in line is dialled in its turn, though one by hand was refused', async () => {
        const numbers = [numberOf('quick', 80), numberOf('patient', 80)];
        await floor.campaign('line', {}, numbers);
        const leads = await floor.leads('line');
        await floor.agent('liner', 'line', { login: { activity: 'break' } });
        await floor.agent('outsider', 'line', { login: null });
        await floor.command('line', 'start');
        await sleep(500);
        for (const { id } of leads)
            assert.equal((await floor.refusal('POST', 'agents/outsider/dial', { lead: id })).refusal,
                         'agent-state');
        await floor.act('liner', 'dial', { lead: leads[1].id });
        await floor.state('liner', 'on-call');
        assert.equal((await floor.refusal('POST', 'agents/outsider/dial', { lead: leads[1].id })).status, 409);
        await floor.act('liner', 'activity', { activity: 'available' });
        await floor.act('liner', 'hangup');
        await floor.dispose('liner', DONE);
        await floor.ended(numbers[0]);
        await floor.state('liner', 'wrap-up');
        await floor.dispose('liner', DONE);
        assert.deepEqual(numbers.map((number) => floor.calls(number).length), [1, 1]);
        const states = () => floor.leads('line').then((all) => all.map(({ state }) => state).join());
        await until(async () => await states() === 'done,done', 5000, 'both to be done');
        assert.equal((await floor.report('line')).balance, 'ok');
    });

    test('rules that are tightened while the campaign runs count at once', async () => {
        const numbers = [50, 51, 52].map((i) => numberOf('patient', i));
        await floor.campaign('tight', {}, numbers);
        await floor.agent('tight', 'tight');
        await floor.command('tight', 'start');
        await floor.state('tight', 'on-call');
        await floor.ask('PATCH', 'campaigns/tight', { settings: { hours: { every_day: [] } } });
        await floor.act('tight', 'hangup');
        await floor.dispose('tight', DONE);
        await until(async () => (await floor.leads('tight')).filter(({ state }) => state === 'held').length === 2,
                    10000, 'the others to be held');
        assert.equal((await floor.attempts('tight')).length, 1);
    });

    test('people who call our number are refused, not left ringing', async () => {
        const number = numberOf('quick', 60);
        await floor.campaign('backwards', { wrap_up_s: 1 }, [number]);
        await floor.agent('backwards', 'backwards');
        await floor.command('backwards', 'start');
        const [call] = await floor.ended(number);
        const engine = call.headers.Contact.match(/@([\d.]+):(\d+)/);
        const answer = await invite(engine[1], Number(engine[2]), '+12025550100');
        assert.match(answer, /^SIP\/2\.0 (403|404|480|603) /);
        await until(async () => (await floor.report('backwards')).open === 0, 5000, 'the wrap-up to end');
        assert.equal((await floor.report('backwards')).attempts, 1);
    });

    test('new people are called while the campaign runs; a drained one waits for them', async () => {
        const numbers = [numberOf('quick', 70), numberOf('quick', 71)];
        await floor.campaign('growing', { wrap_up_s: 1 }, []);
        await floor.agent('grower', 'growing');
        await floor.command('growing', 'start');
        await sleep(300);
        await floor.bring('growing', numbers.slice(0, 1));
        await floor.ended(numbers[0]);
        await floor.state('grower', 'available');
        await floor.command('growing', 'drain');
        await until(async () => (await floor.get('campaigns/growing')).state === 'finished', 5000,
                    'the campaign to finish');
        await floor.bring('growing', numbers.slice(1));
        await sleep(500);
        assert.deepEqual(floor.calls(numbers[1]), []);
        await floor.command('growing', 'start');
        await floor.ended(numbers[1]);
        await floor.state('grower', 'available');
    });
});

/** The final response to a call from the telephone network's own address. */
async function invite(host, port, number) {
    const socket = dgram.createSocket('udp4');
    await new Promise((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const own = `127.0.0.1:${socket.address().port}`;
    const sdp = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0',
        'm=audio 40000 RTP/AVP 0', ''].join('\r\n');
    const message = [`INVITE sip:${number}@${host}:${port} SIP/2.0`,
        `Via: SIP/2.0/UDP ${own};branch=z9hG4bKcallback1`, 'Max-Forwards: 70',
        `From: <sip:+12025551234@${own}>;tag=1`, `To: <sip:${number}@${host}>`,
        'Call-ID: callback-1', 'CSeq: 1 INVITE', `Contact: <sip:caller@${own}>`,
        'Content-Type: application/sdp', `Content-Length: ${sdp.length}`, '', sdp].join('\r\n');
    try {
        return await new Promise((resolve, reject) => {
            const timer = setTimeout(() => reject(new Error('no answer to a call that came in')), 8000);
            socket.on('message', (data) => {
                const text = String(data);
                if (/^SIP\/2\.0 1/.test(text)) return;
                clearTimeout(timer);
                resolve(text);
            });
            socket.send(message, port, host);
        });
    } finally {
        socket.close();
    }
}
