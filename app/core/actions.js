// What each control means right now: its label, whether it can be used and, if not, why; and what it is aimed at.
// Buttons and keys are both drawn from and judged by this one table.

import { phaseOf, callIsLive, callIsUp, partiesJoined } from './phase.js';
import { choiceMade, choiceWants } from './choice.js';
import { text } from '../texts.js';

/**
 * @typedef {{label: string, icon: string, enabled: boolean, why: string, lit: boolean, act: string,
 *   aim: string}} Action
 *   act: what it does now ("hold", "swap"); aim: act and the call it is aimed at, null-like '' where nothing
 */

const CALL_PHASES = new Set(['on-call', 'three', 'hold', 'consult', 'headset-gone']);

/** @param {import('./page.js').Page} page @returns {Record<string, Action>} */
export function actionsOf(page) {
    const phase = phaseOf(page);
    const { doc } = page;
    const live = CALL_PHASES.has(phase);
    const consult = phase === 'consult';
    const attempt = doc?.call?.attempt ?? '';
    const lead = doc?.pop?.lead ?? '';
    const blocked = phase === 'reconnecting' ? text('why.reconnecting') : text('why.no_call');
    /** @type {Record<string, Action>} */
    const all = {};
    /**
     * @param {string} id @param {boolean} enabled @param {string} act @param {string} label @param {string} icon
     * @param {{lit?: boolean, why?: string, target?: any}} [more]
     */
    const add = (id, enabled, act, label, icon, more = {}) => {
        all[id] = {
            label, icon, enabled, lit: more.lit ?? false, act,
            why: enabled ? '' : more.why ?? blocked,
            aim: enabled ? `${act}:${more.target ?? attempt}` : '',
        };
    };

    const talking = live;
    add('mute', talking, 'mute', text(page.phone.muted ? 'key.unmute' : 'key.mute'),
        page.phone.muted ? 'mic-off' : 'mic', { lit: page.phone.muted });
    if (consult) add('hold', true, 'swap', text('key.swap'), 'swap');
    else add('hold', live, 'hold', text(doc?.call?.held_since ? 'key.resume' : 'key.hold'),
        doc?.call?.held_since ? 'play' : 'pause', { lit: Boolean(live && doc?.call?.held_since) });
    add('keypad', live && !consult, 'keypad', text('key.keypad'), 'keypad', { lit: page.panel?.kind === 'keypad' });
    if (consult) add('transfer', true, 'hand-over', text('key.hand_over'), 'transfer');
    else add('transfer', live, 'transfer', text('key.transfer'), 'transfer', { lit: page.panel?.kind === 'transfer' });
    if (consult) add('add', true, 'all-together', text('key.all_together'), 'people');
    else add('add', live, 'add', text('key.add'), 'person-add', { lit: page.panel?.kind === 'add' });
    const helps = Boolean(doc?.agent?.needs_help);
    const here = !['loading', 'signed-out', 'taken-over', 'offline', 'joining', 'mic-refused'].includes(phase);
    add('help', here, 'help', text(helps ? 'key.help_on' : 'key.help'), 'help', {
        lit: helps, why: text('why.not_joined'), target: 'desk',
    });
    add('more', true, 'more', text('key.more'), 'more', { lit: page.panel?.kind === 'more', target: 'desk' });

    const armed = page.armed?.attempt === attempt && page.armed !== null;
    if (consult) add('hang-up', true, 'end-consult', text('key.end_consult'), 'hang-up', { lit: armed });
    else if (phase === 'dialling' || (phase === 'connecting' && callIsUp(doc)))
        add('hang-up', callIsUp(doc) && phase === 'dialling', 'stop-ringing',
            text(phase === 'dialling' ? 'key.stop_ringing' : 'key.hang_up'), 'hang-up', { lit: armed });
    else add('hang-up', live, 'hang-up', text('key.hang_up'), 'hang-up', { lit: armed });

    // The result of a call may be chosen from the moment the customer is shown until the next one comes.
    const judged = Boolean(doc?.call) && (live || callIsLive(doc)
        || ['hung-up', 'wrap-up', 'lost', 'reconnecting'].includes(phase));
    const list = page.details?.dispositions ?? [];
    for (let at = 0; at < 10; at++)
        add(`disposition-${(at + 1) % 10}`, judged && (at < 9 ? at < list.length : list.length > 9), 'disposition',
            list[at]?.name ?? '', '', { why: text('why.no_result') });
    const ready = judged && choiceMade(page);
    add('finish', ready && phase !== 'reconnecting', live ? 'hang-up-and-finish' : 'finish', text(!judged
        ? 'finish.none' : !ready ? `finish.${choiceWants(page) ?? 'choose'}`
            : live ? 'finish.hang_up' : finishThen(doc)), '', {
        why: text(!judged ? 'why.no_result' : phase === 'reconnecting' ? 'why.reconnecting' : 'finish.choose'),
    });
    add('note', judged, 'note', text('key.note'), '', { why: text('why.no_result') });
    add('more-time', ['wrap-up', 'hung-up'].includes(phase) && Boolean(doc?.wrap_up?.until)
        && doc.wrap_up.more_time !== 0 && doc.wrap_up.more_time !== false, 'more-time', text('key.more_time'), 'plus',
    { why: text('why.no_more_time') });

    const preview = phase === 'preview';
    add('dial', preview, 'dial', text('key.dial'), 'phone', { target: lead });
    add('skip', preview, 'skip', text('key.skip'), '', { target: lead });
    add('snooze', preview, 'snooze', text('key.snooze'), '', { target: lead });
    add('preview-time', preview && Boolean(doc?.pop?.until), 'preview-time', text('key.more_time'), '', { target: lead });

    const steps = page.details?.script?.steps ?? [];
    const shown = Boolean(doc?.person) && steps.length > 0;
    const branches = steps[page.step]?.branches ?? [];
    for (let at = 0; at < 4; at++)
        add(`branch-${at + 1}`, shown && at < branches.length, 'branch', branches[at]?.label ?? '', '',
            { why: text('why.no_branch'), target: `${attempt || lead}:${page.step}` });
    add('step-back', shown && page.step > 0, 'step-back', text('script.back'), '', { target: 'script' });
    add('step-on', shown && page.step < steps.length - 1, 'step-on', text('script.on'), '', { target: 'script' });

    add('break', here, 'break', text('key.break'), 'break', { why: text('why.not_joined'), target: 'desk' });
    add('available', here && phase === 'break', 'available', text('key.available'), 'circle', {
        why: text('why.no_break'), target: 'desk',
    });
    add('leave', here, 'leave', text('key.leave'), '', { why: text('why.not_joined'), target: 'desk' });
    add('join', ['offline', 'taken-over'].includes(phase) && !page.join, 'join', text('key.join'), '', {
        why: text('why.joined'), target: 'desk',
    });
    add('leave-them', live && partiesJoined(doc).length > 0, 'leave-them', text('key.leave_them'), '');
    add('call-back', phase === 'lost', 'call-back', text('key.call_back'), 'phone', { target: lead });
    for (const id of ['keys', 'command', 'close', 'go-desk', 'go-callbacks', 'go-calls', 'columns', 'columns-back'])
        add(id, true, id, text(`key.${id.replaceAll('-', '_')}`), '', { target: 'page' });
    return all;
}

/** @param {any} doc */
function finishThen(doc) {
    const next = doc?.agent?.next?.activity;
    return next === 'break' ? 'finish.break' : next === 'offline' ? 'finish.leave' : 'finish.next';
}
