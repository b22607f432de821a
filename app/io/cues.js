// The page's sounds, made here: no files, mono, at a level of their own, never sent to the room.

/** Frequency in Hz (0: a tick), length in ms, level in dBFS. */
const CUES = /** @type {Record<string, {notes: number[], ms: number, level: number}>} */ ({
    tick: { notes: [0], ms: 40, level: -30 },
    offer: { notes: [660, 880], ms: 90, level: -24 },
    low: { notes: [330], ms: 120, level: -24 },
    trouble: { notes: [330, 262], ms: 120, level: -24 },
});

const DTMF = /** @type {Record<string, [number, number]>} */ ({
    '1': [697, 1209], '2': [697, 1336], '3': [697, 1477], '4': [770, 1209], '5': [770, 1336], '6': [770, 1477],
    '7': [852, 1209], '8': [852, 1336], '9': [852, 1477], '*': [941, 1209], '0': [941, 1336], '#': [941, 1477],
});

/** @type {AudioContext|null} */
let context = null;

/** To be called from a gesture first: before one, browsers make no sound. @returns {AudioContext|null} */
export function soundWake() {
    try {
        context ??= new AudioContext();
        if (context.state === 'suspended') context.resume().catch(() => {});
    } catch { context = null; }
    return context;
}

/** @param {number[]} tones together @param {number} at s @param {number} seconds @param {number} level dBFS */
function note(tones, at, seconds, level) {
    if (!context) return;
    const gain = context.createGain();
    const peak = 10 ** (level / 20) / tones.length;
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(peak, at + 0.008);
    gain.gain.setValueAtTime(peak, at + seconds - 0.02);
    gain.gain.linearRampToValueAtTime(0, at + seconds);
    gain.connect(context.destination);
    for (const hertz of tones) {
        const source = context.createOscillator();
        source.frequency.value = hertz || 1800;
        source.connect(gain);
        source.start(at);
        source.stop(at + seconds);
    }
}

/** @param {string} name */
export function cue(name) {
    const found = CUES[name];
    if (!found || !soundWake() || !context || context.state !== 'running') return;
    found.notes.forEach((hertz, n) => note([hertz], /** @type {AudioContext} */ (context).currentTime + n * (found.ms / 1000 + 0.03), found.ms / 1000, found.level));
}

/** The tone of a digit, for the hand that pressed it. @param {string} digit */
export function tone(digit) {
    const pair = DTMF[digit];
    if (pair && soundWake() && context) note(pair, context.currentTime, 0.1, -30);
}
