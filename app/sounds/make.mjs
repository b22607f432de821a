// Makes the sounds that the voice SDK wants as files: the tones of the keypad, and silence where it would ring (the
// page has cues of its own). 8 kHz, 8 bits, so that all of them are a dozen kB.
//
//   node app/sounds/make.mjs [FOLDER]

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

const RATE = 8000;
const ROWS = [697, 770, 852, 941], COLUMNS = [1209, 1336, 1477];
const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', 's', '0', 'h']; // s: star, h: hash

/** @param {number[]} tones Hz, together @param {number} ms */
export function wav(tones, ms) {
    const count = RATE * ms / 1000;
    const out = Buffer.alloc(44 + count, 128);
    out.write('RIFF', 0, 'latin1');
    out.writeUInt32LE(36 + count, 4);
    out.write('WAVEfmt ', 8, 'latin1');
    out.writeUInt32LE(16, 16);
    out.writeUInt16LE(1, 20);
    out.writeUInt16LE(1, 22);
    out.writeUInt32LE(RATE, 24);
    out.writeUInt32LE(RATE, 28);
    out.writeUInt16LE(1, 32);
    out.writeUInt16LE(8, 34);
    out.write('data', 36, 'latin1');
    out.writeUInt32LE(count, 40);
    for (let n = 0; tones.length && n < count; n++) {
        const sum = tones.reduce((all, hertz) => all + Math.sin(2 * Math.PI * hertz * n / RATE), 0);
        out[44 + n] = 128 + Math.round(20 * sum);
    }
    return out;
}

/** All files by name. */
export function sounds() {
    const all = new Map(['incoming', 'outgoing', 'disconnect'].map((name) => [`${name}.wav`, wav([], 20)]));
    KEYS.forEach((key, at) => all.set(`dtmf${key}.wav`, wav([ROWS[Math.floor(at / 3)], COLUMNS[at % 3]], 100)));
    return all;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const folder = process.argv[2] ?? path.dirname(fileURLToPath(import.meta.url));
    for (const [name, bytes] of sounds()) writeFileSync(path.join(folder, name), bytes);
}
