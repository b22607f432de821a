-- The first form of the store. Never edited after a release: a change is the next file.
-- Instants are microseconds of UTC since 1970, 0 for "not"; enumerations are the core's numbers.

CREATE TABLE campaigns (
    id         INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE,
    settings   TEXT    NOT NULL,
    made_at    INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    state      INTEGER NOT NULL
) STRICT;

CREATE TABLE lists (
    id          INTEGER PRIMARY KEY,
    campaign_id INTEGER NOT NULL,
    name        TEXT    NOT NULL,
    country     TEXT    NOT NULL,
    made_at     INTEGER NOT NULL,
    UNIQUE (campaign_id, name)
) STRICT;

-- What an import wrote is there for others only once its state here is 1 (published).
CREATE TABLE imports (
    id          INTEGER PRIMARY KEY,
    campaign_id INTEGER NOT NULL,
    list_id     INTEGER NOT NULL,
    state       INTEGER NOT NULL,
    file_name   TEXT    NOT NULL,
    file_hash   TEXT    NOT NULL,
    summary     TEXT    NOT NULL,
    row_count   INTEGER NOT NULL,
    imported    INTEGER NOT NULL,
    merged      INTEGER NOT NULL,
    duplicates  INTEGER NOT NULL,
    rejected    INTEGER NOT NULL,
    warnings    INTEGER NOT NULL,
    begun_at    INTEGER NOT NULL,
    ended_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX imports_campaign ON imports (campaign_id, state);
CREATE INDEX imports_hash ON imports (file_hash);

-- Who people are. These two tables, and nothing else, are what an erasure empties.
CREATE TABLE persons (
    id          INTEGER PRIMARY KEY,
    external_id TEXT    NOT NULL,
    first_name  TEXT    NOT NULL,
    last_name   TEXT    NOT NULL,
    email       TEXT    NOT NULL,
    address     TEXT    NOT NULL,
    country     TEXT    NOT NULL,
    zone        TEXT    NOT NULL,
    columns     TEXT    NOT NULL,
    import_id   INTEGER NOT NULL,
    flags       INTEGER NOT NULL,
    erased_at   INTEGER NOT NULL
) STRICT;

CREATE TABLE numbers (
    id      INTEGER PRIMARY KEY,
    e164    TEXT    NOT NULL,
    country TEXT    NOT NULL,
    flags   INTEGER NOT NULL,
    type    INTEGER NOT NULL,
    valid   INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX numbers_e164 ON numbers (e164) WHERE e164 <> '';

CREATE TABLE leads (
    id                INTEGER PRIMARY KEY,
    campaign_id       INTEGER NOT NULL,
    person_id         INTEGER NOT NULL,
    list_id           INTEGER NOT NULL,
    import_id         INTEGER NOT NULL,
    line              INTEGER NOT NULL,
    state             INTEGER NOT NULL,
    due_at            INTEGER NOT NULL,
    reason            INTEGER NOT NULL,
    callback_agent_id INTEGER NOT NULL,
    disposition       INTEGER NOT NULL,
    priority          INTEGER NOT NULL,
    number_next       INTEGER NOT NULL,
    numbers_dead      INTEGER NOT NULL,
    attempts          INTEGER NOT NULL,
    results           BLOB    NOT NULL,
    last_attempt_at   INTEGER NOT NULL,
    released          INTEGER NOT NULL,
    owner             INTEGER NOT NULL,
    claimed_at        INTEGER NOT NULL,
    free              INTEGER NOT NULL,
    rank              INTEGER NOT NULL
) STRICT;
-- The claim: by campaign and import (whose visibility is one row elsewhere), in the order of calling.
CREATE INDEX leads_claim ON leads (campaign_id, import_id, rank, due_at) WHERE free = 1;
CREATE INDEX leads_owner ON leads (owner) WHERE owner <> 0;
CREATE INDEX leads_person ON leads (person_id);
CREATE INDEX leads_list ON leads (list_id);
CREATE INDEX leads_import ON leads (import_id);
CREATE INDEX leads_campaign ON leads (campaign_id);
CREATE INDEX leads_state ON leads (campaign_id, state);

CREATE TABLE lead_numbers (
    id          INTEGER PRIMARY KEY,
    lead_id     INTEGER NOT NULL,
    number_id   INTEGER NOT NULL,
    campaign_id INTEGER NOT NULL,
    import_id   INTEGER NOT NULL,
    place       INTEGER NOT NULL,
    UNIQUE (number_id, campaign_id)
) STRICT;
CREATE INDEX lead_numbers_lead ON lead_numbers (lead_id);
CREATE INDEX lead_numbers_import ON lead_numbers (import_id);

CREATE TABLE attempts (
    id                INTEGER PRIMARY KEY,
    campaign_id       INTEGER NOT NULL,
    lead_id           INTEGER NOT NULL,
    person_id         INTEGER NOT NULL,
    number_id         INTEGER NOT NULL,
    number_index      INTEGER NOT NULL,
    manual            INTEGER NOT NULL,
    unguarded         INTEGER NOT NULL,
    conversed         INTEGER NOT NULL,
    counted_answer    INTEGER NOT NULL,
    open              INTEGER NOT NULL,
    counts            INTEGER NOT NULL,
    state             INTEGER NOT NULL,
    result            INTEGER NOT NULL,
    action            INTEGER NOT NULL,
    reason            INTEGER NOT NULL,
    agent_id          INTEGER NOT NULL,
    reservation_id    INTEGER NOT NULL,
    disposition       INTEGER NOT NULL,
    callback_at       INTEGER NOT NULL,
    callback_agent_id INTEGER NOT NULL,
    sip_code          INTEGER NOT NULL,
    hello_us          INTEGER NOT NULL,
    planned_at        INTEGER NOT NULL,
    ordered_at        INTEGER NOT NULL,
    placed_at         INTEGER NOT NULL,
    ringing_at        INTEGER NOT NULL,
    answered_at       INTEGER NOT NULL,
    bridged_at        INTEGER NOT NULL,
    ended_at          INTEGER NOT NULL,
    wrapped_at        INTEGER NOT NULL,
    call_sid          TEXT    NOT NULL,
    caller_id         TEXT    NOT NULL,
    note              TEXT    NOT NULL,
    called_at         INTEGER NOT NULL
) STRICT;
CREATE INDEX attempts_campaign ON attempts (campaign_id);
CREATE INDEX attempts_lead ON attempts (lead_id);
CREATE INDEX attempts_number ON attempts (number_id, called_at) WHERE called_at > 0;
CREATE INDEX attempts_person ON attempts (person_id, called_at) WHERE called_at > 0;
CREATE INDEX attempts_open ON attempts (id) WHERE open = 1;
CREATE INDEX attempts_agent ON attempts (agent_id) WHERE agent_id <> 0;
CREATE INDEX attempts_call ON attempts (call_sid) WHERE call_sid <> '';
CREATE INDEX attempts_hello ON attempts (campaign_id, hello_us) WHERE hello_us >= 0;

CREATE TABLE agents (
    id              INTEGER PRIMARY KEY,
    name            TEXT    NOT NULL UNIQUE,
    full_name       TEXT    NOT NULL,
    address         TEXT    NOT NULL,
    secret_hash     TEXT    NOT NULL,
    settings        TEXT    NOT NULL,
    disabled        INTEGER NOT NULL,
    made_at         INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    activity        INTEGER NOT NULL,
    break_code      INTEGER NOT NULL,
    next_wanted     INTEGER NOT NULL,
    next_activity   INTEGER NOT NULL,
    next_break_code INTEGER NOT NULL,
    since           INTEGER NOT NULL,
    leg             INTEGER NOT NULL,
    leg_serial      INTEGER NOT NULL,
    leg_since       INTEGER NOT NULL
) STRICT;

CREATE TABLE activities (
    id          INTEGER PRIMARY KEY,
    agent_id    INTEGER NOT NULL,
    activity    INTEGER NOT NULL,
    break_code  INTEGER NOT NULL,
    campaign_id INTEGER NOT NULL,
    attempt_id  INTEGER NOT NULL,
    begun_at    INTEGER NOT NULL,
    ended_at    INTEGER NOT NULL,
    open        INTEGER NOT NULL
) STRICT;
CREATE INDEX activities_agent ON activities (agent_id);
CREATE INDEX activities_open ON activities (id) WHERE open = 1;

CREATE TABLE reservations (
    id          INTEGER PRIMARY KEY,
    agent_id    INTEGER NOT NULL,
    campaign_id INTEGER NOT NULL,
    lead_id     INTEGER NOT NULL,
    attempt_id  INTEGER NOT NULL,
    state       INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL,
    until       INTEGER NOT NULL,
    open        INTEGER NOT NULL
) STRICT;
CREATE INDEX reservations_agent ON reservations (agent_id);
CREATE INDEX reservations_campaign ON reservations (campaign_id);
CREATE INDEX reservations_open ON reservations (id) WHERE open = 1;

CREATE TABLE do_not_call (
    id          INTEGER PRIMARY KEY,
    e164        TEXT    NOT NULL,
    campaign_id INTEGER NOT NULL,
    source      TEXT    NOT NULL,
    note        TEXT    NOT NULL,
    attempt_id  INTEGER NOT NULL,
    added_at    INTEGER NOT NULL,
    UNIQUE (e164, campaign_id)
) STRICT;

CREATE TABLE tokens (
    id         INTEGER PRIMARY KEY,
    hash       TEXT    NOT NULL UNIQUE,
    agent_id   INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    rights     TEXT    NOT NULL,
    made_at    INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE meta (
    id    INTEGER PRIMARY KEY,
    key   TEXT    NOT NULL UNIQUE,
    value TEXT    NOT NULL
) STRICT;

CREATE TABLE journal (
    sequence INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    bytes    BLOB    NOT NULL
) STRICT;

-- Kept by the program with every put, in the same transaction; store_balance counts again.
CREATE TABLE sequences (
    id   INTEGER PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT;

CREATE TABLE figures (
    id      INTEGER PRIMARY KEY,
    figures BLOB    NOT NULL
) STRICT;

CREATE TABLE lead_counts (
    id          INTEGER PRIMARY KEY,
    campaign_id INTEGER NOT NULL,
    import_id   INTEGER NOT NULL,
    fresh       INTEGER NOT NULL,
    due         INTEGER NOT NULL,
    held        INTEGER NOT NULL,
    attempting  INTEGER NOT NULL,
    callback    INTEGER NOT NULL,
    done        INTEGER NOT NULL,
    exhausted   INTEGER NOT NULL,
    blocked     INTEGER NOT NULL
) STRICT;
CREATE INDEX lead_counts_campaign ON lead_counts (campaign_id);
