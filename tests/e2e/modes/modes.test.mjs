// How a call centre is used beside progressive dialling: the other modes, the rules, what agents say and
// do, and what happens when their lines break. Everything at once in one centre, over real SIP and RTP.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { sleep, until } from '../lib/wait.mjs';
import {
    CALLBACK, DONE, DO_NOT_CALL, Floor, MACHINE, RETRY, WRONG_NUMBER, numberOf, soon, time,
} from './floor.mjs';

/** @type {Floor} */
let floor;

before(async () => { floor = await Floor.open(); });
after(async () => { await floor?.close(); });

describe('one centre', { concurrency: 30, timeout: 70000 }, () => {
    test('ratio: calls ahead of agents, the longest idle first, and a message for those whom nobody takes', async () => {
        const numbers = [0, 1, 2, 3, 4, 5].map((i) => numberOf('patient', i));
        await floor.campaign('ratio', {
            mode: 'ratio', ratio_percent: 300, abandonment: { ceiling_per_mille: 1000 },
            message: 'This is Outdial. Sorry, nobody is free to speak to you now.',
        }, numbers);
        await floor.command('ratio', 'start');
        await sleep(1000);
        assert.equal((await floor.report('ratio')).attempts, 0, 'no agent, no call');

        await floor.agent('ratio-a', 'ratio', { login: { activity: 'break' } });
        await floor.agent('ratio-b', 'ratio', { login: { activity: 'break' } });
        await floor.act('ratio-b', 'activity', { activity: 'available' });
        await floor.act('ratio-a', 'activity', { activity: 'available' });
        const attempts = await until(async () => {
            const all = await floor.attempts('ratio');
            return all.filter(({ result }) => result === 'abandoned').length >= 3 && all;
        }, 20000, 'those whom nobody takes to be told');
        assert.ok(attempts.length > 2, 'more calls than agents');
        const byAnswer = attempts.filter(({ answered_at }) => answered_at)
            .sort((a, b) => time(a.answered_at) - time(b.answered_at));
        const agents = await Promise.all(['ratio-b', 'ratio-a'].map((name) => floor.get(`agents/${name}`)));
        const taken = byAnswer.filter(({ agent }) => agent);
        assert.deepEqual(taken.map(({ agent }) => agent), agents.map(({ id }) => id),
                         'the one who waited longest is first');
        for (const { number } of attempts.filter(({ result }) => result === 'abandoned')) {
            const [call] = await floor.ended(number);
            assert.equal(call.ended_by, 'caller');
            assert.ok(call.speech_heard >= 1, 'the message was heard');
            const waited = (call.first_speech_heard_at - call.answered_at) / 1000;
            assert.ok(waited > 1500 && waited < 4500, `the message came after ${waited} ms`);
            assert.deepEqual(call.heard_by, [], 'no agent heard them');
        }
        for (const name of ['ratio-a', 'ratio-b']) {
            await floor.state(name, 'on-call');
            await floor.act(name, 'activity', { activity: 'break' });
            await floor.act(name, 'hangup');
            await floor.dispose(name, DONE);
            await floor.state(name, 'break');
        }
        const report = await until(async () => {
            const now = await floor.report('ratio');
            return now.open === 0 && now;
        }, 10000, 'all calls to end');
        assert.equal(report.abandoned.abandoned, report.results.abandoned);
        assert.equal(report.abandoned.answered_live,
                     report.results.abandoned + report.results.connected);
        assert.equal(report.balance, 'ok');
    });

    test('preview: shown first, then accepted, skipped, snoozed, or dialled by the countdown', async () => {
        const numbers = [0, 1, 2, 3].map((i) => numberOf('quick', i));
        await floor.campaign('preview', {
            mode: 'preview', preview_s: 5, preview_default: 'dial', skip_delay_s: 3600,
        }, numbers);
        const leads = await floor.leads('preview');
        await floor.agent('previewer', 'preview');
        await floor.command('preview', 'start');

        const first = await floor.state('previewer', 'reserved');
        assert.equal(first.reservation.status, 'pending');
        assert.equal(first.reservation.lead, leads[0].id);
        assert.equal(first.reservation.attempt, null);
        assert.ok(time(first.reservation.until) - Date.now() < 5100, 'a countdown is shown');
        const { token } = await floor.post('tokens', { name: 'desk', agent: 'previewer' });
        const own = await floor.get('agents/previewer/lead', token);
        assert.equal(own.lead.id, leads[0].id);
        assert.equal(own.person.first_name, 'Person 1');
        assert.equal(own.numbers[0].number, numbers[0]);
        const live = await floor.get('live');
        assert.equal(live.agents.find(({ name }) => name === 'previewer').activity, 'reserved');
        assert.deepEqual(floor.calls(numbers[0]), [], 'nobody rings before it is accepted');
        await floor.act('previewer', 'preview', { decision: 'accept' });
        await floor.state('previewer', 'wrap-up');
        const [call] = await floor.ended(numbers[0]);
        assert.equal(call.heard_by[0].name, 'robot-previewer');
        await floor.dispose('previewer', DONE);

        await floor.state('previewer', ({ reservation }) => reservation?.lead === leads[1].id,
                          'to see the second');
        await floor.act('previewer', 'preview', { decision: 'skip' });
        const skipped = await floor.lead(leads[1].id, ({ state }) => state === 'due', 'to be put away');
        assert.ok(time(skipped.due_at) - Date.now() > 3500000, 'an hour');

        await floor.state('previewer', ({ reservation }) => reservation?.lead === leads[2].id,
                          'to see the third');
        assert.match((await floor.refusal('POST', 'agents/previewer/preview', { decision: 'snooze' })).detail,
                     /until/);
        await floor.act('previewer', 'preview', { decision: 'snooze', until: soon(6000) });
        await floor.state('previewer', ({ reservation }) => reservation?.lead === leads[3].id,
                          'to see the fourth');
        const shown = Date.now();
        await floor.ended(numbers[3]);
        const [dialled] = floor.calls(numbers[3]);
        assert.ok(dialled.invited_at / 1000 - shown > 4000, 'not before the countdown was over');
        await floor.state('previewer', 'wrap-up');
        await floor.dispose('previewer', DONE);
        await floor.state('previewer', ({ reservation }) => reservation?.lead === leads[2].id,
                          'to see the third again');
        await floor.act('previewer', 'activity', { activity: 'break', forced: true });
        await floor.state('previewer', 'break');
        assert.equal((await floor.refusal('GET', 'agents/previewer/lead')).status, 404);
        assert.deepEqual([floor.calls(numbers[1]), floor.calls(numbers[2])], [[], []]);
    });

    test('preview: a desk that does not answer takes no more', async () => {
        await floor.campaign('unseen', {
            mode: 'preview', preview_s: 1, preview_default: 'skip', skip_delay_s: 60,
        }, [numberOf('quick', 4), numberOf('quick', 5)]);
        await floor.agent('dozer', 'unseen');
        await floor.command('unseen', 'start');
        await floor.state('dozer', 'reserved');
        await floor.state('dozer', 'break');
        const states = () => floor.leads('unseen').then((all) => all.map(({ state }) => state).sort().join());
        await until(async () => await states() === 'due,fresh', 5000, 'one to be put away');
        assert.equal((await floor.report('unseen')).attempts, 0);
    });

    test('by hand: under the same rules, with the reason when one says no', async () => {
        const numbers = [numberOf('patient', 10), numberOf('patient', 11), numberOf('patient', 12)];
        await floor.campaign('manual', { mode: 'manual', number_caps: { per_day: 1 } }, numbers);
        const leads = await floor.leads('manual');
        await floor.agent('hand', 'manual', { login: { activity: 'break', break_code: 3 } });
        const early = await floor.refusal('POST', 'agents/hand/dial', { lead: leads[0].id });
        assert.equal(early.refusal, 'campaign-state');
        await floor.command('manual', 'start');

        await floor.act('hand', 'dial', { lead: leads[0].id });
        await floor.heard('robot-hand', numbers[0]);
        await floor.act('hand', 'hangup');
        await floor.state('hand', 'wrap-up');
        await floor.dispose('hand', RETRY);
        const back = await floor.state('hand', 'break');
        assert.equal(back.break_code, 3, 'back to the break they dialled from');
        const [call] = await floor.ended(numbers[0]);
        assert.equal(call.ended_by, 'caller');
        assert.equal(call.heard_by[0].name, 'robot-hand');

        const again = await floor.refusal('POST', 'agents/hand/dial', { lead: leads[0].id });
        assert.equal(again.status, 409);
        assert.equal(again.refusal, 'number-per-day');
        assert.ok(time(again.until) > Date.now() && time(again.until) < Date.now() + 27 * 3600000);
        await floor.post('do-not-call', { number: numbers[1] });
        const forbidden = await floor.refusal('POST', 'agents/hand/dial', { lead: leads[1].id });
        assert.equal(forbidden.refusal, 'do-not-call');
        assert.match(forbidden.detail, /do-not-call/);
        assert.equal((await floor.refusal('POST', 'agents/hand/dial', { lead: 999999 })).status, 404);
        await floor.ask('PATCH', 'campaigns/manual', { settings: { hours: { every_day: [] } } });
        const closed = await floor.refusal('POST', 'agents/hand/dial', { lead: leads[2].id });
        assert.equal(closed.refusal, 'outside-hours');
        assert.equal(closed.until ?? null, null, 'there is no hour');
        assert.deepEqual([floor.calls(numbers[1]), floor.calls(numbers[2])], [[], []]);
    });

    test('calling hours: where it is night nobody rings, and the lead says until when', async () => {
        const places = PLACES.map((place) => ({ ...place, hour: hourIn(place.zone) }));
        const night = places.find(({ hour }) => hour >= 22 || hour < 6);
        const day = places.find(({ hour }) => hour >= 9 && hour < 19);
        await floor.campaign('hours', { hours: { every_day: [['08:00', '21:00']] } },
                             [night.number, day.number, EVERYWHERE]);
        const [atNight, byDay, anywhere] = await floor.leads('hours');
        await floor.agent('clock', 'hours');
        await floor.command('hours', 'start');
        await floor.ended(day.number);
        await floor.state('clock', 'wrap-up');
        await floor.dispose('clock', DONE);
        const { state } = await floor.lead(atNight.id, () => true, 'to be there');
        assert.ok(['fresh', 'held'].includes(state), state); // a claim does not bring it before its morning
        const { numbers: [detail] } = await floor.get(`leads/${atNight.id}`);
        assert.equal(detail.may_call, false);
        assert.equal(detail.reason, 'outside-hours');
        assert.equal(hourIn(night.zone, time(detail.until)), 8, `${detail.until} is 8:00 in ${night.zone}`);
        const said = await floor.center.cli(['agent', 'dial', 'clock', String(atNight.id)], 1);
        assert.ok(said.errors.includes(`outside the calling hours of the number, until ${detail.until}`),
                  said.errors);
        assert.ok(detail.zones.includes(night.zone), detail.zones);

        const { numbers: [spanning] } = await floor.get(`leads/${anywhere.id}`);
        const zones = spanning.zones.replace(/,? \.\.\..*$/, '').split(', ');
        assert.ok(zones.length > 1, `zones of ${EVERYWHERE}: ${spanning.zones}`);
        if (zones.some((zone) => hourIn(zone) < 8 || hourIn(zone) >= 21)) {
            assert.equal(spanning.reason, 'outside-hours', 'one zone at night is enough');
            assert.deepEqual(floor.calls(EVERYWHERE), []);
        }
        assert.deepEqual(floor.calls(night.number), [], 'nobody rang at night');
        assert.equal((await floor.lead(byDay.id, ({ state }) => state === 'done', 'to be done')).reason, null);
    });

    test('do not call: at once, while it rings, in every campaign', async () => {
        const ringing = numberOf('rings', 0), later = numberOf('patient', 20), other = numberOf('patient', 21);
        const second = numberOf('patient', 22);
        await floor.campaign('words', {}, [ringing, later, [other, second]]);
        await floor.campaign('elsewhere', {}, [[other, second]]);
        const leads = await floor.leads('words');
        await floor.agent('listener', 'words');
        await floor.command('words', 'start');
        await until(async () => (await floor.attempts('words')).some(({ state }) => state === 'ringing'),
                    10000, 'it to ring');
        await floor.post('do-not-call', { number: later });
        await floor.post('do-not-call', { number: ringing });
        const [call] = await floor.ended(ringing);
        assert.equal(call.ended_by, 'canceled');
        for (const { id } of leads.slice(0, 2))
            assert.equal((await floor.lead(id, ({ state }) => state === 'blocked', 'to be blocked')).reason,
                         'do-not-call');
        await floor.state('listener', 'on-call');
        await floor.dispose('listener', DO_NOT_CALL, { note: 'never again, she said' });
        await floor.act('listener', 'hangup');
        await floor.state('listener', 'available');
        await floor.lead(leads[2].id, ({ state }) => state === 'blocked', 'to be blocked');
        const said = (await floor.attempts('words')).find(({ number }) => number === other);
        assert.equal(said.note, 'never again, she said');

        const [same] = await floor.leads('elsewhere');
        await floor.ask('PATCH', 'agents/listener', { campaigns: ['elsewhere'] });
        await floor.command('elsewhere', 'start');
        await floor.lead(same.id, ({ state }) => state === 'blocked', 'to be blocked elsewhere');
        const listed = (await floor.get('do-not-call?limit=1000')).items.map(({ number }) => number);
        assert.ok(listed.includes(other) && listed.includes(second), 'the person, so all numbers');
        assert.equal((await floor.report('elsewhere')).attempts, 0);
        assert.deepEqual([floor.calls(later), floor.calls(second)], [[], []]);
        assert.equal((await floor.ended(other)).length, 1);
    });

    test('do not call for one campaign leaves the others alone', async () => {
        const number = numberOf('quick', 30);
        await floor.campaign('angry', { mode: 'manual' }, [number]);
        await floor.campaign('calm', { mode: 'manual' }, [number]);
        const [angry] = await floor.leads('angry'), [calm] = await floor.leads('calm');
        await floor.post('do-not-call', { number, campaign: 'angry' });
        await floor.agent('both', ['angry', 'calm']);
        await floor.command('angry', 'start');
        await floor.command('calm', 'start');
        assert.equal((await floor.refusal('POST', 'agents/both/dial', { lead: angry.id })).refusal, 'do-not-call');
        await floor.act('both', 'dial', { lead: calm.id });
        await floor.state('both', 'wrap-up');
        await floor.dispose('both', DONE);
        assert.equal((await floor.refusal('POST', 'agents/both/dial', { lead: angry.id })).refusal, 'do-not-call');
    });

    test('dispositions: done, retry after its delay, wrong number, callback, and the notes', async () => {
        const dispositions = [
            { code: 1, name: 'sold', behaviour: 'done', delay_s: 0 },
            { code: 2, name: 'in two seconds', behaviour: 'retry', delay_s: 2 },
            { code: 3, name: 'callback', behaviour: 'callback', delay_s: 0 },
            { code: 5, name: 'wrong number', behaviour: 'wrong-number', delay_s: 0 },
        ];
        const [number, right] = [numberOf('patient', 30), numberOf('patient', 31)];
        await floor.campaign('verdicts', {
            dispositions, retry: { invalid: { alternate_delay_s: 0, alternates: true } },
        }, [[number, right]]);
        const [lead] = await floor.leads('verdicts');
        await floor.agent('judge', 'verdicts');
        await floor.command('verdicts', 'start');
        const talk = async (code, more) => {
            const { reservation } = await floor.state('judge', 'on-call');
            await floor.act('judge', 'hangup');
            await floor.state('judge', 'wrap-up');
            assert.equal((await floor.refusal('POST', 'agents/judge/disposition', { code: 99 })).refusal,
                         'unknown-disposition');
            await floor.dispose('judge', code, more);
            return reservation.attempt;
        };
        const retried = await talk(RETRY, { note: 'Bö "asked" for it, later' });
        const ended = Date.now();
        assert.equal((await floor.get(`attempts/${retried}`)).note, 'Bö "asked" for it, later');
        assert.equal((await floor.lead(lead.id, ({ state }) => state === 'due', 'to be due')).disposition, 2);
        const wrong = await talk(WRONG_NUMBER);
        assert.ok(floor.calls(number)[1].invited_at / 1000 - ended > 1500, 'after its delay');
        assert.equal((await floor.get(`attempts/${wrong}`)).number, number);
        await floor.state('judge', 'on-call');
        assert.equal((await floor.get(`leads/${lead.id}`)).lead.attempts, 3);
        const bare = await floor.refusal('POST', 'agents/judge/disposition', { code: CALLBACK });
        assert.equal(bare.status, 400);
        assert.match(bare.detail, /callback_at/);
        const called = await talk(CALLBACK, { callback_at: soon(3000) });
        assert.equal((await floor.get(`attempts/${called}`)).number, right, 'the next number');
        const promised = await floor.lead(lead.id, ({ state }) => state === 'callback', 'to be promised');
        assert.equal(promised.callback_agent, null);
        await talk(DONE, { note: 'sold' });
        const calls = await floor.ended(right, 2);
        assert.ok(calls[1].invited_at / 1000 >= time(promised.due_at), 'not before the time');
        const end = await floor.lead(lead.id, ({ state }) => state === 'done', 'to be done');
        assert.equal(end.disposition, 1);
        assert.equal(floor.calls(number).length, 2);
        const file = floor.center.file('verdicts.csv');
        await floor.center.cli(['export', 'verdicts', file]);
        const csv = readFileSync(file, 'utf8');
        assert.ok(csv.includes('"Bö ""asked"" for it, later"'), csv);
    });

    test('a callback promised by one agent rings that agent', async () => {
        const number = numberOf('patient', 40);
        await floor.campaign('promises', {}, [number]);
        const [lead] = await floor.leads('promises');
        await floor.agent('giver', 'promises');
        await floor.command('promises', 'start');
        await floor.state('giver', 'on-call');
        assert.equal((await floor.refusal('POST', 'agents/giver/disposition',
            { code: CALLBACK, callback_at: soon(2000), callback_agent: 'nobody' })).status, 400);
        await floor.agent('keeper', 'promises');
        await floor.dispose('giver', CALLBACK, { callback_at: soon(2500), callback_agent: 'keeper' });
        await floor.act('giver', 'hangup');
        await floor.state('giver', 'available');
        const { callback_agent: id } = await floor.lead(lead.id, ({ state }) => state === 'callback', 'to wait');
        assert.equal(id, (await floor.get('agents/keeper')).id);
        await floor.state('keeper', 'on-call');
        await floor.heard('robot-keeper', number);
        assert.equal((await floor.get('agents/giver')).activity, 'available');
        await floor.act('keeper', 'hangup');
        await floor.dispose('keeper', DONE);
        const [, call] = await floor.ended(number, 2);
        assert.deepEqual(call.heard_by.map(({ name }) => name), ['robot-keeper']);
    });

    test('wrap-up ends by its limit; what comes next is chosen during the call', async () => {
        const numbers = [0, 1, 2].map((i) => numberOf('brief', i));
        await floor.campaign('tidy', { wrap_up_s: 1, wrap_up_default: 1 }, numbers);
        await floor.agent('tidy', 'tidy');
        await floor.command('tidy', 'start');
        await floor.state('tidy', 'on-call');
        const asked = await floor.act('tidy', 'activity', { activity: 'break', break_code: 7 });
        assert.equal(asked.activity, 'on-call', 'not during the call');
        assert.equal(asked.next_activity, 'break');
        await floor.state('tidy', 'wrap-up');
        const rest = await floor.state('tidy', 'break');
        assert.equal(rest.break_code, 7);
        assert.equal(rest.line, 'connected', 'the line stands through the break');
        const first = await floor.attempt('tidy', ({ wrapped_at }) => wrapped_at, 'it to be wrapped up');
        assert.equal(first.disposition, 1, 'the default');
        assert.ok(time(first.wrapped_at) - time(first.ended_at) >= 900);
        await sleep(500);
        assert.equal((await floor.attempts('tidy')).length, 1, 'nothing in the break');

        await floor.act('tidy', 'activity', { activity: 'available' });
        await floor.state('tidy', 'on-call');
        await floor.act('tidy', 'logout');
        assert.equal((await floor.get('agents/tidy')).activity, 'on-call', 'logged out after the call');
        const gone = await floor.state('tidy', 'offline');
        assert.equal(gone.line, 'none');
        const calls = [...await floor.ended(numbers[0]), ...await floor.ended(numbers[1])];
        assert.deepEqual(calls.map(({ ended_by }) => ended_by), ['person', 'person']);
        await until(() => floor.calls('robot-tidy').length === 1, 5000, 'the line to be hung up');
        const stays = (await floor.report('tidy')).agents.find(({ name }) => name === 'tidy');
        assert.equal(stays.calls, 2);
        assert.ok(stays.activity_s.break >= 0.5 && stays.activity_s['on-call'] > 1, JSON.stringify(stays));
    });

    test('a campaign is paused, drained, stopped and started again', async () => {
        const numbers = [50, 51].map((i) => numberOf('patient', i)).concat(numberOf('rings', 50));
        await floor.campaign('moody', { retry: { canceled: { delay_s: 3600 } } }, numbers);
        await floor.agent('moody', 'moody');
        await floor.command('moody', 'start');
        await floor.state('moody', 'on-call');
        assert.equal((await floor.command('moody', 'pause')).state, 'paused');
        await floor.act('moody', 'hangup');
        await floor.dispose('moody', DONE);
        await sleep(1000);
        assert.equal((await floor.attempts('moody')).length, 1, 'paused');
        assert.equal((await floor.get('agents/moody')).activity, 'available');

        await floor.command('moody', 'start');
        await floor.state('moody', 'on-call');
        assert.equal((await floor.command('moody', 'drain')).state, 'draining');
        await floor.act('moody', 'hangup');
        await floor.dispose('moody', DONE);
        await until(async () => (await floor.get('campaigns/moody')).state === 'finished', 10000,
                    'the campaign to finish');
        assert.deepEqual(floor.calls(numbers[2]), []);

        await floor.command('moody', 'start');
        await until(async () => (await floor.attempts('moody')).some(({ state }) => state === 'ringing'),
                    10000, 'it to ring');
        await floor.command('moody', 'stop');
        const [call] = await floor.ended(numbers[2]);
        assert.equal(call.ended_by, 'canceled');
        await until(async () => (await floor.get('campaigns/moody')).state === 'finished', 10000,
                    'the campaign to finish again');
        await floor.state('moody', 'available');
        const report = await floor.report('moody');
        assert.equal(report.results.canceled, 1);
        assert.equal(report.balance, 'ok');
        assert.equal((await floor.refusal('POST', 'campaigns/moody/pause')).refusal, 'campaign-state');
    });

    test('attempts have limits, and other numbers their order', async () => {
        const quick = { delay_s: 1, alternate_delay_s: 0, times_max: 9, alternates: true };
        const busy = numberOf('busy', 0), dead = numberOf('unknown', 0), good = numberOf('quick', 60);
        await floor.campaign('order', { retry: { busy: quick, invalid: quick } }, [[busy, dead, good]]);
        await floor.campaign('daily', { retry: { busy: quick }, number_caps: { per_day: 2 } },
                             [numberOf('busy', 1)]);
        await floor.campaign('once', { retry: { busy: quick }, number_caps: { lifetime: 1 } },
                             [numberOf('busy', 2)]);
        await floor.campaign('thrice', { retry: { busy: quick }, lead_attempts_max: 3 },
                             [numberOf('busy', 3)]);
        await floor.agent('order', 'order');
        await floor.agent('limits', ['daily', 'once', 'thrice']);
        for (const name of ['order', 'daily', 'once', 'thrice']) await floor.command(name, 'start');

        const [daily] = await floor.leads('daily'), [once] = await floor.leads('once');
        const [thrice] = await floor.leads('thrice');
        await floor.state('order', 'wrap-up');
        await floor.dispose('order', DONE);
        const order = await floor.attempts('order');
        assert.deepEqual(order.map(({ number }) => number), [busy, dead, good]);
        assert.deepEqual(order.map(({ result }) => result), ['busy', 'invalid', 'connected']);

        const held = await floor.lead(daily.id, ({ state }) => state === 'held', 'to be held');
        assert.equal(held.reason, 'number-per-day');
        assert.ok(time(held.due_at) > Date.now());
        assert.equal((await floor.lead(once.id, ({ state }) => state === 'exhausted', 'to be exhausted'))
            .reason, 'number-lifetime');
        assert.equal((await floor.lead(thrice.id, ({ state }) => state === 'exhausted', 'to be exhausted'))
            .reason, 'lead-attempts');
        assert.deepEqual([1, 2, 3].map((i) => floor.calls(numberOf('busy', i)).length), [2, 1, 3]);
    });

    test("an agent's line that breaks is made again, and the customer in the room is kept", async () => {
        const number = numberOf('chatty', 0);
        await floor.campaign('frail', {}, [number]);
        await floor.agent('frail', 'frail', { robot: 'frail-1' });
        const { line_since: since } = await floor.get('agents/frail');
        await floor.command('frail', 'start');
        await floor.state('frail', 'on-call');
        await floor.state('frail', ({ line, line_since: at }) => line === 'connected' && at !== since,
                          'to be back in the room');
        assert.equal((await floor.get('agents/frail')).activity, 'on-call', 'the conversation goes on');
        const [call] = await floor.ended(number, 1, 25000);
        assert.equal(call.ended_by, 'person', 'until the customer ends it');
        const lines = new Set(call.heard_by.map(({ call: line }) => line));
        assert.ok(lines.size > 1, `was heard on ${lines.size} lines`);
        await floor.state('frail', 'wrap-up');
        await floor.dispose('frail', DONE);
        const [attempt] = await floor.attempts('frail');
        assert.equal(attempt.result, 'connected');
        await floor.act('frail', 'logout');
        await floor.state('frail', 'offline');
    });

    test('machines and silence end well', async () => {
        const machine = numberOf('machine', 0), silent = numberOf('silent', 0);
        await floor.campaign('tapes', { retry: { machine: { delay_s: 7200, times_max: 3 } } },
                             [machine, silent]);
        const [taped] = await floor.leads('tapes');
        await floor.agent('tapes', 'tapes');
        await floor.command('tapes', 'start');
        await floor.state('tapes', 'on-call');
        await floor.dispose('tapes', MACHINE);
        await floor.act('tapes', 'hangup');
        const [call] = await floor.ended(machine);
        assert.equal(call.ended_by, 'caller');
        const due = await floor.lead(taped.id, ({ state }) => state === 'due', 'to be due again');
        assert.ok(time(due.due_at) - Date.now() > 7000000, 'by the rule for machines');
        await floor.state('tapes', 'wrap-up');
        const [hush] = await floor.ended(silent);
        assert.equal(hush.ended_by, 'person');
        await floor.dispose('tapes', DONE);
        assert.equal((await floor.report('tapes')).balance, 'ok');
    });

    test('nobody who is not there can be reserved, and what agents may not do is refused', async () => {
        await floor.campaign('rules', { mode: 'manual' }, [numberOf('quick', 70)]);
        const [lead] = await floor.leads('rules');
        await floor.command('rules', 'start');
        await floor.agent('absent', 'rules', { login: null });
        assert.equal((await floor.refusal('POST', 'agents/absent/dial', { lead: lead.id })).refusal,
                     'agent-state');
        assert.equal((await floor.refusal('POST', 'agents/absent/activity', { activity: 'available' }))
            .refusal, 'agent-state');
        assert.equal((await floor.refusal('POST', 'agents/absent/hangup')).refusal, 'unknown-reservation');
        assert.equal((await floor.refusal('POST', 'agents/absent/preview', { decision: 'accept' })).refusal,
                     'unknown-reservation');
        assert.equal((await floor.refusal('POST', 'agents/absent/disposition', { code: 1 })).refusal,
                     'unknown-attempt');
    });
});

/** Somewhere it is day and somewhere it is night, whenever this runs. */
const PLACES = [
    { zone: 'America/New_York', number: '+12125550123' },
    { zone: 'America/Los_Angeles', number: '+12135550123' },
    { zone: 'Pacific/Honolulu', number: '+18085550123' },
    { zone: 'Asia/Tokyo', number: '+81312345678' },
    { zone: 'Australia/Sydney', number: '+61291234567' },
    { zone: 'Europe/London', number: '+442079460123' },
    { zone: 'Asia/Calcutta', number: '+911122345678' },
];
/** Toll-free: it may ring anywhere from Newfoundland to the Pacific. */
const EVERYWHERE = '+18005550199';

function hourIn(zone, at = Date.now()) {
    const parts = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', hourCycle: 'h23' });
    return Number(parts.format(at));
}
