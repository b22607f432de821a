#ifndef API_IMPORTS_H
#define API_IMPORTS_H

#include "api/api.h"

/* Lists in, attempts out. */
void api_imports_list(struct api_call *call);
void api_imports_take(struct api_call *call);
void api_import_show(struct api_call *call);
void api_import_rejects(struct api_call *call);
void api_campaign_export(struct api_call *call);

#endif
