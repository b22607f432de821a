// A call centre of three processes on free ports: simulated telephones, the dialer, its engine.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { OUTDIAL, Running, run, temporaryFolder } from '../lib/process.mjs';
import { until } from '../lib/wait.mjs';

export class Center {
    /** options: script (of the telephones), args (more flags of serve), env */
    static async start(options) {
        const center = new Center();
        center.temporary = temporaryFolder();
        center.folder = center.temporary.folder;
        center.data = path.join(center.folder, 'data');
        center.options = options;
        center.records = [];
        const script = path.join(center.folder, 'phones.json');
        writeFileSync(script, JSON.stringify(options.script));
        center.phones = new Running(OUTDIAL, ['phones', '--listen', '127.0.0.1:0', '--script', script]);
        center.phones.onLine((line) => {
            if (line.startsWith('{')) center.records.push(JSON.parse(line));
        });
        center.sip = (await center.phones.ready()).sip.replace(/^sip:/, '');
        await center.serve();
        return center;
    }

    /** Starts the dialer (anew, on the same folder). */
    async serve() {
        this.server = new Running(OUTDIAL, ['serve', '--http', '127.0.0.1:0', '--data', this.data,
            '--trunk', `sip:${this.sip}`, ...(this.options.args ?? [])], { env: this.options.env });
        this.ready = await this.server.ready(30000);
        this.http = this.ready.http;
    }

    /** A subcommand as a person types it; throws when its code is not `code`. */
    async cli(args, code = 0) {
        const end = await run(OUTDIAL, [...args, '--server', this.http, '--data', this.data]);
        if (end.code !== code)
            throw new Error(`outdial ${args.join(' ')}: code ${end.code}\n${end.output}${end.errors}`);
        return end;
    }

    async json(args) { return JSON.parse((await this.cli([...args, '--json'])).output); }

    file(name, content) {
        const full = path.join(this.folder, name);
        if (content !== undefined) writeFileSync(full, content);
        return full;
    }

    /** Agents robot-1 ... robot-n, at the simulated telephones, logged in and in their rooms. */
    async robots(count, campaign) {
        for (let i = 1; i <= count; ++i) {
            await this.cli(['agent', 'create', `robot-${i}`, '--contact', `sip:robot-${i}@${this.sip}`,
                '--campaign', campaign]);
            await this.cli(['agent', 'login', `robot-${i}`]);
        }
        await this.inTheirRooms();
    }

    inTheirRooms(ms = 30000) {
        return until(async () => {
            const agents = await this.json(['agent', 'list']);
            return agents.every(({ line, activity }) => line === 'connected' && activity !== 'offline');
        }, ms, 'the agents to be in their rooms');
    }

    report(campaign) { return this.json(['report', campaign]); }

    /** GET of the interface: `path` below /api/v1/. */
    async api(path) {
        const token = readFileSync(`${this.data}/token`, 'utf8').trim();
        const answer = await fetch(`${this.http}/api/v1/${path}`, { headers: { authorization: `Bearer ${token}` } });
        if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
        return answer.json();
    }

    /** Every item of a list that comes in pages; `path` has a question mark. */
    async all(path) {
        const items = [];
        for (let cursor = ''; ;) {
            const page = await this.api(`${path}&limit=1000${cursor}`);
            items.push(...page.items);
            if (!page.next_cursor) return items;
            cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`;
        }
    }

    /** The journal fed to a new core and held to the store; throws unless they agree. */
    async replay() {
        const end = await run(OUTDIAL, ['journal', 'replay', '--data', this.data, '--json'], { ms: 300000 });
        if (end.code !== 0) throw new Error(`the journal does not replay: ${end.errors}${end.output}`);
        return JSON.parse(end.output);
    }

    async stop() {
        await this.server.stop(20000);
        await this.phones.stop();
        this.temporary.remove();
    }
}

export const FINAL = ['done', 'exhausted', 'blocked'];

/** Leads that may still be called now or soon. */
export const leadsLeft = ({ leads }) => Object.entries(leads)
    .filter(([state]) => !FINAL.includes(state)).reduce((sum, [, count]) => sum + count, 0);
