// The page's types, written as comments, hold: the TypeScript compiler as a checker only.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

test('the types of the page hold', () => {
    const top = fileURLToPath(new URL('../../', import.meta.url));
    const { status, stdout, stderr } = spawnSync(`${top}node_modules/.bin/tsc`, ['-p', 'tests/app/tsconfig.json'], { cwd: top, encoding: 'utf8' });
    assert.equal(status, 0, stdout + stderr);
});
