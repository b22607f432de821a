// Questions to the server. Acts go one after the other, in the order in which the hands did them.
import { text } from '../texts.js';

const TIMEOUT_MS = 15000;

/** What went wrong, in words for people. */
export class Refusal extends Error {
    /** @param {number} status 0: nobody answered @param {string} words @param {any} [problem] */
    constructor(status, words, problem) {
        super(words);
        this.status = status;
        this.problem = problem;
    }
}

/**
 * @param {string} method @param {string} path below /api/v1 @param {object} [body]
 * @returns {Promise<any>} the answer's JSON, null where there is none; rejects with a Refusal
 */
export async function ask(method, path, body) {
    let answer;
    try {
        answer = await fetch(`/api/v1${path}`, {
            method, credentials: 'same-origin', cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS),
            headers: { 'Accept': 'application/json', 'X-Outdial': '1', ...(body ? { 'Content-Type': 'application/json' } : {}) },
            body: body ? JSON.stringify(body) : undefined,
        });
    } catch {
        throw new Refusal(0, text('http.away'));
    }
    if (answer.status === 204) return null;
    let json = null;
    try { json = await answer.json(); } catch { /* an empty or foreign body: the status says enough */ }
    if (answer.ok) return json;
    const why = json?.detail || json?.title;
    throw new Refusal(answer.status, why || text('http.broken', { status: answer.status }), json);
}

/** A line of acts: the next is sent when the one before is answered. */
export function line() {
    let last = Promise.resolve();
    return (/** @type {() => Promise<void>} */ act) => { last = last.then(act, act); return last; };
}
