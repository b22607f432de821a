#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/settings.h"

/*
 * A customer of a running server's interface (/api/v1), for the subcommands: one request at a time,
 * waited for. Everything that goes wrong is said on standard error in a sentence.
 *
 *   code = client_open(&client, command, &settings);      finds the server's URL and the token
 *   code = client_call(client, "POST", path, body, &answer);
 *   client_close(client);
 *
 * The token is looked for in OUTDIAL_TOKEN, the file of --token-file, and `token` in the data folder.
 * Codes are those of a command: COMMAND_DONE, or COMMAND_FAILED after saying why.
 */
struct client;

int client_open(struct client **client, const struct command *command,
                const struct settings *settings) must_check;
void client_close(struct client *client); /* NULL is fine */

/*
 * A whole command that is one piece of work: parses the arguments, wants `word_count` words and, unless
 * NULL, that flag (else says the usage), loads the settings, opens the client, works, closes. A command's
 * code.
 */
typedef int (*client_work)(const struct command *command, const struct arguments *arguments,
                           struct client *client);
int client_run(const struct command *command, int argc, char **argv, size_t word_count,
               const char *flag, client_work work) must_check;

/* A path of the interface from its segments, each percent-encoded; ended by NULL.
 *   client_path(path, sizeof(path), "campaigns", name, "start", NULL) */
enum { CLIENT_PATH_SIZE = 1024 };
const char *client_path(char path[CLIENT_PATH_SIZE], const char *segment, ...)
    __attribute__((sentinel));
/* Appends "?name=value" or "&name=value", encoded; a NULL value appends nothing. */
void client_query(char path[CLIENT_PATH_SIZE], const char *name, const char *value);

/* body is taken over, NULL for none. *answer: a new reference, NULL when there was no body. */
int client_call(struct client *client, const char *method, const char *path, json_t *body,
                json_t **answer) must_check;

/* Told how many bytes have gone (or come); total 0 when unknown. */
typedef void (*client_progress)(void *arg, uint64_t done, uint64_t total);

/* Sends a whole file as the body. */
int client_upload(struct client *client, const char *path, FILE *file, uint64_t size,
                  client_progress progress, void *arg, json_t **answer) must_check;
/* Writes the answer's bytes to the file. */
int client_download(struct client *client, const char *path, FILE *file) must_check;

/* Every page of a list, joined: {"items": [...]} of each until there is no next_cursor, at most
 * count_max items (0: all). */
int client_list(struct client *client, const char *path, size_t count_max,
                json_t **items) must_check;

#endif
