-- What an agent is doing now was found among everything the agent has ever done, at every change of it.
DROP INDEX activities_agent;
CREATE INDEX activities_agent_open ON activities (agent_id) WHERE open = 1;
