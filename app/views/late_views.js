// The views that are loaded after the first drawing, in one place.
export { keypad, people, parties, nextMenu, more, skip, snooze } from './call_panels.js';
export { callbackPicker } from './callback.js';
export { command } from './command.js';
export { keymap } from './keymap.js';
export { listPage } from './lists.js';
