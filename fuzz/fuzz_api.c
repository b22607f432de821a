/*
 * The dialer's interface: every route through its real handler, with fields of the right kind and of wrong ones,
 * while a campaign runs, the engine answers as it likes and time passes. Every request is answered once, never
 * with 500, in JSON where JSON is promised; the core is audited after each.
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
            script_answer(&script, &desk);
            break;
        case 1:
            script_wait(&script, &desk);
            break;
        case 2:
            script_hook(&script, &desk);
            break;
        default:
            script_ask(&script, &desk);
            break;
        }
    }
    desk_close(&desk);
    return 0;
}
