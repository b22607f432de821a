// The microphone's level, written straight to the meter's attribute: it moves ten times a second and is no state.

const BARS = 7;
let last = -1;

/** @param {number} level 0 to 1 */
export function levelShow(level) {
    const bars = Math.max(0, Math.min(BARS, Math.round(level * BARS)));
    const meters = document.querySelectorAll('[data-meter]');
    if (bars === last && meters.length && meters[0].getAttribute('data-level') === String(bars)) return;
    last = bars;
    for (const meter of meters) meter.setAttribute('data-level', String(bars));
}

/**
 * Watches a stream until stopped; the level is of the loudest sample, from -50 dBFS.
 * @param {AudioContext} context @param {MediaStream} stream @returns {() => void} stop
 */
export function levelWatch(context, stream) {
    const source = context.createMediaStreamSource(stream);
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    source.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
        if (document.hidden) return;
        analyser.getFloatTimeDomainData(samples);
        let peak = 1e-6;
        for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
        levelShow(1 + 20 * Math.log10(peak) / 50);
    }, 100);
    return () => { clearInterval(timer); source.disconnect(); };
}
