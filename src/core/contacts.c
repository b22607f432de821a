#include "core/contacts.h"

#include "core/calls.h"
#include "core/emit.h"
#include "core/preview.h"
#include "core/queue.h"

static void keep_word(struct dialer *dialer, number_id number, person_id person)
{
    dialer->words[dialer->word_next] = (struct do_not_call_word){number, person};
    dialer->word_next = (dialer->word_next + 1) % WORDS_MAX;
}

static void drop_words(struct dialer *dialer, number_id number, person_id person)
{
    for (int i = 0; i < WORDS_MAX; ++i) {
        struct do_not_call_word *word = &dialer->words[i];

        if (number && word->number == number)
            word->number = 0;
        if (person && word->person == person)
            word->person = 0;
    }
}

uint32_t contacts_word(const struct dialer *dialer, number_id number, person_id person)
{
    for (int i = 0; i < WORDS_MAX; ++i) {
        const struct do_not_call_word *word = &dialer->words[i];

        if ((number && word->number == number) || (person && word->person == person))
            return CONTACT_DO_NOT_CALL;
    }
    return 0;
}

/* The longest unused makes room. */
static void make_number_room(struct dialer *dialer)
{
    struct number *number;

    if (dialer->numbers.free_count || chain_is_empty(&dialer->numbers_unused))
        return;
    number = container_of(dialer->numbers_unused.after, struct number, unused);
    chain_leave(&number->unused);
    if (number->flags & CONTACT_DO_NOT_CALL)
        keep_word(dialer, number->id, 0);
    id_index_remove(&dialer->number_ids, number->id);
    number->id = 0;
    slab_give(&dialer->numbers, number);
}

struct number *number_hold(struct dialer *dialer, const struct number_facts *facts)
{
    struct number *number = id_index_get(&dialer->number_ids, facts->id);

    if (!number) {
        make_number_room(dialer);
        number = slab_take(&dialer->numbers);
        if (!number)
            return NULL;
        number->id = facts->id;
        number->flags = contacts_word(dialer, number->id, 0);
        chain_init(&number->leads);
        chain_init(&number->unused);
        id_index_put(&dialer->number_ids, number->id, number);
    }
    number->zone_set = facts->zone_set < dialer->limits.zone_set_count ? facts->zone_set : 0;
    number->flags |= facts->flags & ~(uint32_t)CONTACT_DO_NOT_CALL_HERE;
    call_history_merge(&number->history, &facts->history, &number->taken_back);
    chain_leave(&number->unused);
    ++number->uses;
    return number;
}

void number_let_go(struct dialer *dialer, struct number *number)
{
    check(number->uses);
    if (!--number->uses)
        chain_join(&dialer->numbers_unused, &number->unused);
}

static void make_person_room(struct dialer *dialer)
{
    struct person *person;

    if (dialer->persons.free_count || chain_is_empty(&dialer->persons_unused))
        return;
    person = container_of(dialer->persons_unused.after, struct person, unused);
    chain_leave(&person->unused);
    if (person->flags & CONTACT_DO_NOT_CALL)
        keep_word(dialer, 0, person->id);
    id_index_remove(&dialer->person_ids, person->id);
    person->id = 0;
    slab_give(&dialer->persons, person);
}

struct person *person_hold(struct dialer *dialer, person_id id, uint32_t flags,
                           const struct call_history *history)
{
    struct person *person = id_index_get(&dialer->person_ids, id);

    if (!person) {
        make_person_room(dialer);
        person = slab_take(&dialer->persons);
        if (!person)
            return NULL;
        person->id = id;
        person->flags = contacts_word(dialer, 0, person->id);
        chain_init(&person->leads);
        chain_init(&person->unused);
        id_index_put(&dialer->person_ids, id, person);
    }
    person->flags |= flags;
    call_history_merge(&person->history, history, &person->taken_back);
    chain_leave(&person->unused);
    ++person->uses;
    return person;
}

void person_let_go(struct dialer *dialer, struct person *person)
{
    check(person->uses > (person->holder ? 1u : 0u));
    if (!--person->uses)
        chain_join(&dialer->persons_unused, &person->unused);
}

/* Facts on their way from the store may not know the word yet: it is remembered. */
static struct number *remember_number(struct dialer *dialer, number_id id)
{
    struct number *number = id_index_get(&dialer->number_ids, id);

    if (!number && id) {
        number = number_hold(dialer, &(struct number_facts){.id = id});
        if (number)
            number_let_go(dialer, number);
        else
            keep_word(dialer, id, 0);
    }
    return number;
}

static struct person *remember_person(struct dialer *dialer, person_id id)
{
    struct person *person = id_index_get(&dialer->person_ids, id);

    if (!person && id) {
        person = person_hold(dialer, id, 0, &(struct call_history){0});
        if (person)
            person_let_go(dialer, person);
        else
            keep_word(dialer, 0, id);
    }
    return person;
}

static bool attempt_is_forbidden(const struct attempt *attempt)
{
    const struct lead *lead = attempt->lead;

    return (lead->person->flags | attempt_number(attempt)->flags |
            lead->numbers[attempt->record.number_index].flags) &
           (CONTACT_DO_NOT_CALL | CONTACT_DO_NOT_CALL_HERE);
}

/* Looks at one lead again after a word of its person. Leads that are not reached in this feed are
 * refused when their turn comes. */
static void look_again(struct dialer *dialer, struct lead *lead)
{
    uint8_t index;
    struct verdict verdict;

    switch (lead->place) {
    case PLACE_QUEUED:
    case PLACE_TIMED:
    case PLACE_PARKED:
        verdict = lead_choose_number(dialer, lead, &index);
        if (verdict.refusal && verdict.until == INSTANT_NEVER)
            lead_refused(dialer, lead, verdict);
        break;
    case PLACE_PREVIEW:
        verdict = lead_choose_number(dialer, lead, &index);
        if (verdict.refusal && verdict.until == INSTANT_NEVER)
            preview_withdraw(dialer, lead->agent, verdict);
        break;
    case PLACE_ATTEMPT:
        if (lead->attempt && attempt_is_forbidden(lead->attempt))
            attempt_cancel(dialer, lead->attempt, REFUSED_DO_NOT_CALL);
        break;
    case PLACE_NOWHERE:
        break;
    }
}

/* A lead that has the number twice has it linked once. */
static void mark_here(struct lead *lead, const struct number *number, uint32_t flags)
{
    for (uint8_t i = 0; i < lead->number_count; ++i)
        if (lead->numbers[i].number == number)
            lead->numbers[i].flags = flags;
}

void contacts_do_not_call_here(struct dialer *dialer, number_id number_name,
                               campaign_id campaign_name)
{
    struct number *number = id_index_get(&dialer->number_ids, number_name);
    struct chain *at, *next;

    for (at = number ? number->leads.after : NULL; at && at != &number->leads; at = next) {
        struct lead *lead = container_of(at, struct lead_number, link)->lead;

        next = at->after;
        if (lead->campaign->id != campaign_name)
            continue;
        mark_here(lead, number, CONTACT_DO_NOT_CALL_HERE);
        if (dialer_may_step(dialer))
            look_again(dialer, lead);
    }
}

void contacts_may_call(struct dialer *dialer, number_id number_name, person_id person_name,
                       campaign_id campaign_name)
{
    struct number *number = id_index_get(&dialer->number_ids, number_name);
    struct person *person = id_index_get(&dialer->person_ids, person_name);

    if (!campaign_name)
        drop_words(dialer, number_name, person_name);
    if (number && !campaign_name)
        number->flags &= ~(uint32_t)CONTACT_DO_NOT_CALL;
    if (person)
        person->flags &= ~(uint32_t)CONTACT_DO_NOT_CALL;
    if (!number || !campaign_name)
        return;
    for (struct chain *at = number->leads.after; at != &number->leads; at = at->after) {
        struct lead *lead = container_of(at, struct lead_number, link)->lead;

        if (lead->campaign->id == campaign_name)
            mark_here(lead, number, 0);
    }
}

void contacts_do_not_call(struct dialer *dialer, number_id number_name, person_id person_name,
                          attempt_id said_in)
{
    struct number *number = remember_number(dialer, number_name);
    struct person *person = remember_person(dialer, person_name);
    struct effect *effect = emit(dialer, EFFECT_RECORD_DO_NOT_CALL);
    struct chain *at, *next;

    effect->of.contact.number = number_name;
    effect->of.contact.person = person_name;
    effect->of.contact.attempt = said_in;
    if (number)
        number->flags |= CONTACT_DO_NOT_CALL;
    if (person)
        person->flags |= CONTACT_DO_NOT_CALL;
    for (at = number ? number->leads.after : NULL; at && at != &number->leads; at = next) {
        next = at->after;
        if (!dialer_may_step(dialer))
            return;
        look_again(dialer, container_of(at, struct lead_number, link)->lead);
    }
    for (at = person ? person->leads.after : NULL; at && at != &person->leads; at = next) {
        next = at->after;
        if (!dialer_may_step(dialer))
            return;
        look_again(dialer, container_of(at, struct lead, of_person));
    }
}
