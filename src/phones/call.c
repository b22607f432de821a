#include "phones/call.h"

#include <string.h>

#include "phones/record.h"

void call_digits_add(char digits[CALL_DIGITS_MAX], char digit)
{
    size_t size = strlen(digits);

    if (size + 1 < CALL_DIGITS_MAX)
        digits[size] = digit;
}

struct call_heard *call_heard_add(struct call_heard list[CALL_HEARD_MAX], uint32_t *count)
{
    return *count < CALL_HEARD_MAX ? &list[(*count)++] : NULL;
}

static const char *end_name(enum call_end end)
{
    switch (end) {
    case CALL_BY_PERSON:
        return "person";
    case CALL_BY_CALLER:
        return "caller";
    case CALL_CANCELED:
        return "canceled";
    case CALL_BROKEN:
        return "broken";
    case CALL_LOST:
        return "lost";
    case CALL_STOPPED:
        return "stop";
    }
    return "";
}

static json_t *heard_list(const struct call_heard *list, uint32_t count)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < count; i++) {
        json_t *one = json_object();
        char call[CALL_ID_SIZE];

        snprintf(call, sizeof(call), "c%u", list[i].call);
        record_set(one, "name", json_string(list[i].name));
        record_set(one, "call", json_string(call));
        record_set(one, "at", json_integer(list[i].at));
        record_set(one, "first_word_ms",
                   list[i].first_word ? json_real((double)list[i].word_us / 1000) : json_null());
        record_set(one, "cut_ms", list[i].first_word ? json_integer(list[i].cut_ms) : json_null());
        json_array_append_new(array, one);
    }
    return array;
}

json_t *call_record(const struct call *call)
{
    json_t *line = record_new("ended", call->ended_at);

    record_set(line, "call", json_string(call->name));
    record_set(line, "kind", json_string(call->behaviour->robot ? "robot" : "person"));
    record_set(line, "number", json_string(call->number));
    record_set(line, "try", json_integer(call->attempt));
    record_set(line, "behaviour", json_string(call->behaviour->name));
    record_set(line, "from", json_string(call->from));
    record_set(line, "from_name", json_string(call->from_name));
    record_set(line, "sip_call_id", json_string(call->call_id));
    record_set(line, "transport", json_string(call->transport));
    record_set(line, "sip_code", call->code ? json_integer(call->code) : json_null());
    record_set(line, "ended_by", json_string(end_name(call->end)));
    record_set_time(line, "invited_at", call->invited_at);
    record_set_time(line, "ringing_at", call->ringing_at);
    record_set_time(line, "early_media_at", call->early_at);
    record_set_time(line, "answered_at", call->answered_at);
    record_set_time(line, "established_at", call->established_at);
    record_set_time(line, "first_rtp_sent_at", call->stats.first_sent_at);
    record_set_time(line, "first_rtp_received_at", call->stats.first_received_at);
    record_set_time(line, "hello_at", call->hello_at);
    record_set_time(line, "first_speech_heard_at", call->speech_at);
    record_set_time(line, "last_speech_heard_at", call->speech_last_at);
    record_set_time(line, "ended_at", call->ended_at);
    record_set(line, "speech_heard", json_integer(call->speech_count));
    record_set(line, "heard_by", heard_list(call->heard_by, call->heard_by_count));
    record_set(line, "heard", heard_list(call->heard, call->heard_count));
    record_set(line, "digits", json_string(call->digits));
    record_set(line, "pressed", json_string(call->pressed));
    record_set(line, "held", json_boolean(call->held));
    record_set(line, "rtp", record_rtp(&call->stats));
    record_set(line, "headers", json_incref(call->headers));
    return line;
}
