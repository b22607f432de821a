// The whole page, from the page's state.
import { html } from './html.js';
import { header, live } from './header.js';
import { callColumn } from './call.js';
import { personColumn } from './person.js';
import { resultColumn } from './result.js';
import { late } from './late.js';
import { actionsOf } from '../core/actions.js';
import { phaseOf } from '../core/phase.js';
import { text } from '../texts.js';

/** @param {import('../core/page.js').Page} page @param {import('./controls.js').Hands} hands */
export function desk(page, hands) {
    const actions = actionsOf(page);
    const phase = phaseOf(page);
    const ends = ['wrap-up', 'hung-up', 'lost'].includes(phase);
    return html`<div class="app" data-phase=${phase} data-tab=${page.tab} data-foot=${ends ? 'finish' : 'keys'} data-panel=${page.panel?.kind ?? ''}
            data-typing=${page.typing ? '' : undefined}>
        <div class="skips"><a class="skip" href="#column-person">${text('page.skip')}</a>${page.route === 'desk' ? html`<a class="skip" href="#column-result">${text('page.skip_result')}</a>` : null}</div>
        ${header(page, actions, hands)}
        <div class="columns">
            ${callColumn(page, actions, hands)}
            ${page.route === 'desk' ? html`${personColumn(page, actions, hands)}${resultColumn(page, actions, hands)}` : late.views?.listPage(page, hands)}
        </div>
        ${page.panel?.kind === 'keys' ? late.views?.keymap(page, hands) : null}
        ${live(page)}
    </div>`;
}
