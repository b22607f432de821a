// The disposition an agent has picked, and what it still needs before it can be saved: a time, a second press, a note.

/**
 * @typedef {{attempt: any, code: any, callback_at: string|null, with_me: boolean, confirmed: boolean,
 *   saved: boolean}} Choice
 */

/** @param {import('./page.js').Page} page @param {any} code */
export function dispositionOf(page, code) {
    return (page.details?.dispositions ?? []).find((/** @type {any} */ one) => one.code === code) ?? null;
}

/** The choice for the call that is shown, or null. @param {import('./page.js').Page} page @returns {Choice|null} */
export function choiceNow(page) {
    const attempt = page.doc?.call?.attempt;
    return page.choice && page.choice.attempt === attempt && attempt !== undefined ? page.choice : null;
}

/** @param {import('./page.js').Page} page @returns {'time'|'block'|'note'|null} */
export function choiceWants(page) {
    const choice = choiceNow(page);
    const disposition = choice && dispositionOf(page, choice.code);
    if (!choice || !disposition) return null;
    if (disposition.behaviour === 'callback' && !choice.callback_at) return 'time';
    if (disposition.behaviour === 'do-not-call' && !choice.confirmed) return 'block';
    if (disposition.asks_note && !noteNow(page).trim()) return 'note';
    return null;
}

/** @param {import('./page.js').Page} page */
export function choiceMade(page) {
    const choice = choiceNow(page);
    return Boolean(choice && dispositionOf(page, choice.code) && !choiceWants(page));
}

/** The note as it is on the page: what was typed and is not acknowledged comes before what the server has.
 *  @param {import('./page.js').Page} page @returns {string} */
export function noteNow(page) {
    const call = page.doc?.call;
    if (!call) return '';
    return page.notes[call.attempt]?.text ?? call.note ?? '';
}

/** The body of POST /desk/disposition. @param {import('./page.js').Page} page @param {boolean} finish */
export function choiceBody(page, finish) {
    const choice = choiceNow(page);
    if (!choice) return null;
    return {
        attempt: choice.attempt, code: choice.code, callback_at: choice.callback_at,
        callback_agent: choice.callback_at && choice.with_me ? page.doc.agent.id : null,
        note: noteNow(page), finish,
    };
}
