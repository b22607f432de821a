/*
 * A disk that refuses, for tests: preloaded into a program it lets every write below a folder fail with
 * one errno while a switch file says so ("30" is EROFS, "5" is EIO; empty or missing: all is well). A
 * file system under a running program cannot be made read-only from outside without the kernel's own
 * emergency; to the program that is exactly this.
 *
 *   REFUSE_BELOW=/folder REFUSE_SWITCH=/file LD_PRELOAD=refuse.so program
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int refusal(void)
{
    const char *file = getenv("REFUSE_SWITCH");
    char text[16] = "";
    int fd = file ? (int)REAL(open)(file, O_RDONLY | O_CLOEXEC) : -1;

    if (fd < 0)
        return 0;
    if (read(fd, text, sizeof(text) - 1) < 0)
        text[0] = '\0';
    close(fd);
    return atoi(text);
}

static int is_below(const char *path)
{
    const char *folder = getenv("REFUSE_BELOW");

    return folder && strncmp(path, folder, strlen(folder)) == 0;
}

static int refuses_file(int fd)
{
    char link[40], path[4096];
    ssize_t size;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    size = readlink(link, path, sizeof(path) - 1);
    if (size <= 0)
        return 0;
    path[size] = '\0';
    return is_below(path) ? refusal() : 0;
}

#define OR_REFUSE(err)                                                                             \
    do {                                                                                           \
        int refused = (err);                                                                       \
                                                                                                   \
        if (refused) {                                                                             \
            errno = refused;                                                                       \
            return -1;                                                                             \
        }                                                                                          \
    } while (0)

ssize_t write(int fd, const void *bytes, size_t size)
{
    OR_REFUSE(refuses_file(fd));
    return REAL(write)(fd, bytes, size);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    OR_REFUSE(refuses_file(fd));
    return REAL(pwrite)(fd, bytes, size, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at)
{
    OR_REFUSE(refuses_file(fd));
    return REAL(pwrite64)(fd, bytes, size, at);
}

int ftruncate(int fd, off_t size)
{
    OR_REFUSE(refuses_file(fd));
    return REAL(ftruncate)(fd, size);
}

int ftruncate64(int fd, off64_t size)
{
    OR_REFUSE(refuses_file(fd));
    return REAL(ftruncate64)(fd, size);
}

int rename(const char *from, const char *to)
{
    OR_REFUSE(is_below(to) ? refusal() : 0);
    return REAL(rename)(from, to);
}

int unlink(const char *path)
{
    OR_REFUSE(is_below(path) ? refusal() : 0);
    return REAL(unlink)(path);
}

static int open_mode(int flags, va_list list)
{
    return flags & O_CREAT ? va_arg(list, int) : 0;
}

static int refuses_open(const char *path, int flags)
{
    return (flags & O_ACCMODE) != O_RDONLY && is_below(path) ? refusal() : 0;
}

int open(const char *path, int flags, ...)
{
    va_list list;

    va_start(list, flags);
    int mode = open_mode(flags, list);
    va_end(list);
    OR_REFUSE(refuses_open(path, flags));
    return REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list list;

    va_start(list, flags);
    int mode = open_mode(flags, list);
    va_end(list);
    OR_REFUSE(refuses_open(path, flags));
    return REAL(open64)(path, flags, mode);
}
