#include "wire/phone_number.h"

#include <cstring>
#include <string>

#include <phonenumbers/logger.h>
#include <phonenumbers/phonenumberutil.h>
#include <phonenumbers/shortnumberinfo.h>

using i18n::phonenumbers::NullLogger;
using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;
using i18n::phonenumbers::ShortNumberInfo;

namespace
{

constexpr size_t TEXT_MAX = 120;       /* longer is no number; the library's own limit is 250 */
constexpr size_t E164_MAX = 16;        /* "+" and 15 digits */
constexpr size_t SHORT_DIGITS_MAX = 6; /* emergency and other short numbers are no longer */

/* The plan, read once; its own messages would else land on our standard output. */
const PhoneNumberUtil &plan()
{
    static const PhoneNumberUtil *const util = [] {
        PhoneNumberUtil *instance = PhoneNumberUtil::GetInstance();
        instance->SetLogger(new NullLogger());
        return instance;
    }();

    return *util;
}

const ShortNumberInfo &short_plan()
{
    static const ShortNumberInfo info;

    plan(); /* its logger first */
    return info;
}

template <size_t SIZE> void copy(char (&out)[SIZE], const std::string &text)
{
    if (text.size() < SIZE)
        memcpy(out, text.c_str(), text.size() + 1);
    else
        out[0] = '\0';
}

/* Two letters in capitals; "" when it is anything else. */
std::string country_code(const char *country)
{
    std::string code;

    if (country && strlen(country) == 2) {
        for (const char *at = country; *at; at++) {
            bool lower = *at >= 'a' && *at <= 'z';
            bool upper = *at >= 'A' && *at <= 'Z';
            if (!lower && !upper)
                return "";
            code += lower ? static_cast<char>(*at - 'a' + 'A') : *at;
        }
    }
    return code;
}

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

size_t count_digits(const std::string &text)
{
    size_t count = 0;

    for (char c : text)
        count += is_digit(c);
    return count;
}

/* "4.93012E+11": a spreadsheet has thrown the last digits away. */
bool is_scientific(const std::string &text)
{
    size_t at = 0;

    while (at < text.size() && (is_digit(text[at]) || text[at] == '.' || text[at] == ','))
        at++;
    if (at == 0 || at >= text.size() || (text[at] != 'E' && text[at] != 'e'))
        return false;
    at++;
    if (at < text.size() && (text[at] == '+' || text[at] == '-'))
        at++;
    return at < text.size() && text.find_first_not_of("0123456789", at) == std::string::npos;
}

/* "15005550001.0": a number that went through a table of floats. */
void cut_float_tail(std::string &text)
{
    if (text.size() > 2 && text.compare(text.size() - 2, 2, ".0") == 0 &&
        text.find_first_not_of("+0123456789") == text.size() - 2)
        text.resize(text.size() - 2);
}

enum phone_number_type type_of(PhoneNumberUtil::PhoneNumberType type)
{
    switch (type) {
    case PhoneNumberUtil::FIXED_LINE:
        return PHONE_TYPE_FIXED;
    case PhoneNumberUtil::MOBILE:
        return PHONE_TYPE_MOBILE;
    case PhoneNumberUtil::FIXED_LINE_OR_MOBILE:
        return PHONE_TYPE_FIXED_OR_MOBILE;
    case PhoneNumberUtil::TOLL_FREE:
        return PHONE_TYPE_TOLL_FREE;
    case PhoneNumberUtil::PREMIUM_RATE:
        return PHONE_TYPE_PREMIUM;
    case PhoneNumberUtil::SHARED_COST:
        return PHONE_TYPE_SHARED_COST;
    case PhoneNumberUtil::VOIP:
        return PHONE_TYPE_VOIP;
    case PhoneNumberUtil::PERSONAL_NUMBER:
        return PHONE_TYPE_PERSONAL;
    case PhoneNumberUtil::PAGER:
        return PHONE_TYPE_PAGER;
    case PhoneNumberUtil::UAN:
        return PHONE_TYPE_COMPANY;
    case PhoneNumberUtil::VOICEMAIL:
        return PHONE_TYPE_VOICEMAIL;
    case PhoneNumberUtil::UNKNOWN:
        break;
    }
    return PHONE_TYPE_UNKNOWN;
}

enum phone_number_verdict verdict_of_parse(PhoneNumberUtil::ErrorType error)
{
    switch (error) {
    case PhoneNumberUtil::NO_PARSING_ERROR:
        return PHONE_NUMBER_OK;
    case PhoneNumberUtil::INVALID_COUNTRY_CODE_ERROR:
        return PHONE_NUMBER_NO_COUNTRY;
    case PhoneNumberUtil::NOT_A_NUMBER:
        return PHONE_NUMBER_NOT_A_NUMBER;
    case PhoneNumberUtil::TOO_SHORT_AFTER_IDD:
    case PhoneNumberUtil::TOO_SHORT_NSN:
        return PHONE_NUMBER_TOO_SHORT;
    case PhoneNumberUtil::TOO_LONG_NSN:
        return PHONE_NUMBER_TOO_LONG;
    }
    return PHONE_NUMBER_NOT_A_NUMBER;
}

enum phone_number_verdict verdict_of_length(PhoneNumberUtil::ValidationResult result)
{
    switch (result) {
    case PhoneNumberUtil::IS_POSSIBLE:
        return PHONE_NUMBER_OK;
    case PhoneNumberUtil::INVALID_COUNTRY_CODE:
        return PHONE_NUMBER_NO_COUNTRY;
    case PhoneNumberUtil::TOO_SHORT:
        return PHONE_NUMBER_TOO_SHORT;
    case PhoneNumberUtil::TOO_LONG:
        return PHONE_NUMBER_TOO_LONG;
    case PhoneNumberUtil::IS_POSSIBLE_LOCAL_ONLY:
    case PhoneNumberUtil::INVALID_LENGTH:
        break;
    }
    return PHONE_NUMBER_NOT_POSSIBLE;
}

/* Emergency and service numbers, as they are dialled in the country. */
enum phone_number_verdict short_verdict(const std::string &digits, const std::string &region)
{
    const ShortNumberInfo &info = short_plan();
    PhoneNumber number;

    if (info.IsEmergencyNumber(digits, region))
        return PHONE_NUMBER_EMERGENCY;
    if (plan().Parse(digits, region, &number) == PhoneNumberUtil::NO_PARSING_ERROR &&
        info.IsValidShortNumberForRegion(number, region))
        return PHONE_NUMBER_SHORT_CODE;
    return PHONE_NUMBER_OK;
}

std::string region_of(const PhoneNumber &number)
{
    std::string region;

    plan().GetRegionCodeForNumber(number, &region);
    if (region.empty() || region == "ZZ")
        plan().GetRegionCodeForCountryCode(number.country_code(), &region);
    return region == "ZZ" || region.size() >= PHONE_COUNTRY_SIZE ? std::string() : region;
}

/* One that may be dialled: everything that is known about it. */
enum phone_number_verdict describe(const PhoneNumber &parsed, struct phone_number *number)
{
    std::string e164;

    plan().Format(parsed, PhoneNumberUtil::E164, &e164);
    copy(number->e164, e164);
    if (e164.size() > E164_MAX) { /* plans allow more digits than E.164 and the trunks do */
        number->e164[0] = '\0';
        return PHONE_NUMBER_TOO_LONG;
    }
    copy(number->country, region_of(parsed));
    number->type = type_of(plan().GetNumberType(parsed));
    number->valid = number->type != PHONE_TYPE_UNKNOWN || plan().IsValidNumber(parsed);
    if (parsed.has_extension())
        copy(number->extension, parsed.extension());
    return number->type == PHONE_TYPE_PREMIUM ? PHONE_NUMBER_PREMIUM : PHONE_NUMBER_OK;
}

/*
 * Ten digits of North America, with or without their 1: many lists hold nothing else, and they need
 * none of the library's regular expressions to be taken apart. False: not plainly such a number.
 */
bool parse_north_american(const std::string &text, const std::string &region, PhoneNumber *parsed)
{
    uint64_t value = 0;
    size_t count = 0;
    bool plus = text[0] == '+';
    char digits[11];

    for (size_t i = plus; i < text.size(); i++) {
        if (is_digit(text[i])) {
            if (count == sizeof(digits))
                return false;
            digits[count++] = text[i];
        } else if (!strchr(" -().", text[i])) {
            return false;
        }
    }
    bool has_one = count == 11 && digits[0] == '1';
    if (plus ? !has_one : !(has_one || count == 10) || plan().GetCountryCodeForRegion(region) != 1)
        return false;
    const char *national = digits + has_one;
    if (national[0] < '2' || national[3] < '2')
        return false;
    for (size_t i = 0; i < 10; i++)
        value = 10 * value + static_cast<uint64_t>(national[i] - '0');
    parsed->set_country_code(1);
    parsed->set_national_number(value);
    return true;
}

enum phone_number_verdict parse(std::string text, const std::string &region,
                                struct phone_number *number)
{
    PhoneNumber parsed;

    if (is_scientific(text))
        return PHONE_NUMBER_NOT_A_NUMBER;
    cut_float_tail(text);
    if (!region.empty() && text[0] != '+' && count_digits(text) <= SHORT_DIGITS_MAX) {
        enum phone_number_verdict verdict = short_verdict(text, region);
        if (verdict != PHONE_NUMBER_OK)
            return verdict;
    }
    if (parse_north_american(text, region, &parsed))
        return describe(parsed, number); /* ten digits are possible there */
    enum phone_number_verdict verdict =
        verdict_of_parse(plan().Parse(text, region.empty() ? "ZZ" : region, &parsed));
    if (verdict != PHONE_NUMBER_OK)
        return verdict;
    std::string national;
    plan().GetNationalSignificantNumber(parsed, &national);
    if (national.size() <= SHORT_DIGITS_MAX &&
        short_plan().IsEmergencyNumber(national, region_of(parsed)))
        return PHONE_NUMBER_EMERGENCY;
    verdict = verdict_of_length(plan().IsPossibleNumberWithReason(parsed));
    return verdict == PHONE_NUMBER_OK ? describe(parsed, number) : verdict;
}

} // namespace

enum phone_number_verdict phone_number_parse(struct slice text, const char *default_country,
                                             struct phone_number *number)
{
    memset(number, 0, sizeof(*number));
    text = slice_trim(text);
    if (text.size == 0)
        return PHONE_NUMBER_EMPTY;
    if (text.size > TEXT_MAX)
        return PHONE_NUMBER_NOT_A_NUMBER;
    try {
        return parse(std::string(text.at, text.size), country_code(default_country), number);
    } catch (...) { /* no memory, or a library's surprise: C callers know no exceptions */
        memset(number, 0, sizeof(*number));
        return PHONE_NUMBER_NOT_A_NUMBER;
    }
}

void phone_number_national(const char *e164, char national[PHONE_NATIONAL_SIZE])
{
    national[0] = '\0';
    try {
        PhoneNumber parsed;
        std::string text = e164;

        if (plan().Parse(text, "ZZ", &parsed) == PhoneNumberUtil::NO_PARSING_ERROR)
            plan().Format(parsed, PhoneNumberUtil::NATIONAL, &text);
        if (text.size() >= PHONE_NATIONAL_SIZE)
            text.resize(PHONE_NATIONAL_SIZE - 1);
        memcpy(national, text.c_str(), text.size() + 1);
    } catch (...) {
        national[0] = '\0';
    }
}

bool phone_country_is_known(const char *country)
{
    try {
        std::string code = country_code(country);
        return !code.empty() && plan().GetCountryCodeForRegion(code) != 0;
    } catch (...) {
        return false;
    }
}

const char *phone_number_verdict_text(enum phone_number_verdict verdict)
{
    switch (verdict) {
    case PHONE_NUMBER_OK:
        return "may be called";
    case PHONE_NUMBER_EMPTY:
        return "no telephone number";
    case PHONE_NUMBER_NOT_A_NUMBER:
        return "not a telephone number";
    case PHONE_NUMBER_NO_COUNTRY:
        return "country not known: write it with + and country code, or set the list's country";
    case PHONE_NUMBER_TOO_SHORT:
        return "too short for a telephone number";
    case PHONE_NUMBER_TOO_LONG:
        return "too long for a telephone number";
    case PHONE_NUMBER_NOT_POSSIBLE:
        return "not a complete number of its country";
    case PHONE_NUMBER_EMERGENCY:
        return "an emergency number";
    case PHONE_NUMBER_SHORT_CODE:
        return "a short number of its country";
    case PHONE_NUMBER_PREMIUM:
        return "a premium-rate number";
    case PHONE_NUMBER_VERDICTS:
        break;
    }
    return "not a telephone number";
}

const char *phone_number_type_name(enum phone_number_type type)
{
    switch (type) {
    case PHONE_TYPE_UNKNOWN:
        return "unknown";
    case PHONE_TYPE_FIXED:
        return "fixed";
    case PHONE_TYPE_MOBILE:
        return "mobile";
    case PHONE_TYPE_FIXED_OR_MOBILE:
        return "fixed-or-mobile";
    case PHONE_TYPE_TOLL_FREE:
        return "toll-free";
    case PHONE_TYPE_VOIP:
        return "voip";
    case PHONE_TYPE_PERSONAL:
        return "personal";
    case PHONE_TYPE_PAGER:
        return "pager";
    case PHONE_TYPE_COMPANY:
        return "company";
    case PHONE_TYPE_VOICEMAIL:
        return "voicemail";
    case PHONE_TYPE_PREMIUM:
        return "premium";
    case PHONE_TYPE_SHARED_COST:
        return "shared-cost";
    }
    return "unknown";
}
