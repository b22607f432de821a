#include "lists/import_columns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"

/* Headings as heading_key() leaves them: small letters and digits, other bytes (accents) as they are. */
static const struct {
    const char *key;
    enum column_meaning meaning;
} synonyms[] = {
    {"phone", MEANS_PHONE},
    {"phonenumber", MEANS_PHONE},
    {"telephone", MEANS_PHONE},
    {"telephonenumber", MEANS_PHONE},
    {"tel", MEANS_PHONE},
    {"telno", MEANS_PHONE},
    {"telnr", MEANS_PHONE},
    {"telnumber", MEANS_PHONE},
    {"number", MEANS_PHONE},
    {"mobile", MEANS_PHONE},
    {"mobilephone", MEANS_PHONE},
    {"mobilenumber", MEANS_PHONE},
    {"cell", MEANS_PHONE},
    {"cellphone", MEANS_PHONE},
    {"cellular", MEANS_PHONE},
    {"home", MEANS_PHONE},
    {"homephone", MEANS_PHONE},
    {"homenumber", MEANS_PHONE},
    {"work", MEANS_PHONE},
    {"workphone", MEANS_PHONE},
    {"worknumber", MEANS_PHONE},
    {"businessphone", MEANS_PHONE},
    {"officephone", MEANS_PHONE},
    {"landline", MEANS_PHONE},
    {"primaryphone", MEANS_PHONE},
    {"secondaryphone", MEANS_PHONE},
    {"mainphone", MEANS_PHONE},
    {"otherphone", MEANS_PHONE},
    {"altphone", MEANS_PHONE},
    {"alternatephone", MEANS_PHONE},
    {"contactnumber", MEANS_PHONE},
    {"contactphone", MEANS_PHONE},
    {"msisdn", MEANS_PHONE},
    {"e164", MEANS_PHONE},
    {"gsm", MEANS_PHONE},
    {"telefon", MEANS_PHONE},
    {"telefonnummer", MEANS_PHONE},
    {"telefonnr", MEANS_PHONE},
    {"rufnummer", MEANS_PHONE},
    {"festnetz", MEANS_PHONE},
    {"mobil", MEANS_PHONE},
    {"mobilnummer", MEANS_PHONE},
    {"mobiltelefon", MEANS_PHONE},
    {"handy", MEANS_PHONE},
    {"handynummer", MEANS_PHONE},
    {"telefono", MEANS_PHONE},
    {"tel\xc3\xa9"
     "fono",
     MEANS_PHONE},
    {"movil", MEANS_PHONE},
    {"m\xc3\xb3vil", MEANS_PHONE},
    {"celular", MEANS_PHONE},
    {"cellulare", MEANS_PHONE},
    {"t\xc3\xa9l\xc3\xa9phone", MEANS_PHONE},
    {"telefoon", MEANS_PHONE},
    {"telefoonnummer", MEANS_PHONE},
    {"firstname", MEANS_FIRST_NAME},
    {"first", MEANS_FIRST_NAME},
    {"givenname", MEANS_FIRST_NAME},
    {"forename", MEANS_FIRST_NAME},
    {"vorname", MEANS_FIRST_NAME},
    {"prenom", MEANS_FIRST_NAME},
    {"pr\xc3\xa9nom", MEANS_FIRST_NAME},
    {"nombre", MEANS_FIRST_NAME},
    {"voornaam", MEANS_FIRST_NAME},
    {"lastname", MEANS_LAST_NAME},
    {"last", MEANS_LAST_NAME},
    {"surname", MEANS_LAST_NAME},
    {"familyname", MEANS_LAST_NAME},
    {"nachname", MEANS_LAST_NAME},
    {"familienname", MEANS_LAST_NAME},
    {"apellido", MEANS_LAST_NAME},
    {"apellidos", MEANS_LAST_NAME},
    {"achternaam", MEANS_LAST_NAME},
    {"name", MEANS_FULL_NAME},
    {"fullname", MEANS_FULL_NAME},
    {"contact", MEANS_FULL_NAME},
    {"contactname", MEANS_FULL_NAME},
    {"customer", MEANS_FULL_NAME},
    {"customername", MEANS_FULL_NAME},
    {"nom", MEANS_FULL_NAME},
    {"email", MEANS_EMAIL},
    {"emailaddress", MEANS_EMAIL},
    {"mail", MEANS_EMAIL},
    {"mailadresse", MEANS_EMAIL},
    {"emailadresse", MEANS_EMAIL},
    {"correo", MEANS_EMAIL},
    {"courriel", MEANS_EMAIL},
    {"address", MEANS_ADDRESS},
    {"street", MEANS_ADDRESS},
    {"streetaddress", MEANS_ADDRESS},
    {"addressline", MEANS_ADDRESS},
    {"adresse", MEANS_ADDRESS},
    {"anschrift", MEANS_ADDRESS},
    {"stra\xc3\x9f"
     "e",
     MEANS_ADDRESS},
    {"strasse", MEANS_ADDRESS},
    {"direccion", MEANS_ADDRESS},
    {"direcci\xc3\xb3n", MEANS_ADDRESS},
    {"country", MEANS_COUNTRY},
    {"countrycode", MEANS_COUNTRY},
    {"land", MEANS_COUNTRY},
    {"pays", MEANS_COUNTRY},
    {"pais", MEANS_COUNTRY},
    {"pa\xc3\xads", MEANS_COUNTRY},
    {"timezone", MEANS_ZONE},
    {"zone", MEANS_ZONE},
    {"tz", MEANS_ZONE},
    {"zeitzone", MEANS_ZONE},
    {"externalid", MEANS_EXTERNAL_ID},
    {"id", MEANS_EXTERNAL_ID},
    {"customerid", MEANS_EXTERNAL_ID},
    {"customerno", MEANS_EXTERNAL_ID},
    {"customernumber", MEANS_EXTERNAL_ID},
    {"contactid", MEANS_EXTERNAL_ID},
    {"leadid", MEANS_EXTERNAL_ID},
    {"crmid", MEANS_EXTERNAL_ID},
    {"recordid", MEANS_EXTERNAL_ID},
    {"reference", MEANS_EXTERNAL_ID},
    {"ref", MEANS_EXTERNAL_ID},
    {"kundennummer", MEANS_EXTERNAL_ID},
    {"kundennr", MEANS_EXTERNAL_ID},
    {"priority", MEANS_PRIORITY},
    {"prio", MEANS_PRIORITY},
    {"priorit\xc3\xa4t", MEANS_PRIORITY},
};

enum { KEY_SIZE = 64, HEADINGS_TOLD_MAX = 8 };

static bool is_kept(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

/* false: too long to be one of ours */
static bool heading_key(struct slice heading, char key[KEY_SIZE])
{
    size_t size = 0;

    for (size_t i = 0; i < heading.size; i++) {
        char c = heading.at[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (!is_kept(c))
            continue;
        if (size == KEY_SIZE - 1)
            return false;
        key[size++] = c;
    }
    key[size] = '\0';
    return true;
}

static enum column_meaning meaning_of_key(const char *key)
{
    for (size_t i = 0; i < array_count(synonyms); i++) {
        if (strcmp(synonyms[i].key, key) == 0)
            return synonyms[i].meaning;
    }
    return MEANS_CONTEXT;
}

enum column_meaning import_column_meaning(struct slice heading)
{
    char key[KEY_SIZE];
    enum column_meaning meaning;
    size_t size;

    if (!heading_key(heading, key))
        return MEANS_CONTEXT;
    meaning = meaning_of_key(key);
    size = strlen(key);
    while (meaning == MEANS_CONTEXT && size && key[size - 1] >= '0' && key[size - 1] <= '9') {
        key[--size] = '\0';
        meaning = meaning_of_key(key);
    }
    return meaning;
}

const char *column_meaning_name(enum column_meaning meaning)
{
    static const char *const names[MEANS_COUNT] = {
        [MEANS_CONTEXT] = "context",       [MEANS_PHONE] = "phone",
        [MEANS_FIRST_NAME] = "first name", [MEANS_LAST_NAME] = "last name",
        [MEANS_FULL_NAME] = "name",        [MEANS_EMAIL] = "email",
        [MEANS_ADDRESS] = "address",       [MEANS_COUNTRY] = "country",
        [MEANS_ZONE] = "time zone",        [MEANS_EXTERNAL_ID] = "external id",
        [MEANS_PRIORITY] = "priority",
    };

    check(meaning < MEANS_COUNT);
    return names[meaning];
}

/* A heading that no other column has: they are the names in the context. */
static char *unique_name(struct table *taken, struct slice heading, size_t place)
{
    struct text name;

    text_init(&name);
    if (heading.size)
        text_add_slice(&name, heading);
    else
        text_addf(&name, "column %zu", place + 1);
    for (unsigned i = 2; !name.failed && table_get(taken, name.at, name.size); i++) {
        text_clear(&name);
        text_add_slice(&name, heading);
        text_addf(&name, " (%u)", i);
    }
    if (name.failed || table_put(taken, name.at, name.size, taken)) {
        text_release(&name);
        return NULL;
    }
    return text_take(&name, NULL);
}

static int refuse(const struct import_columns *columns, char *why, size_t why_size)
{
    struct text text;

    text_init(&text);
    text_add(&text, "no column of telephone numbers among");
    for (size_t i = 0; i < columns->count && i < HEADINGS_TOLD_MAX; i++)
        text_addf(&text, "%s '%.40s'", i ? "," : "", columns->columns[i].name);
    if (columns->count > HEADINGS_TOLD_MAX)
        text_add(&text, " ...");
    text_add(&text, ": the first row must name the columns, one of them 'phone'");
    if (why_size)
        snprintf(why, why_size, "%s", text.at ? text.at : "out of memory");
    text_release(&text);
    return EINVAL;
}

int import_columns_init(struct import_columns *columns, const struct csv_row *header, char *why,
                        size_t why_size)
{
    bool seen[MEANS_COUNT] = {false};
    struct table taken;
    int err = 0;

    memset(columns, 0, sizeof(*columns));
    table_init(&taken);
    columns->columns = calloc(header->count, sizeof(*columns->columns));
    if (!columns->columns)
        err = ENOMEM;
    for (size_t i = 0; i < header->count && !err; i++) {
        struct import_column *column = &columns->columns[i];
        struct slice heading = slice_trim(header->fields[i]);

        column->name = unique_name(&taken, heading, i);
        if (!column->name)
            err = ENOMEM;
        columns->count = i + 1;
        column->meaning = import_column_meaning(heading);
        if (column->meaning == MEANS_PHONE && columns->phone_count < LEAD_NUMBERS_MAX)
            columns->phones[columns->phone_count++] = i;
        else if (column->meaning == MEANS_PHONE || seen[column->meaning])
            column->meaning = MEANS_CONTEXT;
        seen[column->meaning] = true;
    }
    table_release(&taken);
    if (!err && !columns->phone_count)
        err = refuse(columns, why, why_size);
    if (err)
        import_columns_release(columns);
    return err;
}

void import_columns_release(struct import_columns *columns)
{
    for (size_t i = 0; i < columns->count; i++)
        free(columns->columns[i].name);
    free(columns->columns);
    memset(columns, 0, sizeof(*columns));
}
