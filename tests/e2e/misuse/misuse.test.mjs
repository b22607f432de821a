// The clumsy user and the hostile stranger: whatever they do, nothing crashes, and they are told what was
// wrong and where.

import { after } from 'node:test';

import './cli.mjs';
import './settings.mjs';
import './lists.mjs';
import './interface.mjs';
import './webhooks.mjs';
import './twiml.mjs';
import './phones.mjs';
import './terminal.mjs';
import { closeHouse } from './house.mjs';

after(closeHouse);
