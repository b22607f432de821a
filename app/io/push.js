// The push socket: the desk's documents as they happen, by pusher-js.
import { loadScript } from './script_tag.js';

/**
 * @param {any} setup setup.push
 * @param {string} screen what this page calls itself; the presence channel's other members learn it
 * @param {{document: (doc: any) => void, state: (state: 'connecting'|'live'|'away') => void, live: () => void,
 *   out: (reason: string) => void}} hear
 *   live: connected and subscribed (again); what was missed is asked for now
 */
export async function pushOpen(setup, screen, hear) {
    await loadScript('/assets/npm/pusher-js/dist/web/pusher.min.js');
    const Pusher = /** @type {any} */ (window).Pusher;
    const hosted = setup.ws_host === null; // by the cluster's name alone
    const own = setup.ws_host === '';
    const secure = location.protocol === 'https:';
    const port = own ? Number(location.port) || (secure ? 443 : 80) : setup.ws_port || undefined;
    const pusher = new Pusher(setup.key, {
        cluster: setup.cluster || 'local',
        ...(hosted ? {} : { wsHost: own ? location.hostname : setup.ws_host, wsPort: port, wssPort: port }),
        forceTLS: secure || hosted, enabledTransports: ['ws', 'wss'], disableStats: true,
        channelAuthorization: { endpoint: '/pusher/auth', transport: 'ajax', headers: { 'X-Outdial': '1' }, params: { screen } },
    });
    pusher.connection.bind('state_change', (/** @type {{current: string}} */ change) => {
        if (change.current !== 'connected') hear.state(change.current === 'connecting' ? 'connecting' : 'away');
    });
    const channel = pusher.subscribe(setup.channel);
    channel.bind('desk', hear.document);
    channel.bind('signed-out', (/** @type {{reason: string}} */ said) => hear.out(said.reason));
    channel.bind('desk-changed', hear.live); // too large to be pushed
    channel.bind('pusher:subscription_succeeded', () => { hear.state('live'); hear.live(); });
    channel.bind('pusher:subscription_error', () => hear.state('away'));
    if (setup.presence) pusher.subscribe(setup.presence);
    return { close: () => pusher.disconnect() };
}
