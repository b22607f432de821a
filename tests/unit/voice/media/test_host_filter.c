/* The kernel's filter by source address, over real sockets. */
#include <setjmp.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <unistd.h>

#include "voice/media/host_filter.h"

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static socklen_t address_size(const union address *address)
{
    return address->any.sa_family == AF_INET6 ? sizeof(address->v6) : sizeof(address->v4);
}

static union address address_of(const char *text)
{
    union address address = {.v4.sin_family = AF_INET};

    if (inet_pton(AF_INET, text, &address.v4.sin_addr) == 1)
        return address;
    address = (union address){.v6.sin6_family = AF_INET6};
    assert_int_equal(inet_pton(AF_INET6, text, &address.v6.sin6_addr), 1);
    return address;
}

/* At that address; -1: the machine has none of its family. The port is filled in. */
static int socket_at(union address *address)
{
    socklen_t size = sizeof(*address);
    int fd = socket(address->any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    if (fd < 0 || bind(fd, &address->any, address_size(address))) {
        close(fd);
        return -1;
    }
    assert_int_equal(getsockname(fd, &address->any, &size), 0);
    return fd;
}

/* On the loopback a datagram is there, or dropped, when the sendto returns. */
static bool arrives(int from, int to_fd, const union address *to)
{
    char byte;

    assert_int_equal(sendto(from, "x", 1, 0, &to->any, address_size(to)), 1);
    return recv(to_fd, &byte, 1, 0) == 1;
}

static void one_host_is_let_in_whatever_its_port_until_the_filter_is_cleared(void **state)
{
    union address here = address_of("127.0.0.1"), friend = here, again = here,
                  stranger = address_of("127.0.0.9"), other = address_of("127.0.0.9");
    int fd = socket_at(&here), friend_fd = socket_at(&friend), again_fd = socket_at(&again),
        stranger_fd = socket_at(&stranger);

    assert_true(arrives(stranger_fd, fd, &here));
    host_filter_set(fd, &friend.any);
    assert_true(arrives(friend_fd, fd, &here));
    assert_true(arrives(again_fd, fd, &here));
    assert_false(arrives(stranger_fd, fd, &here));
    host_filter_set(fd, &other.any);
    assert_false(arrives(friend_fd, fd, &here));
    assert_true(arrives(stranger_fd, fd, &here));
    host_filter_clear(fd);
    host_filter_clear(fd);
    assert_true(arrives(friend_fd, fd, &here));
    close(fd);
    close(friend_fd);
    close(again_fd);
    close(stranger_fd);
}

static void all_four_words_of_a_long_address_are_looked_at(void **state)
{
    union address here = address_of("::1"), friend = here;
    const char *const others[] = {"8000::1", "0:0:1::1", "::1:0:0:1", "::2"};
    int fd = socket_at(&here), friend_fd = socket_at(&friend);

    if (fd < 0 || friend_fd < 0)
        skip();
    for (unsigned i = 0; i < 4; i++) {
        union address other = address_of(others[i]);

        host_filter_set(fd, &other.any);
        assert_false(arrives(friend_fd, fd, &here));
    }
    host_filter_set(fd, &friend.any);
    assert_true(arrives(friend_fd, fd, &here));
    close(fd);
    close(friend_fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_host_is_let_in_whatever_its_port_until_the_filter_is_cleared),
        cmocka_unit_test(all_four_words_of_a_long_address_are_looked_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
