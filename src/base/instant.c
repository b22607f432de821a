#include "base/instant.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const MONTHS[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const WEEKDAYS[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

/* Days from 1970-01-01, by eras of 400 years that begin in March. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    int64_t shifted = year - (month <= 2);
    int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
    int64_t year_of_era = shifted - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

void instant_to_civil(instant at, struct civil *civil)
{
    int64_t days = at / DAY - (at % DAY < 0);
    int64_t rest = at - days * DAY;
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;

    civil->day = (int)(doy - (153 * mp + 2) / 5 + 1);
    civil->month = (int)(mp < 10 ? mp + 3 : mp - 9);
    civil->year = (int)(yoe + era * 400 + (civil->month <= 2));
    civil->hour = (int)(rest / HOUR);
    civil->minute = (int)(rest % HOUR / MINUTE);
    civil->second = (int)(rest % MINUTE / SECOND);
    civil->microsecond = (int)(rest % SECOND);
    civil->weekday = (int)(((days + 4) % 7 + 7) % 7);
}

instant instant_from_civil(const struct civil *civil)
{
    return days_from_civil(civil->year, civil->month, civil->day) * DAY + civil->hour * HOUR +
           civil->minute * MINUTE + civil->second * SECOND + civil->microsecond;
}

void instant_to_iso(instant at, int with_micros, char text[INSTANT_TEXT_SIZE])
{
    struct civil c;

    instant_to_civil(at, &c);
    if (with_micros)
        snprintf(text, INSTANT_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", c.year % 10000,
                 c.month, c.day, c.hour, c.minute, c.second, c.microsecond);
    else
        snprintf(text, INSTANT_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02dZ", c.year % 10000, c.month,
                 c.day, c.hour, c.minute, c.second);
}

void instant_to_rfc2822(instant at, char text[INSTANT_TEXT_SIZE])
{
    struct civil c;

    instant_to_civil(at, &c);
    snprintf(text, INSTANT_TEXT_SIZE, "%s, %02d %s %04d %02d:%02d:%02d +0000", WEEKDAYS[c.weekday],
             c.day, MONTHS[c.month - 1], c.year % 10000, c.hour, c.minute, c.second);
}

/* Reads between low and high digits into *value; advances *at. */
static int digits(const char **at, const char *end, int low, int high, int *value)
{
    int count = 0, sum = 0;

    while (*at < end && count < high && **at >= '0' && **at <= '9') {
        sum = sum * 10 + (**at - '0');
        ++*at;
        ++count;
    }
    *value = sum;
    return count >= low ? 0 : EINVAL;
}

static int literal(const char **at, const char *end, char wanted)
{
    if (*at >= end || **at != wanted)
        return EINVAL;
    ++*at;
    return 0;
}

static int civil_is_real(const struct civil *c)
{
    static const int LENGTHS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int leap = (c->year % 4 == 0 && c->year % 100 != 0) || c->year % 400 == 0;

    return c->month >= 1 && c->month <= 12 && c->day >= 1 &&
           c->day <= LENGTHS[c->month - 1] + (c->month == 2 && leap) && c->hour <= 23 &&
           c->minute <= 59 && c->second <= 60;
}

/* "+hhmm" or "+hh:mm" */
static int offset(const char **at, const char *end, instant *span)
{
    int hours, minutes, sign;

    if (*at >= end || (**at != '+' && **at != '-'))
        return EINVAL;
    sign = **at == '-' ? -1 : 1;
    ++*at;
    if (digits(at, end, 2, 2, &hours))
        return EINVAL;
    if (*at < end && **at == ':')
        ++*at;
    if (digits(at, end, 2, 2, &minutes) || hours > 23 || minutes > 59)
        return EINVAL;
    *span = sign * (hours * HOUR + minutes * MINUTE);
    return 0;
}

static int fraction(const char **at, const char *end, int *micros)
{
    int scale = 100000;

    *micros = 0;
    if (*at >= end || **at != '.')
        return 0;
    ++*at;
    if (*at >= end || **at < '0' || **at > '9')
        return EINVAL;
    for (; *at < end && **at >= '0' && **at <= '9'; ++*at, scale /= 10)
        *micros += (**at - '0') * scale;
    return 0;
}

int instant_from_iso(const char *text, size_t size, instant *at)
{
    const char *p = text, *end = text + size;
    struct civil c = {0};
    instant span = 0;

    if (digits(&p, end, 4, 4, &c.year) || literal(&p, end, '-') ||
        digits(&p, end, 2, 2, &c.month) || literal(&p, end, '-') || digits(&p, end, 2, 2, &c.day))
        return EINVAL;
    if (p < end) {
        if (*p != 'T' && *p != 't' && *p != ' ')
            return EINVAL;
        ++p;
        if (digits(&p, end, 2, 2, &c.hour) || literal(&p, end, ':') ||
            digits(&p, end, 2, 2, &c.minute))
            return EINVAL;
        if (p < end && *p == ':' && (++p, digits(&p, end, 2, 2, &c.second)))
            return EINVAL;
        if (fraction(&p, end, &c.microsecond))
            return EINVAL;
        if (p < end && (*p == 'Z' || *p == 'z'))
            ++p;
        else if (offset(&p, end, &span))
            return EINVAL;
    }
    if (p != end || !civil_is_real(&c))
        return EINVAL;
    *at = instant_from_civil(&c) - span;
    return 0;
}

int instant_from_rfc2822(const char *text, size_t size, instant *at)
{
    const char *p = text, *end = text + size;
    struct civil c = {0};
    instant span = 0;
    const char *comma = memchr(text, ',', size);

    if (comma)
        p = comma + 1;
    while (p < end && *p == ' ')
        ++p;
    if (digits(&p, end, 1, 2, &c.day) || literal(&p, end, ' ') || end - p < 3)
        return EINVAL;
    for (c.month = 1; c.month <= 12 && memcmp(p, MONTHS[c.month - 1], 3); ++c.month)
        ;
    p += 3;
    if (literal(&p, end, ' ') || digits(&p, end, 4, 4, &c.year) || literal(&p, end, ' ') ||
        digits(&p, end, 2, 2, &c.hour) || literal(&p, end, ':') || digits(&p, end, 2, 2, &c.minute))
        return EINVAL;
    if (p < end && *p == ':' && (++p, digits(&p, end, 2, 2, &c.second)))
        return EINVAL;
    if (literal(&p, end, ' '))
        return EINVAL;
    if (end - p == 3 && (!memcmp(p, "GMT", 3) || !memcmp(p, "UTC", 3)))
        p += 3;
    else if (offset(&p, end, &span))
        return EINVAL;
    if (p != end || !civil_is_real(&c))
        return EINVAL;
    *at = instant_from_civil(&c) - span;
    return 0;
}
