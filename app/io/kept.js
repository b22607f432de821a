// What the browser keeps: notes until the server has them, the keys and sounds a person chose, the name of this page.

/** @param {Storage} store @param {string} name @returns {any} */
function read(store, name) {
    try { return JSON.parse(store.getItem(`outdial.${name}`) ?? 'null'); } catch { return null; }
}

/** @param {Storage} store @param {string} name @param {any} value null: forgotten */
function write(store, name, value) {
    try {
        if (value === null) store.removeItem(`outdial.${name}`);
        else store.setItem(`outdial.${name}`, JSON.stringify(value));
    } catch { /* storage is full or forbidden: the page works on without it */ }
}

/** The name of this page among the person's; a reload keeps it. */
export function screenName() {
    const known = read(sessionStorage, 'screen');
    if (known) return String(known);
    const made = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    write(sessionStorage, 'screen', made);
    return made;
}

/** @param {any} attempt */
export const noteKept = (attempt) => read(localStorage, `note.${attempt}`);
/** @param {any} attempt @param {string|null} words */
export const keepNote = (attempt, words) => write(localStorage, `note.${attempt}`, words);
/** @param {string} name */
export const kept = (name) => read(localStorage, name);
/** @param {string} name @param {any} value */
export const keep = (name, value) => write(localStorage, name, value);
