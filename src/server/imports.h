#ifndef SERVER_IMPORTS_H
#define SERVER_IMPORTS_H

#include <jansson.h>

#include "lists/importer.h"
#include "net/http_server.h"

/*
 * Lists on their way in: uploads that go straight to disk, and the imports that workers make of them.
 *
 *   err = imports_new(&imports, server);
 *   imports_head(imports, request)             from the head handler: an upload's body goes to a file
 *   upload = imports_uploaded(request)         in the handler: NULL when the head was not let through
 *   imports_begin(imports, upload, &order, begun, arg)
 *         begun(arg, import, err, why) once the import has its id, or has failed before
 *   imports_clean(imports, last)               once the keeper is there: what a crash left half
 *                                              written, up to the import `last`, goes by and by
 *   imports_stop(imports);  the loop turns no more: workers that wait for the store are let go
 *   imports_free(imports);  the workers have ended
 *
 * Folders: DIR/uploads for bodies, removed when they have been read; DIR/imports for rejects files.
 */
struct server;
struct imports;
struct upload;

typedef void (*import_begun)(void *arg, uint64_t import, bool already, int err, const char *why);

int imports_new(struct imports **imports, struct server *server) must_check;
void imports_clean(struct imports *imports, uint64_t last);
void imports_stop(struct imports *imports);
void imports_free(struct imports *imports);

void imports_head(struct imports *imports, struct http_request *request);
struct upload *imports_uploaded(struct http_request *request);
/* 0, or the errno with which the body could not be written. */
int upload_error(const struct upload *upload);
void upload_free(struct upload *upload); /* one that does not become an import */

/* Takes the upload over; the order's texts are copied. */
void imports_begin(struct imports *imports, struct upload *upload, campaign_id campaign,
                   uint64_t list, const char *file_name, const char *country, import_begun begun,
                   void *arg);
/* Adds "progress" (0-1) and the counts so far of an import that runs. */
void imports_add_progress(const struct imports *imports, uint64_t import, json_t *json);
void imports_rejects_path(const struct imports *imports, uint64_t import, char *path,
                          size_t path_size);

#endif
