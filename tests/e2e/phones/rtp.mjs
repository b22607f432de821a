// A caller's sound: an RTP socket that remembers what it received and can send.

import dgram from 'node:dgram';
import { performance } from 'node:perf_hooks';

export class RtpSocket {
    static async open() {
        const rtp = new RtpSocket();
        rtp.packets = [];
        rtp.peer = null;
        rtp.socket = dgram.createSocket('udp4');
        rtp.socket.on('message', (data, from) => {
            rtp.peer = from;
            const packet = {
                at: performance.timeOrigin + performance.now(), // ms of UTC
                type: data[1] & 0x7f, marker: data[1] > 127, sequence: data.readUInt16BE(2),
                timestamp: data.readUInt32BE(4), payload: data.subarray(12), data,
            };
            rtp.packets.push(packet);
            rtp.onPacket?.(packet);
        });
        await new Promise((resolve) => rtp.socket.bind(0, '127.0.0.1', resolve));
        rtp.port = rtp.socket.address().port;
        return rtp;
    }

    /** To where packets came from. */
    send(data) { if (this.peer) this.socket.send(data, this.peer.port, this.peer.address); }

    /** The digits heard by RFC 4733, one for each event. */
    digits() {
        const seen = new Map();
        for (const packet of this.packets)
            if (packet.type === 101) seen.set(packet.timestamp, '0123456789*#ABCD'[packet.payload[0]]);
        return [...seen.values()].join('');
    }

    voice() { return this.packets.filter((packet) => packet.type !== 101); }

    close() { this.socket.close(); }
}

/** µ-law byte -> 16-bit sample. */
export function mulaw(byte) {
    const inverted = ~byte & 0xff;
    const magnitude = (((inverted & 0x0f) << 3) + 0x84 << (inverted >> 4 & 7)) - 0x84;
    return inverted & 0x80 ? -magnitude : magnitude;
}

/** The power of a tone in µ-law bytes, relative to their whole power: 1 is a pure tone. */
export function tonePurity(bytes, hz) {
    let re = 0, im = 0, power = 0;
    bytes.forEach((byte, n) => {
        const sample = mulaw(byte);
        re += sample * Math.cos(2 * Math.PI * hz * n / 8000);
        im += sample * Math.sin(2 * Math.PI * hz * n / 8000);
        power += sample * sample;
    });
    return power ? 2 * (re * re + im * im) / (bytes.length * power) : 0;
}
