// Templates: htm writes Preact's nodes. Every view is a plain function of the page.
import { h } from 'preact';
import htm from 'htm';

export const html = /** @type {(strings: TemplateStringsArray, ...values: any[]) => any} */ (htm.bind(h));

/** An icon of the one sprite. @param {string} name @param {string} [more] */
export function icon(name, more = '') {
    return html`<svg class=${`icon ${more}`} aria-hidden="true" focusable="false"><use href=${`/assets/app/icons.svg#${name}`} /></svg>`;
}

/** The shape of a state, beside its word. @param {string} name @param {string} [status] */
export function shape(name, status = '') {
    return html`<svg class=${`shape ${status && `ink-${status}`}`} aria-hidden="true" focusable="false"><use href=${`/assets/app/icons.svg#shape-${name}`} /></svg>`;
}

/** A keycap with a key's letter. @param {string} letter @param {string} [more] */
export function cap(letter, more = '') {
    return letter ? html`<kbd class=${`cap ${more}`} dir="ltr" aria-hidden="true">${letter}</kbd>` : null;
}

/** A text whose *starred* parts are set in weight. @param {string} words */
export function marked(words) {
    return words.split('*').map((part, at) => (at % 2 ? html`<b class="strong num" key=${at}>${part}</b>` : part));
}
