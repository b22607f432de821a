#include "net/http_client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/table.h"

enum { SPARE_MAX = 64 };

struct order {
    struct http_client *client;
    struct order *next; /* in the line of the canceled, or of the spares */
    uint64_t ref;
    CURL *easy;
    struct curl_slist *headers;
    char error[CURL_ERROR_SIZE];
    char *request_body;
    struct text body, content_type, location, cookies;
    int64_t retry_after_s;
    size_t body_size_max, held_size; /* held: of its body, in client->held_size */
    bool too_large, once;
    instant begun;
    http_body_reader read_body;
    uint64_t unread_size;
    http_body_writer write_body;
    void *body_arg;
    http_answer_handler handler;
    void *arg;
};

struct http_client {
    struct loop *loop;
    CURLM *multi;
    bool insecure;
    size_t held_size, held_size_max;
    bool (*may_connect)(void *arg, const struct sockaddr *address);
    void *may_connect_arg;
    struct loop_timer timer, cancel_timer, tell_timer;
    bool beginning;           /* libcurl's timer moves several times while a request begins */
    long wait_ms;             /* what it asked for last; -1: nothing */
    struct table orders;      /* ref -> order */
    struct watched **sockets; /* by descriptor; NULL: never seen */
    size_t socket_room;
    uint64_t last_ref;
    struct order *canceled;
    CURL *spares[SPARE_MAX]; /* easy handles keep their buffers */
    size_t spare_count;
};

static void order_free(struct order *order)
{
    struct http_client *client = order->client;

    if (order->easy && client->spare_count < SPARE_MAX) {
        curl_easy_reset(order->easy);
        client->spares[client->spare_count++] = order->easy;
    } else {
        curl_easy_cleanup(order->easy);
    }
    client->held_size -= order->held_size;
    curl_slist_free_all(order->headers);
    free(order->request_body);
    text_release(&order->body);
    text_release(&order->content_type);
    text_release(&order->location);
    text_release(&order->cookies);
    free(order);
}

/* A connection was there for it, and took something. */
static bool was_sent(const struct order *order)
{
    long size = 0;

    curl_easy_getinfo(order->easy, CURLINFO_REQUEST_SIZE, &size);
    return size > 0;
}

static enum http_outcome outcome_of(const struct order *order, CURLcode code)
{
    curl_off_t connected = 0;

    if (order->too_large)
        return HTTP_TOO_LARGE;
    switch ((int)code) {
    case CURLE_OK:
        return HTTP_ANSWERED;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
        return HTTP_BAD_URL;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return HTTP_NO_HOST;
    case CURLE_COULDNT_CONNECT:
        return order->once && was_sent(order) ? HTTP_BROKEN : HTTP_NO_CONNECTION;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
        return HTTP_TLS_FAILED;
    case CURLE_OPERATION_TIMEDOUT:
        curl_easy_getinfo(order->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
        return connected ? HTTP_TIMED_OUT : HTTP_NO_CONNECTION;
    default:
        return HTTP_BROKEN;
    }
}

static const char *text_or_empty(const struct text *text)
{
    return text->at ? text->at : "";
}

/* Tells the answer and lets go; the order is in no table and no multi any more. */
static void conclude(struct order *order, enum http_outcome outcome, const char *error)
{
    struct http_answer answer = {.outcome = outcome,
                                 .error = error,
                                 .content_type = text_or_empty(&order->content_type),
                                 .location = text_or_empty(&order->location),
                                 .retry_after_s = (unsigned)order->retry_after_s,
                                 .set_cookie = text_or_empty(&order->cookies),
                                 .body = text_slice(&order->body),
                                 .took = loop_clock() - order->begun};
    long status = 0;

    if (outcome == HTTP_ANSWERED)
        curl_easy_getinfo(order->easy, CURLINFO_RESPONSE_CODE, &status);
    answer.status = (unsigned)status;
    order->handler(order->arg, &answer);
    order_free(order);
}

static void tell_finished(struct http_client *client)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(client->multi, &left))) {
        struct order *order = NULL;
        CURLcode code = message->data.result;
        CURL *easy = message->easy_handle;
        enum http_outcome outcome;

        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&order);
        outcome = outcome_of(order, code);
        curl_multi_remove_handle(client->multi, easy);
        table_remove_id(&client->orders, order->ref);
        if (order->too_large)
            conclude(order, outcome, "the answer is larger than allowed");
        else if (outcome == HTTP_ANSWERED)
            conclude(order, outcome, "");
        else
            conclude(order, outcome, order->error[0] ? order->error : curl_easy_strerror(code));
    }
}

static void on_socket(struct http_client *client, int fd, int action)
{
    int running;

    curl_multi_socket_action(client->multi, fd, action, &running);
    tell_finished(client);
}

/*
 * A descriptor of libcurl's. One it opened through us stays watched between two requests, so that
 * keep-alive costs no system call; ours is also the close. Others (of its resolver) come and go.
 */
struct watched {
    struct http_client *client;
    int fd;
    uint32_t wanted, events; /* what libcurl waits for; what the loop looks for */
    bool is_ours;
};

static struct watched *watched_of(struct http_client *client, int fd)
{
    if ((size_t)fd >= client->socket_room) {
        size_t room = client->socket_room ? client->socket_room : 64;
        struct watched **sockets;

        while (room <= (size_t)fd)
            room *= 2;
        sockets = realloc(client->sockets, room * sizeof(struct watched *));
        if (!sockets)
            return NULL;
        memset(sockets + client->socket_room, 0,
               (room - client->socket_room) * sizeof(struct watched *));
        client->sockets = sockets;
        client->socket_room = room;
    }
    if (!client->sockets[fd])
        client->sockets[fd] = calloc(1, sizeof(struct watched));
    if (client->sockets[fd]) {
        client->sockets[fd]->client = client;
        client->sockets[fd]->fd = fd;
    }
    return client->sockets[fd];
}

static void unwatch(struct watched *watched)
{
    if (watched->events)
        loop_unwatch(watched->client->loop, watched->fd);
    watched->wanted = watched->events = 0;
}

static void on_fd(void *arg, uint32_t events)
{
    struct watched *watched = arg;
    int action = 0;

    if (!watched
             ->wanted) { /* an idle connection that its server closes: found dead at its next use */
        unwatch(watched);
        return;
    }
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        action |= CURL_CSELECT_IN;
    if (events & EPOLLOUT)
        action |= CURL_CSELECT_OUT;
    if (events & EPOLLERR)
        action |= CURL_CSELECT_ERR;
    on_socket(watched->client, watched->fd, action);
}

static int socket_wanted(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    struct http_client *client = arg;
    struct watched *watched = watched_of(client, fd);

    (void)easy;
    (void)socket_arg;
    if (!watched)
        return -1;
    if (what == CURL_POLL_REMOVE) {
        if (watched->is_ours && watched->events == EPOLLIN)
            watched->wanted = 0;
        else
            unwatch(watched);
        return 0;
    }
    watched->wanted = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    if (watched->wanted == watched->events)
        return 0;
    watched->events = watched->wanted;
    return loop_watch(client->loop, fd, watched->events, on_fd, watched) ? -1 : 0;
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct order *order = arg;
    struct http_client *client = order->client;
    struct watched *watched;
    int fd;

    (void)purpose;
    if (order->once && was_sent(order))
        return CURL_SOCKET_BAD;
    if (client->may_connect && !client->may_connect(client->may_connect_arg, &to->addr))
        return CURL_SOCKET_BAD;
    fd = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    watched = watched_of(client, fd);
    if (!watched) {
        close(fd);
        return CURL_SOCKET_BAD;
    }
    unwatch(watched); /* libcurl may have closed its predecessor unseen */
    watched->is_ours = true;
    return fd;
}

static int close_socket(void *arg, curl_socket_t fd)
{
    struct watched *watched = watched_of(arg, fd);

    if (watched) {
        unwatch(watched);
        watched->is_ours = false;
    }
    return close(fd);
}

static void on_timer(void *arg)
{
    on_socket(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int timer_wanted(CURLM *multi, long wait_ms, void *arg)
{
    struct http_client *client = arg;

    (void)multi;
    client->wait_ms = wait_ms;
    if (client->beginning)
        return 0;
    if (wait_ms < 0) {
        loop_timer_stop(client->loop, &client->timer);
        return 0;
    }
    return loop_timer_start(client->loop, &client->timer, loop_clock() + wait_ms * MILLISECOND,
                            on_timer, client)
               ? -1
               : 0;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct order *order = arg;
    long status = 0;

    if (order->write_body && !curl_easy_getinfo(order->easy, CURLINFO_RESPONSE_CODE, &status) &&
        status == 200)
        return order->write_body(order->body_arg, bytes, size * count) ? size * count : 0;
    if (order->body.size + size * count > order->body_size_max ||
        order->client->held_size + size * count > order->client->held_size_max) {
        order->too_large = true;
        return 0;
    }
    text_add_bytes(&order->body, bytes, size * count);
    order->client->held_size += size * count;
    order->held_size += size * count;
    return order->body.failed ? 0 : size * count;
}

static size_t on_read(char *out, size_t size, size_t count, void *arg)
{
    struct order *order = arg;
    size_t wanted = size * count < order->unread_size ? size * count : (size_t)order->unread_size;
    ssize_t given = wanted ? order->read_body(order->body_arg, out, wanted) : 0;

    if (given < 0 || (wanted && !given))
        return CURL_READFUNC_ABORT;
    order->unread_size -= (size_t)given;
    return (size_t)given;
}

static bool header_value(struct slice line, const char *name, struct slice *value)
{
    size_t size = strlen(name);

    if (line.size <= size || line.at[size] != ':' || strncasecmp(line.at, name, size))
        return false;
    *value = slice_trim(slice_of(line.at + size + 1, line.size - size - 1));
    return true;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *arg)
{
    struct order *order = arg;
    struct slice line = slice_of(bytes, size * count), value;

    if (slice_starts(line, "HTTP/")) { /* a 100 came before: its headers do not count */
        text_clear(&order->content_type);
        text_clear(&order->location);
        text_clear(&order->cookies);
        order->retry_after_s = 0;
    } else if (header_value(line, "Content-Type", &value)) {
        text_clear(&order->content_type);
        text_add_slice(&order->content_type, value);
    } else if (header_value(line, "Retry-After", &value)) {
        if (slice_to_i64(value, 0, 86400, &order->retry_after_s))
            order->retry_after_s = 0;
    } else if (header_value(line, "Location", &value)) {
        text_clear(&order->location);
        text_add_slice(&order->location, value);
    } else if (header_value(line, "Set-Cookie", &value) && order->cookies.size < 16384) {
        if (order->cookies.size)
            text_add_char(&order->cookies, '\n');
        text_add_slice(&order->cookies, value);
    }
    return size * count;
}

int http_client_new(struct http_client **clientp, struct loop *loop,
                    const struct http_client_options *options)
{
    struct http_client *client = calloc(1, sizeof(*client));
    size_t count_max =
        options && options->connection_count_max ? options->connection_count_max : 64;

    if (!client)
        return ENOMEM;
    client->loop = loop;
    client->wait_ms = -1;
    client->held_size_max = options && options->held_size_max ? options->held_size_max : SIZE_MAX;
    client->insecure = options && options->insecure;
    client->may_connect = options ? options->may_connect : NULL;
    client->may_connect_arg = options ? options->may_connect_arg : NULL;
    table_init(&client->orders);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) || !(client->multi = curl_multi_init())) {
        free(client);
        return ENOMEM;
    }
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, socket_wanted);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, timer_wanted);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                      (long)(options && options->connection_per_host_max
                                 ? options->connection_per_host_max
                                 : 20));
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)count_max);
    curl_multi_setopt(client->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)count_max);
    *clientp = client;
    return 0;
}

static void tell_canceled(void *arg)
{
    struct http_client *client = arg;
    struct order *order = client->canceled;

    client->canceled = NULL;
    while (order) {
        struct order *next = order->next;

        conclude(order, HTTP_CANCELED, "canceled");
        order = next;
    }
}

void http_client_free(struct http_client *client)
{
    struct table_slot *slot;
    size_t at = 0;

    if (!client)
        return;
    while ((slot = table_next(&client->orders, &at))) {
        struct order *order = slot->value;

        curl_multi_remove_handle(client->multi, order->easy);
        order->next = client->canceled;
        client->canceled = order;
    }
    table_release(&client->orders);
    tell_canceled(client);
    for (size_t i = 0; i < client->spare_count; ++i)
        curl_easy_cleanup(client->spares[i]);
    curl_multi_cleanup(client->multi);
    loop_timer_stop(client->loop, &client->timer);
    loop_timer_stop(client->loop, &client->cancel_timer);
    loop_timer_stop(client->loop, &client->tell_timer);
    for (size_t i = 0; i < client->socket_room; ++i) {
        if (client->sockets[i])
            unwatch(client->sockets[i]);
        free(client->sockets[i]);
    }
    free(client->sockets);
    free(client);
    curl_global_cleanup();
}

static int set_headers(struct order *order, const struct http_order *from)
{
    order->headers = curl_slist_append(NULL, "Expect:"); /* no 100-continue pause */
    if (!order->headers)
        return ENOMEM;
    for (size_t i = 0; from->headers && from->headers[i]; ++i) {
        struct curl_slist *more = curl_slist_append(order->headers, from->headers[i]);

        if (!more)
            return ENOMEM;
        order->headers = more;
    }
    return 0;
}

static void set_options(struct order *order, const struct http_order *from)
{
    CURL *easy = order->easy;

    curl_easy_setopt(easy, CURLOPT_PRIVATE, order);
    curl_easy_setopt(easy, CURLOPT_URL, from->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "127.0.0.1,localhost,::1");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, order->error);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, order->headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, order);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, order);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(from->connect_ms ? from->connect_ms : 5000));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(from->total_ms ? from->total_ms : 15000));
    if (from->user) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(easy, CURLOPT_USERNAME, from->user);
        curl_easy_setopt(easy, CURLOPT_PASSWORD, from->password ? from->password : "");
    }
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, order);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, order->client);
    if (order->client->insecure) {
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (strcmp(from->method, "GET") == 0 && !from->body.size)
        return;
    if (strcmp(from->method, "GET") && (strcmp(from->method, "DELETE") || from->body.size)) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        if (from->read_body) {
            curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)from->body_size);
            curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
            curl_easy_setopt(easy, CURLOPT_READDATA, order);
            curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, from->method);
            return;
        }
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)from->body.size);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, order->request_body);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, from->method);
}

static void tell_later(void *arg)
{
    tell_finished(arg);
}

/*
 * On its way at once: waiting for libcurl's own timer would cost the loop another round. What ends
 * right here is told later, as promised.
 */
static bool begin(struct http_client *client, CURL *easy)
{
    int running = 0;
    bool begun;

    client->beginning = true;
    begun = curl_multi_add_handle(client->multi, easy) == CURLM_OK;
    if (begun)
        curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    client->beginning = false;
    timer_wanted(client->multi, client->wait_ms, client);
    if (begun && (size_t)running < client->orders.count &&
        loop_timer_start(client->loop, &client->tell_timer, loop_clock(), tell_later, client))
        return true; /* no memory: the next answer's turn tells it */
    return begun;
}

int http_client_send(struct http_client *client, const struct http_order *from,
                     http_answer_handler handler, void *arg, uint64_t *ref)
{
    struct order *order = calloc(1, sizeof(*order));
    int err = ENOMEM;

    if (!order)
        return ENOMEM;
    order->client = client;
    order->handler = handler;
    order->arg = arg;
    order->begun = loop_clock();
    order->read_body = from->read_body;
    order->unread_size = from->body_size;
    order->write_body = from->write_body;
    order->body_arg = from->body_arg;
    order->once = from->once;
    order->body_size_max = from->body_size_max ? from->body_size_max : 1u << 20;
    order->easy = client->spare_count ? client->spares[--client->spare_count] : curl_easy_init();
    order->request_body = slice_dup(from->body);
    if (!order->easy || !order->request_body || set_headers(order, from))
        goto out;
    set_options(order, from);
    order->ref = ++client->last_ref;
    if (table_put_id(&client->orders, order->ref, order))
        goto out;
    if (!begin(client, order->easy)) {
        table_remove_id(&client->orders, order->ref);
        goto out;
    }
    if (ref)
        *ref = order->ref;
    return 0;
out:
    order_free(order);
    return err;
}

void http_client_cancel(struct http_client *client, uint64_t ref)
{
    struct order *order = table_remove_id(&client->orders, ref);

    if (!order)
        return;
    curl_multi_remove_handle(client->multi, order->easy);
    order->next = client->canceled;
    client->canceled = order;
    if (loop_timer_start(client->loop, &client->cancel_timer, loop_clock(), tell_canceled, client))
        tell_canceled(client); /* no memory for a timer: tell it now rather than never */
}

const char *http_outcome_name(enum http_outcome outcome)
{
    switch (outcome) {
    case HTTP_ANSWERED:
        return "answered";
    case HTTP_BAD_URL:
        return "bad URL";
    case HTTP_NO_HOST:
        return "host not found";
    case HTTP_NO_CONNECTION:
        return "no connection";
    case HTTP_TLS_FAILED:
        return "TLS failed";
    case HTTP_TIMED_OUT:
        return "timed out";
    case HTTP_TOO_LARGE:
        return "answer too large";
    case HTTP_BROKEN:
        return "connection broken";
    case HTTP_CANCELED:
        return "canceled";
    }
    return "unknown";
}
