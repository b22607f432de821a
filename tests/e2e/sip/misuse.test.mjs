// What is wrong with a command line is said, with the word that is wrong, and nothing starts.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ACCOUNT_SID, AUTH_TOKEN, OUTDIAL, run } from '../lib/process.mjs';
import { freePort } from '../lib/ports.mjs';

const env = { twilio_account_sid: ACCOUNT_SID, twilio_auth_token: AUTH_TOKEN };
const free = ['--http', '127.0.0.1:0', '--sip', '127.0.0.1:0'];

const cases = [
    ['an address that is none', ['--sip', 'here:5060'], 2, /'here:5060'/],
    ['an address nobody can answer to', ['--sip', '0.0.0.0:5060'], 2, /'0\.0\.0\.0:5060'/],
    ['an address of another machine', ['--sip', '192.0.2.1:0'], 1, /'192\.0\.2\.1:0'/],
    ['a port beyond ports', ['--http', '127.0.0.1:70000'], 2, /70000/],
    ['media ports the wrong way round', [...free, '--media', '127.0.0.1:300-200'], 2, /300-200/],
    ['a media address that is a name', [...free, '--media', 'localhost'], 2, /'localhost'/],
    ['an advertised address that is a name', [...free, '--media-advertised', 'me'], 2, /'me'/],
    ["browsers' address that is a name", [...free, '--web-media', 'localhost'], 2, /'localhost'/],
    ["browsers' port beyond ports", [...free, '--web-media', '127.0.0.1:70000'], 2, /70000/],
    ["browsers' address of another machine", [...free, '--web-media', '192.0.2.1'], 1, /192\.0\.2\.1/],
    ['nowhere for browsers to send to', [...free, '--web-media', '0.0.0.0'], 2, /'0\.0\.0\.0'/],
    ['a name for browsers to send to', [...free, '--web-media', '127.0.0.1', '--web-advertised', '192.0.2.1,me'], 2, /'me'/],
    ['a trunk that is no SIP address', [...free, '--trunk', 'tel:+1500'], 2, /tel:\+1500/],
    ['a trunk whose name has no address', [...free, '--trunk', 'sip:nowhere.invalid'], 2,
        /nowhere\.invalid/],
    ['a peer that is a name', [...free, '--allow', 'carrier.example'], 2, /carrier\.example/],
    ['a word too many', ['hello'], 2, /'hello'/],
    ['an unknown flag', ['--trink', 'x'], 2, /--trink/],
];

for (const [what, args, code, said] of cases) {
    test(what, async () => {
        const end = await run(OUTDIAL, ['voice', ...args], { env, ms: 20000 });
        assert.equal(end.code, code, end.errors);
        assert.match(end.errors, said);
        if (end.output) { // whoever started it reads the same there
            const line = JSON.parse(end.output);
            assert.equal(line.ready, false);
            assert.match(line.why, said);
        }
        assert.doesNotMatch(end.errors, /Sanitizer|runtime error/);
    });
}

test('credentials that are not there', async () => {
    const end = await run(OUTDIAL, ['voice', ...free], {
        env: { twilio_account_sid: '', twilio_auth_token: '' }, ms: 20000,
    });
    assert.equal(end.code, 2);
    assert.match(end.errors, /twilio_account_sid/);
});

test('an account SID that is none', async () => {
    const end = await run(OUTDIAL, ['voice', ...free], {
        env: { twilio_account_sid: 'AC1', twilio_auth_token: 'x' }, ms: 20000,
    });
    assert.equal(end.code, 2);
    assert.match(end.errors, /twilio_account_sid/);
});

test('a port that is taken', async () => {
    const { createServer } = await import('node:net');
    const port = await freePort();
    const server = createServer();
    await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
    for (const flag of ['--http', '--sip']) {
        const end = await run(OUTDIAL, ['voice', ...free.filter((word, i) =>
            free[i - (i % 2)] !== flag), flag, `127.0.0.1:${port}`], { env, ms: 20000 });
        assert.equal(end.code, 1, end.errors);
        assert.match(end.errors, new RegExp(`${port}.*in use`));
    }
    server.close();
});
