// The desk in every state of the interface, as the server would send it: made from the golden document of the wire.

import { readFileSync } from 'node:fs';

const golden = JSON.parse(readFileSync(new URL('../golden/desk/on-call.json', import.meta.url), 'utf8'));

export const NOW = Date.parse(golden.now);
const at = (seconds) => new Date(NOW + seconds * 1000).toISOString();
const copy = (value) => structuredClone(value);

const HISTORY = [
    { attempt: 71, at: '2026-11-14T17:12:00Z', result: 'abandoned', disposition: null, seconds: 2, agent: null, note: '' },
    { attempt: 60, at: '2026-11-11T16:02:00Z', result: 'no-answer', disposition: null, seconds: 31, agent: null, note: '' },
    { attempt: 41, at: '2026-10-22T15:40:00Z', result: 'connected', disposition: 'Thinking it over', seconds: 372, agent: 'Priya N', note: 'Compare with current quote, likes fixed price' },
    { attempt: 33, at: '2026-10-20T18:20:00Z', result: 'machine', disposition: 'Left message', seconds: 44, agent: 'Daniel K', note: 'Asked to call after 14:00' },
    { attempt: 12, at: '2025-11-12T15:00:00Z', result: 'connected', disposition: 'Renewed', seconds: 290, agent: 'Tom A', note: 'Took the two-year price' },
];
const FIELDS = [['Renewal due', '2 December'], ['Premium now', '$412.80'], ['Offer', '$389.00'], ['Cover', 'Home, contents'],
    ['Customer since', '2019'], ['Consent', '12 Nov 2025']].map(([name, value]) => ({ name, value }));

export const campaign = {
    id: 1, name: 'Home renewals', mode: 'predictive', wrap_up_s: 60, hold_limit_s: 120,
    hours: { every_day: [['09:00', '20:00']] }, fields: FIELDS.map((field) => field.name),
    dispositions: [
        ['renewed', 'Renewed', 'done', 'finishes'], ['callback', 'Callback', 'callback', 'pick a time'],
        ['thinking', 'Thinking it over', 'retry', 'again in 3 days'], ['no-answer', 'No answer', 'retry', 'again in 2 h'],
        ['message', 'Left message', 'machine', 'again tomorrow'], ['refused', 'Not interested', 'done', 'finishes'],
        ['wrong', 'Wrong number', 'wrong-number', 'blocks number'], ['dnc', 'Do not call', 'do-not-call', 'blocks person'],
    ].map(([code, name, behaviour, effect]) => ({ code, name, behaviour, effect, asks_note: false })),
    transfer: [
        { kind: 'agent', name: 'Daniel Kovac', to: 9, activity: 'available' },
        { kind: 'agent', name: 'Lena Fischer', to: 11, activity: 'on-call' },
        { kind: 'agent', name: 'Tom Archer', to: 12, activity: 'break' },
        { kind: 'number', name: 'Claims desk', to: '+13035550100', activity: '' },
    ],
    script: {
        steps: [
            {
                title: 'Opening', text: 'Good afternoon, am I speaking with {name}?\nThis is {agent} from Northfield Insurance about your home policy. First, I am sorry: we rang on {Renewal due} and nobody was free to speak to you.\nThis call is recorded. Is now a good time?',
                branches: [{ label: 'Yes, it is me', to: 'Renewal' }, { label: 'Not a good time', to: 'Callback' }, { label: 'Someone else', to: 'Questions' }, { label: 'Wrong number', to: 'Wrong number' }],
            },
            {
                title: 'Renewal', text: 'Your home policy ends on {Renewal due}. I can renew it today at {Offer} for the year, which is {Saving} less than you pay now.\nNothing else changes: the same cover for building and contents, the same deductible.\n(Pause. Let them answer before you mention the two-year price.)',
                branches: [{ label: 'Happy to renew', to: 'Payment' }, { label: 'Has a question', to: 'Questions' }, { label: 'Wants to think', to: 'Thinking it over' }, { label: 'Has left us', to: 'Close' }],
            },
            { title: 'Questions', text: 'What would you like to know?', branches: [] },
            { title: 'Payment', text: 'How would you like to pay?', branches: [] },
            { title: 'Close', text: 'Thank you, {name}. Good bye.', branches: [] },
        ],
        asides: [
            { title: 'Why did the price go up last year?', text: 'Rebuilding costs rose by 9 percent; the premium followed.' },
            { title: 'Can I change the deductible?', text: 'Yes, from $250 to $1,000, at renewal.' },
            { title: 'What does the two-year price cost?', text: '{Offer} each year, fixed.' },
        ],
    },
};

export const setup = {
    agent: { id: 7, name: 'priya', full_name: 'Priya Nair' },
    push: { key: 'outdial', cluster: 'local', ws_host: '', ws_port: 0, channel: 'private-agent-7', presence: 'presence-desk-7' },
    voice: { token: 'token', identity: 'agent7', ttl_s: 3600, chunderw: '', ice_servers: [], codecs: ['pcmu', 'opus'] },
    breaks: [{ code: 1, name: 'Lunch', planned_s: 1800 }, { code: 2, name: 'Coffee', planned_s: 600 }, { code: 3, name: 'Training', planned_s: 0 }],
    campaigns: [
        { id: 1, name: 'Home renewals', mode: 'predictive', state: 'running', serving: true },
        { id: 2, name: 'Winter tyres', mode: 'preview', state: 'paused', serving: false },
    ],
    keys: {}, theme: 'system', language: 'en', grace_s: 20,
};

export const calls = [
    { attempt: 98, name: 'Michael Okafor', at: at(-150), result: 'connected', disposition: 'Renewed', seconds: 214, note: '' },
    { attempt: 97, name: 'Ana Petrova', at: at(-420), result: 'no-answer', disposition: 'No answer', seconds: 31, note: '' },
    { attempt: 96, name: 'Ruth Adeyemi', at: at(-1200), result: 'connected', disposition: 'Thinking it over', seconds: 362, note: '' },
];

export const callbacks = [
    { lead: 31, name: 'Michael Okafor', number: '(303) 555-0123', at: at(-60), zone: 'America/Denver', mine: true, campaign: 1 },
    { lead: 32, name: 'Ana Petrova', number: '(303) 555-0124', at: at(5580), zone: 'America/Denver', mine: true, campaign: 1 },
    { lead: 33, name: 'Ruth Adeyemi', number: '(303) 555-0125', at: at(90000), zone: 'America/Denver', mine: false, campaign: 1 },
];

/** The desk on a call, as in the pictures. */
function onCall() {
    const doc = copy(golden);
    Object.assign(doc.agent, { name: 'priya', full_name: 'Priya Nair', next: null, screen: '', since: at(-167) });
    Object.assign(doc.call, { since: at(-167), bridged_at: at(-167), answered_at: at(-167), ringing_since: at(-179), parties: [], note: '' });
    Object.assign(doc.person, { fields: copy(FIELDS), history: copy(HISTORY), list: 'Renewals Dec', calling_from: '(303) 555-0190' });
    doc.callbacks = [{ lead: 31, name: 'Michael Okafor', at: at(2880) }, { lead: 32, name: 'Ana Petrova', at: at(5580) }, { lead: 33, name: 'Ruth Adeyemi', at: at(11880) }];
    return doc;
}

/** @param {(doc: any) => void} change */
const made = (change) => { const doc = onCall(); change(doc); return doc; };
const claims = (seconds) => ({ id: 'p1', kind: 'number', name: '+13035550100', state: 'joined', since: at(seconds), muted: false, held: false });
const nobody = (doc) => { doc.call = null; doc.person = null; doc.pop = null; };
const ended = (doc, seconds, by) => {
    doc.agent.activity = 'wrap-up';
    doc.agent.since = at(-seconds);
    doc.call.ended_at = at(-seconds);
    doc.call.ended_by = by;
    doc.call.result = 'connected';
    doc.call.state = 'ended';
    doc.call.bridged_at = at(-seconds - 171);
    doc.wrap_up = { until: at(60 - seconds), more_time: 2 };
};

/**
 * Every state: the document, what the telephone says (`phone`), what the hands do first (`keys`).
 * @type {Record<string, {doc: any, phone?: object, keys?: string[], refuse?: boolean, details?: object, route?: string}>}
 */
export const states = {
    'offline': { doc: made((doc) => { nobody(doc); Object.assign(doc.agent, { activity: 'offline', line: 'none' }); }), phone: { mic: 'ok', device: 'Jabra Evolve2', state: 'none', registered: false } },
    'joining': { doc: made((doc) => { nobody(doc); Object.assign(doc.agent, { activity: 'available', line: 'dialling', line_since: at(-4) }); }), phone: { mic: 'ok', state: 'registering', registered: false } },
    'available': { doc: made((doc) => { nobody(doc); Object.assign(doc.agent, { activity: 'available', since: at(-12) }); }) },
    'preview': { doc: made((doc) => { doc.call = null; Object.assign(doc.agent, { activity: 'reserved', since: at(-8) }); doc.pop = { kind: 'preview', campaign: 1, lead: 12, attempt: null, reservation: 5, until: at(22) }; }) },
    'dialling': { doc: made((doc) => { Object.assign(doc.agent, { activity: 'reserved', since: at(-9) }); doc.pop.kind = 'dialling'; Object.assign(doc.call, { state: 'ringing', ringing_since: at(-7), answered_at: null, bridged_at: null, hello_ms: null }); }) },
    'connecting': { doc: made((doc) => { Object.assign(doc.agent, { activity: 'reserved', since: at(0) }); Object.assign(doc.call, { state: 'answered', answered_at: at(0), bridged_at: null, hello_ms: null }); }) },
    'on-call': { doc: made(() => {}), keys: [']', '1'] },
    'hello': { doc: made((doc) => { doc.call.bridged_at = at(-2); }) },
    'hold': { doc: made((doc) => { doc.call.held_since = at(-38); doc.call.bridged_at = at(-251); }) },
    'hold-late': { doc: made((doc) => { doc.call.held_since = at(-138); doc.call.bridged_at = at(-351); }) },
    'consult': { doc: made((doc) => { doc.call.held_since = at(-21); doc.call.bridged_at = at(-302); doc.call.consult = { party: 'p1', with: 'party' }; doc.call.parties = [claims(-21)]; }) },
    'three': { doc: made((doc) => { doc.call.parties = [claims(-40)]; }) },
    'hung-up': { doc: made((doc) => ended(doc, 4, 'customer')) },
    'wrap-up': { doc: made((doc) => ended(doc, 27, 'agent')) },
    'break': { doc: made((doc) => { nobody(doc); Object.assign(doc.agent, { activity: 'break', break_code: 1, since: at(-1086) }); }) },
    'break-over': { doc: made((doc) => { nobody(doc); Object.assign(doc.agent, { activity: 'break', break_code: 2, since: at(-900) }); }) },
    'reconnecting': { doc: made((doc) => { Object.assign(doc.agent, { line: 'rejoining', line_since: at(-3) }); }) },
    'back': { doc: made((doc) => { doc.last = { lost_at: at(-4), back_at: at(-1), away_ms: 2100 }; }) },
    'lost': { doc: made((doc) => { ended(doc, 20, 'line'); doc.call.result = 'lost'; }) },
    'mic-refused': { doc: made((doc) => { nobody(doc); Object.assign(doc.agent, { activity: 'available', since: at(-5) }); }), phone: { mic: 'refused', state: 'registered' } },
    'headset-gone': {
        doc: made(() => {}),
        phone: { headset_gone: true, device: 'MacBook microphone', device_id: 'b', devices: [{ id: 'b', name: 'MacBook microphone' }, { id: 'c', name: 'Logitech C920' }] },
    },
    'taken-over': { doc: made((doc) => { nobody(doc); Object.assign(doc.agent, { activity: 'available', screen: 'another', line_since: at(-167) }); }) },
    'signed-out': { doc: made((doc) => { nobody(doc); doc.agent.activity = 'available'; }), refuse: true },
    'keypad': { doc: made(() => {}), keys: ['d', '1', '2', '#'] },
    'transfer': { doc: made(() => {}), keys: ['t'] },
    'add': { doc: made(() => {}), keys: ['a'] },
    'callback': { doc: made(() => {}), keys: ['2'] },
    'do-not-call': { doc: made(() => {}), keys: ['8'] },
    'break-menu': { doc: made(() => {}), keys: ['b'] },
    'keymap': { doc: made(() => {}), keys: ['?'] },
    'command': { doc: made(() => {}), keys: ['Control+k'] },
    'note': { doc: made(() => {}), keys: ['n'] },
    'longest': {
        doc: made((doc) => {
            doc.person.name = 'Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh, Maximiliane Alexandra';
            doc.person.place = 'Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch';
            doc.person.warnings = [...doc.person.warnings, { kind: 'complaint', at: at(-900000) }, { kind: 'promised', at: at(-60) }];
            doc.person.fields[0].value = 'Building, contents, garden, garage and the bicycles of everybody in the household';
        }),
    },
    'fields-30': { doc: made((doc) => { doc.person.fields = Array.from({ length: 30 }, (_, n) => ({ name: `Field ${n + 1}`, value: n % 7 ? `Value ${n + 1}` : '' })); }) },
    'no-script': { doc: made(() => {}), details: { ...campaign, script: { steps: [], asides: [] } } },
    'dispositions-14': { doc: made(() => {}), details: { ...campaign, dispositions: Array.from({ length: 14 }, (_, n) => ({ code: `c${n}`, name: `Disposition ${n + 1}`, behaviour: 'done', effect: 'finishes', asks_note: false })) } },
    'by-hand': { doc: made((doc) => { doc.person = null; doc.pop = null; }) },
    'callbacks-page': { doc: made((doc) => { nobody(doc); Object.assign(doc.agent, { activity: 'available', since: at(-12) }); }), route: '/desk/callbacks' },
    'calls-page': { doc: made((doc) => { nobody(doc); Object.assign(doc.agent, { activity: 'available', since: at(-12) }); }), route: '/desk/calls' },
};

/** What the telephone says where a state does not say otherwise. */
export const phoneWell = { state: 'connected', registered: true, mic: 'ok', device: 'Jabra Evolve2', device_id: 'a', rtt_ms: 18, loss: 0, devices: [{ id: 'a', name: 'Jabra Evolve2' }] };
