// sipp as a peer: one scenario, its end, and what it said when it failed.

import path from 'node:path';
import { existsSync, readFileSync } from 'node:fs';

import { freePort } from './ports.mjs';
import { Running, temporaryFolder } from './process.mjs';
import { until } from './wait.mjs';

/** Is that UDP port bound, or that TCP port listened on? Asked without disturbing its owner. */
function isBound(port, transport) {
    const wanted = ':' + port.toString(16).toUpperCase().padStart(4, '0');
    const table = readFileSync(`/proc/net/${transport === 't1' ? 'tcp' : 'udp'}`, 'latin1');
    return table.split('\n').some((line) => {
        const [, local, , state] = line.trim().split(/\s+/);
        return local?.endsWith(wanted) && (transport !== 't1' || state === '0A');
    });
}

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
        if (!options.remote)
            await until(() => sipp.running.end || isBound(sipp.port, options.transport ?? 'u1'),
                        10000, 'sipp to listen');
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
