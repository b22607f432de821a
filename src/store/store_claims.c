#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/ops.h"

/*
 * Leads on their way out. Those that may be claimed stand on shelves: one for each import (0: made
 * by hand), rank and region, in the order they fall due, which is the order of an index. What is
 * kept here is where each shelf begins, at the earliest. A claim takes from the shelf that begins
 * first among those of published imports and open regions, up to where the next one begins; so it
 * costs what it takes, however many leads there are, and of closed regions not even a look.
 */
struct shelf {
    int rank;
    uint64_t region;
    instant due_at; /* of the first lead, or earlier; INSTANT_NEVER: it is empty */
    uint64_t lead;  /* its id, or a lower one */
};

struct shelves {
    uint64_t campaign, import;
    size_t count, room;
    struct shelf shelves[]; /* by rank and region */
};

/* The imports whose leads may be claimed: 0 (by hand) and the published ones. */
struct imports {
    uint64_t *ids;
    size_t count, room;
};

static int imports_add(struct imports *imports, uint64_t id)
{
    if (imports->count == imports->room) {
        size_t room = imports->room ? 2 * imports->room : 16;
        uint64_t *ids = realloc(imports->ids, room * sizeof(*ids));
        if (!ids)
            return ENOMEM;
        imports->ids = ids;
        imports->room = room;
    }
    imports->ids[imports->count++] = id;
    return 0;
}

static int add_import(void *arg, const struct row *row)
{
    return imports_add(arg, row->record.of.id);
}

static int imports_of(struct store *store, uint64_t campaign, struct imports *imports)
{
    struct scan scan;
    int err;

    memset(imports, 0, sizeof(*imports));
    err = imports_add(imports, 0);
    scan_init(&scan, STORE_IMPORT);
    scan_where(&scan, "campaign_id", CONDITION_EQUAL, (int64_t)campaign);
    scan_where(&scan, "state", CONDITION_EQUAL, IMPORT_PUBLISHED);
    return err ? err : store_scan(store, &scan, add_import, imports);
}

struct leads {
    struct store_lead *leads;
    size_t count, room;
};

static int add_lead(void *arg, const struct row *row)
{
    struct leads *leads = arg;

    if (leads->count == leads->room) {
        size_t room = leads->room ? 2 * leads->room : 64;
        struct store_lead *more = realloc(leads->leads, room * sizeof(*more));
        if (!more)
            return ENOMEM;
        leads->leads = more;
        leads->room = room;
    }
    leads->leads[leads->count++] = row->record.of.lead;
    return 0;
}

static int compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Where it stands, or would. */
static size_t shelf_place(const struct shelves *shelves, int rank, uint64_t region)
{
    size_t low = 0, high = shelves->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct shelf *shelf = &shelves->shelves[middle];

        if (shelf->rank < rank || (shelf->rank == rank && shelf->region < region))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* One more; the block may move, so the table is told. */
static int shelf_add(struct store *store, struct shelves **shelvesp, size_t place,
                     const struct shelf *shelf)
{
    struct shelves *shelves = *shelvesp;

    if (shelves->count == shelves->room) {
        size_t room = 2 * shelves->room;
        struct shelves *more = realloc(shelves, sizeof(*more) + room * sizeof(*shelf));

        if (!more)
            return ENOMEM;
        more->room = room;
        *shelvesp = shelves = more;
        /* Replacing needs no memory. */
        int err = table_put_id(&store->shelves, lead_counts_id(more->campaign, more->import), more);
        check(!err);
    }
    memmove(&shelves->shelves[place + 1], &shelves->shelves[place],
            (shelves->count - place) * sizeof(*shelf));
    shelves->shelves[place] = *shelf;
    shelves->count++;
    return 0;
}

static void scan_free_leads(struct scan *scan, const struct shelves *shelves, int rank)
{
    scan_init(scan, STORE_LEAD);
    scan_where(scan, "campaign_id", CONDITION_EQUAL, (int64_t)shelves->campaign);
    scan_where(scan, "import_id", CONDITION_EQUAL, (int64_t)shelves->import);
    scan_where(scan, "free", CONDITION_EQUAL, 1);
    scan_where(scan, "rank", CONDITION_EQUAL, rank);
}

static int note_first(void *arg, const struct row *row)
{
    const struct store_lead *lead = &row->record.of.lead;

    *(struct shelf *)arg =
        (struct shelf){row->made.rank, lead->region, lead->core.due_at, lead->core.id};
    return 0;
}

/* Region after region of one rank, each by one look into the index. */
static int find_shelves(struct store *store, struct shelves **shelvesp, int rank)
{
    int64_t region = -1;
    int err = 0;

    while (!err) {
        struct shelf shelf = {.due_at = INSTANT_NEVER};
        struct scan scan;

        scan_free_leads(&scan, *shelvesp, rank);
        scan_where(&scan, "region_id", CONDITION_ABOVE, region);
        scan.order = ORDER_REGION;
        scan.limit = 1;
        err = store_scan(store, &scan, note_first, &shelf);
        if (err || shelf.due_at == INSTANT_NEVER)
            break;
        shelf.rank = rank;
        region = (int64_t)shelf.region;
        err = shelf_add(store, shelvesp, (*shelvesp)->count, &shelf);
    }
    return err;
}

static int shelves_of(struct store *store, uint64_t campaign, uint64_t import,
                      struct shelves **shelvesp)
{
    enum { ROOM = 16 };
    uint64_t id = lead_counts_id(campaign, import);
    struct shelves *shelves = table_get_id(&store->shelves, id);
    int err;

    *shelvesp = shelves;
    if (shelves)
        return 0;
    shelves = calloc(1, sizeof(*shelves) + ROOM * sizeof(shelves->shelves[0]));
    if (!shelves)
        return ENOMEM;
    shelves->campaign = campaign;
    shelves->import = import;
    shelves->room = ROOM;
    err = table_put_id(&store->shelves, id, shelves);
    if (err) {
        free(shelves);
        return err;
    }
    for (int rank = 0; rank < LEAD_RANKS && !err; rank++)
        err = find_shelves(store, &shelves, rank);
    if (err) /* half of them would hide the others */
        free(table_remove_id(&store->shelves, id));
    else
        *shelvesp = shelves;
    return err;
}

int shelves_note(struct store *store, const struct row *row)
{
    const struct store_lead *lead = &row->record.of.lead;
    uint64_t id = lead_counts_id(lead->core.campaign, lead->import);
    struct shelves *shelves = table_get_id(&store->shelves, id);
    struct shelf shelf = {row->made.rank, lead->region, lead->core.due_at, lead->core.id};
    struct shelf *known;
    size_t place;

    if (!shelves)
        return 0; /* nobody has asked yet */
    place = shelf_place(shelves, shelf.rank, shelf.region);
    known = &shelves->shelves[place];
    if (place == shelves->count || known->rank != shelf.rank || known->region != shelf.region)
        return shelf_add(store, &shelves, place, &shelf);
    if (shelf.due_at < known->due_at) {
        *known = shelf;
    } else if (shelf.due_at == known->due_at && shelf.lead < known->lead) {
        known->lead = shelf.lead;
    }
    return 0;
}

static instant opens_at(const struct store_hours *hours, uint64_t region)
{
    return region && region < hours->count ? hours->opens[region] : 0;
}

/* The lead's row in the owner's name. */
static int take_lead(struct store *store, struct store_lead *lead, uint64_t owner, instant now)
{
    struct row before = {.record = {.kind = STORE_LEAD, .of.lead = *lead}};
    struct row row;

    lead->owner = owner;
    lead->claimed_at = now;
    lead->core.released = false;
    row = (struct row){.record = {.kind = STORE_LEAD, .of.lead = *lead}};
    return store_write_known(store, &before, &row);
}

/* A claim under way: the shelves it may take from, those that begin first on top (a binary heap). */
struct pick {
    struct shelf *shelf;
    const struct shelves *of;
};

struct picking {
    struct store *store;
    const struct store_claim *claim;
    struct pick *heap;
    size_t count, room;
    struct leads leads;
    /* the shelf being taken from, and where the next one begins; NULL: there is none */
    struct pick from;
    const struct shelf *next;
    bool stopped;
};

static int compare_shelves(const struct shelf *a, const struct shelf *b)
{
    int compared = compare(a->rank, b->rank);

    if (!compared)
        compared = compare(a->due_at, b->due_at);
    return compared ? compared : (a->lead > b->lead) - (a->lead < b->lead);
}

static void sink(struct picking *picking, size_t at)
{
    struct pick *heap = picking->heap;

    for (;;) {
        size_t least = at;

        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < picking->count; child++) {
            if (compare_shelves(heap[child].shelf, heap[least].shelf) < 0)
                least = child;
        }
        if (least == at)
            return;
        struct pick held = heap[at];

        heap[at] = heap[least];
        heap[least] = held;
        at = least;
    }
}

static int add_pick(struct picking *picking, struct shelves *shelves, size_t place)
{
    if (picking->count == picking->room) {
        size_t room = picking->room ? 2 * picking->room : 64;
        struct pick *heap = realloc(picking->heap, room * sizeof(*heap));

        if (!heap)
            return ENOMEM;
        picking->heap = heap;
        picking->room = room;
    }
    picking->heap[picking->count++] = (struct pick){&shelves->shelves[place], shelves};
    return 0;
}

static int add_picks(struct picking *picking, struct shelves *shelves)
{
    const struct store_claim *claim = picking->claim;
    int err = 0;

    for (size_t i = 0; i < shelves->count && !err; i++) {
        const struct shelf *shelf = &shelves->shelves[i];

        if (shelf->due_at <= claim->due_before && opens_at(&claim->hours, shelf->region) == 0)
            err = add_pick(picking, shelves, i);
    }
    return err;
}

/* The shelves of every published import; reading one in may move another's block, so in two rounds. */
static int find_picks(struct picking *picking)
{
    struct store *store = picking->store;
    uint64_t campaign = picking->claim->campaign;
    struct imports imports;
    struct shelves *shelves;
    int err = imports_of(store, campaign, &imports);

    for (size_t i = 0; i < imports.count && !err; i++)
        err = shelves_of(store, campaign, imports.ids[i], &shelves);
    for (size_t i = 0; i < imports.count && !err; i++) {
        err = shelves_of(store, campaign, imports.ids[i], &shelves);
        if (!err)
            err = add_picks(picking, shelves);
    }
    for (size_t i = picking->count / 2; i-- > 0;)
        sink(picking, i);
    free(imports.ids);
    return err;
}

/* A lead from the shelf, unless another shelf's comes first; the first not taken is its new beginning. */
static int take_from_shelf(void *arg, const struct row *row)
{
    struct picking *picking = arg;
    struct shelf here;

    note_first(&here, row);
    *picking->from.shelf = here;
    if (picking->leads.count == picking->claim->count || here.due_at > picking->claim->due_before ||
        (picking->next && compare_shelves(&here, picking->next) > 0)) {
        picking->stopped = true;
        return ECANCELED;
    }
    return add_lead(&picking->leads, row);
}

/* From the first shelf; what was taken is the owner's at once, so that it is not met again. */
static int pick_some(struct picking *picking)
{
    const struct store_claim *claim = picking->claim;
    size_t first = picking->leads.count;
    struct scan scan;
    int err;

    picking->from = picking->heap[0];
    picking->next = picking->count > 1 ? picking->heap[1].shelf : NULL;
    if (picking->count > 2 && compare_shelves(picking->heap[2].shelf, picking->next) < 0)
        picking->next = picking->heap[2].shelf;
    picking->stopped = false;
    scan_free_leads(&scan, picking->from.of, picking->from.shelf->rank);
    scan_where(&scan, "region_id", CONDITION_EQUAL, (int64_t)picking->from.shelf->region);
    scan.order = ORDER_DUE;
    scan.limit = claim->count - first + 1;
    err = store_scan(picking->store, &scan, take_from_shelf, picking);
    if (err == ECANCELED && picking->stopped)
        err = 0;
    if (!picking->stopped) /* all of it was taken */
        picking->from.shelf->due_at = INSTANT_NEVER;
    for (size_t i = first; i < picking->leads.count && !err; i++)
        err = take_lead(picking->store, &picking->leads.leads[i], claim->owner, claim->now);
    if (picking->from.shelf->due_at > claim->due_before)
        picking->heap[0] = picking->heap[--picking->count];
    sink(picking, 0);
    return err;
}

int store_claim(struct store *store, const struct store_claim *claim, store_facts_fn row, void *arg)
{
    struct picking picking = {.store = store, .claim = claim};
    int err;

    check(store->in_transaction && claim->owner);
    store->why = NULL;
    err = find_picks(&picking);
    while (!err && picking.count && picking.leads.count < claim->count)
        err = pick_some(&picking);
    for (size_t i = 0; i < picking.leads.count && !err; i++)
        err = store_tell_facts(store, &picking.leads.leads[i].core, row, arg);
    free(picking.heap);
    free(picking.leads.leads);
    return err;
}

static int found(void *arg, const struct row *row)
{
    *(bool *)arg = true;
    return 0;
}

int store_claim_one(struct store *store, lead_id lead, uint64_t owner, instant now)
{
    struct row row;
    int err;

    check(store->in_transaction && owner);
    store->why = NULL;
    err = store_read(store, STORE_LEAD, lead, &row);
    if (err == ENOENT)
        return store_fail(store, err, "no such lead");
    if (!err && row.record.of.lead.owner)
        return store_fail(store, EBUSY, "the lead is being worked on");
    return err ? err : take_lead(store, &row.record.of.lead, owner, now);
}

static int has_open_attempt(struct store *store, uint64_t lead, bool *open)
{
    struct scan scan;

    *open = false;
    scan_init(&scan, STORE_ATTEMPT);
    scan_where(&scan, "lead_id", CONDITION_EQUAL, (int64_t)lead);
    scan_where(&scan, "open", CONDITION_EQUAL, 1);
    scan.limit = 1;
    return store_scan(store, &scan, found, open);
}

static int release(struct store *store, const struct store_lead *lead)
{
    struct row before = {.record = {.kind = STORE_LEAD, .of.lead = *lead}};
    struct row row = before;

    /* Cannot be, as both are written together; yet a lead must never be lost. */
    if (lead->core.state == LEAD_ATTEMPTING)
        row.record.of.lead.core.state = LEAD_DUE;
    row.record.of.lead.core.released = true;
    return store_write_known(store, &before, &row);
}

int store_release_claims(struct store *store, uint64_t owner, uint64_t *released)
{
    struct leads leads = {0};
    struct scan scan;
    int err;

    check(store->in_transaction && owner);
    store->why = NULL;
    *released = 0;
    scan_init(&scan, STORE_LEAD);
    scan_where(&scan, "owner", CONDITION_EQUAL, (int64_t)owner);
    err = store_scan(store, &scan, add_lead, &leads);
    for (size_t i = 0; i < leads.count && !err; i++) {
        bool open;
        err = has_open_attempt(store, leads.leads[i].core.id, &open);
        if (!err && !open) {
            err = release(store, &leads.leads[i]);
            ++*released;
        }
    }
    free(leads.leads);
    return err;
}

/* Where the shelf really begins now. */
static int look_at_shelf(struct store *store, const struct shelves *shelves, struct shelf *shelf)
{
    struct shelf first = {shelf->rank, shelf->region, INSTANT_NEVER, UINT64_MAX};
    struct scan scan;
    int err;

    scan_free_leads(&scan, shelves, shelf->rank);
    scan_where(&scan, "region_id", CONDITION_EQUAL, (int64_t)shelf->region);
    scan.order = ORDER_DUE;
    scan.limit = 1;
    err = store_scan(store, &scan, note_first, &first);
    if (!err)
        *shelf = first;
    return err;
}

/* Of one import: only a shelf that would be the answer is looked at. */
static int next_due_of(struct store *store, struct shelves *shelves,
                       const struct store_hours *hours, instant *at)
{
    int err = 0;

    for (size_t i = 0; i < shelves->count && !err; i++) {
        struct shelf *shelf = &shelves->shelves[i];
        instant opens = opens_at(hours, shelf->region);

        if (instant_max(shelf->due_at, opens) >= *at)
            continue;
        err = look_at_shelf(store, shelves, shelf);
        if (shelf->due_at != INSTANT_NEVER)
            *at = instant_min(*at, instant_max(shelf->due_at, opens));
    }
    return err;
}

int store_next_due(struct store *store, campaign_id campaign, struct store_hours hours, instant *at)
{
    struct imports imports;
    struct shelves *shelves;
    int err;

    store->why = NULL;
    *at = INSTANT_NEVER;
    err = imports_of(store, campaign, &imports);
    for (size_t i = 0; i < imports.count && !err; i++) {
        err = shelves_of(store, campaign, imports.ids[i], &shelves);
        if (!err)
            err = next_due_of(store, shelves, &hours, at);
    }
    free(imports.ids);
    return err;
}
