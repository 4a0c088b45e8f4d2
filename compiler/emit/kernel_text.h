/* kernel_text.h: the part of the kernels' source that a network needs. */
#ifndef KERNEL_TEXT_H
#define KERNEL_TEXT_H
#include "base/code.h"

/* The files of runtime/kernels, built into bnc; the last one has a null name. */
typedef struct KernelFile { const char *name, *text; } KernelFile;
extern const KernelFile kernel_files[];

/* ---- c_text.c: C as text */

static inline bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Returns the end of the name that begins at text; text itself if none does. */
const char *name_end(const char *text);
/* Returns the beginning of the last name before end; text if there is none. */
const char *name_before(const char *text, const char *end);
/* Returns the end of a comment, a string or a character at text; text itself if there is none. */
const char *skip_opaque(const char *text);

/* Returns the end of a decimal literal of type float, such as 1.0f; text itself if there is none. */
const char *skip_suffixed(const char *text);
/* The end of INFINITY or NAN, which are of type float, if text begins with one; else text. Among doubles they are
 * converted in so many words, which compilers can be asked to want. */
const char *skip_float_constant(const char *text);

/* ---- kernel_source.c */

/* All files as one text for this number of lanes. Conditions are decided and macros expanded, except those that depend
 * on the compiler of the text. The part of each file begins with a line `\f` NAME. */
const char *kernel_source(Arena *arena, int lanes, size_t number_bytes);

/* ---- plain_text.c */

/* The source for one lane without vectors. */
const char *plain_text(Arena *arena, const char *source);

/* ---- kernel_text.c */

/* Writes the named functions and what they need, with the prefix before every name. */
void put_kernels(Code *code, int lanes, size_t number_bytes, const char *prefix, const char *const *functions,
	int count);

/* Returns the prefix in capitals, for macros. */
const char *capitals(Arena *arena, const char *prefix);

#endif
