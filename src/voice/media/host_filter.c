#include "voice/media/host_filter.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

enum { SOURCE_OFFSET = 12, SOURCE_OFFSET_6 = 8, WORDS = 1, WORDS_6 = 4 };

/* For each word of the source address: load it, and drop if it differs. */
static unsigned short program_write(struct sock_filter *codes, uint32_t offset, const void *address,
                                    unsigned words)
{
    unsigned short count = 0;
    uint32_t word;

    for (unsigned i = 0; i < words; i++) {
        memcpy(&word, (const char *)address + 4 * i, sizeof(word));
        codes[count++] = (struct sock_filter){BPF_LD | BPF_W | BPF_ABS, 0, 0,
                                              (uint32_t)SKF_NET_OFF + offset + 4 * i};
        codes[count++] = (struct sock_filter){BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ntohl(word)};
        codes[count++] = (struct sock_filter){BPF_RET | BPF_K, 0, 0, 0};
    }
    codes[count++] = (struct sock_filter){BPF_RET | BPF_K, 0, 0, UINT32_MAX};
    return count;
}

void host_filter_set(int fd, const struct sockaddr *host)
{
    struct sock_filter codes[3 * WORDS_6 + 1];
    struct sock_fprog program = {.filter = codes};

    if (host->sa_family == AF_INET6)
        program.len =
            program_write(codes, SOURCE_OFFSET_6,
                          &((const struct sockaddr_in6 *)(const void *)host)->sin6_addr, WORDS_6);
    else
        program.len =
            program_write(codes, SOURCE_OFFSET,
                          &((const struct sockaddr_in *)(const void *)host)->sin_addr, WORDS);
    (void)setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

void host_filter_clear(int fd)
{
    int unused = 0;

    (void)setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused));
}
