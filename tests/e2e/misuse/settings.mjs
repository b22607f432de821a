// Settings: files, environment, flags.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { outdial } from './house.mjs';
import { temporaryFolder } from '../lib/process.mjs';

test('a settings file is told its bad lines by number', async () => {
    const { folder, remove } = temporaryFolder();
    const file = path.join(folder, 'outdial.conf');
    const settings = (content, code, said) => {
        writeFileSync(file, content);
        return outdial(['settings', '--config', file], code, said);
    };

    const end = await settings('commit_ms = 5\nnonsense = 1\njust words\nhttp = x\n' +
        'commit_ms = 101 # too much\n\n = 3\nlog = loud\nserver = http://\n', 2, /conf:2: .*'nonsense'/);
    for (const said of [/conf:3: 'just words' is not of the form name = value/, /conf:4: http 'x'/,
        /conf:5: commit_ms '101' is not a whole number within 0-100 ms/, /conf:7: /,
        /conf:8: log 'loud'/, /conf:9: server 'http:\/\/'/])
        assert.match(end.errors, said);
    assert.doesNotMatch(end.errors, /conf:[16]:/);
    await settings('commit_ms = 5\0\n', 2, /'.*conf': it is no text/);
    await settings('\xff\xfe'.repeat(5000), 2, /conf:1: /);
    await settings('\ufeffcommit_ms = 7\r\n', 0, /^commit_ms = 7$/m);
    await settings('x'.repeat(1 << 20), 2, /conf:1: /);
    await outdial(['settings', '--config', folder], 2, /Is a directory/);
    await outdial(['settings', '--config', `${folder}/none`], 2, /none': No such file/);
    remove();
});

test('what settings prints is a settings file', async () => {
    const { folder, remove } = temporaryFolder();
    const file = path.join(folder, 'printed.conf');
    writeFileSync(file, (await outdial(['settings'], 0)).output);
    const again = await outdial(['settings', '--config', file, '--json'], 0);
    for (const { name, value, unit, range, sentence } of JSON.parse(again.output)) {
        assert.ok(sentence && typeof unit === 'string' && typeof range === 'string', name);
        if (name === 'config') assert.ok(value === '' || value === file);
    }
    remove();
});

test('the environment is told its variable', async () => {
    await outdial(['serve'], 2, /OUTDIAL_COMMIT_MS: commit_ms '5000' is not .* 0-100 ms/,
        { env: { OUTDIAL_COMMIT_MS: '5000' } });
    await outdial(['voice'], 2, /OUTDIAL_VOICE_CPS: voice_cps '0'/, { env: { OUTDIAL_VOICE_CPS: '0' } });
    await outdial(['phones'], 2, /OUTDIAL_PHONES_LISTEN: phones_listen ''/,
        { env: { OUTDIAL_PHONES_LISTEN: '' } });
    await outdial(['settings'], 2, /'\/none': No such file/, { env: { OUTDIAL_CONFIG: '/none' } });
});
