// All words of the pages, by name, with named places {so}. A text that depends on a number is an object of plural
// forms (Intl.PluralRules) over its place {n}. Another language is another table with the same names.

/** @typedef {string | Partial<Record<Intl.LDMLPluralRule, string>>} Text */

/** @type {Record<string, Text>} */
const en = {
    'product': 'Outdial',
    'person.customer': 'the customer', 'person.you': 'You', 'nothing': '–',

    'state.loading': 'Loading', 'state.offline': 'Offline', 'state.joining': 'Joining the room',
    'state.available': 'Available', 'state.preview': 'Preview', 'state.dialling': 'Dialling',
    'state.connecting': 'Connecting now', 'state.on-call': 'On call', 'state.three': 'Three in the call',
    'state.hold': 'Customer on hold', 'state.consult': 'Consulting', 'state.consult_with': 'Consulting {name}',
    'state.hung-up': 'Customer hung up', 'state.wrap-up': 'Wrap-up', 'state.lost': 'Customer lost',
    'state.break': 'Break', 'state.break_named': 'Break · {name}', 'state.reconnecting': 'Reconnecting',
    'state.mic-refused': 'Microphone refused', 'state.headset-gone': 'Headset gone',
    'state.taken-over': 'Taken over', 'state.signed-out': 'Signed out',

    'block.offline': 'Join the room to take calls', 'block.joining': 'Checking microphone and line',
    'block.available': 'The next call comes by itself', 'block.longest_wait': 'Longest wait today {time}',
    'block.preview': 'Read, then dial', 'block.dials_in': 'Dials by itself in {time}',
    'block.dialling': 'Calling {name}', 'block.rings': 'Ringing at {name}',
    'block.connecting': 'The customer is being connected', 'block.attempt': '{name} · attempt {n} of {of}',
    'block.hello': 'Hello in {time}', 'block.you_and': 'With {name}', 'block.three': '{names}',
    'block.whole_call': 'On call {time}', 'block.hold_music': 'Hold music playing',
    'block.go_back': 'Go back to the customer soon',
    'block.consult_held': '{customer} is on hold and hears music', 'block.consult_rings': 'Ringing at {name}',
    'block.consult_customer': '{name} waits. You speak with {customer}',
    'block.next_call_in': 'Next call in {time}', 'block.then_next_in': 'Ends in {time}',
    'block.wrap_over': 'Time is over. Choose a disposition', 'block.wrap_free': 'Take the time you need',
    'block.ended': 'On call {time} · choose a disposition', 'block.ended_chosen': 'On call {time}',
    'block.lost': 'The call was lost, {time}',
    'block.break_until': 'Planned {planned} · back at {time}', 'block.break_over': 'Planned {planned} · over by {time}',
    'block.customer_kept': 'Customer is kept in the room, with hold music',
    'block.line_away': 'Your line is being dialled again. No customer is waiting',
    'block.mic_refused': 'No calls until the browser may use it',
    'block.headset_gone': 'The call goes on with {name}',
    'block.taken_over': 'You are signed in on another screen since {time}',
    'block.signed_out': 'You were signed out. Your note is kept',
    'block.back': 'Back after {time}. The customer heard hold music.', 'block.back_idle': 'Back after {time}.',

    'say.loading': '', 'say.offline': 'Offline', 'say.joining': 'Joining the room', 'say.available': 'Available',
    'say.preview': 'Preview: {name}', 'say.dialling': 'Dialling {name}', 'say.connecting': 'Connecting {name}',
    'say.on-call': 'On call with {name}', 'say.three': 'A third person is in the call',
    'say.hold': '{name} is on hold', 'say.consult': 'Consulting. {name} is on hold',
    'say.hung-up': 'The customer hung up. Choose a disposition', 'say.wrap-up': 'Wrap-up. Choose a disposition',
    'say.lost': 'The call was lost. A callback is due at once', 'say.break': 'On break',
    'say.reconnecting': 'Reconnecting. The customer is kept in the room, with hold music',
    'say.reconnecting_idle': 'Reconnecting. No customer is waiting',
    'say.mic-refused': 'Microphone refused', 'say.headset-gone': 'Headset gone. The call goes on with another device',
    'say.taken-over': 'This desk is open on another screen', 'say.signed-out': 'Signed out',
    'say.blocked': '{name} is blocked on all campaigns', 'say.saved': 'Saved',

    'key.mute': 'Mute', 'key.unmute': 'Unmute', 'key.hold': 'Hold', 'key.resume': 'Resume', 'key.swap': 'Swap',
    'key.keypad': 'Keypad', 'key.transfer': 'Transfer', 'key.hand_over': 'Hand over', 'key.add': 'Add',
    'key.all_together': 'All together', 'key.help': 'Ask help', 'key.help_on': 'Help asked', 'key.more': 'More',
    'key.hang_up': 'Hang up', 'key.hang_up_again': 'Press {key} again', 'key.end_consult': 'End consult',
    'key.stop_ringing': 'Stop ringing', 'key.leave_them': 'Leave them to it',
    'key.note': 'Note', 'key.more_time': 'More time', 'key.dial': 'Dial', 'key.skip': 'Skip', 'key.snooze': 'Snooze',
    'key.break': 'What follows this call', 'key.available': 'Available', 'key.leave': 'Sign out', 'key.join': 'Join',
    'key.call_back': 'Call back now', 'key.keys': 'Keys of this page', 'key.command': 'Search or do anything',
    'key.close': 'Close, leave the field', 'key.go_desk': 'Go to the desk', 'key.go_callbacks': 'Go to callbacks',
    'key.go_calls': 'Go to my calls', 'key.columns': 'Next column', 'key.columns_back': 'Column before',
    'key.disposition': 'Disposition by its place', 'key.branch': 'Script branch by its place',
    'key.finish': 'Hang up if live, save, next',

    'why.no_call': 'Nobody is on the line.', 'why.reconnecting': 'Not now: your line is reconnecting.',
    'why.not_joined': 'Join the room first.', 'why.no_result': 'There is no call to give a disposition.',
    'why.no_more_time': 'There is no limit to extend.', 'why.no_branch': 'There is no such branch here.',
    'why.no_break': 'You are not on a break.', 'why.joined': 'You have joined.',

    'finish.none': 'Choose a disposition to finish', 'finish.choose': 'Choose a disposition to finish',
    'finish.time': 'Choose a time to finish', 'finish.block': 'Confirm the block to finish',
    'finish.note': 'Write a note to finish', 'finish.hang_up': 'Hang up and finish',
    'finish.next': 'Finish, next call', 'finish.break': 'Finish, then break', 'finish.leave': 'Finish, then sign out',

    'page.desk': 'Desk', 'page.callbacks': 'Callbacks', 'page.calls': 'My calls', 'page.pages': 'Pages',
    'page.skip': 'Skip to the customer', 'page.skip_result': 'Skip to the result',
    'page.call': 'Call', 'page.result': 'Result', 'page.title': '{state} · Outdial',
    'page.broken': 'This page stopped working. Your call is not affected.', 'page.reload': 'Reload',
    'page.code': 'Code {code}',
    'push.away': 'No news from the server for {time}. The page asks every 2 s.',
    'push.away_short': 'Behind', 'push.behind': 'No news for {time}', 'mode.predictive': 'Predictive', 'mode.progressive': 'Progressive',
    'mode.preview': 'Preview', 'mode.manual': 'By hand', 'mode.ratio': 'Ratio', 'header.campaign': '{name} · {mode}',
    'header.person': 'You: {name}', 'header.keys': 'Keys of this page',

    'after.title': 'After this call', 'after.title_now': 'Next', 'after.stay': 'Stay available',
    'after.break': 'Break · {name}', 'after.leave': 'Sign out', 'after.planned': '{time}',
    'after.plain_break': 'Break',

    'line.title': 'Line', 'line.room': 'Your room', 'line.default_device': 'Default device', 'line.good': 'Good',
    'line.fair': 'Fair', 'line.poor': 'Poor', 'line.none': 'Not connected', 'line.registering': 'Connecting',
    'line.waiting': 'Waits for the room', 'line.loss': '· {share}% lost', 'line.level': 'Microphone level',
    'line.muted': 'You are muted',

    'callbacks.title': 'Callbacks', 'callbacks.today': { one: '{n} today', other: '{n} today' },
    'callbacks.in': 'in {time}', 'callbacks.due': 'due now', 'callbacks.none': 'No callbacks today.',
    'callbacks.later': 'Later', 'callbacks.now': 'Due now', 'callbacks.rest_of_today': 'Today',
    'callbacks.own': 'with you', 'callbacks.team': 'with anyone', 'callbacks.call': 'Call now',
    'callbacks.call_who': 'Call now: {name}',
    'callbacks.empty': 'No callbacks. Choose "Callback" as a disposition and it appears here.',

    'shift.title': 'My shift', 'shift.since': 'since {time}', 'shift.calls': 'Calls', 'shift.talking': 'Talking',
    'shift.talk': '{time} · {percent}%',

    'person.local': '{place}, *{time}* there', 'person.local_plain': '*{time}* there',
    'person.attempt': 'Attempt *{n} of {of}*', 'person.attempt_plain': 'Attempt *{n}*', 'person.until': 'May be called until *{time}* there',
    'person.list': 'List', 'person.from': 'Calling from', 'person.none': 'Nobody on the line',
    'person.kind.mobile': 'mobile', 'person.kind.home': 'home', 'person.kind.work': 'work',
    'person.facts': 'What we know', 'person.more_fields': { one: '{n} more field', other: '{n} more fields' },
    'person.fewer_fields': 'Fewer fields', 'person.copy': 'Copy {number}',

    'warning.abandoned': 'We hung up on {name} on {date}.', 'warning.abandoned_more': 'Nobody was free in time. Apologise first.',
    'warning.complaint': '{name} complained on {date}.', 'warning.complaint_more': 'Read the history first.',
    'warning.promised': 'A callback was promised for {date}.', 'warning.promised_more': 'It is this call.',
    'warning.other': '{kind}, {date}.', 'warning.other_plain': '{kind}.',

    'script.title': 'Script', 'script.back': 'Step back', 'script.on': 'Step on', 'script.missing': '(no {name})',
    'script.branch_to': 'Go to {title}', 'script.branch_other': '{to}', 'script.asks': 'If they ask', 'script.steps': 'Steps',
    'script.none': 'This campaign has no script.',

    'tab.script': 'Script', 'tab.details': 'Details', 'tab.result': 'Disposition', 'tab.history': 'History',
    'tab.tabs': 'Parts of the page',

    'disposition.title': 'Disposition',
    'disposition.press': { one: 'press {n}', other: 'press 1 to {n}' }, 'disposition.more': 'press 1 to 9, 0 for all',
    'disposition.others': { one: '{n} more', other: '{n} more' }, 'disposition.all': 'All dispositions',
    'disposition.block': 'Block {name} on all campaigns?', 'disposition.block_yes': 'Block',
    'disposition.block_no': 'Cancel', 'disposition.at': '{date}, {time} theirs',
    'disposition.blocked': 'blocked', 'disposition.waits': 'Dispositions appear with the call.',
    'effect.done': 'finishes', 'effect.retry': 'again later', 'effect.callback': 'pick a time',
    'effect.do-not-call': 'blocks person', 'effect.wrong-number': 'blocks number', 'effect.machine': 'again later',

    'note.title': 'Note', 'note.place': 'Note for the next person who calls', 'note.saved': 'Saved',
    'note.saved_ago': '{time} ago', 'note.saving': 'Saving', 'note.kept': 'Kept here',
    'note.failed': 'Not saved yet: {why}', 'note.typed': 'Typing',

    'history.title': 'History', 'history.attempts': { one: '{n} attempt', other: '{n} attempts' },
    'history.none': 'First call to this person.', 'history.by': '{agent} {note}', 'history.none_now': 'History appears with the call.',
    'page.stopped': 'The page stopped',
    'result.connected': 'Spoke', 'result.abandoned': 'No one was free', 'result.hung-up': 'Hung up before an answer',
    'result.machine': 'Answering machine', 'result.busy': 'Busy', 'result.no-answer': 'No answer',
    'result.invalid': 'Number does not exist', 'result.failed': 'Call failed', 'result.canceled': 'Stopped ringing',
    'result.none': 'No result', 'result.lost': 'Call lost',
    'history.more.abandoned': 'Abandoned, message played', 'history.more.no-answer': 'Rang, then stopped',

    'wait.title': 'Waiting for the next customer',
    'wait.text': 'The page changes by itself when somebody answers. Keep the headset on.',
    'wait.break': 'You are on a break', 'wait.break_text': 'No call comes until you are available again.',
    'wait.last': 'Last calls', 'wait.last_hint': 'change a disposition for 10 min', 'wait.no_calls': 'No calls yet in this shift.',
    'wait.change': 'Change', 'wait.change_who': 'Change the disposition of {name}',

    'check.title': 'Before you join', 'check.mic': 'Microphone', 'check.mic_ok': 'Speak: the bars move with your voice.',
    'check.mic_ask': 'The browser asks once whether Outdial may use it.', 'check.mic_allow': 'Allow the microphone',
    'check.mic_missing': 'No microphone is connected. Plug in your headset.', 'check.mic_asking': 'Answer the question of the browser.',
    'check.speaker': 'Speaker', 'check.speaker_text': 'Two soft notes, as loud as a customer.', 'check.play': 'Play',
    'check.network': 'Network', 'check.network_ms': '{time} to the server and back', 'check.network_wait': 'Measuring',
    'check.good': 'Good', 'check.slow': 'Slow. Voices will come late.',
    'check.campaigns': 'Campaigns', 'check.no_campaigns': 'No campaign is given to you yet. Ask a supervisor.',
    'check.choose': 'Choose a campaign to join.', 'check.device': 'Device',
    'campaign.running': 'running', 'campaign.paused': 'paused', 'campaign.stopped': 'stopped', 'campaign.draft': 'not started',
    'campaign.finished': 'finished', 'campaign.draining': 'ending', 'campaign.line': '{mode} · {state}',

    'joining.title': 'Joining the room', 'joining.mic': 'Microphone', 'joining.line': 'Line', 'joining.room': 'Room',
    'joining.done': 'ready', 'joining.wait': 'waiting', 'joining.slow_mic': 'The browser waits for your answer about the microphone.',
    'joining.slow_line': 'The voice server has not answered yet.', 'joining.slow_room': 'The room has not called this page yet.',
    'joining.again': 'Try again',

    'refused.title': 'The browser does not let Outdial hear you',
    'refused.1': 'Click the sign at the left of the address.', 'refused.2': 'Switch "Microphone" to allowed.',
    'refused.3': 'Come back here and press "Ask again".', 'refused.again': 'Ask again', 'refused.other': 'Use another device',
    'refused.mic': 'Microphone', 'refused.allow': 'Allow', 'refused.site': 'Your address of Outdial',

    'headset.title': 'Choose a device', 'headset.text': 'The customer hears you through the device marked here.',
    'taken.title': 'Your desk is open on another screen', 'taken.text': 'One desk a person: the telephone rings on one screen only.',
    'taken.use': 'Use this screen', 'out.title': 'You are signed out', 'out.again': 'Sign in again',
    'lost.text': 'A callback is due at once.',

    'keypad.title': 'Keypad', 'keypad.sent': 'Sent {digits}', 'keypad.hint': 'Keys 0 to 9, * and # go as tones.', 'keypad.none': 'Nothing sent yet',
    'panel.close': 'Close', 'transfer.title': 'Transfer to', 'add.title': 'Add to the call', 'transfer.search': 'Name or number',
    'transfer.hand_over': 'Hand over', 'transfer.ask': 'Ask first', 'transfer.add': 'Add', 'transfer.none': 'Nobody matches. Type a number to call it.',
    'transfer.hand_who': 'Hand over to {name}', 'transfer.ask_who': 'Ask first: {name}', 'transfer.add_who': 'Add {name}',
    'transfer.busy': 'busy', 'transfer.number': 'number',
    'activity.available': 'available', 'activity.on-call': 'on a call', 'activity.reserved': 'about to talk', 'activity.wrap-up': 'in wrap-up',
    'activity.break': 'on a break', 'activity.offline': 'offline',
    'party.title': 'In the call', 'party.mute': 'Mute', 'party.unmute': 'Unmute', 'party.remove': 'Remove',
    'party.mute_who': 'Mute {name}', 'party.unmute_who': 'Unmute {name}', 'party.remove_who': 'Remove {name}',
    'party.ringing': 'ringing', 'party.joined': 'in the call', 'party.muted': 'muted', 'party.held': 'on hold',
    'next.title': 'What follows this call', 'next.title_now': 'What next',

    'callback.title': 'Call back', 'callback.past': 'past', 'callback.night': 'outside calling hours',
    'callback.taken': { one: '{n} callback in this hour', other: '{n} callbacks in this hour' }, 'callback.me': 'With me', 'callback.anyone': 'With anyone',
    'callback.day': 'Day', 'callback.time': 'Time', 'callback.who': 'Who calls', 'callback.none': 'No time is left on this day.',
    'callback.theirs': 'theirs', 'callback.ours': 'yours', 'callback.today': 'Today',

    'skip.title': 'Why skip?', 'skip.known': 'Talked to them already', 'skip.data': 'Data is wrong', 'skip.not_now': 'Not the right time',
    'skip.other': 'Another reason', 'snooze.title': 'Show again', 'snooze.15': 'in 15 min', 'snooze.60': 'in 1 h', 'snooze.240': 'in 4 h',
    'snooze.1440': 'tomorrow',

    'keys.title': 'Keys of this page', 'keys.call': 'Call', 'keys.result': 'Result', 'keys.script': 'Script', 'keys.preview': 'Preview', 'keys.page': 'Everywhere',
    'keys.typing': 'In a text field the same letter with Alt acts.', 'keys.single': 'Single letters', 'keys.letters': 'Act without Alt', 'keys.change': 'Change',
    'keys.change_who': 'Change the key for {name}', 'keys.press': 'Press a letter', 'keys.off': 'Off', 'keys.reset': 'As it was', 'keys.none': 'off',
    'cues.title': 'Sounds', 'cues.offer': 'Preview, callback due', 'cues.low': 'Customer hung up, headset gone', 'cues.trouble': 'Line trouble',
    'cues.connecting': 'Tick before the customer', 'cues.hold': 'Tick at the hold limit', 'cues.wrap': 'Tick 10 s before the next call',
    'theme.title': 'Colours', 'theme.system': 'As the system', 'theme.light': 'Light', 'theme.dark': 'Dark',

    'command.title': 'Search or do anything', 'command.none': 'Nothing matches "{text}".',
    'calls.title': 'My calls', 'calls.at': 'At', 'calls.who': 'Customer', 'calls.result': 'What happened', 'calls.length': 'Length',
    'calls.none': 'No calls yet in this shift.', 'calls.disposition': 'Disposition', 'calls.change': 'Change', 'calls.choose': 'Choose the right disposition',

    'login.title': 'Sign in', 'login.name': 'Name', 'login.password': 'Password', 'login.language': 'Language', 'login.go': 'Sign in',
    'login.demo': 'This is a demonstration: the people are simulated, the calls are real. Have a headset ready.', 'login.demo_go': 'Take the seat',
    'login.busy': 'Signing in', 'login.name_missing': 'Enter your name.', 'login.password_missing': 'Enter your password.',
    'login.error': 'Error: {title}', 'login.summary': 'Not signed in', 'login.page': 'Sign in · Outdial', 'language.en': 'English',

    'http.away': 'The server does not answer. Nothing is lost; try again.', 'http.refused': 'The server refused: {why}',
    'http.broken': 'The server answered with an error ({status}).',
    'phone.token': 'The voice server did not accept this page. Reload it.', 'phone.line': 'The voice server is away. Trying again by itself.',
    'phone.mic': 'Microphone refused. Allow it beside the address, then "Ask again".', 'phone.other': 'The telephone reports: {why}',
    'phone.insecure': 'The browser gives the microphone only to a page opened by https or on localhost.',
};

const LANGUAGES = /** @type {Record<string, Record<string, Text>>} */ ({ en });
let table = en;
let rules = new Intl.PluralRules('en');

/** @param {string} language the table falls back to English, text by text */
export function textLanguage(language) {
    table = LANGUAGES[language] ?? en;
    rules = new Intl.PluralRules(LANGUAGES[language] ? language : 'en');
}

/** Is there such a text? @param {string} id */
export function textKnown(id) {
    return id in table || id in en;
}

/** @param {string} id @param {Record<string, string|number>} [places] @returns {string} */
export function text(id, places) {
    const found = table[id] ?? en[id];
    if (found === undefined) throw new Error(`no text named '${id}'`);
    const form = typeof found === 'string' ? found : found[rules.select(Number(places?.n ?? 0))] ?? found.other ?? '';
    return places ? form.replaceAll(/\{(\w+)\}/g, (_, name) => String(places[name] ?? '')) : form;
}

/** The text for a word of the wire ("mode", "ratio"); the word itself where a newer server has one we do not know.
 *  @param {string} kind @param {any} word @returns {string} */
export function textOf(kind, word) {
    return textKnown(`${kind}.${word}`) ? text(`${kind}.${word}`) : String(word ?? '');
}

export const texts = en;
