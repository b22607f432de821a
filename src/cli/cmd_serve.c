#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/settings.h"
#include "serve/serve.h"

enum { FLAG_DEMO };

static const struct flag flags[] = {
    {"--demo", NULL, "a campaign over simulated phones, with robot agents, shown in the terminal"},
    {NULL, NULL, NULL},
};

static void set_log_level(const char *word)
{
    static const char *const words[] = {"debug", "info", "warning", "error"};

    for (size_t i = 0; i < array_count(words); i++)
        if (strcmp(word, words[i]) == 0)
            log_level_set((enum log_level)i);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments;
    struct settings settings;
    int code = arguments_parse(&arguments, command, argc, argv);

    if (code != COMMAND_DONE)
        return arguments_answer(code);
    if (arguments.word_count)
        return command_misused(command, "'%s' is one word too many", arguments.words[0]);
    code = settings_load(&settings, command->settings, &arguments);
    if (code == COMMAND_DONE) {
        struct serve_options options = {
            .http = settings.http,
            .data = settings.data,
            .trunk = settings.trunk,
            .voice = settings.voice,
            .public_url = settings.public_url,
            .engine_http = settings.engine_http,
            .engine_sip = settings.engine_sip,
            .engine_media = settings.engine_media,
            .engine_web_media = settings.engine_web_media,
            .engine_web_advertised = settings.engine_web_advertised,
            .engine_alone_s = (unsigned)settings.engine_alone_s,
            .engine_silent_s = (unsigned)settings.engine_silent_s,
            .push_webhook = settings.push_webhook,
            .push_client_events = strcmp(settings.push_client_events, "yes") == 0,
            .push_subscription_counts = strcmp(settings.push_subscription_counts, "yes") == 0,
            .session_s = (unsigned)settings.session_s,
            .app = settings.app,
            .breaks = settings.breaks,
            .turn = settings.turn,
            .host_names = settings.host_names,
            .log = settings.log,
            .caller_id = settings.caller_id,
            .calls_per_second = (unsigned)settings.calls_per_second,
            .commit_ms = (unsigned)settings.commit_ms,
            .agents_max = (unsigned)settings.agents_max,
            .calls_max = (unsigned)settings.calls_max,
            .upload_size_max = (size_t)settings.upload_mb << 20,
            .demo = arguments.values[FLAG_DEMO] != NULL,
        };

        set_log_level(settings.log);
        code = serve_run(&options);
    }
    settings_release(&settings);
    return code;
}

const struct command command_serve = {
    .name = "serve",
    .usage = "[--demo] [--http HOST:PORT] [--data DIR] [--trunk sip:HOST:PORT] [--voice URL]",
    .sentence = "the dialer: campaigns, agents, the interface; starts the voice engine",
    .details =
        "The variables twilio_account_sid, twilio_auth_token, twilio_caller_id and\n"
        "twilio_app_id_outbound select the hosted voice service, pusher_appid, pusher_key and\n"
        "pusher_secret (pusher_cluster besides) the hosted push service. Without them it makes\n"
        "credentials of its own in the data folder, starts `outdial voice` and pushes itself.\n"
        "Prints one line of JSON when it is ready; ends on SIGINT and SIGTERM.",
    .flags = flags,
    .settings = SETTINGS_SERVE,
    .run = run,
};
