#ifndef WIRE_PHONE_NUMBER_H
#define WIRE_PHONE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "base/text.h"

/*
 * Telephone numbers, by libphonenumber (the C++ of it stays in phone_number.cc).
 *
 *   verdict = phone_number_parse(slice_from("030 901820"), "DE", &number);
 *   if (verdict == PHONE_NUMBER_OK) use(number.e164);               "+4930901820"
 *
 * Any thread may call; the first call costs some ten milliseconds (the number plan is read), later
 * ones some microseconds. Nothing is kept between calls.
 *
 * "Possible" goes by length and country only; "valid" by the packaged number plan, which ages: so a
 * number that is not possible is refused and one that is not valid only wears a warning.
 */
enum {
    PHONE_NUMBER_SIZE = 20, /* "+" and 15 digits, with room */
    PHONE_NATIONAL_SIZE = 48,
    PHONE_COUNTRY_SIZE = 4,
    PHONE_EXTENSION_SIZE = 12,
};

enum phone_number_verdict {
    PHONE_NUMBER_OK,
    PHONE_NUMBER_EMPTY,
    PHONE_NUMBER_NOT_A_NUMBER, /* no digits, or text that no number holds */
    PHONE_NUMBER_NO_COUNTRY,   /* national form without a (known) default country */
    PHONE_NUMBER_TOO_SHORT,
    PHONE_NUMBER_TOO_LONG,
    PHONE_NUMBER_NOT_POSSIBLE, /* only dialled locally, or a length its country does not have */
    PHONE_NUMBER_EMERGENCY,
    PHONE_NUMBER_SHORT_CODE, /* a short number of its country */
    PHONE_NUMBER_PREMIUM,    /* premium rate: somebody would pay for the call */
    PHONE_NUMBER_VERDICTS,
};

enum phone_number_type {
    PHONE_TYPE_UNKNOWN,
    PHONE_TYPE_FIXED,
    PHONE_TYPE_MOBILE,
    PHONE_TYPE_FIXED_OR_MOBILE,
    PHONE_TYPE_TOLL_FREE,
    PHONE_TYPE_VOIP,
    PHONE_TYPE_PERSONAL,
    PHONE_TYPE_PAGER,
    PHONE_TYPE_COMPANY,
    PHONE_TYPE_VOICEMAIL,
    PHONE_TYPE_PREMIUM,
    PHONE_TYPE_SHARED_COST,
};

struct phone_number {
    char e164[PHONE_NUMBER_SIZE];     /* "+15005550001"; filled whenever the text could be read as a
                                         number */
    char country[PHONE_COUNTRY_SIZE]; /* ISO 3166 letters, "" when unknown ("001": no country's) */
    enum phone_number_type type;      /* UNKNOWN unless valid */
    bool valid;
    char extension[PHONE_EXTENSION_SIZE]; /* was written behind it; nobody can dial it for us */
};

/* default_country: two letters, or "" for none. *number is always filled (zeroes on refusal where
 * unknown). */
enum phone_number_verdict phone_number_parse(struct slice text, const char *default_country,
                                             struct phone_number *number);
/* "sentence" for the rejects file: "too short for a telephone number" */
const char *phone_number_verdict_text(enum phone_number_verdict verdict);
const char *phone_number_type_name(enum phone_number_type type); /* "mobile" */
/* As people of its country write it: "030 901820"; the E.164 text itself when it cannot be read. */
void phone_number_national(const char *e164, char national[PHONE_NATIONAL_SIZE]);
/* Two known letters ("de" and "DE" alike)? */
bool phone_country_is_known(const char *country);

#ifdef __cplusplus
}
#endif

#endif
