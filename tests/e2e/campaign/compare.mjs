// Both ends' records held together: what the dialer believes of each call, and what the telephones saw.

const RESULTS = {
    silent: ['connected'], answer: ['connected'], machine: ['connected'],
    busy: ['busy'], ring_out: ['no-answer'], decline: ['failed', 'busy', 'no-answer'],
    unknown: ['invalid'], congestion: ['failed'], at_once: ['connected', 'hung-up'],
    second_try: ['busy', 'connected'],
};

/**
 * The sentences that say where the ends disagree; none when all is well.
 * attempts: of the dialer's interface; records: the telephones' `ended` lines; kindOf: number -> kind
 *
 * A telephone that is kept from its processor for a moment stops in the middle of a word; the gap that
 * then stands in it makes the recogniser place the word's beginning too late, or not know the voice at
 * all. So single torn words are counted, and many are wrong: an engine that cuts first words cuts them all.
 */
export function compare(attempts, records, agents, kindOf) {
    const wrong = [];
    const words = { whole: 0, torn: [], unheard: [] };
    const nameOf = new Map(agents.map(({ id, name }) => [id, name]));
    const calls = records.filter(({ event, kind }) => event === 'ended' && kind === 'person');
    const byNumber = new Map();
    for (const call of calls) {
        if (!byNumber.has(call.number)) byNumber.set(call.number, []);
        byNumber.get(call.number).push(call);
    }
    for (const list of byNumber.values()) list.sort((a, b) => a.invited_at - b.invited_at);
    const placed = attempts.filter(({ placed_at, call_sid }) => placed_at || call_sid)
        .sort((a, b) => a.planned_at < b.planned_at ? -1 : 1);
    const tries = new Map();
    for (const attempt of placed) {
        const at = tries.get(attempt.number) ?? 0;
        const call = byNumber.get(attempt.number)?.[at];
        const who = `attempt ${attempt.id} (${kindOf(attempt.number)} ${attempt.number})`;
        tries.set(attempt.number, at + 1);
        if (!call) {
            wrong.push(`${who}: the telephones saw no such call`);
            continue;
        }
        if (attempt.state !== 'ended') wrong.push(`${who}: is still ${attempt.state}`);
        if (!RESULTS[kindOf(attempt.number)].includes(attempt.result))
            wrong.push(`${who}: result ${attempt.result}; the telephone says ${call.behaviour} ` +
                       `${call.sip_code}, ended by ${call.ended_by}`);
        if (attempt.result === 'connected' && !call.answered_at)
            wrong.push(`${who}: connected, but the telephone never answered`);
        const room = nameOf.get(attempt.agent);
        for (const { name } of call.heard_by)
            if (name !== room) wrong.push(`${who}: was heard by ${name}, and belongs to ${room}`);
        const spoke = call.hello_at && ['answer', 'machine', 'second_try'].includes(kindOf(attempt.number));
        if (!spoke || attempt.result !== 'connected') continue;
        const first = call.heard_by.find(({ name }) => name === room);
        if (!first) words.unheard.push(`${who}: said hello, and ${room} knew no voice: ` + JSON.stringify(call));
        else if (first.cut_ms === null || first.cut_ms > 20)
            words.torn.push(`${who}: a gap of ${first.cut_ms} ms in the first word`);
        else words.whole++;
    }
    const spoken = words.whole + words.torn.length + words.unheard.length;
    console.log(`figure: ${spoken} first words: ${words.whole} whole, ${words.torn.length} with a gap, ` +
        `${words.unheard.length} not recognised`);
    if (words.torn.length > spoken / 5) wrong.push(...words.torn);
    if (words.unheard.length > spoken / 50) wrong.push(...words.unheard);
    for (const [number, list] of byNumber)
        if ((tries.get(number) ?? 0) < list.length)
            wrong.push(`${number} was called ${list.length} times, the dialer knows of ` +
                       `${tries.get(number) ?? 0}`);
    return wrong;
}

/** { value of `key`: how many } */
export const count = (list, key) => list.reduce((sums, item) => {
    sums[item[key]] = (sums[item[key]] ?? 0) + 1;
    return sums;
}, {});
