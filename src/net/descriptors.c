#include "net/descriptors.h"

#include <sys/resource.h>

enum { USUAL = 1024 };

unsigned descriptors_raise(unsigned wanted)
{
    struct rlimit limit;
    rlim_t before;

    if (getrlimit(RLIMIT_NOFILE, &limit))
        return USUAL;
    before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (limit.rlim_cur <= before || setrlimit(RLIMIT_NOFILE, &limit))
        limit.rlim_cur = before;
    return limit.rlim_cur < wanted ? (unsigned)limit.rlim_cur : wanted;
}
