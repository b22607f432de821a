// The header: mark, pages, command field, campaign, clock, keys, person.
import { html, icon, cap } from './html.js';
import { callIsLive, phaseOf } from '../core/phase.js';
import { clock, timer } from '../core/time.js';
import { late } from './late.js';
import { hint } from '../keys.js';
import { text, textOf } from '../texts.js';

/**
 * @typedef {import('./controls.js').Hands} Hands
 * @typedef {import('./controls.js').Page} Page
 * @typedef {import('./controls.js').Actions} Actions
 */

/** @param {string} name "Priya Nair" -> "PN" */
function initials(name) {
    return name.split(/\s+/).filter(Boolean).map((word) => word[0]).slice(0, 2).join('').toUpperCase();
}

/** @param {Page} page @param {Actions} actions @param {Hands} hands */
export function header(page, actions, hands) {
    const { doc, details, setup, now, language } = page;
    const agent = doc?.agent ?? setup?.agent;
    const due = doc?.callbacks?.length ?? 0;
    const behind = page.push.state === 'away';
    /** @param {Page['route']} route */
    const link = (route) => html`<a key=${route} href=${route === 'desk' ? '/desk' : `/desk/${route}`} aria-current=${page.route === route ? 'page' : undefined}
        onClick=${(/** @type {any} */ event) => { if (!event.ctrlKey && !event.metaKey) { event.preventDefault(); hands.send({ kind: 'go', route }); } }}>
        ${text(`page.${route}`)}${route === 'callbacks' && due ? html` <span class="tally">${due}</span>` : null}</a>`;
    return html`<header class="top" id="column-top" tabindex="-1">
        <a class="mark" href="/desk" onClick=${(/** @type {any} */ event) => { event.preventDefault(); hands.send({ kind: 'go', route: 'desk' }); }}>${icon('mark', 'logo')}<span>${text('product')}</span></a>
        <nav class="pages" aria-label=${text('page.pages')}>${link('desk')}${link('callbacks')}${link('calls')}</nav>
        <button type="button" class="command-field" id="act-command" onClick=${() => hands.press('command')}>${icon('search')}<span class="label">${text('command.title')}</span>${cap(hint('command', page))}</button>
        <span class="top-info">
            ${behind ? html`<span class="behind" title=${text('push.away', { time: timer(now - page.push.since) })}>${icon('warning')}${text('push.away_short')}</span>` : null}
            ${details && doc?.agent.activity !== 'offline' ? html`<span class="not-laptop cut">${text('header.campaign', { name: details.name, mode: textOf('mode', details.mode) })}</span>` : null}
            <span class="strong num">${now ? clock(now, language) : ''}</span>
            <button type="button" class="cap-button" id="act-keys" onClick=${() => hands.press('keys')}><span class="hidden">${text('header.keys')}</span><span aria-hidden="true">?</span></button>
            ${agent ? html`<span class="avatar" role="img" aria-label=${text('header.person', { name: agent.full_name || agent.name })}>${initials(agent.full_name || agent.name)}</span>` : null}
        </span>
        ${page.panel?.kind === 'command' ? late.views?.command(page, actions, hands) : null}
    </header>`;
}

/** What the polite region says; on a call only state and trouble are said at all. @param {Page} page */
export function live(page) {
    const { said } = page;
    return html`<div class="hidden" role="status" aria-live="polite">${said.urgent ? '' : said.text}</div>
        <div class="hidden" role="alert" aria-live="assertive">${said.urgent ? said.text : ''}</div>`;
}

/** The title of the tab: what state, before whom. @param {Page} page */
export function title(page) {
    const phase = phaseOf(page);
    const state = text(`state.${phase}`);
    return text('page.title', { state: callIsLive(page.doc) && page.doc.person?.name ? `${state} · ${page.doc.person.name}` : state });
}
