#include <stddef.h>
#include <stdint.h>

#include "wire/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever parses must survive being written and parsed again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct form form, back;
    struct text text;

    text_init(&text);
    if (form_parse(&form, slice_of((const char *)data, size)) == 0) {
        form_write(&form, &text);
        check(form_parse(&back, text_slice(&text)) == 0);
        check(back.count == form.count);
        for (size_t i = 0; i < form.count; ++i) {
            check(slice_is(slice_from(form.fields[i].name), back.fields[i].name));
            check(slice_is(slice_from(form.fields[i].value), back.fields[i].value));
        }
        form_release(&back);
    }
    form_release(&form);
    text_clear(&text);
    utf8_clean(slice_of((const char *)data, size), &text);
    check(utf8_is_valid(text_slice(&text)));
    text_release(&text);
    return 0;
}
