// The one ticker of the page: once a second, at the second's change of the clock that is shown largest. A hidden page
// is not ticked.

/**
 * @param {() => number|null} phase ms since the second began, by the clock shown; null: nothing counts
 * @param {() => void} tick
 */
export function tickerStart(phase, tick) {
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    let timer;
    const arm = () => {
        clearTimeout(timer);
        if (document.hidden) return;
        const into = phase() ?? 0;
        timer = setTimeout(() => { tick(); arm(); }, Math.max(20, 1000 - into + 5));
    };
    document.addEventListener('visibilitychange', arm);
    arm();
    return arm; // to be called when another clock is shown
}
