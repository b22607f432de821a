#include "wire/g711.h"

void g711_transcode(const uint8_t table[256], const uint8_t *in, uint8_t *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = table[in[i]];
}
