// The page's mind: (page, message) -> [page, effects]. Pure, and the mirror of src/core: what the server, the push
// socket, the telephone, the clock and the hands say comes in; what is to be done in the world goes out as effects,
// which main.js performs. Nothing here reads a clock: messages that need one carry `at` (a steady clock, ms) or `now`
// (the server's time, ms).

import { instant } from './time.js';
import { phaseOf, callIsLive } from './phase.js';
import { actionsOf } from './actions.js';
import { guardMoved, guardNew, guardSaw } from './guard.js';
import { choiceNow } from './choice.js';
import { press } from './press.js';
import { panelStep } from './panels.js';
import { text } from '../texts.js';

/**
 * @typedef {{kind: string, [more: string]: any}} Message
 * @typedef {{do: string, [more: string]: any}} Effect
 * @typedef {{kind: string, opener: string, query: string, at: number, [more: string]: any}} Panel
 * @typedef {{text: string, state: 'typed'|'saving'|'saved'|'failed', at: number|null, why: string}} Note
 * @typedef {{
 *   route: 'desk'|'callbacks'|'calls', language: string, screen: string, now: number, shown_at: number,
 *   setup: any, doc: any, details: any, out: {reason: string}|null,
 *   push: {state: 'connecting'|'live'|'away', since: number},
 *   phone: {state: 'none'|'loading'|'registering'|'registered'|'connected'|'lost', registered: boolean, since: number,
 *     mic: 'unknown'|'asking'|'ok'|'refused'|'missing', muted: boolean, device: string, device_id: string,
 *     devices: {id: string, name: string}[], headset_gone: boolean, rtt_ms: number|null, loss: number|null,
 *     problem: string},
 *   check: {picked: number[], speaker: 'idle'|'playing'|'heard', network_ms: number|null},
 *   join: {since: number, activity: string}|null, ring: boolean,
 *   panel: Panel|null, tab: 'script'|'details'|'result'|'history', step: number, open: number,
 *   choice: import('./choice.js').Choice|null, notes: Record<string, Note>,
 *   armed: {attempt: any, at: number}|null, guard: import('./guard.js').Guard,
 *   flash: {action: string, at: number}|null, pending: Record<string, number>,
 *   trouble: {text: string, where: string, at: number}|null, said: {text: string, urgent: boolean, n: number},
 *   longest_wait_ms: number, calls: any[]|null, callbacks: any[]|null, typing: boolean,
 *   keys: Record<string, string|null>, settings: {cues: Record<string, boolean>, letters: boolean},
 *   ticked: Record<string, any>
 * }} Page
 */

/** @param {Partial<Page>} facts @returns {Page} */
export function pageNew(facts) {
    return {
        route: 'desk', language: 'en', screen: '', now: 0, shown_at: 0, setup: null, doc: null, details: null,
        out: null, push: { state: 'connecting', since: 0 },
        phone: {
            state: 'none', registered: false, since: 0, mic: 'unknown', muted: false, device: '', device_id: '', devices: [],
            headset_gone: false, rtt_ms: null, loss: null, problem: '',
        },
        check: { picked: [], speaker: 'idle', network_ms: null }, join: null, ring: false, panel: null, tab: 'script', step: 0,
        open: -1, choice: null, notes: {}, armed: null, guard: guardNew(), flash: null, pending: {}, trouble: null,
        said: { text: '', urgent: false, n: 0 }, longest_wait_ms: 0, calls: null, callbacks: null, typing: false,
        keys: {}, settings: { cues: {}, letters: true }, ticked: {}, ...facts,
    };
}

/** Messages that no hand has caused: what they change under a finger is guarded. */
const WORLD = new Set(['setup', 'details', 'desk', 'tick', 'phone', 'signed-out']);

/** @param {Page} page @param {Message} message @returns {[Page, Effect[]]} */
export function step(page, message) {
    const [next, effects] = turn(page, message);
    if (next === page) return [page, effects];
    const aims = Object.fromEntries(Object.entries(actionsOf(next)).map(([id, action]) => [id, action.aim]));
    const shown_at = message.at ?? next.shown_at;
    const guard = WORLD.has(message.kind) ? guardSaw(next.guard, aims, shown_at) : guardMoved(next.guard, aims);
    return [{ ...next, guard, shown_at }, effects];
}

/** @param {Page} page @param {Message} message @returns {[Page, Effect[]]} */
function turn(page, message) {
    switch (message.kind) {
    case 'setup': return setUp(page, message.setup);
    case 'details':
        return [page.doc?.pop?.campaign && message.details.id !== page.doc.pop.campaign
            && page.details?.id === page.doc.pop.campaign ? page : { ...page, details: message.details }, []];
    case 'desk': return desk(page, message.doc);
    case 'tick': return tick(page, message.now);
    case 'push': return [{ ...page, push: { state: message.state, since: page.now } }, []];
    case 'phone': return phone(page, message.facts);
    case 'press': return press(page, message);
    case 'typing': return page.typing === message.on ? [page, []] : [{ ...page, typing: message.on }, []];
    case 'note': return noteTyped(page, message.text);
    case 'note-sending': return noteBecomes(page, message.attempt, { state: 'saving' });
    case 'note-saved': return noteSaved(page, message);
    case 'note-failed': return noteBecomes(page, message.attempt, { state: 'failed', why: message.why });
    case 'note-kept': return page.notes[message.attempt] ? [page, []] : [{
        ...page,
        notes: { ...page.notes, [message.attempt]: { text: message.text, state: 'typed', at: null, why: '' } },
    }, [{ do: 'save-note', attempt: message.attempt, text: message.text }]];
    case 'sent': return [{ ...page, pending: { ...page.pending, [message.action]: message.at } }, []];
    case 'answered': return answered(page, message.action);
    case 'refused': return refused(page, message);
    case 'signed-out': return [{
        ...page, out: { reason: message.reason }, join: null, panel: null,
    }, [{ do: 'phone', verb: 'stop' }]];
    case 'route': return [{ ...page, route: message.route, panel: null }, route(message.route)];
    case 'calls': return [{ ...page, calls: message.items }, []];
    case 'callbacks': return [{ ...page, callbacks: message.items }, []];
    case 'unflash': return page.flash ? [{ ...page, flash: null }, []] : [page, []];
    case 'check': return [{ ...page, check: { ...page.check, ...message.facts } }, []];
    default: return panelStep(page, message);
    }
}

/** @param {string} name @returns {Effect[]} */
function route(name) {
    if (name === 'calls') return [{ do: 'read', what: 'calls' }];
    return name === 'callbacks' ? [{ do: 'read', what: 'callbacks' }] : [];
}

/** @param {Page} page @param {any} setup @returns {[Page, Effect[]]} */
function setUp(page, setup) {
    const campaigns = setup.campaigns ?? [];
    const serving = campaigns.filter((/** @type {any} */ one) => one.serving);
    const picked = page.check.picked.length ? page.check.picked
        : (serving.length ? serving : campaigns).map((/** @type {any} */ one) => one.id);
    const next = {
        ...page, setup, language: setup.language || page.language, keys: { ...setup.keys, ...page.keys },
        settings: { ...page.settings, cues: { ...setup.cues, ...page.settings.cues } },
        check: { ...page.check, picked },
    };
    const first = serving[0] ?? campaigns[0];
    return [next, first && !page.details ? [{ do: 'details', id: first.id }] : []];
}

/** @param {Page} page @param {any} doc @returns {[Page, Effect[]]} */
function desk(page, doc) {
    if (typeof doc?.version !== 'number' || !doc.agent) return [page, []]; // the answer is not a desk
    if (page.doc && doc.version <= page.doc.version) return [page, []];
    /** @type {Effect[]} */
    const effects = [];
    const before = page.doc;
    let next = { ...page, doc, now: Math.max(page.now, instant(doc.now) ?? 0) };

    const over = before && before.agent.activity !== 'offline' && doc.agent.activity === 'offline';
    if (next.join && (doc.agent.line === 'connected' || doc.call || over)) next.join = null;
    const campaign = doc.pop?.campaign;
    if (campaign && next.details?.id !== campaign) effects.push({ do: 'details', id: campaign });

    const subject = doc.call?.attempt ?? doc.pop?.lead ?? null;
    const subject_before = before?.call?.attempt ?? before?.pop?.lead ?? null;
    const same_person = before?.person?.lead === doc.person?.lead && Boolean(before?.pop);
    if (subject !== subject_before && !same_person) {
        next = { ...next, step: 0, open: -1, tab: 'script', panel: keptPanel(next.panel), trouble: null };
    }
    if (subject !== subject_before) next.armed = null;
    if (doc.call && choiceNow(next) === null) {
        const saved = doc.call.disposition;
        const code = saved && typeof saved === 'object' ? saved.code : saved;
        next.choice = code === null || code === undefined ? null : {
            attempt: doc.call.attempt, code, callback_at: doc.call.callback_at ?? null, with_me: true,
            confirmed: true, saved: true,
        };
    }
    if (before?.agent.activity === 'available' && doc.agent.activity !== 'available') {
        const waited = (instant(doc.agent.since) ?? 0) - (instant(before.agent.since) ?? 0);
        next.longest_wait_ms = Math.max(next.longest_wait_ms, waited);
    }
    if (callIsLive(before) && !callIsLive(doc) && next.phone.muted)
        effects.push({ do: 'phone', verb: 'mute', on: false });
    if (doc.call && !next.notes[doc.call.attempt]) effects.push({ do: 'recall-note', attempt: doc.call.attempt });
    if (!doc.call || doc.agent.activity === 'available') next.notes = unsaved(next.notes);
    return entered(page, next, rings(page, next, effects));
}

/** The telephone is there and the room does not hear it: the server is asked to ring. @param {Page} page */
function wantsRinging(page) {
    const agent = page.doc?.agent;
    return Boolean(agent) && page.phone.registered && page.phone.state !== 'connected'
        && (page.ring || ['dialling', 'rejoining'].includes(agent.line))
        && (!agent.screen || agent.screen === page.screen);
}

/** @param {Page} before @param {Page} next @param {Effect[]} effects */
function rings(before, next, effects) {
    if (wantsRinging(next) && !wantsRinging(before))
        effects.push({ do: 'post', path: 'phone', body: { screen: next.screen }, action: 'phone' });
    return effects;
}

/** Panels that have nothing to do with the customer stay. @param {Panel|null} panel */
function keptPanel(panel) {
    return panel && ['keys', 'next'].includes(panel.kind) ? panel : null;
}

/** @param {Record<string, Note>} notes */
function unsaved(notes) {
    const left = Object.entries(notes).filter(([, note]) => note.state !== 'saved');
    return left.length === Object.keys(notes).length ? notes : Object.fromEntries(left);
}

const CUES = /** @type {Record<string, string>} */ ({
    'preview': 'offer', 'hung-up': 'low', 'lost': 'low', 'headset-gone': 'low', 'reconnecting': 'trouble',
    'connecting': 'tick',
});

/** Which sounds are made unless the person chose otherwise. @type {Record<string, boolean>} */
export const CUES_ON = { offer: true, low: true, trouble: true, connecting: false, hold: false, wrap: false };

/** What a change of phase brings with it. @param {Page} before @param {Page} next @param {Effect[]} effects
 *  @returns {[Page, Effect[]]} */
function entered(before, next, effects) {
    const was = phaseOf(before);
    const is = phaseOf(next);
    if (was === is) return [next, effects];
    const name = next.doc?.person?.name ?? text('person.customer');
    const late = is === 'reconnecting' && !callIsLive(next.doc) ? 'reconnecting_idle' : is;
    let page = say(next, text(`say.${late}`, { name }), is === 'reconnecting' || is === 'headset-gone');
    const cue = CUES[is];
    if (cue && was !== 'loading' && (cue !== 'tick' || page.settings.cues.connecting))
        effects.push({ do: 'cue', name: cue });
    if (['hung-up', 'wrap-up', 'lost'].includes(is) && !['hung-up', 'wrap-up', 'lost'].includes(was)) {
        const keep = page.panel?.kind === 'callback' || page.panel?.kind === 'keys';
        page = { ...page, tab: 'result', panel: keep ? page.panel : null, armed: null };
        if (!page.typing) effects.push({ do: 'focus', id: 'dispositions' });
    }
    if (page.panel && ['keypad', 'transfer', 'add', 'party'].includes(page.panel.kind) && !callIsLive(page.doc))
        page = { ...page, panel: null };
    if (['taken-over', 'offline', 'signed-out'].includes(is)) page = { ...page, ring: false };
    if (is === 'taken-over') effects.push({ do: 'phone', verb: 'stop' });
    if (is !== 'offline' && is !== 'loading' && is !== 'taken-over' && is !== 'signed-out')
        effects.push({ do: 'phone', verb: 'start' }); // an open page with a shift running needs its telephone
    if (is === 'offline' && was !== 'loading' && was !== 'mic-refused') effects.push({ do: 'phone', verb: 'stop' });
    if (is === 'available' || is === 'break') effects.push({ do: 'read', what: 'calls' });
    return [page, effects];
}

/** @param {Page} page @param {string} words @param {boolean} urgent @returns {Page} */
export function say(page, words, urgent = false) {
    return words ? { ...page, said: { text: words, urgent, n: page.said.n + 1 } } : page;
}

/** @param {Page} page @param {number} now @returns {[Page, Effect[]]} */
function tick(page, now) {
    /** @type {Effect[]} */
    const effects = [];
    let next = { ...page, now };
    const attempt = page.doc?.call?.attempt;
    if (phaseOf(next) === 'hold' && page.settings.cues.hold) {
        const limit = (page.details?.hold_limit_s || 120) * 1000;
        if (now - (instant(page.doc.call.held_since) ?? now) > limit && page.ticked.hold !== attempt) {
            next = { ...next, ticked: { ...next.ticked, hold: attempt } };
            effects.push({ do: 'cue', name: 'tick' });
        }
    }
    const due = (page.doc?.callbacks ?? []).filter((/** @type {any} */ one) => {
        const at = instant(one.at) ?? 0;
        return page.now && at > page.now && at <= now;
    });
    if (due.length) effects.push({ do: 'cue', name: 'offer' });
    const until = instant(page.doc?.wrap_up?.until);
    if (until && until - now < 10000 && until > now && page.settings.cues.wrap && page.ticked.wrap !== attempt) {
        next = { ...next, ticked: { ...next.ticked, wrap: attempt } };
        effects.push({ do: 'cue', name: 'tick' });
    }
    return entered(page, next, effects);
}

/** @param {Page} page @param {Partial<Page['phone']>} facts @returns {[Page, Effect[]]} */
function phone(page, facts) {
    const moved = facts.state !== undefined && facts.state !== page.phone.state;
    const next = { ...page, phone: { ...page.phone, ...facts, since: moved ? page.now : page.phone.since } };
    if (facts.state === 'connected') next.ring = false; // the room is here
    /** @type {Effect[]} */
    const effects = [];
    return entered(page, next, rings(page, next, effects));
}

/** @param {Page} page @param {string} typed @returns {[Page, Effect[]]} */
function noteTyped(page, typed) {
    const attempt = page.doc?.call?.attempt;
    if (attempt === undefined) return [page, []];
    const note = /** @type {Note} */ ({ text: typed, state: 'typed', at: null, why: '' });
    return [{ ...page, notes: { ...page.notes, [attempt]: note } },
        [{ do: 'keep-note', attempt, text: typed }, { do: 'save-note', attempt, text: typed }]];
}

/** @param {Page} page @param {any} attempt @param {Partial<Note>} change @returns {[Page, Effect[]]} */
function noteBecomes(page, attempt, change) {
    const note = page.notes[attempt];
    return note ? [{ ...page, notes: { ...page.notes, [attempt]: { ...note, ...change } } }, []] : [page, []];
}

/** Acknowledged is what was sent; what has been typed since is still to be saved.
 *  @param {Page} page @param {Message} message @returns {[Page, Effect[]]} */
function noteSaved(page, message) {
    const note = page.notes[message.attempt];
    if (!note || note.text !== message.text) return [page, []];
    const [next] = noteBecomes(page, message.attempt, { state: 'saved', at: page.now, why: '' });
    return [next, [{ do: 'forget-note', attempt: message.attempt }]];
}

/** @param {Page} page @param {string} action @returns {[Page, Effect[]]} */
function answered(page, action) {
    const { [action]: _, ...pending } = page.pending;
    return [{ ...page, pending, trouble: page.trouble?.where === action ? null : page.trouble }, []];
}

/** @param {Page} page @param {Message} message @returns {[Page, Effect[]]} */
function refused(page, message) {
    const { [message.action]: _, ...pending } = page.pending;
    let next = { ...page, pending, trouble: { text: message.why, where: message.action, at: page.now } };
    if (message.action === 'join') next.join = null;
    return [say(next, message.why, true), []];
}
