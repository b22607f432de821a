#ifndef API_SESSION_ROUTES_H
#define API_SESSION_ROUTES_H

#include "api/api.h"

/* Signing in, asking who one is, signing out; and an agent's password. docs/desk.md, docs/api.md. */
void api_session_make(struct api_call *call);
void api_session_show(struct api_call *call);
void api_session_end(struct api_call *call);
void api_agent_password(struct api_call *call);

/* Goes on with `then` (an API_WRITE) when the job's input has had its "password" changed into "secret_hash"; the job was
 * made with api_job_new. For an agent that is made with one. */
void api_with_secret(struct api_job *job, int (*work)(struct store *store, struct api_job *job),
                     void (*then)(struct api_job *job));

#endif
