#include "serve/routes.h"

#include "api/agents.h"
#include "api/campaigns.h"
#include "api/imports.h"
#include "api/leads.h"
#include "api/live.h"
#include "api/session_routes.h"
#include "api/tokens.h"
#include "desk/act.h"
#include "desk/call.h"
#include "desk/callbacks.h"
#include "desk/desk.h"
#include "desk/preferences.h"
#include "desk/setup.h"

#define V "/api/v1"

/* A fixed word goes before a {part} of the same place. */
const struct api_route routes[] = {
    {"GET", "/api/openapi.json", API_PUBLIC, api_openapi, false, "", ""},
    {"GET", V "/health", API_PUBLIC, api_health, false, "", ""},
    {"POST", V "/session", API_PUBLIC, api_session_make, false, "", "name:text password:text"},
    {"GET", V "/session", API_PUBLIC, api_session_show, false, "", ""},
    {"DELETE", V "/session", API_PUBLIC, api_session_end, false, "", ""},
    {"GET", V "/live", API_OPERATOR, api_live, false, "", ""},

    {"GET", V "/campaigns", API_OPERATOR, api_campaigns_list, false, "limit cursor", ""},
    {"POST", V "/campaigns", API_OPERATOR, api_campaigns_create, false, "",
     "name:text settings:object"},
    {"GET", V "/campaigns/{campaign}", API_OPERATOR, api_campaign_show, false, "", ""},
    {"PATCH", V "/campaigns/{campaign}", API_OPERATOR, api_campaign_change, false, "",
     "settings:object"},
    {"GET", V "/campaigns/{campaign}/dispositions", API_AGENT, api_campaign_dispositions, false, "",
     ""},
    {"GET", V "/campaigns/{campaign}/report", API_OPERATOR, api_campaign_report, false, "", ""},
    {"GET", V "/campaigns/{campaign}/export", API_OPERATOR, api_campaign_export, false, "", ""},
    {"GET", V "/campaigns/{campaign}/imports", API_OPERATOR, api_imports_list, false,
     "limit cursor", ""},
    {"POST", V "/campaigns/{campaign}/imports", API_OPERATOR, api_imports_take, true,
     "filename country list", ""},
    {"GET", V "/imports/{import}", API_OPERATOR, api_import_show, false, "", ""},
    {"GET", V "/imports/{import}/rejects", API_OPERATOR, api_import_rejects, false, "", ""},
    {"POST", V "/campaigns/{campaign}/{command}", API_OPERATOR, api_campaign_command, false, "",
     ""},

    {"GET", V "/leads", API_OPERATOR, api_leads_list, false, "campaign state limit cursor", ""},
    {"GET", V "/leads/{lead}", API_OPERATOR, api_lead_show, false, "", ""},
    {"GET", V "/attempts", API_OPERATOR, api_attempts_list, false,
     "campaign lead agent limit cursor", ""},
    {"GET", V "/attempts/{attempt}", API_OPERATOR, api_attempt_show, false, "", ""},

    {"GET", V "/agents", API_OPERATOR, api_agents_list, false, "limit cursor", ""},
    {"POST", V "/agents", API_OPERATOR, api_agents_create, false, "",
     "name:text full_name:text contact:text campaigns:list password:text"},
    {"GET", V "/agents/{agent}", API_AGENT, api_agent_show, false, "", ""},
    {"PATCH", V "/agents/{agent}", API_OPERATOR, api_agent_change, false, "",
     "full_name:text contact:text campaigns:list"},
    {"DELETE", V "/agents/{agent}", API_OPERATOR, api_agent_remove, false, "", ""},
    {"GET", V "/agents/{agent}/lead", API_AGENT, api_agent_lead, false, "", ""},
    {"POST", V "/agents/{agent}/login", API_AGENT, api_agent_login, false, "",
     "activity:text break_code:whole"},
    {"POST", V "/agents/{agent}/logout", API_AGENT, api_agent_logout, false, "", ""},
    {"POST", V "/agents/{agent}/activity", API_AGENT, api_agent_activity, false, "",
     "activity:text break_code:whole forced:flag"},
    {"POST", V "/agents/{agent}/disposition", API_AGENT, api_agent_disposition, false, "",
     "attempt:whole code:whole callback_at:text callback_agent:text note:text"},
    {"POST", V "/agents/{agent}/preview", API_AGENT, api_agent_preview, false, "",
     "decision:text until:text"},
    {"POST", V "/agents/{agent}/dial", API_AGENT, api_agent_dial, false, "",
     "lead:whole number_index:whole"},
    {"POST", V "/agents/{agent}/hangup", API_AGENT, api_agent_hang_up, false, "", ""},
    {"POST", V "/agents/{agent}/password", API_AGENT, api_agent_password, false, "",
     "password:text old_password:text"},
    {"POST", V "/agents/{agent}/reject", API_AGENT, api_agent_reject, false, "", ""},

    {"GET", V "/desk", API_AGENT, api_desk_show, false, "", ""},
    {"GET", V "/desk/setup", API_AGENT, api_desk_setup, false, "", ""},
    {"PUT", V "/desk/preferences", API_AGENT, api_desk_preferences, false, "",
     "keys:object theme:text cues:object language:text letters:flag"},
    {"GET", V "/desk/voice-token", API_AGENT, api_desk_voice_token, false, "", ""},
    {"GET", V "/desk/campaigns/{campaign}", API_AGENT, api_desk_campaign, false, "", ""},
    {"GET", V "/desk/callbacks", API_AGENT, api_desk_callbacks, false, "", ""},
    {"GET", V "/desk/calls", API_AGENT, api_desk_calls, false, "", ""},
    {"POST", V "/desk/join", API_AGENT, api_desk_join, false, "",
     "screen:text campaigns:list activity:text break_code:whole"},
    {"POST", V "/desk/leave", API_AGENT, api_desk_leave, false, "", ""},
    {"POST", V "/desk/activity", API_AGENT, api_desk_activity, false, "",
     "activity:text break_code:whole"},
    {"POST", V "/desk/preview", API_AGENT, api_desk_preview, false, "",
     "decision:text until:text reason:text"},
    {"POST", V "/desk/dial", API_AGENT, api_desk_dial, false, "", "lead:whole number_index:whole"},
    {"POST", V "/desk/disposition", API_AGENT, api_desk_disposition, false, "",
     "attempt:whole code:whole callback_at:text callback_agent:who note:text finish:flag"},
    {"POST", V "/desk/note", API_AGENT, api_desk_note, false, "", "attempt:whole note:text"},
    {"POST", V "/desk/do-not-call", API_AGENT, api_desk_do_not_call, false, "", "attempt:whole"},
    {"POST", V "/desk/help", API_AGENT, api_desk_help, false, "", "on:flag"},
    {"POST", V "/desk/phone", API_AGENT, api_desk_phone, false, "", "screen:text"},
    {"POST", V "/desk/hold", API_AGENT, api_desk_hold, false, "", "on:flag"},
    {"POST", V "/desk/more-time", API_AGENT, api_desk_more_time, false, "", ""},
    {"POST", V "/desk/digits", API_AGENT, api_desk_digits, false, "", "digits:text"},
    {"POST", V "/desk/hangup", API_AGENT, api_desk_hang_up, false, "", ""},
    {"POST", V "/desk/add", API_AGENT, api_desk_add, false, "", "to:object"},
    {"POST", V "/desk/consult", API_AGENT, api_desk_consult, false, "", "action:text"},
    {"POST", V "/desk/party", API_AGENT, api_desk_party, false, "", "party:text action:text"},
    {"POST", V "/desk/transfer", API_AGENT, api_desk_transfer, false, "",
     "to:object ask_first:flag"},

    {"GET", V "/do-not-call", API_OPERATOR, api_do_not_call_list, false, "number limit cursor", ""},
    {"POST", V "/do-not-call", API_OPERATOR, api_do_not_call_add, false, "",
     "number:text country:text campaign:text source:text note:text"},
    {"DELETE", V "/do-not-call/{entry}", API_OPERATOR, api_do_not_call_remove, false, "", ""},

    {"GET", V "/tokens", API_OPERATOR, api_tokens_list, false, "limit cursor", ""},
    {"POST", V "/tokens", API_OPERATOR, api_tokens_make, false, "",
     "name:text agent:text expires_s:whole"},
    {"DELETE", V "/tokens/{token}", API_OPERATOR, api_token_end, false, "", ""},
};

const size_t route_count = array_count(routes);
