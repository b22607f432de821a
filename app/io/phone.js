// The telephone: the voice SDK's Device, the one call that is the agent's place in the room, the microphone. It lives
// outside the view tree: a fault in a view cannot end a call. It only tells facts; what they mean is core/page.js.
//
//   phone = phoneNew(setup.voice, tell, renew);
//   phone.start();           registers, answers the room's call by itself, comes back by itself after anything
//   phone.stop();            another screen has the desk, or the shift is over
import { loadScript } from './script_tag.js';
import { levelShow, levelWatch } from './level.js';
import { soundWake } from './cues.js';
import { text } from '../texts.js';

const SDK = '/assets/npm/@twilio/voice-sdk/dist/twilio.min.js';
const SOUNDS = ['disconnect', 'incoming', 'outgoing', ...[...'0123456789sh'].map((digit) => `dtmf${digit}`)];
const BACK_OFF_MS = [500, 1000, 2000, 4000, 8000, 15000];

/**
 * @param {any} voice setup.voice: token, chunderw, ice_servers, codecs
 * @param {(facts: object) => void} tell
 * @param {() => Promise<{token: string, ttl_s: number}>} renew
 */
export function phoneNew(voice, tell, renew) {
    /** @type {any} */
    let device = null;
    /** @type {any} */
    let call = null;
    /** @type {MediaStream|null} */
    let own = null;
    /** @type {(() => void)|null} */
    let unwatch = null;
    let wanted = false;
    let dropped = false; // there was a call, and it is to come again
    let tries = 0;
    let token = voice?.token ?? '';
    let chosen = '';
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    let later;

    /** Permission, and the level until a call has the microphone. @param {boolean} [other] the browser's own choice again */
    async function microphone(other = false) {
        if (!navigator.mediaDevices) {
            tell({ mic: 'missing', problem: text('phone.insecure') });
            return false;
        }
        tell({ mic: 'asking' });
        try {
            stopWatching();
            own = await navigator.mediaDevices.getUserMedia({ audio: chosen && !other ? { deviceId: { exact: chosen } } : true });
        } catch (error) {
            const name = /** @type {any} */ (error)?.name;
            const missing = name === 'NotFoundError' || name === 'OverconstrainedError';
            if (name === 'OverconstrainedError' && chosen) { chosen = ''; return microphone(); }
            tell({ mic: missing ? 'missing' : 'refused' });
            return false;
        }
        const track = own.getAudioTracks()[0];
        chosen = track?.getSettings().deviceId ?? '';
        tell({ mic: 'ok', device: track?.label ?? '', device_id: chosen, problem: '' });
        const context = soundWake();
        if (context) unwatch = levelWatch(context, own);
        await listDevices();
        return true;
    }

    function stopWatching() {
        unwatch?.();
        unwatch = null;
        own?.getTracks().forEach((track) => track.stop());
        own = null;
    }

    async function listDevices() {
        const all = await navigator.mediaDevices?.enumerateDevices() ?? [];
        const devices = all.filter((one) => one.kind === 'audioinput' && one.deviceId)
            .map((one) => ({ id: one.deviceId, name: one.label }));
        tell({ devices });
        return devices;
    }

    /** A device went or came. On a call the SDK goes on with the default one; it is named here. */
    async function devicesChanged() {
        const devices = await listDevices();
        if (!chosen || devices.some((one) => one.id === chosen)) return;
        const now = devices[0];
        chosen = now?.id ?? '';
        tell({ headset_gone: Boolean(call), device: now?.name ?? '', device_id: chosen, ...(now ? {} : { mic: 'missing' }) });
        if (call && now) await device?.audio?.setInputDevice(now.id).catch(() => {});
    }

    /** Registers; on trouble again, later and later. */
    async function register() {
        clearTimeout(later);
        if (!wanted) return;
        try {
            if (!device) tell({ state: 'loading' });
            await loadScript(SDK);
            if (!device) make();
            if (device.state !== 'unregistered') return; // it is at it by itself
            tell({ state: dropped ? 'lost' : 'registering' });
            await device.register();
        } catch (error) {
            again(error);
        }
    }

    /** @param {any} error */
    function again(error) {
        if (!wanted) return;
        if (error) tell({ problem: said(error) });
        const wait = BACK_OFF_MS[Math.min(tries++, BACK_OFF_MS.length - 1)];
        clearTimeout(later);
        // Jitter: after an engine's death a whole floor comes back.
        later = setTimeout(async () => {
            if (tries > 1) await freshToken();
            await register();
        }, wait * (0.75 + Math.random() / 2));
    }

    async function freshToken() {
        try {
            token = (await renew()).token;
            device?.updateToken(token);
        } catch { /* the server is away too: the old token may still do */ }
    }

    function make() {
        const { Device } = /** @type {any} */ (window).Twilio;
        device = new Device(token, {
            ...(voice.chunderw ? { chunderw: voice.chunderw } : {}),
            publishEvents: false, sounds: Object.fromEntries(SOUNDS.map((name) => [name, `/assets/app/sounds/${name}.wav`])),
            codecPreferences: voice.codecs ?? ['pcmu', 'opus'], enableImprovedSignalingErrorPrecision: true,
            closeProtection: true, maxCallSignalingTimeoutMs: 30000, tokenRefreshMs: 60000, logLevel: 'error',
        });
        device.on('registered', () => {
            tries = 0;
            tell({ registered: true, state: call ? 'connected' : dropped ? 'lost' : 'registered', problem: '' });
        });
        device.on('unregistered', () => { tell({ registered: false }); if (wanted) again(null); });
        device.on('tokenWillExpire', freshToken);
        device.on('error', (/** @type {any} */ error) => {
            tell({ problem: said(error) });
            if ([20101, 20104, 31204, 31205].includes(error?.code)) freshToken().then(() => again(null));
            else if (device?.state !== 'registered') again(null);
        });
        device.on('incoming', answer);
        device.audio?.on('deviceChange', devicesChanged);
        device.audio?.incoming(false);
        device.audio?.outgoing(false);
        device.audio?.disconnect(false);
    }

    /** The room calls: nobody else can, so it is answered at once. @param {any} incoming */
    function answer(incoming) {
        call = incoming;
        stopWatching();
        incoming.on('accept', () => { dropped = false; tell({ state: 'connected', problem: '', mic: 'ok' }); });
        incoming.on('mute', (/** @type {boolean} */ muted) => tell({ muted }));
        incoming.on('volume', (/** @type {number} */ input) => levelShow(input));
        incoming.on('sample', (/** @type {any} */ sample) => {
            const packets = sample.packetsReceived + sample.packetsLost;
            tell({ rtt_ms: sample.rtt ?? null, loss: sample.packetsLostFraction !== undefined ? sample.packetsLostFraction / 100
                : packets > 0 ? sample.packetsLost / packets : 0 });
        });
        // Only the signalling may be away (53001): then the sound goes on, and nobody needs to know.
        incoming.on('reconnecting', (/** @type {any} */ error) => { if (error?.code !== 53001) tell({ state: 'lost' }); });
        incoming.on('reconnected', () => tell({ state: 'connected' }));
        incoming.on('error', (/** @type {any} */ error) => {
            if ([31401, 31402, 31208].includes(error?.code)) tell({ mic: error.code === 31402 ? 'missing' : 'refused' });
            tell({ problem: said(error) });
        });
        incoming.on('cancel', () => ended(incoming));
        incoming.on('reject', () => ended(incoming));
        incoming.on('disconnect', () => ended(incoming));
        const constraints = { audio: chosen ? { deviceId: { ideal: chosen } } : true };
        incoming.accept({ rtcConstraints: constraints, rtcConfiguration: { iceServers: voice.ice_servers ?? [] } });
    }

    /** The line is gone; the server dials it again as soon as this page says that it is there. @param {any} which */
    function ended(which) {
        if (call !== which) return;
        call = null;
        dropped = wanted;
        tell({ state: wanted ? 'lost' : 'none', muted: false, rtt_ms: null, loss: null, headset_gone: false });
        if (wanted && device?.state !== 'registered') again(null);
    }

    navigator.mediaDevices?.addEventListener?.('devicechange', () => { devicesChanged().catch(() => {}); });

    return {
        microphone,
        async start() {
            if (wanted || !voice) return;
            wanted = true;
            tries = 0;
            if (!own && !call && !await microphone()) { wanted = false; return; }
            await register();
        },
        stop() {
            wanted = dropped = false;
            clearTimeout(later);
            call?.disconnect();
            call = null;
            device?.destroy();
            device = null;
            stopWatching();
            tell({ state: 'none', registered: false, muted: false, rtt_ms: null, loss: null });
        },
        /** @param {boolean} on */
        mute(on) { call?.mute(on); },
        /** @param {string} id */
        async use(id) {
            chosen = id;
            const found = (await listDevices()).find((one) => one.id === id);
            if (call) await device?.audio?.setInputDevice(id);
            else await microphone();
            tell({ device: found?.name ?? '', device_id: id, headset_gone: false });
        },
    };
}

/** An error of the SDK in words. @param {any} error */
function said(error) {
    const code = error?.code ?? 0;
    if ([20101, 20104, 31204, 31205, 31201].includes(code)) return text('phone.token');
    if ([31401, 31402, 31208].includes(code)) return text('phone.mic');
    if ([31000, 31003, 31005, 31009, 53000, 53001].includes(code) || /load|transport|websocket/i.test(error?.message ?? ''))
        return text('phone.line');
    return text('phone.other', { why: error?.description ?? error?.message ?? String(error) });
}
