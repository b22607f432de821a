// Packages that are not modules: loaded by a script element of our own origin, once each.

/** @type {Map<string, Promise<void>>} */
const loading = new Map();

/** @param {string} src @returns {Promise<void>} */
export function loadScript(src) {
    const known = loading.get(src);
    if (known) return known;
    const promise = new Promise((/** @type {(value: void) => void} */ resolve, reject) => {
        const tag = document.createElement('script');
        tag.src = src;
        tag.onload = () => resolve();
        tag.onerror = () => { loading.delete(src); tag.remove(); reject(new Error(`cannot load '${src}'`)); };
        document.head.append(tag);
    });
    loading.set(src, promise);
    return promise;
}
