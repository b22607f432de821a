#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "phones/script_parse.h"

enum { HANG_UP_CALLER_MAX = 3600 };

struct kind {
    const char *name;
    void (*fill)(struct behaviour *behaviour);
};

static struct chance uniform(double low, double high)
{
    return (struct chance){CHANCE_UNIFORM, low, high, 0, 86400};
}

static void fill_reject(struct behaviour *behaviour, uint16_t code, const char *reason)
{
    behaviour->final = FINAL_REJECT;
    behaviour->code = code;
    behaviour->reason = strdup(reason);
}

static void fill_answer(struct behaviour *behaviour)
{
    behaviour->rings = true;
    behaviour->ring = uniform(1, 4);
    behaviour->hello_after = uniform(0.1, 0.6);
    behaviour->talk = (struct chance){CHANCE_LOGNORMAL, 20, 0.6, 3, 600};
    behaviour->speaks = true;
}

static void fill_silent(struct behaviour *behaviour)
{
    fill_answer(behaviour);
    behaviour->speaks = false;
    behaviour->talk = chance_constant(8);
}

static void fill_hang_up_at_once(struct behaviour *behaviour)
{
    fill_silent(behaviour);
    behaviour->talk = chance_constant(0);
}

static void fill_machine(struct behaviour *behaviour)
{
    fill_answer(behaviour);
    behaviour->ring = uniform(3, 6);
    behaviour->hello_after = chance_constant(0.5);
    behaviour->beep = true;
    behaviour->speaks = false;
    behaviour->talk = chance_constant(60);
}

static void fill_fax(struct behaviour *behaviour)
{
    fill_silent(behaviour);
    behaviour->fax = true;
    behaviour->talk = chance_constant(15);
}

static void fill_robot(struct behaviour *behaviour)
{
    behaviour->robot = true;
    behaviour->speaks = true;
    behaviour->talk = chance_constant(86400);
    behaviour->pause = uniform(0.2, 0.8);
}

static void fill_ring_out(struct behaviour *behaviour)
{
    fill_reject(behaviour, 480, "Temporarily Unavailable"); /* callers mostly give up before */
    behaviour->rings = true;
    behaviour->ring = chance_constant(300);
}

static void fill_no_response(struct behaviour *behaviour)
{
    behaviour->final = FINAL_SILENCE;
}

static void fill_busy(struct behaviour *behaviour)
{
    fill_reject(behaviour, 486, "Busy Here");
}

static void fill_decline(struct behaviour *behaviour)
{
    fill_reject(behaviour, 603, "Decline");
    behaviour->rings = true;
    behaviour->ring = uniform(1, 4);
}

static void fill_unknown(struct behaviour *behaviour)
{
    fill_reject(behaviour, 404, "Not Found");
}

static void fill_congestion(struct behaviour *behaviour)
{
    fill_reject(behaviour, 503, "Service Unavailable");
}

static void fill_plain_reject(struct behaviour *behaviour)
{
    fill_reject(behaviour, 480, "Temporarily Unavailable");
}

static const struct kind KINDS[] = {
    {"answer", fill_answer},
    {"silent", fill_silent},
    {"hang_up_at_once", fill_hang_up_at_once},
    {"machine", fill_machine},
    {"fax", fill_fax},
    {"robot", fill_robot},
    {"ring_out", fill_ring_out},
    {"no_response", fill_no_response},
    {"busy", fill_busy},
    {"decline", fill_decline},
    {"unknown", fill_unknown},
    {"congestion", fill_congestion},
    {"reject", fill_plain_reject},
};

static int parse_early(struct script_parser *parser, json_t *json, struct behaviour *behaviour)
{
    static const char *const NAMES[] = {"none", "ringback", "sit"};
    const char *name = json_string_value(json);
    json_t *say = json_object_get(json, "say");

    if (say && json_object_size(json) == 1) {
        behaviour->early = EARLY_SAY;
        return sound_choice_parse(parser, say, "say", parser->voices, &behaviour->early_line);
    }
    for (size_t i = 0; name && i < array_count(NAMES); i++) {
        if (strcmp(name, NAMES[i]) == 0) {
            behaviour->early = (enum early_media)i;
            return 0;
        }
    }
    return script_refuse(parser, "expected \"none\", \"ringback\", \"sit\" or {\"say\": text}");
}

static int parse_press(struct script_parser *parser, json_t *json, struct press *press)
{
    static const char *const MOMENTS[] = {"answer", "heard", "quiet"};
    const char *digits = json_string_value(json_object_get(json, "press"));
    const char *on = "answer", *key;
    json_t *value;
    size_t moment = 0;
    int err;

    press->after = chance_constant(1);
    if (!digits || !*digits || strlen(digits) >= SCRIPT_PRESS_SIZE ||
        digits[strspn(digits, "0123456789*#ABCDw")])
        return script_refuse(parser, "\"press\" must be 1 to %d of 0-9 * # A-D w",
                             SCRIPT_PRESS_SIZE - 1);
    slice_copy(slice_from(digits), press->digits, sizeof(press->digits));
    json_object_foreach(json, key, value)
    {
        if (strcmp(key, "on") == 0) {
            on = json_is_string(value) ? json_string_value(value) : "";
        } else if (strcmp(key, "after") == 0) {
            size_t was = script_enter(parser, key);

            err = chance_parse(parser, value, &press->after);
            if (err)
                return err;
            script_leave(parser, was);
        } else if (strcmp(key, "press") != 0) {
            return script_refuse(parser,
                                 "\"%.40s\" is not a known key; known are press, on, "
                                 "after",
                                 key);
        }
    }
    while (moment < array_count(MOMENTS) && strcmp(on, MOMENTS[moment]) != 0)
        moment++;
    if (moment == array_count(MOMENTS))
        return script_refuse(parser, "\"on\" must be \"answer\", \"heard\" or \"quiet\"");
    press->when = (enum press_when)moment;
    return 0;
}

static int parse_digits(struct script_parser *parser, json_t *json, struct behaviour *behaviour)
{
    if (!json_is_array(json) || json_array_size(json) > SCRIPT_DIGITS_MAX)
        return script_refuse(parser, "expected an array of at most %d {\"press\": ...}",
                             SCRIPT_DIGITS_MAX);
    for (size_t i = 0; i < json_array_size(json); i++) {
        size_t was = script_enter_index(parser, i);
        int err = parse_press(parser, json_array_get(json, i), &behaviour->presses[i]);

        if (err)
            return err;
        script_leave(parser, was);
        behaviour->press_count++;
    }
    return 0;
}

/* A text that may travel in a SIP header. */
static int take_text(struct script_parser *parser, json_t *json, const char **text)
{
    const char *value = json_string_value(json);

    if (!value || !*value || strlen(value) != json_string_length(json) || strlen(value) > 128)
        return script_refuse(parser, "expected a text of 1 to 128 bytes");
    for (const char *at = value; *at; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f || *at == '"' || *at == '\\')
            return script_refuse(parser, "must not contain quotes, backslashes or line breaks");
    }
    free((void *)(uintptr_t)*text);
    *text = strdup(value);
    return *text ? 0 : ENOMEM;
}

static int take_number(struct script_parser *parser, json_t *json, int64_t low, int64_t high,
                       int64_t *number)
{
    if (!json_is_integer(json) || json_integer_value(json) < low || json_integer_value(json) > high)
        return script_refuse(parser, "expected a whole number from %lld to %lld", (long long)low,
                             (long long)high);
    *number = json_integer_value(json);
    return 0;
}

static int parse_auth(struct script_parser *parser, json_t *json, struct behaviour *behaviour)
{
    const char *key;
    json_t *value;
    int64_t code;
    int err = 0;

    behaviour->auth_code = 407;
    json_object_foreach(json, key, value)
    {
        size_t was = script_enter(parser, key);

        if (strcmp(key, "user") == 0)
            err = take_text(parser, value, &behaviour->user);
        else if (strcmp(key, "password") == 0)
            err = take_text(parser, value, &behaviour->password);
        else if (strcmp(key, "status") != 0)
            err = script_refuse(parser, "is not a known key; known are user, password, status");
        else if (take_number(parser, value, 401, 407, &code) || (code != 401 && code != 407))
            err = script_refuse(parser, "must be 401 or 407");
        else
            behaviour->auth_code = (uint16_t)code;
        if (err)
            return err;
        script_leave(parser, was);
    }
    if (!behaviour->user || !behaviour->password)
        return script_refuse(parser, "needs \"user\" and \"password\"");
    return 0;
}

/* "caller": waits for the other side, within reason. */
static int parse_hang_up(struct script_parser *parser, json_t *json, struct behaviour *behaviour)
{
    json_t *member = json_object_get(json, "hang_up");
    const char *who = json_string_value(member);

    if (!who || (strcmp(who, "person") != 0 && strcmp(who, "caller") != 0))
        return script_refuse(parser, "expected \"person\" or \"caller\"");
    if (*who == 'c' && !json_object_get(json, "talk"))
        behaviour->talk = chance_constant(HANG_UP_CALLER_MAX);
    return 0;
}

static int parse_until_then(struct script_parser *parser, json_t *json, struct behaviour *behaviour)
{
    if (behaviour->until_then)
        return 0;
    behaviour->until_then = calloc(1, sizeof(*behaviour->until_then));
    return behaviour->until_then ? behaviour_parse(parser, json, behaviour->until_then) : ENOMEM;
}

static int parse_times(struct script_parser *parser, const char *key, json_t *value,
                       struct behaviour *behaviour, bool *known)
{
    const struct {
        const char *key;
        struct chance *chance;
    } times[] = {
        {"trying_after", &behaviour->trying_after},
        {"ring_after", &behaviour->ring_after},
        {"ring", &behaviour->ring},
        {"hello_after", &behaviour->hello_after},
        {"pause", &behaviour->pause},
        {"talk", &behaviour->talk},
    };

    for (size_t i = 0; i < array_count(times); i++) {
        if (strcmp(key, times[i].key) == 0) {
            *known = true;
            if (times[i].chance == &behaviour->ring)
                behaviour->rings = true;
            return chance_parse(parser, value, times[i].chance);
        }
    }
    return 0;
}

static int parse_field(struct script_parser *parser, const char *key, json_t *value,
                       struct behaviour *behaviour)
{
    bool known = strcmp(key, "do") == 0 || strcmp(key, "hello") == 0 || strcmp(key, "lines") == 0 ||
                 strcmp(key, "voice") == 0 || strcmp(key, "about") == 0 ||
                 strcmp(key, "hang_up") == 0;
    int err = parse_times(parser, key, value, behaviour, &known);
    int64_t number;

    if (known || err)
        return err;
    if (strcmp(key, "name") == 0)
        return take_text(parser, value, &behaviour->name);
    if (strcmp(key, "reason") == 0)
        return take_text(parser, value, &behaviour->reason);
    if (strcmp(key, "early") == 0)
        return parse_early(parser, value, behaviour);
    if (strcmp(key, "digits") == 0)
        return parse_digits(parser, value, behaviour);
    if (strcmp(key, "auth") == 0)
        return parse_auth(parser, value, behaviour);
    if (strcmp(key, "until_then") == 0)
        return parse_until_then(parser, value, behaviour);
    if (strcmp(key, "speaks") == 0) {
        behaviour->speaks = json_is_true(value);
        return json_is_boolean(value) ? 0 : script_refuse(parser, "expected true or false");
    }
    if (strcmp(key, "weight") == 0) {
        behaviour->weight = json_number_value(value);
        return json_is_number(value) && behaviour->weight > 0 && behaviour->weight <= 1e6
                   ? 0
                   : script_refuse(parser, "expected a number above 0, at most 1000000");
    }
    if (strcmp(key, "code") == 0) {
        err = take_number(parser, value, 300, 699, &number);
        if (!err)
            behaviour->code = (uint16_t)number;
        return err;
    }
    if (strcmp(key, "answer_at_try") == 0) {
        err = take_number(parser, value, 1, 1000, &number);
        if (!err)
            behaviour->answer_at_try = (uint32_t)number;
        return err;
    }
    return script_refuse(parser, "is not a known key of a behaviour");
}

static int start_behaviour(struct script_parser *parser, json_t *json, struct behaviour *behaviour)
{
    const char *kind = json_string_value(json_object_get(json, "do"));

    *behaviour = (struct behaviour){
        .weight = 1,
        .trying_after = chance_constant(0),
        .ring_after = chance_constant(0),
        .ring = chance_constant(0),
        .hello_after = chance_constant(0),
        .pause = uniform(0.8, 2.5),
        .talk = chance_constant(0),
        .answer_at_try = 1,
    };
    if (!json_is_object(json))
        return script_refuse(parser, "a behaviour is an object with \"do\"");
    for (size_t i = 0; kind && i < array_count(KINDS); i++) {
        if (strcmp(kind, KINDS[i].name) == 0) {
            KINDS[i].fill(behaviour);
            behaviour->name = strdup(kind);
            return behaviour->name && (behaviour->final != FINAL_REJECT || behaviour->reason)
                       ? 0
                       : ENOMEM;
        }
    }
    return script_refuse(parser, "\"do\" must be answer, silent, hang_up_at_once, machine, fax, "
                                 "robot, ring_out, no_response, busy, decline, unknown, congestion "
                                 "or reject");
}

int behaviour_parse(struct script_parser *parser, json_t *json, struct behaviour *behaviour)
{
    int err = start_behaviour(parser, json, behaviour);
    const char *key;
    json_t *value;

    if (err)
        return err;
    json_object_foreach(json, key, value)
    {
        size_t was = script_enter(parser, key);

        err = parse_field(parser, key, value, behaviour);
        if (err)
            return err;
        script_leave(parser, was);
    }
    err = json_object_get(json, "hang_up") ? parse_hang_up(parser, json, behaviour) : 0;
    if (!err)
        err = sounds_parse(parser, json, behaviour);
    if (!err && behaviour->answer_at_try > 1 && !behaviour->until_then) {
        behaviour->until_then = calloc(1, sizeof(*behaviour->until_then));
        if (!behaviour->until_then)
            return ENOMEM;
        fill_ring_out(behaviour->until_then);
        behaviour->until_then->name = strdup("ring_out");
        behaviour->until_then->answer_at_try = 1;
        err = behaviour->until_then->name && behaviour->until_then->reason ? 0 : ENOMEM;
    }
    return err;
}

static void free_text(const char *text)
{
    free((void *)(uintptr_t)text);
}

void behaviour_release(struct behaviour *behaviour)
{
    free_text(behaviour->name);
    free_text(behaviour->reason);
    free_text(behaviour->user);
    free_text(behaviour->password);
    if (behaviour->until_then)
        behaviour_release(behaviour->until_then);
    free(behaviour->until_then);
}
