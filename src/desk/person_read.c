#include "desk/person_read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "wire/form.h"

struct reading {
    struct person_facts *facts;
    person_id person;
    bool found;
};

static int take_lead(void *arg, const struct store_record *record)
{
    struct reading *reading = arg;

    reading->found = true;
    reading->person = record->of.lead.core.person;
    reading->facts->campaign = record->of.lead.core.campaign;
    reading->facts->attempts = record->of.lead.core.attempts;
    reading->facts->import = record->of.lead.import;
    return 0;
}

static int take_facts(void *arg, const struct store_lead_facts *row)
{
    struct person_facts *facts = arg;

    carried_lead_set(&facts->carried, row);
    utf8_copy(row->zone ? row->zone : "", facts->zone, sizeof(facts->zone));
    return 0;
}

static int take_person(void *arg, const struct store_record *record)
{
    struct person_facts *facts = arg;
    const struct store_person *person = &record->of.person;
    const char *first = person->first_name ? person->first_name : "";
    const char *last = person->last_name ? person->last_name : "";
    char name[512];

    snprintf(name, sizeof(name), "%s%s%s", first, *first && *last ? " " : "", last);
    utf8_copy(name, facts->name, sizeof(facts->name));
    facts->columns = person->columns ? json_loads(person->columns, 0, NULL) : NULL;
    return 0;
}

static int take_import(void *arg, const struct store_record *record)
{
    struct person_facts *facts = arg;
    const char *name = record->of.import.file_name;

    utf8_copy(name ? name : "", facts->list, sizeof(facts->list));
    return 0;
}

static int take_attempt(void *arg, const struct store_record *record)
{
    struct person_facts *facts = arg;
    const struct attempt_record *core = &record->of.attempt.core;
    const char *note = record->of.attempt.note;

    if (facts->past_count == array_count(facts->past))
        return 0;
    struct person_past *past = &facts->past[facts->past_count++];

    *past = (struct person_past){
        .attempt = core->id,
        .campaign = core->campaign,
        .at = core->answered_at ? core->answered_at : core->planned_at,
        .callback_at = core->callback_at,
        .result = core->result,
        .disposition = core->disposition,
        .agent = core->conversed ? core->agent : 0,
        .talk_us = core->answered_at && core->ended_at ? core->ended_at - core->answered_at : -1,
    };
    utf8_copy(note ? note : "", past->note, sizeof(past->note));
    return 0;
}

static void word_numbers(struct person_facts *facts)
{
    struct phone_number number;

    for (uint32_t i = 0; i < facts->carried.facts.number_count; i++) {
        phone_number_national(facts->carried.e164[i], facts->numbers[i].national);
        (void)phone_number_parse(slice_from(facts->carried.e164[i]), "", &number);
        if (number.type == PHONE_TYPE_MOBILE || number.type == PHONE_TYPE_FIXED)
            utf8_copy(phone_number_type_name(number.type), facts->numbers[i].kind,
                      sizeof(facts->numbers[i].kind)); /* what nobody can tell is not said */
    }
}

int person_read(struct store *store, lead_id lead, struct person_facts *facts)
{
    struct store_query query = store_query_of(STORE_LEAD);
    struct reading reading = {.facts = facts};

    facts->lead = lead;
    query.id = lead;
    int err = store_each(store, &query, take_lead, &reading);

    if (!err && !reading.found)
        err = ENOENT;
    if (!err)
        err = store_lead_facts(store, lead, take_facts, facts);
    query = store_query_of(STORE_PERSON);
    query.id = reading.person;
    if (!err)
        err = store_each(store, &query, take_person, facts);
    query = store_query_of(STORE_IMPORT);
    query.id = facts->import;
    if (!err && facts->import)
        err = store_each(store, &query, take_import, facts);
    query = store_query_of(STORE_ATTEMPT);
    query.lead = lead;
    query.newest_first = true;
    query.limit = array_count(facts->past);
    if (!err)
        err = store_each(store, &query, take_attempt, facts);
    if (!err)
        word_numbers(facts);
    return err;
}
