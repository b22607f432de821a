#include "sim/weather.h"

/* Swarm: every kind of trouble is wholly on or wholly off in a world, so that none always hides
 * behind another; how many are on differs from world to world. */
static double sometimes(struct rng *rng, const struct weather *weather, double low, double high)
{
    return rng_chance(rng, weather->share) ? rng_between(rng, low, high) : 0;
}

static uint32_t draw(struct rng *rng, uint32_t low, uint32_t high)
{
    return low + (uint32_t)rng_below(rng, high - low + 1);
}

static struct calling_hours draw_hours(struct rng *rng)
{
    struct calling_hours hours = calling_hours_default();

    if (rng_chance(rng, 0.5))
        return hours;
    for (int day = 0; day < 7; ++day) {
        uint16_t noon = (uint16_t)draw(rng, 11 * 60, 14 * 60);

        hours.days[day][0] = (struct hours_window){(uint16_t)draw(rng, 7 * 60, 10 * 60), noon};
        hours.days[day][1] =
            (struct hours_window){(uint16_t)(noon + 60), (uint16_t)draw(rng, 18 * 60, 1440)};
        if (rng_chance(rng, 0.1))
            hours.days[day][0] = hours.days[day][1] = (struct hours_window){0, 0};
    }
    return hours;
}

static uint8_t some_cap(struct rng *rng)
{
    return (uint8_t)(rng_chance(rng, 0.4) ? draw(rng, 1, CALLS_CAP_MAX) : 0);
}

struct campaign_options weather_options(struct rng *rng)
{
    struct campaign_options options = campaign_options_default();

    options.mode = (enum campaign_mode)rng_below(rng, MODE_COUNT);
    if (options.mode == MODE_MANUAL && rng_chance(rng, 0.5))
        options.mode = MODE_PROGRESSIVE;
    options.ratio_percent = draw(rng, 100, 300);
    options.weight = draw(rng, 1, 1000);
    options.calls_max = rng_chance(rng, 0.3) ? draw(rng, 1, 10) : 0;
    options.ring_timeout = draw(rng, 15, 40) * SECOND;
    options.answer_wait_max = draw(rng, 0, 2000) * MILLISECOND;
    options.wrap_up_max = draw(rng, 2, 60) * SECOND;
    options.wrap_up_default = (uint16_t)(rng_chance(rng, 0.5) ? 1 : 2);
    options.preview_max = draw(rng, 3, 60) * SECOND;
    options.preview_default = (enum preview_default)rng_below(rng, PREVIEW_DEFAULT_COUNT);
    options.more_time_max = (uint32_t)(options.preview_max / SECOND % 4);
    options.skip_delay = draw(rng, 0, 600) * SECOND;
    options.callback_agent_wait = draw(rng, 0, 900) * SECOND;
    options.lead_attempts_max = rng_chance(rng, 0.3) ? draw(rng, 1, 5) : 0;
    options.number_caps =
        (struct attempt_caps){.per_day = some_cap(rng),
                              .per_24_hours = some_cap(rng),
                              .per_7_days = some_cap(rng),
                              .lifetime = rng_chance(rng, 0.3) ? draw(rng, 1, 20) : 0,
                              .gap = draw(rng, 60, 600) * SECOND};
    options.person_caps = (struct attempt_caps){
        .per_day = some_cap(rng), .per_24_hours = some_cap(rng), .gap = draw(rng, 0, 60) * SECOND};
    options.hours = draw_hours(rng);
    options.abandonment.ceiling_per_mille = rng_chance(rng, 0.8) ? 30 : 200;
    options.abandonment.credit_answers = draw(rng, 0, 200);
    for (int i = 0; i < RESULT_COUNT; ++i) {
        options.retry[i].delay = draw(rng, 1, 3600) * SECOND;
        options.retry[i].alternate_delay = draw(rng, 0, 60) * SECOND;
    }
    options.hopper_high = draw(rng, 5, 100);
    options.hopper_low = draw(rng, 1, options.hopper_high);
    return options;
}

static void draw_people(struct rng *rng, struct weather *weather)
{
    weather->answers = rng_between(rng, 0.05, 0.7);
    weather->busy = sometimes(rng, weather, 0, 0.1);
    weather->invalid = sometimes(rng, weather, 0, 0.1);
    weather->fails = sometimes(rng, weather, 0, 0.1);
    weather->machines = sometimes(rng, weather, 0, 0.3);
    weather->answer_s = rng_between(rng, 1, 15);
    weather->talk_s = rng_between(rng, 2, 120);
    weather->quick_hang_up = sometimes(rng, weather, 0, 0.3);
}

static void draw_ways(struct rng *rng, struct weather *weather)
{
    weather->callback_lost = sometimes(rng, weather, 0, 0.1);
    weather->callback_doubled = sometimes(rng, weather, 0, 0.3);
    weather->callback_late = sometimes(rng, weather, 0, 0.1);
    weather->question_lost = sometimes(rng, weather, 0, 0.05);
    weather->delay_s = rng_chance(rng, 1 - weather->share) ? 0.002 : rng_between(rng, 0.001, 0.5);
    weather->slow = sometimes(rng, weather, 0, 0.02);
    weather->order_lost = sometimes(rng, weather, 0, 0.05);
    weather->order_unanswered = sometimes(rng, weather, 0, 0.1);
    weather->order_refused = sometimes(rng, weather, 0, 0.05);
    weather->act_lost = sometimes(rng, weather, 0, 0.05);
    weather->poll_lost = sometimes(rng, weather, 0, 0.1);
    weather->commit_s = rng_chance(rng, 1 - weather->share) ? 0.003 : rng_between(rng, 0.001, 1);
    if (rng_chance(rng, weather->share / 3)) /* a disk that is on its last legs */
        weather->commit_s = rng_between(rng, 1, 5);
    weather->stall = sometimes(rng, weather, 0, 0.01);
    weather->claim_fails = sometimes(rng, weather, 0, 0.1);
}

static void draw_desks(struct rng *rng, struct weather *weather)
{
    weather->wrap_s = rng_between(rng, 1, 40);
    weather->dispositions_forgotten = sometimes(rng, weather, 0, 0.3);
    weather->breaks = sometimes(rng, weather, 0, 0.2);
    weather->log_outs = sometimes(rng, weather, 0, 0.1);
    weather->refuses = sometimes(rng, weather, 0, 0.1);
    weather->skips = sometimes(rng, weather, 0, 0.4);
    weather->hang_ups = sometimes(rng, weather, 0, 0.3);
    weather->leg_fails = sometimes(rng, weather, 0, 0.2);
    weather->leg_lost_every_s = sometimes(rng, weather, 60, 1200);
}

static void draw_misfortune(struct rng *rng, struct weather *weather)
{
    bool often = rng_chance(rng, 0.5);

    weather->crash_every_s = sometimes(rng, weather, 30, 1200);
    weather->crash_at_answer = often ? sometimes(rng, weather, 0, 0.1) : 0;
    weather->crash_at_order = often ? sometimes(rng, weather, 0, 0.02) : 0;
    weather->engine_restart_every_s = sometimes(rng, weather, 60, 1800);
    weather->leap_every_s = sometimes(rng, weather, 60, 1800);
    weather->step_back_every_s = sometimes(rng, weather, 60, 1800);
    weather->do_not_call_every_s = sometimes(rng, weather, 5, 300);
    weather->command_every_s = sometimes(rng, weather, 60, 1200);
    weather->store_gone_every_s = sometimes(rng, weather, 300, 3600);
    weather->store_gone_s = rng_chance(rng, 0.5) ? 5 : rng_between(rng, 60, 600);
    weather->engine_silent_every_s = sometimes(rng, weather, 300, 3600);
    weather->engine_silent_s = rng_chance(rng, 0.5) ? 10 : rng_between(rng, 60, 900);
    weather->trunk_gone_every_s = sometimes(rng, weather, 300, 7200);
    weather->trunk_gone_s = rng_chance(rng, 0.5) ? 60 : 3600;
}

/* Some days are calm, on some everything happens at once. */
static double draw_share(struct rng *rng)
{
    double dice = rng_unit(rng);

    return dice < 0.1 ? 0 : dice > 0.9 ? 1 : rng_between(rng, 0.1, 0.9);
}

/* Windows that close and open while the clocks are changed. */
static void draw_night(struct rng *rng, struct campaign_options *options)
{
    for (int day = 0; day < 7; ++day) {
        options->hours.days[day][0] = (struct hours_window){0, (uint16_t)draw(rng, 30, 200)};
        options->hours.days[day][1] = (struct hours_window){(uint16_t)draw(rng, 200, 260), 1440};
    }
}

/* By dice of their own, so that the worlds of before keep the rest of their weather. */
static void draw_pages(uint64_t seed, struct weather *weather)
{
    struct rng rng = rng_from_seed(seed ^ UINT64_C(0xDE5C));

    weather->reload_every_s = sometimes(&rng, weather, 60, 1200);
    weather->holds = sometimes(&rng, weather, 0, 0.6);
    weather->transfers = sometimes(&rng, weather, 0, 0.5);
    weather->third_persons = sometimes(&rng, weather, 0, 0.6);
}

struct weather weather_of(uint64_t seed)
{
    struct rng rng = rng_from_seed(seed);
    struct weather weather = {0};

    weather.share = draw_share(&rng);
    weather.campaigns = draw(&rng, 1, WEATHER_CAMPAIGNS_MAX);
    weather.agents = draw(&rng, 1, rng_chance(&rng, 0.3) ? 40 : 8);
    weather.leads = draw(&rng, 5, rng_chance(&rng, 0.5) ? 2000 : 200);
    weather.numbers_per_lead_max = draw(&rng, 1, 4);
    draw_people(&rng, &weather);
    draw_ways(&rng, &weather);
    draw_desks(&rng, &weather);
    draw_misfortune(&rng, &weather);
    draw_pages(seed, &weather);
    /* Anywhere in two years, so that every change of clocks and every closing is met; most often by
     * day, for at night there is little to see. */
    weather.starts_at = 1735689600 * SECOND + (instant)rng_below(&rng, 730) * DAY;
    weather.starts_at += rng_chance(&rng, 0.3) ? (instant)rng_below(&rng, 1440) * MINUTE
                                               : (instant)draw(&rng, 11 * 60, 18 * 60) * MINUTE;
    for (uint32_t i = 0; i < WEATHER_CAMPAIGNS_MAX; ++i)
        weather.options[i] = weather_options(&rng);
    weather.night = rng_chance(&rng, 0.1);
    for (uint32_t i = 0; i < WEATHER_CAMPAIGNS_MAX && weather.night; ++i)
        draw_night(&rng, &weather.options[i]);
    if (rng_chance(&rng, 0.3)) /* with a closing before everybody, somewhere */
        weather.starts_at += 20 * HOUR + (instant)draw(&rng, 50, 59) * MINUTE + 40 * SECOND -
                             weather.starts_at % HOUR - weather.starts_at % DAY / HOUR * HOUR +
                             (instant)rng_below(&rng, 12) * HOUR;
    return weather;
}

void weather_keep_alive(struct weather *weather)
{
    weather->crash_every_s = weather->crash_at_answer = weather->crash_at_order = 0;
    weather->engine_restart_every_s = weather->step_back_every_s = weather->leap_every_s = 0;
    weather->agents = weather->agents % 6 + 1;
    weather->leads = weather->leads % 100 + 20;
    weather->night = false;
    weather->starts_at -= weather->starts_at % DAY;
    weather->starts_at += 17 * HOUR;
    for (int i = 0; i < WEATHER_CAMPAIGNS_MAX; ++i)
        weather->options[i].hours = calling_hours_default();
}

void weather_calm(struct weather *weather)
{
    weather->callback_lost = weather->callback_doubled = weather->callback_late = 0;
    weather->question_lost = weather->slow = weather->order_lost = weather->order_unanswered = 0;
    weather->order_refused = weather->act_lost = weather->poll_lost = weather->stall = 0;
    weather->claim_fails = weather->leg_fails = weather->leg_lost_every_s = 0;
    weather->reload_every_s = 0;
    weather->store_gone_every_s = weather->engine_silent_every_s = weather->trunk_gone_every_s = 0;
    weather->delay_s = 0.002;
    weather->commit_s = 0.003;
}
