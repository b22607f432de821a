#ifndef VOICE_SECURE_BINDING_H
#define VOICE_SECURE_BINDING_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/*
 * STUN's binding messages (RFC 8489), as ICE sends them (RFC 8445): with USERNAME, short-term
 * MESSAGE-INTEGRITY (SHA-1) and FINGERPRINT. Pure, but for OpenSSL's HMAC.
 *
 *   if (binding_parse(&request, bytes, size) && request.kind == BINDING_REQUEST)
 *       ... look for the password by request.username ...
 *       if (binding_is_signed(&request, password))
 *           size = binding_reply(&request, from, password, out);
 */
enum binding_kind { BINDING_REQUEST, BINDING_INDICATION, BINDING_SUCCESS, BINDING_ERROR };

enum { BINDING_SIZE_MAX = 548, BINDING_TRANSACTION_SIZE = 12 };

struct binding {
    enum binding_kind kind;
    uint8_t transaction[BINDING_TRANSACTION_SIZE];
    struct slice username; /* within the bytes parsed; empty: none */
    bool has_integrity;    /* still to be checked: binding_is_signed */
    bool has_fingerprint;  /* and it is right */
    bool use_candidate, controlling;
    uint32_t priority;         /* 0: none */
    uint16_t not_understood;   /* an attribute that must be understood, and is not; 0: none */
    struct sockaddr_in mapped; /* XOR-MAPPED-ADDRESS, IPv4; family 0: none */
    const uint8_t *bytes;      /* as given */
    size_t integrity_at;
};

/*
 * False: no STUN message of the method Binding, cut short, longer than BINDING_SIZE_MAX, or its fingerprint is wrong.
 * What follows MESSAGE-INTEGRITY is not looked at, save the fingerprint.
 */
bool binding_parse(struct binding *binding, const void *bytes, size_t size) must_check;
bool binding_is_signed(const struct binding *binding, const char *password) must_check;

/* Each writes a whole message, signed and with its fingerprint, and returns its size. */
size_t binding_reply(const struct binding *request, const struct sockaddr_in *from,
                     const char *password, uint8_t out[BINDING_SIZE_MAX]);
/* 420: the request has an attribute which must be understood and is not. */
size_t binding_refuse(const struct binding *request, const char *password,
                      uint8_t out[BINDING_SIZE_MAX]);

struct binding_order {
    uint8_t transaction[BINDING_TRANSACTION_SIZE];
    struct slice username; /* "theirs:ours"; at most 256 bytes */
    uint32_t priority;
    uint64_t tie_breaker;
    bool use_candidate;
};

/* A controlling agent's check: what a browser would send. */
size_t binding_request(const struct binding_order *order, const char *password,
                       uint8_t out[BINDING_SIZE_MAX]);

#endif
