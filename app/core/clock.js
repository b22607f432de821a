// The server owns the truth about time. What this computer's clock must be shifted by, from questions to the
// server (sent, received, what it said) and from pushes (which only came later than they say).
//
//   clock = clockNew();
//   clock = clockAsked(clock, sent, received, server_now);      all in ms; sent and received by one steady clock
//   now   = received + clock.offset;

/** @typedef {{offset: number, doubt: number, known: boolean, rtt: number|null}} Clock */

const DRIFT_MS_MAX = 250;
const DOUBT_GROWS = 1.2; // an old good measure gives way to newer, worse ones in the end

/** @returns {Clock} */
export function clockNew() {
    return { offset: 0, doubt: Infinity, known: false, rtt: null };
}

/**
 * One question and its answer: the server's time lies between. Taken over when it is surer than what we have,
 * or when it says that we are out by more than anybody would overlook.
 * @param {Clock} clock @param {number} sent @param {number} received @param {number} server
 * @returns {Clock}
 */
export function clockAsked(clock, sent, received, server) {
    const doubt = Math.max(0, received - sent) / 2;
    const offset = server - (sent + received) / 2;
    const grown = clock.doubt * DOUBT_GROWS;
    const rtt = received - sent;
    if (!clock.known || doubt <= grown || Math.abs(offset - clock.offset) > DRIFT_MS_MAX + doubt)
        return { offset, doubt, known: true, rtt };
    return { ...clock, doubt: grown, rtt };
}

/**
 * A push said when it was made: the server is at least as late as that.
 * @param {Clock} clock @param {number} received @param {number} server
 * @returns {Clock}
 */
export function clockTold(clock, received, server) {
    const offset = server - received;
    if (!clock.known) return { ...clock, offset, known: true };
    return offset > clock.offset ? { ...clock, offset } : clock;
}
