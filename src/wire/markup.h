#ifndef WIRE_MARKUP_H
#define WIRE_MARKUP_H

#include "base/text.h"

/* Plain text into XML or HTML, as an element's content or an attribute's quoted value. */
void markup_add(struct text *text, const char *plain);

#endif
