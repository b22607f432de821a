// The contrasts of the interface, computed from the token file (WCAG 2), in both themes; and that no colour is
// written anywhere else.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const css = (name) => readFileSync(new URL(`../../../app/style/${name}`, import.meta.url), 'utf8');
const tokens = css('tokens.css');

/** @type {Record<string, [string, string]>} name -> light, dark */
const colours = {};
for (const [, name, light, dark] of tokens.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)) colours[name] = [light, dark];

function luminance(hex) {
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
        .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function ratio(one, other) {
    const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
}

const PAIRS = [
    ...['surface', 'page', 'hover', 'sunken', 'raised', 'hold-tint', 'bad-tint', 'accent-tint'].map((ground) => ['text', ground, 7]),
    ...['surface', 'page', 'hover', 'sunken', 'raised', 'bad-tint'].map((ground) => ['text-2', ground, 4.5]),
    ...['surface', 'page', 'sunken', 'hover'].map((ground) => ['text-3', ground, 4.5]),
    ...['accent', 'ready', 'call', 'hold', 'wrap', 'rest', 'bad'].map((solid) => [`${solid}-on`, solid, 4.5]),
    ...['accent', 'ready', 'call', 'hold', 'wrap', 'rest', 'bad'].flatMap((status) => [[`${status}-text`, 'surface', 4.5], [`${status}-text`, `${status}-tint`, 4.5], [`${status}-text`, 'sunken', 4.5]]),
    ['line-strong', 'surface', 3], ['line-strong', 'sunken', 3], ['focus', 'surface', 3], ['focus', 'page', 3],
    ...['call', 'wrap', 'bad', 'rest'].map((solid) => [solid, 'surface', 3]),
];

test('all pairs of colours that meet keep their contrast in both themes', () => {
    const failed = [];
    for (const [one, other, least] of PAIRS) {
        assert.ok(colours[one] && colours[other], `${one} or ${other} is not among the tokens`);
        [0, 1].forEach((theme) => {
            const found = ratio(colours[one][theme], colours[other][theme]);
            if (found < least) failed.push(`${one} on ${other} (${theme ? 'dark' : 'light'}): ${found.toFixed(2)}, least ${least}`);
        });
    }
    assert.deepEqual(failed, []);
});

test('the ratios of the design, to the hundredth', () => {
    const found = (one, other) => colours[one].map((_, theme) => ratio(colours[one][theme], colours[other][theme]).toFixed(2));
    assert.deepEqual(found('text', 'surface'), ['17.96', '14.88']);
    assert.deepEqual(found('hold-text', 'hold-tint'), ['5.97', '8.25']);
    assert.deepEqual(found('call-on', 'call'), ['6.07', '4.63']);
});

test('no colour is written outside the token file', () => {
    assert.deepEqual(css('app.css').match(/#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(|\boklch\(|: ?(?:white|black|red|blue|green|gray|grey)\b/gi), null);
});
