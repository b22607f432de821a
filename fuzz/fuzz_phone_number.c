#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "wire/phone_number.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first two bytes are the country. What is accepted is E.164, and parses to itself. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct phone_number number, again;
    char national[PHONE_NATIONAL_SIZE];
    char country[3] = "";

    if (size < 2)
        return 0;
    country[0] = (char)data[0];
    country[1] = (char)data[1];
    if (phone_number_parse(slice_of((const char *)data + 2, size - 2), country, &number))
        return 0;
    check(number.e164[0] == '+' && strlen(number.e164) <= 16);
    check(strspn(number.e164 + 1, "0123456789") == strlen(number.e164) - 1);
    /* A number may lose a leading national prefix when it is read again; it stays a number. */
    (void)phone_number_parse(slice_from(number.e164), "", &again);
    phone_number_national(number.e164, national);
    return 0;
}
