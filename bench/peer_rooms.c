/*
 * Two-party rooms of another program, beside ours, with the same generator.
 *
 *   peer_rooms NAME PID LEGS [--quick]
 *
 * Prints the generator's UDP port, then reads a line for each leg: the port on 127.0.0.1 to which it
 * sends; legs 2k and 2k + 1 are in a room. The peer's CPU time is its process's, ours the media
 * thread's; the peer is stopped while ours is measured. Run by the scripts of bench/peers.
 */
#include "media_rig.h"

#include <signal.h>

enum { RUN_MS = 4000, QUICK_MS = 1500 };

static double process_cpu_ms(int pid)
{
    char path[64];
    unsigned long user, system;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    file = fopen(path, "r");
    if (!file || fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                        &user, &system) != 2)
        die(path);
    fclose(file);
    return (double)(user + system) * 1000 / (double)sysconf(_SC_CLK_TCK);
}

static void read_ports(struct sockaddr_in *ports, unsigned count)
{
    char line[32];
    int64_t port;

    for (unsigned i = 0; i < count; i++) {
        if (!fgets(line, sizeof(line), stdin) ||
            slice_to_i64((struct slice){line, strcspn(line, "\n")}, 1, 65535, &port)) {
            fprintf(stderr, "peer_rooms: no port for leg %u\n", i);
            exit(1);
        }
        ports[i] = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        ports[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
}

static struct rig_run peer_run(int pid, const struct sockaddr_in *ports, unsigned ms)
{
    struct rig_run run;
    double cpu;

    memcpy(generator.engine, ports, generator.leg_count * sizeof(*ports));
    rig_pin(0, 1);
    generator.counting = false;
    generate(2 * WARM_MS);
    cpu = process_cpu_ms(pid);
    run = rig_generate(ms);
    cpu = process_cpu_ms(pid) - cpu;
    run.ms_per_leg_s = cpu * 1000 / ms / generator.leg_count;
    run.core_percent = cpu * 100 / ms;
    return run;
}

static void print(const char *name, const char *what, const char *unit, const char *load,
                  const struct figure_runs *theirs, const struct figure_runs *ours)
{
    char title[80];

    snprintf(title, sizeof(title), "%s: %s", name, what);
    figure_print(&(struct figure){.bench = name,
                                  .name = title,
                                  .unit = unit,
                                  .load = load,
                                  .runs = theirs,
                                  .floor_name = "outdial",
                                  .floor_runs = ours,
                                  .subject = "fifo 10",
                                  .generator = figure_scheduling(pthread_self())});
}

int main(int argc, char **argv)
{
    unsigned legs = bench_argument(argc, argv, 3, 50, LEGS_MAX, "NAME PID LEGS");
    int pid = (int)bench_argument(argc, argv, 2, 0, 1 << 22, "NAME PID LEGS");
    unsigned ms = figure_is_quick(argc, argv) ? QUICK_MS : RUN_MS;
    struct figure_runs cost[2] = {0}, p50[2] = {0}, p99[2] = {0};
    static struct sockaddr_in ports[LEGS_MAX];
    struct sockaddr_in remote;
    char load[64];

    generator_open(legs, ms / 1000 + 1, &remote);
    generator.leg_count = legs;
    printf("port %u\n", ntohs(remote.sin_port));
    read_ports(ports, legs);
    for (unsigned i = 0; i < FIGURE_RUNS; i++) {
        struct rig_run runs[2];

        runs[0] = peer_run(pid, ports, ms);
        (void)kill(pid, SIGSTOP);
        runs[1] = rig_engine_run(&remote, 2, ms);
        (void)kill(pid, SIGCONT);
        for (unsigned who = 0; who < 2; who++) {
            fprintf(stderr, "%u legs, %s: %.1f %% of the core, %.2f %% late or lost\n", legs,
                    who ? "outdial" : argv[1], runs[who].core_percent, runs[who].late_percent);
            figure_add(&cost[who], runs[who].ms_per_leg_s);
            figure_add(&p50[who], runs[who].p50_ms);
            figure_add(&p99[who], runs[who].p99_ms);
        }
    }
    snprintf(load, sizeof(load), "%u legs in %u rooms", legs, legs / 2);
    print(argv[1], "two-party rooms", "CPU-ms/leg-s", load, &cost[0], &cost[1]);
    print(argv[1], "transit, p50", "ms", load, &p50[0], &p50[1]);
    print(argv[1], "transit, p99", "ms", load, &p99[0], &p99[1]);
    generator_close();
    return 0;
}
