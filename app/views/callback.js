// The callback picker: seven days, quarter hours, both clocks side by side.
import { html, icon } from './html.js';
import { panel } from './controls.js';
import { slotDays, slotTimes } from '../core/slots.js';
import { choiceNow } from '../core/choice.js';
import { dayNumber, instant, weekday } from '../core/time.js';
import { text } from '../texts.js';

/**
 * @typedef {import('./controls.js').Hands} Hands
 * @typedef {import('./controls.js').Page} Page
 */

/** The campaign's hours on that day there, minutes since midnight; the widest the law knows where they are not given.
 *  @param {any} hours {every_day} or a list of windows for each weekday @param {number} at @param {string} zone */
function opening(hours, at, zone) {
    const minutes = (/** @type {any} */ words) => {
        const [, h, m] = /^(\d{1,2}):(\d{2})/.exec(String(words)) ?? [];
        return Number(h) * 60 + Number(m);
    };
    const day = new Intl.DateTimeFormat('en-US', { weekday: 'long', timeZone: zone || undefined }).format(at).toLowerCase();
    const windows = hours?.[day] ?? hours?.every_day;
    if (!windows) return { opens: 8 * 60, closes: 21 * 60 };
    if (!windows.length) return { opens: 0, closes: 0 };
    return { opens: minutes(windows[0][0]), closes: minutes(windows.at(-1)[1]) };
}

/** @param {Page} page @param {Hands} hands */
export function callbackPicker(page, hands) {
    const { now, language } = page;
    const zone = page.doc.person?.zone;
    const choice = choiceNow(page);
    const days = slotDays(now, zone);
    const day = days[Math.min(page.panel?.at ?? 0, days.length - 1)];
    const taken = (page.doc.callbacks ?? []).map((/** @type {any} */ one) => instant(one.at) ?? 0);
    const times = slotTimes({ day: day.day, near: day.at, now, zone, language, taken, ...opening(page.details?.hours, day.at, zone) });
    const open = times.filter((slot) => slot.refused !== 'past');
    const picked = instant(choice?.callback_at ?? null);
    return panel('callback', text('callback.title'), hands, html`
        <div class="days" role="group" aria-label=${text('callback.day')}>${days.map((one, at) => html`<button type="button" key=${one.day} class=${`plain day ${one.day === day.day ? 'lit' : ''}`} aria-pressed=${String(one.day === day.day)}
            onClick=${() => hands.send({ kind: 'panel', facts: { at } })}><span class="aside">${weekday(one.at, language, zone)}</span><span class="strong num">${dayNumber(one.at, zone) % 100}</span></button>`)}</div>
        <div class="clocks aside" aria-hidden="true"><span>${text('callback.theirs')}</span><span>${text('callback.ours')}</span></div>
        <ul class="plain-list times" aria-label=${text('callback.time')} tabindex="0">${open.length ? open.map((slot) => html`<li key=${slot.at}>${slot.refused
        ? html`<span class="time refused"><s class="num">${slot.theirs}</s><s class="num">${slot.ours}</s><span class="aside">${text(`callback.${slot.refused}`)}</span></span>`
        : html`<button type="button" class=${`time ${picked === slot.at ? 'lit' : ''}`} aria-pressed=${String(picked === slot.at)}
            onClick=${() => hands.send({ kind: 'callback', at_time: slot.at })}><span class="num strong">${slot.theirs}<span class="hidden"> ${text('callback.theirs')}</span></span><span class="num">${slot.ours}<span class="hidden"> ${text('callback.ours')}</span></span>
            <span class="aside">${slot.taken ? text('callback.taken', { n: slot.taken }) : ''}</span></button>`}</li>`) : html`<li class="hint">${text('callback.none')}</li>`}</ul>
        <div class="switcher" role="group" aria-label=${text('callback.who')}>${[true, false].map((me) => html`<button type="button" key=${String(me)} class=${choice?.with_me === me ? 'lit' : ''} aria-pressed=${String(choice?.with_me === me)}
            onClick=${() => hands.send({ kind: 'callback', with_me: me })}>${text(me ? 'callback.me' : 'callback.anyone')}</button>`)}</div>`, text('panel.close'), 'picker');
}
