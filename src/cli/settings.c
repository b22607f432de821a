#include "cli/settings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define AT(field) offsetof(struct settings, field)
enum { ALL = SETTINGS_ALL, SERVE = SETTINGS_SERVE, VOICE = SETTINGS_VOICE };
enum { PHONES = SETTINGS_PHONES, CLIENT = SETTINGS_CLIENT };

static const struct setting table[] = {
    {"config", "--config", SETTING_FOLDER, ALL, "", "path of a file", 0, 0, "", AT(config),
     "a file of settings, lines `name = value`"},
    {"log", "--log", SETTING_CHOICE, SERVE | VOICE | PHONES, "", "debug info warning error", 0, 0,
     "info", AT(log), "the least level that is written to standard error"},
    {"data", "--data", SETTING_FOLDER, SERVE | VOICE | CLIENT, "", "path of a folder", 0, 0,
     "~/.local/share/outdial", AT(data), "where the store, credentials and caches are kept"},

    {"http", "--http", SETTING_ADDRESS, SERVE, "", "HOST:PORT", 0, 0, "127.0.0.1:8080", AT(http),
     "where the dialer listens; port 0 takes a free one"},
    {"trunk", "--trunk", SETTING_SIP, SERVE, "", "sip:HOST:PORT", 0, 0, "", AT(trunk),
     "the SIP trunk of the engine that serve starts"},
    {"voice", "--voice", SETTING_URL, SERVE, "", "URL, path allowed", 0, 0, "", AT(voice),
     "the voice interface to use instead of starting an engine; credentials from the environment"},
    {"public_url", "--public-url", SETTING_URL, SERVE, "", "URL", 0, 0, "", AT(public_url),
     "how people (and a voice engine that is not ours) reach this server, as https://desk.example; "
     "empty: the address it listens on"},
    {"engine_http", "--engine-http", SETTING_ADDRESS, SERVE, "", "HOST:PORT", 0, 0, "127.0.0.1:0",
     AT(engine_http), "where the engine that serve starts listens for calls to its interface"},
    {"engine_sip", "--engine-sip", SETTING_ADDRESS, SERVE, "", "HOST:PORT", 0, 0, "127.0.0.1:0",
     AT(engine_sip), "where the engine that serve starts speaks SIP"},
    {"engine_media", "--engine-media", SETTING_TEXT, SERVE, "", "ADDRESS[:FIRST-LAST]", 0, 0,
     "127.0.0.1", AT(engine_media), "address and ports of its sound"},
    {"engine_web_media", "--engine-web-media", SETTING_TEXT, SERVE, "", "ADDRESS[:PORT]", 0, 0,
     "127.0.0.1", AT(engine_web_media),
     "address and UDP port of its sound with browsers (WebRTC); empty: it takes none"},
    {"engine_web_advertised", "--engine-web-advertised", SETTING_TEXT, SERVE, "",
     "ADDRESS[,ADDRESS...]", 0, 0, "", AT(engine_web_advertised),
     "where browsers are to send their sound, when it is not --engine-web-media itself"},
    {"push_webhook", "--push-webhook", SETTING_URL, SERVE, "", "URL", 0, 0, "", AT(push_webhook),
     "who is told by POST of channels and members of the push server; empty: nobody"},
    {"push_client_events", "--push-client-events", SETTING_CHOICE, SERVE, "", "no yes", 0, 0, "no",
     AT(push_client_events), "whether pages may send events to each other (client-...)"},
    {"push_subscription_counts", "--push-subscription-counts", SETTING_CHOICE, SERVE, "", "no yes",
     0, 0, "no", AT(push_subscription_counts),
     "whether the subscribers of a channel are told how many they are"},
    {"app", "--app", SETTING_FOLDER, SERVE, "", "path of a folder", 0, 0, "", AT(app),
     "the agents' page is read from there at each request, for who works on it; empty: the one in "
     "the "
     "program"},
    {"breaks", "--breaks", SETTING_TEXT, SERVE, "", "CODE=NAME[:MINUTES],...", 0, 0,
     "1=Lunch:30,2=Short break:10,3=Training,4=Meeting", AT(breaks),
     "the breaks agents may choose: code, name and how long each is planned to last"},
    {"turn", "--turn", SETTING_TEXT, SERVE, "", "turn:HOST:PORT[?transport=tcp]", 0, 0, "",
     AT(turn),
     "a TURN server for pages behind firewalls; its shared secret is in OUTDIAL_TURN_SECRET "
     "(coturn: "
     "use-auth-secret)"},
    {"session_s", "--session-s", SETTING_WHOLE, SERVE, "s", "60-2592000", 60, 2592000, "43200",
     AT(session_s), "how long a page stays signed in"},
    {"host_names", "--host-names", SETTING_TEXT, SERVE, "", "NAME[,NAME...]", 0, 0, "",
     AT(host_names),
     "the names by which pages may reach this server, besides localhost, addresses and the one in "
     "public_url"},
    {"engine_alone_s", "--engine-alone-s", SETTING_WHOLE, SERVE, "s", "3-86400", 3, 86400, "600",
     AT(engine_alone_s), "how long that engine waits for a new dialer when its own has died"},
    {"engine_silent_s", "--engine-silent-s", SETTING_WHOLE, SERVE, "s", "5-86400", 5, 86400, "30",
     AT(engine_silent_s),
     "an engine that lives and has not answered for so long is killed and started anew; its calls "
     "are lost"},
    {"caller_id", "--caller-id", SETTING_TEXT, SERVE, "", "number in E.164", 0, 0, "",
     AT(caller_id), "the number shown to people when a campaign names none"},
    {"calls_per_second", "--calls-per-second", SETTING_WHOLE, SERVE, "calls/s", "1-500", 1, 500,
     "10", AT(calls_per_second), "the most calls the dialer starts in a second"},
    {"commit_ms", "--commit-ms", SETTING_WHOLE, SERVE, "ms", "0-100", 0, 100, "3", AT(commit_ms),
     "how long records are gathered before they are written together"},
    {"agents_max", "--agents-max", SETTING_WHOLE, SERVE, "agents", "1-4096", 1, 4096, "512",
     AT(agents_max), "room for agents; more are refused"},
    {"calls_max", "--calls-max", SETTING_WHOLE, SERVE, "calls", "1-16384", 1, 16384, "4096",
     AT(calls_max), "room for calls at once; more are not placed"},
    {"upload_mb", "--upload-mb", SETTING_WHOLE, SERVE, "MB", "1-100000", 1, 100000, "2048",
     AT(upload_mb), "the largest list that may be uploaded"},

    {"voice_http", "--http", SETTING_ADDRESS, VOICE, "", "HOST:PORT", 0, 0, "127.0.0.1:8081",
     AT(voice_http), "where the engine listens for calls to its interface"},
    {"voice_sip", "--sip", SETTING_ADDRESS, VOICE, "", "HOST:PORT", 0, 0, "127.0.0.1:5062",
     AT(voice_sip), "where the engine speaks SIP, UDP and TCP"},
    {"voice_media", "--media", SETTING_TEXT, VOICE, "", "ADDRESS[:FIRST-LAST]", 0, 0, "127.0.0.1",
     AT(voice_media), "address and ports of its sound"},
    {"voice_trunk", "--trunk", SETTING_SIP, VOICE, "", "sip:HOST:PORT", 0, 0, "", AT(voice_trunk),
     "where calls to telephone numbers are sent"},
    {"voice_trunk_user", "--trunk-user", SETTING_TEXT, VOICE, "", "", 0, 0, "",
     AT(voice_trunk_user), "digest user at the trunk; the password is OUTDIAL_TRUNK_PASSWORD"},
    {"voice_allow", "--allow", SETTING_TEXT, VOICE, "", "ADDRESS[,ADDRESS...]", 0, 0, "",
     AT(voice_allow), "peers whose SIP is heard besides the trunk and this machine"},
    {"voice_calls_max", "--calls-max", SETTING_WHOLE, VOICE, "calls", "0-16384", 0, 16384, "0",
     AT(voice_calls_max),
     "the most calls at once; more are refused. 0: as many as descriptors, ports and the media "
     "thread bear"},
    {"voice_calls_kept", "--calls-kept", SETTING_WHOLE, VOICE, "calls", "1-1000000", 1, 1000000,
     "20000", AT(voice_calls_kept),
     "how many ended calls can still be read, for a day at most; more than can be live at once, so "
     "that "
     "a dialer that was away learns how each of its calls ended"},
    {"voice_load_percent", "--load-percent", SETTING_WHOLE, VOICE, "%", "1-100", 1, 100, "85",
     AT(voice_load_percent),
     "how much of its time the media thread may be at work before new calls must wait"},
    {"voice_cps", "--cps", SETTING_WHOLE, VOICE, "calls/s", "1-2000", 1, 2000, "10", AT(voice_cps),
     "new calls a second; more wait in the queue"},
    {"voice_queue_s", "--queue-s", SETTING_WHOLE, VOICE, "s", "1-86400", 1, 86400, "30",
     AT(voice_queue_s), "the age at which a waiting call is canceled"},
    {"voice_silent_s", "--silent-s", SETTING_WHOLE, VOICE, "s", "1-3600", 1, 3600, "30",
     AT(voice_silent_s), "a leg whose sound has stopped for so long is taken for lost"},
    {"voice_alone_s", "--alone-s", SETTING_WHOLE, VOICE, "s", "0-86400", 0, 86400, "0",
     AT(voice_alone_s),
     "an engine that is not asked anything for so long ends itself, when its calls are over; 0: "
     "never"},
    {"voice_probe_s", "--probe-s", SETTING_WHOLE, VOICE, "s", "0-3600", 0, 3600, "30",
     AT(voice_probe_s), "how often the trunk is asked whether it lives (SIP OPTIONS); 0: never"},
    {"voice_fetch", "--fetch", SETTING_CHOICE, VOICE, "", "local public any", 0, 0, "local",
     AT(voice_fetch),
     "where webhooks and audio may be: public addresses and this machine; public "
     "addresses only; private networks too"},
    {"voice_caller_ids", "--caller-ids", SETTING_TEXT, VOICE, "", "NUMBER[,NUMBER...]", 0, 0, "",
     AT(voice_caller_ids), "the numbers that may be shown; empty: any"},
    {"voice_prefixes", "--prefixes", SETTING_TEXT, VOICE, "", "+1[,+44...]", 0, 0, "",
     AT(voice_prefixes), "the numbers that may be called begin so; empty: all"},
    {"voice_media_advertised", "--media-advertised", SETTING_TEXT, VOICE, "", "IPv4 address", 0, 0,
     "", AT(voice_media_advertised),
     "where peers are to send their sound, when it is not --media itself"},
    {"voice_web_media", "--web-media", SETTING_TEXT, VOICE, "", "ADDRESS[:PORT]", 0, 0, "",
     AT(voice_web_media),
     "address and UDP port of all browsers' sound (WebRTC); empty: no browsers are taken"},
    {"voice_web_advertised", "--web-advertised", SETTING_TEXT, VOICE, "", "ADDRESS[,ADDRESS...]", 0,
     0, "", AT(voice_web_advertised),
     "where browsers are to send their sound, best first, when it is not --web-media itself"},
    {"voice_web_opus", "--web-opus", SETTING_CHOICE, VOICE, "", "no yes", 0, 0, "no",
     AT(voice_web_opus),
     "whether browsers that would rather speak Opus (poor links) may; it costs several times PCMU"},
    {"voice_local_phones", "--local-phones", SETTING_CHOICE, VOICE, "", "yes no", 0, 0, "yes",
     AT(voice_local_phones), "whether SIP phones on this machine may call and be called"},
    {"voice_incoming_url", "--incoming-url", SETTING_URL, VOICE, "", "URL", 0, 0, "",
     AT(voice_incoming_url), "the TwiML for calls that come in; empty: they are refused"},
    {"voice_application_url", "--application-url", SETTING_URL, VOICE, "", "URL", 0, 0, "",
     AT(voice_application_url),
     "the TwiML for calls of browser phones through the application twilio_app_id_outbound"},

    {"phones_listen", "--listen", SETTING_ADDRESS, PHONES, "", "HOST:PORT", 0, 0, "127.0.0.1:5070",
     AT(phones_listen), "where the simulated network speaks SIP, UDP and TCP"},
    {"phones_script", "--script", SETTING_FOLDER, PHONES, "", "path of a file", 0, 0, "",
     AT(phones_script), "who answers and how (JSON)"},

    {"server", "--server", SETTING_URL, CLIENT, "", "URL", 0, 0, "http://127.0.0.1:8080",
     AT(server), "the dialer to talk to"},
    {"token_file", "--token-file", SETTING_FOLDER, CLIENT, "", "path of a file", 0, 0, "",
     AT(token_file),
     "a file with the bearer token; empty: `token` in the data folder; "
     "the variable OUTDIAL_TOKEN goes before it"},
};

static_assert(array_count(table) <= SETTING_COUNT_MAX, "arguments have a place for each setting");

const struct setting *setting_at(size_t index)
{
    return index < array_count(table) ? &table[index] : NULL;
}

const struct setting *setting_by_flag(unsigned groups, const char *flag, size_t flag_size,
                                      size_t *index)
{
    for (size_t i = 0; i < array_count(table); i++)
        if (table[i].groups & groups && strlen(table[i].flag) == flag_size &&
            memcmp(table[i].flag, flag, flag_size) == 0) {
            *index = i;
            return &table[i];
        }
    return NULL;
}

void setting_environment_name(const struct setting *setting, char *out, size_t out_size)
{
    snprintf(out, out_size, "OUTDIAL_%s", setting->name);
    for (char *at = out; *at; at++)
        if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 'a' + 'A');
}

static bool is_whole(const struct setting *setting)
{
    return setting->kind == SETTING_WHOLE;
}

static char **text_field(struct settings *settings, const struct setting *setting)
{
    return (char **)(void *)((char *)settings + setting->offset);
}

static int64_t *whole_field(struct settings *settings, const struct setting *setting)
{
    return (int64_t *)(void *)((char *)settings + setting->offset);
}

void setting_print(const struct settings *settings, const struct setting *setting, char *out,
                   size_t out_size)
{
    struct settings *from = (struct settings *)settings;

    if (is_whole(setting))
        snprintf(out, out_size, "%lld", (long long)*whole_field(from, setting));
    else
        snprintf(out, out_size, "%s", *text_field(from, setting));
}

static bool address_is_good(const char *value)
{
    const char *colon = strrchr(value, ':');
    int64_t port;

    return colon && colon != value && slice_to_i64(slice_from(colon + 1), 0, 65535, &port) == 0;
}

static bool url_is_good(struct slice given)
{
    size_t head = slice_starts(given, "https://") ? 8 : 7;

    if (head == 7 && !slice_starts(given, "http://"))
        return false;
    for (size_t i = 0; i < given.size; i++)
        if ((unsigned char)given.at[i] <= ' ' || given.at[i] == 127)
            return false;
    return given.size > head && !strchr("/:?#", given.at[head]);
}

static bool choice_is_good(const char *words, const char *value)
{
    struct slice rest = slice_from(words);

    while (rest.size)
        if (slice_is(slice_cut(&rest, ' '), value))
            return true;
    return false;
}

/* NULL, or what the value should have been. */
static const char *fault(const struct setting *setting, const char *value, int64_t *whole)
{
    struct slice given = slice_from(value);

    switch (setting->kind) {
    case SETTING_TEXT:
    case SETTING_FOLDER:
        return NULL;
    case SETTING_WHOLE:
        return slice_to_i64(given, setting->low, setting->high, whole) == 0
                   ? NULL
                   : "is not a whole number within";
    case SETTING_CHOICE:
        return choice_is_good(setting->range, value) ? NULL : "is none of";
    case SETTING_ADDRESS:
        return address_is_good(value) ? NULL : "is not of the form";
    case SETTING_URL:
        return !*value || url_is_good(given)
                   ? NULL
                   : "is not of the form http://HOST or https://HOST; wanted:";
    case SETTING_SIP:
        return !*value || slice_starts(given, "sip:") ? NULL : "is not of the form";
    }
    return NULL;
}

struct loading {
    struct settings *settings;
    FILE *say;
    bool wrong;
};

__attribute__((format(printf, 3, 4))) static void wrong(struct loading *loading, const char *where,
                                                        const char *format, ...)
{
    va_list list;

    loading->wrong = true;
    fprintf(loading->say, "%s: ", where);
    va_start(list, format);
    vfprintf(loading->say, format, list);
    va_end(list);
    fputc('\n', loading->say);
}

static char *expand_home(const char *value)
{
    struct text text;
    const char *home = getenv("HOME");

    text_init(&text);
    if (value[0] == '~' && (value[1] == '/' || !value[1])) {
        text_add(&text, home ? home : ".");
        value++;
    }
    text_add(&text, value);
    return text_take(&text, NULL);
}

static void set(struct loading *loading, const struct setting *setting, const char *value,
                const char *where)
{
    int64_t whole = 0;
    const char *why = fault(setting, value, &whole);

    if (why) {
        wrong(loading, where, "%s '%s' %s %s%s%s", setting->name, value, why, setting->range,
              *setting->unit ? " " : "", setting->unit);
        return;
    }
    if (is_whole(setting)) {
        *whole_field(loading->settings, setting) = whole;
        return;
    }
    char **field = text_field(loading->settings, setting);

    free(*field);
    *field = setting->kind == SETTING_FOLDER ? expand_home(value) : slice_dup(slice_from(value));
    check(*field); /* at the start of a process; there is nobody to tell */
}

static const struct setting *by_name(struct slice name)
{
    for (size_t i = 0; i < array_count(table); i++)
        if (slice_is(name, table[i].name))
            return &table[i];
    return NULL;
}

static void read_line(struct loading *loading, struct slice line, const char *where)
{
    struct slice rest = line;
    struct slice code = slice_trim(slice_cut(&rest, '#'));

    if (!code.size)
        return;
    if (!memchr(code.at, '=', code.size)) {
        wrong(loading, where, "'%.*s' is not of the form name = value", (int)code.size, code.at);
        return;
    }
    struct slice value = code;
    struct slice name = slice_trim(slice_cut(&value, '='));
    const struct setting *setting = by_name(name);
    char *copy = slice_dup(slice_trim(value));

    check(copy);
    if (!setting)
        wrong(loading, where, "there is no setting '%.*s'; `outdial settings` lists them",
              (int)name.size, name.at);
    else
        set(loading, setting, copy, where);
    free(copy);
}

static void read_file(struct loading *loading, const char *name, const char *text)
{
    struct slice rest = slice_from(text);

    for (int line = 1; rest.size; line++) {
        char where[512];

        snprintf(where, sizeof(where), "%s:%d", name, line);
        if (line == 1 && slice_starts(rest, "\xef\xbb\xbf"))
            rest = slice_of(rest.at + 3, rest.size - 3);
        read_line(loading, slice_cut(&rest, '\n'), where);
    }
}

int settings_load_from(struct settings *settings, unsigned groups,
                       const struct arguments *arguments, const char *file_name,
                       const char *file_text, const char *(*environment)(const char *name),
                       FILE *say)
{
    struct loading loading = {.settings = settings, .say = say};

    *settings = (struct settings){.http = NULL};
    for (size_t i = 0; i < array_count(table); i++)
        set(&loading, &table[i], table[i].preset, "the defaults");
    check(!loading.wrong);
    if (file_text)
        read_file(&loading, file_name, file_text);
    for (size_t i = 0; i < array_count(table); i++) {
        char name[64];

        setting_environment_name(&table[i], name, sizeof(name));
        if (table[i].groups & groups && environment(name))
            set(&loading, &table[i], environment(name), name);
    }
    for (size_t i = 0; i < array_count(table); i++)
        if (table[i].groups & groups && arguments && arguments->setting_values[i])
            set(&loading, &table[i], arguments->setting_values[i], table[i].flag);
    return loading.wrong ? COMMAND_MISUSED : COMMAND_DONE;
}

static const char *from_environment(const char *name)
{
    return getenv(name);
}

/* The whole file in *text, or an errno. */
static int slurp(const char *path, struct text *text)
{
    FILE *file = fopen(path, "re");
    char part[4096];
    size_t got;

    if (!file)
        return errno;
    errno = 0;
    while ((got = fread(part, 1, sizeof(part), file)) > 0)
        text_add_bytes(text, part, got);
    int err = ferror(file) ? (errno ? errno : EIO) : text->failed ? ENOMEM : 0;

    fclose(file);
    return err;
}

int settings_load(struct settings *settings, unsigned groups, const struct arguments *arguments)
{
    const char *path = getenv("OUTDIAL_CONFIG");
    struct text text;
    int code;

    if (arguments && arguments->setting_values[0])
        path = arguments->setting_values[0];
    check(strcmp(table[0].name, "config") == 0);
    text_init(&text);
    int err = path && *path ? slurp(path, &text) : 0;

    if (!err && text.size && memchr(text.at, '\0', text.size))
        err = EILSEQ; /* no text */
    if (err) {
        *settings = (struct settings){.http = NULL};
        fprintf(stderr, "outdial: cannot read settings from '%s': %s\n", path,
                err == EILSEQ ? "it is no text" : strerror(err));
        code = COMMAND_MISUSED;
    } else {
        code = settings_load_from(settings, groups, arguments, path, text.size ? text.at : NULL,
                                  from_environment, stderr);
    }
    text_release(&text);
    return code;
}

int settings_run(const struct command *command, int argc, char **argv, settings_work work)
{
    struct arguments arguments;
    struct settings settings;
    int code = arguments_parse(&arguments, command, argc, argv);

    if (code != COMMAND_DONE)
        return arguments_answer(code);
    code = settings_load(&settings, command->settings, &arguments);
    if (code == COMMAND_DONE)
        code = work(command, &settings, &arguments);
    settings_release(&settings);
    return code;
}

void settings_release(struct settings *settings)
{
    for (size_t i = 0; i < array_count(table); i++)
        if (!is_whole(&table[i])) {
            free(*text_field(settings, &table[i]));
            *text_field(settings, &table[i]) = NULL;
        }
}
