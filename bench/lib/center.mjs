// A call centre to measure: simulated telephones, the dialer, the engine it starts, agents in their rooms
// and a list; and what each of its processes spends.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { OUTDIAL, Running, temporaryFolder } from '../../tests/e2e/lib/process.mjs';
import { until } from '../../tests/e2e/lib/wait.mjs';

/** CPU in microseconds by thread name ("main" the first one), from the scheduler's own count. */
export function spent(pid) {
    const threads = {};
    for (const task of readdirSync(`/proc/${pid}/task`)) {
        const at = `/proc/${pid}/task/${task}`;
        const name = Number(task) === pid ? 'main' : readFileSync(`${at}/comm`, 'latin1').trim();
        threads[name] = (threads[name] ?? 0) + Number(readFileSync(`${at}/schedstat`, 'latin1').split(' ')[0]) / 1000;
    }
    return threads;
}

export const sum = (threads) => Object.values(threads).reduce((all, us) => all + us, 0);

export const difference = (after, before) => Object.fromEntries(Object.entries(after)
    .map(([name, value]) => [name, value - (before[name] ?? 0)]));

export const residentKiB = (pid) =>
    Number(readFileSync(`/proc/${pid}/status`, 'latin1').match(/VmRSS:\s+(\d+)/)[1]);

/** A child of `pid` whose command line has `word`. */
function childOf(pid, word) {
    for (const task of readdirSync(`/proc/${pid}/task`))
        for (const child of readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').split(' ').filter(Boolean))
            if (readFileSync(`/proc/${child}/cmdline`, 'latin1').split('\0').includes(word)) return Number(child);
    throw new Error(`process ${pid} has no child '${word}'`);
}

function* numbers() {
    for (const area of ['202', '212', '303', '415', '617', '713'])
        for (let exchange = 220; exchange < 1000; ++exchange)
            if (exchange % 100 !== 11)
                for (let line = 1000; line < 10000; ++line) yield `+1${area}${exchange}${line}`;
}

const ROBOT = { do: 'robot', hello: null, speaks: false };
const SETTINGS = {
    mode: 'progressive', country: 'US', caller_id: '+12025550100', wrap_up_s: 1, ring_timeout_s: 60,
    hours: { every_day: [['00:00', '24:00']] },
    number_caps: { per_day: 1, gap_s: 0 }, person_caps: { per_day: 1, gap_s: 0 },
};

export class Center {
    /** options: people (their behaviour), agents, leads, rate (calls a second) */
    static async start(options) {
        const center = new Center();
        center.temporary = temporaryFolder();
        const script = path.join(center.temporary.folder, 'phones.json');
        center.data = path.join(center.temporary.folder, 'data');
        writeFileSync(script, JSON.stringify({
            seed: 1, numbers: { 'robot-': ROBOT }, default: { hello: null, speaks: false, ...options.people } }));
        center.phones = new Running(OUTDIAL, ['phones', '--listen', '127.0.0.1:0', '--script', script,
            '--records', '/dev/null']);
        center.sip = (await center.phones.ready()).sip.replace(/^sip:/, '');
        center.server = new Running(OUTDIAL, ['serve', '--http', '127.0.0.1:0', '--data', center.data,
            '--log', 'warning', '--trunk', `sip:${center.sip}`, '--calls-per-second', String(options.rate),
            '--agents-max', '4096', '--calls-max', '16384']);
        center.http = (await center.server.ready(30000)).http;
        center.token = readFileSync(path.join(center.data, 'token'), 'utf8').trim();
        center.pids = {
            dialer: center.server.pid, engine: childOf(center.server.pid, 'voice'), phones: center.phones.pid };
        await center.#fill(options);
        return center;
    }

    async api(method, target, body) {
        const type = typeof body === 'string' ? 'text/csv' : 'application/json';
        const answer = await fetch(`${this.http}/api/v1/${target}`, {
            method, headers: { authorization: `Bearer ${this.token}`, ...(body ? { 'content-type': type } : {}) },
            body: type === 'text/csv' ? body : body && JSON.stringify(body),
        });
        const text = await answer.text();
        if (!answer.ok) throw new Error(`${method} ${target}: ${answer.status} ${text}`);
        return text ? JSON.parse(text) : null;
    }

    async #fill({ agents, leads }) {
        this.campaign = (await this.api('POST', 'campaigns', { name: 'bench', settings: SETTINGS })).id;
        const lines = ['First name,Phone'];
        for (const number of numbers()) if (lines.push(`Ann,${number}`) > leads) break;
        const { id } = await this.api('POST', `campaigns/${this.campaign}/imports`, lines.join('\n') + '\n');
        await until(async () => (await this.api('GET', `imports/${id}`)).state === 'published', 120000,
            'the list to be imported', 200);
        for (let i = 1; i <= agents; ++i) {
            const agent = await this.api('POST', 'agents', {
                name: `robot-${i}`, contact: `sip:robot-${i}@${this.sip}`, campaigns: ['bench'] });
            await this.api('POST', `agents/${agent.id}/login`);
        }
        await until(async () => (await this.api('GET', 'live')).agents.every(({ line }) => line === 'connected'),
            60000, 'the agents to sit in their rooms', 500);
    }

    command(word) { return this.api('POST', `campaigns/${this.campaign}/${word}`); }
    report() { return this.api('GET', `campaigns/${this.campaign}/report`); }

    /** { dialer: { main: us, store: us }, engine: ..., phones: ... } */
    look() { return Object.fromEntries(Object.entries(this.pids).map(([name, pid]) => [name, spent(pid)])); }

    async stop() {
        await this.command('pause');
        await this.server.stop(20000);
        await this.phones.stop();
        this.temporary.remove();
    }
}
