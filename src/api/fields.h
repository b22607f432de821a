#ifndef API_FIELDS_H
#define API_FIELDS_H

#include "api/api.h"

/*
 * What a request may say: the parameters of its query and the fields of its body, by the words of its route. A
 * misspelt name is refused, never passed over: whoever meant `agent` and wrote `agnet` would get an operator's token.
 */

/* False after refusing (400): a parameter that the route does not have. */
bool api_query_fits(struct api_call *call);
/* False after refusing (400): a field that the route does not have, or of another kind. A null is let through. */
bool api_body_fits(struct api_call *call);

#endif
