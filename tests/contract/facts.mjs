// Answers held against the project's table of facts, voice-fields.json.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));

export const table = JSON.parse(readFileSync(path.join(HERE, 'voice-fields.json'), 'utf8'));

const DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d \+0000$/;

const LIST_FIELDS = {
    uri: 'text', first_page_uri: 'text', next_page_uri: 'text?', previous_page_uri: 'text?',
    page: 'integer', page_size: 'integer', start: 'integer', end: 'integer',
};

function fits(type, value) {
    if (type.endsWith('?')) {
        if (value === null) return true;
        type = type.slice(0, -1);
    }
    switch (type) {
    case 'text': return typeof value === 'string';
    case 'date': return typeof value === 'string' && DATE.test(value);
    case 'integer': return Number.isInteger(value);
    case 'number': return typeof value === 'number';
    case 'flag': return typeof value === 'boolean';
    case 'object': return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'any': return true;
    }
    if (/^[A-Z]{2}$/.test(type)) return new RegExp(`^${type}[0-9a-f]{32}$`).test(value);
    return type.split('|').includes(value);
}

/** What our engine says beyond the table: the names say whose they are. */
const OURS = { outdial_trunk: 'up|down|unknown', outdial_status_callback: 'text?' };

/** What is wrong with an object: missing, unknown and mistyped fields. */
export function differences(fields, object, where) {
    const wrong = [];
    for (const [name, type] of Object.entries(fields)) {
        if (!(name in object)) wrong.push(`${where}.${name} is missing`);
        else if (!fits(type, object[name]))
            wrong.push(`${where}.${name} is ${JSON.stringify(object[name])}, not ${type}`);
    }
    for (const [name, value] of Object.entries(object))
        if (!(name in fields) && !(name in OURS && fits(OURS[name], value)))
            wrong.push(`${where}.${name} is in no table`);
    return wrong;
}

/** The operation of the table a request was, with its name; null: none. */
export function operationOf(method, url) {
    const below = new URL(url).pathname.replace(/^\/2010-04-01/, '');
    for (const [name, operation] of Object.entries(table.operations)) {
        const [verb, template] = name.split(' ');
        const full = template.startsWith('/Accounts') ? template : `/Accounts/{AccountSid}${template}`;
        const pattern = full.replace(/\./g, '\\.').replace(/\{[A-Za-z]+\}/g, '[^/]+');
        if (verb === method && new RegExp(`^${pattern}$`).test(below)) return { name, ...operation };
    }
    return null;
}

/** What is wrong with the answer to an operation. Errors have their own shape. */
export function wrongWith(method, url, status, text) {
    const operation = operationOf(method, url);
    if (status >= 400) return wrongWithError(status, text);
    if (!operation) return [`${method} ${url} is in no table`];
    if (status !== operation.status) return [`${operation.name} answered ${status}`];
    if (status === 204) return text ? [`${operation.name} has a body`] : [];
    const body = JSON.parse(text);
    if (operation.is) return differences(table.schemas[operation.is], body, operation.name);
    const items = body[operation.list];
    if (!Array.isArray(items)) return [`${operation.name} has no ${operation.list}`];
    const { [operation.list]: _, ...envelope } = body;
    return [...differences(LIST_FIELDS, envelope, operation.name),
        ...items.flatMap((item, i) =>
            differences(table.schemas[operation.of], item, `${operation.name}[${i}]`))];
}

function wrongWithError(status, text) {
    const body = JSON.parse(text);
    const wrong = differences({ code: 'integer', message: 'text', more_info: 'text',
                                status: 'integer' }, body, `error ${status}`);
    if (body.status !== status) wrong.push(`error status ${body.status} in an answer ${status}`);
    if (!body.more_info?.endsWith(`/${body.code}`)) wrong.push(`more_info is ${body.more_info}`);
    return wrong;
}
