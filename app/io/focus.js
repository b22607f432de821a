// Where the focus is and goes.

const COLUMNS = ['column-top', 'column-call', 'column-person', 'column-result'];

/** Is text typed there? @param {EventTarget|null} target */
export function isTyping(target) {
    if (!(target instanceof HTMLElement)) return false;
    if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button'].includes(target.type) && !target.readOnly;
    return (target instanceof HTMLTextAreaElement && !target.readOnly) || target instanceof HTMLSelectElement || target.isContentEditable;
}

/** Into a field or panel: its first field, else itself. @param {string} id */
export function focusFirst(id) {
    const place = document.getElementById(id);
    const first = place?.querySelector('[data-first]') ?? place;
    if (first instanceof HTMLElement) first.focus({ preventScroll: first === place && !place?.matches('textarea, button') });
}

/** F6: the next column, or the one before. @param {number} by */
export function focusColumn(by) {
    const shown = COLUMNS.map((id) => document.getElementById(id)).filter((one) => one !== null);
    const at = shown.findIndex((one) => one.contains(document.activeElement));
    shown[(at + by + shown.length) % shown.length]?.focus();
}
