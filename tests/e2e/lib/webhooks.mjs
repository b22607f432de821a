// An application as the engine sees it: it answers webhooks with TwiML and remembers what came.

import { createHmac } from 'node:crypto';
import http from 'node:http';

import { AUTH_TOKEN } from './process.mjs';
import { until } from './wait.mjs';

/** base64(HMAC-SHA1(token, url + sorted names and values)) */
export function signatureOf(url, params, token = AUTH_TOKEN) {
    let data = url;
    for (const name of Object.keys(params).sort())
        for (const value of [...new Set([params[name]].flat())].sort()) data += name + value;
    return createHmac('sha1', token).update(data, 'utf8').digest('base64');
}

export class Webhooks {
    /** Listens on a free loopback port. */
    static async start() {
        const hooks = new Webhooks();
        await new Promise((resolve) => hooks.server.listen(0, '127.0.0.1', resolve));
        hooks.base = `http://127.0.0.1:${hooks.server.address().port}`;
        return hooks;
    }

    constructor() {
        /** everything that came: { method, path, query, params, at, signatureGood } */
        this.requests = [];
        /** path -> TwiML text, or (request) => text | { status, type, body, headers } */
        this.answers = new Map();
        this.server = http.createServer((request, response) => this.#came(request, response));
        this.server.keepAliveTimeout = 60000;
    }

    url(path) { return this.base + path; }

    /** `<Response>…</Response>` at `path`; returns the URL. */
    twiml(path, verbs) {
        this.answers.set(path, typeof verbs === 'function'
            ? (request) => `<Response>${verbs(request)}</Response>` : `<Response>${verbs}</Response>`);
        return this.url(path);
    }

    on(path, answer) { this.answers.set(path, answer); return this.url(path); }

    /** What came to `path`, and holds for `test`. */
    to(path, test = () => true) {
        return this.requests.filter((request) => request.path === path && test(request.params));
    }

    /** The first request to `path` that holds for `test`, awaited. */
    expect(path, test = () => true, ms = 10000) {
        return until(() => this.to(path, test)[0], ms, `a request to ${path}`);
    }

    /** The statuses told of a call, in the order they came. */
    statuses(path, sid) {
        return this.to(path, (params) => params.CallSid === sid).map(({ params }) => params.CallStatus);
    }

    #came(request, response) {
        const chunks = [];
        request.on('data', (chunk) => chunks.push(chunk));
        request.on('end', () => {
            const body = Buffer.concat(chunks).toString('utf8');
            const url = new URL(request.url, this.base);
            const params = {};
            for (const [name, value] of new URLSearchParams(
                request.method === 'POST' ? body : url.search))
                params[name] = name in params ? [params[name], value].flat() : value;
            const entry = {
                method: request.method,
                url: request.url,
                path: url.pathname,
                query: Object.fromEntries(url.searchParams),
                params,
                headers: request.headers,
                at: Date.now(),
                signatureGood: request.headers['x-twilio-signature'] ===
                    signatureOf(this.base + request.url, request.method === 'POST' ? params : {}),
            };
            this.requests.push(entry);
            this.#answer(entry, response);
        });
    }

    async #answer(entry, response) {
        const known = this.answers.get(entry.path);
        const given = typeof known === 'function' ? await known(entry) : known;
        const answer = given === undefined ? { status: entry.path.includes('status') ? 204 : 404 }
            : typeof given === 'string' ? { body: given } : given;
        response.writeHead(answer.status ?? 200, {
            'content-type': answer.type ?? 'text/xml', ...(answer.headers ?? {}),
        });
        response.end(answer.body ?? '');
    }

    stop() {
        this.server.closeAllConnections?.();
        return new Promise((resolve) => this.server.close(resolve));
    }
}
