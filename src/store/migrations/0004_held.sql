-- A customer whom the agent has put on hold is so after a restart, too; and a conversation that was cut by our
-- fault is called back and shown as such.
ALTER TABLE attempts ADD COLUMN held_since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0;
