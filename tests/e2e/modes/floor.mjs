// What a call centre's people do, over the HTTP interface: make campaigns, bring lists, log in, decide.

import { readFileSync } from 'node:fs';

import { Center } from '../campaign/center.mjs';
import { until } from '../lib/wait.mjs';

const ALWAYS = { every_day: [['00:00', '24:00']] };

/** Codes of the dispositions that every campaign here has. */
export const DONE = 1, RETRY = 2, CALLBACK = 3, DO_NOT_CALL = 4, WRONG_NUMBER = 5, MACHINE = 6;

/** After whose two digits, +1 202 555 dd nn, a number is called so. */
export const PEOPLE = {
    quick: ['10', { do: 'answer', ring: 0.3, hello_after: 0.1, talk: 1.2 }],
    patient: ['11', { do: 'answer', ring: 0.3, hello_after: 0.1, hang_up: 'caller' }],
    busy: ['12', { do: 'busy' }],
    rings: ['13', { do: 'ring_out' }],
    machine: ['14', { do: 'machine', ring: 0.3, talk: 40 }],
    silent: ['15', { do: 'silent', ring: 0.3, talk: 1.5 }],
    unknown: ['16', { do: 'unknown' }],
    brief: ['18', { do: 'answer', ring: 0.3, hello_after: 0.1, talk: 4 }],
    chatty: ['17', { do: 'answer', ring: 0.3, hello_after: 0.1, talk: 14 }],
};

/** The number `nn` of a kind of people; no two tests share one. */
export const numberOf = (kind, nn) => `+1202555${PEOPLE[kind][0]}${String(nn).padStart(2, '0')}`;

export function networkScript() {
    const numbers = {
        'robot-': { do: 'robot' },
        // its line breaks after four seconds, each time
        'frail-': { do: 'robot', talk: 4 },
    };
    for (const [digits, script] of Object.values(PEOPLE)) numbers[`+1202555${digits}`] = script;
    return { seed: 11, numbers, default: PEOPLE.quick[1] };
}

export class Refused extends Error {
    constructor(what, status, problem) {
        super(`${what}: ${status} ${JSON.stringify(problem)}`);
        this.status = status;
        this.problem = problem ?? {};
    }
}

export class Floor {
    /** more: args (flags of serve), env */
    static async open(more = {}) {
        const floor = new Floor();
        floor.center = await Center.start({ script: networkScript(), args: ['--calls-per-second', '50', ...(more.args ?? [])], env: more.env });
        floor.token = readFileSync(`${floor.center.data}/token`, 'utf8').trim();
        return floor;
    }

    close() { return this.center.stop(); }

    /** The answer's JSON; throws Refused when the status is not 2xx. */
    async ask(method, path, body, token = this.token) {
        const isText = typeof body === 'string';
        const answer = await fetch(`${this.center.http}/api/v1/${path}`, {
            method,
            headers: {
                authorization: `Bearer ${token}`,
                ...(body === undefined ? {} : { 'content-type': isText ? 'text/csv' : 'application/json' }),
            },
            body: body === undefined || isText ? body : JSON.stringify(body),
        });
        const text = await answer.text();
        if (!answer.ok) throw new Refused(`${method} ${path}`, answer.status, text && JSON.parse(text));
        return text ? JSON.parse(text) : null;
    }

    get(path, token) { return this.ask('GET', path, undefined, token); }
    post(path, body) { return this.ask('POST', path, body); }

    /** What the server says when it refuses; fails when it does not. */
    async refusal(method, path, body) {
        try {
            await this.ask(method, path, body);
        } catch (error) {
            if (error instanceof Refused) return { status: error.status, ...error.problem };
            throw error;
        }
        throw new Error(`${method} ${path} was not refused`);
    }

    /** A campaign that may call at any hour, with the people of `rows`: a number each, or several. */
    async campaign(name, settings, rows = []) {
        await this.post('campaigns', {
            name,
            settings: {
                hours: ALWAYS, wrap_up_s: 30, country: 'US', caller_id: '+12025550100',
                number_caps: { per_day: 0 }, person_caps: { per_day: 0 }, ...settings,
            },
        });
        if (rows.length) await this.bring(name, rows);
    }

    /** Their leads, in the order of the rows. */
    async bring(campaign, rows) {
        const lists = rows.map((row) => [row].flat());
        const columns = Math.max(...lists.map((list) => list.length));
        const csv = [
            ['First name', ...Array.from({ length: columns }, (_, i) => `Phone ${i + 1}`)],
            ...lists.map((list, i) => [`Person ${i + 1}`, ...list,
                ...new Array(columns - list.length).fill('')]),
        ].map((fields) => fields.join(',')).join('\r\n');
        const { id } = await this.post(`campaigns/${campaign}/imports?filename=list.csv`, csv + '\r\n');
        const end = await until(async () => {
            const now = await this.get(`imports/${id}`);
            return now.state !== 'writing' && now;
        }, 10000, 'an import');
        if (end.state !== 'published' || end.rejected)
            throw new Error(`import into ${campaign}: ${JSON.stringify(end)}`);
        return this.leads(campaign);
    }

    command(campaign, word) { return this.post(`campaigns/${campaign}/${word}`); }
    async leads(campaign) { return (await this.get(`leads?campaign=${campaign}&limit=1000`)).items; }
    report(campaign) { return this.get(`campaigns/${campaign}/report`); }

    /** The attempts of a campaign, first one first. */
    async attempts(campaign) {
        return (await this.get(`attempts?campaign=${campaign}&limit=1000`)).items.reverse();
    }

    /** Until an attempt is as wanted. */
    attempt(campaign, wanted, what, ms = 15000) {
        return until(async () => (await this.attempts(campaign)).find(wanted), ms, what);
    }

    /** Until a lead of the campaign is in that state. */
    lead(id, wanted, what, ms = 15000) {
        return until(async () => {
            const { lead } = await this.get(`leads/${id}`);
            return wanted(lead) && lead;
        }, ms, what);
    }

    /** An agent at a simulated telephone, in the room. */
    async agent(name, campaigns, { robot = `robot-${name}`, login = {} } = {}) {
        await this.post('agents', {
            name, contact: `sip:${robot}@${this.center.sip}`, campaigns: [campaigns].flat(),
        });
        if (login) await this.login(name, login);
    }

    async login(name, wish = {}) {
        await this.post(`agents/${name}/login`, wish);
        await this.state(name, ({ line, activity }) => line === 'connected' && activity !== 'offline',
                         'to be in the room');
    }

    /** Until the agent is as wanted: a word for the activity, or a function. */
    async state(name, wanted, what = `to be ${wanted}`, ms = 15000) {
        let seen;
        const is = typeof wanted === 'string' ? ({ activity }) => activity === wanted : wanted;
        return until(async () => is(seen = await this.get(`agents/${name}`)) && seen, ms,
                     `${name} ${what}`)
            .catch((error) => { throw new Error(`${error.message}: ${JSON.stringify(seen)}`); });
    }

    act(name, what, body) { return this.post(`agents/${name}/${what}`, body); }
    dispose(name, code, more = {}) { return this.act(name, 'disposition', { code, ...more }); }

    /** What the telephones recorded of calls to a number that have ended, first one first. */
    calls(number) {
        return this.center.records.filter((record) => record.event === 'ended' && record.number === number)
            .sort((a, b) => a.invited_at - b.invited_at);
    }

    /** Until a robot has heard that number's voice. */
    heard(robot, number, ms = 10000) {
        return until(() => this.center.records.some((record) => record.event === 'heard' &&
            record.robot === robot && record.number === number), ms, `${robot} to hear ${number}`);
    }

    async ended(number, count = 1, ms = 15000) {
        await until(() => this.calls(number).length >= count, ms, `${number} to have ended ${count} calls`);
        return this.calls(number);
    }
}

export const time = (text) => Date.parse(text);
export const soon = (ms) => new Date(Date.now() + ms).toISOString();
