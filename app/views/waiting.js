// What stands in the middle when no customer does: device check, joining, waiting, refused, taken over, signed out.
import { html, icon } from './html.js';
import { control } from './controls.js';
import { latency, instant, units } from '../core/time.js';
import { text, textOf } from '../texts.js';

/**
 * @typedef {import('./controls.js').Hands} Hands
 * @typedef {import('./controls.js').Page} Page
 * @typedef {import('./controls.js').Actions} Actions
 */

/** @param {Page} page */
function trouble(page) {
    return page.trouble ? html`<p class="trouble" role="alert">${page.trouble.text}</p>` : null;
}

/** @param {Page} page @param {Actions} actions @param {Hands} hands */
export function waiting(page, actions, hands) {
    const away = page.doc.agent.activity === 'break';
    return html`<div class="lone"><h2 class="name">${text(away ? 'wait.break' : 'wait.title')}</h2>
        <p>${text(away ? 'wait.break_text' : 'wait.text')}</p>
        ${away ? control({ page, actions, hands, id: 'available', look: 'primary big' }) : null}${trouble(page)}</div>`;
}

/** @param {Page} page @param {Actions} actions @param {Hands} hands */
export function deviceCheck(page, actions, hands) {
    const { phone, check, setup } = page;
    const campaigns = setup?.campaigns ?? [];
    const mic = phone.mic === 'ok' ? html`<span class="meter big" data-meter data-level="0" role="img" aria-label=${text('line.level')}>${[1, 2, 3, 4, 5, 6, 7].map((bar) => html`<i key=${bar}></i>`)}</span>`
        : phone.mic === 'unknown' || phone.mic === 'missing' ? html`<button type="button" class="plain" onClick=${() => hands.send({ kind: 'ask-mic' })}>${text('check.mic_allow')}</button>` : null;
    const words = { ok: 'check.mic_ok', unknown: 'check.mic_ask', asking: 'check.mic_asking', missing: 'check.mic_missing', refused: 'check.mic_ask' }[phone.mic];
    return html`<div class="lone check"><h2 class="name">${text('check.title')}</h2>
        <div class="check-row">${icon('mic')}<div><h3>${text('check.mic')}</h3><p>${phone.mic === 'ok' && phone.device ? html`<b>${phone.device}</b> ` : null}${text(words)}</p></div>${mic}</div>
        <div class="check-row">${icon('speaker')}<div><h3>${text('check.speaker')}</h3><p>${text('check.speaker_text')}</p></div>
            <button type="button" class="plain" onClick=${() => hands.send({ kind: 'play' })}>${text('check.play')}</button></div>
        <div class="check-row">${icon('signal')}<div><h3>${text('check.network')}</h3><p>${check.network_ms === null ? text('check.network_wait') : text('check.network_ms', { time: latency(check.network_ms) })}</p></div>
            <span class="strong">${check.network_ms === null ? '' : text(check.network_ms < 150 ? 'check.good' : 'check.slow')}</span></div>
        <fieldset class="check-campaigns"><legend><h3>${text('check.campaigns')}</h3></legend>
            ${campaigns.length ? campaigns.map((/** @type {any} */ one) => html`<label class="tick" key=${one.id}><input type="checkbox" checked=${check.picked.includes(one.id)} onChange=${() => hands.send({ kind: 'campaign', id: one.id })} />
                <span class="strong grow">${one.name}</span><span class="aside">${text('campaign.line', { mode: textOf('mode', one.mode), state: textOf('campaign', one.state) })}</span></label>`)
        : html`<p class="hint">${text('check.no_campaigns')}</p>`}</fieldset>
        ${control({ page, actions, hands, id: 'join', look: 'primary big' })}${trouble(page)}
        ${phone.problem ? html`<p class="trouble" role="alert">${phone.problem}</p>` : null}</div>`;
}

/** Three lines that tick off; what takes long is named. @param {Page} page @param {Actions} actions @param {Hands} hands */
export function joining(page, actions, hands) {
    const { phone, doc, now } = page;
    const since = page.join?.since ?? instant(doc?.agent.line_since) ?? now;
    const late = now - since;
    const done = {
        mic: phone.mic === 'ok',
        line: phone.registered || phone.state === 'connected',
        room: doc?.agent.line === 'connected',
    };
    const slow = !done.mic ? 'mic' : !done.line ? 'line' : !done.room ? 'room' : null;
    return html`<div class="lone"><h2 class="name">${text('joining.title')}</h2>
        <ol class="plain-list joins">${/** @type {const} */ (['mic', 'line', 'room']).map((part) => html`<li key=${part} class=${done[part] ? 'done' : ''}>${icon(done[part] ? 'tick' : 'wait')}
            <span class="grow strong">${text(`joining.${part}`)}</span><span class="aside">${text(done[part] ? 'joining.done' : 'joining.wait')}</span></li>`)}</ol>
        ${late > 3 * units.SECOND && slow ? html`<p>${text(slow === 'mic' && phone.mic === 'missing' ? 'check.mic_missing' : `joining.slow_${slow}`)}</p>` : null}
        ${late > 10 * units.SECOND && slow ? html`<button type="button" class="primary big" onClick=${() => hands.send({ kind: 'again' })}>${text('joining.again')}</button>` : null}
        ${trouble(page)}${phone.problem ? html`<p class="trouble" role="alert">${phone.problem}</p>` : null}</div>`;
}

/** @param {Page} page @param {Actions} _actions @param {Hands} hands */
export function refusedHelp(page, _actions, hands) {
    return html`<div class="lone"><h2 class="name">${text('refused.title')}</h2>
        <div class="address" aria-hidden="true"><span class="address-sign">${icon('settings')}</span><span class="address-text">${text('refused.site')}</span>
            <span class="address-menu"><span>${icon('mic')} ${text('refused.mic')}</span><span class="switch"></span></span></div>
        <ol class="numbered"><li>${text('refused.1')}</li><li>${text('refused.2')}</li><li>${text('refused.3')}</li></ol>
        <div class="pair"><button type="button" class="primary big" onClick=${() => hands.send({ kind: 'ask-mic' })}>${text('refused.again')}</button>
            <button type="button" class="plain big" onClick=${() => hands.send({ kind: 'ask-mic', other: true })}>${text('refused.other')}</button></div></div>`;
}

/** @param {Page} page @param {Actions} actions @param {Hands} hands */
export function takenOver(page, actions, hands) {
    return html`<div class="lone"><h2 class="name">${text('taken.title')}</h2><p>${text('taken.text')}</p>
        ${control({ page, actions, hands, id: 'join', look: 'primary big', label: text('taken.use') })}${trouble(page)}</div>`;
}

/** @param {Page} page */
export function signedOut(page) {
    return html`<div class="lone"><h2 class="name">${text('out.title')}</h2><p>${page.out?.reason || text('block.signed_out')}</p>
        <a class="primary big" href="/login">${text('out.again')}</a></div>`;
}
