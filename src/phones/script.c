#include "phones/script.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "phones/script_parse.h"

enum { SCRIPT_SIZE_MAX = 16 << 20 };

size_t script_enter(struct script_parser *parser, const char *member)
{
    size_t was = parser->where.size;

    if (was)
        text_add_char(&parser->where, '.');
    text_add_slice(&parser->where, slice_of(member, strnlen(member, 80)));
    return was;
}

size_t script_enter_index(struct script_parser *parser, size_t index)
{
    size_t was = parser->where.size;

    text_addf(&parser->where, "[%zu]", index);
    return was;
}

void script_leave(struct script_parser *parser, size_t was)
{
    parser->where.size = was;
    if (parser->where.at)
        parser->where.at[was] = 0;
}

int script_refuse(struct script_parser *parser, const char *format, ...)
{
    char *out = parser->problem->text;
    size_t room = sizeof(parser->problem->text);
    va_list arguments;
    int used;

    used = snprintf(out, room, "%.200s: ", parser->where.size ? parser->where.at : "script");
    if (used < 0 || (size_t)used >= room)
        return EINVAL;
    va_start(arguments, format);
    vsnprintf(out + used, room - (size_t)used, format, arguments);
    va_end(arguments);
    return EINVAL;
}

static int parse_mix(struct script_parser *parser, json_t *json, struct script_entry *entry)
{
    size_t count = json_array_size(json);
    int err = 0;

    if (!count)
        return script_refuse(parser, "a mix needs at least one behaviour");
    entry->mix = calloc(count, sizeof(*entry->mix));
    if (!entry->mix)
        return ENOMEM;
    for (size_t i = 0; i < count && !err; i++) {
        size_t was = script_enter_index(parser, i);

        entry->count++;
        err = behaviour_parse(parser, json_array_get(json, i), &entry->mix[i]);
        script_leave(parser, was);
    }
    return err;
}

/* A behaviour, an array of them, or {"mix": [...], "steady": true}. */
static int parse_entry(struct script_parser *parser, json_t *json, struct script_entry *entry)
{
    json_t *mix = json_object_get(json, "mix"), *value;
    const char *key;
    size_t was;
    int err;

    if (json_is_array(json))
        return parse_mix(parser, json, entry);
    if (!mix) {
        entry->mix = calloc(1, sizeof(*entry->mix));
        if (!entry->mix)
            return ENOMEM;
        entry->count = 1;
        return behaviour_parse(parser, json, entry->mix);
    }
    json_object_foreach(json, key, value)
    {
        if (strcmp(key, "mix") != 0 && strcmp(key, "steady") != 0)
            return script_refuse(parser, "\"%.60s\" does not belong beside \"mix\"", key);
    }
    value = json_object_get(json, "steady");
    if (value && !json_is_boolean(value))
        return script_refuse(parser, "\"steady\" must be true or false");
    entry->steady = json_is_true(value);
    if (!json_is_array(mix))
        return script_refuse(parser, "\"mix\" must be an array of behaviours");
    was = script_enter(parser, "mix");
    err = parse_mix(parser, mix, entry);
    script_leave(parser, was);
    return err;
}

static int add_entry(struct script_parser *parser, const char *number, json_t *json)
{
    const char *prefix = number[0] == '+' ? number + 1 : number;
    struct script *script = parser->script;
    struct script_entry *entry;
    int err;

    if (strlen(prefix) >= SCRIPT_NUMBER_SIZE)
        return script_refuse(parser, "a number has at most %d characters", SCRIPT_NUMBER_SIZE - 1);
    if (table_get(&script->by_prefix, prefix, strlen(prefix)))
        return script_refuse(parser, "the same number stands here twice");
    entry = calloc(1, sizeof(*entry));
    if (!entry)
        return ENOMEM;
    entry->next = script->entries;
    script->entries = entry;
    script->entry_count++;
    err = parse_entry(parser, json, entry);
    return err ? err : table_put(&script->by_prefix, prefix, strlen(prefix), entry);
}

static int parse_numbers(struct script_parser *parser, json_t *json)
{
    const char *number;
    json_t *value;
    int err;

    if (!json_is_object(json))
        return script_refuse(parser, "must be an object from numbers or prefixes to behaviours");
    json_object_foreach(json, number, value)
    {
        size_t was = parser->where.size;

        text_addf(&parser->where, ".\"%.70s\"", number);
        err = *number ? add_entry(parser, number, value)
                      : script_refuse(parser, "an empty prefix: say \"default\" instead");
        if (err)
            return err;
        script_leave(parser, was);
    }
    return 0;
}

static int parse_codecs(struct script_parser *parser, json_t *json)
{
    const char *first = json_string_value(json_array_get(json, 0));

    if (!first || (strcmp(first, "PCMU") != 0 && strcmp(first, "PCMA") != 0))
        return script_refuse(parser, "must be an array that begins with \"PCMU\" or \"PCMA\"");
    parser->script->alaw_first = strcmp(first, "PCMA") == 0;
    return 0;
}

static int parse_member(struct script_parser *parser, const char *key, json_t *value)
{
    struct script *script = parser->script;

    if (strcmp(key, "numbers") == 0)
        return parse_numbers(parser, value);
    if (strcmp(key, "default") == 0)
        return add_entry(parser, "", value);
    if (strcmp(key, "codecs") == 0)
        return parse_codecs(parser, value);
    if (strcmp(key, "about") == 0)
        return 0;
    if (strcmp(key, "seed") == 0) {
        if (!json_is_integer(value) || json_integer_value(value) < 0)
            return script_refuse(parser, "must be a whole number, 0 or more");
        script->seed = (uint64_t)json_integer_value(value);
        return 0;
    }
    if (strcmp(key, "realm") == 0) {
        const char *realm = json_string_value(value);

        if (!realm || !*realm || strpbrk(realm, "\"\\\r\n"))
            return script_refuse(parser, "must be a text without quotes or line breaks");
        free(script->realm);
        script->realm = strdup(realm);
        return script->realm ? 0 : ENOMEM;
    }
    if (strcmp(key, "voices") == 0) {
        if (!json_is_string(value) && !json_array_size(value))
            return script_refuse(parser, "must be a voice of espeak-ng or an array of them");
        return 0;
    }
    return script_refuse(parser, "is not a known key; known are seed, realm, codecs, voices, "
                                 "numbers, default, about");
}

static int parse_root(struct script_parser *parser, json_t *root)
{
    const char *key;
    json_t *value;
    int err;

    if (!json_is_object(root))
        return script_refuse(parser, "must be a JSON object");
    parser->voices = json_object_get(root, "voices");
    json_object_foreach(root, key, value)
    {
        size_t was = script_enter(parser, key);

        err = parse_member(parser, key, value);
        if (err)
            return err;
        script_leave(parser, was);
    }
    if (!parser->script->entry_count)
        return script_refuse(parser, "has neither \"numbers\" nor \"default\": nobody to call");
    return 0;
}

int script_parse(struct script **scriptp, struct slice json, const char *folder,
                 struct script_problem *problem)
{
    struct script_parser parser = {.problem = problem, .folder = folder};
    struct script *script = calloc(1, sizeof(*script));
    json_error_t fault;
    json_t *root = NULL;
    int err;

    problem->text[0] = 0;
    text_init(&parser.where);
    if (!script)
        return ENOMEM;
    parser.script = script;
    table_init(&script->by_prefix);
    script->seed = 1;
    script->realm = strdup("phones");
    root = json_loadb(json.at ? json.at : "", json.size, JSON_REJECT_DUPLICATES, &fault);
    if (!root)
        err = script_refuse(&parser, "line %d, column %d: %.160s", fault.line, fault.column,
                            fault.text);
    else
        err = script->realm ? parse_root(&parser, root) : ENOMEM;
    if (err == ENOMEM)
        snprintf(problem->text, sizeof(problem->text), "script: out of memory");

    text_release(&parser.where);
    json_decref(root);
    if (err)
        script_free(script);
    else
        *scriptp = script;
    return err;
}

static int read_file(const char *path, struct text *bytes)
{
    FILE *file = fopen(path, "re");
    char part[4096];
    size_t got;
    int err = 0;

    if (!file)
        return errno;
    while ((got = fread(part, 1, sizeof(part), file)) > 0 && bytes->size < SCRIPT_SIZE_MAX)
        text_add_bytes(bytes, part, got);
    if (ferror(file))
        err = errno ? errno : EIO;
    else if (bytes->size >= SCRIPT_SIZE_MAX)
        err = EFBIG;
    else if (bytes->failed)
        err = ENOMEM;
    fclose(file);
    return err;
}

int script_load(struct script **script, const char *path, struct script_problem *problem)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup("");
    struct text bytes;
    int err;

    text_init(&bytes);
    err = folder ? read_file(path, &bytes) : ENOMEM;
    if (err)
        snprintf(problem->text, sizeof(problem->text), "cannot read '%.200s': %s", path,
                 strerror(err));
    else
        err = script_parse(script, text_slice(&bytes), folder, problem);
    text_release(&bytes);
    free(folder);
    return err;
}

void script_free(struct script *script)
{
    if (!script)
        return;
    while (script->entries) {
        struct script_entry *entry = script->entries;

        script->entries = entry->next;
        for (uint32_t i = 0; i < entry->count; i++)
            behaviour_release(&entry->mix[i]);
        free(entry->mix);
        free(entry);
    }
    for (size_t i = 0; i < script->sound_count; i++) {
        free(script->sounds[i].text);
        free(script->sounds[i].voice);
        free(script->sounds[i].path);
    }
    free(script->sounds);
    free(script->realm);
    table_release(&script->by_prefix);
    free(script);
}

static const struct script_entry *find_entry(const struct script *script, struct slice number)
{
    char whole[SCRIPT_NUMBER_SIZE + 1];
    size_t size = number.size < SCRIPT_NUMBER_SIZE ? number.size : SCRIPT_NUMBER_SIZE - 1;
    const struct script_entry *entry;

    if (number.size < SCRIPT_NUMBER_SIZE) {
        memcpy(whole, number.at, number.size);
        whole[number.size] = '$';
        entry = table_get(&script->by_prefix, whole, number.size + 1);
        if (entry)
            return entry;
    }
    for (;; size--) {
        entry = table_get(&script->by_prefix, number.at, size);
        if (entry || !size)
            return entry;
    }
}

/* FNV-1a over what makes a call what it is; rng_from_seed stirs it well. */
static uint64_t call_seed(uint64_t seed, struct slice number, uint32_t attempt)
{
    uint64_t hash = 14695981039346656037u ^ seed;

    for (size_t i = 0; i < number.size; i++)
        hash = (hash ^ (unsigned char)number.at[i]) * 1099511628211u;
    return (hash ^ attempt) * 1099511628211u;
}

static const struct behaviour *draw_behaviour(const struct script_entry *entry, uint64_t seed)
{
    struct rng rng = rng_from_seed(seed ^ 0x6d6978); /* apart from the person's own chances */
    double total = 0, drawn;
    uint32_t i;

    for (i = 0; i < entry->count; i++)
        total += entry->mix[i].weight;
    drawn = rng_unit(&rng) * total;
    for (i = 0; i + 1 < entry->count; i++) {
        if (drawn < entry->mix[i].weight)
            break;
        drawn -= entry->mix[i].weight;
    }
    return &entry->mix[i];
}

const struct behaviour *script_find(const struct script *script, struct slice number,
                                    uint32_t attempt, uint64_t *seed)
{
    static const char name[] = "unknown", reason[] = "Not Found";
    static const struct behaviour NOBODY = {
        .name = name, .final = FINAL_REJECT, .code = 404, .reason = reason, .answer_at_try = 1};
    const struct script_entry *entry;
    const struct behaviour *behaviour;

    if (number.size && number.at[0] == '+')
        number = slice_of(number.at + 1, number.size - 1);
    if (!number.at)
        number = slice_of("", 0);
    *seed = call_seed(script->seed, number, attempt);
    entry = find_entry(script, number);
    if (!entry)
        return &NOBODY;
    behaviour = draw_behaviour(entry, entry->steady ? call_seed(script->seed, number, 0) : *seed);
    while (attempt < behaviour->answer_at_try && behaviour->until_then)
        behaviour = behaviour->until_then;
    return behaviour;
}

uint64_t script_seed(const struct script *script)
{
    return script->seed;
}

const char *script_realm(const struct script *script)
{
    return script->realm;
}

bool script_prefers_alaw(const struct script *script)
{
    return script->alaw_first;
}

size_t script_entry_count(const struct script *script)
{
    return script->entry_count;
}

size_t script_sound_count(const struct script *script)
{
    return script->sound_count;
}

const struct script_sound *script_sound(const struct script *script, size_t index)
{
    check(index < script->sound_count);
    return &script->sounds[index];
}
