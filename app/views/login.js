// The login page: name, password, language; nothing else.
import { html, icon } from './html.js';
import { text } from '../texts.js';

/**
 * @typedef {{name: string, password: string, busy: boolean, faults: {field: string, text: string}[], language: string, demo: string}} Login
 */

/** @param {Login} state @param {{change: (facts: Partial<Login>) => void, go: () => void, sit: () => void}} hands */
export function login(state, hands) {
    /** @param {string} field */
    const fault = (field) => state.faults.find((one) => one.field === field)?.text;
    /** @param {'name'|'password'} field @param {string} type @param {string} fill */
    const input = (field, type, fill) => html`<div class="form-field"><label for=${field}>${text(`login.${field}`)}</label>
        <input id=${field} name=${field} type=${type} autocomplete=${fill} value=${state[field]} aria-invalid=${fault(field) ? 'true' : undefined}
            aria-describedby=${fault(field) ? `${field}-fault` : undefined} autocapitalize="none" spellcheck="false"
            onInput=${(/** @type {any} */ event) => hands.change({ [field]: event.target.value })} />
        ${fault(field) ? html`<p class="trouble" id=${`${field}-fault`}>${fault(field)}</p>` : null}</div>`;
    return html`<main class="login">
        <h1 class="mark">${icon('mark', 'logo')}<span>${text('product')}</span></h1>
        ${state.demo ? html`<div class="login-form demo-seat"><p>${text('login.demo')}</p>
            <button type="button" id="demo-seat" class="primary big wide" onClick=${hands.sit}>${text('login.demo_go')}</button></div>` : null}
        <form class="login-form" novalidate onSubmit=${(/** @type {any} */ event) => { event.preventDefault(); hands.go(); }}>
            ${state.faults.length ? html`<div class="summary" role="alert" id="summary" tabindex="-1"><h2>${text('login.summary')}</h2>
                ${state.faults.map((one) => html`<p key=${one.text}>${one.field ? html`<a href=${`#${one.field}`}>${one.text}</a>` : one.text}</p>`)}</div>` : null}
            ${input('name', 'text', 'username')}${input('password', 'password', 'current-password')}
            <div class="form-field"><label for="language">${text('login.language')}</label>
                <select id="language" value=${state.language} onChange=${(/** @type {any} */ event) => hands.change({ language: event.target.value })}><option value="en">${text('language.en')}</option></select></div>
            <button type="submit" class="primary big wide">${text(state.busy ? 'login.busy' : 'login.go')}</button>
        </form></main>`;
}
