// Scripts of the simulated network: a mistake is refused with its place.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { temporaryFolder } from '../lib/process.mjs';
import { outdial, together } from './house.mjs';

test('a script is told where it is wrong', async (t) => {
    const { folder, remove } = temporaryFolder();
    t.after(remove);
    const one = (behaviour) => ({ numbers: { '+1': behaviour } });
    let count = 0;
    await together([
        ['', /line 1/], ['{', /line 1, column 1/], ['{\n"seed": oops}', /line 2, column/], ['[]', /object/], ['{"seed":"x"}', /seed/],
        [{ nonsense: 1 }, /nonsense/], [{ numbers: [] }, /numbers/], [one({}), /do/],
        [one({ do: 'dance' }), /numbers\."\+1": "do" must be answer/], [one({ do: 'answer', rign: 1 }), /rign/],
        [one({ do: 'answer', ring: -1 }), /ring/], [one({ do: 'answer', ring: [3, 1] }), /ring/],
        [one({ do: 'answer', ring: 1e9 }), /ring/], [one({ do: 'answer', ring: 'long' }), /ring/],
        [one({ do: 'answer', ring: {} }), /ring/],
        [one({ do: 'answer', ring: { lognormal: [1] } }), /ring/],
        [one({ do: 'answer', ring: { uniform: [1, 2], min: 5, max: 3 } }), /ring/],
        [one({ mix: [] }), /mix/], [one({ mix: [{ do: 'busy', weight: 0 }] }), /weight/],
        [one({ do: 'reject', code: 200 }), /code/], [one({ do: 'answer', answer_at_try: 0 }), /answer_at_try/],
        [one({ do: 'answer', hello: { wav: 'none.wav' } }), /none\.wav/, 1],
        [one({ do: 'answer', digits: { press: 'abc!' } }), /press|digits/],
        [one({ do: 'answer', auth: {} }), /auth/], [{ codecs: ['OPUS'] }, /codecs/],
        [{ numbers: { ['9'.repeat(70)]: { do: 'busy' } } }, /9{10}/],
        ['['.repeat(10000), /line 1.*depth/], ['\0\0\0', /line 1/], [Buffer.alloc(100, 0xff), /line 1/],
    ], 3, ([script, said, code = 2]) => {
        const file = path.join(folder, `script-${++count}.json`);
        writeFileSync(file, typeof script === 'string' || Buffer.isBuffer(script) ? script
            : JSON.stringify({ default: { do: 'unknown' }, ...script }));
        return outdial(['phones', '--listen', '127.0.0.1:0', '--script', file], code, said, { ms: 5000 });
    });
    await outdial(['phones', '--script', '/none.json'], 2, /'\/none\.json': No such file/);
    await outdial(['phones', '--script', folder], 2, /Is a directory/);
});
