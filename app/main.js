// The desk's page: wires the mind (core/), the eyes (views/) and the world (io/). One message, one state, one drawing.
import { render } from 'preact';
import { html } from './views/html.js';
import { desk } from './views/desk.js';
import { title } from './views/header.js';
import { CUES_ON, pageNew, step } from './core/page.js';
import { clockAsked, clockNew, clockTold } from './core/clock.js';
import { blockOf } from './core/phase.js';
import { actionsOf } from './core/actions.js';
import { instant } from './core/time.js';
import { actionOf } from './keys.js';
import { text, textLanguage } from './texts.js';
import { ask, line, Refusal } from './io/http.js';
import { late, lateLoad } from './views/late.js';
import { keep, keepNote, kept, noteKept, screenName } from './io/kept.js';
import { tickerStart } from './io/ticker.js';
import { focusColumn, focusFirst, isTyping } from './io/focus.js';

const MEASURE_MS = 30000, POLL_MS = 2000, NOTE_MS = 500, NOTE_AGAIN_MS = 3000, DETAILS_MS = 3000;

const root = /** @type {HTMLElement} */ (document.getElementById('root'));
let clock = clockNew();
let page = pageNew({
    screen: screenName(), keys: kept('keys') ?? {},
    settings: { cues: {}, letters: true, ...kept('settings') },
    ticked: { theme: kept('theme') ?? 'system' },
});
/** @type {ReturnType<typeof import('./io/phone.js').phoneNew>|null} */
let phone = null;
/** @type {typeof import('./io/cues.js')|null} */
let sound = null;
/** @type {() => void} */
let rearm = () => {};
const inLine = line();
const steady = () => performance.now();
const serverNow = () => steady() + clock.offset;

/** @param {import('./core/page.js').Message} message */
export function send(message) {
    const before = page;
    const [next, effects] = step(page, { at: steady(), ...message });
    page = next;
    if (page !== before) draw();
    for (const effect of effects) perform(effect);
}

/** What the page knows now; for tests and the console. */
export const state = () => page;

function draw() {
    if (document.hidden) return; // right at once when shown again
    try {
        render(html`${desk(page, { press, send })}`, root);
        document.title = title(page);
    } catch (error) {
        broken(error);
    }
    rearm();
}

/** A fault in a view ends no call: the telephone is not part of the view. @param {unknown} error */
function broken(error) {
    console.error(error);
    const code = Math.abs([...String(error)].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) | 0, 7)).toString(36);
    root.replaceChildren();
    const box = document.createElement('main');
    box.className = 'broken';
    const words = document.createElement('p');
    words.textContent = text('page.broken');
    const button = document.createElement('button');
    button.className = 'primary big';
    button.textContent = text('page.reload');
    button.onclick = () => location.reload();
    const small = document.createElement('p');
    small.className = 'aside';
    small.textContent = text('page.code', { code });
    box.append(words, button, small);
    root.append(box);
}

/** @param {string} action @param {object} [more] */
function press(action, more = {}) {
    send({ kind: 'press', action, by: 'click', ...more });
}

// -- the server --------------------------------------------------------------------------------------------------

/** The desk is asked for anew; measures the clock besides. */
async function reread() {
    try {
        const sent = steady();
        const doc = await ask('GET', '/desk');
        const received = steady();
        const said = instant(doc.now);
        if (said !== null) clock = clockAsked(clock, sent, received, said);
        send({ kind: 'check', facts: { network_ms: received - sent } });
        took(doc);
    } catch (error) {
        if (/** @type {Refusal} */ (error).status === 401) await signedOut(/** @type {Refusal} */ (error));
    }
}

/** @param {any} doc */
function took(doc) {
    send({ kind: 'desk', doc });
    send({ kind: 'tick', now: serverNow() });
}

/** Without a session the way leads to the login; with a desk on the screen the reason is said first. @param {Refusal} refusal */
async function signedOut(refusal) {
    if (!page.doc) location.assign('/login');
    else send({ kind: 'signed-out', reason: refusal.problem?.detail ?? '' });
}

/** @param {{path: string, body: any, action: string}} effect */
function post({ path, body, action }) {
    send({ kind: 'sent', action });
    return inLine(async () => {
        try {
            const doc = await ask('POST', `/desk/${path}`, body);
            send({ kind: 'answered', action });
            if (path === 'disposition') noteTaken(body.attempt, body.note); // it went with it
            took(doc);
        } catch (error) {
            const refusal = /** @type {Refusal} */ (error);
            if (refusal.status === 401) await signedOut(refusal);
            send({ kind: 'refused', action, why: refusal.message });
            if (path === 'leave') return;
            reread();
        }
    });
}

/** @type {Map<string, ReturnType<typeof setTimeout>>} */
const notes = new Map();

/** The server has these words. @param {any} attempt @param {string} words */
function noteTaken(attempt, words) {
    if (page.notes[attempt]?.text === words) clearTimeout(notes.get(String(attempt)));
    send({ kind: 'note-saved', attempt, text: words });
}

/** Saved a moment after the last letter; on trouble again until it is. @param {any} attempt @param {string} words @param {number} wait */
function saveNote(attempt, words, wait = NOTE_MS) {
    clearTimeout(notes.get(String(attempt)));
    notes.set(String(attempt), setTimeout(() => inLine(async () => {
        send({ kind: 'note-sending', attempt });
        try {
            const doc = await ask('POST', '/desk/note', { attempt, note: words });
            noteTaken(attempt, words);
            took(doc);
        } catch (error) {
            const refusal = /** @type {Refusal} */ (error);
            send({ kind: 'note-failed', attempt, why: refusal.message });
            if (refusal.status === 0 || refusal.status >= 500) saveNote(attempt, words, NOTE_AGAIN_MS);
        }
    }), wait));
}

/** @param {string} what */
async function read(what) {
    try {
        const answer = await ask('GET', `/desk/${what}`);
        send({ kind: what, items: answer?.items ?? answer ?? [] });
    } catch (error) {
        if (/** @type {Refusal} */ (error).status === 401) await signedOut(/** @type {Refusal} */ (error));
        else send({ kind: what, items: [] });
    }
}

/** @param {any} id */
async function details(id) {
    try {
        send({ kind: 'details', details: await ask('GET', `/desk/campaigns/${id}`) });
    } catch (error) {
        console.warn('campaign', id, /** @type {Error} */ (error).message);
        // Without it there is no script and no disposition: it is asked for until it is here or not wanted.
        setTimeout(() => { if ((page.doc?.pop?.campaign ?? id) === id && page.details?.id !== id && !page.out) details(id); }, DETAILS_MS);
    }
}

// -- what the mind wants done --------------------------------------------------------------------------------------

/** @param {import('./core/page.js').Effect} effect */
function perform(effect) {
    switch (effect.do) {
    case 'post': post(/** @type {any} */ (effect)); break;
    case 'read': read(effect.what); break;
    case 'details': details(effect.id); break;
    case 'cue': if (effect.always || (page.settings.cues[effect.name] ?? CUES_ON[effect.name] ?? true)) sound?.cue(effect.name); break;
    case 'tone': sound?.tone(effect.digit); break;
    case 'wake-sound': sound?.soundWake(); break;
    case 'phone': telephone(effect); break;
    case 'focus': focusFirst(effect.id); break;
    case 'blur': /** @type {HTMLElement|null} */ (document.activeElement)?.blur(); break;
    case 'column': focusColumn(effect.by); break;
    case 'top': document.getElementById(effect.id)?.scrollTo(0, 0); break;
    case 'unflash': setTimeout(() => send({ kind: 'unflash' }), 400); break;
    case 'disarm': { const at = page.armed?.at; setTimeout(() => { if (page.armed?.at === at) send({ kind: 'disarm' }); }, 1500); break; }
    case 'keep-note': keepNote(effect.attempt, effect.text); break;
    case 'forget-note': keepNote(effect.attempt, null); break;
    case 'recall-note': {
        const words = noteKept(effect.attempt);
        if (words !== null) send({ kind: 'note-kept', attempt: effect.attempt, text: words });
        break;
    }
    case 'save-note': saveNote(effect.attempt, effect.text); break;
    case 'keep-keys': keep('keys', effect.keys); liked(); break;
    case 'keep-settings': keep('settings', page.settings); liked(); break;
    case 'theme': keep('theme', effect.theme); theme(effect.theme); liked(); break;
    case 'go': go(effect.route); break;
    default: throw new Error(`no effect named '${effect.do}'`);
    }
}

/** How this person likes the page, for every machine; what cannot be kept there is kept here all the same. */
function liked() {
    ask('PUT', '/desk/preferences', { keys: page.keys, theme: page.ticked.theme, ...page.settings }).catch(() => {});
}

/** @param {any} effect */
function telephone(effect) {
    if (!phone) return;
    if (effect.verb === 'start') phone.start();
    else if (effect.verb === 'stop') phone.stop();
    else if (effect.verb === 'mute') phone.mute(effect.on);
    else if (effect.verb === 'device') phone.use(effect.id).catch(() => {});
    else if (effect.verb === 'ask') phone.microphone(effect.other).then((/** @type {boolean} */ ok) => {
        // What was waiting for the microphone goes on by itself.
        if (ok && page.doc && page.doc.agent.activity !== 'offline') phone?.start();
    });
}

/** @param {string} name */
function theme(name) {
    if (name === 'system') document.documentElement.removeAttribute('data-theme');
    else document.documentElement.setAttribute('data-theme', name);
}

/** @param {string} route */
function go(route) {
    const path = route === 'desk' ? '/desk' : `/desk/${route}`;
    if (location.pathname !== path) history.pushState(null, '', path);
    send({ kind: 'route', route: routeNow() });
}

function routeNow() {
    const last = location.pathname.split('/')[2] ?? '';
    return last === 'callbacks' || last === 'calls' ? last : 'desk';
}

// -- the hands -----------------------------------------------------------------------------------------------------

let waiting = '';

document.addEventListener('keydown', (event) => {
    const typing = isTyping(event.target);
    sound?.soundWake();
    if (page.panel?.kind === 'keypad' && !typing && /^[0-9*#]$/.test(event.key) && !event.ctrlKey && !event.altKey) {
        event.preventDefault();
        if (!event.repeat) send({ kind: 'digit', digit: event.key });
        return;
    }
    const actions = actionsOf(page);
    const action = actionOf(event, {
        typing, keys: page.keys, settings: page.settings, waiting, enabled: (id) => Boolean(actions[id]?.enabled),
    });
    waiting = '';
    if (!action) {
        if (event.key.toLowerCase() === 'g' && !typing && !event.ctrlKey && !event.altKey && !event.metaKey && page.settings.letters) {
            waiting = 'g';
            setTimeout(() => { waiting = ''; }, 1500);
        }
        return;
    }
    // Enter on a button in focus is that button's, and the dialling of a preview is not meant then.
    if (action === 'dial' && event.target instanceof HTMLElement && event.target.closest('button, a, input, textarea')) return;
    event.preventDefault();
    const named = action === 'columns' && event.shiftKey ? 'columns-back' : action;
    send({ kind: 'press', action: named, by: named === 'close' || named.startsWith('columns') ? 'click' : 'key' });
});
document.addEventListener('pointerdown', () => sound?.soundWake()); // a page that was reloaded may not sound before
document.addEventListener('focusin', (event) => send({ kind: 'typing', on: isTyping(event.target) }));
document.addEventListener('focusout', (event) => { if (!event.relatedTarget) send({ kind: 'typing', on: false }); });
addEventListener('popstate', () => send({ kind: 'route', route: routeNow() }));
document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    send({ kind: 'tick', now: serverNow() });
    draw();
    reread();
});

// -- the beginning -------------------------------------------------------------------------------------------------

async function begin() {
    theme(page.ticked.theme);
    send({ kind: 'route', route: routeNow() });
    if (!late.views) lateLoad().then(draw, () => {}); // tried again with the page
    rearm = tickerStart(() => {
        const since = blockOf(page).since;
        return since === null ? null : (((serverNow() - since) % 1000) + 1000) % 1000;
    }, () => send({ kind: 'tick', now: serverNow() }));
    let setup;
    try {
        setup = await ask('GET', '/desk/setup');
    } catch (error) {
        const refusal = /** @type {Refusal} */ (error);
        if (refusal.status === 401) { location.assign('/login'); return; }
        send({ kind: 'refused', action: 'setup', why: refusal.message });
        setTimeout(begin, 3000);
        return;
    }
    textLanguage(setup.language || 'en');
    // None of these is needed for the first drawing, all of them before "Join" can be pressed.
    const [{ phoneNew }, { pushOpen }, cues] = await Promise.all([import('./io/phone.js'), import('./io/push.js'), import('./io/cues.js')]);
    sound = cues;
    if (!kept('theme') && setup.theme !== 'system') {
        page = { ...page, ticked: { ...page.ticked, theme: setup.theme } };
        theme(setup.theme);
    }
    phone = phoneNew(setup.voice, (facts) => send({ kind: 'phone', facts }), () => ask('GET', '/desk/voice-token'));
    send({ kind: 'setup', setup });
    await reread();
    // Where the microphone was allowed before, its level stands at once.
    const granted = await navigator.permissions?.query({ name: /** @type {any} */ ('microphone') }).catch(() => null);
    if (granted?.state === 'granted' && page.doc?.agent.activity === 'offline') phone.microphone();
    else if (granted?.state === 'denied') send({ kind: 'phone', facts: { mic: 'refused' } });
    pushOpen(setup.push, page.screen, {
        document: (doc) => {
            const said = instant(doc.now);
            if (said !== null) clock = clockTold(clock, steady(), said);
            took(doc);
        },
        state: (now) => { if (now !== page.push.state) send({ kind: 'push', state: now }); },
        live: reread,
        out: (reason) => send({ kind: 'signed-out', reason }),
    }).catch(() => send({ kind: 'push', state: 'away' }));
    setInterval(() => { if (!document.hidden) reread(); }, MEASURE_MS);
    setInterval(() => { if (page.push.state !== 'live' && !page.out && !document.hidden) reread(); }, POLL_MS);
}

begin();
