#ifndef CORE_CODEC_H
#define CORE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "core/agent.h"
#include "core/attempt.h"
#include "core/campaign.h"
#include "core/lead.h"

/*
 * The journal's bytes. One description of each thing serves both directions: every field passes
 * through code_*(), which writes what it is given, or returns what it has read. For the core's own
 * files only.
 *
 *   'J' version kind  size(2, little endian)  payload  checksum(4, FNV-1a of all before)
 *
 *   codec_write(&codec, bytes, room); value = code_u32(&codec, value); ...
 *   size = codec_close(&codec, kind);                   room is the caller's to know
 *
 *   err = codec_read(&codec, bytes, size, &kind, &whole);          0, ENODATA, EBADMSG
 *   value = code_u32(&codec, 0); ...
 *   codec_is_through(&codec)                            nothing was missing, nothing is left
 */
enum { HEAD_SIZE = 5, CHECK_SIZE = 4, MAGIC = 'J', JOURNAL_VERSION = 1 };

struct codec {
    uint8_t *out; /* NULL: reading */
    const uint8_t *in;
    size_t at, size;
    bool failed;
};

void codec_write(struct codec *codec, uint8_t *bytes, size_t room);
size_t codec_close(struct codec *codec, uint8_t kind);
int codec_read(struct codec *codec, const uint8_t *bytes, size_t size, uint8_t *kind,
               size_t *whole) must_check;
bool codec_is_through(const struct codec *codec);

uint64_t code_u64(struct codec *codec, uint64_t value); /* seven bits a byte, the lowest first */
uint64_t code_below(struct codec *codec, uint64_t value, uint64_t bound);
uint64_t code_id(struct codec *codec, uint64_t value);
int64_t code_i64(struct codec *codec, int64_t value);
uint32_t code_u32(struct codec *codec, uint32_t value);
uint16_t code_u16(struct codec *codec, uint16_t value);
uint8_t code_u8(struct codec *codec, uint8_t value);
bool code_bool(struct codec *codec, bool value);

void code_history(struct codec *codec, struct call_history *history);
void code_campaign(struct codec *codec, struct campaign_facts *facts);
void code_reservation(struct codec *codec, struct reservation_record *record);
void code_agent_record(struct codec *codec, struct agent_record *record);
void code_attempt(struct codec *codec, struct attempt_record *record);
void code_lead_record(struct codec *codec, struct lead_record *record);

#endif
