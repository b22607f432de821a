// The map under "?": every key of the page from the table that binds them, to be changed here; sounds and colours.
import { html, icon, cap } from './html.js';
import { CUES_ON } from '../core/page.js';
import { BINDINGS, hint } from '../keys.js';
import { text, textKnown } from '../texts.js';

/**
 * @typedef {import('./controls.js').Hands} Hands
 * @typedef {import('./controls.js').Page} Page
 * @typedef {import('./controls.js').Actions} Actions
 */

const GROUPS = /** @type {const} */ (['call', 'result', 'script', 'preview', 'page']);

/** The name of an action apart from what the button says just now. @param {string} action */
export function actionName(action) {
    const id = `key.${action.replaceAll('-', '_')}`;
    if (textKnown(id)) return text(id);
    if (action.startsWith('disposition-')) return text('key.disposition');
    if (action.startsWith('branch-')) return text('key.branch');
    return text({ 'step-back': 'script.back', 'step-on': 'script.on' }[action] ?? 'nothing');
}

/** @param {Page} page @param {Hands} hands */
export function keymap(page, hands) {
    const plain = { ...page, typing: false };
    return html`<div class="floats keymap" role="dialog" aria-modal="true" aria-label=${text('keys.title')} id="panel-keys" tabindex="-1">
        <div class="part-head"><h2>${text('keys.title')}</h2><span class="aside">${text('keys.typing')}</span>
            <button type="button" class="quiet icon-only" data-first aria-label=${text('panel.close')} onClick=${() => hands.send({ kind: 'close' })}>${icon('close')}</button></div>
        <div class="keymap-groups">${GROUPS.map((group) => html`<section key=${group}><h3>${text(`keys.${group}`)}</h3><ul class="plain-list">${rows(group).map((binding) => html`<li class="row" key=${binding.action}>
            <span class="grow">${actionName(binding.action)}</span>
            ${binding.fixed || binding.action.startsWith('branch-') ? keycaps(binding.action, plain) : page.panel?.editing === binding.action
        ? html`<input class="key-input" data-first aria-label=${text('keys.press')} placeholder=${text('keys.press')} maxlength="1" onKeyDown=${(/** @type {any} */ event) => edited(event, binding.action, hands)} />
            <button type="button" class="quiet" onClick=${() => hands.send({ kind: 'key', action: binding.action, key: null })}>${text('keys.off')}</button>
            <button type="button" class="quiet" onClick=${() => hands.send({ kind: 'key', action: binding.action })}>${text('keys.reset')}</button>`
        : html`<button type="button" class="quiet key-change" onClick=${() => hands.send({ kind: 'panel', facts: { editing: binding.action } })}><span class="hidden">${text('keys.change_who', { name: actionName(binding.action) })}</span>
            ${hint(binding.action, plain) ? cap(hint(binding.action, plain)) : text('keys.none')}</button>`}</li>`)}</ul></section>`)}
            <section><h3>${text('cues.title')}</h3>${Object.entries(CUES_ON).map(([cue, on]) => html`<label class="tick" key=${cue}><input type="checkbox" checked=${page.settings.cues[cue] ?? on}
                onChange=${() => hands.send({ kind: 'settings', facts: { cues: { ...page.settings.cues, [cue]: !(page.settings.cues[cue] ?? on) } } })} /><span class="grow">${text(`cues.${cue}`)}</span></label>`)}</section>
            <section><h3>${text('keys.single')}</h3>
                <label class="tick"><input type="checkbox" checked=${page.settings.letters} onChange=${() => hands.send({ kind: 'settings', facts: { letters: !page.settings.letters } })} /><span class="grow">${text('keys.letters')}</span></label></section>
            <section><h3>${text('theme.title')}</h3>${['system', 'light', 'dark'].map((theme) => html`<label class="tick" key=${theme}><input type="radio" name="theme" checked=${(page.ticked.theme ?? 'system') === theme}
                onChange=${() => hands.send({ kind: 'theme', theme })} /><span class="grow">${text(`theme.${theme}`)}</span></label>`)}</section>
        </div></div>`;
}

/** Ten dispositions and four branches are one row each. @param {string} group */
function rows(group) {
    return BINDINGS.filter((one) => one.group === group && !/^(disposition-[02-9]|branch-[2-4])$/.test(one.action));
}

/** @param {string} action @param {any} page */
function keycaps(action, page) {
    if (action === 'disposition-1') return html`<span>${cap('1')} … ${cap('9')} ${cap('0')}</span>`;
    if (action === 'branch-1') return html`<span>${cap('Q')} ${cap('W')} ${cap('E')} ${cap('R')}</span>`;
    return cap(hint(action, page));
}

/** @param {any} event @param {string} action @param {Hands} hands */
function edited(event, action, hands) {
    if (!/^[a-z]$/i.test(event.key) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    hands.send({ kind: 'key', action, key: event.key.toLowerCase() });
}
