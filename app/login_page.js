// The login page.
import { render } from 'preact';
import { html } from './views/html.js';
import { login } from './views/login.js';
import { text } from './texts.js';
import { ask } from './io/http.js';

const root = /** @type {HTMLElement} */ (document.getElementById('root'));
/** @type {import('./views/login.js').Login} */
let state = { name: '', password: '', busy: false, faults: [], language: 'en', demo: '' };

/** @param {Partial<import('./views/login.js').Login>} facts */
function change(facts) {
    state = { ...state, ...facts };
    render(html`${login(state, { change, go, sit })}`, root);
    document.title = state.faults.length ? text('login.error', { title: text('login.page') }) : text('login.page');
}

async function go() {
    if (state.busy) return;
    const faults = [];
    if (!state.name.trim()) faults.push({ field: 'name', text: text('login.name_missing') });
    if (!state.password) faults.push({ field: 'password', text: text('login.password_missing') });
    change({ faults });
    if (!faults.length) {
        change({ busy: true });
        try {
            await ask('POST', '/session', { name: state.name.trim(), password: state.password });
            location.assign('/desk');
            return;
        } catch (error) {
            change({ busy: false, faults: [{ field: '', text: /** @type {Error} */ (error).message }] });
        }
    }
    document.getElementById('summary')?.focus();
}

/** The seat of a demonstration wants no password. */
async function sit() {
    if (state.busy) return;
    change({ busy: true });
    try {
        await ask('POST', '/session', { name: state.demo });
        location.assign('/desk');
    } catch (error) {
        change({ busy: false, faults: [{ field: '', text: /** @type {Error} */ (error).message }] });
    }
}

change({});
ask('GET', '/session').catch((refusal) => {
    if (refusal.problem?.demo) change({ demo: refusal.problem.demo });
});
document.getElementById('name')?.focus();
