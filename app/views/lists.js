// The two pages beside the desk: callbacks, and the calls of the shift. The call column stays where it is.
import { html } from './html.js';
import { callRow } from './result.js';
import { clock, dateLong, dayNumber, instant } from '../core/time.js';
import { text } from '../texts.js';

/**
 * @typedef {import('./controls.js').Hands} Hands
 * @typedef {import('./controls.js').Page} Page
 */

/** @param {Page} page @param {Hands} hands */
export function listPage(page, hands) {
    return html`<main class="column wide-page" id="column-person" tabindex="-1">${page.route === 'calls' ? calls(page, hands) : callbacks(page, hands)}</main>`;
}

/** @param {Page} page @param {Hands} hands */
function calls(page, hands) {
    const list = page.calls;
    return html`<h2 class="name">${text('calls.title')}</h2>${list === null ? null : list.length
        ? html`<ul class="plain-list history wide-list">${list.map((one) => callRow(page, hands, one))}</ul>`
        : html`<p class="hint">${text('calls.none')}</p>`}`;
}

/** @param {Page} page @param {Hands} hands */
function callbacks(page, hands) {
    const list = page.callbacks;
    const today = dayNumber(page.now);
    const groups = /** @type {[string, any[]][]} */ ([['now', []], ['rest_of_today', []], ['later', []]]);
    for (const item of list ?? []) {
        const at = instant(item.at) ?? 0;
        groups[at <= page.now ? 0 : dayNumber(at) === today ? 1 : 2][1].push(item);
    }
    const free = ['available', 'break'].includes(page.doc?.agent.activity);
    return html`<h2 class="name">${text('callbacks.title')}</h2>
        ${list && !list.length ? html`<p class="hint">${text('callbacks.empty')}</p>` : null}
        ${groups.filter(([, items]) => items.length).map(([name, items]) => html`<section key=${name}><h3>${text(`callbacks.${name}`)}</h3>
            <ul class="plain-list history wide-list">${items.map((item) => {
        const at = instant(item.at) ?? 0;
        return html`<li key=${item.lead}><span class="when num">${name === 'later' ? `${dateLong(at, page.language)} ` : ''}${clock(at, page.language)}</span>
                <span class="what"><span class="strong">${item.name}</span><span class="aside"><bdi class="num">${item.number ?? ''}</bdi> · ${text(item.mine ? 'callbacks.own' : 'callbacks.team')}</span></span>
                ${free ? html`<button type="button" class="plain" aria-label=${text('callbacks.call_who', { name: item.name })} onClick=${() => hands.send({ kind: 'dial', body: { lead: item.lead, number_index: 0 } })}>${text('callbacks.call')}</button>` : null}</li>`;
    })}</ul></section>`)}`;
}
