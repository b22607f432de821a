// The HTTP interface, asked by people who have not read its description.

import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';

import { ask, house, raw, refused, together } from './house.mjs';

const A = '/api/v1';
const settings = (value) => ({ name: 'never', settings: value });

test('a body that is no JSON, or says the wrong things, is refused with its place', async () => {
    await together([
        ['', 400, /^name: /], ['{', 400, /not JSON: line 1, column \d/], ['[1]', 400, /JSON object/],
        ['"x"', 400, /not JSON/], ['{"name":"x","name":"y"}', 400, /duplicate object key/],
        ['{"name":"a\\u0000b"}', 400, /not JSON: line 1/], [Buffer.from('{"name":"\xff"}', 'latin1'), 400, /0xff/],
        ['['.repeat(10000), 400, /depth/], ['{"a":'.repeat(10000), 400, /depth/],
        [{}, 400, /^name: /], [{ name: 1 }, 400, /^name: /], [{ name: 'a/b' }, 400, /^name: /],
        [{ name: '12' }, 400, /^name: /], [{ name: 'x'.repeat(200) }, 400, /^name: /],
        [{ name: 'never', nonsense: 1 }, 400, /'nonsense': there is no such field.*known: name/],
        [settings([]), 400, /^settings: must be an object/],
        ['{"name":"never","settings":{"wrap_up_s":1e400}}', 400, /overflow/],
        [`{"name":"never","settings":{"wrap_up_s":${'9'.repeat(400)}}}`, 400, /too big/],
        [settings({ wrap_up_s: '5' }), 422, /^settings\.wrap_up_s: must be a whole number/],
        [settings({ wrap_up_s: 5.5 }), 422, /^settings\.wrap_up_s/],
        [settings({ wrap_up_s: -1 }), 422, /-1 is not within 1-3600/],
        [settings({ nonsense: 1 }), 422, /^settings\.nonsense: there is no such setting/],
        [settings({ mode: 'predictive' }), 422, /'predictive' is none of manual/],
        [settings({ caller_id: 'me' }), 422, /caller_id: 'me'/], [settings({ country: 'ZZ' }), 422, /'ZZ'/],
        [settings({ message: 'x'.repeat(2000) }), 422, /message: .*1000 bytes/],
        [settings({ hours: { someday: [] } }), 422, /hours\.someday: no such day/],
        [settings({ hours: { monday: [['10:00', '09:00']] } }), 422, /hours\.monday\[0\]/],
        [settings({ retry: { often: {} } }), 422, /retry\.often: there is no such result/],
        [settings({ dispositions: [{}] }), 422, /dispositions\[0\]\.code/],
        [settings({ number_caps: { per_day: 9 } }), 422, /number_caps\.per_day/],
    ], 4, ([body, status, said]) => refused('POST', `${A}/campaigns`, body, status, said));
});

test('paths, methods and parameters that are not there', async () => {
    await together([
        ['GET', '/nope', 404, /no such page/], ['GET', `${A}/nope`, 404, /\/api\/v1\/nope/],
        ['GET', `${A}//campaigns`, 404, /no such path/], ['GET', `${A}/campaigns/%zz`, 404, /'%zz'/],
        ['GET', `${A}/campaigns/%ff`, 400, /UTF-8/], ['GET', `${A}/campaigns/%00`, 400, /zero/],
        ['GET', `${A}/campaigns/${'%C3%BC'.repeat(500)}`, 404, /no campaign 'ü/],
        ['GET', `${A}/campaigns?limit=0`, 400, /limit '0' is not within 1-1000/],
        ['GET', `${A}/campaigns?limit=%ff`, 400, /UTF-8/], ['GET', `${A}/agents?cursor=x`, 400, /cursor 'x'/],
        ['GET', `${A}/leads?cursor=${'9'.repeat(30)}`, 400, /cursor '9/],
        ['GET', `${A}/leads?state=odd`, 400, /'odd'/], ['GET', `${A}/leads?campaign=none`, 404, /'none'/],
        ['GET', `${A}/attempts?result=busy`, 400, /'result': there is no such parameter/],
        ['GET', `${A}/leads/-1`, 404, /'-1' is no id/], ['GET', `${A}/imports/77/rejects`, 404, /77/],
        ['POST', `${A}/campaigns/spring/explode`, 404, /start, pause, drain or stop/],
        ['POST', `${A}/do-not-call`, 400, /^number: /, {}], ['POST', `${A}/agents`, 400, /^contact: /,
            { name: 'eve', contact: 'sip:e@h\r\nX-Evil: 1' }],
        ['POST', `${A}/tokens`, 400, /'agnet'/, { agnet: 'ann' }],
        ['POST', `${A}/tokens`, 400, /^agent: must be a text/, { agent: 5 }],
        ['POST', `${A}/campaigns/spring/imports?country=ZZ`, 400, /'ZZ' is no country/, 'phone\n1'],
    ], 4, ([method, path, status, said, body]) => refused(method, path, body, status, said));
    for (const [method, path, allowed] of [['PUT', '/campaigns', 'GET, POST'],
        ['DELETE', '/campaigns/spring', 'GET, PATCH'], ['POST', '/live', 'GET'],
        ['GET', '/campaigns/spring/start', 'POST']]) {
        const answer = await refused(method, A + path, undefined, 405, new RegExp(method));
        assert.equal(answer.headers.get('allow'), allowed);
    }
    assert.equal((await refused('POST', '/', undefined, 405, /read/)).headers.get('allow'), 'GET, HEAD');
});

test('tokens: none, a wrong one, another agent\'s', async () => {
    const { body } = await ask('POST', `${A}/agents`, { name: 'mallory', contact: 'sip:m@127.0.0.1' });
    await ask('POST', `${A}/agents`, { name: 'alice', contact: 'sip:a@127.0.0.1' });
    const { body: { token } } = await ask('POST', `${A}/tokens`, { agent: 'mallory' });
    for (const authorization of ['', 'Bearer', 'Bearer od_wrong', 'Basic eDp5', `bearer ${'x'.repeat(9000)}`]) {
        const answer = await refused('GET', `${A}/campaigns`, undefined, 401, /bearer token/,
            { headers: { authorization } });
        assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
    }
    await together([['GET', '/campaigns'], ['GET', '/live'], ['POST', '/campaigns'], ['GET', '/agents'],
        ['DELETE', '/agents/mallory'], ['POST', '/tokens'], ['GET', '/agents/alice'],
        ['POST', '/agents/alice/login'], ['POST', '/campaigns/spring/imports']], 4, ([method, path]) =>
        refused(method, A + path, undefined, 403, /agent/, { token }));
    assert.equal((await ask('GET', `${A}/agents/mallory`, undefined, { token })).body.id, body.id);
});

test('bodies, heads and numbers of connections beyond the limits', async () => {
    const center = await house();
    await refused('POST', `${A}/campaigns`, 'x'.repeat(9 << 20), 413, /8388608 bytes/);
    const head = `HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${center.token}\r\n`;
    const flood = Array.from({ length: 3000 }, (_, i) => `X-${i}: y\r\n`).join('');
    for (const [bytes, status] of [
        [`GET /${'x'.repeat(60000)} ${head}\r\n`, /^HTTP\/1\.1 414/],
        [`GET ${A}/health ${head}${flood}\r\n`, /^HTTP\/1\.1 431/],
        [`GET ${A}/health HTTP/9.9\r\n\r\n`, /^HTTP\/1\.1 505/],
        [`POST ${A}/campaigns ${head}Content-Length: -5\r\n\r\n`, /^HTTP\/1\.1 400/],
        [`POST ${A}/campaigns ${head}Content-Length: ${'9'.repeat(30)}\r\n\r\n`, /^HTTP\/1\.1 413/],
        [`POST ${A}/campaigns ${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, /^HTTP\/1\.1 400/],
        ['\0\x01\x02\r\n\r\n', /^(HTTP\/1\.[01] 400|$)/],
    ]) assert.match(await raw(bytes, 1000), status, bytes.slice(0, 60));

    /* a hundred who never finish a request do not keep the others waiting */
    const slow = Array.from({ length: 100 }, () => net.connect(center.port, '127.0.0.1'));
    for (const socket of slow) {
        socket.on('error', () => {});
        socket.write(`POST ${A}/campaigns ${head}Content-Length: 100\r\n\r\n{`);
    }
    const begun = Date.now();
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) =>
        i % 2 ? ask('GET', `${A}/leads?limit=10`) : ask('GET', `${A}/campaigns/spring/report`)));
    for (const { status, text } of answers) assert.ok(status === 200 || status === 503, text);
    assert.ok(answers.filter(({ status }) => status === 200).length >= 100);
    assert.ok(Date.now() - begun < 10000, `200 requests took ${Date.now() - begun} ms`);
    for (const socket of slow) socket.destroy();
});
