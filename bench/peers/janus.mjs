// Janus of the distribution beside our engine: AudioBridge rooms of two plain-RTP PCMU participants,
// 8 kHz, prebuffer 1, the same generator, CPU of the whole process. Own folder, own ports, on
// loopback, stopped at the end. `./dev bench --peers` installs the package.

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { freePort } from '../../tests/e2e/lib/ports.mjs';
import { quick } from '../lib/figure.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const PORTS_FIRST = 20000; // of the rooms, out of the way of the system's own

function settings(folder, http) {
    const write = (name, text) => writeFileSync(path.join(folder, `${name}.jcfg`), text);
    write('janus', `general: { configs_folder = "${folder}"\n debug_level = 2\n log_to_stdout = false
        log_to_file = "${folder}/janus.log"\n interface = "127.0.0.1"\n session_timeout = 0 }
        plugins: { disable = "libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_videoroom.so,libjanus_voicemail.so" }
        transports: { disable = "libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so,libjanus_websockets.so" }
        events: { broadcast = false }\n`);
    write('janus.transport.http', `general: { json = "compact"\n base_path = "/janus"\n http = true
        port = ${http}\n ip = "127.0.0.1"\n https = false }\n admin: { admin_http = false }\n`);
    write('janus.plugin.audiobridge', `general: { local_ip = "127.0.0.1"
        rtp_port_range = "${PORTS_FIRST}-${PORTS_FIRST + 4000}" }\n`);
}

class Janus {
    static async start() {
        const janus = new Janus();
        janus.folder = mkdtempSync(path.join(os.tmpdir(), 'outdial-janus-'));
        mkdirSync(path.join(janus.folder, 'recordings'), { recursive: true });
        const http = await freePort();
        settings(janus.folder, http);
        janus.url = `http://127.0.0.1:${http}/janus`;
        janus.child = spawn('taskset', ['-c', '0', 'chrt', '-f', '10', 'janus', '-F', janus.folder],
                            { stdio: 'ignore' });
        for (let i = 0; ; i++) {
            try { await (await fetch(`${janus.url}/info`)).json(); break; } catch (error) {
                if (i === 100) throw new Error('janus did not come up', { cause: error });
                await sleep(100);
            }
        }
        janus.session = (await janus.post('', { janus: 'create' })).data.id;
        return janus;
    }

    async post(where, body) {
        const answer = await (await fetch(this.url + where, {
            method: 'POST', body: JSON.stringify({ ...body, transaction: 'bench' }),
        })).json();
        if (answer.janus === 'error') throw new Error(JSON.stringify(answer.error));
        return answer;
    }

    async handle() {
        const where = `/${this.session}`;
        return (await this.post(where, { janus: 'attach', plugin: 'janus.plugin.audiobridge' })).data.id;
    }

    message(handle, body) {
        return this.post(`/${this.session}/${handle}`, { janus: 'message', body });
    }

    /** Seats two participants in each room; answers the ports to which they are to be sent. */
    async seat(legs, port) {
        const maker = await this.handle();
        const ports = new Map();
        const handles = [];
        for (let leg = 0; leg < legs; leg++) {
            const room = 1 + Math.floor(leg / 2);
            if (leg % 2 === 0) {
                const made = await this.message(maker, { request: 'create', room, sampling_rate: 8000,
                    allow_rtp_participants: true, default_prebuffering: 1, audiolevel_event: false });
                if (made.plugindata.data.audiobridge !== 'created') throw new Error(JSON.stringify(made));
            }
            handles.push(await this.handle());
            await this.message(handles[leg], { request: 'join', room, codec: 'pcmu', prebuffer: 1,
                rtp: { ip: '127.0.0.1', port, payload_type: 0 } });
        }
        while (ports.size < legs) {
            const events = await (await fetch(`${this.url}/${this.session}?maxev=100`)).json();
            for (const { sender, plugindata } of Array.isArray(events) ? events : [events]) {
                if (plugindata?.data?.error) throw new Error(JSON.stringify(plugindata.data));
                if (plugindata?.data?.rtp) ports.set(sender, plugindata.data.rtp.port);
            }
        }
        return handles.map((one) => ports.get(one));
    }

    stop() {
        this.child.kill('SIGCONT');
        this.child.kill('SIGKILL');
        rmSync(this.folder, { recursive: true, force: true });
    }
}

async function measure(legs) {
    const janus = await Janus.start();
    // taskset and chrt become janus: the same process
    const rooms = spawn(path.join(root, 'build/release/bench/peer_rooms'),
                        ['janus', String(janus.child.pid), String(legs), ...(quick ? ['--quick'] : [])],
                        { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => rooms.on('close', resolve));
    try {
        for await (const line of createInterface({ input: rooms.stdout })) {
            const port = /^port (\d+)$/.exec(line);
            if (port) rooms.stdin.end(`${(await janus.seat(legs, Number(port[1]))).join('\n')}\n`);
            else console.log(line);
        }
        if (await ended !== 0) throw new Error('peer_rooms failed');
    } finally {
        rooms.kill('SIGKILL');
        janus.stop();
    }
}

if (spawnSync('janus', ['--version'], { stdio: 'ignore' }).error) {
    console.error('janus is not installed: skipped (./dev bench --peers installs it)');
} else {
    for (const legs of quick ? [50, 200] : [50, 200, 400]) await measure(legs);
}
