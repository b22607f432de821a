#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include <stdint.h>
#include <stdio.h>

#include "cli/command.h"

/*
 * Settings: one table (settings.c) of name, unit, range, default and one sentence. Made from it: the
 * file's parser, the environment's names, the flags, `outdial settings` and every help page.
 *
 * A value is taken from the last of: the default; the file (--config FILE, else OUTDIAL_CONFIG, else
 * none), lines `name = value`, '#' starts a comment; the environment (OUTDIAL_NAME); the flag.
 *
 *   code = settings_load(&settings, SETTINGS_SERVE, &arguments);   says what is wrong and where
 *   settings.http ...
 *   settings_release(&settings);                                   also when loading failed
 *
 * A new setting is a field here and a row there.
 */
enum settings_group {
    SETTINGS_SERVE = 1 << 0,
    SETTINGS_VOICE = 1 << 1,
    SETTINGS_PHONES = 1 << 2,
    SETTINGS_CLIENT = 1 << 3, /* commands that talk to a server */
    SETTINGS_LOG = 1 << 4,
    SETTINGS_SHOW = 1 << 5, /* `outdial settings`: nothing but the name of the file */
    SETTINGS_ALL = 0xff,
};

struct settings {
    /* everybody */
    char *config;
    char *log;  /* debug, info, warning, error */
    char *data; /* folder; ~ is expanded */
    /* serve */
    char *http;                                    /* ADDRESS:PORT */
    char *trunk;                                   /* sip: URI or "" */
    char *voice;                                   /* base URL of an engine or "" */
    char *public_url;                              /* or "" */
    char *engine_sip, *engine_http, *engine_media; /* passed to the engine serve starts */
    char *engine_web_media, *engine_web_advertised;
    char *caller_id; /* "" */
    char *host_names, *app, *breaks, *turn;
    int64_t session_s;
    char *push_webhook, *push_client_events, *push_subscription_counts;
    int64_t engine_alone_s, engine_silent_s;
    int64_t calls_per_second;
    int64_t commit_ms;
    int64_t agents_max, calls_max;
    int64_t upload_mb;
    /* voice */
    char *voice_http, *voice_sip, *voice_media, *voice_trunk;
    char *voice_trunk_user; /* digest user; the password is in the environment only */
    char *voice_allow;      /* comma-separated peers besides the trunk's address */
    int64_t voice_calls_max;
    int64_t voice_calls_kept;
    int64_t voice_load_percent;
    int64_t voice_cps;
    int64_t voice_queue_s;
    int64_t voice_silent_s;
    int64_t voice_alone_s;
    int64_t voice_probe_s;
    char *voice_fetch;            /* local, public, any */
    char *voice_caller_ids;       /* comma-separated numbers that may be shown; "": any */
    char *voice_prefixes;         /* comma-separated beginnings of numbers; "": all */
    char *voice_media_advertised; /* or "" */
    char *voice_web_media, *voice_web_advertised; /* or "" */
    char *voice_web_opus;                         /* no, yes */
    char *voice_local_phones;                     /* yes, no */
    char *voice_incoming_url;                     /* or "" */
    char *voice_application_url;                  /* or "" */
    /* phones */
    char *phones_listen, *phones_script;
    /* clients */
    char *server, *token_file;
};

enum setting_kind {
    SETTING_TEXT,
    SETTING_WHOLE,   /* a whole number within [low, high] */
    SETTING_CHOICE,  /* one of the words of `range` */
    SETTING_ADDRESS, /* HOST:PORT, port 0-65535 */
    SETTING_URL,     /* http:// or https://, or empty */
    SETTING_SIP,     /* sip:HOST[:PORT], or empty */
    SETTING_FOLDER,  /* a path; ~ at its start is the home folder */
};

struct setting {
    const char *name;
    const char *flag; /* "--http" */
    enum setting_kind kind;
    unsigned groups;    /* who takes it */
    const char *unit;   /* "ms", "" */
    const char *range;  /* for people; CHOICE: the words with blanks between */
    int64_t low, high;  /* WHOLE */
    const char *preset; /* the default, as text */
    size_t offset;      /* of the field in struct settings */
    const char *sentence;
};

/* COMMAND_DONE, or COMMAND_MISUSED after telling every mistake on standard error. */
int settings_load(struct settings *settings, unsigned groups,
                  const struct arguments *arguments) must_check;
/* The same with everything handed in, for tests: file may be NULL; complaints go to `say`. */
int settings_load_from(struct settings *settings, unsigned groups,
                       const struct arguments *arguments, const char *file_name,
                       const char *file_text, const char *(*environment)(const char *name),
                       FILE *say) must_check;

/*
 * A whole command that needs its settings and no more: parses the arguments, loads the settings,
 * works, lets go. A command's code.
 */
typedef int (*settings_work)(const struct command *command, const struct settings *settings,
                             const struct arguments *arguments);
int settings_run(const struct command *command, int argc, char **argv, settings_work work);
void settings_release(struct settings *settings);

const struct setting *setting_at(size_t index); /* NULL past the end */
/* The setting whose flag this is, among those of the groups; its index in *index. NULL: none. */
const struct setting *setting_by_flag(unsigned groups, const char *flag, size_t flag_size,
                                      size_t *index);
/* "OUTDIAL_HTTP" for "http". */
void setting_environment_name(const struct setting *setting, char *out, size_t out_size);
/* The value as text. */
void setting_print(const struct settings *settings, const struct setting *setting, char *out,
                   size_t out_size);

#endif
