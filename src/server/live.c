#include "server/live.h"

#include <stddef.h>

void live_attempt_changed(struct live *live, const struct attempt_record *before,
                          const struct attempt_record *after)
{
    figures_change(&live->figures, before, after);
    if (after->hello_us >= 0 && (!before || before->hello_us < 0))
        recent_add(&live->hello, after->hello_us);
}
