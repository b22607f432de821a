#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "wire/form.h"
#include "wire/twiml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct twiml_element *element, bool top)
{
    for (; element; element = element->next) {
        check(utf8_is_valid(slice_from(element->text)));
        check(top == (element->kind < TWIML_NUMBER) || !top);
        for (size_t i = 0; i < element->attribute_count; ++i)
            check(twiml_text(element, element->attributes[i].name, NULL) != NULL);
        walk(element->first, false);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct twiml_document *document = NULL;
    struct twiml_error error;
    int err = twiml_parse(&document, slice_of((const char *)data, size), &error);

    if (err) {
        check(err == EINVAL || err == E2BIG || err == ENOMEM);
        check(err == ENOMEM || error.text[0] != '\0');
        return 0;
    }
    walk(document->first, true);
    for (const struct twiml_warning *warning = document->warnings; warning; warning = warning->next)
        check(utf8_is_valid(slice_from(warning->text)));
    twiml_free(document);
    return 0;
}
