// One state on one size, for the eye:  node tests/app/look.mjs STATE [WIDTHxHEIGHT] [light|dark] [FILE]
import { mockServer } from './mock-server.mjs';
import { enter, faultsOf, launch } from './browser.mjs';

const [name = 'on-call', size = '1440x900', theme = 'light', out = 'build/look.png'] = process.argv.slice(2);
const [width, height] = size.split('x').map(Number);
const server = await mockServer();
const browser = await launch();
const page = await browser.newPage({ viewport: { width, height }, colorScheme: /** @type {any} */ (theme), reducedMotion: 'reduce' });
const faults = faultsOf(page);
page.on('console', (message) => console.log(message.type(), message.text()));
await enter(page, server, name);
await page.waitForTimeout(300);
await page.screenshot({ path: out });
console.log(faults, server.asked);
await browser.close();
await server.close();
