#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/settings.h"
#include "voice/voice.h"

/* `outdial voice`: the voice engine, alone. Secrets come from the environment only. */

static const char *variable(const char *name, const char *upper_case_name)
{
    const char *value = getenv(name);

    return value && *value ? value : getenv(upper_case_name);
}

static enum voice_fetch fetch_of(const char *word)
{
    struct slice policy = slice_from(word);

    if (slice_is(policy, "any"))
        return VOICE_FETCH_ANY;
    return slice_is(policy, "public") ? VOICE_FETCH_PUBLIC : VOICE_FETCH_LOCAL;
}

static enum log_level level_of(const char *word)
{
    static const char *const words[] = {"debug", "info", "warning", "error"};

    for (size_t i = 0; i < array_count(words); ++i)
        if (slice_is(slice_from(word), words[i]))
            return (enum log_level)i;
    return LOG_INFO;
}

static int run_engine(const struct settings *settings)
{
    struct voice_options options = {
        .http = settings->voice_http,
        .sip = settings->voice_sip,
        .media = settings->voice_media,
        .media_advertised = settings->voice_media_advertised,
        .web_media = settings->voice_web_media,
        .web_advertised = settings->voice_web_advertised,
        .web_opus = slice_is(slice_from(settings->voice_web_opus), "yes"),
        .trunk = settings->voice_trunk,
        .trunk_user = settings->voice_trunk_user,
        .trunk_password = getenv("OUTDIAL_TRUNK_PASSWORD"),
        .peers = settings->voice_allow,
        .data = settings->data,
        .account_sid = variable("twilio_account_sid", "TWILIO_ACCOUNT_SID"),
        .auth_token = variable("twilio_auth_token", "TWILIO_AUTH_TOKEN"),
        .api_key_sid = variable("twilio_api_key_sid", "TWILIO_API_KEY_SID"),
        .api_key_secret = variable("twilio_api_key_secret", "TWILIO_API_KEY_SECRET"),
        .application_sid = variable("twilio_app_id_outbound", "TWILIO_APP_ID_OUTBOUND"),
        .application_url = settings->voice_application_url,
        .caller_ids = settings->voice_caller_ids,
        .loopback_is_stranger = slice_is(slice_from(settings->voice_local_phones), "no"),
        .prefixes = settings->voice_prefixes,
        .incoming_url = settings->voice_incoming_url,
        .calls_max = (unsigned)settings->voice_calls_max,
        .calls_kept = (unsigned)settings->voice_calls_kept,
        .load_percent_max = (unsigned)settings->voice_load_percent,
        .calls_per_second = (unsigned)settings->voice_cps,
        .queue_age_s_max = (unsigned)settings->voice_queue_s,
        .alone_s = (unsigned)settings->voice_alone_s,
        .probe_ms = (unsigned)settings->voice_probe_s * 1000,
        .silent_ms = (unsigned)settings->voice_silent_s * 1000,
        .fetch = fetch_of(settings->voice_fetch),
    };

    log_level_set(level_of(settings->log));
    return voice_run(&options);
}

static int act(const struct command *command, const struct settings *settings,
               const struct arguments *arguments)
{
    if (arguments->word_count)
        return command_misused(command, "'%s' is not understood", arguments->words[0]);
    return run_engine(settings);
}

static int run(const struct command *command, int argc, char **argv)
{
    return settings_run(command, argc, argv, act);
}

const struct command command_voice = {
    .name = "voice",
    .usage = "[--http ADDRESS:PORT] [--sip ADDRESS:PORT] [--media ADDRESS[:FIRST-LAST]] "
             "[--trunk sip:HOST:PORT]",
    .sentence = "the voice engine: SIP calls, conferences, the Twilio interface",
    .details = "The account SID and auth token of its interface are taken from the environment\n"
               "variables twilio_account_sid and twilio_auth_token (upper case too), the API key\n"
               "that signs browser phones' tokens from twilio_api_key_sid and\n"
               "twilio_api_key_secret, the application of their calls from\n"
               "twilio_app_id_outbound, the trunk's password from OUTDIAL_TRUNK_PASSWORD. When "
               "ready it prints its addresses as one\n"
               "line of JSON; SIGTERM ends it, hanging up what calls there are.",
    .settings = SETTINGS_VOICE | SETTINGS_LOG,
    .run = run,
};
