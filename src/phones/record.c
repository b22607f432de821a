#include "phones/record.h"

json_t *record_new(const char *event, instant at)
{
    json_t *line = json_object();

    record_set(line, "event", json_string(event));
    record_set(line, "at", json_integer(at));
    return line;
}

void record_set(json_t *line, const char *key, json_t *value)
{
    json_object_set_new(line, key, value ? value : json_null());
}

void record_set_time(json_t *line, const char *key, instant at)
{
    record_set(line, key, at ? json_integer(at) : json_null());
}

void record_write(json_t *line, FILE *file)
{
    if (line && file) {
        json_dumpf(line, file, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);
        fputc('\n', file);
        fflush(file);
    }
    json_decref(line);
}

json_t *record_rtp(const struct rtp_stats *stats)
{
    json_t *rtp = json_object();

    record_set(rtp, "sent", json_integer((json_int_t)stats->sent));
    record_set(rtp, "received", json_integer((json_int_t)stats->received));
    record_set(rtp, "lost", json_integer((json_int_t)stats->lost));
    record_set(rtp, "late", json_integer((json_int_t)stats->late));
    record_set(rtp, "foreign", json_integer((json_int_t)stats->foreign));
    record_set(rtp, "malformed", json_integer((json_int_t)stats->malformed));
    record_set(rtp, "unsent", json_integer((json_int_t)stats->unsent));
    record_set(rtp, "gap_ms", json_real((double)stats->gap / 1000));
    record_set_time(rtp, "gap_ended_at", stats->gap_ended_at);
    return rtp;
}

json_t *record_text(struct slice text)
{
    json_t *value = json_stringn(text.at, text.size);
    char plain[512];
    size_t size = 0;

    if (value)
        return value;
    for (; size < text.size && size < sizeof(plain); size++)
        plain[size] = (char)(text.at[size] & 0x80 ? '?' : text.at[size]);
    return json_stringn(plain, size);
}
