// Lists of people: everything a spreadsheet, an editor or a bad day makes of a CSV file.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { test } from 'node:test';

import { Center } from '../campaign/center.mjs';
import { until } from '../lib/wait.mjs';
import { SPOKEN, ask, house, outdial, together } from './house.mjs';

let number = 2025550000;
const fresh = () => `+1${++number}`; // nobody has been on a list with it
const utf16 = (text) => Buffer.from(`\ufeff${text}`, 'utf16le');

/** A list in a campaign of its own: what the import said. */
async function imported(name, content) {
    const center = await house();
    const campaign = `list-${name.replaceAll(/\W+/g, '-')}`;
    await center.cli(['campaign', 'create', campaign, '--country', 'US']);
    const file = center.file(`${campaign}.csv`, content);
    return { campaign, file, ...await center.json(['import', '--campaign', campaign, file]) };
}

/** A list that cannot be taken: the message, and that nothing is left of it. */
async function refusedList(name, content, said) {
    const center = await house();
    const campaign = `bad-${name.replaceAll(/\W+/g, '-')}`;
    await center.cli(['campaign', 'create', campaign, '--country', 'US']);
    await outdial(['import', '--campaign', campaign, center.file(`${campaign}.csv`, content),
        '--server', center.http, '--data', center.data], 1, said);
    const { body } = await ask('GET', `/api/v1/leads?campaign=${campaign}`);
    assert.deepEqual(body.items, [], name);
}

test('a file that is no list is refused whole, with its line where there is one', async () => {
    await together([
        ['empty', '', /the file is empty/],
        ['only blanks', '\n\n\n', /no rows/],
        ['no phone column', 'name,city\nAnn,Berlin\n', /telephone/],
        ['binary', Buffer.from(Array.from({ length: 20000 }, (_, i) => (i * 7919) % 256)), /./],
        ['zeros', Buffer.alloc(10000), /./],
        ['an unclosed quote', `name,phone\n"Ann,${fresh()}\nBob,${fresh()}\n`, /quote/],
        ['a line of 1 MB', `phone,note\n${fresh()},${'x'.repeat(1 << 20)}\n`, /line 2/],
        ['thousands of columns', `phone${',c'.repeat(5000)}\n${fresh()}\n`, /line 1/],
        ['half a character', Buffer.concat([utf16(`phone\n${fresh()}\n`), Buffer.from([65])]),
            /line 3, byte \d+: not UTF-16/],
        ['NUL in a field', `name,phone\nA\0nn,${fresh()}\n`, /line 2: a zero byte/],
    ], 2, ([name, content, said]) => refusedList(name, content, said));
});

test('what can be read is read, whatever wrote it', async () => {
    const cases = [
        ['header only', 'name,phone\n', { rows: 0, imported: 0 }],
        ['no line end', `phone\n${fresh()}`, { imported: 1 }],
        ['old Mac', `phone,name\r${fresh()},Ann\r${fresh()},Bob\r`, {}],
        ['semicolons', `name;phone\nAnn;${fresh()}\n`, { imported: 1 }],
        ['tabs', `name\tphone\nAnn\t${fresh()}\n`, { imported: 1 }],
        ['sep line', `sep=;\nname;phone\nAnn;${fresh()}\n`, { imported: 1 }],
        ['UTF-16', utf16(`name,phone\nBö,${fresh()}\n`), { imported: 1 }],
        ['Windows-1252', Buffer.from(`name,phone\nB\xf6,${fresh()}\n`, 'latin1'), { imported: 1 }],
        ['nine phone columns', `${'phone,'.repeat(9)}name\n${Array.from({ length: 9 }, fresh)}\n`,
            { imported: 1 }],
        ['ragged rows', `name,phone\nAnn\nBob,${fresh()},more,still more\n,,\n`, { imported: 1 }],
        ['headings twice', `phone,phone,name,name\n${fresh()},${fresh()},Ann,Lee\n`, { imported: 1 }],
        ['formulas', `name,phone,note\n=HYPERLINK("x"),${fresh()},"=cmd|'/c calc'!A1"\n`, { imported: 1 }],
        ['quotes', `name,phone\n"Ann ""the"" Lee\nat home",${fresh()}\n`, { imported: 1 }],
    ];
    await together(cases, 2, async ([name, content, wanted]) => {
        const result = await imported(name, content);
        assert.equal(result.state, 'published', name);
        for (const [key, value] of Object.entries(wanted))
            assert.equal(result[key], value, `${name}: ${key} of ${JSON.stringify(result)}`);
    });
});

test('bad rows are told with line, column and reason; good ones go in', async () => {
    const bad = ['abc', '', '911', '+1202', '+19005550123', '🐈', '1'.repeat(300), '=1+1', '+12025550100ext'];
    const rows = bad.map((phone, i) => `P${i},${phone}`);
    const result = await imported('bad rows', `name,phone\n${rows.join('\n')}\nGood,${fresh()}\n`);
    assert.equal(result.imported + result.rejected, bad.length + 1);
    assert.ok(result.rejected >= bad.length - 1, JSON.stringify(result));
    const lines = readFileSync(`${result.file}.rejects.csv`, 'utf8').trim().split('\r\n');
    assert.match(lines[0], /^line,/);
    for (const line of lines.slice(1)) {
        assert.match(line, /^\d+,(rejected|warning),/);
        assert.doesNotMatch(line, /(^|,)"?[=@]/, 'no formula in the rejects');
    }
});

test('the same file, and another one with the same people, change nothing', async () => {
    const center = await house();
    const people = Array.from({ length: 20 }, (_, i) => `Person ${i},${fresh()}`);
    const first = await imported('twice', `name,phone\n${people.join('\n')}\n`);
    assert.equal(first.imported, 20);
    const again = await center.json(['import', '--campaign', first.campaign, first.file]);
    assert.equal(again.already, true);
    const other = center.file('other.csv', `phone;who\n${people.reverse()
        .map((person) => person.split(',').reverse().join(';')).join('\n')}\n`);
    const third = await center.json(['import', '--campaign', first.campaign, other]);
    assert.equal(third.imported, 0);
    assert.equal(third.duplicates, 20);
    const report = await center.report(first.campaign);
    assert.equal(report.leads.fresh, 20);
    assert.equal(report.balance, 'ok');
});

test('an upload that breaks off leaves nothing', async () => {
    const center = await house();
    const uploads = path.join(center.data, 'uploads');
    const before = readdirSync(uploads).length;
    await new Promise((resolve) => {
        const request = http.request(`${center.http}/api/v1/campaigns/spring/imports?filename=broken.csv`, {
            method: 'POST',
            headers: { authorization: `Bearer ${center.token}`, 'content-length': 1 << 20 },
        });
        request.on('error', resolve);
        request.on('close', resolve);
        request.write(`phone\n${fresh()}\n`, () => setTimeout(() => request.destroy(), 50));
    });
    await until(() => readdirSync(uploads).length === before, 5000, 'the upload to be dropped');
});

test('calls go on while a large list comes in; kill -9 within leaves nothing of it', async (t) => {
    const center = await Center.start({ script: { seed: 3, numbers: { 'robot-': { do: 'robot' },
        '+1202555': { do: 'answer', ring: 0.1, talk: [0.3, 0.5] } }, default: { do: 'unknown' } },
    args: ['--calls-per-second', '20'] });
    t.after(() => center.stop());
    await center.cli(['campaign', 'create', 'spring', '--country', 'US', '--hours', '0-24', 'wrap_up_s=1']);
    const few = center.file('few.csv', 'phone\n' +
        Array.from({ length: 100 }, (_, i) => `+120255501${String(i).padStart(2, '0')}`).join('\n'));
    await center.cli(['import', '--campaign', 'spring', few]);
    await center.robots(2, 'spring');

    const many = ['phone,name'];
    for (let i = 0; i < 200000; ++i)
        many.push(`+1${212 + (i % 5) * 101}${5000000 + i},Person ${i}`);
    const large = center.file('large.csv', many.join('\n'));
    const token = readFileSync(`${center.data}/token`, 'utf8').trim();
    const send = () => fetch(`${center.http}/api/v1/campaigns/spring/imports?filename=large.csv`, {
        method: 'POST', body: readFileSync(large), headers: { authorization: `Bearer ${token}` },
    }).then((answer) => answer.json());
    const begun = await send();
    assert.equal(begun.state, 'writing', JSON.stringify(begun));
    await center.cli(['campaign', 'start', 'spring']);
    const said = async () => {
        const answer = await fetch(`${center.http}/api/v1/imports/${begun.id}`,
            { headers: { authorization: `Bearer ${token}` } });
        return answer.json();
    };
    await until(async () => (await center.report('spring')).attempts >= 4, 20000,
        'calls to be made beside the import');
    const half = await said();
    assert.equal(half.state, 'writing', 'the import still goes on');
    assert.ok(half.progress > 0 && half.progress < 1, JSON.stringify(half));
    const gone = new Promise((resolve) => { center.server.child.once('exit', resolve); });
    center.server.child.kill('SIGKILL'); // its engine lives on
    await gone;
    assert.doesNotMatch(center.server.errors, SPOKEN);

    await center.serve();
    const after = await until(async () => { // it goes in short steps, beside everything else
        const { state, ...rest } = await said();
        return state !== 'writing' && { state, ...rest };
    }, 60000, 'what a crash cut short to be over');
    assert.notEqual(after.state, 'published');
    const report = await center.report('spring');
    assert.equal(Object.values(report.leads).reduce((sum, count) => sum + count, 0), 100);
    assert.equal(report.balance, 'ok');
    assert.deepEqual(readdirSync(path.join(center.data, 'uploads')), [], 'no file of it is left');
    const again = await send();
    assert.equal(again.already, false, 'it was never imported');
    assert.equal(again.state, 'writing');
    assert.notEqual(again.id, begun.id);
    assert.ok(existsSync(large));
});
