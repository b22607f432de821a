#ifndef DESK_SETUP_H
#define DESK_SETUP_H

#include "api/api.h"

/* What a page needs to begin, and does not change while it is open (docs/desk.md). */
void api_desk_setup(struct api_call *call);
void api_desk_voice_token(struct api_call *call);
void api_desk_campaign(struct api_call *call);

#endif
