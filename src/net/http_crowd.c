#include "net/http_crowd.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { SLOWEST_BYTES_PER_S = 2048, CROWDED_BYTES_PER_S = 32768, CANDIDATES_MAX = 16 };

static const instant HEAD_MAX = 10 * SECOND;
static const instant EXCESS_MAX = 5 * SECOND; /* for the one request of an excess connection */
static const instant EVICT_AGE = SECOND / 4;  /* its next request may be on its way to us */
static const instant FIRST_AGE =
    2 * SECOND;                         /* for a first one; who connects in bulk is slow to speak */
static const instant SLOW_AGE = SECOND; /* who is well has sent some of its body in that time */
static const instant TELL_PAUSE = 10 * SECOND;

struct crowd_address {
    uint8_t bytes[16];
    size_t size;
    unsigned count;
};

void crowd_init(struct crowd *crowd, const struct crowd_limits *limits)
{
    *crowd = (struct crowd){.limits = *limits};
    if (!crowd->limits.of_one_address_max)
        crowd->limits.of_one_address_max = (limits->count_max + 1) / 2;
    table_init(&crowd->addresses);
}

void crowd_release(struct crowd *crowd)
{
    while (crowd->members)
        crowd_leaves(crowd, crowd->members);
    table_release(&crowd->addresses);
}

/* ---- addresses ---- */

static struct crowd_address *address_take(struct crowd *crowd, const struct sockaddr *from)
{
    struct crowd_address *address, fresh = {.count = 0};

    if (from->sa_family == AF_INET6) {
        fresh.size = sizeof(struct in6_addr);
        memcpy(fresh.bytes, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr,
               fresh.size);
    } else {
        fresh.size = sizeof(struct in_addr);
        memcpy(fresh.bytes, &((const struct sockaddr_in *)(const void *)from)->sin_addr,
               fresh.size);
    }
    address = table_get(&crowd->addresses, (const char *)fresh.bytes, fresh.size);
    if (!address) {
        address = malloc(sizeof(*address));
        if (!address)
            return NULL;
        *address = fresh;
        if (table_put(&crowd->addresses, (const char *)address->bytes, address->size, address)) {
            free(address);
            return NULL;
        }
    }
    ++address->count;
    return address;
}

static void address_give_back(struct crowd *crowd, struct crowd_address *address)
{
    if (--address->count)
        return;
    table_remove(&crowd->addresses, (const char *)address->bytes, address->size);
    free(address);
}

/* ---- the line of those who keep us waiting ---- */

static void line_join(struct crowd *crowd, struct crowd_member *member)
{
    member->earlier = crowd->waiting_last;
    member->later = NULL;
    if (member->earlier)
        member->earlier->later = member;
    else
        crowd->waiting_first = member;
    crowd->waiting_last = member;
}

static void line_leave(struct crowd *crowd, struct crowd_member *member)
{
    if (member->earlier)
        member->earlier->later = member->later;
    else
        crowd->waiting_first = member->later;
    if (member->later)
        member->later->earlier = member->earlier;
    else
        crowd->waiting_last = member->earlier;
    member->earlier = member->later = NULL;
}

static void become(struct crowd *crowd, struct crowd_member *member, enum crowd_doing doing,
                   instant now)
{
    if (!member)
        return;
    if (member->doing != CROWD_HANDLED)
        line_leave(crowd, member);
    member->doing = doing;
    member->since = now;
    member->size = 0;
    if (doing != CROWD_HANDLED)
        line_join(crowd, member);
}

/* ---- who must go ---- */

static void cut(struct crowd *crowd, struct crowd_member *member)
{
    member->is_cut = true;
    ++crowd->cut_count;
    (void)shutdown(member->fd, SHUT_RDWR);
}

/* It has sent, and we are behind: then it is not the one who is slow. */
static bool has_sent(const struct crowd_member *member)
{
    char byte;

    return (member->doing == CROWD_WAITING || member->doing == CROWD_HEAD) &&
           recv(member->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static void tell(struct crowd *crowd, instant now)
{
    uint64_t total = crowd->excess_total + crowd->evicted_total + crowd->slow_total;

    if (total == crowd->told_total || (crowd->told_at && now - crowd->told_at < TELL_PAUSE))
        return;
    crowd->told_at = now;
    crowd->told_total = total;
    log_warning("http.crowd", "connections=%zu excess=%llu evicted=%llu slow=%llu", crowd->count,
                (unsigned long long)crowd->excess_total, (unsigned long long)crowd->evicted_total,
                (unsigned long long)crowd->slow_total);
}

/* Every place is taken, the few beyond as well: who comes now stands before the door, unseen. */
static bool is_full(const struct crowd *crowd)
{
    return crowd->count - crowd->cut_count >= crowd->limits.count_max + CROWD_EXCESS_MAX;
}

static bool keeps_us_waiting(const struct crowd *crowd, const struct crowd_member *member,
                             instant now)
{
    instant age = now - member->since;
    instant slow_age = is_full(crowd) ? EVICT_AGE : SLOW_AGE;

    switch (member->doing) {
    case CROWD_WAITING:
        return age >= (member->has_asked || is_full(crowd) ? EVICT_AGE : FIRST_AGE);
    case CROWD_HEAD:
        return age >= slow_age;
    case CROWD_BODY:
        return age >= slow_age &&
               member->size < (uint64_t)(age / MILLISECOND) * SLOWEST_BYTES_PER_S / 1000;
    case CROWD_SENDING:
        return age >= slow_age + (instant)(member->size / CROWDED_BYTES_PER_S) * SECOND;
    case CROWD_HANDLED:
        break;
    }
    return false;
}

/* Its request may come at this moment: then this is the answer, and it was not handled. */
static void say_farewell(const struct crowd *crowd, const struct crowd_member *member)
{
    const char *text = crowd->limits.farewell;

    if (text && (member->doing == CROWD_WAITING || member->doing == CROWD_HEAD))
        (void)!send(member->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Room for one more: who has kept us waiting longest (from that address; NULL: from any) can come
 * again. */
static bool evict_one(struct crowd *crowd, const struct crowd_address *address, instant now)
{
    unsigned looked_at = 0;

    for (struct crowd_member *member = crowd->waiting_first;
         member && now - member->since >= EVICT_AGE && looked_at < CANDIDATES_MAX;
         member = member->later) {
        if (member->is_cut || (address && member->address != address) ||
            !keeps_us_waiting(crowd, member, now))
            continue;
        ++looked_at;
        if (has_sent(member))
            continue;
        ++crowd->evicted_total;
        say_farewell(crowd, member);
        cut(crowd, member);
        return true;
    }
    return false;
}

static instant time_max(const struct crowd *crowd, const struct crowd_member *member)
{
    instant idle = crowd->limits.idle;

    switch (member->doing) {
    case CROWD_WAITING:
        return member->is_excess ? EXCESS_MAX : 2 * idle;
    case CROWD_HEAD:
        return member->is_excess ? EXCESS_MAX : instant_min(idle, HEAD_MAX);
    case CROWD_BODY:
    case CROWD_SENDING:
        return idle + (instant)(member->size / SLOWEST_BYTES_PER_S) * SECOND;
    case CROWD_HANDLED:
        break;
    }
    return INSTANT_NEVER;
}

void crowd_sweep(struct crowd *crowd, instant now)
{
    for (struct crowd_member *member = crowd->members; member; member = member->next)
        if (!member->is_cut && now - member->since > time_max(crowd, member) && !has_sent(member)) {
            ++crowd->slow_total;
            cut(crowd, member);
        }
    /* With every place taken nobody new comes for whom one would be made. */
    while (crowd->count - crowd->cut_count > crowd->limits.count_max && evict_one(crowd, NULL, now))
        ;
    tell(crowd, now);
}

/* ---- what each is doing ---- */

struct crowd_member *crowd_comes(struct crowd *crowd, int fd, const struct sockaddr *from,
                                 instant now)
{
    struct crowd_member *member = calloc(1, sizeof(*member));

    if (!member)
        return NULL;
    member->address = address_take(crowd, from);
    if (!member->address) {
        free(member);
        return NULL;
    }
    member->fd = fd;
    member->since = now;
    member->next = crowd->members;
    if (member->next)
        member->next->previous = member;
    crowd->members = member;
    line_join(crowd, member);
    ++crowd->count;
    if (member->address->count > crowd->limits.of_one_address_max)
        member->is_excess = !evict_one(crowd, member->address, now);
    else if (crowd->count - crowd->cut_count > crowd->limits.count_max)
        member->is_excess =
            !evict_one(crowd, NULL, now) && member->address->count > crowd->limits.few;
    crowd->excess_total += member->is_excess;
    tell(crowd, now);
    return member;
}

void crowd_leaves(struct crowd *crowd, struct crowd_member *member)
{
    if (!member)
        return;
    if (member->doing != CROWD_HANDLED)
        line_leave(crowd, member);
    if (member->previous)
        member->previous->next = member->next;
    else
        crowd->members = member->next;
    if (member->next)
        member->next->previous = member->previous;
    --crowd->count;
    crowd->cut_count -= member->is_cut;
    address_give_back(crowd, member->address);
    free(member);
}

void crowd_waits(struct crowd *crowd, struct crowd_member *member, instant now)
{
    become(crowd, member, CROWD_WAITING, now);
}

void crowd_reads_head(struct crowd *crowd, struct crowd_member *member, instant now)
{
    become(crowd, member, CROWD_HEAD, now);
}

void crowd_reads_body(struct crowd *crowd, struct crowd_member *member, instant now)
{
    become(crowd, member, CROWD_BODY, now);
}

void crowd_progressed(struct crowd_member *member, size_t size)
{
    if (member)
        member->size += size;
}

void crowd_handles(struct crowd *crowd, struct crowd_member *member)
{
    if (member)
        member->has_asked = true;
    become(crowd, member, CROWD_HANDLED, 0);
}

void crowd_sends(struct crowd *crowd, struct crowd_member *member, uint64_t size, instant now)
{
    become(crowd, member, CROWD_SENDING, now);
    if (member)
        member->size = size;
}
