-- A third person in a conversation is found again after a restart: with its state, and who
-- hears whom.
ALTER TABLE attempts ADD COLUMN party_state INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN party_serial INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN party_since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN party_consulting INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN party_held INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN party_muted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN party_blind INTEGER NOT NULL DEFAULT 0;
