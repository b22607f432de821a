#include "cli/command.h"
#include "voice/decode_child.h"

/* `outdial _decode-audio TYPE MS`: started by the voice engine only (voice/prompt.c). */
static int run(const struct command *command, int argc, char **argv)
{
    return decode_child_main(argc, argv);
}

const struct command command_decode_audio = {
    .name = "_decode-audio",
    .usage = "TYPE MS",
    .sentence = "decodes audio on standard input to mu-law (used by the voice engine)",
    .hidden = true,
    .run = run,
};
