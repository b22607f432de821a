/* SIP messages and session descriptions as they come from the network, and URIs to be called. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "voice/signal/description.h"
#include "voice/signal/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static struct mbuf *buffer_of(const uint8_t *bytes, size_t size)
{
    struct mbuf *buffer = mbuf_alloc(size + 1);

    if (!buffer || mbuf_write_mem(buffer, bytes, size))
        abort();
    buffer->pos = 0;
    return buffer;
}

static void read_description(struct mbuf *body, bool offer)
{
    struct signal_local local = {{htonl(INADDR_LOOPBACK)}, 20000};
    struct description *description;
    struct signal_media media;
    struct mbuf *written = NULL;

    if (description_new(&description))
        abort();
    description_local(description, &local);
    if (!offer && description_write(description, true, &written))
        abort();
    written = mem_deref(written);
    if (!description_read(description, body, offer, &media)) {
        check(media.payload_type < 128 && media.dtmf_type < 128);
        if (offer && description_write(description, false, &written))
            abort();
        mem_deref(written);
    }
    description_free(description);
}

static void read_message(const uint8_t *bytes, size_t size)
{
    struct mbuf *buffer = buffer_of(bytes, size);
    struct signal_header headers[SIGNAL_HEADERS_MAX];
    struct sip_msg *message;
    unsigned duration_ms;
    char digit;

    if (size > 4 && !sip_msg_decode(&message, buffer)) {
        size_t count = message_x_headers(message, headers, SIGNAL_HEADERS_MAX);

        for (size_t i = 0; i < count; ++i)
            check(headers[i].name.size + headers[i].value.size <= size);
        message_key(message, &digit, &duration_ms);
        if (message_has_description(message)) {
            size_t body_at = message->mb->pos;

            read_description(message->mb, true);
            message->mb->pos = body_at;
            read_description(message->mb, false);
        }
        mem_deref(message);
    }
    mem_deref(buffer);
}

static void read_uri(const uint8_t *bytes, size_t size)
{
    struct message_target target;
    struct text text;
    char *uri = slice_dup(slice_of((const char *)bytes, size));

    if (!uri)
        abort();
    if (!message_read_target(uri, &target))
        check(target.host.size && !memchr(uri, '\r', strlen(uri)));
    message_is_number(uri);
    text_init(&text);
    message_add_header(&text, slice_from("X-Any"), slice_of((const char *)bytes, size));
    message_add_name(&text, uri);
    message_add_user(&text, uri);
    text_release(&text);
    free(uri);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct mbuf *body;

    if (size > 65536)
        return 0;
    read_message(bytes, size);
    body = buffer_of(bytes, size);
    read_description(body, true);
    body->pos = 0;
    read_description(body, false);
    mem_deref(body);
    read_uri(bytes, size);
    return 0;
}
