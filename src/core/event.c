#include "core/event.h"

#include "core/names.h"

static const char *const kind_names[EVENT_KIND_COUNT] = {
    [EVENT_CAMPAIGN_LOADED] = "campaign-loaded",
    [EVENT_CAMPAIGN_CHANGED] = "campaign-changed",
    [EVENT_CAMPAIGN_COMMANDED] = "campaign-commanded",
    [EVENT_AGENT_LOADED] = "agent-loaded",
    [EVENT_AGENT_CHANGED] = "agent-changed",
    [EVENT_AGENT_REMOVED] = "agent-removed",
    [EVENT_ATTEMPT_RECOVERED] = "attempt-recovered",
    [EVENT_RECOVERY_ENDED] = "recovery-ended",
    [EVENT_LEAD_CLAIMED] = "lead-claimed",
    [EVENT_CLAIM_ENDED] = "claim-ended",
    [EVENT_LEADS_ADDED] = "leads-added",
    [EVENT_LEAD_WITHDRAWN] = "lead-withdrawn",
    [EVENT_DO_NOT_CALL_ADDED] = "do-not-call-added",
    [EVENT_ATTEMPT_COMMITTED] = "attempt-committed",
    [EVENT_CALL_PLACED] = "call-placed",
    [EVENT_CALL_PLACE_FAILED] = "call-place-failed",
    [EVENT_CALL_PLACE_UNKNOWN] = "call-place-unknown",
    [EVENT_CALL_STATUS] = "call-status",
    [EVENT_CALL_ANSWERED] = "call-answered",
    [EVENT_CALL_JOINED] = "call-joined",
    [EVENT_CALL_LEFT] = "call-left",
    [EVENT_CALL_POLLED] = "call-polled",
    [EVENT_CALL_MACHINE] = "call-machine",
    [EVENT_AGENT_LOGGED_IN] = "agent-logged-in",
    [EVENT_AGENT_ACTIVITY] = "agent-activity",
    [EVENT_AGENT_LEG_CONNECTED] = "agent-leg-connected",
    [EVENT_AGENT_LEG_LOST] = "agent-leg-lost",
    [EVENT_AGENT_REJECTED] = "agent-rejected",
    [EVENT_PREVIEW_ACCEPTED] = "preview-accepted",
    [EVENT_PREVIEW_SKIPPED] = "preview-skipped",
    [EVENT_PREVIEW_SNOOZED] = "preview-snoozed",
    [EVENT_MANUAL_DIALLED] = "manual-dialled",
    [EVENT_AGENT_HUNG_UP] = "agent-hung-up",
    [EVENT_DISPOSITION_SAVED] = "disposition-saved",
    [EVENT_VOICE_RESTARTED] = "voice-restarted",
    [EVENT_DIALLING_HELD] = "dialling-held",
    [EVENT_CALL_NOT_CARRIED] = "call-not-carried",
    [EVENT_AGENT_PHONE_READY] = "agent-phone-ready",
    [EVENT_CALL_TRANSFERRED] = "call-transferred",
    [EVENT_PARTY_ASKED] = "party-asked",
    [EVENT_PARTY_NEWS] = "party-news",
    [EVENT_MORE_TIME] = "more-time",
    [EVENT_CUSTOMER_HOLD] = "customer-hold",
    [EVENT_CLOCK_LEAPT] = "clock-leapt",
    [EVENT_TIME_PASSED] = "time-passed",
    [EVENT_DO_NOT_CALL_REMOVED] = "do-not-call-removed",
};

const char *event_kind_name(enum event_kind kind)
{
    return name_of(kind_names, EVENT_KIND_COUNT, kind);
}
