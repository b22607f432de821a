// The guard of the desk's most dangerous error: a key meant for the last customer that acts on the next. For 300 ms
// after a change of what a control means, a key acts only if it meant the very same before and after; a click is
// refused only where the control could be used before for something else.
//
//   guard = guardNew();
//   guard = guardSaw(guard, aims, at);            the world has changed: what each control is aimed at now
//   guard = guardMoved(guard, aims);              the hands changed it themselves: they know
//   guardLets(guard, 'hang-up', 'key', at)        before every act

/**
 * @typedef {Record<string, string>} Aims action -> act and call, '' where it cannot be used
 * @typedef {{at: number, aims: Aims}} Seen until `at` the controls meant this
 * @typedef {{now: Aims, past: Seen[]}} Guard
 */

export const GUARD_MS = 300;

/** @returns {Guard} */
export function guardNew() {
    return { now: {}, past: [] };
}

/** @param {Guard} guard @param {Aims} aims @param {number} at a steady clock, ms @returns {Guard} */
export function guardSaw(guard, aims, at) {
    const same = Object.keys(aims).length === Object.keys(guard.now).length
        && Object.entries(aims).every(([id, aim]) => guard.now[id] === aim);
    if (same) return guard;
    const past = guard.past.filter((seen) => at - seen.at < GUARD_MS);
    if (Object.keys(guard.now).length) past.push({ at, aims: guard.now });
    return { now: aims, past };
}

/** @param {Guard} guard @param {Aims} aims @returns {Guard} */
export function guardMoved(guard, aims) {
    return { ...guard, now: aims };
}

/** @param {Guard} guard @param {string} action @param {'key'|'click'} by @param {number} at @returns {boolean} */
export function guardLets(guard, action, by, at) {
    const now = guard.now[action] ?? '';
    return guard.past.filter((seen) => at - seen.at < GUARD_MS).every((seen) => {
        const before = seen.aims[action] ?? '';
        return before === now || (by === 'click' && before === '');
    });
}
