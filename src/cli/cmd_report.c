#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/show.h"

static const struct flag flags[] = {
    {"--json", NULL, "print JSON"},
    {NULL, NULL, NULL},
};

static void show_counts(const char *title, const json_t *counts)
{
    const char *name;
    const json_t *count;
    bool any = false;

    printf("%s", title);
    json_object_foreach((json_t *)(uintptr_t)counts, name, count)
    {
        if (!json_integer_value(count))
            continue;
        printf("%s%lld %s", any ? ", " : "", (long long)json_integer_value(count), name);
        any = true;
    }
    puts(any ? "" : "none");
}

static void show_report(const json_t *report)
{
    static const struct column AGENTS[] = {{"name", "agent"},
                                           {"calls", "calls"},
                                           {"talk_s", "talk s"},
                                           {"wrap_up_s", "wrap-up s"},
                                           {"activity_s.available", "available s"}};
    const json_t *hello = json_object_get(report, "hello_latency_ms");
    const json_t *abandoned = json_object_get(report, "abandoned");
    const json_t *balance = json_object_get(report, "balance"), *difference;
    char p50[32], p95[32], p99[32], max[32];
    size_t index;

    show_counts("leads      ", json_object_get(report, "leads"));
    printf("attempts   %lld\n", (long long)json_integer_value(json_object_get(report, "attempts")));
    show_counts("results    ", json_object_get(report, "results"));
    show_value(json_object_get(hello, "p50"), p50, sizeof(p50));
    show_value(json_object_get(hello, "p95"), p95, sizeof(p95));
    show_value(json_object_get(hello, "p99"), p99, sizeof(p99));
    show_value(json_object_get(hello, "max"), max, sizeof(max));
    printf("hello      %lld measured; p50 %s, p95 %s, p99 %s, max %s ms\n",
           (long long)json_integer_value(json_object_get(hello, "count")), p50, p95, p99, max);
    printf("abandoned  %lld of %lld answered by a person (%.2f %%)\n",
           (long long)json_integer_value(json_object_get(abandoned, "abandoned")),
           (long long)json_integer_value(json_object_get(abandoned, "answered_live")),
           json_number_value(json_object_get(abandoned, "percent")));
    if (json_is_string(balance))
        printf("balance    %s\n\n", json_string_value(balance));
    else
        json_array_foreach(balance, index, difference)
            printf("BALANCE    %s\n", json_string_value(difference));
    show_table(json_object_get(report, "agents"), AGENTS, array_count(AGENTS));
}

static int report(const struct command *command, const struct arguments *arguments,
                  struct client *client)
{
    char path[CLIENT_PATH_SIZE];
    json_t *answer;
    int code = client_call(client, "GET",
                           client_path(path, "campaigns", arguments->words[0], "report", NULL),
                           NULL, &answer);

    if (code != COMMAND_DONE)
        return code;
    if (arguments_get(arguments, command, "--json"))
        show_json(answer);
    else
        show_report(answer);
    json_decref(answer);
    return code;
}

static int run(const struct command *command, int argc, char **argv)
{
    return client_run(command, argc, argv, 1, NULL, report);
}

const struct command command_report = {
    .name = "report",
    .usage = "NAME [--json]",
    .sentence = "what came of a campaign: leads, results, hello latency, abandonment, balance",
    .flags = flags,
    .settings = SETTINGS_CLIENT,
    .run = run,
};
