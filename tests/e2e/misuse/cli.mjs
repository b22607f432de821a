// The command line.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';

import { house, outdial, together } from './house.mjs';
import { temporaryFolder } from '../lib/process.mjs';

const COMMANDS = ['serve', 'voice', 'phones', 'import', 'export', 'campaign', 'agent', 'lead', 'report',
    'token', 'journal', 'settings', 'help'];
const nowhere = { OUTDIAL_TOKEN: 'od_x', OUTDIAL_SERVER: 'http://127.0.0.1:9' };
const plain = { OUTDIAL_TOKEN: '', twilio_account_sid: '', twilio_auth_token: '' };

test('every command has its page, and knows its flags', async () => {
    await together(COMMANDS, 3, async (command) => {
        await outdial([command, '--help'], 0, new RegExp(`^usage: outdial ${command}`));
        await outdial(['help', command], 0, new RegExp(`^usage: outdial ${command}`));
        if (command !== 'help')
            await outdial([command, '--nonsense'], 2, /unknown flag '--nonsense'/);
    });
    await outdial(['--version'], 0, /^outdial \d/);
    await outdial(['--help'], 0, /serve/);
    await outdial([], 2, /usage: outdial COMMAND/);
    await outdial(['nonsense'], 2, /no command 'nonsense'/);
    await outdial(['help', 'nonsense'], 2, /no command 'nonsense'/);
    await outdial(['help', 'serve', 'more'], 2, /'more' is one word too many/);
});

test('what is missing, too much or no value is told with the word that is wrong', async () => {
    const cases = [
        [['import'], /--campaign NAME FILE/], [['import', 'x.csv'], /--campaign NAME FILE/],
        [['journal'], /replay or export/], [['journal', 'eat'], /no 'eat'/],
        [['journal', 'export'], /name of a file/], [['journal', 'replay', 'a', 'b'], /one word too many/],
        [['export'], /NAME FILE/], [['export', 'a', 'b', 'c'], /NAME FILE/],
        [['report'], /NAME/], [['report', 'a', 'b'], /NAME/],
        [['phones'], /--script FILE is needed/],
        [['campaign', 'explode'], /'campaign explode'/], [['campaign', 'create'], /create NAME/],
        [['campaign', 'start', 'a', 'b'], /start NAME/],
        [['campaign', 'create', 'a', 'wrap_up_s'], /'wrap_up_s' is not like setting=value/],
        [['campaign', 'create', 'a', '--hours', 'late'], /--hours: 'late'/],
        [['agent', 'dance', 'ann'], /'agent dance'/], [['agent', 'create'], /create NAME/],
        [['agent', 'dial', 'ann', 'x'], /'x' is no lead's id/],
        [['agent', 'dial', 'ann', '1', '--number', '0'], /--number: '0'/],
        [['agent', 'dispose', 'ann', '99999'], /'99999'/],
        [['agent', 'login', 'ann', '--code', 'tea'], /--code: 'tea'/],
        [['lead', 'show'], /show ID/], [['lead', 'forbid'], /forbid NUMBER/],
        [['token', 'end'], /id of a token/], [['token', 'melt'], /no 'melt'/],
        [['token', 'end', '1', '2'], /'2' is one word too many/],
        [['token', '--expires-s', '5'], /--expires-s '5'/],
        [['token', 'list', '--offline'], /--offline is for make/],
        [['settings', 'all'], /'all' is one word too many/],
        [['serve', 'now'], /'now' is one word too many/],
        [['serve', '--http'], /'--http' needs a value/],
        [['serve', '--http', '127.0.0.1:1', '--http', '127.0.0.1:2'], /'--http' is given twice/],
        [['serve', '--demo=yes'], /'--demo' takes no value/],
        [['serve', '--http', '127.0.0.1:70000'], /'127\.0\.0\.1:70000'.*HOST:PORT/],
        [['serve', '--commit-ms', '101'], /'101' is not a whole number within 0-100 ms/],
        [['serve', '--commit-ms', '1e1'], /'1e1' is not a whole number/],
        [['serve', '--trunk', 'tel:1'], /'tel:1' is not of the form sip:HOST:PORT/],
        [['serve', '--voice', 'here'], /'here'.*http:\/\//],
        [['serve', '--log', 'loud'], /'loud' is none of debug info warning error/],
        [['campaign', '--server', 'ftp://x'], /'ftp:\/\/x'/],
        [['campaign', '--server', 'http://'], /'http:\/\/'/],
    ];
    await together(cases, 3, ([args, said]) => outdial(args, 2, said, { env: nowhere }));
});

test('no server, no token, no file: what was tried, and why it failed', async () => {
    const { folder, remove } = temporaryFolder();
    const cases = [
        [['campaign', 'list'], /cannot reach http:\/\/127\.0\.0\.1:9: .*connect/i, nowhere],
        [['agent', 'list'], /cannot reach/, nowhere], [['lead', 'list'], /cannot reach/, nowhere],
        [['report', 'x'], /cannot reach/, nowhere], [['token'], /cannot reach/, nowhere],
        [['export', 'x', '-'], /cannot reach/, nowhere],
        [['campaign', 'list', '--server', 'http://nowhere.invalid'], /nowhere\.invalid/, nowhere],
        [['campaign', 'list', '--data', folder], /no token.*OUTDIAL_TOKEN.*--token-file.*--data/, plain],
        [['campaign', 'list', '--token-file', '/none'], /'\/none': No such file/, plain],
        [['campaign', 'list', '--token-file', folder], /Is a directory/, plain],
        [['campaign', 'list', '--token-file', '/dev/null'], /'\/dev\/null': empty/, plain],
        [['campaign', 'list'], /line ends/, { ...nowhere, OUTDIAL_TOKEN: 'a\r\nX-Evil: b' }],
        [['campaign', 'list'], /too long/, { ...nowhere, OUTDIAL_TOKEN: 'x'.repeat(5000) }],
        [['import', '--campaign', 'x', '/none.csv'], /'\/none\.csv': No such file/, nowhere],
        [['import', '--campaign', 'x', folder], /is not a file/, nowhere],
        [['journal', 'replay', '/none/x'], /'\/none\/x': No such file/, nowhere],
        [['journal', 'replay', '--data', '/none'], /cannot open '\/none\/outdial\.db'/, nowhere],
        [['export', 'x', '/none/x.csv'], /'\/none\/x\.csv\.part': No such file/, nowhere],
        [['campaign', 'create', 'x', '--settings', '/none.json'], /\/none\.json: No such file/, nowhere],
        [['token', '--offline', '--data', '/none'], /'\/none\/outdial\.db': No such file/, plain],
    ];
    await together(cases, 3, ([args, said, env]) => outdial(args, 1, said, { env }));
    const list = path.join(folder, 'settings.json');
    writeFileSync(list, '{\n  "mode": oops\n}');
    await outdial(['campaign', 'create', 'x', '--settings', list], 1, /settings\.json:2: /,
        { env: nowhere });
    remove();
});

test('a server says in its own words what it refuses; the code is 1', async () => {
    const center = await house();
    const to = ['--server', center.http, '--data', center.data];
    const cases = [
        [['campaign', 'show', 'autumn'], /no campaign 'autumn' \(404\)/],
        [['campaign', 'create', 'spring'], /campaign 'spring' already \(409\)/],
        [['campaign', 'set', 'spring', 'wrap_up_s=0'], /wrap_up_s: 0 is not within 1-3600 \(422\)/],
        [['campaign', 'set', 'spring', 'nonsense=1'], /nonsense: there is no such setting/],
        [['campaign', 'create', '12'], /name: /],
        [['agent', 'create', 'bob', '--contact', 'tel:5'], /contact: must be of the form sip:/],
        [['agent', 'create', 'bob', '--contact', 'sip:b@127.0.0.1', '--campaign', 'sprnig'],
            /no campaign 'sprnig'/],
        [['agent', 'login', 'nobody'], /no agent 'nobody'/],
        [['lead', 'show', 'x'], /'x' is no id/], [['lead', 'list', '--state', 'odd'], /'odd'/],
        [['lead', 'forbid', '555'], /'555'/], [['report', 'autumn'], /no campaign 'autumn'/],
        [['token', 'end', '99'], /no token 99/], [['token', '--agent', 'nobody'], /no agent 'nobody'/],
        [['import', '--campaign', 'autumn', center.file('one.csv', 'phone\n+12025550100\n')],
            /no campaign 'autumn'/],
        [['export', 'autumn', '-'], /no campaign 'autumn'/],
    ];
    await together(cases, 3, ([args, said]) => outdial([...args, ...to], 1, said, { env: plain }));
    const wrong = await outdial(['campaign', 'list', ...to], 1, /token is wanted.*\(401\)/,
        { env: { OUTDIAL_TOKEN: 'od_wrong' } });
    assert.match(wrong.errors, /`outdial token` makes one/);
});

test('--json is JSON wherever something is printed', async () => {
    const center = await house();
    const list = center.file('json.csv', 'phone\n+12025550190\n');
    await center.cli(['campaign', 'create', 'json', '--country', 'US', '--json']);
    for (const args of [['settings'], ['campaign'], ['campaign', 'show', 'json'],
        ['campaign', 'set', 'json', 'wrap_up_s=9'], ['import', '--campaign', 'json', list],
        ['report', 'json'], ['agent', 'create', 'jo', '--contact', 'sip:jo@127.0.0.1'], ['agent'],
        ['agent', 'show', 'jo'], ['lead', 'list', '--campaign', 'json'],
        ['lead', 'forbid', '+12025550191'], ['lead', 'forbidden'], ['token'], ['token', 'list']]) {
        const words = [...args, '--json'];
        const end = await outdial(args[0] === 'settings' ? words
            : [...words, '--server', center.http, '--data', center.data], 0, null, { env: plain });
        assert.equal(typeof JSON.parse(end.output), 'object', words.join(' '));
    }
});

test('serve says which folder, port or variable it cannot use', async (t) => {
    const center = await house();
    const { folder, remove } = temporaryFolder();
    t.after(remove);
    const file = path.join(folder, 'file');
    const data = (name) => { mkdirSync(path.join(folder, name)); return path.join(folder, name); };
    const serve = (args, code, said, env = {}) => outdial(['serve', '--http', '127.0.0.1:0',
        '--data', path.join(folder, 'data'), ...args].filter((word, i, all) =>
        // the later of two flags of the same name
        !(word.startsWith('--') && all.indexOf(word, i + 1) > 0) &&
        !(i && all[i - 1].startsWith('--') && all.indexOf(all[i - 1], i) > 0)),
    code, said, { env: { ...plain, ...env } });

    writeFileSync(file, 'x');
    await serve(['--data', file], 1, /file\/credentials\.json': Not a directory/);
    await serve(['--data', `${file}/in`], 1, /cannot make the folder '.*file\/in': Not a directory/);
    await serve(['--data', '/proc/outdial'], 1, /cannot make the folder '\/proc\/outdial'/);
    await serve(['--data', center.data], 1, /(already|another|in use|uses)/i);
    await serve(['--http', 'host.example:80'], 1, /'host\.example:80' needs an address in numbers/);
    await serve(['--http', '192.0.2.1:0'], 1, /'192\.0\.2\.1:0'/);
    await serve(['--voice', 'http://127.0.0.1:9'], 1, /--voice needs .*twilio_account_sid/);
    await serve([], 1, /but not twilio_auth_token, /, { twilio_account_sid: 'AC1' });

    const bad = data('bad');
    writeFileSync(path.join(bad, 'outdial.db'), 'this was never a database, and is long enough');
    await serve(['--data', bad], 1, /bad\/outdial\.db': the file is damaged, or no store/);
    const keys = data('keys');
    writeFileSync(path.join(keys, 'credentials.json'), '{');
    await serve(['--data', keys], 1, /keys\/credentials\.json/);

    const taken = createServer();
    t.after(() => taken.close());
    await new Promise((resolve) => taken.listen(0, '127.0.0.1', resolve));
    await serve(['--http', `127.0.0.1:${taken.address().port}`], 1, /Address already in use/);
});
