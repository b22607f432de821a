#ifndef WIRE_MAC_H
#define WIRE_MAC_H

#include "base/text.h"

/*
 * HMAC (OpenSSL's), a few hundred thousand times a second: the algorithm is looked up once a thread,
 * which is what makes OpenSSL's own one-call HMAC slow. Any thread; runs out of memory only at a
 * thread's first use, and stops the program then.
 */
enum { MAC_SHA1_SIZE = 20, MAC_SHA256_SIZE = 32 };

void mac_sha1(struct slice key, struct slice data, unsigned char digest[MAC_SHA1_SIZE]);
void mac_sha256(struct slice key, struct slice data, unsigned char digest[MAC_SHA256_SIZE]);

#endif
