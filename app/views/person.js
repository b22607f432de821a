// The middle column: who is on the line, what is known, and what to say; or what stands there when nobody is.
import { html, icon, cap, marked } from './html.js';
import { control } from './controls.js';
import { waiting, deviceCheck, joining, refusedHelp, takenOver, signedOut } from './waiting.js';
import { phaseOf } from '../core/phase.js';
import { scriptParagraphs, scriptStep, scriptValues } from '../core/script.js';
import { clock, clockThere, dateLong, instant } from '../core/time.js';
import { hint } from '../keys.js';
import { text, textKnown, textOf } from '../texts.js';

/**
 * @typedef {import('./controls.js').Hands} Hands
 * @typedef {import('./controls.js').Page} Page
 * @typedef {import('./controls.js').Actions} Actions
 */

const FIELDS_SHOWN = 8;

/** @param {Page} page @param {Actions} actions @param {Hands} hands */
export function personColumn(page, actions, hands) {
    const phase = phaseOf(page);
    const alone = { 'loading': null, 'offline': deviceCheck, 'joining': joining, 'mic-refused': refusedHelp, 'taken-over': takenOver,
        'signed-out': signedOut };
    const other = phase in alone ? /** @type {any} */ (alone)[phase] : page.doc?.person || page.doc?.call ? null : waiting;
    const body = phase === 'loading' ? (page.trouble ? html`<p class="trouble" role="alert">${page.trouble.text}</p>` : null) : other ? other(page, actions, hands) : person(page, actions, hands);
    return html`<main class=${`column person ${other || phase === 'loading' ? 'alone' : ''}`} id="column-person" tabindex="-1">${body}</main>`;
}

/** @param {Page} page @param {Actions} actions @param {Hands} hands */
function person(page, actions, hands) {
    return html`${who(page, actions, hands)}${tabs(page, hands)}${warnings(page)}${facts(page, hands)}${script(page, actions, hands)}`;
}

/** @param {Page} page @param {Actions} actions @param {Hands} hands */
function who(page, actions, hands) {
    const { doc, now, language } = page;
    const one = doc.person ?? {}; // a number dialled by hand belongs to nobody yet
    const number = one.numbers?.find((/** @type {any} */ n) => n.current) ?? one.numbers?.[0];
    const until = instant(one.may_call_until);
    const kind = textOf('person.kind', number?.kind);
    return html`<header class="who-is" id="person">
        <h2 class="name" lang=""><bdi>${one.name || number?.national || text('person.customer')}</bdi></h2>
        <p class="who-line">
            ${number ? html`<span><bdi class="strong num">${number.national}</bdi> ${kind}</span>` : null}
            ${one.zone ? html`<span>${marked(text(one.place ? 'person.local' : 'person.local_plain', { place: one.place ?? '', time: clockThere(now, language, one.zone) }))}</span>` : null}
            ${one.attempt ? html`<span>${marked(text(one.attempts_max ? 'person.attempt' : 'person.attempt_plain', { n: one.attempt, of: one.attempts_max ?? '' }))}</span>` : null}
            ${until ? html`<span class="not-laptop not-narrow">${marked(text('person.until', { time: clock(until, language, one.zone) }))}</span>` : null}
        </p>
        ${actions['call-back'].enabled ? html`<p class="lost-line">${text('lost.text')} ${control({ page, actions, hands, id: 'call-back', look: 'primary' })}</p>` : null}
        ${page.trouble ? html`<p class="trouble" role="alert">${page.trouble.text}</p>` : null}
    </header>`;
}

const TABS = /** @type {Page['tab'][]} */ (['script', 'details', 'result', 'history']);

/** @param {Page} page @param {Hands} hands */
function tabs(page, hands) {
    return html`<nav class="tabs only-narrow" aria-label=${text('tab.tabs')}>${TABS.map((tab) => html`<button type="button" key=${tab}
        aria-current=${page.tab === tab ? 'true' : undefined} onClick=${() => hands.send({ kind: 'tab', tab })}>${text(`tab.${tab}`)}</button>`)}</nav>`;
}

/** @param {Page} page */
function warnings(page) {
    const { doc, language } = page;
    const list = (doc.person?.warnings ?? []).slice(0, 3);
    if (!list.length) return null;
    return html`<div class="warnings in-script">${list.map((/** @type {any} */ warning, /** @type {number} */ at) => {
        const when = instant(warning.at);
        const known = textKnown(`warning.${warning.kind}`);
        const places = { name: doc.person.name, kind: warning.text ?? warning.kind, date: when ? dateLong(when, language, doc.person.zone) : '' };
        return html`<p class="warning" key=${at}>${icon('warning')}<span><b>${text(known ? `warning.${warning.kind}` : when ? 'warning.other' : 'warning.other_plain', places)}</b>
            ${known ? ` ${text(`warning.${warning.kind}_more`)}` : ''}</span></p>`;
    })}</div>`;
}

/** @param {Page} page @param {Hands} hands */
function facts(page, hands) {
    const { doc, details } = page;
    const all = [...(doc.person?.fields ?? [])];
    const order = details?.fields ?? [];
    // In the campaign's order; what it does not name comes after.
    const place = (/** @type {any} */ field) => { const at = order.indexOf(field.name); return at < 0 ? order.length : at; };
    const fields = all.sort((a, b) => place(a) - place(b));
    if (doc.person?.list) fields.push({ name: text('person.list'), value: doc.person.list });
    if (doc.person?.calling_from) fields.push({ name: text('person.from'), value: doc.person.calling_from });
    if (!fields.length) return null;
    const many = fields.length > FIELDS_SHOWN;
    const shown = many && !page.ticked.fields ? fields.slice(0, FIELDS_SHOWN) : fields;
    return html`<section class="facts details" aria-label=${text('person.facts')}>
        <dl>${shown.map((field) => html`<div key=${field.name}><dt>${field.name}</dt><dd>${field.value === '' || field.value === null || field.value === undefined ? text('nothing') : html`<bdi>${field.value}</bdi>`}</dd></div>`)}</dl>
        ${many ? html`<button type="button" class="quiet" aria-expanded=${String(Boolean(page.ticked.fields))} onClick=${() => hands.send({ kind: 'fields' })}>
            ${page.ticked.fields ? text('person.fewer_fields') : text('person.more_fields', { n: fields.length - FIELDS_SHOWN })}</button>` : null}
    </section>`;
}

/** @param {Page} page @param {Actions} actions @param {Hands} hands */
function script(page, actions, hands) {
    const steps = page.details?.script?.steps ?? [];
    if (!page.details) return html`<section class="script in-script" id="script"></section>`;
    if (!steps.length) return html`<section class="script in-script" id="script"><p class="hint">${text('script.none')}</p></section>`;
    const now = steps[page.step] ?? steps[0];
    const values = scriptValues(page.doc, page.details);
    return html`<nav class="steps in-script" aria-label=${text('script.steps')}>
            <div class="steps-list">${steps.map((/** @type {any} */ step, /** @type {number} */ at) => html`<button type="button" key=${at} aria-current=${at === page.step ? 'step' : undefined}
                onClick=${() => hands.send({ kind: 'step', step: at })}>${at + 1} ${step.title}</button>`)}</div>
            <div class="steps-keys">${['step-back', 'step-on'].map((id) => html`<button type="button" id=${`act-${id}`} key=${id} class=${`cap-button ${actions[id].enabled ? '' : 'dim'} ${page.flash?.action === id ? 'flash' : ''}`}
                aria-disabled=${actions[id].enabled ? undefined : 'true'} onClick=${() => hands.press(id)}><span class="hidden">${actions[id].label}</span><span aria-hidden="true">${hint(id, page) || (id === 'step-on' ? '›' : '‹')}</span></button>`)}</div>
        </nav>
        <section class="script in-script" id="script" aria-label=${text('script.title')} tabindex="-1">
            <div class="script-body">${scriptParagraphs(now.text, values).map((one, at) => html`<p key=${at} class=${one.aside ? 'to-agent' : ''}>${one.pieces.map((piece, n) => piece.kind === 'text'
        ? piece.text : piece.kind === 'field' ? html`<b class="merge" key=${n}>${piece.text}</b>`
            : html`<span class="missing" key=${n}>${text('script.missing', { name: piece.name })}</span>`)}</p>`)}</div>
            ${now.branches?.length ? html`<div class="branches">${now.branches.slice(0, 4).map((/** @type {any} */ branch, /** @type {number} */ at) => {
        const to = scriptStep(steps, branch.to);
        return html`<button type="button" key=${at} id=${`act-branch-${at + 1}`} class=${`branch ${page.flash?.action === `branch-${at + 1}` ? 'flash' : ''}`} onClick=${() => hands.press(`branch-${at + 1}`)}>
                ${cap(hint(`branch-${at + 1}`, page))}<span class="label"><span class="strong">${branch.label}</span>
                <span class="aside">${to >= 0 ? text('script.branch_to', { title: steps[to].title }) : text('script.branch_other', { to: branch.to ?? '' })}</span></span>${icon('right', 'point')}</button>`;
    })}</div>` : null}
            ${asides(page, hands)}
        </section>`;
}

/** @param {Page} page @param {Hands} hands */
function asides(page, hands) {
    const list = page.details?.script?.asides ?? [];
    if (!list.length) return null;
    const values = scriptValues(page.doc, page.details);
    return html`<div class="asides"><h2>${text('script.asks')}</h2>${list.map((/** @type {any} */ aside, /** @type {number} */ at) => {
        const open = page.open === at;
        return html`<div class="ask" key=${at}><button type="button" aria-expanded=${String(open)} onClick=${() => hands.send({ kind: 'aside', at })}>
                <span class="label">${aside.title ?? aside.question ?? ''}</span>${icon('down', open ? 'turned' : '')}</button>
            ${open ? scriptParagraphs(aside.text ?? aside.answer ?? '', values).map((one, n) => html`<p key=${n}>${one.pieces.map((piece) => piece.kind === 'missing'
        ? text('script.missing', { name: piece.name }) : piece.text).join('')}</p>`) : null}</div>`;
    })}</div>`;
}
