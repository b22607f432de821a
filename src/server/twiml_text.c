#include "server/twiml_text.h"

#define BEGIN "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>"
#define END "</Response>"

static void add_escaped(struct text *text, const char *plain)
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

void twiml_join(struct text *text, const char *room, const char *label, const char *public_url)
{
    text_add(text, BEGIN "<Dial><Conference beep=\"false\" waitUrl=\"\" "
                         "startConferenceOnEnter=\"true\" endConferenceOnExit=\"false\" "
                         "jitterBufferSize=\"small\" participantLabel=\"");
    add_escaped(text, label);
    text_add(text, "\" statusCallbackEvent=\"join leave\" statusCallback=\"");
    add_escaped(text, public_url);
    text_add(text, "/voice/conference#rc=4&amp;rp=ct,rt,5xx\">");
    add_escaped(text, room);
    text_add(text, "</Conference></Dial>" END);
}

void twiml_wait(struct text *text)
{
    text_add(text, BEGIN "<Pause length=\"20\"/>" END);
}

void twiml_message(struct text *text, const char *message)
{
    text_add(text, BEGIN "<Say>");
    add_escaped(text, message);
    text_add(text, "</Say>" END);
}

void twiml_hang_up(struct text *text)
{
    text_add(text, BEGIN "<Hangup/>" END);
}
