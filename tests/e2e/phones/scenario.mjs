// sipp scenarios put together from steps: a caller's side of one call.

import { writeFileSync } from 'node:fs';
import path from 'node:path';

const VIA = 'Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]';
const FROM = 'From: "Ann Ex" <sip:+15005550006@[local_ip]:[local_port]>;tag=[pid]caller[call_number]';
const OF_INVITE = '[branch-of-invite]';
const CONTACT = 'Contact: <sip:caller@[local_ip]:[local_port];transport=[transport]>';

const escape = (text) => text.replace(/\n/g, '\r\n');
const message = (text, attributes = '') =>
    `<send ${attributes}><![CDATA[\n${escape(text)}\n]]></send>`;

const sdp = (payload, direction = 'sendrecv') => `v=0
o=- 1 [call_number] IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio [rtp_port] RTP/AVP ${payload} 101
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=${direction}
`;

const withBody = (body) => `Content-Type: application/sdp\nContent-Length: [len]\n\n${body}`;

const step = {
    invite: ({ payload = 0, headers = '', cseq = 1, offer = true, repeat = true } = {}) => message(
        `INVITE sip:[number]@[remote_ip]:[remote_port] SIP/2.0
${VIA}
${FROM}
To: <sip:[number]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: ${cseq} INVITE
${CONTACT}
Max-Forwards: 70
${headers}${offer ? withBody(sdp(payload)) : 'Content-Length: 0\n'}`, repeat ? 'retrans="500"' : ''),

    reinvite: ({ direction }) => message(
        `INVITE [next_url] SIP/2.0
${VIA}
${FROM}
To: <sip:[number]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: [cseq] INVITE
${CONTACT}
Max-Forwards: 70
${withBody(sdp(0, direction))}`, 'retrans="500"'),

    ack: ({ cseq = 1, body = '' } = {}) => message(
        `ACK sip:[number]@[remote_ip]:[remote_port] SIP/2.0
${VIA}
${FROM}
To: <sip:[number]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: ${cseq} ACK
Max-Forwards: 70
${body ? withBody(body) : 'Content-Length: 0\n'}`),

    answerInAck: () => step.ack({ body: sdp(0) }),

    // A CANCEL and the ACK of a rejection belong to the INVITE's transaction: its branch.
    cancel: () => message(
        `CANCEL sip:[number]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=${OF_INVITE}
${FROM}
To: <sip:[number]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 CANCEL
Max-Forwards: 70
Content-Length: 0
`),

    ackRejection: ({ cseq = 1 } = {}) => message(
        `ACK sip:[number]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=${OF_INVITE}
${FROM}
To: <sip:[number]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: ${cseq} ACK
Max-Forwards: 70
Content-Length: 0
`),

    bye: ({ cseq = 2 } = {}) => message(
        `BYE [next_url] SIP/2.0
${VIA}
${FROM}
To: <sip:[number]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: ${cseq} BYE
Max-Forwards: 70
Content-Length: 0
`, 'retrans="500"'),

    ok: () => message(
        `SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
${CONTACT}
Content-Length: 0
`),

    expect: (code, attributes = '') => `<recv response="${code}" ${attributes}/>`,
    maybe: (code) => `<recv response="${code}" optional="true"/>`,
    expectBye: () => '<recv request="BYE"/>',
    wait: (ms) => `<pause milliseconds="${ms}"/>`,
};

export { step };

/** The usual beginning: INVITE, provisional responses, 200, ACK. */
export const answered = (options) => [
    step.invite(options), step.maybe(100), step.maybe(180), step.maybe(183),
    step.expect(200, 'rrs="true"'), step.ack(),
];

/** Writes a scenario into a folder and returns its path. */
export function writeScenario(folder, name, steps) {
    const file = path.join(folder, `${name}.xml`);
    let invite = 0;
    // sipp names the branch of an earlier message by how many steps back it was sent.
    steps = steps.flat().map((text, i) => {
        if (text.includes('\nINVITE ')) invite = i;
        return text.replace(OF_INVITE, `[branch-${i - invite}]`);
    });
    writeFileSync(file, `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="${name}">
${steps.join('\n')}
</scenario>
`);
    return file;
}
