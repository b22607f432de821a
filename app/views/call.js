// The left column: state, call keys, what follows, the line, callbacks, the shift.
import { html, icon, shape, cap } from './html.js';
import { control, section } from './controls.js';
import { late } from './late.js';
import { blockOf, phaseOf, partiesOf } from '../core/phase.js';
import { clock, count, instant, latency, length, timer, units } from '../core/time.js';
import { hint } from '../keys.js';
import { text } from '../texts.js';

/**
 * @typedef {import('./controls.js').Hands} Hands
 * @typedef {import('./controls.js').Page} Page
 * @typedef {import('./controls.js').Actions} Actions
 */

/** @param {Page} page @param {Actions} actions @param {Hands} hands */
export function callColumn(page, actions, hands) {
    const phase = phaseOf(page);
    const side = sidePanel(page, actions, hands);
    return html`<aside class="column call" id="column-call" aria-label=${text('page.call')} tabindex="-1">
        ${stateBlock(page, actions, hands)}
        ${keys(page, phase, actions, hands)}
        <div class=${`below ${side ? 'covered' : ''}`}>
            ${side}
            ${!side && partiesOf(page.doc).length ? late.views?.parties(page, hands) : null}
            ${!side && html`${after(page, phase, actions, hands)}${line(page, actions, hands)}${callbacks(page)}${shift(page)}`}
        </div>
    </aside>`;
}

/** @param {Page} page @param {Actions} actions @param {Hands} hands */
function stateBlock(page, actions, hands) {
    const block = blockOf(page);
    return html`<div class=${`state state-${block.status}`} id="state">
        <h1 class="state-word">${shape(block.shape)}<span>${block.word}</span></h1>
        ${block.clock === null ? null : html`<div class="state-clock" role="timer" aria-live="off">${block.clock}</div>`}
        <div class="state-lines">${page.push.state === 'away' ? html`<p class="only-narrow strong">${text('push.behind', { time: timer(page.now - page.push.since) })}</p>` : null}
            ${page.phone.muted ? html`<p class="strong">${text('line.muted')}</p>` : null}
            ${block.lines.map((line, at) => html`<p class=${block.late && at === block.lines.length - 1 ? 'late' : ''} key=${at}>${line}</p>`)}</div>
        ${block.bar === null ? null : html`<div class="bar" aria-hidden="true"><div class="bar-fill" style=${{ inlineSize: `${(block.bar * 100).toFixed(1)}%` }}></div></div>`}
        ${actions['more-time'].enabled ? control({ page, actions, hands, id: 'more-time', look: 'on-state' }) : null}
        ${actions['preview-time'].enabled ? control({ page, actions, hands, id: 'preview-time', look: 'on-state' }) : null}
    </div>`;
}

/** @param {Page} page @param {string} phase @param {Actions} actions @param {Hands} hands */
function keys(page, phase, actions, hands) {
    const one = (/** @type {string} */ id, look = '') => control({ page, actions, hands, id, look: `key ${look}` });
    const armed = page.armed !== null && actions['hang-up'].lit;
    return html`<div class="keys" role="group" aria-label=${text('page.call')}>
        ${one('mute')}${one('hold')}${one('keypad')}
        ${one('transfer', 'not-narrow')}${one('add', 'not-narrow')}${one('help', 'not-narrow')}
        ${one('more', 'only-narrow')}
        ${phase === 'preview' ? null : control({
        page, actions, hands, id: 'hang-up', look: 'key hang-up',
        label: armed ? text('key.hang_up_again', { key: hint('hang-up', page).split(' ').at(-1) ?? '' }) : undefined,
    })}
        ${phase === 'preview' ? html`<div class="preview-keys">
            ${control({ page, actions, hands, id: 'dial', look: 'primary' })}
            ${control({ page, actions, hands, id: 'skip', look: 'plain' })}
            ${control({ page, actions, hands, id: 'snooze', look: 'plain' })}</div>` : null}
    </div>`;
}

/** @param {Page} page @param {Actions} actions @param {Hands} hands */
function sidePanel(page, actions, hands) {
    switch (page.panel?.kind) {
    case 'keypad': return late.views?.keypad(page, hands);
    case 'transfer': return late.views?.people(page, actions, hands, false);
    case 'add': return late.views?.people(page, actions, hands, true);
    case 'next': return late.views?.nextMenu(page, hands);
    case 'more': return late.views?.more(page, actions, hands);
    case 'skip': return late.views?.skip(hands);
    case 'snooze': return late.views?.snooze(hands);
    default: return null;
    }
}

/** @param {Page} page @param {any} next */
export function nextWords(page, next) {
    if (!next || next.activity === 'available') return text('after.stay');
    if (next.activity === 'offline') return text('after.leave');
    const kind = page.setup?.breaks?.find((/** @type {any} */ one) => one.code === next.break_code);
    return kind ? text('after.break', { name: kind.name }) : text('after.plain_break');
}

/** @param {Page} page @param {string} phase @param {Actions} actions @param {Hands} hands */
function after(page, phase, actions, hands) {
    if (!actions.break.enabled) return null;
    const busy = page.doc.call || ['preview', 'dialling', 'connecting'].includes(phase);
    return section(text(busy ? 'after.title' : 'after.title_now'), null, html`
        <button type="button" id="act-break" class=${`choose ${page.flash?.action === 'break' ? 'flash' : ''}`} aria-expanded=${String(page.panel?.kind === 'next')} onClick=${() => hands.press('break')}>
            <span class="label"><span class="hidden">${text(busy ? 'after.title' : 'after.title_now')} </span>${nextWords(page, phase === 'break' && !page.doc.agent.next ? page.doc.agent : page.doc.agent.next)}</span>${cap(hint('break', page), 'bare')}${icon('down')}</button>`, 'details');
}

/** @param {Page} page @returns {['good'|'fair'|'poor'|'none', string]} */
function lineState(page) {
    const { phone, doc } = page;
    if (phone.state === 'connected') {
        const loss = phone.loss ?? 0, rtt = phone.rtt_ms ?? 0;
        const grade = loss > 0.05 || rtt > 400 ? 'poor' : loss > 0.01 || rtt > 200 ? 'fair' : 'good';
        return [grade, text(`line.${grade}`)];
    }
    if (phone.registered) return ['none', text(doc?.agent.line === 'connected' ? 'line.good' : 'line.waiting')];
    return ['none', text(['loading', 'registering'].includes(phone.state) ? 'line.registering' : 'line.none')];
}

/** @param {Page} page @param {Actions} actions @param {Hands} hands */
function line(page, actions, hands) {
    const { phone, doc } = page;
    const [grade, words] = lineState(page);
    return section(text('line.title'), doc?.agent.line === 'connected' ? text('line.room') : null, html`
        <div class="row"><span class="lead">${icon('headset')}</span><span class="grow cut">${phone.device || text('line.default_device')}</span>
            <span class="meter" data-meter data-level="0" role="img" aria-label=${text('line.level')}>
                ${[1, 2, 3, 4, 5, 6, 7].map((bar) => html`<i key=${bar}></i>`)}</span></div>
        <div class="row"><span class="lead">${icon('signal')}</span><span class=${`grow grade-${grade}`}>${words}</span>
            ${phone.rtt_ms !== null ? html`<span class="aside num"><span>${latency(phone.rtt_ms)}</span>${phone.loss !== null
        ? html` <span class="not-laptop">${text('line.loss', { share: (phone.loss * 100).toFixed(1) })}</span>` : null}</span>` : null}</div>
        ${phone.problem ? html`<p class="trouble">${phone.problem}</p>` : null}
        ${phone.headset_gone ? devices(page, hands) : null}`, 'details');
}

/** @param {Page} page @param {Hands} hands */
export function devices(page, hands) {
    return html`<div class="stack" role="group" aria-label=${text('headset.title')}>
        <p class="hint">${text('headset.text')}</p>
        ${page.phone.devices.map((device) => html`<button type="button" key=${device.id} class=${`plain wide ${device.id === page.phone.device_id ? 'lit' : ''}`}
            aria-pressed=${String(device.id === page.phone.device_id)} onClick=${() => hands.send({ kind: 'device', id: device.id })}>
            <span class="label">${device.name}</span>${device.id === page.phone.device_id ? icon('tick') : null}</button>`)}</div>`;
}

/** @param {Page} page */
function callbacks(page) {
    const items = page.doc?.callbacks ?? [];
    return section(text('callbacks.title'), items.length ? text('callbacks.today', { n: items.length }) : null, items.length
        ? html`<ul class="plain-list">${items.slice(0, 5).map((/** @type {any} */ item) => {
            const at = instant(item.at) ?? 0;
            const wait = at - page.now;
            return html`<li class="row" key=${item.lead}><span class="num strong">${clock(at, page.language)}</span>
                <span class="grow cut">${item.name}</span>
                <span class="aside not-laptop">${wait <= 0 ? text('callbacks.due') : text('callbacks.in', { time: length(Math.max(wait, units.MINUTE)) })}</span></li>`;
        })}</ul>`
        : html`<p class="hint">${text('callbacks.none')}</p>`, 'details');
}

/** @param {Page} page */
function shift(page) {
    const agent = page.doc?.agent;
    const since = instant(agent?.shift_since);
    if (!agent || since === null || agent.activity === 'offline') return null;
    const talked = (page.now - since) * (agent.talk_percent ?? 0) / 100;
    return section(text('shift.title'), text('shift.since', { time: clock(since, page.language) }), html`
        <dl class="pairs"><div><dt>${text('shift.calls')}</dt><dd>${count(agent.calls ?? 0, page.language)}</dd></div>
            <div><dt>${text('shift.talking')}</dt><dd>${text('shift.talk', { time: length(talked), percent: agent.talk_percent ?? 0 })}</dd></div></dl>`, 'shift details not-laptop');
}
