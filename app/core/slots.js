// The callback picker: seven days, and the quarter hours of one day with both clocks. Times at which the customer
// may not be called are listed too, with the reason; they cannot be chosen.

import { clock, dayNumber, minuteOfDay, units } from './time.js';

/**
 * @typedef {{at: number, theirs: string, ours: string, refused: 'night'|'past'|null, taken: number}} Slot
 */

/** The seven days from today in the customer's zone, each by an instant at its noon. @param {number} now @param {string} zone */
export function slotDays(now, zone) {
    const days = [];
    let last = 0;
    // Steps of half a day: no change of the clocks can jump over a day.
    for (let at = now; days.length < 7; at += units.DAY / 2) {
        const day = dayNumber(at, zone);
        if (day !== last) days.push({ at, day });
        last = day;
    }
    return days;
}

/**
 * The quarter hours of a day. `hours` are minutes since midnight there; what the law says besides is the server's
 * answer.
 * @param {{day: number, near: number, now: number, zone: string, language: string,
 *          opens: number, closes: number, taken?: number[]}} wish
 * @returns {Slot[]}
 */
export function slotTimes({ day, near, now, zone, language, opens, closes, taken = [] }) {
    const quarter = 15 * units.MINUTE;
    const slots = [];
    const begin = Math.ceil((near - 36 * units.HOUR) / quarter) * quarter;
    for (let at = begin; at < near + 36 * units.HOUR; at += quarter) {
        if (dayNumber(at, zone) !== day) continue;
        const minute = minuteOfDay(at, zone);
        // An hour either side is shown, so that one sees where the day ends.
        if (minute < opens - 60 || minute >= closes + 60) continue;
        const refused = at <= now ? 'past' : minute < opens || minute >= closes ? 'night' : null;
        slots.push({
            at, theirs: clock(at, language, zone), ours: clock(at, language),
            refused: /** @type {Slot['refused']} */ (refused),
            taken: taken.filter((one) => Math.floor(one / units.HOUR) === Math.floor(at / units.HOUR)).length,
        });
    }
    return slots;
}
