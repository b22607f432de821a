// The command field: every command that can act now, with its key beside it, so that it teaches the key.
import { html, cap } from './html.js';
import { hint, BINDINGS } from '../keys.js';
import { text } from '../texts.js';

/**
 * @typedef {import('./controls.js').Hands} Hands
 * @typedef {import('./controls.js').Page} Page
 * @typedef {import('./controls.js').Actions} Actions
 */

/** The commands that fit what was typed, those that can act first. @param {Page} page @param {Actions} actions */
function commandsFound(page, actions) {
    const typed = (page.panel?.query ?? '').trim().toLowerCase();
    return BINDINGS.filter((one) => !['command', 'close', 'columns'].includes(one.action) && actions[one.action]?.label)
        .filter((one, at, all) => all.findIndex((other) => other.action === one.action) === at)
        .map((one) => ({ action: one.action, label: actions[one.action].label, enabled: actions[one.action].enabled, printed: hint(one.action, { ...page, typing: false }) }))
        .concat(['available', 'leave', 'join', 'more-time'].filter((id) => actions[id].enabled).map((id) => ({ action: id, label: actions[id].label, enabled: true, printed: '' })))
        .filter((one) => one.enabled && one.label.toLowerCase().includes(typed)).slice(0, 12);
}

/** @param {Page} page @param {Actions} actions @param {Hands} hands */
export function command(page, actions, hands) {
    const found = commandsFound(page, actions);
    const at = Math.min(page.panel?.at ?? 0, found.length - 1);
    /** @param {any} event */
    const key = (event) => {
        if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
            event.preventDefault();
            hands.send({ kind: 'panel', facts: { at: (at + (event.key === 'ArrowDown' ? 1 : found.length - 1)) % Math.max(1, found.length) } });
        } else if (event.key === 'Enter' && !event.ctrlKey && found[at]) {
            event.preventDefault();
            event.stopPropagation();
            hands.send({ kind: 'run', action: found[at].action });
        }
    };
    return html`<div class="floats command" role="dialog" aria-label=${text('command.title')} id="panel-command">
        <input type="text" role="combobox" data-first aria-expanded="true" aria-controls="commands" aria-label=${text('command.title')} aria-activedescendant=${found[at] ? `command-${found[at].action}` : undefined}
            autocomplete="off" placeholder=${text('command.title')} value=${page.panel?.query} onKeyDown=${key}
            onInput=${(/** @type {any} */ event) => hands.send({ kind: 'query', text: event.target.value })} />
        ${found.length ? html`<ul class="plain-list" id="commands" role="listbox" aria-label=${text('command.title')}>${found.map((one, n) => html`<li key=${one.action} id=${`command-${one.action}`} role="option" aria-selected=${String(n === at)}
            class=${`option ${n === at ? 'lit' : ''}`} onClick=${() => hands.send({ kind: 'run', action: one.action })}><span class="label">${one.label}</span>${cap(one.printed)}</li>`)}</ul>`
        : html`<p class="hint">${text('command.none', { text: page.panel?.query ?? '' })}</p>`}
    </div>`;
}
