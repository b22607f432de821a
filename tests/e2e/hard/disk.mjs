// File systems of a test's own: small ones that can be full, and ones that become read-only. They live
// in a mount namespace that ends with the process, so nothing is left mounted.

import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statfsSync, unlinkSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { OUTDIAL } from '../lib/process.mjs';

/**
 * Runs this script again where it may mount, and ends with that run's code: as root in a mount
 * namespace, else in a user namespace, too. Where neither may be had: 77, which is counted as skipped.
 */
export function whereMountsAreOurs() {
    if (process.env.OUTDIAL_TEST_MOUNTS) return;
    const flags = process.getuid() === 0 ? ['-m'] : ['-U', '-r', '-m'];
    const may = spawnSync('unshare', [...flags, 'sh', '-c', 'd=$(mktemp -d) && mount -t tmpfs tmpfs "$d" && umount "$d" && rmdir "$d"']);
    if (may.status !== 0) {
        console.log('SKIPPED: no file system can be mounted here (neither as root nor by unshare): ' +
            `full and read-only disks are not tested. ${String(may.stderr ?? may.error)}`);
        process.exit(77);
    }
    const again = spawnSync('unshare', [...flags, '--propagation', 'private', process.execPath, ...process.execArgv,
        ...process.argv.slice(1)], { stdio: 'inherit', env: { ...process.env, OUTDIAL_TEST_MOUNTS: '1' } });
    process.exit(again.status ?? 1);
}

export class Disk {
    constructor(megabytes) {
        this.folder = mkdtempSync(path.join(tmpdir(), 'outdial-disk-'));
        execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', this.folder]);
        this.data = path.join(this.folder, 'data');
        mkdirSync(this.data, { mode: 0o700 });
        this.ballast = path.join(this.folder, 'ballast');
    }

    /** Writes until not one byte more can be, but for `leave` bytes. */
    fill(leave = 0) {
        const file = openSync(this.ballast, 'a');
        for (let size = 1 << 20; size; size >>= 1) {
            const piece = Buffer.alloc(size);
            try {
                while (this.room() > leave + (leave ? size : 0)) if (writeSync(file, piece) < size) break;
            } catch (error) { if (error.code !== 'ENOSPC') throw error; }
        }
        closeSync(file);
    }

    room() { const { bavail, bsize } = statfsSync(this.folder); return bavail * bsize; }
    free() { unlinkSync(this.ballast); }
    /** Of a disk nobody has open for writing. */
    readOnly(on = true) { execFileSync('mount', ['-o', `remount,${on ? 'ro' : 'rw'}`, this.folder]); }

    remove() {
        spawnSync('umount', ['-l', this.folder]);
        rmSync(this.folder, { recursive: true, force: true });
    }
}

/** A disk that fails under a running program: refuse.c, built once. */
export class Refusal {
    constructor(folder) {
        const library = path.join(folder, 'refuse.so');
        execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library,
            path.join(path.dirname(fileURLToPath(import.meta.url)), 'refuse.c'), '-ldl']);
        this.switch = path.join(folder, 'refuse.switch');
        /* a sanitizer's own library wants to be the first */
        const asan = String(execFileSync('cc', ['-print-file-name=libasan.so'])).trim();
        const needed = spawnSync('ldd', [OUTDIAL]).stdout?.includes('libasan');
        this.env = (data) => ({ REFUSE_BELOW: data, REFUSE_SWITCH: this.switch,
            LD_PRELOAD: `${needed ? `${asan} ` : ''}${library}` });
    }

    on(errno) { writeFileSync(this.switch, String(errno)); }
    off() { writeFileSync(this.switch, ''); }
}
