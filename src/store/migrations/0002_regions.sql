-- Leads are claimed where it is day: a region is the time zones in which a lead's numbers may lie, as the
-- server words them. 0: not known, claimed at any hour.
CREATE TABLE regions (
    id    INTEGER PRIMARY KEY,
    zones TEXT    NOT NULL UNIQUE
) STRICT;

ALTER TABLE leads ADD COLUMN region_id INTEGER NOT NULL DEFAULT 0;

DROP INDEX leads_claim;
CREATE INDEX leads_claim ON leads (campaign_id, import_id, rank, region_id, due_at) WHERE free = 1;
