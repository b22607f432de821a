#include "net/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http_crowd.h"

enum {
    HEADERS_MAX = 16,
    CONNECTION_MEMORY = 32 * 1024,
    CONNECTIONS_MAX_PRESET = 1024,
    IDLE_MS_PRESET = 10000,
    BODY_SIZE_PRESET = 1 << 20,
    CROWDED_SWEEP_MS = 100,
    FEW = 16,
    UNREAD_MAX = 256 << 10,
};

enum request_stage {
    STAGE_BODY,      /* its bytes are coming */
    STAGE_HANDLING,  /* the handler is running */
    STAGE_SUSPENDED, /* the handler will answer later */
    STAGE_ANSWERED,  /* the answer is made, not yet handed to microhttpd */
    STAGE_SENT,
};

struct http_request {
    struct http_request *next, *previous; /* all open ones of the server */
    struct http_server *server;
    struct MHD_Connection *connection;
    struct crowd_member *member; /* its connection, among all */
    enum request_stage stage;
    bool is_too_large, is_oldest; /* oldest: HTTP/1.0 */
    char *method, *path, *query;
    struct text body;
    size_t dropped_size; /* of a body too large */
    bool spools;
    int spool_fd, spool_error;
    size_t spool_size, spool_size_max;
    struct MHD_Response *response;
    unsigned status;
    uint64_t answer_size;
    struct {
        char *name, *value;
    } headers[HEADERS_MAX];
    size_t header_count;
    loop_handler on_gone;
    void *on_gone_arg;
    struct http_upgrade upgrade; /* its handlers are cleared when they will not be called again */
    struct MHD_UpgradeResponseHandle *upgraded; /* NULL before it has begun */
    int upgraded_fd;
    void *context;
    char peer[INET6_ADDRSTRLEN];
};

struct http_server {
    struct loop *loop;
    struct MHD_Daemon *daemon;
    int epoll_fd;
    uint16_t port;
    size_t body_size_max;
    http_handler handler;
    http_head_handler head_handler;
    void *arg;
    struct http_request *requests;
    struct loop_timer timer; /* microhttpd's own time-outs, and answers given later */
    struct crowd crowd;
    struct loop_timer sweep; /* of the crowd, while there is one */
    bool running;            /* inside MHD_run: it is not re-entrant */
    bool again;
};

static void run(struct http_server *server);

static void on_timer(void *arg)
{
    run(arg);
}

static void arm(struct http_server *server)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;
    instant at;

    if (MHD_get_timeout(server->daemon, &wait_ms) != MHD_YES) {
        loop_timer_stop(server->loop, &server->timer);
        return;
    }
    at = loop_clock() + (instant)wait_ms * MILLISECOND;
    if (loop_timer_start(server->loop, &server->timer, at, on_timer, server))
        return; /* no memory: the next event runs it */
}

static void run(struct http_server *server)
{
    if (server->running) {
        server->again = true;
        return;
    }
    server->running = true;
    do {
        server->again = false;
        MHD_run(server->daemon);
    } while (server->again);
    server->running = false;
    arm(server);
}

static void on_readable(void *arg, uint32_t events)
{
    (void)events;
    run(arg);
}

static struct crowd_member *member_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

static struct http_request *request_new(struct http_server *server,
                                        struct MHD_Connection *connection)
{
    struct http_request *request = calloc(1, sizeof(*request));
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

    if (!request)
        return NULL;
    request->server = server;
    request->connection = connection;
    request->member = member_of(connection);
    text_init(&request->body);
    if (info && info->client_addr->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)info->client_addr)->sin_addr,
                  request->peer, sizeof(request->peer));
    else if (info && info->client_addr->sa_family == AF_INET6)
        inet_ntop(AF_INET6,
                  &((const struct sockaddr_in6 *)(const void *)info->client_addr)->sin6_addr,
                  request->peer, sizeof(request->peer));
    request->next = server->requests;
    if (request->next)
        request->next->previous = request;
    server->requests = request;
    return request;
}

static void request_free(struct http_request *request)
{
    if (request->previous)
        request->previous->next = request->next;
    else
        request->server->requests = request->next;
    if (request->next)
        request->next->previous = request->previous;
    if (request->response)
        MHD_destroy_response(request->response);
    for (size_t i = 0; i < request->header_count; ++i) {
        free(request->headers[i].name);
        free(request->headers[i].value);
    }
    free(request->method);
    free(request->path);
    free(request->query);
    text_release(&request->body);
    free(request);
}

static void upgrade_gone(struct http_request *request)
{
    struct http_upgrade upgrade = request->upgrade;

    request->upgrade = (struct http_upgrade){0};
    if (upgrade.gone)
        upgrade.gone(upgrade.arg);
}

/* A spooled body that no handler took away is left behind, whether its sender went or was refused. */
static void request_gone(struct http_request *request)
{
    bool is_untaken = request->spools && request->context;

    upgrade_gone(request);
    if ((request->stage == STAGE_SUSPENDED || is_untaken) && request->on_gone)
        request->on_gone(request->on_gone_arg);
    request_free(request);
}

static enum MHD_Result send_answer(struct http_request *request)
{
    enum MHD_Result result =
        MHD_queue_response(request->connection, request->status, request->response);

    request->stage = STAGE_SENT;
    if (!request->upgrade.begun) /* who has been upgraded stays handled: no crowd needs its place */
        crowd_sends(&request->server->crowd, request->member, request->answer_size, loop_clock());
    return result;
}

/* A body a little too large is read to its end, so that the client hears the 413 and not a reset. */
static size_t body_size_max(const struct http_request *request)
{
    return request->spools ? request->spool_size_max : request->server->body_size_max;
}

static enum MHD_Result refuse_size(struct http_request *request)
{
    struct text text;

    text_init(&text);
    text_addf(&text,
              "{\"type\":\"about:blank\",\"title\":\"Content Too Large\",\"status\":413,"
              "\"detail\":\"the body may have %zu bytes\"}\n",
              body_size_max(request));
    request->stage = STAGE_HANDLING;
    http_request_reply(request, MHD_HTTP_CONTENT_TOO_LARGE, "application/problem+json", text.at,
                       text.size);
    text_release(&text);
    return send_answer(request);
}

static size_t read_size_max(const struct http_request *request)
{
    return 2 * body_size_max(request) + 65536;
}

/* One far too large is refused before a byte of it is read. */
static bool declared_too_large(const struct http_request *request)
{
    const char *length = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
                                                     MHD_HTTP_HEADER_CONTENT_LENGTH);
    int64_t size;

    return length && slice_to_i64(slice_from(length), 0, INT64_MAX, &size) == 0 &&
           (uint64_t)size > read_size_max(request);
}

static void spool(struct http_request *request, const char *data, size_t size)
{
    while (size && !request->spool_error && request->spool_fd >= 0) {
        ssize_t written = write(request->spool_fd, data, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            request->spool_error = written ? errno : ENOSPC;
            break;
        }
        data += written;
        size -= (size_t)written;
        request->spool_size += (size_t)written;
    }
}

static enum MHD_Result take_body(struct http_request *request, const char *data, size_t *size)
{
    size_t max = body_size_max(request);
    size_t kept = request->spools ? request->spool_size : request->body.size;

    crowd_progressed(request->member, *size);
    if (request->is_too_large || kept + *size > max) {
        request->is_too_large = true;
        request->dropped_size += *size;
        if (max + request->dropped_size > read_size_max(request))
            return MHD_NO;
    } else if (request->spools) {
        spool(request, data, *size);
    } else {
        text_add_bytes(&request->body, data, *size);
        if (request->body.failed)
            return MHD_NO;
    }
    *size = 0;
    return MHD_YES;
}

/* Called by microhttpd for the head, for each piece of body, at its end, and after a resume. */
static enum MHD_Result on_access(void *arg, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *data,
                                 size_t *size, void **state)
{
    struct http_server *server = arg;
    struct http_request *request = *state;

    (void)url;
    if (!request->method) {
        request->method = strdup(method);
        request->is_oldest = !strcmp(version, MHD_HTTP_VERSION_1_0);
        if (!request->method || !request->path || !request->query)
            return MHD_NO;
        request->connection = connection;
        crowd_reads_body(&server->crowd, request->member, loop_clock());
        if (server->head_handler)
            server->head_handler(server->arg, request);
        return declared_too_large(request) ? refuse_size(request) : MHD_YES;
    }
    if (request->stage == STAGE_SENT)
        return MHD_YES;
    if (request->stage == STAGE_ANSWERED)
        return send_answer(request);
    if (*size)
        return take_body(request, data, size);
    if (request->stage != STAGE_BODY)
        return MHD_YES;
    if (request->is_too_large)
        return refuse_size(request);
    request->stage = STAGE_HANDLING;
    request->connection = connection;
    crowd_handles(&server->crowd, request->member);
    server->handler(server->arg, request);
    if (request->stage == STAGE_ANSWERED)
        return send_answer(request);
    request->stage = STAGE_SUSPENDED;
    MHD_suspend_connection(connection);
    return MHD_YES;
}

/* The only place where microhttpd shows the target as it was sent. */
static void *on_target(void *arg, const char *uri, struct MHD_Connection *connection)
{
    struct http_server *server = arg;
    struct http_request *request = request_new(server, connection);
    const char *mark = strchr(uri, '?');

    if (!request)
        return NULL;
    request->path = slice_dup(slice_of(uri, mark ? (size_t)(mark - uri) : strlen(uri)));
    request->query = strdup(mark ? mark + 1 : "");
    crowd_reads_head(&server->crowd, request->member, loop_clock());
    return request;
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct http_server *server = arg;

    (void)code;
    if (*state)
        request_gone(*state);
    *state = NULL;
    crowd_waits(&server->crowd, member_of(connection), loop_clock());
}

static void sweep(void *arg)
{
    struct http_server *server = arg;
    instant now = loop_clock();

    crowd_sweep(&server->crowd, now);
    if (server->crowd.count &&
        loop_timer_start(server->loop, &server->sweep,
                         now + (server->crowd.count > server->crowd.limits.count_max
                                    ? CROWDED_SWEEP_MS * MILLISECOND
                                    : SECOND),
                         sweep, server))
        return; /* no memory: the next connection starts it */
}

/* A connection has come or is gone. */
static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = arg;
    const union MHD_ConnectionInfo *from, *fd;
    instant now = loop_clock();

    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        crowd_leaves(&server->crowd, *context);
        *context = NULL;
        server->again =
            true; /* with all places taken microhttpd listens again only in its next run */
        return;
    }
    from = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    check(from && fd);
    *context = crowd_comes(&server->crowd, fd->connect_fd, from->client_addr, now);
    if (server->crowd.count == 1 &&
        loop_timer_start(server->loop, &server->sweep, now + SECOND, sweep, server))
        return;
}

static int listen_on(const char *address, uint16_t port, uint16_t *bound)
{
    struct sockaddr_storage storage = {0};
    struct sockaddr_in *four = (struct sockaddr_in *)(void *)&storage;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)&storage;
    socklen_t size = sizeof(*four);
    int fd, one = 1, unread_max = UNREAD_MAX, err;

    if (inet_pton(AF_INET, address, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
    } else if (inet_pton(AF_INET6, address, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(port);
        size = sizeof(*six);
    } else {
        return -EINVAL;
    }
    fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    /* Inherited by each connection: answers nobody reads are not to fill the kernel's memory. */
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &unread_max, sizeof(unread_max));
    if (bind(fd, (struct sockaddr *)&storage, size) || listen(fd, 1024) ||
        getsockname(fd, (struct sockaddr *)&storage, &size)) {
        err = errno;
        close(fd);
        return -err;
    }
    *bound = ntohs(storage.ss_family == AF_INET ? four->sin_port : six->sin6_port);
    return fd;
}

static struct MHD_Daemon *start_daemon(struct http_server *server, int fd, unsigned idle_ms)
{
    unsigned idle_s = idle_ms / 1000;

    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE | MHD_USE_TURBO, 0, NULL, NULL,
        on_access, server, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_TIMEOUT,
        idle_s ? idle_s : 1u, MHD_OPTION_CONNECTION_LIMIT,
        server->crowd.limits.count_max + CROWD_EXCESS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_URI_LOG_CALLBACK, on_target, server,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, server, MHD_OPTION_END);
}

#define FAREWELL(status)                                                                           \
    "HTTP/1.1 " status "\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

int http_server_new(struct http_server **serverp, struct loop *loop,
                    const struct http_server_options *options, http_handler handler, void *arg)
{
    struct http_server *server = calloc(1, sizeof(*server));
    unsigned idle_ms = options->idle_ms ? options->idle_ms : IDLE_MS_PRESET;
    struct crowd_limits limits = {
        .count_max =
            options->connection_count_max ? options->connection_count_max : CONNECTIONS_MAX_PRESET,
        .of_one_address_max = options->connections_of_one_address_max,
        .few = FEW,
        .farewell = options->crowded_status == MHD_HTTP_TOO_MANY_REQUESTS
                        ? FAREWELL("429 Too Many Requests")
                        : FAREWELL("503 Service Unavailable"),
        .idle = idle_ms * MILLISECOND,
    };
    const union MHD_DaemonInfo *info;
    int fd, err;

    if (!server)
        return ENOMEM;
    server->loop = loop;
    server->handler = handler;
    server->arg = arg;
    server->body_size_max = options->body_size_max ? options->body_size_max : BODY_SIZE_PRESET;
    crowd_init(&server->crowd, &limits);
    fd = listen_on(options->address, options->port, &server->port);
    if (fd < 0) {
        free(server);
        return -fd;
    }
    server->daemon = start_daemon(server, fd, idle_ms);
    if (!server->daemon) {
        close(fd);
        free(server);
        return ENOMEM;
    }
    info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    check(info);
    server->epoll_fd = info->epoll_fd;
    err = loop_watch(loop, server->epoll_fd, EPOLLIN, on_readable, server);
    if (err) {
        http_server_free(server);
        return err;
    }
    *serverp = server;
    return 0;
}

static void upgrade_close(struct http_request *request)
{
    (void)shutdown(request->upgraded_fd, SHUT_RDWR); /* or the peer would not hear of it */
    (void)MHD_upgrade_action(request->upgraded, MHD_UPGRADE_ACTION_CLOSE);
    request->upgraded = NULL;
}

void http_server_free(struct http_server *server)
{
    if (!server)
        return;
    loop_unwatch(server->loop, server->epoll_fd);
    loop_timer_stop(server->loop, &server->timer);
    loop_timer_stop(server->loop, &server->sweep);
    for (struct http_request *request = server->requests; request; request = request->next) {
        upgrade_gone(request);
        if (request->upgraded)
            upgrade_close(request);
        if (request->stage != STAGE_SUSPENDED)
            continue;
        if (request->on_gone)
            request->on_gone(request->on_gone_arg);
        request->on_gone = NULL;
        MHD_resume_connection(request->connection);
    }
    MHD_stop_daemon(server->daemon);
    while (server->requests)
        request_free(server->requests);
    crowd_release(&server->crowd);
    free(server);
}

struct http_server_counts http_server_counts(const struct http_server *server)
{
    const struct crowd *crowd = &server->crowd;

    return (struct http_server_counts){.connections = crowd->count,
                                       .excess = crowd->excess_total,
                                       .evicted = crowd->evicted_total,
                                       .slow = crowd->slow_total};
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

const char *http_request_method(const struct http_request *request)
{
    return request->method;
}

const char *http_request_path(const struct http_request *request)
{
    return request->path;
}

const char *http_request_query(const struct http_request *request)
{
    return request->query;
}

const char *http_request_header(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

struct slice http_request_body(const struct http_request *request)
{
    return text_slice(&request->body);
}

struct loop *http_request_loop(const struct http_request *request)
{
    return request->server->loop;
}

const char *http_request_peer(const struct http_request *request)
{
    return request->peer;
}

bool http_request_is_excess(const struct http_request *request)
{
    return request->member && request->member->is_excess;
}

bool http_request_basic(const struct http_request *request, char *user, size_t user_size,
                        char *password, size_t password_size)
{
    char *secret = NULL, *name = MHD_basic_auth_get_username_password(request->connection, &secret);
    bool found = name && secret;

    if (found) {
        slice_copy(slice_from(name), user, user_size);
        slice_copy(slice_from(secret), password, password_size);
    }
    MHD_free(name);
    MHD_free(secret);
    return found;
}

struct slice http_request_bearer(const struct http_request *request)
{
    const char *value = http_request_header(request, MHD_HTTP_HEADER_AUTHORIZATION);

    if (!value || strncasecmp(value, "Bearer ", 7))
        return slice_of("", 0);
    return slice_trim(slice_from(value + 7));
}

void http_request_add_header(struct http_request *request, const char *name, const char *value)
{
    check(request->header_count < HEADERS_MAX);
    request->headers[request->header_count].name = strdup(name);
    request->headers[request->header_count++].value = strdup(value);
}

/* The response is made: hands it over now, or wakes the connection that waits for it. */
static void reply(struct http_request *request, unsigned status, const char *content_type,
                  struct MHD_Response *response)
{
    check(request->stage == STAGE_HANDLING || request->stage == STAGE_SUSPENDED);
    check(response);
    request->response = response;
    request->status = status;
    if (content_type)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    if (http_request_is_excess(request))
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    for (size_t i = 0; i < request->header_count; ++i)
        if (request->headers[i].name && request->headers[i].value)
            MHD_add_response_header(response, request->headers[i].name, request->headers[i].value);
    if (request->stage == STAGE_SUSPENDED) {
        request->stage = STAGE_ANSWERED;
        MHD_resume_connection(request->connection);
        run(request->server);
    } else {
        request->stage = STAGE_ANSWERED;
    }
}

void http_request_reply(struct http_request *request, unsigned status, const char *content_type,
                        const void *body, size_t size)
{
    request->answer_size = size;
    reply(request, status, content_type,
          MHD_create_response_from_buffer(size, (void *)(uintptr_t)(size ? body : ""),
                                          MHD_RESPMEM_MUST_COPY));
}

void http_request_reply_file(struct http_request *request, unsigned status,
                             const char *content_type, int fd, uint64_t size)
{
    request->answer_size = size;
    reply(request, status, content_type, MHD_create_response_from_fd64(size, fd));
}

static void on_upgraded(void *arg, struct MHD_Connection *connection, void *state,
                        const char *early, size_t early_size, MHD_socket fd,
                        struct MHD_UpgradeResponseHandle *handle)
{
    struct http_request *request = arg;

    (void)connection;
    (void)state;
    request->upgraded = handle;
    request->upgraded_fd = fd;
    request->upgrade.begun(request->upgrade.arg, fd, slice_of(early_size ? early : "", early_size));
}

int http_request_upgrade(struct http_request *request, const char *protocol,
                         const struct http_upgrade *upgrade)
{
    struct MHD_Response *response;

    if (request->is_oldest)
        return EINVAL;
    if (http_request_is_excess(request))
        return EBUSY;
    response = MHD_create_response_for_upgrade(on_upgraded, request);
    if (!response)
        return ENOMEM;
    http_request_add_header(request, MHD_HTTP_HEADER_UPGRADE, protocol);
    request->on_gone = NULL;
    request->upgrade = *upgrade;
    reply(request, MHD_HTTP_SWITCHING_PROTOCOLS, NULL, response);
    return 0;
}

void http_request_upgrade_end(struct http_request *request)
{
    check(request->upgraded);
    request->upgrade = (struct http_upgrade){0};
    upgrade_close(request);
    run(request->server);
}

void http_request_spool(struct http_request *request, int fd, size_t size_max)
{
    request->spools = true;
    request->spool_fd = fd;
    request->spool_size_max = size_max;
}

size_t http_request_spool_size(const struct http_request *request)
{
    return request->spool_size;
}

int http_request_spool_error(const struct http_request *request)
{
    return request->spool_error;
}

void http_server_on_head(struct http_server *server, http_head_handler handler)
{
    server->head_handler = handler;
}

void http_request_on_gone(struct http_request *request, loop_handler handler, void *arg)
{
    request->on_gone = handler;
    request->on_gone_arg = arg;
}

void http_request_set_context(struct http_request *request, void *context)
{
    request->context = context;
}

void *http_request_context(const struct http_request *request)
{
    return request->context;
}
