// The script: text with merge fields, asides and branches, made into pieces to draw.
//
// "Your policy ends on {Renewal due}." A line in (parentheses) or after "> " is an aside to the agent.
// A field nobody filled is said ("no renewal due"), never a gap and never the braces.

/**
 * @typedef {{kind: 'text', text: string} | {kind: 'field', text: string} | {kind: 'missing', name: string}} Piece
 * @typedef {{aside: boolean, pieces: Piece[]}} Paragraph
 */

/** Names that every script knows, whatever the list's columns. @param {any} doc @param {any} details */
export function scriptValues(doc, details) {
    /** @type {Record<string, string>} */
    const values = {};
    for (const field of doc?.person?.fields ?? []) values[field.name.toLowerCase()] = String(field.value ?? '');
    const agent = doc?.agent?.full_name ?? '';
    /** @param {string} name @param {string|undefined} value */
    const also = (name, value) => { if (value && !values[name]) values[name] = value; };
    also('name', doc?.person?.name);
    also('customer', doc?.person?.name);
    also('agent', agent.split(' ')[0]);
    also('agent name', agent);
    also('campaign', details?.name);
    also('place', doc?.person?.place);
    return values;
}

/** @param {string} text @param {Record<string, string>} values @returns {Piece[]} */
function pieces(text, values) {
    /** @type {Piece[]} */
    const out = [];
    let from = 0;
    for (const found of text.matchAll(/\{\{?\s*([^{}]+?)\s*\}?\}/g)) {
        if (found.index > from) out.push({ kind: 'text', text: text.slice(from, found.index) });
        const value = values[found[1].toLowerCase().replaceAll('_', ' ')] ?? values[found[1].toLowerCase()];
        out.push(value ? { kind: 'field', text: value } : { kind: 'missing', name: found[1].replaceAll('_', ' ') });
        from = found.index + found[0].length;
    }
    if (from < text.length) out.push({ kind: 'text', text: text.slice(from) });
    return out;
}

/** @param {string} text @param {Record<string, string>} values @returns {Paragraph[]} */
export function scriptParagraphs(text, values) {
    return String(text ?? '').split(/\n+/).map((line) => line.trim()).filter(Boolean).map((line) => {
        const aside = line.startsWith('> ') || (line.startsWith('(') && line.endsWith(')'));
        const bare = line.startsWith('> ') ? line.slice(2) : aside ? line.slice(1, -1) : line;
        return { aside, pieces: pieces(bare, values) };
    });
}

/**
 * Where a branch leads: a step's title or its number from 1; -1 where there is no such step.
 * @param {{title: string}[]} steps @param {string|number|undefined} to
 */
export function scriptStep(steps, to) {
    if (to === undefined || to === null || to === '') return -1;
    const named = steps.findIndex((step) => step.title === to);
    if (named >= 0) return named;
    const index = Number(to) - 1;
    return Number.isInteger(index) && index >= 0 && index < steps.length ? index : -1;
}
