// Calls in progress, and what of their sound arrived; the memory of processes; a log of figures.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { sleep, until } from '../lib/wait.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
export const LONG = process.env.OUTDIAL_LONG === '1';

export const figure = (text) => console.log(`figure: ${text}`);

/** A sanitizer keeps what is freed; without that, memory can be measured. */
export const SMALL_QUARANTINE = {
    ASAN_OPTIONS: [process.env.ASAN_OPTIONS, 'quarantine_size_mb=4', 'malloc_context_size=2']
        .filter(Boolean).join(':'),
};

/** The ear's process (ear.mjs): where calls go whose sound is measured. */
export class Ear {
    static async start() {
        const ear = new Ear();
        ear.lines = [];
        ear.child = spawn(process.execPath, [path.join(HERE, 'ear.mjs')],
                          { stdio: ['pipe', 'pipe', 'inherit'] });
        process.on('exit', () => ear.child.kill('SIGKILL'));
        let text = '';
        ear.child.stdout.on('data', (data) => {
            text += data;
            for (let end; (end = text.indexOf('\n')) >= 0; text = text.slice(end + 1))
                ear.lines.push(JSON.parse(text.slice(0, end)));
        });
        ear.sip = (await ear.#line((line) => line.ready)).sip;
        return ear;
    }

    #line(test, ms = 20000) { return until(() => this.lines.find(test), ms, 'the ear to speak'); }

    speak() { this.child.stdin.write('speak\n'); }

    /** The engine's RTP ports: { talking, silent }. */
    ports() {
        const before = this.lines.length;
        this.child.stdin.write('ports\n');
        return until(() => this.lines.slice(before).find((line) => line.talking), 5000, 'the ports');
    }

    phase(name) { this.child.stdin.write(`phase ${name}\n`); }

    /** Rooms of two, each heard by the other. */
    async pairs(rest, count, prefix = 'pair', number = '+1500555') {
        const sids = [], up = async () => {
            const { talking, silent } = await this.ports();
            return talking.length + silent.length;
        };
        const before = await up();
        for (let i = 0; i < count; ++i)
            for (const side of [0, 1]) {
                const call = await rest.createCall({
                    To: `${number}${String(1000 + 2 * i + side)}`, From: '+15005550006',
                    Twiml: '<Response><Dial><Conference startConferenceOnEnter="true" beep="false"' +
                        ` endConferenceOnExit="false" waitUrl="">${prefix}-${i}</Conference></Dial></Response>`,
                });
                sids.push(call.sid);
            }
        await until(async () => await up() >= before + 2 * count, 20000, 'everybody to be on the line', 100);
        return sids;
    }

    /** The figures of each phase; printed, and held against what nobody would notice. */
    async report(what) {
        const before = this.lines.length;
        this.child.stdin.write('report\n');
        const phases = await until(() => this.lines.slice(before).find(Array.isArray), 10000, 'the report');
        for (const one of phases.filter(({ sent }) => sent))
            figure(`${what}, ${one.name}: ${one.heard} of ${one.sent} packets, ${one.late} torn; delay p50 ` +
                `${one.p50} p99 ${one.p99} max ${one.max} ms (this machine's own p99 ${one.machine_p99} max ` +
                `${one.machine_max})`);
        return phases;
    }

    async stop() {
        const gone = new Promise((resolve) => { this.child.once('close', resolve); });
        this.child.stdin.end();
        await gone;
    }
}

/** Nothing is lost or said twice. A packet that is late though the machine was not is torn sound. */
export function unnoticed(phases, share = 0.01) {
    for (const { name, sent, heard, repeated, late } of phases) {
        if (!sent) continue;
        assert.ok(sent - heard <= sent * share, `${name}: ${heard} of ${sent} packets were heard`);
        assert.equal(repeated, 0, `${name}: packets came twice`);
        assert.ok(late <= sent * 5 * share, `${name}: ${late} of ${sent} packets came too late`);
    }
}

const status = (pid, name) =>
    Number((readFileSync(`/proc/${pid}/status`, 'latin1').match(new RegExp(`${name}:\\s+(\\d+)`)) ?? [])[1]);
export const resident = (pid) => status(pid, 'VmRSS') / 1024;
export const openFiles = (pid) =>
    Number(readFileSync(`/proc/${pid}/status`, 'latin1').match(/FDSize:\s+(\d+)/)[1]);
/** Processor time of the process so far, ms. */
export function processorMs(pid) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Looks at the memory of a process five times a second. */
export class Memory {
    constructor(name, pid) {
        this.name = name;
        this.pid = pid;
        this.before = this.most = resident(pid);
        this.timer = setInterval(() => { this.#look(); }, 200);
        this.timer.unref();
    }

    #look() {
        try { this.most = Math.max(this.most, resident(this.pid)); } catch { /* it has ended */ }
    }

    /** Never more than `most` MB over the beginning, and at the end at most `after` MB over it. */
    async bounded(most, after = most / 2) {
        this.#look();
        const over = () => resident(this.pid) - this.before;
        await until(() => over() <= after, 10000, 'the memory to go back', 100).catch(() => {});
        clearInterval(this.timer);
        figure(`memory of ${this.name}: ${this.before.toFixed(0)} MB before, at most ${this.most.toFixed(0)}, ` +
            `${resident(this.pid).toFixed(0)} after`);
        assert.ok(this.most - this.before <= most, `${this.name} grew by ${(this.most - this.before).toFixed(0)} MB`);
        assert.ok(over() <= after, `${this.name} keeps ${over().toFixed(0)} MB`);
    }
}

export const pass = (ms) => sleep(LONG ? 5 * ms : ms);
