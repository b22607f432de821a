/* A campaign's settings as any JSON: refused with a place and a reason, or lawful options that survive being
 * written and read again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "server/campaign_settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    json_t *document = json_loadb((const char *)bytes, size, JSON_DECODE_ANY, NULL);
    struct campaign_options options = campaign_options_default();
    char why[CAMPAIGN_WHY_SIZE] = "";

    if (!document)
        return 0;
    if (campaign_settings_read(document, &options, why, sizeof(why)) != 0) {
        if (!why[0])
            abort();
    } else {
        json_t *written = campaign_settings_write(&options);
        struct campaign_options again = campaign_options_default();

        if (!written || campaign_options_check(&options, NULL) != REFUSED_NOT ||
            campaign_settings_read(written, &again, why, sizeof(why)) != 0)
            abort();
        json_decref(written);
    }
    json_decref(document);
    return 0;
}
