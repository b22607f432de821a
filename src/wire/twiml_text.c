#include "wire/twiml_text.h"

#include "wire/markup.h"

#define BEGIN "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>"
#define END "</Response>"

static void join(struct text *text, const char *room, const char *label, const char *public_url,
                 const char *ends)
{
    text_add(text, BEGIN "<Dial><Conference beep=\"false\" waitUrl=\"\" "
                         "startConferenceOnEnter=\"true\" endConferenceOnExit=\"");
    text_add(text, ends);
    text_add(text, "\" jitterBufferSize=\"small\" participantLabel=\"");
    markup_add(text, label);
    text_add(text, "\" statusCallbackEvent=\"join leave\" statusCallback=\"");
    markup_add(text, public_url);
    text_add(text, "/voice/conference#rc=4&amp;rp=ct,rt,5xx\">");
    markup_add(text, room);
    text_add(text, "</Conference></Dial>" END);
}

void twiml_join(struct text *text, const char *room, const char *label, const char *public_url)
{
    join(text, room, label, public_url, "false");
}

void twiml_join_pair(struct text *text, const char *room, const char *label, const char *public_url)
{
    join(text, room, label, public_url, "true");
}

/* It ends in the message by itself: nobody is left in silence by a dialer that is gone. */
void twiml_wait(struct text *text, const char *message)
{
    text_add(text, BEGIN "<Pause length=\"5\"/><Say>");
    markup_add(text, message);
    text_add(text, "</Say>" END);
}

void twiml_message(struct text *text, const char *message)
{
    text_add(text, BEGIN "<Say>");
    markup_add(text, message);
    text_add(text, "</Say>" END);
}

void twiml_digits(struct text *text, const char *digits)
{
    text_add(text, BEGIN);
    if (*digits) {
        text_add(text, "<Play digits=\"");
        markup_add(text, digits);
        text_add(text, "\"/>");
    }
    text_add(text, END);
}

void twiml_hang_up(struct text *text)
{
    text_add(text, BEGIN "<Hangup/>" END);
}
