// Times and numbers as people read them (ms since 1970 in, words out). Reads no clock.

const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

/** A server's time stamp in ms; null where there is none. @param {string|null|undefined} stamp */
export function instant(stamp) {
    if (!stamp) return null;
    const ms = Date.parse(stamp);
    return Number.isNaN(ms) ? null : ms;
}

/** 7 s: "0:07"; an hour and more: "1:02:47". A clock that is ahead of us shows 0:00. @param {number} ms */
export function timer(ms) {
    const seconds = Math.max(0, Math.floor(ms / SECOND));
    const s = String(seconds % 60).padStart(2, '0');
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return `${minutes}:${s}`;
    return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${s}`;
}

/** What is left, rounded up, so that 0:00 is shown only when it is over. @param {number} ms */
export function remaining(ms) {
    return timer(Math.ceil(Math.max(0, ms) / SECOND) * SECOND);
}

/** A latency: "4 ms", below 1 ms one decimal, from 1,000 ms "1.2 s". @param {number} ms */
export function latency(ms) {
    if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
    if (ms < 1) return `${ms.toFixed(1)} ms`;
    return `${Math.round(ms)} ms`;
}

/** A length in text: "2.1 s", "48 min", "3 h 12". @param {number} ms */
export function length(ms) {
    if (ms < 10 * SECOND) return `${(Math.max(0, ms) / SECOND).toFixed(1)} s`;
    if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
    if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
    const minutes = Math.floor(ms / MINUTE) % 60;
    return minutes ? `${Math.floor(ms / HOUR)} h ${minutes}` : `${Math.floor(ms / HOUR)} h`;
}

/** @type {Map<string, Intl.DateTimeFormat>} making a formatter costs more than a render */
const formats = new Map();

/**
 * @param {string} language
 * @param {string|undefined} zone undefined: this computer's
 * @param {Intl.DateTimeFormatOptions} options
 */
function format(language, zone, options) {
    const habit = language === 'en' ? 'en-GB' : language; // 14 Nov, 24 hours: the house's English
    const key = `${language} ${zone} ${JSON.stringify(options)}`;
    let made = formats.get(key);
    if (!made) {
        try {
            made = new Intl.DateTimeFormat(habit, { ...options, timeZone: zone });
        } catch { // a zone this browser does not know: the offset beside it is used by who asks
            made = new Intl.DateTimeFormat(habit, { ...options, timeZone: 'UTC' });
        }
        formats.set(key, made);
    }
    return made;
}

/** "14:42". @param {number} at @param {string} language @param {string} [zone] */
export function clock(at, language, zone) {
    return format(language, zone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at);
}

/** "14:42:07", for logs and what is lost. @param {number} at @param {string} language @param {string} [zone] */
export function clockExact(at, language, zone) {
    return format(language, zone, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
        .format(at);
}

/** "14 Nov", "Nov 2025" over a year ago. @param {number} at @param {number} now @param {string} language */
export function date(at, now, language) {
    const options = /** @type {Intl.DateTimeFormatOptions} */ (now - at > 365 * DAY
        ? { month: 'short', year: 'numeric' } : { day: 'numeric', month: 'short' });
    return format(language, undefined, options).format(at);
}

/** "14 November", for sentences. @param {number} at @param {string} language @param {string} [zone] */
export function dateLong(at, language, zone) {
    return format(language, zone, { day: 'numeric', month: 'long' }).format(at);
}

/** "Mon". @param {number} at @param {string} language @param {string} [zone] */
export function weekday(at, language, zone) {
    return format(language, zone, { weekday: 'short' }).format(at);
}

/** The day as a number that sorts, 20261122, in a zone. @param {number} at @param {string} [zone] */
export function dayNumber(at, zone) {
    const parts = format('en-GB', zone, { year: 'numeric', month: '2-digit', day: '2-digit' }).formatToParts(at);
    /** @param {string} type */
    const part = (type) => Number(parts.find((one) => one.type === type)?.value ?? 0);
    return part('year') * 10000 + part('month') * 100 + part('day');
}

/** Minutes since midnight in a zone. @param {number} at @param {string} [zone] */
export function minuteOfDay(at, zone) {
    const [hour, minute] = format('en-GB', zone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
        .format(at).split(':');
    return Number(hour) * 60 + Number(minute);
}

/**
 * The customer's clock: "12:42", with the weekday where it is another day there.
 * @param {number} at @param {string} language @param {string|undefined} zone
 */
export function clockThere(at, language, zone) {
    const there = clock(at, language, zone);
    return dayNumber(at, zone) === dayNumber(at) ? there : `${weekday(at, language, zone)} ${there}`;
}

/** @param {number} value @param {string} language */
export function count(value, language) {
    return new Intl.NumberFormat(language).format(value);
}

export const units = { SECOND, MINUTE, HOUR, DAY };
