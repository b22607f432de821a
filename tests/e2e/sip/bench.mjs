// What the SIP tests share: an engine whose trunk is a sipp of the test's choice, and an application.

import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePort } from '../lib/ports.mjs';
import { startVoice } from '../lib/process.mjs';
import { Rest } from '../lib/rest.mjs';
import { Sipp } from '../lib/sipp.mjs';
import { until } from '../lib/wait.mjs';
import { Webhooks } from '../lib/webhooks.mjs';

const SCENARIOS = path.join(path.dirname(fileURLToPath(import.meta.url)), 'scenarios');

export const FINAL = ['completed', 'busy', 'no-answer', 'failed', 'canceled'];
const EVENTS = ['initiated', 'ringing', 'answered', 'completed'];

export class Bench {
    /** options: transport "tcp", probe (s between OPTIONS), incoming (a path of the
     * application), and what startVoice takes. */
    static async start(options = {}) {
        const bench = new Bench();
        bench.trunkPort = await freePort();
        bench.tcp = options.transport === 'tcp';
        bench.hooks = await Webhooks.start();
        // sipp would take the engine's OPTIONS for a call that goes wrong
        const args = ['--probe-s', String(options.probe ?? 0), ...(options.args ?? [])];
        if (options.incoming) args.push('--incoming-url', bench.hooks.url(options.incoming));
        bench.voice = await startVoice({
            ...options,
            args,
            trunk: `sip:127.0.0.1:${bench.trunkPort}${bench.tcp ? ';transport=tcp' : ''}`,
            env: { OUTDIAL_VOICE_TRUNK_USER: 'someone', OUTDIAL_TRUNK_PASSWORD: 'secret' },
        });
        bench.rest = new Rest(bench.voice.http);
        return bench;
    }

    async stop() {
        this.rest.close();
        await this.hooks.stop();
        await this.voice.stop();
    }

    /** sipp as the trunk. */
    trunk(scenario, options = {}) {
        return Sipp.start({
            scenario: path.join(SCENARIOS, `${scenario}.xml`), port: this.trunkPort,
            transport: this.tcp ? 't1' : 'u1', ...options,
        });
    }

    /** sipp as a phone of its own, on a port of its own. */
    phone(scenario, options = {}) {
        return Sipp.start({ scenario: path.join(SCENARIOS, `${scenario}.xml`), ...options });
    }

    /** sipp calling the engine. */
    caller(scenario, options = {}) {
        return this.phone(scenario, { remote: this.voice.sip, ...options });
    }

    /** Places a call that runs `verbs`; all its statuses are asked for. */
    place(verbs, form = {}) {
        this.count = (this.count ?? 0) + 1;
        return this.rest.createCall({
            To: '+15005550001', From: '+15005550006',
            Url: this.hooks.twiml(`/voice${this.count}`, verbs),
            StatusCallback: this.hooks.url('/status'), StatusCallbackEvent: EVENTS, ...form,
        });
    }

    /** The terminal callback of a call. */
    end(sid, ms = 15000) {
        return this.hooks.expect('/status', (params) => params.CallSid === sid &&
            FINAL.includes(params.CallStatus), ms).then((request) => request.params);
    }

    status(sid, wanted, ms = 10000) {
        return until(async () => (await this.rest.call(sid)).status === wanted, ms,
                     `the call to be ${wanted}`);
    }

    story(sid) { return this.hooks.statuses('/status', sid); }
}
