// Waiting without sleeping for luck: a condition is looked at until it holds or its time is over.

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Resolves with the first truthy value of `condition()` (which may be async); rejects after `ms`.
 * @param {() => any} condition
 * @param {number} ms
 * @param {string} what for the message: "the call to end"
 */
export async function until(condition, ms = 5000, what = 'the condition') {
    const end = Date.now() + ms;
    for (;;) {
        const value = await condition();
        if (value) return value;
        if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
        await sleep(15);
    }
}
