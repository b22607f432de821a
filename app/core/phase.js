// Which of the desk's states the page is in, and what its block says: one function of one state, so that the block
// and the keys cannot disagree.

import { instant, timer, latency, length, remaining, clock, clockExact, units } from './time.js';
import { choiceMade } from './choice.js';
import { text } from '../texts.js';

/**
 * @typedef {'loading'|'offline'|'joining'|'available'|'preview'|'dialling'|'connecting'|'on-call'|'three'|'hold'
 *   |'consult'|'hung-up'|'wrap-up'|'lost'|'break'|'reconnecting'|'mic-refused'|'headset-gone'|'taken-over'
 *   |'signed-out'} Phase
 * @typedef {{status: string, shape: string, word: string, since: number|null, lines: string[],
 *   late: boolean, bar: number|null, clock: string|null}} Block
 */

const HUNG_UP_MS = 10 * units.SECOND;
const HELLO_MS = 10 * units.SECOND;
const BACK_MS = 5 * units.SECOND;

/** Is there a customer on the line, held or not? @param {any} doc */
export function callIsLive(doc) {
    return Boolean(doc?.call) && !doc.call.ended_at && (doc.agent.activity === 'on-call');
}

/** Is there a call that can be ended: ringing, answered or bridged? @param {any} doc */
export function callIsUp(doc) {
    return Boolean(doc?.call) && !doc.call.ended_at
        && ['on-call', 'reserved'].includes(doc.agent.activity);
}

/** Third persons, rung or in the room. @param {any} doc @returns {any[]} */
export function partiesOf(doc) {
    return (doc?.call?.parties ?? []).filter((/** @type {any} */ party) => party.state !== 'left');
}

/** Those of them who are in the room. @param {any} doc @returns {any[]} */
export function partiesJoined(doc) {
    return partiesOf(doc).filter((party) => party.state === 'joined');
}

/** What a third person is called: the campaign's list may have a name for the number.
 *  @param {import('./page.js').Page} page @param {any} party */
export function partyName(page, party) {
    return (page.details?.transfer ?? []).find((/** @type {any} */ one) => one.to === party?.name)?.name ?? party?.name ?? '';
}

/** The third person whom a consultation is about. @param {any} doc */
function consulted(doc) {
    return partiesOf(doc).find((party) => party.id === doc.call.consult.party) ?? partiesOf(doc)[0] ?? null;
}

/** @param {import('./page.js').Page} page @returns {Phase} */
export function phaseOf(page) {
    const { doc, phone } = page;
    if (page.out) return 'signed-out';
    if (!doc) return 'loading';
    const agent = doc.agent;
    const elsewhere = agent.screen && agent.screen !== page.screen;
    if (agent.activity !== 'offline' && elsewhere) return 'taken-over';
    if (phone.mic === 'refused' && !callIsLive(doc)) return 'mic-refused';
    if (agent.activity === 'offline') return page.join || agent.line === 'dialling' ? 'joining' : 'offline';
    // The line of a shift is made before the first call; a call in progress comes before any of that.
    if (page.join || (agent.line === 'dialling' && !doc.call)) return 'joining';
    // The desk was taken over in mid-call: the customer is in the room, this page not yet.
    if (agent.line === 'rejoining' || phone.state === 'lost' || (page.ring && callIsLive(doc))) return 'reconnecting';
    if (callIsLive(doc)) {
        if (phone.headset_gone) return 'headset-gone';
        if (doc.call.consult) return 'consult';
        if (doc.call.held_since) return 'hold';
        return partiesJoined(doc).length ? 'three' : 'on-call';
    }
    switch (agent.activity) {
    case 'available': return 'available';
    case 'break': return 'break';
    case 'reserved':
        if (doc.pop?.kind === 'preview' && !doc.call) return 'preview';
        return doc.call?.answered_at || doc.pop?.kind === 'answered' ? 'connecting' : 'dialling';
    case 'wrap-up': {
        const call = doc.call;
        if (call && callWasLost(call)) return 'lost';
        const ended = instant(call?.ended_at);
        if (call?.ended_by === 'customer' && ended && page.now - ended < HUNG_UP_MS) return 'hung-up';
        return 'wrap-up';
    }
    default: return 'connecting'; // on a call whose details are still to come
    }
}

/** @param {any} call */
function callWasLost(call) {
    return call.result === 'lost' || call.ended_by === 'line' || call.ended_by === 'engine';
}

/** How a phase looks: colour, shape. Solid is at work, hollow is not. */
const LOOKS = {
    'loading': ['off', 'ring'], 'offline': ['off', 'ring'], 'joining': ['off', 'ring-dashed'],
    'available': ['ready', 'circle'], 'preview': ['call', 'half'], 'dialling': ['call', 'half'],
    'connecting': ['call', 'half'], 'on-call': ['call', 'square'], 'three': ['call', 'square'],
    'hold': ['hold', 'bars'], 'consult': ['hold', 'squares'], 'hung-up': ['wrap', 'diamond'],
    'wrap-up': ['wrap', 'diamond'], 'lost': ['wrap', 'diamond'], 'break': ['rest', 'barred'],
    'reconnecting': ['bad', 'triangle'], 'mic-refused': ['bad', 'triangle'], 'headset-gone': ['bad', 'triangle'],
    'taken-over': ['off', 'ring'], 'signed-out': ['off', 'ring'],
};

/** "Ann and Tom". @param {string[]} names @param {string} language */
function list(names, language) {
    return new Intl.ListFormat(language === 'en' ? 'en-GB' : language, { type: 'conjunction' }).format(names);
}

/** @param {import('./page.js').Page} page @returns {Block} */
export function blockOf(page) {
    const phase = phaseOf(page);
    const { doc, now, language } = page;
    const [status, shape] = LOOKS[phase];
    const call = doc?.call;
    /** @type {Block} */
    const block = {
        status, shape, word: text(`state.${phase}`), since: instant(doc?.agent?.since), lines: [], late: false,
        bar: null, clock: null,
    };
    const talk = instant(call?.bridged_at ?? call?.answered_at);
    /** How long the whole call lasts or lasted. @param {number} until */
    const lasted = (until) => (talk ? timer(until - talk) : '');

    switch (phase) {
    case 'loading':
        block.since = null;
        break;
    case 'offline':
        block.since = null;
        block.lines = [text('block.offline')];
        break;
    case 'joining':
        block.since = page.join?.since ?? instant(doc.agent.line_since);
        block.lines = [text('block.joining')];
        break;
    case 'available':
        block.lines = [page.longest_wait_ms > now - (block.since ?? now)
            ? text('block.longest_wait', { time: timer(page.longest_wait_ms) }) : text('block.available')];
        break;
    case 'preview': {
        const until = instant(doc.pop.until);
        block.lines = [until ? text('block.dials_in', { time: remaining(until - now) }) : text('block.preview')];
        if (until) block.bar = share(until - now, until - (block.since ?? now));
        break;
    }
    case 'dialling':
        block.since = instant(call?.ringing_since) ?? block.since;
        block.lines = [text(call?.ringing_since ? 'block.rings' : 'block.dialling', { name: doc.person?.name ?? '' })];
        break;
    case 'connecting':
        block.since = instant(call?.answered_at) ?? block.since;
        block.lines = [attemptLine(doc)];
        break;
    case 'on-call':
        block.since = talk ?? block.since;
        if (call.hello_ms !== null && call.hello_ms !== undefined && talk && now - talk < HELLO_MS)
            block.lines = [text('block.hello', { time: latency(call.hello_ms) })];
        else if (partiesOf(doc).length) block.lines = [text('block.consult_rings', { name: partyName(page, partiesOf(doc)[0]) })];
        else block.lines = [text('block.you_and', { name: doc.person?.name ?? text('person.customer') })];
        break;
    case 'three':
        block.since = talk ?? block.since;
        block.lines = [text('block.three', {
            names: list([text('person.you'), doc.person?.name ?? text('person.customer'),
                ...partiesJoined(doc).map((party) => partyName(page, party))], language),
        })];
        break;
    case 'hold': {
        block.since = instant(call.held_since);
        const limit = (page.details?.hold_limit_s || 120) * 1000;
        block.late = now - (block.since ?? now) > limit;
        block.lines = [text('block.whole_call', { time: lasted(now) }),
            text(block.late ? 'block.go_back' : 'block.hold_music')];
        break;
    }
    case 'consult': {
        const party = consulted(doc);
        const name = partyName(page, party);
        block.since = instant(party?.since) ?? instant(call.held_since) ?? block.since;
        block.word = text('state.consult_with', { name });
        const hears = call.consult.with === 'customer' ? 'block.consult_customer'
            : party?.state === 'ringing' ? 'block.consult_rings' : 'block.consult_held';
        block.lines = [text(hears, { customer: doc.person?.name ?? text('person.customer'), name }),
            text('block.whole_call', { time: lasted(now) })];
        break;
    }
    case 'hung-up':
    case 'wrap-up':
        wrapUp(page, block, phase === 'hung-up');
        break;
    case 'lost':
        block.lines = [text('block.lost', { time: clockExact(instant(call.ended_at) ?? now, language) })];
        break;
    case 'break':
        pause(page, block);
        break;
    case 'reconnecting':
        block.since = page.phone.state === 'lost' ? page.phone.since : instant(doc.agent.line_since);
        block.lines = [text(callIsLive(doc) ? 'block.customer_kept' : 'block.line_away')];
        break;
    case 'mic-refused':
        block.since = null;
        block.lines = [text('block.mic_refused')];
        break;
    case 'headset-gone':
        block.since = talk;
        block.lines = [text('block.headset_gone', { name: page.phone.device || text('line.default_device') })];
        break;
    case 'taken-over':
        block.since = null;
        block.lines = [text('block.taken_over', { time: clock(instant(doc.agent.line_since) ?? now, language) })];
        break;
    case 'signed-out':
        block.since = null;
        block.lines = [page.out?.reason || text('block.signed_out')];
        break;
    }
    const back = instant(doc?.last?.back_at);
    if (back && now - back < BACK_MS && (phase === 'on-call' || phase === 'three' || phase === 'hold'))
        block.lines = [text('block.back', { time: length(doc.last.away_ms ?? 0) })];
    else if (back && now - back < BACK_MS && phase === 'available')
        block.lines = [text('block.back_idle', { time: length(doc.last.away_ms ?? 0) })];
    block.clock = block.since === null ? null : timer(now - block.since);
    return block;
}

/** @param {any} doc */
function attemptLine(doc) {
    const person = doc.person;
    if (!person) return text('block.connecting');
    return person.attempt && person.attempts_max
        ? text('block.attempt', { name: person.name, n: person.attempt, of: person.attempts_max }) : person.name;
}

/** @param {number} left @param {number} whole */
function share(left, whole) {
    return whole > 0 ? Math.min(1, Math.max(0, left / whole)) : 0;
}

/** @param {import('./page.js').Page} page @param {Block} block @param {boolean} just_now */
function wrapUp(page, block, just_now) {
    const { doc, now } = page;
    const call = doc.call;
    const ended = instant(call?.ended_at) ?? block.since ?? now;
    block.since = ended;
    const until = instant(doc.wrap_up?.until);
    const began = instant(call?.bridged_at ?? call?.answered_at);
    block.lines = [];
    if (just_now && began)
        block.lines.push(text(choiceMade(page) ? 'block.ended_chosen' : 'block.ended', { time: timer(ended - began) }));
    else if (until)
        block.lines.push(until > now
            ? text(doc.agent.next && doc.agent.next.activity !== 'available' ? 'block.then_next_in' : 'block.next_call_in',
                { time: remaining(until - now) })
            : text('block.wrap_over'));
    else block.lines.push(text('block.wrap_free'));
    if (until) block.bar = share(until - now, until - ended);
}

/** @param {import('./page.js').Page} page @param {Block} block */
function pause(page, block) {
    const { doc, now, language } = page;
    const kind = page.setup?.breaks?.find((/** @type {any} */ one) => one.code === doc.agent.break_code);
    if (!kind) return;
    block.word = text('state.break_named', { name: kind.name });
    if (!kind.planned_s || block.since === null) return;
    const over = block.since + kind.planned_s * 1000;
    block.late = now > over;
    block.lines = [block.late
        ? text('block.break_over', { planned: length(kind.planned_s * 1000), time: timer(now - over) })
        : text('block.break_until', { planned: length(kind.planned_s * 1000), time: clock(over, language) })];
}
