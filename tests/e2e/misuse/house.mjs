// One call centre for everybody who misuses it: started once, held to its end, and asked then whether it
// is still well.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';

import { Center } from '../campaign/center.mjs';
import { OUTDIAL, run } from '../lib/process.mjs';

const script = {
    seed: 11,
    numbers: {
        'robot-': { do: 'robot' },
        '+1202555': { do: 'answer', ring: [0.1, 0.2], hello_after: 0.1, talk: [0.8, 1.2] },
    },
    default: { do: 'unknown' },
};

export const SPOKEN = /Sanitizer|runtime error|check failed/;

/** @type {Promise<Center>} */
let starting;
/** The centre of all tests, with `token` and `port`. */
export function house() {
    starting ??= Center.start({ script, args: ['--calls-per-second', '20'] }).then(async (center) => {
        center.token = readFileSync(`${center.data}/token`, 'utf8').trim();
        center.port = Number(new URL(center.http).port);
        await center.cli(['campaign', 'create', 'spring', '--country', 'US', '--hours', '0-24',
            'wrap_up_s=1']);
        return center;
    });
    return starting;
}

/** Whatever was done to it: it lives, it answers, and ends with 0 and no word of a sanitizer. */
export async function closeHouse() {
    const center = await starting;
    if (!center) return;
    const { status } = await ask('GET', '/api/v1/health');
    assert.equal(status, 200);
    await center.stop();
    assert.doesNotMatch(center.server.errors, SPOKEN);
    assert.doesNotMatch(center.phones.errors, SPOKEN);
}

/** { status, headers, text, body } of a request to the interface. */
export async function ask(method, path, body, { headers = {}, token } = {}) {
    const center = await house();
    const answer = await fetch(center.http + path, {
        method,
        body: body === undefined || typeof body === 'string' || body instanceof Uint8Array
            ? body : JSON.stringify(body),
        headers: { authorization: `Bearer ${token ?? center.token}`, ...headers },
        signal: AbortSignal.timeout(20000),
    });
    const text = await answer.text();
    let parsed = null;
    try { parsed = JSON.parse(text); } catch { /* not JSON */ }
    return { status: answer.status, headers: answer.headers, text, body: parsed };
}

/** A refusal: its status, problem details, and a detail that says `said`. */
export async function refused(method, path, body, status, said, options) {
    const answer = await ask(method, path, body, options);
    const where = `${method} ${path.slice(0, 100)}: ${answer.status} ${answer.text.slice(0, 300)}`;
    assert.equal(answer.status, status, where);
    assert.equal(answer.headers.get('content-type'), 'application/problem+json', where);
    assert.equal(answer.body?.status, status, where);
    assert.equal(typeof answer.body.title, 'string', where);
    assert.match(answer.body.detail, said, where);
    return answer;
}

/** Bytes to the server's port; what came back until it closed, or for `ms`. */
export async function raw(bytes, ms = 1500) {
    const { port } = await house();
    return new Promise((resolve) => {
        const socket = net.connect(port, '127.0.0.1');
        let text = '';
        const end = () => { socket.destroy(); resolve(text); };
        socket.setEncoding('latin1');
        socket.on('data', (data) => { text += data; });
        socket.on('close', end);
        socket.on('error', end);
        setTimeout(end, ms).unref();
        socket.write(bytes);
    });
}

/** The program with these words: its code, what it must have said, no word of a sanitizer. */
export async function outdial(args, code, said, options = {}) {
    const end = await run(OUTDIAL, args, { ms: 20000, ...options });
    const shown = `outdial ${args.join(' ')}: code ${end.code}, signal ${end.signal}\n` +
        `${end.output.slice(0, 2000)}\n${end.errors.slice(0, 4000)}`;
    assert.doesNotMatch(end.errors, SPOKEN, shown);
    assert.equal(end.code, code, shown);
    if (said) assert.match(code === 0 ? end.output : end.errors, said, shown);
    if (code === 2) assert.equal(end.output, '', shown);
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(end.output + end.errors, /\x1b/, 'no escape codes where no terminal is');
    return end;
}

/** `count` things at a time over all of `items`. */
export async function together(items, count, work) {
    const rest = [...items];
    await Promise.all(Array.from({ length: count }, async () => {
        while (rest.length) await work(rest.shift());
    }));
}
