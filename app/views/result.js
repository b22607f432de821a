// The right column: what came of the call, the note, what happened before, and the one button that finishes.
import { html, icon, cap } from './html.js';
import { control, section } from './controls.js';
import { late } from './late.js';
import { phaseOf } from '../core/phase.js';
import { choiceNow, choiceWants, noteNow } from '../core/choice.js';
import { clock, date, dateLong, instant, length, timer, units } from '../core/time.js';
import { hint } from '../keys.js';
import { text, textKnown } from '../texts.js';

/**
 * @typedef {import('./controls.js').Hands} Hands
 * @typedef {import('./controls.js').Page} Page
 * @typedef {import('./controls.js').Actions} Actions
 */

/** @param {Page} page @param {Actions} actions @param {Hands} hands */
export function resultColumn(page, actions, hands) {
    const { doc } = page;
    const phase = phaseOf(page);
    const away = ['loading', 'offline', 'joining', 'mic-refused', 'taken-over', 'signed-out'].includes(phase);
    const waits = !away && !doc?.person && !doc?.call;
    const picks = page.panel?.kind === 'callback' && choiceNow(page);
    return html`<section class=${`column result ${away ? 'empty' : ''}`} id="column-result" aria-label=${text('page.result')} tabindex="-1">
        ${away ? null : waits ? lastCalls(page, hands) : html`
        <div class="result-scroll">
            ${dispositions(page, actions, hands)}
            ${picks ? late.views?.callbackPicker(page, hands) : html`${note(page, actions, hands)}${past(page)}`}
        </div>
        <div class="foot">${control({ page, actions, hands, id: 'finish', look: 'primary big wide' })}</div>`}
    </section>`;
}

/** @param {any} disposition */
function effect(disposition) {
    return disposition.effect || (textKnown(`effect.${disposition.behaviour}`) ? text(`effect.${disposition.behaviour}`) : '');
}

/** @param {Page} page @param {Actions} actions @param {Hands} hands */
function dispositions(page, actions, hands) {
    const list = page.details?.dispositions ?? [];
    const many = list.length > 10;
    const open = page.panel?.kind === 'dispositions';
    const typed = (page.panel?.query ?? '').toLowerCase();
    const shown = !many ? list : open ? list.filter((/** @type {any} */ one) => one.name.toLowerCase().includes(typed)) : list.slice(0, 9);
    const chosen = choiceNow(page);
    const dim = !actions['disposition-1'].enabled && phaseOf(page) !== 'connecting'; // awake in a moment: nothing flickers
    return html`<section class="part in-result">
        <div class="part-head"><h2>${text('disposition.title')}</h2><span class="aside touch-hide">${many ? text('disposition.more') : list.length ? text('disposition.press', { n: list.length }) : null}</span></div>
        ${open ? html`<label class="field"><span class="hidden">${text('disposition.all')}</span><input id="panel-dispositions" type="search" autocomplete="off" placeholder=${text('disposition.all')} value=${page.panel?.query}
            onInput=${(/** @type {any} */ event) => hands.send({ kind: 'query', text: event.target.value })} /></label>` : null}
        <div class=${`dispositions ${dim ? 'dimmed' : ''}`} id="dispositions" role="group" aria-label=${text('disposition.title')} tabindex="-1">
            ${shown.map((/** @type {any} */ one, /** @type {number} */ at) => dispositionRow(page, hands, one, open ? -1 : at, chosen?.code === one.code, dim))}
            ${many && !open ? html`<button type="button" class="disposition" onClick=${() => hands.press('disposition-0')}>${cap(hint('disposition-0', page))}<span class="label">${text('disposition.others', { n: list.length - 9 })}</span>${icon('down')}</button>` : null}
        </div>
    </section>`;
}

/** @param {Page} page @param {Hands} hands @param {any} one @param {number} at @param {boolean} lit @param {boolean} dim */
function dispositionRow(page, hands, one, at, lit, dim) {
    const choice = choiceNow(page);
    const wants = lit ? choiceWants(page) : null;
    const action = `disposition-${(at + 1) % 10}`;
    const when = lit && choice?.callback_at ? instant(choice.callback_at) : null;
    const zone = page.doc?.person?.zone;
    if (wants === 'block')
        return html`<div class="disposition asks" key=${one.code} role="alert"><span class="grow strong">${text('disposition.block', { name: page.doc.person?.name ?? '' })}</span>
            <span class="pair"><button type="button" class="danger" onClick=${() => hands.send({ kind: 'disposition', code: one.code })}>${text('disposition.block_yes')}</button>
            <button type="button" class="plain" onClick=${() => hands.send({ kind: 'unpick' })}>${text('disposition.block_no')}</button></span></div>`;
    return html`<button type="button" key=${one.code} id=${at >= 0 ? `act-${action}` : undefined} class=${`disposition ${lit ? 'lit' : ''} ${page.flash?.action === action ? 'flash' : ''}`}
        aria-pressed=${String(lit)} aria-disabled=${dim ? 'true' : undefined} onClick=${() => (at >= 0 ? hands.press(action) : hands.send({ kind: 'disposition', code: one.code }))}>
        ${at >= 0 && at < 10 ? cap(hint(action, page), lit ? 'cap-lit' : '') : null}<span class="label">${one.name}</span>
        <span class="aside">${when ? text('disposition.at', { date: dateLong(when, page.language, zone), time: clock(when, page.language, zone) })
        : lit && one.behaviour === 'do-not-call' ? text('disposition.blocked') : effect(one)}</span></button>`;
}

/** @param {Page} page @param {Actions} actions @param {Hands} hands */
function note(page, actions, hands) {
    const call = page.doc?.call;
    const kept = call ? page.notes[call.attempt] : null;
    const written = noteNow(page);
    const dim = !actions.note.enabled;
    const words = !kept ? (written ? text('note.saved') : text('note.title'))
        : kept.state === 'failed' ? text('note.failed', { why: kept.why })
            : text(kept.state === 'saved' ? 'note.saved' : kept.state === 'saving' ? 'note.saving' : 'note.typed');
    return html`<section class="part in-result note"><label for="note" class="hidden">${text('note.title')}</label>
        <textarea id="note" rows="3" placeholder=${text('note.place')} value=${written} readonly=${dim}
            onInput=${(/** @type {any} */ event) => hands.send({ kind: 'note', text: event.target.value })}></textarea>
        <div class="row note-foot"><span class=${kept?.state === 'failed' ? 'trouble-words' : 'aside'}>${words} ${cap(hint('note', page))}</span>
            <span class="aside">${kept?.state === 'saved' && kept.at ? text('note.saved_ago', { time: length(Math.max(page.now - kept.at, units.SECOND)).replace('.0', '') }) : ''}</span></div>
    </section>`;
}

/** @param {Page} page */
function past(page) {
    const list = page.doc?.person?.history ?? [];
    return section(text('history.title'), list.length ? text('history.attempts', { n: list.length }) : null, list.length
        ? html`<ul class="plain-list history">${list.map((/** @type {any} */ one) => historyRow(page, one))}</ul>`
        : html`<p class="hint">${text('history.none')}</p>`, 'in-history');
}

/** @param {any} one the name of what happened: the agent's word before the network's */
export function happened(one) {
    const said = one.disposition && typeof one.disposition === 'object' ? one.disposition.name : one.disposition;
    return said || (textKnown(`result.${one.result}`) ? text(`result.${one.result}`) : one.result ?? text('nothing'));
}

/** @param {Page} page @param {any} one */
function historyRow(page, one) {
    const who = [one.agent, (one.note ?? '').split('\n')[0]].filter(Boolean).join('. ');
    const more = who || (textKnown(`history.more.${one.result}`) && !one.disposition ? text(`history.more.${one.result}`) : '');
    return html`<li key=${one.attempt}><span class="when num">${date(instant(one.at) ?? 0, page.now, page.language)}</span>
        <span class="what"><span class="strong">${happened(one)}</span>${more ? html`<span class="aside cut" title=${more}>${more}</span>` : null}</span>
        <span class="num long">${one.seconds === null || one.seconds === undefined ? text('nothing') : timer(one.seconds * 1000)}</span></li>`;
}

/** @param {Page} page @param {Hands} hands */
function lastCalls(page, hands) {
    const list = (page.calls ?? []).slice(0, 5);
    return html`<div class="result-scroll">${section(text('wait.last'), list.length ? text('wait.last_hint') : null, list.length
        ? html`<ul class="plain-list history">${list.map((/** @type {any} */ one) => callRow(page, hands, one))}</ul>`
        : html`<p class="hint">${text('wait.no_calls')}</p>`, 'shown-always')}</div>`;
}

const CHANGE_MS = 10 * units.MINUTE;

/** A call of the shift, whose disposition can be mended for ten minutes. @param {Page} page @param {Hands} hands @param {any} one */
export function callRow(page, hands, one) {
    const at = instant(one.ended_at ?? one.at ?? one.started_at) ?? 0;
    const mends = page.now - at < CHANGE_MS;
    const open = page.panel?.kind === 'correct' && page.panel.attempt === one.attempt;
    return html`<li key=${one.attempt} class="mends"><span class="when num">${clock(at, page.language)}</span>
        <span class="what"><span class="strong">${one.name || one.number || text('person.customer')}</span><span class="aside cut">${happened(one)}</span></span>
        <span class="num long">${one.seconds === null || one.seconds === undefined ? text('nothing') : timer(one.seconds * 1000)}</span>
        ${mends ? html`<button type="button" class="quiet" aria-expanded=${String(open)} aria-label=${text('wait.change_who', { name: one.name || one.number || '' })}
            onClick=${() => hands.send(open ? { kind: 'close' } : { kind: 'open-correct', attempt: one.attempt })}>${text('wait.change')}</button>` : null}
        ${open ? html`<div class="dispositions mend">${(page.details?.dispositions ?? []).map((/** @type {any} */ disposition) => html`<button type="button" class="disposition" key=${disposition.code}
            onClick=${() => hands.send({ kind: 'correct', attempt: one.attempt, code: disposition.code, note: one.note ?? '' })}><span class="label">${disposition.name}</span><span class="aside">${effect(disposition)}</span></button>`)}</div>` : null}</li>`;
}
