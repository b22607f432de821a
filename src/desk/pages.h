#ifndef DESK_PAGES_H
#define DESK_PAGES_H

#include "net/http_server.h"

/*
 * The agent's page: /login, /desk and what is below it are app/index.html, /assets/ its files. They come from the program
 * itself, packed once at the start; or, for who works on them, from a folder, read anew for each request.
 *
 * The policy lets scripts come from here alone, and the import map by its hash. "/" leads to the desk.
 *
 *   err = pages_new(&pages, &options);
 *   if (pages_take(pages, request)) return;      false: no path of the page's
 */
struct pages;

struct pages_options {
    const char *folder; /* of app/; NULL or "": what is in the program */
    const char *hosts; /* of hosted services the page speaks to: "wss://a https://b"; "" for none */
};

int pages_new(struct pages **pages,
              const struct pages_options *options) must_check; /* 0, ENOMEM, ENOENT */
void pages_free(struct pages *pages);                          /* NULL is fine */
bool pages_take(struct pages *pages, struct http_request *request);

#endif
