// The panels that open inside the left column, over its lower part.
import { html, icon, shape } from './html.js';
import { control, panel } from './controls.js';
import { length } from '../core/time.js';
import { partiesOf, partyName } from '../core/phase.js';
import { text, textOf } from '../texts.js';

/**
 * @typedef {import('./controls.js').Hands} Hands
 * @typedef {import('./controls.js').Page} Page
 * @typedef {import('./controls.js').Actions} Actions
 */

/** @param {Page} page @param {Hands} hands */
export function keypad(page, hands) {
    return panel('keypad', text('keypad.title'), hands, html`
        <p class="dialled num" aria-live="off">${page.panel?.sent || text('keypad.none')}</p>
        <div class="pad">${[...'123456789*0#'].map((digit) => html`<button type="button" class="plain" key=${digit}
            onClick=${() => hands.send({ kind: 'digit', digit })}>${digit}</button>`)}</div>
        <p class="hint">${text('keypad.hint')}</p>`, text('panel.close'));
}

const SHAPES = /** @type {Record<string, [string, string]>} */ ({
    'available': ['circle', 'ready'], 'on-call': ['square', 'call'], 'reserved': ['half', 'call'],
    'wrap-up': ['diamond', 'wrap'], 'break': ['barred', 'rest'], 'offline': ['ring', 'off'],
});

/** Who can be called: the campaign's list, and what was typed if it is a number. Colleagues are handed a call; only a
 *  number can be asked first or added. @param {Page} page @param {boolean} adds */
function peopleFound(page, adds) {
    const typed = (page.panel?.query ?? '').trim();
    const own = page.doc?.agent.name;
    const all = (page.details?.transfer ?? []).filter((/** @type {any} */ one) => one.name !== own && one.to !== own && one.to !== page.doc?.agent.id && (!adds || one.kind === 'number'));
    const found = all.filter((/** @type {any} */ one) => one.name.toLowerCase().includes(typed.toLowerCase()));
    const digits = typed.replace(/[\s().-]/g, '');
    if (/^\+?\d{5,15}$/.test(digits)) found.push({ kind: 'number', name: typed, to: digits, activity: '' });
    return found;
}

/** What goes to the server for a row of the list. @param {any} one */
function target(one) {
    return one.kind === 'agent' ? { agent: one.to } : { number: one.to };
}

/** @param {Page} page @param {Actions} actions @param {Hands} hands @param {boolean} adds */
export function people(page, actions, hands, adds) {
    const found = peopleFound(page, adds);
    return panel(adds ? 'add' : 'transfer', text(adds ? 'add.title' : 'transfer.title'), hands, html`
        <label class="field"><span class="hidden">${text('transfer.search')}</span>
            <input type="search" data-first autocomplete="off" placeholder=${text('transfer.search')} value=${page.panel?.query}
                onInput=${(/** @type {any} */ event) => hands.send({ kind: 'query', text: event.target.value })} /></label>
        ${found.length ? html`<ul class="plain-list people">${found.map((/** @type {any} */ one) => {
            const [form, status] = SHAPES[one.activity] ?? ['ring', 'off'];
            return html`<li key=${`${one.kind}-${one.to}`}>
                <div class="who">${one.kind === 'agent' ? shape(form, status) : icon('phone')}<span class="strong">${one.name}</span>
                    <span class="aside">${one.kind === 'agent' ? textOf('activity', one.activity || 'offline') : text('transfer.number')}</span></div>
                <div class="pair">${adds
                    ? html`<button type="button" class="plain" aria-label=${text('transfer.add_who', { name: one.name })} onClick=${() => hands.send({ kind: 'to', add: true, to: target(one) })}>${text('transfer.add')}</button>`
                    : html`<button type="button" class="plain" aria-label=${text('transfer.hand_who', { name: one.name })} onClick=${() => hands.send({ kind: 'to', to: target(one), ask_first: false })}>${text('transfer.hand_over')}</button>
                        ${one.kind === 'number' ? html`<button type="button" class="plain" aria-label=${text('transfer.ask_who', { name: one.name })} onClick=${() => hands.send({ kind: 'to', to: target(one), ask_first: true })}>${text('transfer.ask')}</button>` : null}`}</div></li>`;
        })}</ul>` : html`<p class="hint">${text('transfer.none')}</p>`}
        ${!adds && actions['leave-them'].enabled ? control({ page, actions, hands, id: 'leave-them', look: 'plain wide' }) : null}`, text('panel.close'));
}

/** Those in the call beside customer and agent. @param {Page} page @param {Hands} hands */
export function parties(page, hands) {
    return html`<section class="part parties"><div class="part-head"><h2>${text('party.title')}</h2></div>
        <ul class="plain-list people">${partiesOf(page.doc).map((party) => [party, partyName(page, party)]).map(([party, name]) => html`<li key=${party.id}>
            <div class="who">${shape('square', 'call')}<bdi class="strong">${name}</bdi>
                <span class="aside">${text(party.muted ? 'party.muted' : party.held ? 'party.held' : party.state === 'joined' ? 'party.joined' : 'party.ringing')}</span></div>
            <div class="pair"><button type="button" class="plain" aria-label=${text(party.muted ? 'party.unmute_who' : 'party.mute_who', { name })}
                    onClick=${() => hands.send({ kind: 'party', party: party.id, action: party.muted ? 'unmute' : 'mute' })}>${text(party.muted ? 'party.unmute' : 'party.mute')}</button>
                <button type="button" class="plain" aria-label=${text('party.remove_who', { name })} onClick=${() => hands.send({ kind: 'party', party: party.id, action: 'remove' })}>${text('party.remove')}</button></div></li>`)}</ul></section>`;
}

/** What follows: at once when nobody is on the line. @param {Page} page @param {Hands} hands */
export function nextMenu(page, hands) {
    const next = page.doc?.agent.next;
    const now = page.doc?.agent.activity;
    const busy = !['available', 'break'].includes(now);
    const is = (/** @type {string} */ activity, code = 0) => busy
        ? (next?.activity ?? 'available') === activity && (activity !== 'break' || next?.break_code === code)
        : now === activity && (activity !== 'break' || page.doc.agent.break_code === code);
    /** @param {string} key @param {string} words @param {string} aside @param {boolean} lit @param {object} more */
    const row = (key, words, aside, lit, more) => html`<li key=${key}><button type="button" class=${`option ${lit ? 'lit' : ''}`} aria-pressed=${String(lit)}
        onClick=${() => hands.send({ kind: 'next', ...more })}><span class="label">${words}</span><span class="aside">${aside}</span>${lit ? icon('tick') : null}</button></li>`;
    return panel('next', text(busy ? 'next.title' : 'next.title_now'), hands, html`<ul class="plain-list options">
        ${row('stay', text(busy ? 'after.stay' : 'key.available'), '', is('available'), { activity: 'available' })}
        ${(page.setup?.breaks ?? []).map((/** @type {any} */ one) => row(`break-${one.code}`, text('after.break', { name: one.name }),
        one.planned_s ? length(one.planned_s * 1000) : '', is('break', one.code), { activity: 'break', code: one.code }))}
        ${row('leave', text('after.leave'), '', is('offline'), { activity: 'offline' })}</ul>`, text('panel.close'));
}

/** What does not fit into the narrow row of keys. @param {Page} page @param {Actions} actions @param {Hands} hands */
export function more(page, actions, hands) {
    const one = (/** @type {string} */ id, label = '') => control({ page, actions, hands, id, look: 'option', label: label || undefined });
    return panel('more', text('key.more'), hands, html`<div class="options">
        ${one('transfer')}${one('add')}${one('help')}${one('break')}
        ${one('go-desk')}${one('go-callbacks')}${one('go-calls')}${one('keys')}</div>`, text('panel.close'));
}

/** @param {Hands} hands */
export function skip(hands) {
    return panel('skip', text('skip.title'), hands, html`<ul class="plain-list options">${['known', 'data', 'not_now', 'other'].map((reason) => html`
        <li key=${reason}><button type="button" class="option" onClick=${() => hands.send({ kind: 'skip', reason })}><span class="label">${text(`skip.${reason}`)}</span></button></li>`)}</ul>`, text('panel.close'));
}

/** @param {Hands} hands */
export function snooze(hands) {
    return panel('snooze', text('snooze.title'), hands, html`<ul class="plain-list options">${[15, 60, 240, 1440].map((minutes) => html`
        <li key=${minutes}><button type="button" class="option" onClick=${() => hands.send({ kind: 'snooze', minutes })}><span class="label">${text(`snooze.${minutes}`)}</span></button></li>`)}</ul>`, text('panel.close'));
}
