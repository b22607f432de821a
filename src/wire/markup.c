#include "wire/markup.h"

void markup_add(struct text *text, const char *plain)
{
    for (; *plain; plain++)
        switch (*plain) {
        case '<':
            text_add(text, "&lt;");
            break;
        case '>':
            text_add(text, "&gt;");
            break;
        case '&':
            text_add(text, "&amp;");
            break;
        case '"':
            text_add(text, "&quot;");
            break;
        default:
            text_add_char(text, *plain);
        }
}
