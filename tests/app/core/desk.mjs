// A page without a browser, for tests of the mind: fed with messages, asked for effects.
import { pageNew, step } from '../../../app/core/page.js';
import { campaign, NOW, phoneWell, setup } from '../documents.mjs';

/** @param {any} doc @param {number} at a steady clock, ms @param {object} [facts] */
export function onDesk(doc, at = 1000, facts = {}) {
    const desk = {
        page: pageNew({ screen: 'here', now: NOW, ...facts }),
        /** @param {any} message @returns {any[]} */
        feed(message) {
            const [page, effects] = step(desk.page, message);
            desk.page = page;
            return effects;
        },
    };
    desk.feed({ kind: 'setup', setup, at });
    desk.feed({ kind: 'details', details: campaign, at });
    desk.feed({ kind: 'phone', facts: phoneWell, at });
    desk.feed({ kind: 'desk', doc, at });
    return desk;
}

/** Effects of a key, without those that only draw. @param {any} desk @param {string} action @param {number} at @param {string} [by] */
export function press(desk, action, at, by = 'key') {
    return desk.feed({ kind: 'press', action, by, at }).filter((effect) => !['unflash', 'disarm'].includes(effect.do));
}
