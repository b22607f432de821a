#ifndef VOICE_DECODE_CHILD_H
#define VOICE_DECODE_CHILD_H

/*
 * The child process that decodes audio from strangers: `outdial _decode-audio TYPE MS`. Reads a file
 * on standard input and writes mu-law to standard output: exit code 0. When it cannot, it writes a
 * sentence there instead: exit code 1. It takes away its own rights first (time, memory, files), so
 * a flaw in a decoder costs the engine nothing but this prompt.
 */
int decode_child_main(int argc,
                      char **argv); /* argv[0] is "_decode-audio"; returns the exit code */

#endif
