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

struct variable {
    const char *name;
    size_t offset;
    bool voice; /* wanted for the voice wire alone */
};

#define AT(field) offsetof(struct credentials, field)
static const struct variable variables[] = {
    {"twilio_account_sid", AT(account), true},  {"twilio_auth_token", AT(auth_token), true},
    {"twilio_caller_id", AT(caller_id), false}, {"twilio_app_id_outbound", AT(application), false},
    {"pusher_appid", AT(push_app), false},      {"pusher_key", AT(push_key), false},
    {"pusher_secret", AT(push_secret), false},
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

static int read_made(struct credentials *credentials, const char *path, char *why, size_t why_size)
{
    json_error_t error;
    json_t *json = json_load_file(path, 0, &error);
    const char *account = json_string_value(json_object_get(json, "account_sid"));
    const char *token = json_string_value(json_object_get(json, "auth_token"));
    int err = 0;

    if (!account || !token ||
        !slice_copy(slice_from(account), credentials->account, CREDENTIAL_SIZE) ||
        !slice_copy(slice_from(token), credentials->auth_token, CREDENTIAL_SIZE)) {
        snprintf(why, why_size, "cannot read credentials from '%s': %s", path,
                 json ? "account_sid or auth_token is missing" : error.text);
        err = EBADMSG;
    }
    json_decref(json);
    return err;
}

static int make(struct credentials *credentials, const char *data, char *why, size_t why_size)
{
    char hex[33];
    int err = secret_hex(16, hex);

    if (!err) {
        snprintf(credentials->account, CREDENTIAL_SIZE, "AC%s", hex);
        err = secret_hex(16, credentials->auth_token);
    }
    json_t *json = json_pack("{s:s, s:s}", "account_sid", credentials->account, "auth_token",
                             credentials->auth_token);
    char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;

    if (!err)
        err = text ? secret_write(data, "credentials.json", text) : ENOMEM;
    if (err)
        snprintf(why, why_size, "cannot write '%s/credentials.json': %s", data, strerror(err));
    free(text);
    json_decref(json);
    return err;
}

int credentials_load(struct credentials *credentials, const char *data, bool voice_only,
                     const char *(*environment)(const char *name), char *why, size_t why_size)
{
    size_t wanted = 0, given = 0;
    struct text missing;
    int err = 0;

    *credentials = (struct credentials){.hosted = false};
    text_init(&missing);
    for (size_t i = 0; i < array_count(variables); i++) {
        const char *value = lookup(environment, variables[i].name);

        if (value &&
            !slice_copy(slice_from(value), field(credentials, &variables[i]), CREDENTIAL_SIZE)) {
            snprintf(why, why_size, "the variable %s is too long", variables[i].name);
            err = EINVAL;
        }
        if (voice_only && !variables[i].voice)
            continue;
        wanted++;
        given += value != NULL;
        if (!value)
            text_addf(&missing, "%s%s", missing.size ? ", " : "", variables[i].name);
    }
    const char *cluster = lookup(environment, "pusher_cluster");

    if (cluster)
        slice_copy(slice_from(cluster), credentials->push_cluster, CREDENTIAL_SIZE);
    credentials->hosted = given == wanted;
    if (!err && given && given < wanted) {
        snprintf(why, why_size,
                 "some of the variables of the hosted services are set, but not %s; set all of "
                 "them, or none to use the built-in parts",
                 missing.at);
        err = EINVAL;
    }
    text_release(&missing);
    if (err || credentials->hosted)
        return err;

    char path[4096];

    snprintf(path, sizeof(path), "%s/credentials.json", data);
    return access(path, F_OK) == 0 ? read_made(credentials, path, why, why_size)
                                   : make(credentials, data, why, why_size);
}
