#ifndef API_TOKENS_H
#define API_TOKENS_H

#include "api/api.h"

/* Bearer tokens: listed without their secret, made (shown this once), ended. */
void api_tokens_list(struct api_call *call);
void api_tokens_make(struct api_call *call);
void api_token_end(struct api_call *call);

#endif
