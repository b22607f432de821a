#include "server/imports.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "server/claims.h"
#include "server/dialing.h"
#include "server/server.h"
#include "server/tokens.h"

enum { LOOK_MS = 20 };

struct upload {
    struct imports *imports;
    int fd;
    int err;
    char path[PATH_MAX];
};

/* Where a piece of work for the store is, on its way from a worker by the loop to the store's thread. */
enum hop_state { HOP_NONE, HOP_POSTED, HOP_IN_STORE, HOP_DONE };

struct hop {
    struct server *server;
    pthread_mutex_t lock;
    pthread_cond_t done;
    enum hop_state state;
    bool stopping;
    int answer;
    int (*work)(struct store *store, void *arg);
    void *arg;
};

struct running {
    struct running *next;
    struct imports *imports;
    struct upload *upload;
    struct hop hop;
    struct importer_order order;
    struct importer_progress progress;
    struct importer_result result;
    char file_name[256], rejects[PATH_MAX];
    int err;
    import_begun begun; /* NULL once told */
    void *arg;
    struct loop_timer look;
};

struct added {
    struct server *server;
    campaign_id campaign;
};

struct imports {
    struct server *server;
    struct running *running;
    struct importer_cleaning cleaning; /* the store thread's until it is done */
    uint64_t upload_count;
    bool stopping;
};

/* The way to the store */

static int hop_work(struct store *store, void *arg)
{
    struct hop *hop = arg;
    int answer = hop->work(store, hop->arg);

    static_assert((int)IMPORTER_MORE == (int)KEEPER_MORE, "both mean: call again");
    if (answer == IMPORTER_MORE)
        return answer;
    pthread_mutex_lock(&hop->lock);
    hop->answer = answer;
    hop->state = HOP_DONE;
    pthread_cond_signal(&hop->done);
    pthread_mutex_unlock(&hop->lock);
    return answer;
}

static void hop_on_loop(void *arg)
{
    struct hop *hop = arg;

    pthread_mutex_lock(&hop->lock);
    hop->state = HOP_IN_STORE;
    pthread_mutex_unlock(&hop->lock);
    keeper_post(hop->server->keeper, KEEPER_ALONE, hop_work, NULL, hop);
}

static int port_submit(void *self, int (*work)(struct store *store, void *arg), void *arg)
{
    struct hop *hop = self;
    int err = 0;

    pthread_mutex_lock(&hop->lock);
    check(hop->state == HOP_NONE);
    hop->work = work;
    hop->arg = arg;
    hop->state = HOP_POSTED;
    if (hop->stopping || loop_post(hop->server->loop, hop_on_loop, hop) != 0) {
        hop->state = HOP_NONE;
        err = hop->stopping ? ECANCELED : ENOMEM;
    }
    pthread_mutex_unlock(&hop->lock);
    return err;
}

static int port_wait(void *self)
{
    struct hop *hop = self;

    pthread_mutex_lock(&hop->lock);
    while (hop->state == HOP_IN_STORE || (hop->state == HOP_POSTED && !hop->stopping))
        pthread_cond_wait(&hop->done, &hop->lock);
    int answer = hop->state == HOP_DONE ? hop->answer : ECANCELED;

    hop->state = HOP_NONE;
    pthread_mutex_unlock(&hop->lock);
    return answer;
}

static bool port_is_stopping(void *self)
{
    struct hop *hop = self;

    return workers_are_stopping(hop->server->workers);
}

static instant port_now(void *self)
{
    return loop_clock();
}

/* An import's life */

static void tell_begun(struct running *running, int err, const char *why)
{
    import_begun begun = running->begun;

    running->begun = NULL;
    if (begun)
        begun(running->arg,
              running->progress.import ? running->progress.import : running->result.import,
              running->result.already, err, why);
}

static void running_work(void *arg)
{
    struct running *running = arg;
    struct importer_port port = {.submit = port_submit,
                                 .wait = port_wait,
                                 .is_stopping = port_is_stopping,
                                 .now = port_now,
                                 .self = &running->hop};

    running->err = importer_run(&running->order, &port, &running->progress, &running->result);
}

static void keep_rejects(struct running *running)
{
    char path[PATH_MAX];

    if (!running->result.import || running->result.already) {
        unlink(running->rejects);
        return;
    }
    imports_rejects_path(running->imports, running->result.import, path, sizeof(path));
    if (rename(running->rejects, path) != 0 && errno != ENOENT)
        log_warning("import.rejects", "import=%llu why=\"%s\"",
                    (unsigned long long)running->result.import, strerror(errno));
}

/* The campaign has leads that it had not before. */
static void tell_added(void *arg)
{
    struct added *added = arg;
    struct event event = {.kind = EVENT_LEADS_ADDED, .of.campaign_id = added->campaign};

    if (!added->server->stopping)
        dialing_feed(added->server, &event, NULL);
    free(added);
}

static void claim_added(struct server *server, campaign_id campaign)
{
    struct added *added = calloc(1, sizeof(*added));

    check(added);
    *added = (struct added){server, campaign};
    claims_learn_regions(server, tell_added, added);
}

static void running_done(void *arg)
{
    struct running *running = arg;
    struct imports *imports = running->imports;
    struct server *server = imports->server;
    const struct importer_result *result = &running->result;

    for (struct running **at = &imports->running; *at; at = &(*at)->next)
        if (*at == running) {
            *at = running->next;
            break;
        }
    loop_timer_stop(server->loop, &running->look);
    keep_rejects(running);
    log_event("import.ended", "import=%llu rows=%llu imported=%llu rejected=%llu err=%d",
              (unsigned long long)result->import, (unsigned long long)result->rows,
              (unsigned long long)result->imported, (unsigned long long)result->rejected,
              running->err);
    tell_begun(running, result->import ? 0 : running->err, result->error);
    if (!running->err && !result->already && !server->stopping)
        claim_added(server, running->order.campaign);
    upload_free(running->upload);
    pthread_cond_destroy(&running->hop.done);
    pthread_mutex_destroy(&running->hop.lock);
    free(running);
}

/* Its id is there as soon as the file has been read once. */
static void look(void *arg)
{
    struct running *running = arg;
    struct loop *loop = running->imports->server->loop;

    if (running->progress.import)
        tell_begun(running, 0, "");
    else if (loop_timer_start(loop, &running->look, loop_now(loop) + LOOK_MS * MILLISECOND, look,
                              running) != 0)
        tell_begun(running, ENOMEM, "no memory");
}

void imports_begin(struct imports *imports, struct upload *upload, campaign_id campaign,
                   uint64_t list, const char *file_name, const char *country, import_begun begun,
                   void *arg)
{
    struct server *server = imports->server;
    struct running *running = calloc(1, sizeof(*running));
    const char *zones = getenv("TZDIR");

    check(running);
    running->imports = imports;
    running->upload = upload;
    running->begun = begun;
    running->arg = arg;
    running->hop.server = server;
    pthread_mutex_init(&running->hop.lock, NULL);
    pthread_cond_init(&running->hop.done, NULL);
    slice_copy(slice_from(file_name), running->file_name, sizeof(running->file_name));
    snprintf(running->rejects, sizeof(running->rejects), "%.4000s.rejects", upload->path);
    running->order =
        (struct importer_order){.path = upload->path,
                                .file_name = running->file_name,
                                .rejects_path = running->rejects,
                                .zone_folder = zones && *zones ? zones : "/usr/share/zoneinfo",
                                .campaign = campaign,
                                .list = list,
                                .priority = PRIORITY_NORMAL};
    slice_copy(slice_from(country), running->order.country, sizeof(running->order.country));
    running->next = imports->running;
    imports->running = running;
    if (workers_run(server->workers, running_work, running_done, running) != 0) {
        running->err = EAGAIN;
        slice_copy(slice_from("too much work is waiting; try again"), running->result.error,
                   sizeof(running->result.error));
        running_done(running);
        return;
    }
    look(running);
}

void imports_add_progress(const struct imports *imports, uint64_t import, json_t *json)
{
    for (struct running *one = imports->running; one; one = one->next) {
        uint64_t total = one->progress.bytes_total;

        if (one->progress.import != import)
            continue;
        json_object_set_new(json, "progress",
                            json_real(total ? (double)one->progress.bytes / (double)total : 0.0));
        json_object_set_new(json, "rows", json_integer((json_int_t)one->progress.rows));
        json_object_set_new(json, "imported", json_integer((json_int_t)one->progress.imported));
        json_object_set_new(json, "rejected", json_integer((json_int_t)one->progress.rejected));
    }
}

void imports_rejects_path(const struct imports *imports, uint64_t import, char *path,
                          size_t path_size)
{
    snprintf(path, path_size, "%s/imports/%llu.rejects.csv", imports->server->data,
             (unsigned long long)import);
}

/* Uploads */

static void upload_left(void *arg)
{
    upload_free(arg);
}

static bool is_upload(const struct http_request *request)
{
    const char *path = http_request_path(request);
    size_t size = strlen(path);

    return strcmp(http_request_method(request), "POST") == 0 &&
           strncmp(path, "/api/v1/campaigns/", 18) == 0 && size > 8 &&
           strcmp(path + size - 8, "/imports") == 0;
}

void imports_head(struct imports *imports, struct http_request *request)
{
    struct server *server = imports->server;
    const struct token *token;

    if (!is_upload(request) || !server->recovered)
        return;
    token = tokens_find(server, http_request_bearer(request));
    if (!token || token->agent)
        return; /* the handler says so */
    struct upload *upload = calloc(1, sizeof(*upload));

    if (!upload)
        return;
    upload->imports = imports;
    snprintf(upload->path, sizeof(upload->path), "%s/uploads/%llu-%llu.csv", server->data,
             (unsigned long long)loop_clock(), (unsigned long long)imports->upload_count++);
    upload->fd = open(upload->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (upload->fd < 0)
        upload->err = errno;
    http_request_spool(request, upload->fd, server->upload_size_max);
    http_request_set_context(request, upload);
    http_request_on_gone(request, upload_left, upload);
}

struct upload *imports_uploaded(struct http_request *request)
{
    struct upload *upload = http_request_context(request);

    if (!upload)
        return NULL;
    http_request_set_context(request, NULL);
    if (!upload->err)
        upload->err = http_request_spool_error(request);
    if (upload->fd >= 0 && close(upload->fd) != 0 && !upload->err)
        upload->err = errno;
    upload->fd = -1;
    return upload;
}

int upload_error(const struct upload *upload)
{
    return upload->err;
}

void upload_free(struct upload *upload)
{
    if (upload->fd >= 0)
        close(upload->fd);
    unlink(upload->path);
    free(upload);
}

/* Bodies that a server which died had taken, and nobody will read. */
static void forget_uploads(const struct server *server)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/uploads", server->data);
    DIR *folder = opendir(path);
    struct dirent *entry;

    while (folder && (entry = readdir(folder)))
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        closedir(folder);
}

int imports_new(struct imports **importsp, struct server *server)
{
    static const char *const folders[] = {"uploads", "imports"};
    struct imports *imports = calloc(1, sizeof(*imports));
    char path[PATH_MAX];

    if (!imports)
        return ENOMEM;
    imports->server = server;
    for (size_t i = 0; i < array_count(folders); i++) {
        snprintf(path, sizeof(path), "%s/%s", server->data, folders[i]);
        if (mkdir(path, 0700) != 0 && errno != EEXIST) {
            int err = errno;

            free(imports);
            return err;
        }
    }
    forget_uploads(server);
    *importsp = imports;
    return 0;
}

static int clean_step(struct store *store, void *arg)
{
    return importer_clean(store, arg);
}

static void cleaned(void *arg, int err)
{
    const struct importer_cleaning *cleaning = arg;

    if (err)
        log_event("import.not_dropped",
                  "import=%llu why=\"%s; it is tried again at the next start\"",
                  (unsigned long long)cleaning->import, strerror(err));
    else if (cleaning->dropped)
        log_event("import.dropped", "count=%llu", (unsigned long long)cleaning->dropped);
}

void imports_clean(struct imports *imports, uint64_t last)
{
    imports->cleaning = (struct importer_cleaning){.last = last};
    keeper_post(imports->server->keeper, KEEPER_ALONE, clean_step, cleaned, &imports->cleaning);
}

void imports_stop(struct imports *imports)
{
    for (struct running *one = imports ? imports->running : NULL; one; one = one->next) {
        pthread_mutex_lock(&one->hop.lock);
        one->hop.stopping = true;
        pthread_cond_signal(&one->hop.done);
        pthread_mutex_unlock(&one->hop.lock);
    }
}

void imports_free(struct imports *imports)
{
    free(imports);
}
