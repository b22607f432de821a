#include "cli/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "net/http_client.h"
#include "wire/form.h"

enum { TOKEN_SIZE = 512, ANSWER_SIZE_MAX = 64 << 20, CALL_MS = 60000, TRANSFER_MS = 3600000 };

struct client {
    const struct command *command;
    char *server; /* "http://127.0.0.1:8080", no slash at its end */
    char authorization[TOKEN_SIZE + 32];
    struct loop *loop;
    struct http_client *http;
    /* of the request under way */
    bool done;
    enum http_outcome outcome;
    unsigned status;
    struct text error, body;
    FILE *file;
    int file_error;
    uint64_t moved, total;
    client_progress progress;
    void *progress_arg;
};

static bool read_token_file(const char *path, char token[TOKEN_SIZE])
{
    FILE *file = fopen(path, "re");
    struct slice line;

    if (!file)
        return false;
    errno = 0;
    if (!fgets(token, TOKEN_SIZE, file))
        token[0] = '\0';
    for (char *at = token; *at; ++at)
        if (*at < 0x20 && *at != '\n' && *at != '\r') {
            token[0] = '\0';
            errno = EILSEQ;
        }
    int err = errno;

    fclose(file);
    errno = err;
    line = slice_trim(slice_from(token));
    memmove(token, line.at, line.size);
    token[line.size] = '\0';
    return token[0] != '\0';
}

static int find_token(const struct command *command, const struct settings *settings,
                      char token[TOKEN_SIZE])
{
    const char *given = getenv("OUTDIAL_TOKEN");
    char path[4096];

    if (given && *given) {
        if (!slice_copy(slice_from(given), token, TOKEN_SIZE))
            return command_failed(command, "OUTDIAL_TOKEN is too long for a token");
        for (const char *at = token; *at; ++at)
            if ((unsigned char)*at <= ' ')
                return command_failed(command, "OUTDIAL_TOKEN holds blanks or line ends");
        return COMMAND_DONE;
    }
    if (*settings->token_file)
        return read_token_file(settings->token_file, token)
                   ? COMMAND_DONE
                   : command_failed(command, "cannot read a token from '%s': %s",
                                    settings->token_file, errno ? strerror(errno) : "empty");
    snprintf(path, sizeof(path), "%s/token", settings->data);
    if (read_token_file(path, token))
        return COMMAND_DONE;
    return command_failed(command,
                          "no token: set OUTDIAL_TOKEN, or name a file by --token-file, or the "
                          "server's folder by --data ('%s' holds none)",
                          path);
}

int client_open(struct client **clientp, const struct command *command,
                const struct settings *settings)
{
    struct client *client = calloc(1, sizeof(*client));
    struct slice server = slice_from(settings->server);
    char token[TOKEN_SIZE];
    int code;

    if (!client)
        return command_failed(command, "out of memory");
    client->command = command;
    while (server.size && server.at[server.size - 1] == '/')
        --server.size;
    client->server = slice_dup(server);
    code = find_token(command, settings, token);
    if (code == COMMAND_DONE) {
        snprintf(client->authorization, sizeof(client->authorization), "Authorization: Bearer %s",
                 token);
        if (!client->server || loop_new(&client->loop) ||
            http_client_new(&client->http, client->loop, NULL))
            code = command_failed(command, "cannot start: %s", strerror(errno));
    }
    if (code == COMMAND_DONE)
        *clientp = client;
    else
        client_close(client);
    return code;
}

void client_close(struct client *client)
{
    if (!client)
        return;
    http_client_free(client->http);
    loop_free(client->loop);
    text_release(&client->error);
    text_release(&client->body);
    free(client->server);
    free(client);
}

int client_run(const struct command *command, int argc, char **argv, size_t word_count,
               const char *flag, client_work work)
{
    struct arguments arguments;
    struct settings settings;
    struct client *client = NULL;
    int code = arguments_parse(&arguments, command, argc, argv);

    if (code != COMMAND_DONE)
        return arguments_answer(code);
    if (arguments.word_count != word_count || (flag && !arguments_get(&arguments, command, flag)))
        return command_misused(command, "usage: outdial %s %s", command->name, command->usage);
    code = settings_load(&settings, command->settings, &arguments);
    if (code == COMMAND_DONE)
        code = client_open(&client, command, &settings);
    if (code == COMMAND_DONE)
        code = work(command, &arguments, client);
    client_close(client);
    settings_release(&settings);
    return code;
}

const char *client_path(char path[CLIENT_PATH_SIZE], const char *segment, ...)
{
    struct text text;
    va_list list;

    text_init(&text);
    text_add(&text, "/api/v1");
    va_start(list, segment);
    for (; segment; segment = va_arg(list, const char *)) {
        text_add_char(&text, '/');
        form_encode(slice_from(segment), false, &text);
    }
    va_end(list);
    slice_copy(text_slice(&text), path, CLIENT_PATH_SIZE);
    text_release(&text);
    return path;
}

void client_query(char path[CLIENT_PATH_SIZE], const char *name, const char *value)
{
    struct text text;

    if (!value)
        return;
    text_init(&text);
    text_add(&text, path);
    text_add_char(&text, strchr(path, '?') ? '&' : '?');
    text_add(&text, name);
    text_add_char(&text, '=');
    form_encode(slice_from(value), false, &text);
    slice_copy(text_slice(&text), path, CLIENT_PATH_SIZE);
    text_release(&text);
}

static void on_answer(void *arg, const struct http_answer *answer)
{
    struct client *client = arg;

    client->done = true;
    client->outcome = answer->outcome;
    client->status = answer->status;
    text_clear(&client->error);
    text_add(&client->error, answer->error);
    text_clear(&client->body);
    text_add_slice(&client->body, answer->body);
}

static void tell_progress(struct client *client, size_t more)
{
    client->moved += more;
    if (client->progress)
        client->progress(client->progress_arg, client->moved, client->total);
}

static ssize_t read_file(void *arg, char *out, size_t size)
{
    struct client *client = arg;
    size_t given = fread(out, 1, size, client->file);

    if (ferror(client->file))
        client->file_error = errno ? errno : EIO;
    tell_progress(client, given);
    return client->file_error ? -1 : (ssize_t)given;
}

static bool write_file(void *arg, const char *bytes, size_t size)
{
    struct client *client = arg;

    if (fwrite(bytes, 1, size, client->file) != size) {
        client->file_error = errno ? errno : EIO;
        return false;
    }
    tell_progress(client, size);
    return true;
}

/* The server's own words for what it refused. */
static int say_problem(struct client *client)
{
    json_error_t error;
    json_t *problem =
        json_loadb(client->body.at ? client->body.at : "", client->body.size, 0, &error);
    const char *detail = json_string_value(json_object_get(problem, "detail"));
    const char *title = json_string_value(json_object_get(problem, "title"));
    const char *until = json_string_value(json_object_get(problem, "until"));
    int code = command_failed(client->command, "%s%s%s (%u)",
                              detail  ? detail
                              : title ? title
                                      : "the server refused",
                              until ? ", until " : "", until ? until : "", client->status);

    if (client->status == 401)
        fprintf(stderr, "the token is not known there; `outdial token` makes one\n");
    json_decref(problem);
    return code;
}

static int perform(struct client *client, struct http_order *order)
{
    const char *const headers[] = {
        client->authorization, "Accept: application/json",
        order->read_body ? "Content-Type: text/csv" : "Content-Type: application/json", NULL};
    char url[CLIENT_PATH_SIZE + 256];

    snprintf(url, sizeof(url), "%s%s", client->server, order->url);
    order->url = url;
    order->headers = headers;
    order->body_size_max = ANSWER_SIZE_MAX;
    order->body_arg = client;
    client->done = false;
    client->file_error = 0;
    client->moved = 0;
    if (http_client_send(client->http, order, on_answer, client, NULL))
        return command_failed(client->command, "out of memory");
    while (!client->done)
        loop_step(client->loop, SECOND);
    if (client->file_error)
        return command_failed(client->command, "the file failed: %s", strerror(client->file_error));
    if (client->outcome != HTTP_ANSWERED)
        return command_failed(client->command, "cannot reach %s: %s", client->server,
                              client->error.at ? client->error.at : "no answer");
    return client->status >= 300 ? say_problem(client) : COMMAND_DONE;
}

static int parse_answer(struct client *client, json_t **answer)
{
    json_error_t error;

    *answer = NULL;
    if (!client->body.size)
        return COMMAND_DONE;
    *answer = json_loadb(client->body.at, client->body.size, 0, &error);
    return *answer
               ? COMMAND_DONE
               : command_failed(client->command, "the server's answer is no JSON: %s", error.text);
}

int client_call(struct client *client, const char *method, const char *path, json_t *body,
                json_t **answer)
{
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    struct http_order order = {
        .method = method, .url = path, .body = slice_from(text), .total_ms = CALL_MS};
    int code = perform(client, &order);

    free(text);
    json_decref(body);
    return code == COMMAND_DONE ? parse_answer(client, answer) : code;
}

int client_upload(struct client *client, const char *path, FILE *file, uint64_t size,
                  client_progress progress, void *arg, json_t **answer)
{
    struct http_order order = {.method = "POST",
                               .url = path,
                               .read_body = read_file,
                               .body_size = size,
                               .total_ms = TRANSFER_MS};
    int code;

    client->file = file;
    client->total = size;
    client->progress = progress;
    client->progress_arg = arg;
    code = perform(client, &order);
    client->progress = NULL;
    return code == COMMAND_DONE ? parse_answer(client, answer) : code;
}

int client_download(struct client *client, const char *path, FILE *file)
{
    struct http_order order = {
        .method = "GET", .url = path, .write_body = write_file, .total_ms = TRANSFER_MS};

    client->file = file;
    client->total = 0;
    return perform(client, &order);
}

int client_list(struct client *client, const char *path, size_t count_max, json_t **items)
{
    json_t *all = json_array(), *page;
    char next[CLIENT_PATH_SIZE];
    int code = COMMAND_DONE;
    bool more = true;

    slice_copy(slice_from(path), next, sizeof(next));
    while (more && code == COMMAND_DONE) {
        const char *cursor;

        code = client_call(client, "GET", next, NULL, &page);
        if (code != COMMAND_DONE)
            break;
        json_array_extend(all, json_object_get(page, "items"));
        cursor = json_string_value(json_object_get(page, "next_cursor"));
        slice_copy(slice_from(path), next, sizeof(next));
        client_query(next, "cursor", cursor);
        more = cursor && (!count_max || json_array_size(all) < count_max);
        json_decref(page);
    }
    if (code == COMMAND_DONE)
        *items = all;
    else
        json_decref(all);
    return code;
}
