// Documents of an application gone wrong, and requests to the engine that make no sense.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { OUTDIAL, Running, startVoice, temporaryFolder } from '../lib/process.mjs';
import { Rest } from '../lib/rest.mjs';
import { Webhooks } from '../lib/webhooks.mjs';
import { SPOKEN, together } from './house.mjs';

const laughs = `<!DOCTYPE r [<!ENTITY a "ha">${'bcdefghij'.split('').map((name, i) =>
    `<!ENTITY ${name} "${`&${'abcdefghi'[i]};`.repeat(10)}">`).join('')}]><Response><Say>&j;</Say></Response>`;
const deep = `${'<X>'.repeat(5000)}${'</X>'.repeat(5000)}`;

describe('the engine', () => {
    let hooks, phones, voice, rest, folder;

    before(async () => {
        folder = temporaryFolder();
        const script = path.join(folder.folder, 'script.json');
        writeFileSync(script, JSON.stringify({ default: { do: 'answer', ring: 0.1, hello: null, talk: 20 } }));
        hooks = await Webhooks.start();
        phones = new Running(OUTDIAL, ['phones', '--listen', '127.0.0.1:0', '--script', script]);
        voice = await startVoice({ trunk: (await phones.ready()).sip, args: ['--cps', '100'] });
        rest = new Rest(voice.http);
        hooks.twiml('/rescue', '<Hangup/>');
    });
    after(async () => {
        await voice.stop();
        await phones.stop();
        await hooks.stop();
        folder.remove();
        assert.doesNotMatch(voice.errors + phones.errors, SPOKEN);
    });

    let calls = 0;
    /** A call through the answer; what its terminal callback said, and its notifications. */
    async function through(answer) {
        const mine = String(++calls);
        const place = `/document-${mine}`;
        hooks.on(place, answer);
        const { status, body } = await rest.request('POST', '/Calls.json', {
            To: `+1202555${1000 + Number(mine)}`, From: '+15005550006', Url: hooks.url(place),
            FallbackUrl: `${hooks.url('/rescue')}?call=${mine}`, StatusCallback: hooks.url('/status'),
        });
        assert.equal(status, 201, JSON.stringify(body));
        const end = await hooks.expect('/status', (params) => params.CallSid === body.sid &&
            params.CallStatus === 'completed', 20000);
        const notes = await rest.request('GET', `/Calls/${body.sid}/Notifications.json`);
        return { end, notes: notes.body.notifications,
            rescue: hooks.to('/rescue').find(({ query }) => query.call === mine) };
    }

    test('what is no document goes to the fallback with its code', async () => {
        await together([
            ['not XML', 'Hello', 12100], ['unclosed', '<Response><Say>x</Response>', 12100],
            ['empty', '', 12100], ['zeros', '\0\0\0', 12100],
            ['half a UTF-8', { body: Buffer.from('<Response><Say>\xff</Say></Response>', 'latin1') }, 12100],
            ['a document type', '<!DOCTYPE x><Response/>', 12100], ['laughs', laughs, 12100],
            ['an entity', '<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]><Response>&e;</Response>', 12100],
            ['another root', '<Answer/>', 12100], ['an image', { type: 'image/png', body: 'x' }, 12300],
            ['too large', `<Response>${' '.repeat(70000)}</Response>`, 11750],
            ['missing', { status: 404 }, 11200], ['broken', { status: 500 }, 11200],
            ['round and round', { status: 302, headers: { location: '/circle' } }, 11215],
        ], 6, async ([name, answer, code]) => {
            hooks.on('/circle', { status: 302, headers: { location: '/circle' } });
            const { rescue, notes } = await through(answer);
            assert.ok(rescue, `${name}: the fallback is asked`);
            assert.equal(rescue.params.ErrorCode, String(code), name);
            const note = notes.find(({ error_code: said }) => said === String(code));
            assert.ok(note?.message_text, `${name}: ${JSON.stringify(notes)}`);
        });
    });

    test('what is in it and makes no sense is skipped with a warning; the call ends properly', async () => {
        await together([
            ['an unknown verb', '<Dance/>'], ['5,000 within each other', deep], ['text', 'Hello'], ['wrong nesting', '<Say><Dial>1</Dial></Say>'],
            ['numbers out of range', '<Pause length="-5"/><Gather timeout="x" numDigits="0"/>'],
            ['a number that is none', '<Dial timeout="0.1">not a number</Dial>'],
            ['an address that is none', '<Dial><Sip>tel:1</Sip></Dial>'],
            ['a play of nothing', '<Play loop="-1"></Play>'], ['a play of rubbish', '<Play>file:///etc/passwd</Play>'],
            ['a room without name', '<Dial><Conference></Conference></Dial>'],
            ['a redirect to nowhere', '<Redirect>::::</Redirect>'],
        ], 6, async ([name, verbs]) => {
            const { end, notes, rescue } = await through(`<Response>${verbs}<Hangup/></Response>`);
            assert.equal(end.params.CallStatus, 'completed', name);
            assert.ok(notes.length || rescue, `${name}: nobody was told`);
            for (const note of notes) assert.match(note.error_code, /^\d{5}$/, name);
        });
    });

    test('a document that redirects to itself for ever ends', async () => {
        const place = `/document-${calls + 1}`;
        const { notes } = await through(`<Response><Redirect>${hooks.url(place)}</Redirect></Response>`);
        assert.ok(notes.some(({ error_code: code }) => code === '11200'), JSON.stringify(notes));
        assert.ok(hooks.to(place).length <= 1001);
    });

    test('requests that make no sense are refused with a code and a sentence', async () => {
        const good = { To: '+12025550100', From: '+15005550006', Twiml: '<Response/>' };
        const without = (name) => Object.fromEntries(Object.entries(good).filter(([key]) => key !== name));
        const cases = [
            ['POST', '/Calls.json', without('To'), 400], ['POST', '/Calls.json', without('From'), 400],
            ['POST', '/Calls.json', without('Twiml'), 400], ['POST', '/Calls.json', {}, 400],
            ['POST', '/Calls.json', { ...good, To: 'x'.repeat(5000) }, 400],
            ['POST', '/Calls.json', { ...good, To: 'sip:a@b\r\nX-Evil: 1' }, 400],
            ['POST', '/Calls.json', { ...good, Timeout: 'long' }, 400],
            ['POST', '/Calls.json', { ...without('Twiml'), Url: 'not a url' }, 400],
            ['POST', '/Calls.json', { ...good, Twiml: `<Response>${'x'.repeat(5000)}</Response>` }, 400],
            ['POST', '/Calls.json', { ...good, StatusCallback: 'file:///etc/passwd' }, 400],
            ['GET', '/Calls/CA0.json', undefined, 404], ['GET', `/Calls/CA${'0'.repeat(32)}.json`, undefined, 404],
            ['POST', `/Calls/CA${'0'.repeat(32)}.json`, { Status: 'completed' }, 404],
            ['GET', '/Nonsense.json', undefined, 404], ['GET', '/Calls.json?PageSize=x', undefined, 400],
            ['DELETE', '/Calls.json', undefined, 405], ['GET', '/Conferences/CF0/Participants.json', undefined, 404],
        ];
        await together(cases, 4, async ([method, where, form, wanted]) => {
            const { status, body } = await rest.request(method, where, form);
            const shown = `${method} ${where.slice(0, 60)}: ${status} ${JSON.stringify(body)}`;
            assert.ok(status === wanted || (wanted === 405 && status === 404), shown);
            assert.ok(Number.isInteger(body?.code) && body.message, shown);
        });
        const stranger = new Rest(voice.http, { token: 'wrong' });
        const { status, body } = await stranger.request('GET', '/Calls.json');
        assert.equal(status, 401);
        assert.equal(body.code, 20003);
    });
});
