/* text.h: what text.c and error.c share. */
#ifndef TEXT_H
#define TEXT_H
#include "bnc.h"

enum { NOT_UTF8 = 0x110000, LONGEST_ESCAPE = 4 * 4 };

typedef struct Glyph {
	uint32_t code;          /* NOT_UTF8 for a byte that is not a part of UTF-8 */
	int length;             /* in bytes */
} Glyph;

Glyph glyph_at(const char *text, const char *end);      /* text < end */
bool is_harmless(uint32_t code);
/* How many columns of a terminal the glyph takes, or the ? in its place; a tab, which goes to the next multiple of 8, takes 8 at most.
 * What is not ASCII counts 1, unless the thread uses a locale that knows better. */
int glyph_columns(Glyph glyph);

#endif
