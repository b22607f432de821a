#include "desk/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/table.h"
#include "desk/page_files.h"
#include "server/reply.h"

enum { ETAG_BYTES = 16, FILE_SIZE_MAX = 8 << 20 };

#define INDEX "/assets/app/index.html"
#define APP "/assets/app/"

struct page {
    const char *type;
    struct slice body;   /* the program's own */
    struct slice packed; /* gzip, ours; empty: it does not get smaller */
    char etag[2 * ETAG_BYTES + 3];
};

struct pages {
    struct table by_path;
    struct page *all;
    char folder[PATH_MAX]; /* "": none */
    const char *hosts;
    char *policy; /* of the page in the program */
};

static const char *type_of(const char *path)
{
    static const struct {
        const char *end, *type;
    } types[] = {{".js", "text/javascript; charset=utf-8"},
                 {".mjs", "text/javascript; charset=utf-8"},
                 {".css", "text/css; charset=utf-8"},
                 {".html", "text/html; charset=utf-8"},
                 {".txt", "text/plain; charset=utf-8"},
                 {".svg", "image/svg+xml"},
                 {".wav", "audio/wav"},
                 {".woff2", "font/woff2"}};
    const char *end = strrchr(path, '.');

    for (size_t i = 0; end && i < array_count(types); i++)
        if (strcmp(end, types[i].end) == 0)
            return types[i].type;
    return "application/octet-stream";
}

/* As gzip; an empty slice where that is not smaller by a tenth. */
static struct slice pack(struct slice body)
{
    z_stream stream = {.zalloc = Z_NULL};
    size_t room = body.size - body.size / 10;
    char *out = room ? malloc(room) : NULL;

    if (!out || deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
        free(out);
        return slice_of(NULL, 0);
    }
    stream.next_in = (unsigned char *)(uintptr_t)body.at;
    stream.avail_in = (unsigned)body.size;
    stream.next_out = (unsigned char *)out;
    stream.avail_out = (unsigned)room;
    int end = deflate(&stream, Z_FINISH);
    size_t size = stream.total_out;

    deflateEnd(&stream);
    if (end == Z_STREAM_END)
        return slice_of(out, size);
    free(out);
    return slice_of(NULL, 0);
}

static void tag(struct slice body, char *etag, size_t etag_size)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    char hex[2 * ETAG_BYTES + 1];

    crypto_hash_sha256(digest, (const unsigned char *)body.at, body.size);
    sodium_bin2hex(hex, sizeof(hex), digest, ETAG_BYTES);
    snprintf(etag, etag_size, "\"%s\"", hex);
}

/* The only inline script is the import map: its bytes' hash stands in the policy. */
static void add_policy(struct text *policy, struct slice html, const char *hosts)
{
    static const char begin[] = "<script type=\"importmap\">", end[] = "</script>";
    unsigned char digest[crypto_hash_sha256_BYTES];
    char hash[sodium_base64_ENCODED_LEN(crypto_hash_sha256_BYTES, sodium_base64_VARIANT_ORIGINAL)];
    const char *from = memmem(html.at, html.size, begin, sizeof(begin) - 1);
    const char *to = NULL;

    text_add(policy, "default-src 'none'; script-src 'self'");
    if (from) {
        from += sizeof(begin) - 1;
        to = memmem(from, html.size - (size_t)(from - html.at), end, sizeof(end) - 1);
    }
    if (to) {
        crypto_hash_sha256(digest, (const unsigned char *)from, (size_t)(to - from));
        sodium_bin2base64(hash, sizeof(hash), digest, sizeof(digest),
                          sodium_base64_VARIANT_ORIGINAL);
        text_addf(policy, " 'sha256-%s'", hash);
    }
    text_addf(policy,
              "; style-src 'self'; font-src 'self'; img-src 'self'; media-src 'self' blob:; "
              "connect-src 'self'%s%s; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
              *hosts ? " " : "", hosts);
}

static int fill(struct pages *pages)
{
    struct text policy;
    int err = 0;

    text_init(&policy);
    for (size_t i = 0; i < page_file_count && !err; i++) {
        const struct page_file *file = &page_files[i];
        struct page *page = &pages->all[i];

        page->type = type_of(file->path);
        page->body = slice_of(file->begin, (size_t)(file->end - file->begin));
        page->packed = pack(page->body);
        tag(page->body, page->etag, sizeof(page->etag));
        err = table_put(&pages->by_path, file->path, strlen(file->path), page);
        if (strcmp(file->path, INDEX) == 0)
            add_policy(&policy, page->body, pages->hosts);
    }
    pages->policy = policy.failed || err ? NULL : slice_dup(slice_from(policy.at));
    text_release(&policy);
    return err ? err : pages->policy ? 0 : ENOMEM;
}

int pages_new(struct pages **pagesp, const struct pages_options *options)
{
    struct pages *pages = calloc(1, sizeof(*pages));
    int err = ENOMEM;

    if (!pages)
        return ENOMEM;
    table_init(&pages->by_path);
    pages->hosts = options->hosts ? options->hosts : "";
    pages->all = calloc(page_file_count, sizeof(*pages->all));
    if (options->folder && *options->folder && !realpath(options->folder, pages->folder))
        err = errno;
    else if (pages->all)
        err = fill(pages);
    if (err)
        pages_free(pages);
    else
        *pagesp = pages;
    return err;
}

void pages_free(struct pages *pages)
{
    if (!pages)
        return;
    for (size_t i = 0; pages->all && i < page_file_count; i++)
        free((char *)(uintptr_t)pages->all[i].packed.at);
    table_release(&pages->by_path);
    free(pages->all);
    free(pages->policy);
    free(pages);
}

/* ---- answers ---- */

/* "gzip, deflate;q=0.5", not "gzip;q=0". */
static bool takes_gzip(const struct http_request *request)
{
    const char *header = http_request_header(request, "Accept-Encoding");
    struct slice rest = slice_from(header ? header : "");

    while (rest.size) {
        struct slice one = slice_cut(&rest, ','), name = slice_trim(slice_cut(&one, ';'));
        struct slice weight = slice_trim(one);
        double q = 1;

        if (!slice_is_nocase(name, "gzip"))
            continue;
        return !slice_starts(weight, "q=") ||
               (slice_to_double(slice_of(weight.at + 2, weight.size - 2), &q) == 0 && q > 0);
    }
    return false;
}

static bool has_tag(const struct http_request *request, const char *etag)
{
    const char *header = http_request_header(request, "If-None-Match");
    struct slice rest = slice_from(header ? header : "");

    while (rest.size) {
        struct slice one = slice_trim(slice_cut(&rest, ','));

        if (slice_starts(one, "W/"))
            one = slice_of(one.at + 2, one.size - 2);
        if (slice_is(one, etag) || slice_is(one, "*"))
            return true;
    }
    return false;
}

static void add_headers(struct http_request *request, const char *path)
{
    bool is_package = strncmp(path, "/assets/npm/", 12) == 0;

    http_request_add_header(request, "X-Content-Type-Options", "nosniff");
    http_request_add_header(request, "Referrer-Policy", "no-referrer");
    http_request_add_header(request, "Cross-Origin-Resource-Policy", "same-origin");
    http_request_add_header(request, "Vary", "Accept-Encoding");
    http_request_add_header(request, "Cache-Control", is_package ? "max-age=3600" : "no-cache");
}

static void add_page_headers(struct http_request *request, const char *policy)
{
    http_request_add_header(request, "Content-Security-Policy", policy);
    http_request_add_header(request, "Cross-Origin-Opener-Policy", "same-origin");
    http_request_add_header(request, "Permissions-Policy",
                            "microphone=(self), camera=(), geolocation=(), payment=(), usb=()");
}

static void send(struct http_request *request, const char *path, const struct page *page)
{
    bool packed = page->packed.size && takes_gzip(request);

    add_headers(request, path);
    http_request_add_header(request, "ETag", page->etag);
    if (has_tag(request, page->etag)) {
        http_request_reply(request, 304, NULL, NULL, 0);
        return;
    }
    if (packed)
        http_request_add_header(request, "Content-Encoding", "gzip");
    http_request_reply(request, 200, page->type, packed ? page->packed.at : page->body.at,
                       packed ? page->packed.size : page->body.size);
}

/* A file of the folder, whole; NULL: there is none, or it lies elsewhere. */
static char *read_file(const struct pages *pages, const char *name, size_t *size)
{
    char wanted[PATH_MAX + 256], real[PATH_MAX];
    size_t inside = strlen(pages->folder);
    struct stat about;
    char *bytes = NULL;

    snprintf(wanted, sizeof(wanted), "%s/%s", pages->folder, name);
    if (!realpath(wanted, real) || strncmp(real, pages->folder, inside) != 0 || real[inside] != '/')
        return NULL;
    int fd = open(real, O_RDONLY | O_CLOEXEC);

    if (fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode) &&
        about.st_size < FILE_SIZE_MAX)
        bytes = malloc((size_t)about.st_size + 1);
    *size = bytes ? (size_t)about.st_size : 0;
    if (bytes && read(fd, bytes, *size) != (ssize_t)*size) {
        free(bytes);
        bytes = NULL;
    }
    if (fd >= 0)
        close(fd);
    return bytes;
}

/* False: it is not there. */
static bool send_from_folder(const struct pages *pages, struct http_request *request,
                             const char *path)
{
    struct text policy;
    size_t size;
    char *bytes = read_file(pages, path + sizeof(APP) - 1, &size);

    if (!bytes)
        return false;
    text_init(&policy);
    add_headers(request, path);
    if (strcmp(path, INDEX) == 0) {
        add_policy(&policy, slice_of(bytes, size), pages->hosts);
        add_page_headers(request, policy.at ? policy.at : "default-src 'none'");
    }
    http_request_reply(request, 200, type_of(path), bytes, size);
    text_release(&policy);
    free(bytes);
    return true;
}

static void send_file(const struct pages *pages, struct http_request *request, const char *path)
{
    const struct page *page = table_get(&pages->by_path, path, strlen(path));

    if (*pages->folder && strncmp(path, APP, sizeof(APP) - 1) == 0) {
        if (!send_from_folder(pages, request, path))
            reply_problem(request, 404, "there is no such file");
        return;
    }
    if (!page) {
        reply_problem(request, 404, "there is no such file");
        return;
    }
    if (strcmp(path, INDEX) == 0)
        add_page_headers(request, pages->policy);
    send(request, path, page);
}

static bool is_page(const char *path)
{
    return strcmp(path, "/login") == 0 || strcmp(path, "/desk") == 0 ||
           strncmp(path, "/desk/", 6) == 0;
}

bool pages_take(struct pages *pages, struct http_request *request)
{
    const char *path = http_request_path(request), *method = http_request_method(request);
    bool root = strcmp(path, "/") == 0, page = is_page(path);

    if (!pages || (!root && !page && strncmp(path, "/assets/", 8) != 0))
        return false;
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        http_request_add_header(request, "Allow", "GET, HEAD");
        reply_problem(request, 405, "this can only be read");
    } else if (root) {
        http_request_add_header(request, "Location", "/desk");
        http_request_reply(request, 302, NULL, NULL, 0);
    } else {
        send_file(pages, request, page ? INDEX : path);
    }
    return true;
}
