// The official package, unmodified, before a real engine with a telephone network behind it and an
// application that answers its webhooks. Every answer is held against the table of facts.

import { writeFileSync } from 'node:fs';
import path from 'node:path';

import twilio from 'twilio';
import RequestClient from 'twilio/lib/base/RequestClient.js';

import { ACCOUNT_SID, AUTH_TOKEN, OUTDIAL, Running, startVoice, temporaryFolder }
    from '../e2e/lib/process.mjs';
import { until } from '../e2e/lib/wait.mjs';
import { Webhooks } from '../e2e/lib/webhooks.mjs';
import { wrongWith } from './facts.mjs';

export const OURS = '+15005550006';
/** People by number: what the network does when they are called. */
export const PEOPLE = { talker: '+15005550001', busy: '+15005550002', unknown: '+15005550003',
                        never: '+15005550004', slow: '+15005550005' };

const SCRIPT = {
    seed: 11,
    numbers: {
        [PEOPLE.talker]: { do: 'answer', ring: 0.1, hello_after: 0.1, hang_up: 'caller' },
        [PEOPLE.busy]: { do: 'busy' },
        [PEOPLE.unknown]: { do: 'unknown' },
        [PEOPLE.never]: { do: 'ring_out' },
        [PEOPLE.slow]: { do: 'answer', ring: 3 },
        'robot-': { do: 'robot' },
    },
};

/** The package's own client of HTTP, which also remembers what came back. */
class Recorder extends RequestClient {
    wrong = [];
    seen = new Set();

    async request(options) {
        const response = await super.request(options);
        const text = typeof response.body === 'string' ? response.body
            : response.body ? JSON.stringify(response.body) : '';
        const method = options.method.toUpperCase();
        this.wrong.push(...wrongWith(method, options.uri, response.statusCode, text));
        this.seen.add(`${method} ${response.statusCode}`);
        return response;
    }
}

export class Bench {
    static async start() {
        const bench = new Bench();
        bench.temporary = temporaryFolder();
        const script = path.join(bench.temporary.folder, 'people.json');
        writeFileSync(script, JSON.stringify(SCRIPT));
        bench.phones = new Running(OUTDIAL, ['phones', '--listen', '127.0.0.1:0', '--script', script]);
        const { sip } = await bench.phones.ready();
        bench.trunk = sip;
        bench.voice = await startVoice({ trunk: sip,
            args: ['--caller-ids', `${OURS},+15005550007`, '--cps', '50'] });
        bench.hooks = await Webhooks.start();
        bench.recorder = new Recorder();
        bench.client = bench.newClient(ACCOUNT_SID, AUTH_TOKEN, bench.recorder);
        bench.silence = bench.hooks.twiml('/silence', '<Pause length="60"/>');
        bench.robots = 0;
        return bench;
    }

    newClient(user, password, httpClient = new Recorder(), options = {}) {
        const client = twilio(user, password, { httpClient, ...options });
        client.api.baseUrl = this.voice.http;
        return client;
    }

    /** A robot's own SIP address; each is somebody else. */
    robot() {
        return `sip:robot-${++this.robots}@${this.trunk.replace(/^sip:/, '')}`;
    }

    place(more = {}) {
        return this.client.calls.create({ to: PEOPLE.talker, from: OURS, url: this.silence, ...more });
    }

    /** The call when it has that status. */
    becomes(sid, status, ms = 10000) {
        return until(async () => {
            const call = await this.client.calls(sid).fetch();
            return call.status === status && call;
        }, ms, `call ${sid} to be ${status}`);
    }

    /** A robot parked in the conference of that name; resolves with { call, conference }. */
    async park(name, attributes = '') {
        const path_ = `/park-${name}`;
        const url = this.hooks.twiml(path_,
            `<Dial><Conference ${attributes}>${name}</Conference></Dial>`);
        const call = await this.place({ to: this.robot(), url });
        const { client } = this;
        const conference = await until(async () => {
            const [one] = await client.conferences.list({ friendlyName: name, limit: 1 });
            return one && (await client.conferences(one.sid).participants.list()).length > 0 && one;
        }, 10000, `conference ${name}`);
        return { call, conference };
    }

    /** Does the package accept this request's signature? */
    accepts(request) {
        return twilio.validateRequest(AUTH_TOKEN, request.headers['x-twilio-signature'],
            this.hooks.base + request.url, request.method === 'POST' ? request.params : {});
    }

    async stop() {
        await this.voice.stop();
        await this.phones.stop();
        await this.hooks.stop();
        this.temporary.remove();
    }
}

export { ACCOUNT_SID, AUTH_TOKEN, until };
