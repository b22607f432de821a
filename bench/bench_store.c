/*
 * What does the store cost? Claims of 50 leads as the table grows, beside the same by plain SQLite on a
 * table of one index; attempts committed per second; rows imported per second from a file, and how long
 * a commit waits while an import runs.
 *
 *   bench_store [--quick] [--claims] [--rows N] [--large] [--folder DIR] [--keep DIR]
 *
 * Tables of 10,000 and 1,000,000 leads (--quick: 100,000); --large adds 10,000,000 (some minutes and 8 GB
 * of disk). --keep: the tables lie in DIR, are used again when they are there, and stay.
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/rng.h"
#include "base/text.h"
#include "figure.h"
#include "lists/importer.h"
#include "store/store.h"

enum { NODE = 1, CLAIM = 50, ROUNDS = 100, IMPORT_ROWS = 200 * 1000, ATTEMPT_TRANSACTIONS = 2000 };

static double now_s(clockid_t clock)
{
    struct timespec at;

    clock_gettime(clock, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static int compare_doubles(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

static double quantile(double *values, size_t count, double q)
{
    qsort(values, count, sizeof(*values), compare_doubles);
    return count ? values[(size_t)(q * (double)(count - 1))] : 0;
}

static void must(struct store *store, int err)
{
    if (err) {
        fprintf(stderr, "bench_store: %s: %s\n", strerror(err), store ? store_why(store) : "");
        exit(1);
    }
}

static uint64_t put(struct store *store, struct store_record record)
{
    must(store, store_begin(store));
    must(store, store_put(store, &record));
    must(store, store_commit(store));
    return record.of.id;
}

static bool quick;

static void print_one(const char *name, const char *unit, const char *load, double value)
{
    struct figure_runs runs = {0};

    figure_add(&runs, value);
    figure_print(&(struct figure){
        .bench = "store", .name = name, .unit = unit, .load = load, .runs = &runs});
}

static struct store *open_store(const char *folder, const char *name)
{
    char path[400], why[400];
    struct store *store;
    int err;

    snprintf(path, sizeof(path), "%s/%s.db", folder, name);
    err = store_open_sqlite(&store, path, STORE_OWNER, why, sizeof(why));
    if (err) {
        fprintf(stderr, "bench_store: %s\n", why);
        exit(1);
    }
    return store;
}

static uint64_t new_campaign(struct store *store, const char *name)
{
    return put(store, (struct store_record){.kind = STORE_CAMPAIGN, .of.campaign.name = name});
}

/* So many leads in five imports and all priorities. */
static void fill(struct store *store, uint64_t campaign, uint64_t rows)
{
    static struct store_import_row batch[500];
    static char numbers[array_count(batch)][24];
    uint64_t done = 0;

    for (int part = 0; part < 5; part++) {
        uint64_t import =
            put(store, (struct store_record){.kind = STORE_IMPORT, .of.import.campaign = campaign});
        struct store_import record = {.id = import};

        for (; done < rows * (uint64_t)(part + 1) / 5;) {
            size_t count = 0;
            for (; count < array_count(batch) && done < rows; count++, done++) {
                snprintf(numbers[count], sizeof(numbers[0]), "+1%010llu",
                         (unsigned long long)(2000000000u + done));
                batch[count] = (struct store_import_row){.line = done,
                                                         .first_name = "Ada",
                                                         .last_name = "Lovelace",
                                                         .columns = "{\"plan\":\"gold\"}",
                                                         .priority = (uint8_t)(done % 7),
                                                         .number_count = 1};
                batch[count].numbers[0].e164 = numbers[count];
                batch[count].numbers[0].country = "US";
            }
            must(store, store_import_rows(store, import, batch, count));
        }
        must(store, store_import_publish(store, &record));
    }
}

struct claimed {
    struct lead_record leads[CLAIM];
    struct lead_facts first;
    size_t count;
};

static int keep(void *arg, const struct store_lead_facts *facts)
{
    struct claimed *claimed = arg;

    if (!claimed->count)
        claimed->first = facts->facts;
    claimed->leads[claimed->count++] = facts->facts.record;
    return 0;
}

static void claim(struct store *store, uint64_t campaign, struct claimed *claimed)
{
    struct store_claim claim = {.campaign = campaign,
                                .owner = NODE,
                                .now = 1000 * SECOND,
                                .due_before = 1000 * SECOND,
                                .count = CLAIM};

    claimed->count = 0;
    must(store, store_begin(store));
    must(store, store_claim(store, &claim, keep, claimed));
    must(store, store_commit(store));
}

/* Back they go, due a little later, so that the next claim finds others. */
static void give_back(struct store *store, struct claimed *claimed, instant due_at)
{
    must(store, store_begin(store));
    for (size_t i = 0; i < claimed->count; i++) {
        struct store_record record = {.kind = STORE_LEAD, .of.lead.core = claimed->leads[i]};
        record.of.lead.core.state = LEAD_DUE;
        record.of.lead.core.due_at = due_at;
        record.of.lead.core.released = true;
        must(store, store_put(store, &record));
    }
    must(store, store_commit(store));
}

/* What one run of ROUNDS claims cost. */
struct cost {
    double cpu_us, p99_ms;
};

static struct cost run_claims(struct store *store, uint64_t campaign, unsigned run)
{
    static double times[ROUNDS];
    static struct claimed claimed;
    double cpu = 0;

    for (size_t i = 0; i < ROUNDS; i++) {
        double at = now_s(CLOCK_MONOTONIC);
        double cpu_at = now_s(CLOCK_THREAD_CPUTIME_ID);

        claim(store, campaign, &claimed);
        cpu += now_s(CLOCK_THREAD_CPUTIME_ID) - cpu_at;
        times[i] = (now_s(CLOCK_MONOTONIC) - at) * 1000;
        check(claimed.count == CLAIM);
        give_back(store, &claimed, (instant)(run * ROUNDS + i + 1) * SECOND);
    }
    return (struct cost){cpu * 1e6 / ROUNDS, quantile(times, ROUNDS, 0.99)};
}

/* The floor: one table, one sparse index, and no more than must be said to claim and to put back. */
struct plain {
    sqlite3 *db;
    sqlite3_stmt *claim, *put_back;
};

static void plain_execute(sqlite3 *db, const char *sql)
{
    char *why = NULL;

    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK) {
        fprintf(stderr, "bench_store: %s\n", why ? why : sqlite3_errmsg(db));
        exit(1);
    }
}

static void plain_open(struct plain *plain, const char *path, uint64_t rows)
{
    bool is_there = access(path, F_OK) == 0;
    char sql[700];

    check(sqlite3_open(path, &plain->db) == SQLITE_OK);
    plain_execute(plain->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                             "PRAGMA cache_size = -65536");
    snprintf(sql, sizeof(sql),
             "PRAGMA synchronous = OFF; BEGIN;"
             "CREATE TABLE leads (id INTEGER PRIMARY KEY, campaign INT, list INT, status INT,"
             " priority INT, attempts INT, claimed_by INT, next_at INT, phone TEXT, name TEXT,"
             " note TEXT);"
             "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < %llu)"
             "INSERT INTO leads SELECT i, i %% 20, i %% 7, i / 20 %% 5 < 3, i %% 7, 0, 0, i,"
             " printf('+1%%010d', i), 'Ada Lovelace', 'gold' FROM n;"
             "CREATE INDEX claims ON leads (campaign, priority DESC, next_at, id) WHERE status = 1;"
             "COMMIT; PRAGMA synchronous = FULL",
             (unsigned long long)rows);
    if (!is_there)
        plain_execute(plain->db, sql);
    check(sqlite3_prepare_v2(plain->db,
                             "UPDATE leads SET status = 2, claimed_by = 1 WHERE id IN (SELECT id "
                             "FROM leads WHERE campaign = 3 AND status = 1 ORDER BY priority DESC, "
                             "next_at, id LIMIT ?1) RETURNING id",
                             -1, &plain->claim, NULL) == SQLITE_OK);
    check(sqlite3_prepare_v2(plain->db,
                             "UPDATE leads SET status = 1, next_at = next_at + 1 WHERE id = ?1", -1,
                             &plain->put_back, NULL) == SQLITE_OK);
}

static void plain_close(struct plain *plain)
{
    sqlite3_finalize(plain->claim);
    sqlite3_finalize(plain->put_back);
    sqlite3_close(plain->db);
}

static size_t plain_claim(struct plain *plain, sqlite3_int64 *ids)
{
    size_t count = 0;

    plain_execute(plain->db, "BEGIN IMMEDIATE");
    sqlite3_bind_int(plain->claim, 1, CLAIM);
    while (sqlite3_step(plain->claim) == SQLITE_ROW)
        ids[count++] = sqlite3_column_int64(plain->claim, 0);
    sqlite3_reset(plain->claim);
    plain_execute(plain->db, "COMMIT");
    return count;
}

static struct cost run_plain(struct plain *plain)
{
    static double times[ROUNDS];
    double cpu = 0;

    for (size_t i = 0; i < ROUNDS; i++) {
        double at = now_s(CLOCK_MONOTONIC);
        double cpu_at = now_s(CLOCK_THREAD_CPUTIME_ID);
        sqlite3_int64 ids[CLAIM];
        size_t count = plain_claim(plain, ids);

        cpu += now_s(CLOCK_THREAD_CPUTIME_ID) - cpu_at;
        times[i] = (now_s(CLOCK_MONOTONIC) - at) * 1000;
        check(count == CLAIM);
        plain_execute(plain->db, "BEGIN IMMEDIATE");
        for (size_t k = 0; k < count; k++) {
            sqlite3_bind_int64(plain->put_back, 1, ids[k]);
            check(sqlite3_step(plain->put_back) == SQLITE_DONE);
            sqlite3_reset(plain->put_back);
        }
        plain_execute(plain->db, "COMMIT");
    }
    return (struct cost){cpu * 1e6 / ROUNDS, quantile(times, ROUNDS, 0.99)};
}

static struct store *open_filled(const char *folder, uint64_t rows, uint64_t *campaign)
{
    char name[40], path[400];

    snprintf(name, sizeof(name), "claims-%llu", (unsigned long long)rows);
    snprintf(path, sizeof(path), "%s/%s.db", folder, name);
    bool is_there = access(path, F_OK) == 0;
    struct store *store = open_store(folder, name);
    double begun = now_s(CLOCK_MONOTONIC);

    *campaign = is_there ? 1 : new_campaign(store, "bench");
    if (!is_there)
        fill(store, *campaign, rows);
    if (!is_there)
        fprintf(stderr, "fill %llu leads: %.0f rows/s\n", (unsigned long long)rows,
                (double)rows / (now_s(CLOCK_MONOTONIC) - begun));
    return store;
}

/* Answers the CPU of a claim. */
static double bench_claims(const char *folder, uint64_t rows)
{
    static const char floor[] = "plain SQLite, one table with one index, the same claim";
    struct figure_runs cpu = {0}, cpu_floor = {0}, p99 = {0}, p99_floor = {0};
    char path[400], load[40];
    struct plain plain;
    uint64_t campaign;
    struct store *store = open_filled(folder, rows, &campaign);

    snprintf(path, sizeof(path), "%s/plain-%llu.db", folder, (unsigned long long)rows);
    plain_open(&plain, path, rows);
    for (unsigned run = 0; run < FIGURE_RUNS; run++) {
        struct cost ours = run_claims(store, campaign, run), theirs = run_plain(&plain);

        figure_add(&cpu, ours.cpu_us);
        figure_add(&p99, ours.p99_ms);
        figure_add(&cpu_floor, theirs.cpu_us);
        figure_add(&p99_floor, theirs.p99_ms);
    }
    plain_close(&plain);
    store_close(store);
    snprintf(load, sizeof(load), "%llu leads", (unsigned long long)rows);
    figure_print(&(struct figure){.bench = "store",
                                  .name = "claim of 50 with facts, committed: CPU",
                                  .unit = "CPU-us/claim",
                                  .load = load,
                                  .runs = &cpu,
                                  .floor_name = floor,
                                  .floor_runs = &cpu_floor});
    figure_print(&(struct figure){.bench = "store",
                                  .name = "claim of 50 with facts, committed: p99",
                                  .unit = "ms",
                                  .load = load,
                                  .runs = &p99,
                                  .floor_name = floor,
                                  .floor_runs = &p99_floor});
    return figure_spread_of(&cpu).median;
}

static void put_attempt(struct store *store, uint64_t id, uint64_t campaign,
                        enum attempt_state state)
{
    struct store_record record = {.kind = STORE_ATTEMPT};
    struct attempt_record *attempt = &record.of.attempt.core;

    *attempt = (struct attempt_record){.id = id,
                                       .campaign = campaign,
                                       .lead = id,
                                       .person = id,
                                       .number = id,
                                       .open = state != ATTEMPT_ENDED,
                                       .state = state,
                                       .hello_us = -1,
                                       .counts = true,
                                       .planned_at = SECOND,
                                       .ordered_at = SECOND};
    must(store, store_put(store, &record));
}

static void bench_attempts(const char *folder, unsigned group)
{
    struct store *store = open_store(folder, group == 1 ? "attempts1" : "attempts50");
    uint64_t campaign = new_campaign(store, "bench");
    unsigned transactions = (unsigned)ATTEMPT_TRANSACTIONS / (group == 1 ? 1u : 10u);
    double *times = calloc(transactions, sizeof(*times));
    uint64_t id = 0;
    char load[40];
    double begun = now_s(CLOCK_MONOTONIC);
    double cpu = now_s(CLOCK_THREAD_CPUTIME_ID);

    check(times);
    for (unsigned i = 0; i < transactions; i++) {
        double at = now_s(CLOCK_MONOTONIC);
        must(store, store_begin(store));
        for (unsigned k = 0; k < group; k++) /* half new, half ended */
            put_attempt(store, k % 2 ? id : ++id, campaign,
                        k % 2 ? ATTEMPT_ENDED : ATTEMPT_PLANNED);
        must(store, store_commit(store));
        times[i] = (now_s(CLOCK_MONOTONIC) - at) * 1000;
    }
    cpu = now_s(CLOCK_THREAD_CPUTIME_ID) - cpu;
    snprintf(load, sizeof(load), "%u records a transaction", group);
    print_one("attempt records committed: CPU", "CPU-us/record", load,
              cpu * 1e6 / (transactions * group));
    print_one("attempt records committed: p99", "ms", load, quantile(times, transactions, 0.99));
    print_one("attempt records committed", "records/s", load,
              (double)(transactions * group) / (now_s(CLOCK_MONOTONIC) - begun));
    free(times);
    store_close(store);
}

/* A store thread as the server has one: attempts first, an import's batch in between. */
struct keeper {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct store *store;
    int (*work)(struct store *store, void *arg);
    void *arg;
    int answer;
    bool stop;
    uint64_t campaign;
    double times[100 * 1000]; /* of commits of one attempt, from the instant it was due */
    size_t count;
    double cpu;
};

static int keeper_submit(void *self, int (*work)(struct store *store, void *arg), void *arg)
{
    struct keeper *keeper = self;

    pthread_mutex_lock(&keeper->mutex);
    keeper->work = work;
    keeper->arg = arg;
    pthread_cond_broadcast(&keeper->changed);
    pthread_mutex_unlock(&keeper->mutex);
    return 0;
}

static int keeper_wait(void *self)
{
    struct keeper *keeper = self;

    pthread_mutex_lock(&keeper->mutex);
    while (keeper->work)
        pthread_cond_wait(&keeper->changed, &keeper->mutex);
    pthread_mutex_unlock(&keeper->mutex);
    return keeper->answer;
}

static bool keeper_is_stopping(void *self)
{
    return false;
}

static instant keeper_now(void *self)
{
    return SECOND;
}

/* Commits the attempts that have fallen due: one every four milliseconds. */
static double commit_due(struct keeper *keeper, double next, uint64_t *id)
{
    double now = now_s(CLOCK_MONOTONIC);

    if (now < next || keeper->count == array_count(keeper->times))
        return next;
    must(keeper->store, store_begin(keeper->store));
    put_attempt(keeper->store, ++*id, keeper->campaign, ATTEMPT_PLANNED);
    must(keeper->store, store_commit(keeper->store));
    keeper->times[keeper->count++] = (now_s(CLOCK_MONOTONIC) - next) * 1000;
    return next + 0.004 > now - 0.02 ? next + 0.004 : now;
}

static void *keeper_run(void *arg)
{
    struct keeper *keeper = arg;
    double next = now_s(CLOCK_MONOTONIC);
    uint64_t id = 0;

    pthread_mutex_lock(&keeper->mutex);
    while (!keeper->stop) {
        int (*work)(struct store * store, void *arg) = keeper->work;
        struct timespec until;

        pthread_mutex_unlock(&keeper->mutex);
        next = commit_due(keeper, next, &id);
        if (work)
            keeper->answer = work(keeper->store, keeper->arg);
        if (work && keeper->answer == IMPORTER_MORE) {
            pthread_mutex_lock(&keeper->mutex);
            continue;
        }
        pthread_mutex_lock(&keeper->mutex);
        if (work) {
            keeper->work = NULL;
            pthread_cond_broadcast(&keeper->changed);
        }
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 1000 * 1000;
        if (until.tv_nsec >= 1000 * 1000 * 1000) {
            until.tv_nsec -= 1000 * 1000 * 1000;
            until.tv_sec++;
        }
        if (!keeper->work)
            pthread_cond_timedwait(&keeper->changed, &keeper->mutex, &until);
    }
    keeper->cpu = now_s(CLOCK_THREAD_CPUTIME_ID);
    pthread_mutex_unlock(&keeper->mutex);
    return NULL;
}

static void write_list(const char *path, unsigned rows)
{
    static const char *const firsts[] = {"Ada", "Grace", "Edsger", "Barbara", "Donald"};
    struct rng rng = rng_from_seed(1);
    FILE *file = fopen(path, "we");

    check(file);
    fputs("id,first name,last name,phone,email,city,plan,note\n", file);
    for (unsigned i = 0; i < rows; i++)
        fprintf(file,
                "%u,%s,Name %llu,(%u) %u-%04u,person%u@example.com,Springfield,gold,\"a, b\"\n", i,
                firsts[rng_below(&rng, 5)], (unsigned long long)rng_below(&rng, 100000),
                212 + i / 7000000, 200 + i / 10000 % 700, i % 10000, i);
    fclose(file);
}

static void bench_import(const char *folder)
{
    static struct keeper keeper;
    struct importer_port port = {keeper_submit, keeper_wait, keeper_is_stopping, keeper_now,
                                 &keeper};
    struct importer_progress progress = {0};
    struct importer_result result;
    struct importer_order order = {
        .file_name = "bench.csv", .zone_folder = "/usr/share/zoneinfo", .list = 1, .country = "US"};
    char path[400], rejects[400];
    pthread_t thread;
    unsigned rows = quick ? IMPORT_ROWS / 5 : IMPORT_ROWS;
    double begun, cpu, idle_p99;
    char load[80];
    size_t idle;

    snprintf(path, sizeof(path), "%s/list.csv", folder);
    snprintf(rejects, sizeof(rejects), "%s/rejects.csv", folder);
    write_list(path, rows);
    keeper.store = open_store(folder, "import");
    keeper.campaign = order.campaign = new_campaign(keeper.store, "bench");
    pthread_mutex_init(&keeper.mutex, NULL);
    pthread_cond_init(&keeper.changed, NULL);
    check(!pthread_create(&thread, NULL, keeper_run, &keeper));
    usleep(2000 * 1000);
    pthread_mutex_lock(&keeper.mutex);
    idle = keeper.count;
    idle_p99 = quantile(keeper.times, idle, 0.99);
    keeper.count = 0;
    pthread_mutex_unlock(&keeper.mutex);
    order.path = path;
    order.rejects_path = rejects;
    begun = now_s(CLOCK_MONOTONIC);
    cpu = now_s(CLOCK_THREAD_CPUTIME_ID);
    if (importer_run(&order, &port, &progress, &result)) {
        fprintf(stderr, "bench_store: %s\n", result.error);
        exit(1);
    }
    begun = now_s(CLOCK_MONOTONIC) - begun;
    cpu = now_s(CLOCK_THREAD_CPUTIME_ID) - cpu;
    pthread_mutex_lock(&keeper.mutex);
    keeper.stop = true;
    pthread_mutex_unlock(&keeper.mutex);
    pthread_join(thread, NULL);
    check(result.imported == rows);
    snprintf(load, sizeof(load), "%u rows, one attempt committed every 4 ms", rows);
    struct figure_runs rate = {0};

    figure_add(&rate, rows / begun);
    figure_print(&(struct figure){.bench = "store",
                                  .name = "import",
                                  .unit = "rows/s",
                                  .load = load,
                                  .runs = &rate,
                                  .at_least = 20 * 1000});
    print_one("import: CPU of the worker", "CPU-us/row", load, cpu * 1e6 / rows);
    print_one("import: CPU of the store thread", "CPU-us/row", load, keeper.cpu * 1e6 / rows);
    print_one("commit of one attempt, from when it was due: p99", "ms", "no import", idle_p99);
    print_one("commit of one attempt, from when it was due: p99", "ms", "beside an import",
              quantile(keeper.times, keeper.count, 0.99));
    store_close(keeper.store);
}

static void clear_folder(const char *folder)
{
    DIR *open = opendir(folder);
    struct dirent *entry;

    while (open && (entry = readdir(open)))
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(open), entry->d_name, 0);
    if (open)
        closedir(open);
    rmdir(folder);
}

static void bench_sizes(const char *folder, const uint64_t *sizes, size_t count)
{
    double first = 0, last = 0;
    char load[60];

    for (size_t i = 0; i < count && sizes[i]; i++) {
        last = bench_claims(folder, sizes[i]);
        if (i == 0)
            first = last;
        else
            snprintf(load, sizeof(load), "%llu leads against %llu", (unsigned long long)sizes[i],
                     (unsigned long long)sizes[0]);
        if (i > 0)
            print_one("claim of 50 with facts, committed: growth of CPU", "times", load,
                      last / first);
    }
}

int main(int argc, char **argv)
{
    char folder[300] = "/tmp/outdial-bench-XXXXXX";
    uint64_t sizes[3] = {10 * 1000, 1000 * 1000, 0};
    const char *keep = NULL;
    bool claims_only = false;

    quick = figure_is_quick(argc, argv);
    if (quick)
        sizes[1] = 100 * 1000;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--large") == 0)
            sizes[2] = 10 * 1000 * 1000;
        else if (strcmp(argv[i], "--claims") == 0)
            claims_only = true;
        else if (strcmp(argv[i], "--rows") == 0 && i + 1 < argc)
            sizes[1] = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--keep") == 0 && i + 1 < argc)
            keep = argv[++i];
        else if (strcmp(argv[i], "--folder") == 0 && i + 1 < argc)
            snprintf(folder, sizeof(folder), "%s/outdial-bench-XXXXXX", argv[++i]);
    }
    if (!mkdtemp(folder)) {
        fprintf(stderr, "bench_store: cannot make '%s': %s\n", folder, strerror(errno));
        return 1;
    }
    if (!claims_only) {
        bench_attempts(folder, 1);
        bench_attempts(folder, 50);
        bench_import(folder);
    }
    bench_sizes(keep ? keep : folder, sizes, array_count(sizes));
    clear_folder(folder);
    return 0;
}
