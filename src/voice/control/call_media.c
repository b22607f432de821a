#include "voice/control/call.h"

/* A call's place in a media room: at most one, and only while its leg is up. */

void call_leave_room(struct call *call)
{
    struct control_effect *effect;

    if (!call->life->room)
        return;
    if (call->leg_is_up) {
        effect = effect_add(call->control, CONTROL_ROOM_LEAVE, call->leg);
        effect->as.room.room = call->life->room;
    }
    call->life->room = 0;
}

void call_join_room(struct call *call, uint64_t room, bool muted, bool held, uint64_t coach)
{
    struct control_effect *effect;

    if (!call->leg_is_up || call->life->room == room)
        return;
    call_leave_room(call);
    call->life->room = room;
    effect = effect_add(call->control, CONTROL_ROOM_JOIN, call->leg);
    effect->as.room.room = room;
    effect->as.room.muted = muted;
    effect->as.room.held = held;
    effect->as.room.coach = coach;
}
