// run-bench.mjs [--json] [--quick] [--peers] [NAME...]: runs the programs build/release/bench/bench_NAME
// and the scripts bench/NAME.mjs one after the other, gathers their figures (a line of JSON each) and
// prints one table, or with --json one object. What they say besides goes to standard error.
// --peers also runs bench/peers/*.mjs. Fails when a program fails; a goal missed is told, no failure.

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const build = path.join(root, 'build/release');
const LIMIT_MS = 280_000; // of one program

function said(program, ...args) {
    try {
        return execFileSync(program, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    } catch {
        return '';
    }
}

function machine() {
    const cache = path.join(build, 'CMakeCache.txt');
    const cached = existsSync(cache) ? readFileSync(cache, 'utf8') : '';
    const compiler = /^CMAKE_C_COMPILER:\w+=(.*)$/m.exec(cached)?.[1] ?? 'cc';
    const hypervisor = said('systemd-detect-virt', '--vm') || (/hypervisor/.test(readFileSync('/proc/cpuinfo', 'latin1')) ? 'yes' : 'none');
    return {
        cpu: os.cpus()[0]?.model ?? '', cores: os.cpus().length, virtual: hypervisor,
        memory_mib: Math.round(os.totalmem() / 2 ** 20), kernel: `${os.type()} ${os.release()}`,
        load_average: os.loadavg().map((load) => Math.round(load * 100) / 100),
        date: new Date().toISOString(),
        commit: said('git', 'rev-parse', '--short=12', 'HEAD') + (said('git', 'status', '--porcelain', '-uno') ? ' (changed)' : ''),
        compiler: said(compiler, '--version').split('\n')[0],
        build: /^CMAKE_BUILD_TYPE:\w+=(.*)$/m.exec(cached)?.[1] ?? '',
    };
}

/** Every bench there is: [{ name, command }]. */
function benches(peers) {
    const inFolder = (folder, pattern) => !existsSync(folder) ? [] : readdirSync(folder).sort()
        .flatMap((file) => pattern.exec(file) ? [{ name: pattern.exec(file)[1], file: path.join(folder, file) }] : []);
    const script = ({ name, file }) => ({ name, command: [process.execPath, file] });
    return [
        ...inFolder(path.join(build, 'bench'), /^bench_(\w+)$/).map(({ name, file }) => ({ name, command: [file] })),
        ...inFolder(path.join(root, 'bench'), /^([\w-]+)\.mjs$/).map(script),
        ...(peers ? inFolder(path.join(root, 'bench/peers'), /^([\w-]+)\.mjs$/).map(script) : []),
    ];
}

function run({ name, command }, args, take) {
    return new Promise((resolve) => {
        const child = spawn(command[0], [...command.slice(1), ...args], {
            cwd: root, stdio: ['ignore', 'pipe', 'inherit'],
            env: { ...process.env, OUTDIAL: path.join(build, 'outdial') },
        });
        const limit = setTimeout(() => {
            process.stderr.write(`${name}: not done after ${LIMIT_MS / 1000} s, stopped\n`);
            child.kill('SIGKILL');
        }, LIMIT_MS);
        createInterface({ input: child.stdout }).on('line', (line) => {
            let said = null;
            try { said = JSON.parse(line); } catch { /* words */ }
            if (said?.figure) take(said);
            else process.stderr.write(`${line}\n`);
        });
        child.on('error', (error) => process.stderr.write(`${name}: ${error.message}\n`));
        child.on('close', (code) => {
            clearTimeout(limit);
            resolve(code);
        });
    });
}

const number = (value) => value === null || value === undefined ? ''
    : Math.abs(value) >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));

function goalText(goal) {
    if (!goal) return '';
    const bounds = [];
    if (goal.at_most !== undefined) bounds.push(`<= ${number(goal.at_most)}`);
    if (goal.at_least !== undefined) bounds.push(`>= ${number(goal.at_least)}`);
    if (goal.ratio_at_most !== undefined) bounds.push(`<= ${number(goal.ratio_at_most)}x`);
    return bounds.join(', ') + (goal.stretch !== undefined ? ` [${number(goal.stretch)}]` : '');
}

const columns = [
    ['figure', (f) => f.figure], ['load', (f) => f.load], ['value', (f) => number(f.value)], ['unit', (f) => f.unit],
    ['min .. max', (f) => f.spread.runs > 1 ? `${number(f.spread.min)} .. ${number(f.spread.max)}` : 'one run'],
    ['floor', (f) => f.floor ? `${number(f.floor.value)} ${f.floor.name}` : ''], ['ratio', (f) => number(f.ratio)],
    ['goal', (f) => goalText(f.goal)], ['met', (f) => f.met === null ? '' : f.met ? 'yes' : 'NO'],
];

/** One table in the form of Markdown, which a terminal shows as well: it goes into docs/performance.md. */
function table(about, figures) {
    const rows = figures.map((f) => columns.map(([, cell]) => cell(f)));
    const widths = columns.map(([head], i) => Math.max(head.length, ...rows.map((row) => row[i].length)));
    const line = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
    const out = [
        `${about.cpu}, ${about.cores} cores (virtual: ${about.virtual}), ${about.memory_mib} MiB, ${about.kernel}`,
        `${about.date}, load average ${about.load_average.join(' ')}, commit ${about.commit}, ${about.compiler}, ${about.build}`, '',
        line(columns.map(([head]) => head)), line(widths.map((width) => '-'.repeat(width))),
        ...rows.map(line), '', 'Scheduling (class and priority of subject; of generator):',
    ];
    const by = new Map();
    for (const f of figures) {
        const how = `${f.scheduling.subject}; ${f.scheduling.generator}`;
        by.set(how, (by.get(how) ?? new Set()).add(f.bench));
    }
    for (const [how, names] of by) out.push(`  ${how}: ${[...names].join(', ')}`);
    const missed = figures.filter((f) => f.met === false);
    out.push(`${figures.length} figures; ${figures.filter((f) => f.met).length} goals met, ${missed.length} missed`);
    return out.join('\n');
}

const flags = process.argv.slice(2).filter((word) => word.startsWith('--'));
const names = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const all = benches(flags.includes('--peers') || names.length > 0);
const unknown = [...names.filter((name) => !all.some((bench) => bench.name === name)),
    ...flags.filter((flag) => !['--json', '--quick', '--peers'].includes(flag))];
if (unknown.length) {
    process.stderr.write(`run-bench: what is '${unknown[0]}'? There are: ${all.map(({ name }) => name).join(' ')}\n`);
    process.exit(2);
}
const about = machine();
const figures = [];
const failed = [];
for (const bench of all.filter(({ name }) => !names.length || names.includes(name))) {
    const began = Date.now();
    process.stderr.write(`== ${bench.name}\n`);
    const code = await run(bench, flags.includes('--quick') ? ['--quick'] : [], (said) => {
        figures.push(said);
        process.stderr.write(`   ${said.figure}, ${said.load}: ${number(said.value)} ${said.unit}\n`);
    });
    process.stderr.write(`   ${bench.name}: ${Math.round((Date.now() - began) / 1000)} s\n`);
    if (code !== 0) failed.push(bench.name);
}
console.log(flags.includes('--json') ? JSON.stringify({ machine: about, figures, failed }, null, 1) : table(about, figures));
if (failed.length) process.stderr.write(`failed: ${failed.join(', ')}\n`);
process.exitCode = failed.length ? 1 : 0;
