// A control was pressed, by key or by click: judged by the guard, then done.

import { actionsOf } from './actions.js';
import { guardLets } from './guard.js';
import { choiceBody, choiceNow, choiceWants, dispositionOf } from './choice.js';
import { scriptStep } from './script.js';
import { say } from './page.js';
import { text } from '../texts.js';

const TWICE_MS = 1500;

/**
 * @typedef {import('./page.js').Page} Page
 * @typedef {import('./page.js').Effect} Effect
 */

/** @param {Page} page @param {any} message {action, by: 'key'|'click', at, index?, to?} @returns {[Page, Effect[]]} */
export function press(page, message) {
    const action = actionsOf(page)[message.action];
    if (!action) return [page, []];
    if (!guardLets(page.guard, message.action, message.by, message.at))
        return [{ ...page, flash: { action: message.action, at: message.at } }, [{ do: 'unflash' }]];
    if (!action.enabled) {
        // Refused aloud, never queued: where there is a call, or trouble with it, the reason is said.
        const told = page.doc?.call || message.by === 'click' ? say(page, action.why) : page;
        return [{ ...told, flash: { action: message.action, at: message.at } }, [{ do: 'unflash' }]];
    }
    return act(page, action.act, message);
}

/** @param {Page} page @param {string} path @param {object} body @param {string} action @returns {[Page, Effect[]]} */
function post(page, path, body, action) {
    return [page, [{ do: 'post', path, body, action }]];
}

/** @param {Page} page @param {string} kind @param {string} opener @param {object} [more] @returns {[Page, Effect[]]} */
function toggle(page, kind, opener, more = {}) {
    if (page.panel?.kind === kind) return close(page);
    return [{ ...page, panel: { kind, opener, query: '', at: 0, ...more } }, [{ do: 'focus', id: `panel-${kind}` }]];
}

/** The list of people opens, and is asked for anew: colleagues come and go. @param {Page} page @param {string} kind
 *  @returns {[Page, Effect[]]} */
function who(page, kind) {
    const [next, effects] = toggle(page, kind, kind);
    const campaign = page.doc?.pop?.campaign ?? page.details?.id;
    return [next, next.panel && campaign ? [...effects, { do: 'details', id: campaign }] : effects];
}

/** @param {Page} page @returns {[Page, Effect[]]} */
export function close(page) {
    if (!page.panel) return [page, [{ do: 'blur' }]];
    return [{ ...page, panel: null }, [{ do: 'focus', id: `act-${page.panel.opener}` }]];
}

/** @param {Page} page @param {string} verb @param {any} message @returns {[Page, Effect[]]} */
function act(page, verb, message) {
    const { doc } = page;
    const attempt = doc?.call?.attempt;
    switch (verb) {
    case 'mute': return [page, [{ do: 'phone', verb: 'mute', on: !page.phone.muted }]];
    case 'hold': return post(page, 'hold', { on: !doc.call.held_since }, 'hold');
    case 'swap': return post(page, 'consult', { action: 'swap' }, 'hold');
    case 'hand-over': return post(page, 'consult', { action: 'hand_over' }, 'transfer');
    case 'all-together': return post(page, 'consult', { action: 'all_together' }, 'add');
    case 'end-consult': return twice(page, message, () => post(page, 'consult', { action: 'end' }, 'hang-up'));
    case 'hang-up':
    case 'stop-ringing': return twice(page, message, () => post({ ...page, armed: null }, 'hangup', {}, 'hang-up'));
    case 'keypad': return toggle(page, 'keypad', 'keypad', { sent: '' });
    case 'transfer': return who(page, 'transfer');
    case 'add': return who(page, 'add');
    case 'more': return toggle(page, 'more', 'more');
    case 'break': return toggle(page, 'next', 'break');
    case 'help': return post(page, 'help', { on: !doc.agent.needs_help }, 'help');
    case 'leave-them': return post(page, 'party', { action: 'leave' }, 'transfer');
    case 'disposition': return pick(page, positionOf(message.action));
    case 'hang-up-and-finish': {
        const [next, effects] = post(page, 'hangup', {}, 'finish');
        return [next, [...effects, { do: 'post', path: 'disposition', body: choiceBody(page, true), action: 'finish' }]];
    }
    case 'finish': return post(page, 'disposition', /** @type {any} */ (choiceBody(page, true)), 'finish');
    case 'note': return [{ ...page, tab: 'result' }, [{ do: 'focus', id: 'note' }]];
    case 'more-time': return post(page, 'more-time', {}, 'more-time');
    case 'dial': return post(page, 'preview', { decision: 'accept' }, 'dial');
    case 'preview-time': return post(page, 'preview', { decision: 'more_time' }, 'preview-time');
    case 'skip': return toggle(page, 'skip', 'skip');
    case 'snooze': return toggle(page, 'snooze', 'snooze');
    case 'branch': return branch(page, Number(message.action.slice('branch-'.length)) - 1);
    case 'step-back': return [{ ...page, step: page.step - 1, tab: 'script' }, [{ do: 'top', id: 'script' }]];
    case 'step-on': return [{ ...page, step: page.step + 1, tab: 'script' }, [{ do: 'top', id: 'script' }]];
    case 'available': return post(page, 'activity', { activity: 'available' }, 'available');
    case 'leave': return post(page, 'leave', {}, 'leave');
    case 'join': return join(page);
    case 'call-back': return post(page, 'dial', {
        lead: doc.person?.lead ?? doc.pop?.lead,
        number_index: doc.person?.numbers?.find((/** @type {any} */ one) => one.current)?.index ?? 0,
    }, 'call-back');
    case 'keys': return toggle(page, 'keys', 'keys');
    case 'command': return toggle(page, 'command', 'command');
    case 'close': return close(page);
    case 'go-desk': return [page, [{ do: 'go', route: 'desk' }]];
    case 'go-callbacks': return [page, [{ do: 'go', route: 'callbacks' }]];
    case 'go-calls': return [page, [{ do: 'go', route: 'calls' }]];
    case 'columns': return [page, [{ do: 'column', by: 1 }]];
    case 'columns-back': return [page, [{ do: 'column', by: -1 }]];
    default: return [page, attempt === undefined ? [] : []];
    }
}

/** A key ends a call when pressed twice within 1.5 s; a click once. @param {Page} page @param {any} message
 *  @param {() => [Page, Effect[]]} go @returns {[Page, Effect[]]} */
function twice(page, message, go) {
    const attempt = page.doc?.call?.attempt ?? '';
    if (message.by === 'click') return go();
    if (page.armed && page.armed.attempt === attempt && message.at - page.armed.at <= TWICE_MS) {
        const [next, effects] = go();
        return [{ ...next, armed: null }, effects];
    }
    return [{ ...page, armed: { attempt, at: message.at } }, [{ do: 'disarm' }]];
}

/** @param {string} action "disposition-3" -> 2, "disposition-0" -> 9 */
function positionOf(action) {
    const digit = Number(action.slice('disposition-'.length));
    return digit === 0 ? 9 : digit - 1;
}

/** @param {Page} page @param {number} at @returns {[Page, Effect[]]} */
function pick(page, at) {
    const list = page.details?.dispositions ?? [];
    if (at === 9 && list.length > 10) return toggle(page, 'dispositions', 'note');
    return pickDisposition(page, list[at]);
}

/** @param {Page} page @param {any} disposition @returns {[Page, Effect[]]} */
export function pickDisposition(page, disposition) {
    const attempt = page.doc?.call?.attempt;
    if (!disposition || attempt === undefined) return [page, []];
    const before = choiceNow(page);
    const again = before?.code === disposition.code;
    const confirmed = again && disposition.behaviour === 'do-not-call';
    const choice = {
        attempt, code: disposition.code, with_me: before?.with_me ?? true, saved: false, confirmed,
        callback_at: again ? before?.callback_at ?? null : null,
    };
    const next = { ...page, choice, tab: /** @type {const} */ ('result'), panel: page.panel?.kind === 'dispositions' ? null : page.panel };
    const wants = choiceWants(next);
    if (confirmed && !before?.confirmed) {
        return [say(next, text('say.blocked', { name: page.doc.person?.name ?? '' })), [
            { do: 'post', path: 'do-not-call', body: { attempt }, action: 'block' },
            { do: 'post', path: 'disposition', body: choiceBody(next, false), action: 'disposition' },
        ]];
    }
    if (wants === 'time')
        return [{ ...next, panel: { kind: 'callback', opener: 'finish', query: '', at: 0 } },
            [{ do: 'focus', id: 'panel-callback' }]];
    if (wants === 'note') return [next, [{ do: 'focus', id: 'note' }]];
    if (wants === 'block') return [say(next, text('disposition.block', { name: page.doc.person?.name ?? '' })), []];
    const closed = next.panel?.kind === 'callback' ? { ...next, panel: null } : next;
    return [closed, [{ do: 'post', path: 'disposition', body: choiceBody(closed, false), action: 'disposition' }]];
}

/** The choice is dropped again. @param {Page} page @returns {[Page, Effect[]]} */
export function unpick(page) {
    return [{ ...page, choice: null, panel: page.panel?.kind === 'callback' ? null : page.panel }, []];
}

/** @param {Page} page @param {number} at @returns {[Page, Effect[]]} */
function branch(page, at) {
    const steps = page.details?.script?.steps ?? [];
    const to = steps[page.step]?.branches?.[at]?.to;
    const next = scriptStep(steps, to);
    if (next >= 0) return [{ ...page, step: next }, [{ do: 'top', id: 'script' }]];
    // A branch may lead to a disposition instead, by its name or code.
    const disposition = (page.details?.dispositions ?? []).find((/** @type {any} */ one) => one.name === to)
        ?? dispositionOf(page, to);
    return disposition ? pickDisposition({ ...page, tab: 'result' }, disposition) : [page, []];
}

/** @param {Page} page @returns {[Page, Effect[]]} */
export function join(page) {
    const body = { screen: page.screen, campaigns: page.check.picked, activity: 'available' };
    const next = { ...page, join: { since: page.now, activity: 'available' }, ring: Boolean(page.setup?.voice), trouble: null };
    return [next, [
        { do: 'wake-sound' },
        { do: 'post', path: 'join', body, action: 'join' },
        { do: 'phone', verb: 'start' },
    ]];
}
