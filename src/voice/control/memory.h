#ifndef VOICE_CONTROL_MEMORY_H
#define VOICE_CONTROL_MEMORY_H

#include "base/text.h"

/*
 * Memory of call control. A call is a web of small texts; being out of memory in the middle of one
 * has no sensible answer but to stop and be started again, so these check and never return NULL.
 */
void *memory_take(size_t size);         /* zeroed; free() it */
char *memory_text(const char *text);    /* a copy; NULL stays NULL */
char *memory_slice(struct slice slice); /* a zero-terminated copy */
char *memory_clean(const char *text);   /* a copy that is UTF-8 whatever came; NULL: NULL */
void memory_set(char **place, const char *text); /* frees what was there, keeps a copy of text */
char *memory_take_text(struct text *text); /* the bytes of a text, which is empty afterwards */

#endif
