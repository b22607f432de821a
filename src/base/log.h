#ifndef BASE_LOG_H
#define BASE_LOG_H

/*
 * The operators' log: one line an event on standard error, a fixed verb and named fields.
 *
 *   log_event("call.ended", "call=%s reason=%s ring_ms=%d", sid, reason, ms);
 *
 * Never a telephone number in full (log_number keeps its ends), never a secret. Any thread may call.
 */
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

enum { LOG_NUMBER_SIZE = 32 };

void log_level_set(enum log_level least); /* LOG_INFO at first */
void log_event(const char *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_warning(const char *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_error(const char *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_debug(const char *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "+15005550001" -> "+1500…01"; returns out */
const char *log_number(const char *number, char out[LOG_NUMBER_SIZE]);

#endif
