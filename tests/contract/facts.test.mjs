// The table of facts is what the vendor's document says, where that document is at hand.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { differences, table, wrongWith } from './facts.mjs';
import { makeVoiceFields } from './make-voice-fields.mjs';

const DOCUMENT = path.resolve(path.dirname(fileURLToPath(import.meta.url)),
    '../../../shared/contract/openapi/twilio_api_v2010.json');

test('the table says what the OpenAPI document says',
    { skip: existsSync(DOCUMENT) ? false : 'the OpenAPI document is not here' }, () => {
        assert.deepEqual(table, makeVoiceFields(JSON.parse(readFileSync(DOCUMENT, 'utf8'))));
    });

test('a wrong answer is seen', () => {
    const fields = { sid: 'CA?', status: 'queued|ringing', muted: 'flag', at: 'date?' };
    assert.deepEqual(differences(fields, { sid: null, status: 'queued', muted: true, at: null }, 'x'), []);
    assert.equal(differences(fields, { sid: 'CA1', status: 'in', muted: 'true', at: '1', no: 1 }, 'x').length, 5);
    assert.equal(differences(fields, {}, 'x').length, 4);
    const url = 'http://a/2010-04-01/Accounts/AC0/Calls.json';
    assert.equal(wrongWith('POST', url, 200, '{}').length, 1);
    assert.equal(wrongWith('GET', url, 404, '{"code":1,"message":"m","more_info":"/1","status":404}').length, 0);
    assert.equal(wrongWith('GET', url, 404, '{"code":1,"message":"m","more_info":"/2","status":400}').length, 2);
});
