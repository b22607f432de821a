/*
 * Webhooks as the dialer takes them, form, signature, query and token, driven into the state of a running campaign;
 * and what the engine answers to the dialer's own requests, as its telephony reads it. They come in any order,
 * late, twice or never. Each is answered, the core is audited after each, and in the end nothing is left over.
 */
#include "desk_script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script script = {data, data + size};
    static struct desk desk;

    desk_open(&desk);
    while (script.at < script.end) {
        switch (script_byte(&script) % 8) {
        case 0:
            script_wait(&script, &desk);
            break;
        case 1:
        case 2:
        case 3:
            script_answer(&script, &desk);
            break;
        case 4:
            script_ask(&script, &desk);
            break;
        default:
            script_hook(&script, &desk);
            break;
        }
    }
    desk_close(&desk);
    return 0;
}
