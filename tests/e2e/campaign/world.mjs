// An invented list of people and the telephone network they live in: how a person behaves follows from
// the number, so both ends' records can be held together call by call.

/** @typedef {{ kind: string, share: number, script: object }} Kind */

const quick = { ring: [0.2, 0.6], talk: [1.5, 3], hello_after: [0, 0.3] };

/** The digit after +1202555 says who answers. */
export const KINDS = [
    { kind: 'silent', share: 3, script: { do: 'silent', ring: [0.2, 0.6], talk: 2 } },
    { kind: 'answer', share: 56, script: { do: 'answer', ...quick } },
    { kind: 'busy', share: 9, script: { do: 'busy' } },
    { kind: 'ring_out', share: 3, script: { do: 'ring_out' } },
    { kind: 'decline', share: 5, script: { do: 'decline', ring: [0.2, 0.5] } },
    { kind: 'unknown', share: 5, script: { do: 'unknown', early: 'sit' } },
    { kind: 'congestion', share: 4, script: { do: 'congestion' } },
    { kind: 'machine', share: 5, script: { do: 'machine', ring: [0.2, 0.5], talk: 9 } },
    { kind: 'second_try', share: 6,
        script: { do: 'answer', ...quick, answer_at_try: 2, until_then: { do: 'busy' } } },
    { kind: 'at_once', share: 4, script: { do: 'hang_up_at_once', ring: [0.2, 0.5] } },
];

export const kindOf = (number) => KINDS[Number(number[8])].kind;

export function networkScript(seed) {
    const numbers = { 'robot-': { do: 'robot' } };
    KINDS.forEach(({ script }, digit) => { numbers[`+1202555${digit}`] = script; });
    return { seed, numbers, default: { do: 'unknown' } };
}

/** A small repeatable generator (mulberry32). */
export function randomOf(seed) {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
}

const NAMES = ['Ann', 'Bö', 'Chloé', 'Dmitri', 'Eve "Evie"', 'Fatima', 'Gábor', '=HYPERLINK("x")'];

/** Rows that must be turned away, with the word their reason must hold. */
const BAD = [
    ['not a number', 'abc'],
    ['', ''],
    ['+1202', 'short'],
    ['911', 'emergency'],
    ['+19005550123', 'premium'],
    ['+12025551234567890123', 'long'],
];

/**
 * { csv, people: Map(first number -> { numbers, kind }), bad: count, duplicates: count }
 * `count` rows in all: good ones, bad ones (about 4 %), duplicates (about 2 %).
 */
export function makeList(count, seed) {
    const random = randomOf(seed);
    const people = new Map();
    const next = new Array(10).fill(0);
    const total = KINDS.reduce((sum, { share }) => sum + share, 0);
    const rows = [];
    let bad = 0;
    let duplicates = 0;
    const draw = () => {
        let point = random() * total;
        const digit = KINDS.findIndex(({ share }) => (point -= share) < 0);
        return `+1202555${digit}${String(next[digit]++).padStart(3, '0')}`;
    };
    const quoted = (text) => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    while (rows.length < count) {
        const name = NAMES[Math.floor(random() * NAMES.length)];
        const chance = random();
        if (chance < 0.04) {
            const [number] = BAD[bad++ % BAD.length];
            rows.push([name, number, '', 'bad row']);
        } else if (chance < 0.06 && people.size) {
            const known = [...people.keys()][Math.floor(random() * people.size)];
            rows.push([name, known, '', 'said before']);
            ++duplicates;
        } else {
            const number = draw();
            const numbers = [number];
            if (chance > 0.95) numbers.push(draw());
            people.set(number, { numbers, kind: kindOf(number) });
            const written = random() < 0.3
                ? `(${number.slice(2, 5)}) ${number.slice(5, 8)}-${number.slice(8)}` : number;
            rows.push([name, written, numbers[1] ?? '', `row ${rows.length + 2}, "so"\nit is`]);
        }
    }
    const csv = '\ufeff' + [['First name', 'Phone', 'Mobile', 'Remark'], ...rows]
        .map((row) => row.map(quoted).join(',')).join('\r\n') + '\r\n';
    return { csv, people, rows: rows.length, bad, duplicates };
}
