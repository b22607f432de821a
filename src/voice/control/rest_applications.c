#include <string.h>

#include "voice/control/memory.h"
#include "voice/control/rest.h"

enum { APPLICATION_COUNT_MAX = 1000 };

static struct application *find(struct rest *rest)
{
    struct application *application = machine_find_application(rest->control, rest->args[0]);

    if (!application)
        rest_not_found(rest);
    return application;
}

static void add_messages(json_t *json)
{
    json_object_set_new(json, "message_status_callback", json_null());
    json_object_set_new(json, "sms_fallback_method", json_text("POST"));
    json_object_set_new(json, "sms_fallback_url", json_null());
    json_object_set_new(json, "sms_method", json_text("POST"));
    json_object_set_new(json, "sms_status_callback", json_null());
    json_object_set_new(json, "sms_url", json_null());
}

static json_t *describe(struct rest *rest, const struct application *application)
{
    json_t *json = json_object();

    json_object_set_new(json, "account_sid", json_text(rest->control->account_sid));
    json_object_set_new(json, "api_version", json_text("2010-04-01"));
    json_object_set_new(json, "date_created", json_date(application->created_at));
    json_object_set_new(json, "date_updated", json_date(application->updated_at));
    json_object_set_new(json, "friendly_name", json_text(application->friendly_name));
    json_object_set_new(json, "sid", json_text(application->sid));
    json_object_set_new(json, "voice_url", json_text(application->voice_url));
    json_object_set_new(json, "voice_method", json_text(application->voice_method));
    json_object_set_new(json, "voice_fallback_url", json_text(application->voice_fallback_url));
    json_object_set_new(json, "voice_fallback_method",
                        json_text(application->voice_fallback_method));
    json_object_set_new(json, "voice_caller_id_lookup", json_false());
    json_object_set_new(json, "status_callback", json_text(application->status_callback));
    json_object_set_new(json, "status_callback_method",
                        json_text(application->status_callback_method));
    json_object_set_new(json, "public_application_connect_enabled", json_false());
    json_object_set_new(json, "uri", json_path(rest, "/Applications/%s.json", application->sid));
    add_messages(json);
    return json;
}

struct update {
    const char *voice_url, *voice_method, *fallback, *fallback_method, *callback, *callback_method;
};

static bool read_update(struct rest *rest, struct update *update)
{
    return rest_url(rest, "VoiceUrl", 20001, &update->voice_url) &&
           rest_method(rest, "VoiceMethod", &update->voice_method) &&
           rest_url(rest, "VoiceFallbackUrl", 20001, &update->fallback) &&
           rest_method(rest, "VoiceFallbackMethod", &update->fallback_method) &&
           rest_callback_url(rest, "StatusCallback", &update->callback) &&
           rest_method(rest, "StatusCallbackMethod", &update->callback_method);
}

/* A parameter given empty clears its field. */
static void set(struct rest *rest, const char *name, char **place, const char *value)
{
    if (rest_param(rest, name))
        memory_set(place, value);
}

static void apply(struct rest *rest, struct application *application, const struct update *update)
{
    const char *name = rest_param(rest, "FriendlyName");

    if (name)
        memory_set(&application->friendly_name, name);
    set(rest, "VoiceUrl", &application->voice_url, update->voice_url);
    set(rest, "VoiceFallbackUrl", &application->voice_fallback_url, update->fallback);
    set(rest, "StatusCallback", &application->status_callback, update->callback);
    if (update->voice_method)
        memory_set(&application->voice_method, update->voice_method);
    if (update->fallback_method)
        memory_set(&application->voice_fallback_method, update->fallback_method);
    if (update->callback_method)
        memory_set(&application->status_callback_method, update->callback_method);
    application->updated_at = rest->control->now;
}

void rest_applications_create(struct rest *rest)
{
    struct control *control = rest->control;
    struct application *application;
    struct update update = {0};

    if (!read_update(rest, &update))
        return;
    if (control->applications.count == APPLICATION_COUNT_MAX) {
        rest_fail(rest, 400, 20001, "there are %d applications already", APPLICATION_COUNT_MAX);
        return;
    }
    application = machine_add_application(control);
    sid_make(&control->sids, "AP", application->sid);
    apply(rest, application, &update);
    rest_answer(rest, 201, describe(rest, application));
}

void rest_application_read(struct rest *rest)
{
    struct application *application = find(rest);

    if (application)
        rest_answer(rest, 200, describe(rest, application));
}

void rest_application_update(struct rest *rest)
{
    struct application *application = find(rest);
    struct update update = {0};

    if (!application || !read_update(rest, &update))
        return;
    apply(rest, application, &update);
    rest_answer(rest, 200, describe(rest, application));
}

void rest_application_delete(struct rest *rest)
{
    struct application *application = find(rest);

    if (!application)
        return;
    chain_remove(&rest->control->applications, &application->link);
    machine_forget_application(application);
    rest_answer_nothing(rest);
}

static const char *sid_of(struct chain_link *link)
{
    return container_of(link, struct application, link)->sid;
}

static bool matches(struct rest *rest, struct chain_link *link)
{
    return rest_filter_passes(rest, "FriendlyName",
                              container_of(link, struct application, link)->friendly_name);
}

static json_t *describe_link(struct rest *rest, struct chain_link *link)
{
    return describe(rest, container_of(link, struct application, link));
}

void rest_applications_list(struct rest *rest)
{
    struct rest_list list = {.name = "applications",
                             .path = "/Applications.json",
                             .newest = rest->control->applications.last,
                             .sid = sid_of,
                             .matches = matches,
                             .describe = describe_link};

    rest_list_answer(rest, &list);
}
