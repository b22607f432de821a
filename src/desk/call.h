#ifndef DESK_CALL_H
#define DESK_CALL_H

#include "api/api.h"

/*
 * What an agent does with the call, from the page (docs/desk.md): each feeds one event and is answered with
 * the desk as it is then, when that is on disk. The agent is the token's own.
 */
void api_desk_phone(struct api_call *call);
void api_desk_more_time(struct api_call *call);
void api_desk_digits(struct api_call *call);
void api_desk_hold(struct api_call *call);
void api_desk_transfer(struct api_call *call);
void api_desk_add(struct api_call *call);
void api_desk_consult(struct api_call *call);
void api_desk_party(struct api_call *call);
void api_desk_hang_up(struct api_call *call);

#endif
