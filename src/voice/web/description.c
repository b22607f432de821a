#include "voice/web/description.h"

#include <errno.h>
#include <string.h>

enum {
    UFRAG_SIZE_MIN = 4,
    PASSWORD_SIZE_MIN = 22,
    ICE_SIZE_MAX = 256,
    TYPES = 128,
    NO_ORDER = 255,
};

/* What stands in the session part holds for every section that does not say otherwise. */
struct part {
    struct slice ufrag, password;
    struct web_fingerprint fingerprint;
    enum web_setup setup;
    bool sends, receives, rtcp_mux;
    uint8_t order[TYPES]; /* of the stream's payload types */
};

/* "name:value" -> value, when the name is that. */
static bool attribute(struct slice line, const char *name, struct slice *value)
{
    size_t size = strlen(name);

    if (!slice_starts(line, name) || line.size < size + 1 || line.at[size] != ':')
        return false;
    *value = slice_trim(slice_of(line.at + size + 1, line.size - size - 1));
    return true;
}

/* ---- fingerprints ---- */

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "12:AB:..." */
static bool read_bytes(struct slice text, struct web_fingerprint *fingerprint)
{
    fingerprint->size = 0;
    while (text.size) {
        struct slice pair = slice_cut(&text, ':');
        int high = pair.size == 2 ? digit_of(pair.at[0]) : -1;
        int low = pair.size == 2 ? digit_of(pair.at[1]) : -1;

        if (high < 0 || low < 0 || fingerprint->size == WEB_FINGERPRINT_SIZE_MAX)
            return false;
        fingerprint->bytes[fingerprint->size++] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* Of several the strongest counts (RFC 8122, 5.1); those of hashes we do not know are passed over. */
static void read_fingerprint(struct slice text, struct web_fingerprint *best)
{
    static const struct {
        const char *name;
        size_t size;
    } hashes[] = {{"sha-256", 32}, {"sha-384", 48}, {"sha-512", 64}};
    struct slice name = slice_cut(&text, ' ');
    struct web_fingerprint fingerprint;

    for (size_t i = 0; i < array_count(hashes); i++)
        if (slice_is_nocase(name, hashes[i].name) && hashes[i].size > best->size &&
            read_bytes(slice_trim(text), &fingerprint) && fingerprint.size == hashes[i].size) {
            slice_copy(slice_from(hashes[i].name), fingerprint.hash, sizeof(fingerprint.hash));
            *best = fingerprint;
        }
}

/* ---- lines ---- */

static enum web_setup setup_of(struct slice word)
{
    if (slice_is(word, "actpass"))
        return WEB_SETUP_ACTPASS;
    if (slice_is(word, "active"))
        return WEB_SETUP_ACTIVE;
    return slice_is(word, "passive") ? WEB_SETUP_PASSIVE : WEB_SETUP_NONE;
}

static void read_direction(struct slice line, struct part *part)
{
    bool both = slice_is(line, "sendrecv");

    if (both || slice_is(line, "sendonly") || slice_is(line, "recvonly") ||
        slice_is(line, "inactive")) {
        part->sends = both || slice_is(line, "sendonly");
        part->receives = both || slice_is(line, "recvonly");
    }
}

static void read_common(struct slice line, struct part *part)
{
    struct slice value;

    if (attribute(line, "ice-ufrag", &value))
        part->ufrag = value;
    else if (attribute(line, "ice-pwd", &value))
        part->password = value;
    else if (attribute(line, "fingerprint", &value))
        read_fingerprint(value, &part->fingerprint);
    else if (attribute(line, "setup", &value))
        part->setup = setup_of(value);
    else if (slice_is(line, "rtcp-mux"))
        part->rtcp_mux = true;
    else
        read_direction(line, part);
}

static void put_type(struct web_description *theirs, const struct part *part, struct slice codec,
                     int type)
{
    int *place = NULL;

    if (slice_is_nocase(codec, "PCMU/8000") || slice_is_nocase(codec, "PCMU/8000/1"))
        place = &theirs->pcmu;
    else if (slice_is_nocase(codec, "opus/48000/2"))
        place = &theirs->opus;
    else if (slice_is_nocase(codec, "telephone-event/8000"))
        place = &theirs->dtmf_8000;
    else if (slice_is_nocase(codec, "telephone-event/48000"))
        place = &theirs->dtmf_48000;
    if (place && part->order[type] != NO_ORDER &&
        (*place < 0 || part->order[type] < part->order[*place]))
        *place = type;
}

/* "111 opus/48000/2" */
static void read_codec(struct web_description *theirs, const struct part *part, struct slice value)
{
    struct slice number = slice_cut(&value, ' ');
    int64_t type;

    if (slice_to_i64(number, 0, TYPES - 1, &type) == 0)
        put_type(theirs, part, slice_trim(value), (int)type);
}

/* "0 126": 0 needs no further line. */
static void read_formats(struct web_description *theirs, struct part *part, struct slice formats)
{
    uint8_t count = 0;
    int64_t type;

    memset(part->order, NO_ORDER, sizeof(part->order));
    while (formats.size) {
        struct slice number = slice_cut(&formats, ' ');

        if (slice_to_i64(number, 0, TYPES - 1, &type) == 0 && part->order[type] == NO_ORDER)
            part->order[type] = count++;
    }
    put_type(theirs, part, slice_from("PCMU/8000"), 0);
}

/* "audio 9 UDP/TLS/RTP/SAVPF 0 126" */
static int read_section(struct web_description *theirs, struct slice line, bool *is_sound,
                        const char **why)
{
    struct web_section *section;
    struct slice port;

    if (theirs->section_count == WEB_SECTIONS_MAX) {
        *why = "more than sixteen media sections";
        return EINVAL;
    }
    section = &theirs->sections[theirs->section_count++];
    section->kind = slice_cut(&line, ' ');
    port = slice_cut(&line, ' ');
    section->protocol = slice_cut(&line, ' ');
    section->formats = slice_trim(line);
    *is_sound = slice_is(section->kind, "audio") && !slice_is(port, "0") &&
                (slice_is(section->protocol, "UDP/TLS/RTP/SAVPF") ||
                 slice_is(section->protocol, "UDP/TLS/RTP/SAVP") ||
                 slice_is(section->protocol, "RTP/SAVPF"));
    if (!section->kind.size || !section->protocol.size || !section->formats.size) {
        *why = "a media section without kind, protocol or formats";
        return EINVAL;
    }
    return 0;
}

/* ---- the whole ---- */

static bool is_ice_text(struct slice text, size_t least)
{
    return text.size >= least && text.size <= ICE_SIZE_MAX;
}

static const char *missing(const struct web_description *theirs, const struct part *sound)
{
    if (!is_ice_text(sound->ufrag, UFRAG_SIZE_MIN) ||
        !is_ice_text(sound->password, PASSWORD_SIZE_MIN))
        return "no ICE credentials";
    if (!sound->fingerprint.size)
        return "no fingerprint by SHA-256, SHA-384 or SHA-512";
    if (!sound->rtcp_mux)
        return "no rtcp-mux";
    if (sound->setup == WEB_SETUP_NONE)
        return "no a=setup";
    return NULL;
}

static void read_sound(struct web_description *theirs, struct part *sound, struct slice line)
{
    struct slice value;

    if (attribute(line, "rtpmap", &value))
        read_codec(theirs, sound, value);
    else
        read_common(line, sound);
}

static bool next_line(struct slice *rest, char *kind, struct slice *value)
{
    struct slice line;

    do {
        if (!rest->size)
            return false;
        line = slice_trim(slice_cut(rest, '\n'));
    } while (line.size < 2 || line.at[1] != '=');
    *kind = line.at[0];
    *value = slice_of(line.at + 2, line.size - 2);
    return true;
}

static int read_lines(struct web_description *theirs, struct slice text, struct part *sound,
                      const char **why)
{
    struct part session = {.sends = true, .receives = true};
    bool has_sound = false, in_sound = false;
    struct slice line, value;
    char kind;

    while (next_line(&text, &kind, &line)) {
        if (kind == 'm') {
            if (read_section(theirs, line, &in_sound, why))
                return EINVAL;
            in_sound = in_sound && !has_sound;
            if (in_sound) {
                has_sound = true;
                *sound = session;
                theirs->sound = theirs->section_count - 1;
                read_formats(theirs, sound, theirs->sections[theirs->sound].formats);
            }
        } else if (kind == 'a' && theirs->section_count && attribute(line, "mid", &value)) {
            theirs->sections[theirs->section_count - 1].mid = value;
        } else if (kind == 'a' && in_sound) {
            read_sound(theirs, sound, line);
        } else if (kind == 'a' && !theirs->section_count) {
            read_common(line, &session);
            theirs->bundles |= attribute(line, "group", &value) && slice_starts(value, "BUNDLE");
        }
    }
    *why = has_sound ? missing(theirs, sound) : "no secured stream of sound";
    return *why ? EINVAL : 0;
}

int web_description_parse(struct web_description *theirs, struct slice text, const char **why)
{
    struct part sound;
    int err;

    memset(theirs, 0, sizeof(*theirs));
    theirs->pcmu = theirs->opus = theirs->dtmf_8000 = theirs->dtmf_48000 = WEB_NO_TYPE;
    err = read_lines(theirs, text, &sound, why);
    if (err)
        return err;
    theirs->ufrag = sound.ufrag;
    theirs->password = sound.password;
    theirs->fingerprint = sound.fingerprint;
    theirs->setup = sound.setup;
    theirs->sends = sound.sends;
    theirs->receives = sound.receives;
    theirs->opus_first = theirs->opus >= 0 && (theirs->pcmu < 0 || sound.order[theirs->opus] <
                                                                       sound.order[theirs->pcmu]);
    return 0;
}

/* ---- writing ---- */

static const char *direction_of(const struct web_description_ours *ours)
{
    if (ours->sends)
        return ours->receives ? "sendrecv" : "sendonly";
    return ours->receives ? "recvonly" : "inactive";
}

static const char *setup_word(enum web_setup setup)
{
    switch (setup) {
    case WEB_SETUP_ACTPASS:
        return "actpass";
    case WEB_SETUP_ACTIVE:
        return "active";
    case WEB_SETUP_NONE:
    case WEB_SETUP_PASSIVE:
        break;
    }
    return "passive";
}

/* Priorities as for hosts' addresses (RFC 8445, 5.1.2), the first the highest. */
static void write_candidates(struct text *text, const struct web_description_ours *ours)
{
    for (unsigned i = 0; ours->candidates[i]; i++)
        text_addf(text, "a=candidate:%u 1 UDP %u %s %u typ host\r\n", i + 1,
                  126u << 24 | (65535u - i) << 8 | 255u, ours->candidates[i], ours->port);
    text_add(text, "a=end-of-candidates\r\n");
}

static void write_mid(struct text *text, struct slice mid)
{
    if (!mid.size)
        return;
    text_add(text, "a=mid:");
    text_add_slice(text, mid);
    text_add(text, "\r\n");
}

static void write_codec(struct text *text, int type, const char *name)
{
    if (type >= 0)
        text_addf(text, "a=rtpmap:%d %s\r\n", type, name);
}

static void write_codecs(struct text *text, const struct web_description_ours *ours)
{
    write_codec(text, ours->pcmu, "PCMU/8000");
    write_codec(text, ours->opus, "opus/48000/2");
    if (ours->opus >= 0) /* telephone sound, and what is lost is told once more */
        text_addf(text,
                  "a=fmtp:%d "
                  "minptime=10;useinbandfec=1;maxplaybackrate=8000;sprop-maxcapturerate=8000\r\n",
                  ours->opus);
    write_codec(text, ours->dtmf_8000, "telephone-event/8000");
    if (ours->dtmf_8000 >= 0)
        text_addf(text, "a=fmtp:%d 0-15\r\n", ours->dtmf_8000);
    write_codec(text, ours->dtmf_48000, "telephone-event/48000");
    if (ours->dtmf_48000 >= 0)
        text_addf(text, "a=fmtp:%d 0-15\r\n", ours->dtmf_48000);
    text_add(text, "a=ptime:20\r\n");
}

static void write_sound(struct text *text, const struct web_description_ours *ours,
                        struct slice protocol, struct slice mid)
{
    const int types[] = {ours->pcmu, ours->opus, ours->dtmf_8000, ours->dtmf_48000};

    text_addf(text, "m=audio %u ", ours->port);
    text_add_slice(text, protocol);
    for (size_t i = 0; i < array_count(types); i++)
        if (types[i] >= 0)
            text_addf(text, " %d", types[i]);
    text_addf(text, "\r\nc=IN IP4 %s\r\na=rtcp-mux\r\n", ours->candidates[0]);
    write_mid(text, mid);
    text_addf(text, "a=%s\r\na=msid:outdial sound\r\n", direction_of(ours));
    text_addf(text, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\n", ours->ufrag, ours->password);
    text_addf(text, "a=fingerprint:%s\r\na=setup:%s\r\n", ours->fingerprint,
              setup_word(ours->setup));
    write_codecs(text, ours);
    write_candidates(text, ours);
}

static void write_refused(struct text *text, const struct web_section *section)
{
    text_add(text, "m=");
    text_add_slice(text, section->kind);
    text_add(text, " 0 ");
    text_add_slice(text, section->protocol);
    text_add_char(text, ' ');
    text_add_slice(text, section->formats);
    text_add(text, "\r\nc=IN IP4 0.0.0.0\r\n");
    write_mid(text, section->mid);
    text_add(text, "a=inactive\r\n");
}

void web_description_write(struct text *text, const struct web_description_ours *ours,
                           const struct web_description *theirs)
{
    struct slice mid = theirs ? theirs->sections[theirs->sound].mid : slice_from("0");

    text_addf(text, "v=0\r\no=- %llu %u IN IP4 %s\r\ns=-\r\nt=0 0\r\na=ice-lite\r\n",
              (unsigned long long)ours->session, ours->version, ours->candidates[0]);
    if (mid.size && (!theirs || theirs->bundles)) {
        text_add(text, "a=group:BUNDLE ");
        text_add_slice(text, mid);
        text_add(text, "\r\n");
    }
    if (!theirs)
        write_sound(text, ours, slice_from("UDP/TLS/RTP/SAVPF"), mid);
    for (unsigned i = 0; theirs && i < theirs->section_count; i++)
        if (i == theirs->sound)
            write_sound(text, ours, theirs->sections[i].protocol, mid);
        else
            write_refused(text, &theirs->sections[i]);
}
