// Does a list of a million people harm the calls? `outdial import` into a running `serve` whose campaign calls
// simulated telephones: rows a second, the time from a record to the disk beside a run without the import, the
// hello latency beside it, and the memory of serve.
//
//   OUTDIAL=build/release/outdial node bench/import-live.mjs [--quick] [--rows N]

import { rmSync } from 'node:fs';
import path from 'node:path';

import { importBeside } from '../tests/e2e/lists/beside.mjs';
import { figure, quick } from './lib/figure.mjs';

const at = process.argv.indexOf('--rows');
const rows = at > 0 ? Number(process.argv[at + 1]) : quick ? 50000 : 1000000;
const result = await importBeside({ rows, robots: 10, quietMs: quick ? 5000 : 15000 });
const load = `${rows} rows, 10 agents on calls`;
const tell = (name, unit, value, more = {}) =>
    figure({ bench: 'import-live', figure: name, unit, load, runs: [value], ...more });

tell('import beside a campaign', 'rows/s', result.rowsPerSecond, { goal: { at_least: 20000 } });
tell('import, CPU of serve', 'us/row', result.cpuUsPerRow);
for (const q of ['p50', 'p99'])
    tell(`record to disk during the import, ${q}`, 'ms', result.during.commit[q],
        { floor: { name: 'the same campaign without the import', runs: [result.alone.commit[q]] } });
tell('hello latency during the import, p99', 'ms', result.during.hello.p99,
    { floor: { name: 'the same campaign without the import', runs: [result.alone.hello.p99] } });
tell('RSS of serve at its highest', 'MiB', result.during.rssMiB,
    { floor: { name: 'before the import', runs: [result.alone.rssMiB] } });
rmSync(path.join(result.folder), { recursive: true, force: true });
