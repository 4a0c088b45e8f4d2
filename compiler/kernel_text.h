/* kernel_text.h: the kernels' own source, cut to what a network needs. */
#ifndef KERNEL_TEXT_H
#define KERNEL_TEXT_H
#include "code.h"

/* The files of runtime/kernels, embedded when bnc is built; the last has a null name. */
typedef struct KernelFile { const char *name, *text; } KernelFile;
extern const KernelFile kernel_files[];

/* ---- C as text, in kernel_text.c */

bool is_name(char c);
/* Past a comment, a string or a character at text; text itself when it is none. */
const char *skip_opaque(const char *text);

/* kernel_source.c: all files as one text for so many lanes. Conditions are decided and macros expanded, except those
 * that depend on who compiles the text. Each file's part begins with a line `\f` NAME. */
const char *kernel_source(Arena *arena, int lanes);

/* kernel_text.c: adds what the named functions need, themselves included, every name with the prefix. */
void put_kernels(Code *code, int lanes, const char *prefix, const char *const *functions, int count);

/* The prefix in capitals, for macros. */
const char *capitals(Arena *arena, const char *prefix);

#endif
