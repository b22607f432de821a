// A call centre on a hard day.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { compare } from '../campaign/compare.mjs';
import { freePort } from '../lib/ports.mjs';
import { OUTDIAL, Running, run, temporaryFolder } from '../lib/process.mjs';
import { until } from '../lib/wait.mjs';

export const LONG = process.env.OUTDIAL_LONG === '1';
/** A word of a sanitizer, or of a check of ours. */
export const SPOKEN = /(Address|Leak|Thread|Memory)Sanitizer|runtime error|check failed/;

/* Few words: each is synthesised when the telephones start. */
const words = { hello: 'Hello?', lines: ['Yes, please.'], voice: 'en' };
const answers = (talk) => ({ do: 'answer', ...words, ring: [0.1, 0.3], hello_after: [0, 0.2], talk });

/** +12025550nnn talk for a moment, +12025551nnn so long that whatever is tested passes meanwhile. */
const CUSTOMERS = {
    seed: 5,
    numbers: { 'robot-': { do: 'robot', ...words }, '+12025550': answers([0.8, 1.5]),
        '+12025551': answers(LONG ? [60, 70] : [14, 16]) },
    default: { do: 'unknown' },
};
export const short = (count, from = 0) => Array.from({ length: count },
    (_, i) => `+12025550${String(from + i).padStart(3, '0')}`);
export const long = (count) => Array.from({ length: count }, (_, i) => `+12025551${String(i).padStart(3, '0')}`);

const SETTINGS = {
    mode: 'progressive', country: 'US', wrap_up_s: 1, ring_timeout_s: 15,
    hours: { every_day: [['00:00', '24:00']] },
    retry: Object.fromEntries(['busy', 'no-answer', 'failed', 'hung-up', 'canceled', 'machine']
        .map((result) => [result, { delay_s: 3600, times_max: 0, alternates: false }])),
    number_caps: { per_day: 3, gap_s: 0 }, person_caps: { per_day: 5, gap_s: 0 },
};

export const serveArgs = (data, args = []) => ['serve', '--data', data, ...args,
    ...['--http', '--engine-http', '--engine-sip'].filter((flag) => !args.includes(flag))
        .flatMap((flag) => [flag, '127.0.0.1:0'])];

export class Floor {
    /**
     * options: data (folder), program, env, args, agents (count), serve: false, settings; apart: the
     * agents have telephones of their own, so that a trunk that dies takes no agent with it
     */
    static async start(options = {}) {
        const floor = new Floor();
        Object.assign(floor, { options, records: [], temporary: temporaryFolder() });
        floor.folder = floor.temporary.folder;
        floor.data = options.data ?? path.join(floor.folder, 'data');
        floor.trunkPort = await freePort();
        await floor.startTrunk();
        floor.desks = options.apart ? await floor.#phones('desks', CUSTOMERS, 0) : floor.trunk;
        if (options.serve === false) return floor;
        await floor.serve();
        await floor.campaign(options.agents ?? 4, options.settings);
        return floor;
    }

    async #phones(name, script, port) {
        const file = path.join(this.folder, `${name}.json`);
        writeFileSync(file, JSON.stringify(script));
        const phones = new Running(OUTDIAL, ['phones', '--listen', `127.0.0.1:${port}`, '--script', file]);
        phones.onLine((line) => { if (line.startsWith('{')) this.records.push(JSON.parse(line)); });
        phones.sip = (await phones.ready(60000)).sip.replace(/^sip:/, '');
        return phones;
    }

    async startTrunk() {
        this.trunk = await this.#phones('trunk', CUSTOMERS, this.trunkPort);
    }

    /** Starts the dialer (anew, on the same folder). */
    async serve() {
        const { program = OUTDIAL, env, args = [] } = this.options;
        this.server = new Running(program, serveArgs(this.data, ['--trunk', `sip:127.0.0.1:${this.trunkPort}`,
            '--calls-per-second', '20', ...args]), { env });
        this.ready = await this.server.ready(60000);
        this.http = this.ready.http;
        this.token = readFileSync(path.join(this.data, 'token'), 'utf8').trim();
    }

    /** { status, body, text } */
    async api(method, where, body, ms = 8000) {
        const answer = await fetch(this.http + (where.startsWith('/api') || where === '/status' ? where : `/api/v1${where}`), {
            method, body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
            headers: { authorization: `Bearer ${this.token}` }, signal: AbortSignal.timeout(ms),
        });
        const text = await answer.text();
        let parsed = null;
        try { parsed = JSON.parse(text); } catch { /* a page */ }
        return { status: answer.status, body: parsed, text };
    }

    async must(method, where, body) {
        const answer = await this.api(method, where, body);
        assert.ok(answer.status < 300, `${method} ${where}: ${answer.status} ${answer.text}`);
        return answer.body;
    }

    async campaign(agents, settings = {}) {
        await this.must('POST', '/campaigns', { name: 'hard', settings: { ...SETTINGS, ...settings } });
        for (let i = 1; i <= agents; ++i) {
            await this.must('POST', '/agents', { name: `robot-${i}`, campaigns: ['hard'],
                contact: `sip:robot-${i}@${this.desks.sip}` });
            await this.must('POST', `/agents/robot-${i}/login`, {});
        }
        await this.inTheirRooms();
        await this.must('POST', '/campaigns/hard/start');
    }

    async agents() { return (await this.must('GET', '/agents')).items; }

    inTheirRooms(ms = 30000) {
        return until(async () => (await this.agents()).every(({ line, activity }) =>
            line === 'connected' && activity !== 'offline'), ms, 'the agents to be in their rooms', 50);
    }

    /** Imports the numbers; resolves when they are there. */
    async list(numbers) {
        const csv = `phone\n${numbers.join('\n')}\n`;
        const { id } = await this.must('POST', '/campaigns/hard/imports?filename=list.csv&country=US', csv);
        await until(async () => (await this.must('GET', `/imports/${id}`)).state === 'published', 20000,
            'the import', 30);
        this.numbers = [...(this.numbers ?? []), ...numbers];
    }

    async held() { return (await this.api('GET', '/health')).body.held; }

    /** Waits until dialling is held for `what`; the hold, with its sentence. */
    hold(what, ms = 15000) {
        return until(async () => (await this.held()).find((hold) => hold.what === what), ms,
            `dialling to be held by the ${what}`, 30).then((hold) => {
            this.heldAt = Date.now() * 1000;
            return hold;
        }).catch((error) => { throw new Error(`${error.message}\n${this.server.errors.slice(-4000)}`); });
    }

    released(ms = 20000) {
        return until(async () => (await this.held()).length === 0, ms, 'dialling to go on', 30)
            .then(() => { this.releasedAt = Date.now() * 1000; })
            .catch((error) => { throw new Error(`${error.message}\n${this.server.errors.slice(-4000)}`); });
    }

    conversations() {
        return this.agents().then((all) => all.filter(({ activity }) => activity === 'on-call'));
    }

    talking(count, ms = 20000) {
        return until(async () => (await this.conversations()).length >= count, ms,
            `${count} conversations`, 50);
    }

    ended(number) {
        return this.records.filter((record) => record.event === 'ended' && record.kind === 'person' &&
            (!number || record.number === number));
    }

    /** Calls that the trunk was asked for between two instants (microseconds). */
    placedBetween(from, until_) {
        return this.ended().filter(({ invited_at }) => invited_at > from && invited_at < until_);
    }

    /**
     * What the telephones tell, without INVITEs that were taken back as soon as they were answered with
     * anything: SIP lets nobody cancel before that, so those to a dead trunk are still sent for 32 s.
     */
    seen(lostCalls) {
        return this.records.filter(({ event, ended_by, answered_at, invited_at, ended_at }) => !lostCalls ||
            event !== 'ended' || ended_by !== 'canceled' || answered_at || ended_at - invited_at > 1000000);
    }

    /** Every lead comes to its end, both ends agree, nobody was called twice (but who was cut off by an engine that
     *  died: they are called back), the figures balance. */
    async settles({ ms = 60000, lostCalls = false } = {}) {
        const report = await until(async () => {
            const now = await this.must('GET', '/campaigns/hard/report');
            const { done = 0, exhausted = 0, blocked = 0 } = now.leads;
            return done + exhausted + blocked === this.numbers.length && now.open === 0 && now;
        }, ms, 'every lead to end', 200).catch(async (error) => {
            throw new Error(`${error.message}: ${JSON.stringify(await this.api('GET', '/campaigns/hard/report'))}\n` +
                this.server.errors.slice(-6000));
        });
        const { items } = await this.must('GET', '/attempts?campaign=hard&limit=1000');
        const carried = items.filter(({ reason }) => !['not-carried', 'held'].includes(reason));
        await until(() => this.ended().length >= carried.filter(({ placed_at }) => placed_at).length || lostCalls,
            5000, 'the telephones to tell every call');
        assert.equal(report.balance, 'ok');
        if (lostCalls) { /* telephones that were killed told no end: only that nobody was called too often */
            for (const number of this.numbers) {
                const calls = this.seen(true).filter((record) => record.event === 'ended' && record.number === number);
                const tries = carried.filter((attempt) => attempt.number === number);
                assert.ok(calls.length <= tries.length, `${number} was called ${calls.length} times, ` +
                    `the dialer knows of ${tries.length}: ${JSON.stringify([tries, calls])}`);
            }
        } else {
            /* Words are compare.mjs's own matter: several centres at once tear and drown some. And whose
             * voice it was is known within one network of telephones only. */
            const told = compare(carried, this.records, await this.agents(), () => 'answer');
            const unheard = told.filter((line) => /knew no voice|first word/.test(line));
            assert.deepEqual(told.filter((line) => !unheard.includes(line)), []);
            if (!this.options.apart) assert.ok(unheard.length <= carried.length / 3, unheard.join('\n'));
        }
        const placed = carried.filter(({ placed_at }) => placed_at);
        if (!lostCalls) assert.deepEqual(placed.filter(({ dropped }) => dropped), [], 'nobody is cut off');
        const numbers = placed.filter(({ dropped }) => !dropped).map(({ number }) => number);
        assert.equal(new Set(numbers).size, numbers.length, 'nobody is called twice, but who was cut off');
        if (!lostCalls) assert.equal(report.leads.done, this.numbers.length, JSON.stringify(report));
        return { report, attempts: items };
    }

    async stop({ code = 0, said = /(?:)/ } = {}) {
        if (this.server && !this.server.end) {
            this.server.child.kill('SIGTERM');
            const timer = setTimeout(() => this.server.child.kill('SIGKILL'), 20000);
            const end = await this.server.ended;
            clearTimeout(timer);
            assert.equal(end.code, code, `serve ended with ${JSON.stringify(end)}:\n${this.server.errors.slice(-5000)}`);
        }
        if (this.server) assert.match(this.server.errors, said);
        if (this.server) assert.doesNotMatch(this.server.errors, SPOKEN);
        for (const phones of [this.trunk, this.desks]) if (!phones.end) await phones.stop();
        this.temporary.remove();
    }

    /** Whatever is left, gone: for a test that failed. */
    async drop() {
        let engine = 0;
        try { engine = JSON.parse(readFileSync(path.join(this.data, 'engine.json'), 'utf8')).pid; } catch { /* none */ }
        for (const one of [this.server, this.trunk, this.desks]) if (one && !one.end) one.child.kill('SIGKILL');
        if (engine) try { process.kill(engine, 'SIGKILL'); } catch { /* gone */ }
        this.temporary.remove();
    }

    enginePid() { return JSON.parse(readFileSync(path.join(this.data, 'engine.json'), 'utf8')).pid; }
}

/** A test's frame: whatever happens, nothing of it is left running. */
export async function withFloor(options, work, stop) {
    const floor = await Floor.start(options);
    let done = false;
    try {
        await work(floor);
        await floor.stop(stop);
        done = true;
    } catch (error) {
        error.message += `\nthe server said:\n${floor.server?.errors.slice(-4000)}`;
        throw error;
    } finally {
        if (!done) await floor.drop();
    }
}

/** `outdial serve` that is to end by itself: { code, errors }. */
export const serveEnds = (data, args = [], options = {}) =>
    run(options.program ?? OUTDIAL, serveArgs(data, ['--trunk', 'sip:127.0.0.1:9', ...args]), { ms: 30000, ...options });
