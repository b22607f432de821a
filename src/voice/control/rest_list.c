#include <string.h>
#include <stdio.h>

#include "voice/control/memory.h"
#include "voice/control/rest.h"

/* Calls go on in the same thread: one request looks at so many at most, however many there are. */
enum { PAGE_SIZE_DEFAULT = 50, PAGE_SIZE_MAX = 1000, LOOKS_MAX = 4000 };

struct page {
    unsigned size, number;
    struct chain_link *at;   /* the first that may be on it */
    size_t skip;             /* matching ones to pass over (a page asked by number alone) */
    size_t looks;            /* how many were looked at */
    struct chain_link *seen; /* the last of them: the next page begins behind it */
    bool is_cut;             /* there may be more that match; nobody has looked */
};

static bool find_place(struct rest *rest, const struct rest_list *list, struct page *page)
{
    const char *token = rest_param(rest, "PageToken");
    struct chain_link *link = NULL;
    bool found = false;

    page->at = list->newest;
    if (!token || !token[0]) {
        page->skip = (size_t)page->number * page->size;
        return true;
    }
    if (strncmp(token, "PA", 2) == 0 && list->find) {
        found = list->find(rest, token + 2, &page->at);
    } else if (strncmp(token, "PA", 2) == 0) {
        for (link = list->newest; link && strcmp(list->sid(link), token + 2) != 0;)
            link = link->before;
        found = link != NULL;
        page->at = link ? link->before : NULL;
    }
    if (!found)
        rest_fail(rest, 400, 20001, "the page token '%.60s' is not known (any more)", token);
    return found;
}

/* The filters as asked, with other paging parameters. */
static json_t *page_uri(struct rest *rest, const struct rest_list *list, unsigned size,
                        unsigned number, const char *token)
{
    char text[16];
    struct form form;
    struct text uri;
    json_t *json;

    form_init(&form);
    for (size_t i = 0; i < rest->params.count; ++i) {
        const struct form_field *field = &rest->params.fields[i];

        if (strcmp(field->name, "Page") != 0 && strcmp(field->name, "PageSize") != 0 &&
            strcmp(field->name, "PageToken") != 0)
            form_add(&form, field->name, field->value);
    }
    snprintf(text, sizeof(text), "%u", size);
    form_add(&form, "PageSize", text);
    snprintf(text, sizeof(text), "%u", number);
    form_add(&form, "Page", text);
    if (token)
        form_add(&form, "PageToken", token);
    text_init(&uri);
    text_addf(&uri, "/2010-04-01/Accounts%s%s%s?", list->path[0] ? "/" : ".json",
              list->path[0] ? rest->control->account_sid : "", list->path);
    form_write(&form, &uri);
    json = json_text(uri.at);
    text_release(&uri);
    form_release(&form);
    return json;
}

static bool matches(struct rest *rest, const struct rest_list *list, struct chain_link *link)
{
    return !list->matches || list->matches(rest, link);
}

/* The next that matches from here on (itself included); NULL: none does, or the page is cut. */
static struct chain_link *next_match(struct rest *rest, const struct rest_list *list,
                                     struct page *page, struct chain_link *link)
{
    for (; link && !matches(rest, list, link); link = link->before) {
        if (list->ends && list->ends(rest, link))
            return NULL;
        page->seen = link;
        if (list->find && ++page->looks >= LOOKS_MAX) {
            page->is_cut = link->before != NULL;
            return NULL;
        }
    }
    return link;
}

void rest_list_answer(struct rest *rest, const struct rest_list *list)
{
    struct page page = {.size = PAGE_SIZE_DEFAULT};
    json_t *json, *items;
    struct chain_link *link;
    char token[64];
    size_t count;

    if (!rest_number(rest, "PageSize", 1, 1u << 30, &page.size) ||
        !rest_number(rest, "Page", 0, 1u << 20, &page.number) || !find_place(rest, list, &page))
        return;
    if (page.size > PAGE_SIZE_MAX)
        page.size = PAGE_SIZE_MAX;
    link = next_match(rest, list, &page, page.at);
    for (; link && page.skip; --page.skip) {
        page.seen = link;
        page.is_cut = list->find && ++page.looks >= LOOKS_MAX;
        link = page.is_cut ? NULL : next_match(rest, list, &page, link->before);
    }
    if (page.is_cut && page.skip) {
        rest_fail(rest, 400, 20001, "page %u is too far away; follow 'next_page_uri'", page.number);
        return;
    }
    items = json_array();
    while (link && json_array_size(items) < page.size) {
        json_array_append_new(items, list->describe(rest, link));
        page.seen = link;
        link = next_match(rest, list, &page, link->before);
    }
    count = json_array_size(items);
    json = json_object();
    json_object_set_new(json, list->name, items);
    json_object_set_new(
        json, "uri", page_uri(rest, list, page.size, page.number, rest_param(rest, "PageToken")));
    json_object_set_new(json, "first_page_uri", page_uri(rest, list, page.size, 0, NULL));
    if ((link || page.is_cut) && !list->by_number)
        snprintf(token, sizeof(token), "PA%s", list->sid(page.seen));
    json_object_set_new(json, "next_page_uri",
                        link || page.is_cut ? page_uri(rest, list, page.size, page.number + 1,
                                                       list->by_number ? NULL : token)
                                            : json_null());
    json_object_set_new(json, "previous_page_uri",
                        page.number ? page_uri(rest, list, page.size, page.number - 1, NULL)
                                    : json_null());
    json_object_set_new(json, "page", json_integer(page.number));
    json_object_set_new(json, "page_size", json_integer(page.size));
    json_object_set_new(json, "start", json_integer((json_int_t)page.number * page.size));
    json_object_set_new(
        json, "end",
        json_integer((json_int_t)page.number * page.size + (count ? (json_int_t)count - 1 : 0)));
    rest_answer(rest, 200, json);
}
