// Both ends' records of a campaign that was killed again and again: who was called, what became of it.
// A number is called once, and again only when its conversation was cut by a kill. Times are microseconds.

const RESULTS = { // by what answers, when nobody was killed meanwhile
    silent: ['connected'], answer: ['connected'], machine: ['connected'], busy: ['busy'],
    ring_out: ['no-answer'], decline: ['failed', 'busy', 'no-answer'], unknown: ['invalid'],
    congestion: ['failed'], at_once: ['connected', 'hung-up'], second_try: ['busy'],
};
const SPEAKS = ['answer', 'machine'];
const PACKETS_PER_S = 50;
const SILENCE_S_MAX = 5;

const us = (text) => Date.parse(text) * 1000;
const during = (call, from, until) => call.invited_at <= until && call.ended_at >= from;

/** Was the call alive when an engine died? Then it is gone, by nature. */
const died = (call, kills) => kills.some(({ engine, at }) => engine && during(call, at, at));
/** Or so shortly over that the engine had not yet told of its end? */
const untold = (call, kills) => kills.some(({ engine, at }) => engine && during(call, at - 1e6, at));
/** Was the dialer away, or just back, at some moment of the call's set-up? */
const alone = (call, kills) => kills.some(({ dialer, at, backAt }) =>
    dialer && call.invited_at <= backAt && (call.answered_at ?? call.ended_at) + 1e6 >= at);

function checkResult(attempt, call, kind, kills, mode) {
    const { result } = attempt;
    if (attempt.state !== 'ended') return `is still ${attempt.state}`;
    if (!call) // ordered, and the engine died before the telephones heard of it
        return ['failed', 'canceled'].includes(result) ? null : `no telephone rang, and the result is ${result}`;
    if (result === 'connected' && !call.answered_at) return 'is connected, and the telephone never answered';
    if (call.answered_at && ['busy', 'no-answer', 'invalid'].includes(result))
        return `was answered, and the result is ${result}`;
    if (mode === 'ratio' && result === 'abandoned' && call.answered_at) return null; // no agent was promised
    if (untold(call, kills) || alone(call, kills) || RESULTS[kind].includes(result)) return null;
    return `result ${result}; the telephone says ${call.behaviour} ${call.sip_code}, ended by ${call.ended_by}`;
}

/* Somebody who answered is in a room, or is told something; silence and a cut are neither. */
function checkFate(call, attempt, kind, kills, figures) {
    if (!call.answered_at || died(call, kills)) return null;
    if (['lost', 'broken'].includes(call.ended_by)) return `was cut off (${call.ended_by})`;
    if (call.ended_by === 'caller' && !call.speech_heard) return 'was hung up on without a word';
    if (call.ended_by !== 'person' || kind !== 'answer' || call.speech_heard || attempt.joined_at) return null;
    // An engine asks a dialer that is away again and again before it says that it is sorry.
    const silence = (call.ended_at - call.answered_at) / 1e6;
    figures.silence = Math.max(figures.silence, silence);
    return silence > SILENCE_S_MAX ? `was left in silence for ${silence} s, until they hung up` : null;
}

/* A talk that outlived a dialer: connected to its own end, sound both ways all the time. */
function checkSurvivor(call, attempt, kills, figures) {
    const spans = kills.filter(({ what, at }) => what === 'dialer' && attempt.joined_at &&
        us(attempt.joined_at) < at && call.ended_at > at);
    if (!spans.length || died(call, kills)) return null;
    figures.survivors++;
    figures.gaps.push(call.rtp.gap_ms);
    if (call.ended_by !== 'person') return `was in talk when the dialer died, and was ended by ${call.ended_by}`;
    const seconds = (call.ended_at - call.answered_at) / 1e6;
    if (call.rtp.received < 0.8 * PACKETS_PER_S * (seconds - 1))
        return `received ${call.rtp.received} packets in ${seconds} s across a death of the dialer`;
    // Who was set up while the dialer was away has said hello before anybody was there to hear it.
    if (call.heard_by.length === 0 && call.hello_at && !alone(call, kills))
        return 'was in talk, and nobody heard it';
    return null;
}

function checkWords(call, attempt, kind, room, kills, words) {
    if (!call.hello_at || attempt.result !== 'connected' || !SPEAKS.includes(kind) ||
        died(call, kills) || alone(call, kills)) return null;
    const first = call.heard_by.find(({ name }) => name === room);
    if (!first) words.unheard.push(JSON.stringify({ attempt, call }));
    else if (first.cut_ms === null || first.cut_ms > 20) words.torn.push(`${call.number}: ${first.cut_ms} ms`);
    else words.whole++;
    return null;
}

/** The call that its order made: of its number, and before the number's next order. */
function callOf(attempt, placed, calls) {
    const [from, next] = [us(attempt.planned_at), placed.find(({ id, number }) =>
        id > attempt.id && number === attempt.number)];
    return [...calls].find(({ number, invited_at }) => number === attempt.number && invited_at >= from &&
        (!next || invited_at < us(next.planned_at)));
}

/* In its conversation an engine died, or no agent came back after a death. */
const wasCut = ({ answered_at, ended_at }, kills) => kills.some(({ engine, at }) =>
    engine && us(answered_at) <= at && us(ended_at) >= at);

/** Sentences that say what is wrong; none when all is well. Prints its figures. */
export function verify(attempts, records, agents, kindOf, kills, mode) {
    const wrong = [];
    const figures = { survivors: 0, gaps: [], goodbyes: 0, silence: 0 };
    const words = { whole: 0, torn: [], unheard: [] };
    const nameOf = new Map(agents.map(({ id, name }) => [id, name]));
    const calls = new Set(records.filter(({ event, kind }) => event === 'ended' && kind === 'person'));
    const placed = attempts.filter(({ placed_at, call_sid }) => placed_at || call_sid)
        .toSorted((a, b) => a.id - b.id);
    const before = new Map(); // number -> its last attempt
    for (const attempt of placed) {
        const { number } = attempt;
        const [call, kind, room] = [callOf(attempt, placed, calls), kindOf(number), nameOf.get(attempt.agent)];
        const say = (what) => what && wrong.push(`attempt ${attempt.id} (${kind} ${number}): ${what} ` +
            JSON.stringify({ attempt, call }));
        calls.delete(call);
        if (before.has(number) && !before.get(number).dropped) say('is a second one of that number');
        if (attempt.dropped && !wasCut(attempt, kills)) say('was dropped, and nobody was killed');
        before.set(number, attempt);
        say(checkResult(attempt, call, kind, kills, mode));
        if (!call) continue;
        for (const { name } of call.heard_by)
            if (name !== room) say(`was heard by ${name}, and belongs to ${room}`);
        say(checkFate(call, attempt, kind, kills, figures));
        say(checkSurvivor(call, attempt, kills, figures));
        say(checkWords(call, attempt, kind, room, kills, words));
        figures.goodbyes += call.ended_by === 'caller' && call.speech_heard > 0;
    }
    for (const { number } of calls) wrong.push(`${number} was called, and no attempt knows of it`);
    const spoken = words.whole + words.torn.length + words.unheard.length;
    console.log(`figure: ${placed.length} calls, ${figures.survivors} talks outlived a dialer` +
        (figures.survivors ? `, longest gap in what their customers received ${Math.max(...figures.gaps)} ms` : '') +
        `; ${figures.goodbyes} were told goodbye, ${figures.silence} s the longest that somebody waited in vain; ${spoken} first words: ${words.whole} whole, ` +
        `${words.torn.length} with a gap, ${words.unheard.length} not recognised`);
    // A telephone kept from its processor tears single words; an engine that cuts them cuts many.
    if (words.torn.length > spoken / 5) wrong.push(...words.torn);
    wrong.push(...words.unheard.map((one) => `said hello, and nobody knew the voice: ${one}`));
    return wrong;
}

/** Agents' legs across deaths of the dialer alone: none may have ended. */
export function legsThatFell(records, kills) {
    return kills.filter(({ what, backAt }) => what === 'dialer' && backAt).flatMap(({ at, backAt }) =>
        records.filter(({ event, kind, ended_at }) => event === 'ended' && kind === 'robot' &&
            ended_at > at && ended_at < backAt &&
            !kills.some((other) => other.engine && other.at < at && other.at > at - 15e6)));
}
