// The small parts that all columns use.
import { html, icon, cap } from './html.js';
import { hint } from '../keys.js';

/**
 * What views are given besides the page: ways to tell what the hands did.
 * @typedef {{press: (action: string, more?: object) => void, send: (message: import('../core/page.js').Message) => void}} Hands
 * @typedef {import('../core/page.js').Page} Page
 * @typedef {Record<string, import('../core/actions.js').Action>} Actions
 */

/**
 * A control of the table of actions. It is never `disabled`: one that cannot be used says why when pressed.
 * @param {{page: Page, actions: Actions, hands: Hands, id: string, look: string, label?: string, more?: any}} props
 */
export function control({ page, actions, hands, id, look, label, more }) {
    const action = actions[id];
    const printed = hint(id, page);
    const pending = page.pending[id] !== undefined;
    const classes = [look, action.lit && 'lit', !action.enabled && 'dim', page.flash?.action === id && 'flash',
        pending && 'pending'].filter(Boolean).join(' ');
    const words = label ?? action.label;
    return html`<button type="button" id=${`act-${id}`} class=${classes} aria-disabled=${action.enabled ? undefined : 'true'}
            aria-pressed=${['mute', 'hold', 'help'].includes(id) && action.act === id ? String(action.lit) : undefined}
            aria-keyshortcuts=${shortcut(printed)} title=${action.why || undefined}
            onClick=${() => hands.press(id)}>
        ${action.icon && icon(action.icon)}
        <span class="label">${words}</span>
        ${more}
        ${cap(printed)}
    </button>`;
}

/** @param {string} printed "X X", "Ctrl ⏎" in the words of aria-keyshortcuts */
function shortcut(printed) {
    if (!printed || printed.includes('X X')) return undefined;
    return printed.replace('Ctrl ', 'Control+').replace('Alt ', 'Alt+').replace('⏎', 'Enter').replace('Esc', 'Escape');
}

/** A section with its small heading and what stands at its right.
 *  @param {string} title @param {any} right @param {any} body @param {string} [look] */
export function section(title, right, body, look = '') {
    return html`<section class=${`part ${look}`}>
        <div class="part-head"><h2>${title}</h2>${right ? html`<span class="aside">${right}</span>` : null}</div>
        ${body}
    </section>`;
}

/** The head of a panel that stands over the lower part of its column.
 *  @param {string} id @param {string} title @param {Hands} hands @param {any} body @param {string} closes @param {string} [look] */
export function panel(id, title, hands, body, closes, look = '') {
    return html`<div class=${`panel ${look}`} role="region" aria-label=${title} id=${`panel-${id}`} tabindex="-1" key=${id}>
        <div class="part-head"><h2>${title}</h2>
            <button type="button" class="quiet icon-only" aria-label=${closes} onClick=${() => hands.send({ kind: 'close' })}>
                ${icon('close')}</button></div>
        ${body}
    </div>`;
}
