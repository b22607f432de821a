/*
 * The two ends of the webhook bench (bench/webhook.mjs), which is what drives it.
 *
 *   http_peer floor PORT_FILE REPLY_SIZE       libmicrohttpd alone: reads every field of the form, looks
 *                                              at the signature's header, answers so many bytes of TwiML
 *   http_peer load PORT FILE CONNECTIONS SECONDS RATE
 *
 * The load keeps CONNECTIONS open and sends the requests of FILE in turn (a size on a line of its own,
 * then so many bytes), the next on a connection when its last was answered; RATE of all a second, 0: as
 * fast as they are answered. One line of JSON: requests, seconds, not 200, latencies in microseconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/text.h"

enum { CONNECTIONS_MAX = 1024, ANSWER_MAX = 16384, LATENCIES_MAX = 4 << 20 };

static uint64_t now_us(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

static uint64_t number_of(const char *text)
{
    int64_t value;

    check(!slice_to_i64(slice_from(text), 0, INT64_MAX, &value));
    return (uint64_t)value;
}

/* ---------------------------------------------------------------------------------- the floor */

struct asked {
    struct MHD_PostProcessor *processor;
    size_t field_count;
};

static char *reply_bytes;
static size_t reply_size;

static enum MHD_Result on_field(void *arg, enum MHD_ValueKind kind, const char *key,
                                const char *filename, const char *type, const char *coding,
                                const char *data, uint64_t offset, size_t size)
{
    struct asked *asked = arg;

    (void)kind, (void)key, (void)filename, (void)type, (void)coding, (void)data, (void)size;
    asked->field_count += offset == 0;
    return MHD_YES;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **state)
{
    struct asked *asked = *state;
    struct MHD_Response *response;
    enum MHD_Result result;

    (void)arg, (void)url, (void)method, (void)version;
    if (!asked) {
        asked = calloc(1, sizeof(*asked));
        check(asked);
        asked->processor = MHD_create_post_processor(connection, 4096, on_field, asked);
        check(asked->processor);
        *state = asked;
        return MHD_YES;
    }
    if (*size) {
        MHD_post_process(asked->processor, data, *size);
        *size = 0;
        return MHD_YES;
    }
    MHD_destroy_post_processor(asked->processor);
    asked->processor = NULL;
    check(asked->field_count > 0 &&
          MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "X-Twilio-Signature"));
    response = MHD_create_response_from_buffer(reply_size, reply_bytes, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/xml");
    result = MHD_queue_response(connection, 200, response);
    MHD_destroy_response(response);
    return result;
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct asked *asked = *state;

    (void)arg, (void)connection, (void)code;
    if (asked && asked->processor)
        MHD_destroy_post_processor(asked->processor);
    free(asked);
    *state = NULL;
}

static int run_floor(char **argv)
{
    struct MHD_Daemon *daemon;
    FILE *file;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    reply_size = number_of(argv[3]);
    reply_bytes = malloc(reply_size + 1);
    check(reply_bytes);
    memset(reply_bytes, 'x', reply_size);
    daemon =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO, 0, NULL, NULL, on_request,
                         NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
    check(daemon);
    file = fopen(argv[2], "w");
    check(file);
    fprintf(file, "%u\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    check(!fclose(file));
    for (;;)
        pause();
}

/* ----------------------------------------------------------------------------------- the load */

struct requests {
    char *bytes;
    struct slice *list;
    size_t count, next;
};

struct connection {
    int fd;
    uint64_t sent_at; /* 0: idle */
    size_t got, wanted;
    char answer[ANSWER_MAX + 1];
};

struct load {
    struct requests requests;
    struct connection *connections;
    size_t connection_count;
    int epoll_fd;
    uint64_t *latencies, done, bad, sent;
};

static void requests_read(struct requests *requests, const char *path)
{
    FILE *file = fopen(path, "rb");
    struct slice rest;
    int64_t size;
    long end;

    check(file && !fseek(file, 0, SEEK_END) && (end = ftell(file)) > 0);
    rewind(file);
    requests->bytes = malloc((size_t)end);
    requests->list = calloc((size_t)end / 100 + 1, sizeof(struct slice));
    check(requests->bytes && requests->list);
    check(fread(requests->bytes, 1, (size_t)end, file) == (size_t)end);
    fclose(file);
    for (rest = slice_of(requests->bytes, (size_t)end); rest.size;) {
        check(!slice_to_i64(slice_cut(&rest, '\n'), 1, (int64_t)end, &size));
        check((size_t)size <= rest.size);
        requests->list[requests->count++] = slice_of(rest.at, (size_t)size);
        rest = slice_of(rest.at + size, rest.size - (size_t)size);
    }
}

static void connect_all(struct load *load, uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int one = 1;

    load->epoll_fd = epoll_create1(0);
    for (size_t i = 0; i < load->connection_count; i++) {
        struct connection *connection = &load->connections[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};

        connection->fd = socket(AF_INET, SOCK_STREAM, 0);
        check(connection->fd >= 0 &&
              !connect(connection->fd, (struct sockaddr *)&address, sizeof(address)));
        check(!setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)));
        check(!epoll_ctl(load->epoll_fd, EPOLL_CTL_ADD, connection->fd, &event));
    }
}

static void send_next(struct load *load, struct connection *connection)
{
    struct slice request = load->requests.list[load->requests.next++ % load->requests.count];

    connection->sent_at = now_us();
    connection->got = connection->wanted = 0;
    load->sent++;
    check(send(connection->fd, request.at, request.size, 0) == (ssize_t)request.size);
}

/* Is the answer whole? */
static bool take(struct load *load, struct connection *connection)
{
    ssize_t got =
        recv(connection->fd, connection->answer + connection->got, ANSWER_MAX - connection->got, 0);

    check(got > 0); /* a server that hangs up is no floor and no goal */
    connection->got += (size_t)got;
    connection->answer[connection->got] = '\0';
    if (!connection->wanted) {
        const char *end = strstr(connection->answer, "\r\n\r\n");
        const char *length = strcasestr(connection->answer, "\r\nContent-Length: ");

        if (!end)
            return false;
        connection->wanted = (size_t)(end - connection->answer) + 4 +
                             (length && length < end ? strtoul(length + 18, NULL, 10) : 0);
    }
    if (connection->got < connection->wanted)
        return false;
    load->bad += strncmp(connection->answer, "HTTP/1.1 200", 12) != 0;
    return true;
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void load_turn(struct load *load, uint64_t end, int wait_ms)
{
    struct epoll_event events[64];
    int count = epoll_wait(load->epoll_fd, events, 64, wait_ms);

    for (int i = 0; i < count; i++) {
        struct connection *connection = events[i].data.ptr;

        if (!take(load, connection))
            continue;
        check(load->done < LATENCIES_MAX);
        load->latencies[load->done++] = now_us() - connection->sent_at;
        connection->sent_at = 0;
        if (end && now_us() < end)
            send_next(load, connection);
    }
}

static struct connection *idle_one(struct load *load)
{
    for (size_t i = 0; i < load->connection_count; i++)
        if (!load->connections[(load->sent + i) % load->connection_count].sent_at)
            return &load->connections[(load->sent + i) % load->connection_count];
    return NULL;
}

static void run_paced(struct load *load, uint64_t began, uint64_t end, uint64_t rate)
{
    for (uint64_t now = began; now < end; now = now_us()) {
        uint64_t due = (now - began) * rate / 1000000 + 1;
        struct connection *connection;

        while (load->sent < due && (connection = idle_one(load)))
            send_next(load, connection);
        load_turn(load, 0, 1);
    }
}

static int run_load(char **argv)
{
    static struct load load;
    uint64_t began, end, rate = number_of(argv[6]);
    double seconds;

    requests_read(&load.requests, argv[3]);
    load.connection_count = number_of(argv[4]);
    check(load.connection_count && load.connection_count <= CONNECTIONS_MAX);
    load.connections = calloc(load.connection_count, sizeof(struct connection));
    load.latencies = calloc(LATENCIES_MAX, sizeof(uint64_t));
    check(load.connections && load.latencies);
    connect_all(&load, (uint16_t)number_of(argv[2]));
    began = now_us();
    end = began + number_of(argv[5]) * 1000000;
    if (rate) {
        run_paced(&load, began, end, rate);
    } else {
        for (size_t i = 0; i < load.connection_count; i++)
            send_next(&load, &load.connections[i]);
        while (now_us() < end)
            load_turn(&load, end, 100);
    }
    seconds = (double)(now_us() - began) / 1e6;
    for (uint64_t last = now_us() + 5000000; load.done < load.sent && now_us() < last;)
        load_turn(&load, 0, 100);
    check(load.done);
    qsort(load.latencies, load.done, sizeof(uint64_t), by_size);
    printf("{\"requests\":%llu,\"unanswered\":%llu,\"bad\":%llu,\"seconds\":%.3f,\"p50_us\":%llu,"
           "\"p99_us\":%llu,\"max_us\":%llu}\n",
           (unsigned long long)load.done, (unsigned long long)(load.sent - load.done),
           (unsigned long long)load.bad, seconds, (unsigned long long)load.latencies[load.done / 2],
           (unsigned long long)load.latencies[load.done * 99 / 100],
           (unsigned long long)load.latencies[load.done - 1]);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "floor") == 0)
        return run_floor(argv);
    if (argc == 7 && strcmp(argv[1], "load") == 0)
        return run_load(argv);
    fprintf(stderr, "see the head of bench/http_peer.c\n");
    return 2;
}
