// What happens inside the panels and fields of the page: choosing from lists, dialling digits, picking a time.

import { close, join, pickDisposition, unpick, press } from './press.js';
import { choiceBody, choiceNow, dispositionOf } from './choice.js';
import { actionsOf } from './actions.js';
import { say } from './page.js';

/**
 * @typedef {import('./page.js').Page} Page
 * @typedef {import('./page.js').Effect} Effect
 */

/** @param {Page} page @param {any} message @returns {[Page, Effect[]]} */
export function panelStep(page, message) {
    switch (message.kind) {
    case 'tab': return [{ ...page, tab: message.tab }, []];
    case 'step': return [{ ...page, step: message.step }, [{ do: 'top', id: 'script' }]];
    case 'aside': return [{ ...page, open: page.open === message.at ? -1 : message.at }, []];
    case 'close': return close(page);
    case 'query': return page.panel ? [{ ...page, panel: { ...page.panel, query: message.text, at: 0 } }, []] : [page, []];
    case 'panel': return page.panel ? [{ ...page, panel: { ...page.panel, ...message.facts } }, []] : [page, []];
    case 'digit': return digit(page, message.digit);
    case 'next': return next(page, message);
    case 'disposition': return pickDisposition(page, dispositionOf(page, message.code));
    case 'unpick': return unpick(page);
    case 'callback': return callback(page, message);
    case 'skip': return [{ ...page, panel: null },
        [{ do: 'post', path: 'preview', body: { decision: 'skip', reason: message.reason }, action: 'skip' }]];
    case 'snooze': return [{ ...page, panel: null }, [{
        do: 'post', path: 'preview', action: 'snooze',
        body: { decision: 'snooze', until: new Date(page.now + message.minutes * 60000).toISOString() },
    }]];
    case 'to': return to(page, message);
    case 'party': return [page, [{
        do: 'post', path: 'party', body: { party: message.party, action: message.action }, action: 'party',
    }]];
    case 'campaign': {
        const picked = page.check.picked.includes(message.id)
            ? page.check.picked.filter((id) => id !== message.id) : [...page.check.picked, message.id];
        return [{ ...page, check: { ...page.check, picked } }, []];
    }
    case 'dial': return [page, [{ do: 'post', path: 'dial', body: message.body, action: 'dial' },
        { do: 'go', route: 'desk' }]];
    case 'correct': return [{ ...page, panel: null }, [{
        do: 'post', path: 'disposition', action: 'correct',
        body: { attempt: message.attempt, code: message.code, callback_at: null, callback_agent: null,
            note: message.note, finish: false },
    }, { do: 'read', what: 'calls' }]];
    case 'device': return [page, [{ do: 'phone', verb: 'device', id: message.id }]];
    case 'key': return rebind(page, message);
    case 'run': {
        const [closed, effects] = close(page);
        const [after, more] = press(closed, { action: message.action, by: 'click', at: message.at });
        return [after, [...effects, ...more]];
    }
    case 'fields': return [{ ...page, ticked: { ...page.ticked, fields: !page.ticked.fields } }, []];
    case 'ask-mic': return [page, [{ do: 'phone', verb: 'ask', other: message.other }]];
    case 'play': return [page, [{ do: 'wake-sound' }, { do: 'cue', name: 'offer', always: true }]];
    case 'again': return join({ ...page, phone: { ...page.phone, problem: '' } });
    case 'open-correct': return [{
        ...page, panel: { kind: 'correct', opener: '', query: '', at: 0, attempt: message.attempt },
    }, []];
    case 'theme': return [{ ...page, ticked: { ...page.ticked, theme: message.theme } }, [{ do: 'theme', theme: message.theme }]];
    case 'go': return [page, [{ do: 'go', route: message.route }]];
    case 'say': return [say(page, message.text), []];
    case 'disarm': return page.armed ? [{ ...page, armed: null }, []] : [page, []];
    case 'settings': return [{ ...page, settings: { ...page.settings, ...message.facts } }, [{ do: 'keep-settings' }]];
    default: return [page, []];
    }
}

/** A tone to the customer. @param {Page} page @param {string} tone @returns {[Page, Effect[]]} */
function digit(page, tone) {
    if (page.panel?.kind !== 'keypad' || !actionsOf(page).keypad.enabled) return [page, []];
    const sent = `${page.panel.sent}${tone}`.slice(-24);
    return [{ ...page, panel: { ...page.panel, sent } },
        [{ do: 'post', path: 'digits', body: { digits: tone }, action: 'keypad' }, { do: 'tone', digit: tone }]];
}

/** What follows this call; at once where there is none. @param {Page} page @param {any} message
 *  @returns {[Page, Effect[]]} */
function next(page, message) {
    const body = message.activity === 'break' ? { activity: 'break', break_code: message.code }
        : { activity: message.activity };
    const [closed, effects] = close(page);
    return [closed, [...effects, { do: 'post', path: 'activity', body, action: 'break' }]];
}

/** @param {Page} page @param {any} message @returns {[Page, Effect[]]} */
function callback(page, message) {
    const choice = choiceNow(page);
    if (!choice) return [page, []];
    if (message.with_me !== undefined) return [{ ...page, choice: { ...choice, with_me: message.with_me } }, []];
    const picked = { ...page, choice: { ...choice, callback_at: new Date(message.at_time).toISOString(), saved: false } };
    const [closed, effects] = close(picked);
    return [closed, [...effects,
        { do: 'post', path: 'disposition', body: choiceBody(closed, false), action: 'disposition' }]];
}

/** Someone was chosen in the transfer or add list. @param {Page} page @param {any} message @returns {[Page, Effect[]]} */
function to(page, message) {
    const [closed, effects] = close(page);
    if (message.add) return [closed, [...effects, { do: 'post', path: 'add', body: { to: message.to }, action: 'add' }]];
    return [closed, [...effects, {
        do: 'post', path: 'transfer', body: { to: message.to, ask_first: message.ask_first }, action: 'transfer',
    }]];
}

/** @param {Page} page @param {any} message {action, key: string|null|undefined} undefined: as it was
 *  @returns {[Page, Effect[]]} */
function rebind(page, message) {
    const { [message.action]: _, ...rest } = page.keys;
    const keys = message.key === undefined ? rest : { ...rest, [message.action]: message.key };
    const panel = page.panel ? { ...page.panel, editing: '' } : null;
    return [{ ...page, keys, panel }, [{ do: 'keep-keys', keys }]];
}
