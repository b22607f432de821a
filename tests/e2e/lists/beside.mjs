// A campaign calls, and beside it a long list comes in: what became of both.

import { createWriteStream, readFileSync } from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';

import { sleep, until } from '../lib/wait.mjs';
import { Center } from '../campaign/center.mjs';

const AREAS = ['212', '312', '303', '213', '415', '617', '702', '206', '305', '512'];
const FIRST = ['Ada', 'Grace', 'Jürgen', 'Zoë', 'Łukasz', 'Мария', 'O\'Neil', 'Ai'];

/** Rows as people send them: many forms of numbers, quotes, other alphabets, zones, bad and repeated rows. */
export function row(i) {
    const area = AREAS[i % AREAS.length];
    const exchange = 200 + Math.floor(i / 10) % 800;
    const line = String(Math.floor(i / 8000) % 10000).padStart(4, '0');
    const forms = [`(${area}) ${exchange}-${line}`, `${area}-${exchange}-${line}`, `+1 ${area} ${exchange} ${line}`,
        `1.${area}.${exchange}.${line}`, `${area}${exchange}${line}`];
    let phone = forms[i % 7 % 5];
    if (i % 500 === 499) phone = 'none';
    if (i % 500 === 250) phone = '911';
    const zone = i % 50 === 7 ? 'America/New_York' : '';
    return `${i},${FIRST[i % FIRST.length]},"Name ""${i}"", Jr.",${phone},p${i}@example.com,` +
        `${zone},"${i % 3 ? 'gold, yearly' : 'silver'}",${i % 40 ? '' : '"two\nlines"'}\n`;
}

/** The file, and what must become of it. */
export async function writeList(file, rows) {
    const out = createWriteStream(file);
    const repeated = Math.floor(rows / 100);
    out.write('id,first name,last name,phone,email,time zone,plan,note\n');
    for (let i = 0, piece = ''; i < rows; ++i) {
        piece += row(i < rows - repeated ? i : i - (rows - repeated));
        if (piece.length < 1 << 20 && i < rows - 1) continue;
        if (!out.write(piece)) await once(out, 'drain');
        piece = '';
    }
    out.end();
    await once(out, 'close');
    const bad = (n) => Math.floor((n + 1) / 500) + Math.floor((n + 249) / 500);
    const rejected = bad(rows - repeated) + bad(repeated);
    return { rows, rejected, duplicates: repeated - bad(repeated), imported: rows - rejected - repeated + bad(repeated) };
}

const SETTINGS = {
    wrap_up_s: 1, ring_timeout_s: 15, hours: { every_day: [['00:00', '24:00']] }, hopper_low: 20, hopper_high: 100,
    number_caps: { per_day: 3, gap_s: 0 }, person_caps: { per_day: 5, gap_s: 0 },
};

const status = (pid, name) =>
    Number(readFileSync(`/proc/${pid}/status`, 'latin1').match(new RegExp(`${name}:\\s+(\\d+)`))[1]);

function cpuUs(pid) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10000;
}

/** What the server says of its records and calls since `before`, which this gave as `seen`. */
async function look(center) {
    const live = await center.api('live');
    return { commit: live.commit_ms, hello: live.hello_latency_ms, attempts: live.attempts,
        rssMiB: status(center.server.pid, 'VmRSS') / 1024 };
}

/** options: rows, robots, quietMs (how long the campaign runs alone), env, check(center, expected, result) */
export async function importBeside(options) {
    const center = await Center.start({
        script: { seed: 1, numbers: {
            '+1': { do: 'answer', ring: 0.2, hello_after: 0.1, talk: [0.5, 1.5] },
            'robot-': { do: 'robot' } } },
        args: ['--agents-max', '64'], env: options.env,
        ...options.center,
    });
    try {
        const file = path.join(center.folder, 'million.csv');
        const expected = await writeList(file, options.rows);
        const settings = center.file('settings.json', JSON.stringify(SETTINGS));
        await center.cli(['campaign', 'create', 'busy', '--settings', settings]);
        let list = 'phone\n';
        for (let i = 0; i < 6000; ++i) list += `+1646${String(2000000 + i).padStart(7, '0')}\n`;
        await center.cli(['import', '--campaign', 'busy', center.file('first.csv', list)]);
        await center.robots(options.robots, 'busy');
        await center.cli(['campaign', 'start', 'busy']);
        const begun = await look(center);
        await sleep(2000);
        await sleep(options.quietMs);
        const alone = await look(center);
        const cpu = cpuUs(center.server.pid);
        const at = Date.now();
        let over = false, rssMiB = 0;
        const importing = center.cli(['import', '--campaign', 'busy', '--country', 'US', '--json', file])
            .finally(() => { over = true; });
        while (!over) {
            rssMiB = Math.max(rssMiB, status(center.server.pid, 'VmRSS') / 1024);
            await sleep(100);
        }
        const answer = JSON.parse((await importing).output);
        const seconds = (Date.now() - at) / 1000;
        const during = await look(center);
        await options.check?.(center, expected, answer, { begun, alone, during });
        return {
            folder: center.folder, answer, expected, seconds, rowsPerSecond: options.rows / seconds,
            cpuUsPerRow: (cpuUs(center.server.pid) - cpu) / options.rows, alone, during: { ...during, rssMiB },
            attemptsBefore: alone.attempts - begun.attempts, attemptsDuring: during.attempts - alone.attempts,
        };
    } finally {
        await center.stop();
    }
}
