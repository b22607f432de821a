// nginx as packaging/nginx/outdial.conf sets it up, on free ports and with a certificate of our own making.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePort } from '../lib/ports.mjs';
import { Running, temporaryFolder } from '../lib/process.mjs';
import { until } from '../lib/wait.mjs';

const CONF = fileURLToPath(new URL('../../../packaging/nginx/outdial.conf', import.meta.url));
export const NAME = 'desk.test';

/** An authority, and a certificate for NAME that it has signed. */
function certify(folder) {
    const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=test authority');
    openssl('req', ...key, '-keyout', 'own.key', '-out', 'own.csr', '-subj', `/CN=${NAME}`);
    writeFileSync(path.join(folder, 'names'), `subjectAltName=DNS:${NAME}\n`);
    openssl('x509', '-req', '-in', 'own.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', 'own.pem',
        '-days', '2', '-extfile', 'names');
    return readFileSync(path.join(folder, 'ca.pem'));
}

/** In the packaged text only what an operator changes is changed, and the ports, which are the test's own. */
function confOf(folder, serve, https, http) {
    const text = readFileSync(CONF, 'utf8')
        .replaceAll('/etc/ssl/outdial/NAME.pem', `${folder}/own.pem`)
        .replaceAll('/etc/ssl/outdial/NAME.key', `${folder}/own.key`)
        .replaceAll('server_name NAME', `server_name ${NAME}`)
        .replaceAll('listen 443', `listen 127.0.0.1:${https}`)
        .replace('listen 80', `listen 127.0.0.1:${http}`)
        .replace('server 127.0.0.1:8080', `server 127.0.0.1:${serve}`);
    const own = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        .map((one) => `${one}_temp_path ${folder}/${one};`).join('\n');
    return `master_process off;\npid ${folder}/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n${own}\n${text}}\n`;
}

/** { https, http, authority, stop } */
export async function startNginx(serve) {
    const { folder, remove } = temporaryFolder();
    const authority = certify(folder);
    const [https, plain] = [await freePort(), await freePort()];
    writeFileSync(path.join(folder, 'nginx.conf'), confOf(folder, serve, https, plain));
    const nginx = new Running('/usr/sbin/nginx', ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr', '-g', 'daemon off;']);
    const open = () => new Promise((resolve) => {
        const socket = net.connect(https, '127.0.0.1', () => { socket.destroy(); resolve(true); });
        socket.once('error', () => resolve(false));
    });
    await until(async () => {
        if (nginx.end) throw new Error(`nginx ended: ${nginx.errors}`);
        return open();
    }, 10000, 'nginx to listen');
    return { https, http: plain, authority, stop: async () => { await nginx.stop(); remove(); } };
}
