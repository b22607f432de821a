// Hard days: each file tells one. All at once, for most of each is waiting.

import { describe } from 'node:test';

import { clock } from './clock.mjs';
import { damage } from './damage.mjs';
import { engine } from './engine.mjs';
import { ports } from './ports.mjs';
import { trunk } from './trunk.mjs';

describe('hard days', { concurrency: 6 }, () => { for (const day of [clock, damage, engine, trunk, ports]) day(); });
