// Manners: a clean stop, no escape codes where no terminal is, no complaint about a closed pipe.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { OUTDIAL, Running, temporaryFolder } from '../lib/process.mjs';
import { sleep, until } from '../lib/wait.mjs';
import { SPOKEN, outdial } from './house.mjs';

/** Processes with `word` on their command line. */
function withWord(word) {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
        try {
            return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(word);
        } catch {
            return false;
        }
    });
}

for (const signal of ['SIGINT', 'SIGTERM'])
    test(`${signal} stops the demo and everything it began`, async (t) => {
        const { folder, remove } = temporaryFolder();
        t.after(remove);
        const demo = new Running(OUTDIAL, ['serve', '--demo', '--http', '127.0.0.1:0', '--data', folder],
            { env: { NO_COLOR: '1' } });
        await demo.ready(20000);
        await until(() => withWord(folder).length >= 3, 5000, 'engine and telephones to run');
        await sleep(1000);
        const begun = Date.now();
        const { code } = await demo.kill(signal);
        assert.equal(code, 0, demo.errors.slice(-2000));
        assert.ok(Date.now() - begun < 6000, `it took ${Date.now() - begun} ms`); // 3 s on a quiet machine
        assert.deepEqual(withWord(folder), []);
        assert.doesNotMatch(demo.errors, SPOKEN);
        // eslint-disable-next-line no-control-regex
        assert.doesNotMatch(demo.output + demo.errors, /\x1b/, 'no escape codes in a pipe');
    });

test('standard output that is closed is a failure, not a crash', async () => {
    const shell = (line) => new Promise((resolve) => {
        const child = spawn('sh', ['-c', line], { env: { ...process.env, OUTDIAL } });
        let errors = '';
        child.stderr.on('data', (data) => { errors += data; });
        child.on('close', (code, signal) => resolve({ code, signal, errors }));
    });
    const full = await shell('"$OUTDIAL" settings >/dev/full');
    assert.equal(full.code, 1, full.errors);
    assert.match(full.errors, /cannot write to standard output: No space left/);
    const closed = await shell('"$OUTDIAL" settings >&-');
    assert.equal(closed.code, 1, closed.errors);
    const pipe = await shell('{ "$OUTDIAL" settings; } | true');
    assert.doesNotMatch(full.errors + closed.errors + pipe.errors, SPOKEN);
    await outdial(['help'], 0, /usage/, { env: { NO_COLOR: '1', TERM: 'xterm-256color' } });
});
