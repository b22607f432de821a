#include "server/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

enum group { VOICE, PUSH };

struct variable {
    const char *name;
    size_t offset;
    enum group group;
    bool beyond;   /* not wanted where another's voice interface is used (voice_only) */
    bool optional; /* of use when it is there */
};

#define AT(field) offsetof(struct credentials, field)
static const struct variable variables[] = {
    {"twilio_account_sid", AT(account), VOICE, false, false},
    {"twilio_auth_token", AT(auth_token), VOICE, false, false},
    {"twilio_caller_id", AT(caller_id), VOICE, true, false},
    {"twilio_app_id_outbound", AT(application), VOICE, true, false},
    {"twilio_api_key_sid", AT(key), VOICE, false, true},
    {"twilio_api_key_secret", AT(key_secret), VOICE, false, true},
    {"pusher_appid", AT(push_app), PUSH, false, false},
    {"pusher_key", AT(push_key), PUSH, false, false},
    {"pusher_secret", AT(push_secret), PUSH, false, false},
    {"pusher_cluster", AT(push_cluster), PUSH, false, true},
};

/* What is made for the embedded parts, and how each is called in the file. */
static const struct {
    const char *name, *prefix;
    size_t offset;
    enum group group;
    bool is_number;
    bool later; /* files of older versions lack it */
} made[] = {
    {"account_sid", "AC", AT(account), VOICE, false, false},
    {"auth_token", "", AT(auth_token), VOICE, false, false},
    {"api_key_sid", "SK", AT(key), VOICE, false, true},
    {"api_key_secret", "", AT(key_secret), VOICE, false, true},
    {"application_sid", "AP", AT(application), VOICE, false, true},
    {"push_app_id", "", AT(push_app), PUSH, true, true},
    {"push_key", "", AT(push_key), PUSH, false, true},
    {"push_secret", "", AT(push_secret), PUSH, false, true},
};

static char *field(struct credentials *credentials, const struct variable *variable)
{
    return (char *)credentials + variable->offset;
}

static const char *lookup(const char *(*environment)(const char *name), const char *name)
{
    char upper[64];
    const char *value = environment(name);

    if (value && *value)
        return value;
    snprintf(upper, sizeof(upper), "%s", name);
    for (char *at = upper; *at; at++)
        if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 'a' + 'A');
    value = environment(upper);
    return value && *value ? value : NULL;
}

int secret_hex(size_t size, char *out)
{
    unsigned char bytes[64];

    check(size <= sizeof(bytes));
    if (getrandom(bytes, size, 0) != (ssize_t)size)
        return errno;
    bytes_to_hex(bytes, size, out);
    return 0;
}

int secret_write(const char *folder, const char *name, const char *text)
{
    char path[4096], fresh[4096 + 8];
    size_t size = strlen(text);
    int err = 0;

    if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
        return ENAMETOOLONG;
    snprintf(fresh, sizeof(fresh), "%s.new", path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno;
    if (write(fd, text, size) != (ssize_t)size || fsync(fd) != 0)
        err = errno ? errno : EIO;
    close(fd);
    if (!err && rename(fresh, path) != 0)
        err = errno;
    if (err)
        unlink(fresh);
    return err;
}

int secret_read(const char *path, char *out, size_t out_size)
{
    FILE *file = fopen(path, "re");

    if (!file)
        return errno;
    if (!fgets(out, (int)out_size, file))
        out[0] = '\0';
    fclose(file);
    struct slice line = slice_trim(slice_from(out));

    memmove(out, line.at, line.size);
    out[line.size] = '\0';
    return line.size ? 0 : ENODATA;
}

static char *made_field(struct credentials *credentials, size_t i)
{
    return (char *)credentials + made[i].offset;
}

static int write_made(struct credentials *credentials, const char *data, char *why, size_t why_size)
{
    json_t *json = json_object();
    char *text;
    int err = 0;

    for (size_t i = 0; i < array_count(made); i++)
        err |= json_object_set_new(json, made[i].name, json_string(made_field(credentials, i)));
    text = err ? NULL : json_dumps(json, JSON_INDENT(2));
    err = text ? secret_write(data, "credentials.json", text) : ENOMEM;
    if (err)
        snprintf(why, why_size, "cannot write '%s/credentials.json': %s", data, strerror(err));
    free(text);
    json_decref(json);
    return err;
}

static int make_field(struct credentials *credentials, size_t i)
{
    char hex[33];
    int err = secret_hex(16, hex);

    /* Packages of the push wire take a text of digits for a number: it stays one exactly. */
    if (!err && made[i].is_number) {
        hex[7] = '\0';
        snprintf(made_field(credentials, i), CREDENTIAL_SIZE, "%lu",
                 100000000 + strtoul(hex, NULL, 16));
    } else if (!err)
        snprintf(made_field(credentials, i), CREDENTIAL_SIZE, "%s%s", made[i].prefix, hex);
    return err;
}

static int read_made(struct credentials *credentials, const char *data, const char *path, char *why,
                     size_t why_size)
{
    json_error_t error = {.text = ""};
    json_t *json = json_load_file(path, 0, &error);
    bool completed = false;
    int err = 0;

    for (size_t i = 0; i < array_count(made) && !err; i++) {
        const json_t *value = json_object_get(json, made[i].name);

        if (json && !value && made[i].later) {
            err = make_field(credentials, i);
            completed = true;
        } else if (!json_is_string(value) ||
                   !slice_copy(slice_from(json_string_value(value)), made_field(credentials, i),
                               CREDENTIAL_SIZE)) {
            snprintf(why, why_size, "cannot read credentials from '%s': %s%s", path,
                     json ? made[i].name : error.text, json ? " is missing" : "");
            err = EBADMSG;
        }
    }
    json_decref(json);
    return err || !completed ? err : write_made(credentials, data, why, why_size);
}

static int make(struct credentials *credentials, const char *data, char *why, size_t why_size)
{
    for (size_t i = 0; i < array_count(made); i++) {
        int err = make_field(credentials, i);

        if (err) {
            snprintf(why, why_size, "the system gives no random numbers: %s", strerror(err));
            return err;
        }
    }
    return write_made(credentials, data, why, why_size);
}

/* How much of a group the environment has. 0; EINVAL: some of it, or a value that is too long. */
static int read_group(struct credentials *credentials, enum group group, bool voice_only,
                      const char *(*environment)(const char *name), bool *is_whole, char *why,
                      size_t why_size)
{
    size_t wanted = 0, given = 0, besides = 0;
    struct text missing;
    int err = 0;

    text_init(&missing);
    for (size_t i = 0; i < array_count(variables); i++) {
        const char *value = lookup(environment, variables[i].name);

        if (variables[i].group != group)
            continue;
        if (value &&
            !slice_copy(slice_from(value), field(credentials, &variables[i]), CREDENTIAL_SIZE)) {
            snprintf(why, why_size, "the variable %s is too long", variables[i].name);
            err = EINVAL;
        }
        if (voice_only && variables[i].beyond)
            continue;
        if (variables[i].optional) {
            besides += value != NULL;
            continue;
        }
        wanted++;
        given += value != NULL;
        if (!value)
            text_addf(&missing, "%s%s", missing.size ? ", " : "", variables[i].name);
    }
    *is_whole = given == wanted;
    if (!err && given + besides && given < wanted) {
        snprintf(why, why_size,
                 "some of the variables of the hosted %s service are set, but not %s; set all of "
                 "them, or none to use the built-in one",
                 group == VOICE ? "voice" : "push", missing.at);
        err = EINVAL;
    }
    text_release(&missing);
    return err;
}

/* The embedded parts' own: read, or made. Of a hosted part nothing is taken. */
static int use_made(struct credentials *credentials, const char *data, char *why, size_t why_size)
{
    struct credentials own = {.hosted = false};
    char path[4096];
    int err;

    snprintf(path, sizeof(path), "%s/credentials.json", data);
    err = access(path, F_OK) == 0 ? read_made(&own, data, path, why, why_size)
                                  : make(&own, data, why, why_size);
    if (err)
        return err;
    for (size_t i = 0; i < array_count(made); i++)
        if (!(made[i].group == VOICE ? credentials->hosted : credentials->push_hosted))
            memcpy(made_field(credentials, i), made_field(&own, i), CREDENTIAL_SIZE);
    return 0;
}

int credentials_load(struct credentials *credentials, const char *data, bool voice_only,
                     const char *(*environment)(const char *name), char *why, size_t why_size)
{
    int err;

    *credentials = (struct credentials){.hosted = false};
    err = read_group(credentials, VOICE, voice_only, environment, &credentials->hosted, why,
                     why_size);
    if (!err && !*credentials->key != !*credentials->key_secret) {
        snprintf(why, why_size,
                 "of twilio_api_key_sid and twilio_api_key_secret only one is set; set both, or "
                 "none");
        err = EINVAL;
    }
    if (!err)
        err = read_group(credentials, PUSH, voice_only, environment, &credentials->push_hosted, why,
                         why_size);
    if (err || (credentials->hosted && credentials->push_hosted))
        return err;
    return use_made(credentials, data, why, why_size);
}
