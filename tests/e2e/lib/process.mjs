// Our own processes: started, waited for, stopped, and never left behind.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePort } from './ports.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

/** The program under test: the environment variable OUTDIAL, else the sanitized build. */
export const OUTDIAL = process.env.OUTDIAL || path.join(ROOT, 'build/asan/outdial');

const living = new Set();

/** A folder of our own below the system's temporary one. */
export function temporaryFolder() {
    const folder = mkdtempSync(path.join(tmpdir(), 'outdial-'));
    return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

// What a sanitizer says goes to a file of this folder, whoever of our processes, their children and
// grandchildren it speaks of, heard by us or not. A failed check() is read from standard error.
const sanitizer = temporaryFolder();
const SPOKEN = new RegExp('(Address|Leak|Thread|UndefinedBehavior)Sanitizer|runtime error|check failed|' +
    'engine\\.stopped why="it ended by (signal|itself with code [1-9])');
const everybody = [];
const SANITIZER_OPTIONS = Object.fromEntries(['ASAN', 'LSAN', 'TSAN', 'UBSAN'].map((name) => {
    const file = path.join(ROOT, 'tools/sanitizer', `${name.toLowerCase()}.suppressions`);
    return [`${name}_OPTIONS`, [process.env[`${name}_OPTIONS`], `log_path=${sanitizer.folder}/report`,
        existsSync(file) && `suppressions=${file}`].filter(Boolean).join(':')];
}));

/** What sanitizers and check() have said so far of any process of this test, "" when nothing. */
export function spoken() {
    const reports = readdirSync(sanitizer.folder)
        .map((name) => readFileSync(path.join(sanitizer.folder, name), 'utf8'));
    return [...everybody.map(({ errors }) => errors), ...reports].filter((text) => SPOKEN.test(text))
        .join('\n');
}

process.on('exit', () => {
    for (const child of living) child.kill('SIGKILL');
    const text = spoken();
    sanitizer.remove();
    if (!text) return;
    console.error(`a process of this test was found at fault:\n${text.slice(0, 20000)}`);
    process.exitCode = 1;
});

/** A program that is running. `output` and `errors` grow as it writes. */
export class Running {
    constructor(program, args, options = {}) {
        this.name = `${path.basename(program)} ${args[0] ?? ''}`;
        this.output = '';
        this.errors = '';
        this.lineHandlers = [];
        this.child = spawn(program, args, {
            cwd: options.cwd,
            /* A statement of the store that walks through a growing table ends the program. */
            env: { ...process.env, ...SANITIZER_OPTIONS, OUTDIAL_WATCH_PLANS: '1', ...options.env },
            stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
        });
        this.child.stdin?.end(options.input);
        living.add(this.child);
        everybody.push(this);
        this.child.stdout.on('data', (data) => this.#outputCame(String(data)));
        this.child.stderr.on('data', (data) => { this.errors += data; });
        this.ended = new Promise((resolve) => {
            this.child.once('error', (error) => {
                this.errors += error.message;
                resolve({ code: 127, signal: null });
            });
            this.child.once('close', (code, signal) => resolve({ code, signal }));
        }).then((end) => {
            living.delete(this.child);
            this.end = end;
            return end;
        });
    }

    get pid() { return this.child.pid; }

    #outputCame(data) {
        const before = this.output.lastIndexOf('\n') + 1;
        this.output += data;
        const lines = this.output.slice(before).split('\n');
        lines.pop();
        for (const line of lines) for (const handler of this.lineHandlers) handler(line);
    }

    /** Calls `handler` for each whole line of standard output from now on. */
    onLine(handler) { this.lineHandlers.push(handler); }

    /** The JSON line `{"ready":true,...}`, or an error that shows what the program said instead. */
    ready(ms = 20000) {
        return new Promise((resolve, reject) => {
            const look = () => {
                for (const line of this.output.split('\n')) {
                    if (!line.startsWith('{')) continue;
                    try {
                        const value = JSON.parse(line);
                        if (value.ready) return value;
                    } catch { /* half a line */ }
                }
                return null;
            };
            const say = (why) => new Error(`${this.name} ${why}\n${this.output}\n${this.errors}`);
            const timer = setTimeout(() => {
                this.child.kill('SIGKILL'); // nobody else would end it, and the test would wait for it
                reject(say(`was not ready in ${ms} ms`));
            }, ms);
            const done = () => {
                const value = look();
                if (!value) return;
                clearTimeout(timer);
                resolve(value);
            };
            this.child.stdout.on('data', done);
            this.ended.then(() => {
                clearTimeout(timer);
                const value = look();
                if (value) resolve(value);
                else reject(say(`ended (${JSON.stringify(this.end)}) before it was ready`));
            });
            done();
        });
    }

    kill(signal = 'SIGKILL') { this.child.kill(signal); return this.ended; }

    /** SIGTERM, SIGKILL after `ms`. Throws when it did not end well, or somebody was found at fault. */
    async stop(ms = 10000) {
        const timer = setTimeout(() => this.child.kill('SIGKILL'), ms);
        if (!this.end) this.child.kill('SIGTERM');
        const { code, signal } = await this.ended;
        clearTimeout(timer);
        const text = spoken();
        if (code !== 0 || text)
            throw new Error(`${this.name} ended with code ${code}, signal ${signal}\n` +
                            this.errors.slice(-6000) + text.slice(0, 20000));
    }
}

/** Runs to its end; resolves with { code, signal, output, errors }. */
export async function run(program, args, options = {}) {
    const running = new Running(program, args, options);
    const timer = setTimeout(() => running.kill(), options.ms ?? 60000);
    const end = await running.ended;
    clearTimeout(timer);
    return { ...end, output: running.output, errors: running.errors };
}

export const ACCOUNT_SID = 'AC00000000000000000000000000000001';
export const AUTH_TOKEN = 'engine-test-token';

/**
 * A voice engine on free ports. options: trunk, args (more flags), env, limit (of descriptors).
 * The result has http, sip and media as its ready line says, and sipPort.
 */
export async function startVoice(options = {}) {
    const data = temporaryFolder();
    const mediaPort = 20000 + 200 * (await freePort() % 200);
    const args = ['voice', '--http', '127.0.0.1:0', '--sip', options.sip ?? '127.0.0.1:0',
        '--media', options.media ?? `127.0.0.1:${mediaPort}-${mediaPort + 2999}`,
        '--data', data.folder, ...(options.args ?? [])];
    if (options.trunk) args.push('--trunk', options.trunk);
    const program = options.program ?? OUTDIAL;
    const limited = ['sh', ['-c', `ulimit -n ${options.limit}; exec "$@"`, 'sh', program, ...args]];
    const voice = new Running(...(options.limit ? limited : [program, args]), {
        env: { twilio_account_sid: ACCOUNT_SID, twilio_auth_token: AUTH_TOKEN, ...options.env },
    });
    voice.ended.then(data.remove);
    Object.assign(voice, await voice.ready());
    voice.sipPort = Number(voice.sip.split(':')[1]);
    return voice;
}
