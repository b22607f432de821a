// sipp as a peer: one scenario, its end, and what it said when it failed.

import path from 'node:path';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

import { freePort } from './ports.mjs';
import { Running, temporaryFolder } from './process.mjs';

export class Sipp {
    /**
     * options: scenario (file), port, transport "u1" | "t1", calls (1), remote "127.0.0.1:5062",
     * args (more flags), values { key: value } for [key] in the scenario, ms (30 000),
     * quiet (no record of the messages)
     */
    static async start(options) {
        const sipp = new Sipp();
        sipp.port = options.port ?? await freePort();
        sipp.temporary = temporaryFolder();
        const args = ['-sf', path.resolve(options.scenario), '-i', '127.0.0.1',
            '-p', String(sipp.port), '-t', options.transport ?? 'u1', '-nostdin',
            '-m', String(options.calls ?? 1), '-timeout', `${Math.ceil((options.ms ?? 30000) / 1000)}s`,
            '-timeout_error', '-trace_err', ...(options.quiet ? [] : ['-trace_msg']),
            '-buff_size', '4000000',
            '-error_file', path.join(sipp.temporary.folder, 'errors'),
            '-message_file', path.join(sipp.temporary.folder, 'messages'),
            ...(options.args ?? [])];
        for (const [key, value] of Object.entries(options.values ?? {})) args.push('-key', key, value);
        if (options.remote) args.push(options.remote);
        sipp.running = new Running('sipp', args, { cwd: sipp.temporary.folder });
        return sipp;
    }

    /** All SIP messages seen, as sipp wrote them. */
    messages() { return this.#file('messages'); }

    #file(name) {
        const file = path.join(this.temporary.folder, name);
        return existsSync(file) ? readFileSync(file, 'latin1') : '';
    }

    /** Resolves when every call went as the scenario says; rejects with sipp's own words. */
    async succeeded() {
        const { code } = await this.running.ended;
        const said = this.#file('errors') + this.running.errors;
        const messages = this.messages();
        this.temporary.remove();
        if (code !== 0)
            throw new Error(`sipp ended with code ${code}\n${said.slice(-3000)}\n` +
                            messages.slice(-6000));
        return messages;
    }

    async stop() {
        if (!this.running.end) await this.running.kill('SIGKILL');
        this.temporary.remove();
    }
}

export const scenarioNames = (folder) => readdirSync(folder).filter((name) => name.endsWith('.xml'));
