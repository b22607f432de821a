// Waiting without sleeping for luck: a condition is looked at until it holds or its time is over.

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Resolves with the first truthy value of `condition()` (which may be async); rejects after `ms`.
 * @param {() => any} condition
 * @param {number} ms
 * @param {string} what for the message: "the call to end"
 * @param {number} pause between two looks; longer where a look itself is work for the program
 */
export async function until(condition, ms = 5000, what = 'the condition', pause = 15) {
    const end = Date.now() + ms;
    for (;;) {
        const value = await condition();
        if (value) return value;
        if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
        await sleep(pause);
    }
}
