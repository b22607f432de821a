// The one table of keys: it binds them, it prints them on the buttons and it draws the map under "?".
//
// by 'letter': the letter the keyboard prints; where it prints no Latin letter, the place on the board.
// by 'place':  the place on the board (the digits, whatever is printed above them).
// by 'sign':   the printed sign.

/**
 * @typedef {{action: string, key: string, by: 'letter'|'place'|'sign', group: 'call'|'result'|'script'|'preview'|'page',
 *   hint?: string, always?: boolean, ctrl?: boolean, fixed?: boolean, pair?: string}} Binding
 *   always: acts in a text field too; fixed: cannot be changed
 */

/** @type {Binding[]} */
export const BINDINGS = [
    { action: 'mute', key: 'm', by: 'letter', group: 'call' },
    { action: 'hold', key: 'h', by: 'letter', group: 'call' },
    { action: 'keypad', key: 'd', by: 'letter', group: 'call' },
    { action: 'transfer', key: 't', by: 'letter', group: 'call' },
    { action: 'add', key: 'a', by: 'letter', group: 'call' },
    { action: 'help', key: 'u', by: 'letter', group: 'call' },
    { action: 'hang-up', key: 'x', by: 'letter', group: 'call', hint: 'X X' },
    { action: 'break', key: 'b', by: 'letter', group: 'call' },
    ...Array.from({ length: 10 }, (_, at) => /** @type {Binding} */ ({
        action: `disposition-${(at + 1) % 10}`, key: `Digit${(at + 1) % 10}`, by: 'place', group: 'result',
        hint: String((at + 1) % 10), fixed: true,
    })),
    { action: 'note', key: 'n', by: 'letter', group: 'result' },
    { action: 'finish', key: 'Enter', by: 'sign', group: 'result', hint: 'Ctrl ⏎', ctrl: true, always: true, fixed: true },
    ...['q', 'w', 'e', 'r'].map((key, at) => /** @type {Binding} */ ({
        action: `branch-${at + 1}`, key, by: 'letter', group: 'script', // by letter: the hint is true on every board
    })),
    { action: 'step-back', key: '[', by: 'sign', group: 'script' },
    { action: 'step-on', key: ']', by: 'sign', group: 'script' },
    { action: 'dial', key: 'Enter', by: 'sign', group: 'preview', hint: '⏎', fixed: true },
    { action: 'skip', key: 'k', by: 'letter', group: 'preview' },
    { action: 'snooze', key: 'z', by: 'letter', group: 'preview' },
    { action: 'keys', key: '?', by: 'sign', group: 'page', fixed: true },
    { action: 'command', key: 'k', by: 'letter', group: 'page', hint: 'Ctrl K', ctrl: true, always: true, fixed: true },
    { action: 'close', key: 'Escape', by: 'sign', group: 'page', hint: 'Esc', always: true, fixed: true },
    { action: 'columns', key: 'F6', by: 'sign', group: 'page', hint: 'F6', always: true, fixed: true },
    { action: 'go-desk', key: 'd', by: 'letter', group: 'page', hint: 'G D', pair: 'g', fixed: true },
    { action: 'go-callbacks', key: 'c', by: 'letter', group: 'page', hint: 'G C', pair: 'g', fixed: true },
    { action: 'go-calls', key: 'l', by: 'letter', group: 'page', hint: 'G L', pair: 'g', fixed: true },
];

/**
 * The binding as the person has it: `keys` maps an action to another key or to null, which switches it off.
 * @param {Binding} binding @param {Record<string, string|null>} keys @param {boolean} letters single letters act
 * @returns {Binding|null}
 */
function bound(binding, keys, letters) {
    const own = keys[binding.action];
    if (own === null || (!letters && !binding.fixed && binding.key.length === 1)) return null;
    if (!own || binding.fixed) return binding;
    return { ...binding, key: own, by: 'letter', hint: binding.action === 'hang-up'
        ? `${own.toUpperCase()} ${own.toUpperCase()}` : own.toUpperCase() };
}

/** What is printed on the button: "M", "Alt M" while a text is typed. @param {string} action
 *  @param {{keys: Record<string, string|null>, settings: {letters: boolean}, typing: boolean}} page */
export function hint(action, page) {
    const base = BINDINGS.find((one) => one.action === action);
    const binding = base && bound(base, page.keys, page.settings.letters);
    if (!binding) return '';
    const printed = binding.hint ?? binding.key.toUpperCase();
    return page.typing && !binding.always ? `Alt ${printed}` : printed;
}

/**
 * @typedef {{key: string, code: string, ctrlKey: boolean, altKey: boolean, metaKey: boolean, shiftKey: boolean,
 *   repeat?: boolean}} Stroke
 */

/** Does the stroke hit the binding? @param {Binding} binding @param {Stroke} stroke */
function hits(binding, stroke) {
    const control = stroke.ctrlKey || stroke.metaKey;
    if (Boolean(binding.ctrl) !== control) return false;
    if (binding.by === 'place')
        return stroke.code === binding.key || stroke.code === binding.key.replace('Digit', 'Numpad');
    if (binding.by === 'sign') return stroke.key === binding.key;
    if (stroke.altKey || !/^[a-z]$/i.test(stroke.key)) // Alt types characters on some keyboards
        return stroke.code === `Key${binding.key.toUpperCase()}`;
    return stroke.key.toLowerCase() === binding.key;
}

/**
 * The action a stroke means, or null. A held key acts once.
 * @param {Stroke} stroke
 * @param {{typing: boolean, keys: Record<string, string|null>, settings: {letters: boolean}, waiting: string,
 *   enabled: (action: string) => boolean}} where waiting: the first key of a pair was pressed just now
 * @returns {string|null}
 */
export function actionOf(stroke, { typing, keys, settings, waiting, enabled }) {
    if (stroke.repeat) return null;
    const found = BINDINGS.filter((base) => {
        const binding = bound(base, keys, settings.letters);
        if (!binding || (binding.pair ?? '') !== waiting) return false;
        if (typing && !binding.always && !stroke.altKey) return false;
        if (!typing && stroke.altKey) return false;
        return hits(binding, stroke);
    });
    // One key may have a meaning in the preview and another elsewhere: the one that can act comes first.
    const best = found.find((binding) => enabled(binding.action)) ?? found.find((binding) => binding.group !== 'preview');
    return best?.action ?? null;
}
