// What a bench script says: one line of JSON on standard output for each figure, the same shape as
// bench/figure.h prints (docs/performance.md). Anything else goes to standard error.

export const quick = process.argv.includes('--quick');

const sorted = (runs) => [...runs].sort((a, b) => a - b);

export function median(runs) {
    const all = sorted(runs);
    return (all[Math.floor((all.length - 1) / 2)] + all[Math.floor(all.length / 2)]) / 2;
}

/** The value at a part of the whole: percentile(times, 0.99). */
export function percentile(values, part) {
    const all = sorted(values);
    return all[Math.min(all.length - 1, Math.floor(all.length * part))];
}

const spreadOf = (runs) =>
    ({ min: Math.min(...runs), median: median(runs), max: Math.max(...runs), runs: runs.length });

/** Of pairs where runs and floor runs are as many: a machine whose speed swings does not decide it. */
function ratioOf(runs, floorRuns) {
    if (runs.length !== floorRuns.length) return median(runs) / median(floorRuns);
    return median(runs.map((run, i) => run / floorRuns[i]));
}

/**
 * figure({ bench, figure, unit, load, runs: [..], floor: { name, runs: [..] },
 *          goal: { at_most, at_least, ratio_at_most, stretch }, scheduling: { subject, generator } })
 * The value is the median of the runs; floor, goal and scheduling may be left out.
 */
export function figure({ bench, figure: name, unit, load = '', runs, floor, goal, scheduling = {} }) {
    const value = median(runs);
    const ratio = floor ? ratioOf(runs, floor.runs) : null;
    const met = !goal ? null : (goal.at_most === undefined || value <= goal.at_most) &&
        (goal.at_least === undefined || value >= goal.at_least) &&
        (goal.ratio_at_most === undefined || (ratio !== null && ratio <= goal.ratio_at_most));
    console.log(JSON.stringify({
        bench, figure: name, unit, load, value, spread: spreadOf(runs),
        scheduling: { subject: 'other 0', generator: 'other 0', ...scheduling },
        floor: floor ? { name: floor.name, value: median(floor.runs), spread: spreadOf(floor.runs) } : null,
        ratio, goal: goal ?? null, met,
    }));
}
