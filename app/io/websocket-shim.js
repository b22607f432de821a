// On a page opened by plain http (localhost, a test) the voice SDK's wss: address has no TLS to speak to: it becomes
// ws:. A classic script, loaded before everything else; on https it does nothing.
(() => {
    if (location.protocol !== 'http:') return;
    const Native = window.WebSocket;
    window.WebSocket = class extends Native {
        /** @param {string | URL} url @param {string | string[]} [protocols] */
        constructor(url, protocols) {
            super(String(url).replace(/^wss:/, 'ws:'), protocols);
        }
    };
})();
