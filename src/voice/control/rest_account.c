#include <string.h>

#include "voice/control/rest.h"

/* The account itself, its balance, its numbers and caller IDs: facts of the options. */

static json_t *describe_account(struct rest *rest)
{
    static const char *const NAMES[][2] = {
        {"applications", "Applications"},
        {"available_phone_numbers", "AvailablePhoneNumbers"},
        {"balance", "Balance"},
        {"calls", "Calls"},
        {"conferences", "Conferences"},
        {"incoming_phone_numbers", "IncomingPhoneNumbers"},
        {"notifications", "Notifications"},
        {"outgoing_caller_ids", "OutgoingCallerIds"},
        {"recordings", "Recordings"},
    };
    static const char *const TRUNKS[] = {"unknown", "up", "down", "none"};
    const struct control *control = rest->control;
    json_t *json = json_object(), *uris = json_object();

    for (size_t i = 0; i < array_count(NAMES); ++i)
        json_object_set_new(uris, NAMES[i][0], json_path(rest, "/%s.json", NAMES[i][1]));
    json_object_set_new(json, "auth_token",
                        json_null()); /* who asks knows it; none is given away */
    json_object_set_new(json, "date_created", json_date(control->started_at));
    json_object_set_new(json, "date_updated", json_date(control->started_at));
    json_object_set_new(json, "friendly_name", json_text(control->account_name));
    json_object_set_new(json, "owner_account_sid", json_text(control->account_sid));
    json_object_set_new(json, "sid", json_text(control->account_sid));
    json_object_set_new(json, "status", json_text("active"));
    json_object_set_new(json, "subresource_uris", uris);
    json_object_set_new(json, "type", json_text("Full"));
    json_object_set_new(json, "uri", json_path(rest, ".json"));
    json_object_set_new(json, "outdial_trunk", json_text(TRUNKS[control->trunk])); /* ours */
    return json;
}

void rest_account_read(struct rest *rest)
{
    rest_answer(rest, 200, describe_account(rest));
}

static json_t *account_link(struct rest *rest, struct chain_link *link)
{
    (void)link;
    return describe_account(rest);
}

static bool account_matches(struct rest *rest, struct chain_link *link)
{
    (void)link;
    return rest_filter_passes(rest, "FriendlyName", rest->control->account_name) &&
           rest_filter_passes(rest, "Status", "active");
}

static const char *no_sid(struct chain_link *link)
{
    (void)link;
    return "";
}

void rest_accounts_list(struct rest *rest)
{
    struct chain_link only = {0};
    struct rest_list list = {.name = "accounts",
                             .path = "",
                             .newest = &only,
                             .sid = no_sid,
                             .matches = account_matches,
                             .describe = account_link};

    rest_list_answer(rest, &list);
}

void rest_balance_read(struct rest *rest)
{
    json_t *json = json_object();

    json_object_set_new(json, "account_sid", json_text(rest->control->account_sid));
    json_object_set_new(json, "balance", json_text("0.00"));
    json_object_set_new(json, "currency", json_text("USD"));
    rest_answer(rest, 200, json);
}

/* ----------------------------------------------------------------------------------- numbers */

static json_t *capabilities(void)
{
    json_t *json = json_object();

    json_object_set_new(json, "voice", json_true());
    json_object_set_new(json, "sms", json_false());
    json_object_set_new(json, "mms", json_false());
    json_object_set_new(json, "fax", json_false());
    return json;
}

static void add_voice(json_t *json, const struct line_number *number)
{
    const char *method = number->voice_method ? number->voice_method : "POST";

    json_object_set_new(json, "voice_application_sid", json_null());
    json_object_set_new(json, "voice_caller_id_lookup", json_false());
    json_object_set_new(json, "voice_url", json_text(number->voice_url));
    json_object_set_new(json, "voice_method", json_text(method));
    json_object_set_new(json, "voice_fallback_url", json_text(number->voice_fallback_url));
    json_object_set_new(
        json, "voice_fallback_method",
        json_text(number->voice_fallback_method ? number->voice_fallback_method : "POST"));
    json_object_set_new(json, "voice_receive_mode", json_text("voice"));
    json_object_set_new(json, "status_callback", json_text(number->status_callback));
    json_object_set_new(
        json, "status_callback_method",
        json_text(number->status_callback_method ? number->status_callback_method : "POST"));
}

static void add_unoffered(json_t *json)
{
    static const char *const NAMES[] = {
        "address_sid", "identity_sid", "sms_application_sid",   "sms_fallback_url",
        "sms_url",     "trunk_sid",    "emergency_address_sid", "bundle_sid"};

    for (size_t i = 0; i < array_count(NAMES); ++i)
        json_object_set_new(json, NAMES[i], json_null());
    json_object_set_new(json, "sms_fallback_method", json_text("POST"));
    json_object_set_new(json, "sms_method", json_text("POST"));
    json_object_set_new(json, "address_requirements", json_text("none"));
    json_object_set_new(json, "emergency_status", json_text("Inactive"));
    json_object_set_new(json, "emergency_address_status", json_text("unregistered"));
}

static json_t *describe_number(struct rest *rest, const struct line_number *number)
{
    json_t *json = json_object();

    json_object_set_new(json, "account_sid", json_text(rest->control->account_sid));
    json_object_set_new(json, "api_version", json_text("2010-04-01"));
    json_object_set_new(json, "beta", json_false());
    json_object_set_new(json, "capabilities", capabilities());
    json_object_set_new(json, "date_created", json_date(rest->control->started_at));
    json_object_set_new(json, "date_updated", json_date(rest->control->started_at));
    json_object_set_new(json, "friendly_name", json_text(number->friendly_name));
    json_object_set_new(json, "phone_number", json_text(number->number));
    json_object_set_new(json, "origin", json_text("hosted"));
    json_object_set_new(json, "sid", json_text(number->sid));
    json_object_set_new(json, "status", json_text("in-use"));
    json_object_set_new(json, "type", json_null());
    json_object_set_new(json, "uri", json_path(rest, "/IncomingPhoneNumbers/%s.json", number->sid));
    add_voice(json, number);
    add_unoffered(json);
    return json;
}

static json_t *describe_caller_id(struct rest *rest, const struct line_number *number)
{
    json_t *json = json_object();

    json_object_set_new(json, "sid", json_text(number->sid));
    json_object_set_new(json, "date_created", json_date(rest->control->started_at));
    json_object_set_new(json, "date_updated", json_date(rest->control->started_at));
    json_object_set_new(json, "friendly_name", json_text(number->friendly_name));
    json_object_set_new(json, "account_sid", json_text(rest->control->account_sid));
    json_object_set_new(json, "phone_number", json_text(number->number));
    json_object_set_new(json, "uri", json_path(rest, "/OutgoingCallerIds/%s.json", number->sid));
    return json;
}

static const struct line_number *find(struct rest *rest, const struct line_number *numbers,
                                      size_t count)
{
    for (size_t i = 0; i < count; ++i)
        if (slice_is_nocase(slice_from(rest->args[0]), numbers[i].sid))
            return &numbers[i];
    rest_not_found(rest);
    return NULL;
}

void rest_number_read(struct rest *rest)
{
    const struct line_number *number =
        find(rest, rest->control->numbers, rest->control->number_count);

    if (number)
        rest_answer(rest, 200, describe_number(rest, number));
}

void rest_caller_id_read(struct rest *rest)
{
    const struct line_number *number =
        find(rest, rest->control->caller_ids, rest->control->caller_id_count);

    if (number)
        rest_answer(rest, 200, describe_caller_id(rest, number));
}

static struct line_number *number_of(struct chain_link *link)
{
    return container_of(link, struct line_number, link);
}

static const char *number_sid(struct chain_link *link)
{
    return number_of(link)->sid;
}

static bool number_matches(struct rest *rest, struct chain_link *link)
{
    const struct line_number *number = number_of(link);
    const char *wanted = rest_param(rest, "PhoneNumber");

    /* the filter also takes a part of the number */
    return rest_filter_passes(rest, "FriendlyName", number->friendly_name) &&
           (!wanted || !wanted[0] || strstr(number->number, wanted));
}

static json_t *number_link(struct rest *rest, struct chain_link *link)
{
    return describe_number(rest, number_of(link));
}

static json_t *caller_id_link(struct rest *rest, struct chain_link *link)
{
    return describe_caller_id(rest, number_of(link));
}

void rest_numbers_list(struct rest *rest)
{
    struct rest_list list = {.name = "incoming_phone_numbers",
                             .path = "/IncomingPhoneNumbers.json",
                             .newest = rest->control->numbers_chain.last,
                             .sid = number_sid,
                             .matches = number_matches,
                             .describe = number_link};

    rest_list_answer(rest, &list);
}

void rest_caller_ids_list(struct rest *rest)
{
    struct rest_list list = {.name = "outgoing_caller_ids",
                             .path = "/OutgoingCallerIds.json",
                             .newest = rest->control->caller_ids_chain.last,
                             .sid = number_sid,
                             .matches = number_matches,
                             .describe = caller_id_link};

    rest_list_answer(rest, &list);
}
