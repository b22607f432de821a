// A small client of the voice interface (2010-04-01), for tests that are not about an SDK.

import http from 'node:http';

import { ACCOUNT_SID, AUTH_TOKEN } from './process.mjs';

export class Rest {
    constructor(base, { sid = ACCOUNT_SID, token = AUTH_TOKEN } = {}) {
        this.base = base;
        this.account = `/2010-04-01/Accounts/${sid}`;
        this.authorization = 'Basic ' + Buffer.from(`${sid}:${token}`).toString('base64');
        this.agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
    }

    /** { status, headers, body } ; body is parsed JSON or null. Lists in `form` repeat the name. */
    request(method, path, form) {
        const pairs = [];
        for (const [name, value] of Object.entries(form ?? {}))
            for (const one of [value].flat()) pairs.push([name, String(one)]);
        const body = form ? new URLSearchParams(pairs).toString() : '';
        const url = new URL(path.startsWith('/2010') ? path : this.account + path, this.base);
        return new Promise((resolve, reject) => {
            const request = http.request(url, {
                method,
                agent: this.agent,
                headers: {
                    authorization: this.authorization,
                    ...(form ? {
                        'content-type': 'application/x-www-form-urlencoded',
                        'content-length': Buffer.byteLength(body),
                    } : {}),
                },
            }, (response) => {
                let text = '';
                response.setEncoding('utf8');
                response.on('data', (data) => { text += data; });
                response.on('end', () => resolve({
                    status: response.statusCode, headers: response.headers,
                    body: text ? JSON.parse(text) : null,
                }));
            });
            request.once('error', reject);
            request.end(body);
        });
    }

    async #must(method, path, form) {
        const { status, body } = await this.request(method, path, form);
        if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(body)}`);
        return body;
    }

    createCall(form) { return this.#must('POST', '/Calls.json', form); }
    call(sid) { return this.#must('GET', `/Calls/${sid}.json`); }
    updateCall(sid, form) { return this.#must('POST', `/Calls/${sid}.json`, form); }
    calls(query = '') { return this.#must('GET', `/Calls.json${query}`); }
    conferences(query = '') { return this.#must('GET', `/Conferences.json${query}`); }
    close() { this.agent.destroy(); }
}
