#include "net/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_SIZE_MAX = 64 * 1024, READ_SIZE = 16 * 1024 };

struct child {
    struct loop *loop;
    pid_t pid;
    int pid_fd, in_fd, out_fd; /* -1 when closed */
    bool collects;             /* child_run */
    char *input;
    size_t input_size, input_sent, output_size_max;
    struct text output; /* all of it, or the line begun */
    struct loop_timer timer;
    struct child_end result;
    bool ended; /* waitpid has answered */
    child_line_handler line;
    child_end_handler end;
    void *arg;
};

static void close_fd(struct child *child, int *fd)
{
    if (*fd < 0)
        return;
    loop_unwatch(child->loop, *fd);
    close(*fd);
    *fd = -1;
}

static void child_free(struct child *child)
{
    close_fd(child, &child->in_fd);
    close_fd(child, &child->out_fd);
    close_fd(child, &child->pid_fd);
    loop_timer_stop(child->loop, &child->timer);
    text_release(&child->output);
    free(child->input);
    free(child);
}

/* The end is told when the process has gone and its output has been read to the last byte. */
static void finish(struct child *child)
{
    if (!child->ended || child->out_fd >= 0)
        return;
    if (child->collects)
        child->result.output = text_slice(&child->output);
    else if (child->output.size && child->line)
        child->line(child->arg, text_slice(&child->output));
    if (child->end)
        child->end(child->arg, &child->result);
    child_free(child);
}

static void tell_lines(struct child *child)
{
    struct slice rest = text_slice(&child->output);
    size_t told = 0;
    const char *end;

    while (rest.size > told && (end = memchr(rest.at + told, '\n', rest.size - told))) {
        size_t size = (size_t)(end - rest.at) - told;

        if (child->line)
            child->line(child->arg, slice_of(rest.at + told, size));
        told += size + 1;
    }
    if (told) {
        memmove(child->output.at, child->output.at + told, rest.size - told + 1);
        child->output.size -= told;
    } else if (rest.size >= LINE_SIZE_MAX) {
        text_clear(&child->output);
    }
}

static void on_output(void *arg, uint32_t events)
{
    struct child *child = arg;
    char bytes[READ_SIZE];
    ssize_t size = read(child->out_fd, bytes, sizeof(bytes));

    (void)events;
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size <= 0) {
        close_fd(child, &child->out_fd);
        finish(child);
        return;
    }
    text_add_bytes(&child->output, bytes, (size_t)size);
    if (!child->collects)
        tell_lines(child);
    else if (child->output.size > child->output_size_max && !child->result.too_large) {
        child->result.too_large = true;
        kill(child->pid, SIGKILL);
    }
}

static void on_input(void *arg, uint32_t events)
{
    struct child *child = arg;
    ssize_t size = 0;

    (void)events;
    if (child->input_sent < child->input_size)
        size = write(child->in_fd, child->input + child->input_sent,
                     child->input_size - child->input_sent);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size > 0)
        child->input_sent += (size_t)size;
    if (size < 0 || child->input_sent == child->input_size)
        close_fd(child, &child->in_fd);
}

static void on_exit_event(void *arg, uint32_t events)
{
    struct child *child = arg;
    int status;

    (void)events;
    if (waitpid(child->pid, &status, WNOHANG) != child->pid)
        return;
    child->ended = true;
    child->result.exited = WIFEXITED(status);
    child->result.status = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
    close_fd(child, &child->pid_fd);
    close_fd(child, &child->in_fd);
    loop_timer_stop(child->loop, &child->timer);
    if (child->out_fd >= 0) {
        /* A grandchild may hold the pipe open for ever: what is in it now is all that counts. */
        char bytes[READ_SIZE];
        ssize_t size;

        while ((size = read(child->out_fd, bytes, sizeof(bytes))) > 0 &&
               child->output.size <= child->output_size_max) {
            text_add_bytes(&child->output, bytes, (size_t)size);
            if (!child->collects)
                tell_lines(child);
        }
        close_fd(child, &child->out_fd);
    }
    finish(child);
}

static void on_time(void *arg)
{
    struct child *child = arg;

    child->result.timed_out = true;
    kill(child->pid, SIGKILL);
}

static void limit(int resource, rlim_t value)
{
    struct rlimit most = {value, value};

    setrlimit(resource, &most);
}

/* In the new process: only what is allowed between fork and exec. */
static _Noreturn void become(const struct child_order *order, char **environment, bool collects,
                             int in, int out, int report)
{
    int err, null_fd = open("/dev/null", O_RDWR);
    sigset_t none;

    setpgid(0, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    dup2(in >= 0 ? in : null_fd, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    if (collects)
        dup2(null_fd, STDERR_FILENO);
    if (order->processor_seconds_max)
        limit(RLIMIT_CPU, order->processor_seconds_max);
    if (order->memory_size_max)
        limit(RLIMIT_AS, order->memory_size_max);
    environ = environment;
    execvp(order->argv[0], (char *const *)(uintptr_t)order->argv);
    err = errno;
    if (write(report, &err, sizeof(err)) < 0)
        _exit(126);
    _exit(127);
}

/* Ours with the order's added; names given anew replace the old. */
static char **environment_of(const struct child_order *order)
{
    size_t count = 0, more = 0, at = 0;
    char **list;

    while (environ[count])
        ++count;
    while (order->environment && order->environment[more])
        ++more;
    list = calloc(count + more + 1, sizeof(char *));
    for (size_t i = 0; list && i < count; ++i) {
        bool replaced = false;
        size_t name = strcspn(environ[i], "=") + 1;

        for (size_t j = 0; j < more; ++j)
            replaced |= !strncmp(environ[i], order->environment[j], name);
        if (!replaced)
            list[at++] = environ[i];
    }
    for (size_t j = 0; list && j < more; ++j)
        list[at++] = (char *)(uintptr_t)order->environment[j];
    return list;
}

struct pipes {
    int in[2], out[2], report[2];
};

static void pipes_close(struct pipes *pipes)
{
    int *const ALL[] = {pipes->in, pipes->out, pipes->report};

    for (size_t i = 0; i < array_count(ALL); ++i)
        for (int j = 0; j < 2; ++j)
            if (ALL[i][j] >= 0)
                close(ALL[i][j]);
}

/* Forks; *err is what exec said (0: it runs). The report pipe closes itself upon a good exec. */
static int start(struct child *child, const struct child_order *order, struct pipes *pipes)
{
    char **environment = environment_of(order);
    int err = 0;

    if (!environment)
        return ENOMEM;
    child->pid = fork();
    if (child->pid < 0)
        err = errno;
    else if (child->pid == 0)
        become(order, environment, child->collects, pipes->in[0], pipes->out[1], pipes->report[1]);
    free(environment);
    if (err)
        return err;
    close(pipes->report[1]);
    pipes->report[1] = -1;
    if (read(pipes->report[0], &err, sizeof(err)) == (ssize_t)sizeof(err)) {
        waitpid(child->pid, NULL, 0);
        return err;
    }
    return 0;
}

static int watch_all(struct child *child)
{
    int err;

    child->pid_fd = (int)syscall(SYS_pidfd_open, child->pid, 0);
    if (child->pid_fd < 0)
        return errno;
    fcntl(child->pid_fd, F_SETFD, FD_CLOEXEC);
    fcntl(child->out_fd, F_SETFL, O_NONBLOCK);
    err = loop_watch(child->loop, child->pid_fd, EPOLLIN, on_exit_event, child);
    if (!err)
        err = loop_watch(child->loop, child->out_fd, EPOLLIN, on_output, child);
    if (!err && child->in_fd >= 0) {
        fcntl(child->in_fd, F_SETFL, O_NONBLOCK);
        err = loop_watch(child->loop, child->in_fd, EPOLLOUT, on_input, child);
    }
    return err;
}

static int child_new(struct child **childp, struct loop *loop, const struct child_order *order,
                     bool collects, child_line_handler line, child_end_handler end, void *arg)
{
    struct pipes pipes = {{-1, -1}, {-1, -1}, {-1, -1}};
    struct child *child = calloc(1, sizeof(*child));
    int err = 0;

    if (!child)
        return ENOMEM;
    *child = (struct child){.loop = loop,
                            .pid_fd = -1,
                            .in_fd = -1,
                            .out_fd = -1,
                            .collects = collects,
                            .line = line,
                            .end = end,
                            .arg = arg,
                            .input_size = order->input.size,
                            .output_size_max =
                                order->output_size_max ? order->output_size_max : 16u << 20};
    text_init(&child->output);
    child->input = slice_dup(order->input);
    if (!child->input)
        err = ENOMEM;
    else if ((collects && pipe2(pipes.in, O_CLOEXEC)) || pipe2(pipes.out, O_CLOEXEC) ||
             pipe2(pipes.report, O_CLOEXEC))
        err = errno;
    if (!err)
        err = start(child, order, &pipes);
    if (!err) {
        child->in_fd = pipes.in[1];
        child->out_fd = pipes.out[0];
        pipes.in[1] = pipes.out[0] = -1;
        err = watch_all(child);
        if (!err && collects)
            err = loop_timer_start(
                loop, &child->timer,
                loop_clock() + (order->time_ms_max ? order->time_ms_max : 10000u) * MILLISECOND,
                on_time, child);
        if (err) {
            kill(child->pid, SIGKILL);
            waitpid(child->pid, NULL, 0);
        }
    }
    pipes_close(&pipes);
    if (err)
        child_free(child);
    else if (childp)
        *childp = child;
    return err;
}

int child_run(struct child **child, struct loop *loop, const struct child_order *order,
              child_end_handler end, void *arg)
{
    return child_new(child, loop, order, true, NULL, end, arg);
}

int child_spawn(struct child **child, struct loop *loop, const struct child_order *order,
                child_line_handler line, child_end_handler end, void *arg)
{
    return child_new(child, loop, order, false, line, end, arg);
}

pid_t child_pid(const struct child *child)
{
    return child->pid;
}

void child_signal(struct child *child, int signal_number)
{
    if (!child->ended)
        kill(child->pid, signal_number);
}

void child_drop(struct child *child, bool let_live)
{
    if (!let_live && !child->ended) {
        kill(child->pid, SIGKILL);
        waitpid(child->pid, NULL, 0);
    }
    child_free(child);
}
