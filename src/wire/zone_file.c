#include "wire/zone_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/*
 * RFC 8536: a header and data of 32-bit times, which we pass over; the same again with 64-bit
 * times; then the footer, a POSIX TZ rule for all times after the last transition.
 */
enum {
    HEADER_SIZE = 44,
    TIMES_MAX = 4096,
    TYPES_MAX = 256,
    OFFSET_MAX_S = 25 * 3600,
    YEAR_FIRST = 1900,
    YEAR_LAST = 2400,
};

/* A reason that is none of the file's. */
static const char NO_MEMORY[] = "";

struct header {
    char version;
    uint32_t isut_count, isstd_count, leap_count, time_count, type_count, char_count;
};

static uint32_t read_u32(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t read_i64(const unsigned char *at)
{
    return (int64_t)((uint64_t)read_u32(at) << 32 | read_u32(at + 4));
}

static const char *read_header(const unsigned char *at, size_t size, struct header *header)
{
    if (size < HEADER_SIZE)
        return "it is cut short";
    if (memcmp(at, "TZif", 4) != 0)
        return "it does not begin with \"TZif\"";
    header->version = (char)at[4];
    header->isut_count = read_u32(at + 20);
    header->isstd_count = read_u32(at + 24);
    header->leap_count = read_u32(at + 28);
    header->time_count = read_u32(at + 32);
    header->type_count = read_u32(at + 36);
    header->char_count = read_u32(at + 40);
    if (header->time_count > TIMES_MAX || header->type_count > TYPES_MAX ||
        header->char_count > TIMES_MAX || header->leap_count > TIMES_MAX ||
        header->isut_count > TYPES_MAX || header->isstd_count > TYPES_MAX)
        return "its header asks for too much";
    return NULL;
}

static size_t data_size(const struct header *header, size_t time_size)
{
    return header->time_count * (time_size + 1) + header->type_count * 6 + header->char_count +
           header->leap_count * (time_size + 4) + header->isstd_count + header->isut_count;
}

/* Room for one more transition, and for the offset before the first. */
static const char *make_room(struct zone_table *zone, size_t *room)
{
    size_t more = *room ? 2 * *room : 256;
    instant *times;
    int32_t *offsets;

    if (zone->count < *room)
        return NULL;
    times = realloc(zone->transitions, more * sizeof(*times));
    if (!times)
        return NO_MEMORY;
    zone->transitions = times;
    offsets = realloc(zone->offsets_s, (more + 1) * sizeof(*offsets));
    if (!offsets)
        return NO_MEMORY;
    zone->offsets_s = offsets;
    *room = more;
    return NULL;
}

static const char *add(struct zone_table *zone, size_t *room, instant at, int32_t offset_s)
{
    const char *reason = make_room(zone, room);

    if (!reason) {
        zone->transitions[zone->count] = at;
        zone->offsets_s[++zone->count] = offset_s;
    }
    return reason;
}

/* The 64-bit block: transitions into the table, changes of names or DST flag alone left out. */
static const char *read_block(struct zone_table *zone, size_t *room, const unsigned char *at,
                              const struct header *header)
{
    const unsigned char *indexes = at + header->time_count * 8;
    const unsigned char *types = indexes + header->time_count;
    int64_t last = INT64_MIN;
    int32_t current;
    const char *reason;

    if (header->type_count == 0)
        return "it names no local time type";
    for (size_t i = 0; i < header->type_count; i++) {
        int32_t offset = (int32_t)read_u32(types + 6 * i);
        if (offset < -OFFSET_MAX_S || offset > OFFSET_MAX_S)
            return "an offset from UTC is more than a day";
    }
    reason = make_room(zone, room);
    if (reason)
        return reason;
    zone->offsets_s[0] = current = (int32_t)read_u32(types);
    for (size_t i = 0; i < header->time_count; i++) {
        int64_t time_s = read_i64(at + 8 * i);
        int32_t offset;

        if (i && time_s <= last)
            return "its times do not ascend";
        last = time_s;
        if (indexes[i] >= header->type_count)
            return "a transition names a type that is not there";
        offset = (int32_t)read_u32(types + 6 * indexes[i]);
        if (time_s < -(INT64_MAX / SECOND) || time_s > INT64_MAX / SECOND) { /* the big bang */
            zone->offsets_s[0] = current = offset;
            continue;
        }
        if (offset == current)
            continue;
        reason = add(zone, room, time_s * SECOND, offset);
        if (reason)
            return reason;
        current = offset;
    }
    return NULL;
}

/* One side of a footer rule: M10.5.0/3, J60/2 or 59. */
struct rule_day {
    char kind; /* 'M', 'J' or 'N' */
    int month, week, weekday, day;
    int32_t at_s;
};

struct rule {
    int32_t standard_s, summer_s;
    bool has_summer;
    struct rule_day begins, ends;
};

static bool take_number(const char **at, int low, int high, int *value)
{
    int number = 0;
    int digits = 0;

    while (isdigit((unsigned char)**at) && digits < 4) {
        number = 10 * number + (**at - '0');
        (*at)++;
        digits++;
    }
    *value = number;
    return digits && number >= low && number <= high;
}

static bool take_char(const char **at, char c)
{
    if (**at != c)
        return false;
    (*at)++;
    return true;
}

static bool take_name(const char **at)
{
    const char *begin = *at;

    if (take_char(at, '<')) {
        while (**at && **at != '>')
            (*at)++;
        return take_char(at, '>');
    }
    while (isalpha((unsigned char)**at))
        (*at)++;
    return *at - begin >= 3;
}

/* [+-]hh[:mm[:ss]] in seconds */
static bool take_time(const char **at, int32_t *seconds)
{
    bool negative = take_char(at, '-');
    int hours, minutes = 0, rest = 0;

    if (!negative)
        take_char(at, '+');
    if (!take_number(at, 0, 167, &hours))
        return false;
    if (take_char(at, ':') && !take_number(at, 0, 59, &minutes))
        return false;
    if (take_char(at, ':') && !take_number(at, 0, 59, &rest))
        return false;
    *seconds = hours * 3600 + minutes * 60 + rest;
    if (negative)
        *seconds = -*seconds;
    return true;
}

static bool take_day(const char **at, struct rule_day *day)
{
    memset(day, 0, sizeof(*day));
    day->at_s = 2 * 3600;
    if (take_char(at, 'M')) {
        day->kind = 'M';
        if (!take_number(at, 1, 12, &day->month) || !take_char(at, '.') ||
            !take_number(at, 1, 5, &day->week) || !take_char(at, '.') ||
            !take_number(at, 0, 6, &day->weekday))
            return false;
    } else if (take_char(at, 'J')) {
        day->kind = 'J';
        if (!take_number(at, 1, 365, &day->day))
            return false;
    } else {
        day->kind = 'N';
        if (!take_number(at, 0, 365, &day->day))
            return false;
    }
    return !take_char(at, '/') || take_time(at, &day->at_s);
}

static bool take_rule(const char *at, struct rule *rule)
{
    memset(rule, 0, sizeof(*rule));
    if (!take_name(&at) || !take_time(&at, &rule->standard_s))
        return false;
    rule->standard_s = -rule->standard_s; /* POSIX counts westwards */
    if (!*at)
        return true;
    rule->has_summer = true;
    if (!take_name(&at))
        return false;
    rule->summer_s = rule->standard_s + 3600;
    if (*at != ',') {
        if (!take_time(&at, &rule->summer_s))
            return false;
        rule->summer_s = -rule->summer_s;
    }
    return take_char(&at, ',') && take_day(&at, &rule->begins) && take_char(&at, ',') &&
           take_day(&at, &rule->ends) && !*at && abs(rule->standard_s) <= OFFSET_MAX_S &&
           abs(rule->summer_s) <= OFFSET_MAX_S;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* When the side of the rule falls in a year, as local wall time counted like UTC. */
static instant rule_day_local(const struct rule_day *day, int year)
{
    struct civil civil = {.year = year, .month = 1, .day = 1};
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    instant midnight;

    if (day->kind == 'M') {
        int length = lengths[day->month - 1] + (day->month == 2 && is_leap(year));
        int first;

        civil.month = day->month;
        midnight = instant_from_civil(&civil);
        instant_to_civil(midnight, &civil);
        first = 1 + (day->weekday - civil.weekday + 7) % 7 + 7 * (day->week - 1);
        while (first > length)
            first -= 7;
        midnight += (first - 1) * DAY;
    } else {
        int offset = day->kind == 'N' ? day->day : day->day - 1;
        midnight = instant_from_civil(&civil);
        if (day->kind == 'J' && is_leap(year) && day->day > 59)
            offset++; /* Jn never counts 29 February */
        midnight += offset * DAY;
    }
    return midnight + day->at_s * SECOND;
}

static const char *add_if_later(struct zone_table *zone, size_t *room, instant at, int32_t offset_s)
{
    if (offset_s == zone->offsets_s[zone->count] ||
        (zone->count && at <= zone->transitions[zone->count - 1]))
        return NULL;
    return add(zone, room, at, offset_s);
}

/* Writes the footer's rule out, from the last transition to the end of year_max. */
static const char *write_out(struct zone_table *zone, size_t *room, const struct rule *rule,
                             int year_max)
{
    struct civil civil = {.year = 1970};
    const char *reason = NULL;

    if (!rule->has_summer)
        return NULL;
    if (zone->count)
        instant_to_civil(zone->transitions[zone->count - 1], &civil);
    if (civil.year < YEAR_FIRST)
        civil.year = YEAR_FIRST;
    for (int year = civil.year; year <= year_max && !reason; year++) {
        instant begins = rule_day_local(&rule->begins, year) - rule->standard_s * SECOND;
        instant ends = rule_day_local(&rule->ends, year) - rule->summer_s * SECOND;

        if (begins < ends) { /* the north */
            reason = add_if_later(zone, room, begins, rule->summer_s);
            if (!reason)
                reason = add_if_later(zone, room, ends, rule->standard_s);
        } else {
            reason = add_if_later(zone, room, ends, rule->standard_s);
            if (!reason)
                reason = add_if_later(zone, room, begins, rule->summer_s);
        }
    }
    return reason;
}

static const char *read_footer(struct zone_table *zone, size_t *room, const unsigned char *at,
                               size_t size, int year_max)
{
    char text[128];
    const unsigned char *end;
    struct rule rule;

    if (size < 2 || at[0] != '\n')
        return "its footer is missing";
    end = memchr(at + 1, '\n', size - 1);
    if (!end)
        return "its footer is cut short";
    if (!slice_copy(slice_of((const char *)at + 1, (size_t)(end - at - 1)), text, sizeof(text)))
        return "its footer is too long";
    if (!text[0])
        return NULL; /* nothing is said about later times */
    if (!take_rule(text, &rule))
        return "its footer is no time zone rule";
    return write_out(zone, room, &rule, year_max);
}

static const char *parse(struct zone_table *zone, const unsigned char *at, size_t size,
                         int year_max)
{
    struct header header;
    size_t room = 0;
    size_t block;
    const char *reason = read_header(at, size, &header);

    if (reason)
        return reason;
    if (header.version < '2')
        return "it is of version 1, without 64-bit times";
    block = data_size(&header, 4);
    if (size - HEADER_SIZE < block)
        return "it is cut short";
    at += HEADER_SIZE + block;
    size -= HEADER_SIZE + block;
    reason = read_header(at, size, &header);
    if (reason)
        return reason;
    block = data_size(&header, 8);
    if (size - HEADER_SIZE < block)
        return "it is cut short";
    reason = read_block(zone, &room, at + HEADER_SIZE, &header);
    if (reason)
        return reason;
    return read_footer(zone, &room, at + HEADER_SIZE + block, size - HEADER_SIZE - block, year_max);
}

int zone_file_parse(struct zone_table *zone, const void *bytes, size_t size, int year_max,
                    const char **reason)
{
    if (year_max > YEAR_LAST)
        year_max = YEAR_LAST;
    memset(zone, 0, sizeof(*zone));
    *reason = parse(zone, bytes, size, year_max);
    if (!*reason)
        return 0;
    zone_table_release(zone);
    return **reason ? EBADMSG : ENOMEM;
}

int zone_name_check(const char *name)
{
    size_t size = strlen(name);

    if (!size || size > ZONE_NAME_MAX || name[0] == '/' || name[size - 1] == '/')
        return EINVAL;
    for (size_t i = 0; i < size; i++) {
        if (!isalnum((unsigned char)name[i]) && !strchr("+-_/", name[i]))
            return EINVAL;
        if (name[i] == '/' && name[i + 1] == '/')
            return EINVAL;
    }
    return 0;
}

/* The whole file, bounded; the caller frees *bytes. */
static int read_file(const char *path, unsigned char **bytes, size_t *size)
{
    FILE *file = fopen(path, "rbe");
    unsigned char *buffer;
    int err = 0;

    if (!file)
        return errno;
    buffer = malloc(ZONE_FILE_BYTES_MAX + 1);
    if (buffer) {
        errno = 0;
        *size = fread(buffer, 1, ZONE_FILE_BYTES_MAX + 1, file);
        if (ferror(file))
            err = errno ? errno : EIO;
        else if (*size > ZONE_FILE_BYTES_MAX)
            err = EFBIG;
    } else {
        err = ENOMEM;
    }
    fclose(file);
    if (err)
        free(buffer);
    else
        *bytes = buffer;
    return err;
}

int zone_file_load(struct zone_table *zone, const char *folder, const char *name, int year_max,
                   char *why, size_t why_size)
{
    char path[512];
    unsigned char *bytes = NULL;
    size_t size = 0;
    const char *reason = NULL;
    int err = zone_name_check(name);

    memset(zone, 0, sizeof(*zone));
    if (!err && snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
        err = ENAMETOOLONG;
    if (!err)
        err = read_file(path, &bytes, &size);
    if (!err) {
        err = zone_file_parse(zone, bytes, size, year_max, &reason);
        free(bytes);
    }
    if (err && why_size)
        snprintf(why, why_size, "cannot read time zone '%.*s': %s", ZONE_NAME_MAX, name,
                 reason && *reason ? reason
                 : err == EINVAL   ? "no name of a zone"
                                   : strerror(err));
    return err;
}

void zone_table_release(struct zone_table *zone)
{
    free(zone->transitions);
    free(zone->offsets_s);
    memset(zone, 0, sizeof(*zone));
}

int32_t zone_table_offset_at(const struct zone_table *zone, instant at)
{
    size_t low = 0;
    size_t high = zone->count;

    while (low < high) { /* the first transition after `at` */
        size_t middle = low + (high - low) / 2;
        if (zone->transitions[middle] <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return zone->offsets_s[low];
}
