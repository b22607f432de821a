// The trunk is gone for a while, and comes back: the list is not burnt against it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sleep, until } from '../lib/wait.mjs';
import { LONG, short, withFloor } from './floor.mjs';

export function trunk() {
    test('a trunk that dies brakes the dialler, uses no lead up, and is taken up again by itself', () =>
        withFloor({ apart: true, agents: 3 }, async (floor) => {
            await floor.list(short(16));
            await until(() => floor.ended().length >= 3, 30000, 'the first calls');
            const before = (await floor.must('GET', '/attempts?campaign=hard&limit=1000')).items.length;
            floor.trunk.child.kill('SIGKILL');
            const hold = await floor.hold('trunk', 30000);
            assert.match(hold.why, /the trunk does not answer.*goes on by itself/);
            assert.match((await floor.api('GET', '/status')).text, /the trunk does not answer/);
            assert.match(floor.server.errors, /trunk\.down/);
            await sleep(2000);
            const braked = (await floor.must('GET', '/attempts?campaign=hard&limit=1000')).items;
            await sleep(LONG ? 180000 : 6000);
            const now = (await floor.must('GET', '/attempts?campaign=hard&limit=1000')).items;
            assert.equal(now.length, braked.length, 'nothing more is tried');
            assert.ok(now.length - before <= 3 * 3 * 2, `${now.length - before} attempts against a dead trunk`);
            const failed = now.filter(({ reason }) => reason === 'not-carried');
            for (const { sip_code, ended_at, planned_at } of failed) {
                assert.equal(sip_code, 408);
                assert.ok(Date.parse(ended_at) - Date.parse(planned_at) < 12000, 'no agent is held for the 32 s of SIP');
            }
            for (const agent of await floor.agents())
                assert.equal(agent.activity, 'available', `${agent.name} is free, and said to be`);
            const { leads } = await floor.must('GET', '/campaigns/hard/report');
            assert.equal(leads.exhausted ?? 0, 0, 'no lead is used up');
            await floor.startTrunk();
            await floor.released(LONG ? 60000 : 30000);
            await floor.settles({ lostCalls: true });
            const { leads: end } = await floor.must('GET', '/campaigns/hard/report');
            const dropped = now.filter(({ result, reason }) => reason !== 'not-carried' && result !== 'connected').length;
            assert.ok(end.done >= 16 - dropped, JSON.stringify(end));
            console.log(`figure: a dead trunk cost ${failed.length} attempts of 3 agents, which count against nobody`);
        }));
}
