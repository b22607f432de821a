// Makes the project's table of facts from the vendor's OpenAPI document:
//
//   node tests/contract/make-voice-fields.mjs twilio_api_v2010.json > tests/contract/voice-fields.json
//
// The table says, for every operation the engine offers, which status it answers and which fields
// of which types the answer has. A type is one word, with '?' when the field may be null:
//
//   text  date (RFC 2822)  integer  number  flag  object  any  AC CA CF ... (a SID)  a|b (an enum)

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What the engine offers; the vendor's document has much more. */
const OFFERED = [
    'get /Accounts.json', 'get /Accounts/{Sid}.json',
    'get /Calls.json', 'post /Calls.json',
    'get /Calls/{Sid}.json', 'post /Calls/{Sid}.json', 'delete /Calls/{Sid}.json',
    'get /Calls/{CallSid}/Events.json',
    'get /Calls/{CallSid}/Notifications.json', 'get /Calls/{CallSid}/Notifications/{Sid}.json',
    'get /Notifications.json', 'get /Notifications/{Sid}.json',
    'get /Conferences.json', 'get /Conferences/{Sid}.json', 'post /Conferences/{Sid}.json',
    'get /Conferences/{ConferenceSid}/Participants.json',
    'post /Conferences/{ConferenceSid}/Participants.json',
    'get /Conferences/{ConferenceSid}/Participants/{CallSid}.json',
    'post /Conferences/{ConferenceSid}/Participants/{CallSid}.json',
    'delete /Conferences/{ConferenceSid}/Participants/{CallSid}.json',
    'get /IncomingPhoneNumbers.json', 'get /IncomingPhoneNumbers/{Sid}.json',
    'get /OutgoingCallerIds.json', 'get /OutgoingCallerIds/{Sid}.json',
    'get /Balance.json',
    'get /Applications.json', 'post /Applications.json',
    'get /Applications/{Sid}.json', 'post /Applications/{Sid}.json',
    'delete /Applications/{Sid}.json',
];

// Where the document contradicts its own examples.
const CORRECTED = { 'conference.reason_conference_ended': '?' };

const shortName = (reference) => reference.split('/').pop().replace(/^api\.v2010\.account\.?/, '')
    .replace(/^$/, 'account');

function typeOf(document, property) {
    let schema = property;
    const reference = property.$ref ?? property.allOf?.[0]?.$ref;
    if (reference) schema = document.components.schemas[reference.split('/').pop()];
    const nullable = property.nullable || schema.nullable ? '?' : '';
    const sid = /^\^([A-Z]{2})\[0-9a-fA-F\]\{32\}\$$/.exec(schema.pattern ?? '');
    if (sid) return sid[1] + nullable;
    if (schema.format === 'date-time-rfc-2822') return 'date' + nullable;
    if (schema.enum) return schema.enum.join('|') + nullable;
    const words = { string: 'text', boolean: 'flag', integer: 'integer', number: 'number',
                    object: 'object', array: 'list' };
    return (words[schema.type] ?? 'any') + nullable;
}

function schemaOf(document, name, tables) {
    const short = shortName(name);
    if (!tables[short]) {
        tables[short] = {};
        for (const [field, property] of Object.entries(document.components.schemas[name].properties))
            tables[short][field] = typeOf(document, property) +
                (CORRECTED[`${short}.${field}`] ?? '');
    }
    return short;
}

export function makeVoiceFields(document) {
    const schemas = {}, operations = {};
    for (const wanted of OFFERED) {
        const [method, path] = wanted.split(' ');
        const full = path.startsWith('/Accounts') ? `/2010-04-01${path}`
            : `/2010-04-01/Accounts/{AccountSid}${path}`;
        for (const [status, response] of
            Object.entries(document.paths[full][method].responses)) {
            const schema = response.content?.['application/json']?.schema;
            const operation = { status: Number(status) };
            const list = Object.entries(schema?.properties ?? {})
                .find(([, property]) => property.type === 'array');
            if (schema?.$ref) operation.is = schemaOf(document, schema.$ref.split('/').pop(), schemas);
            else if (list) {
                operation.list = list[0];
                operation.of = schemaOf(document, list[1].items.$ref.split('/').pop(), schemas);
            }
            operations[`${method.toUpperCase()} ${path}`] = operation;
        }
    }
    return { about: 'made by make-voice-fields.mjs; do not edit', operations, schemas };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const document = JSON.parse(readFileSync(process.argv[2], 'utf8'));
    const { about, operations, schemas } = makeVoiceFields(document);
    const line = ([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)}`;
    const schema = ([name, fields]) => `    ${JSON.stringify(name)}: {\n` + Object.entries(fields)
        .map((entry) => '    ' + line(entry)).join(',\n') + '\n    }';
    process.stdout.write(`{\n  "about": ${JSON.stringify(about)},\n  "operations": {\n` +
        Object.entries(operations).map(line).join(',\n') + '\n  },\n  "schemas": {\n' +
        Object.entries(schemas).map(schema).join(',\n') + '\n  }\n}\n');
}
