#ifndef VOICE_SIGNAL_LIBRE_H
#define VOICE_SIGNAL_LIBRE_H

/* libre's headers do not include what they use, and need the definitions of its own build: without
 * HAVE_INET6 struct sa has another size. */
#ifndef HAVE_INET6
#define HAVE_INET6 1
#define HAVE_INTTYPES_H 1
#define HAVE_STDBOOL_H 1
#define USE_OPENSSL 1
#define USE_TLS 1
#endif
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#include <re/re.h>
#pragma GCC diagnostic pop

#endif
