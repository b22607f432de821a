// What no first drawing needs is loaded right after it: panels, the other pages, the map of keys. Until then these
// places are empty.

/** @type {{views: typeof import('./late_views.js')|null}} */
export const late = { views: null };

export async function lateLoad() {
    late.views = await import('./late_views.js');
}
