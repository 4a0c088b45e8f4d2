/* text.h: shared by text.c and error.c. */
#ifndef TEXT_H
#define TEXT_H
#include "bnc.h"

enum { NOT_UTF8 = 0x110000, LONGEST_ESCAPE = 4 * 4 };

typedef struct Glyph {
	uint32_t code;          /* NOT_UTF8: a byte that is not part of UTF-8 */
	int length;             /* in bytes */
} Glyph;

Glyph glyph_at(const char *text, const char *end);      /* text < end */
bool is_harmless(uint32_t code);
/* The number of terminal columns that the glyph takes, or the ? in its place; at most 8 for a tab, which goes to the
 * next multiple of 8. A character outside ASCII counts as 1, unless the thread uses a locale that knows its width. */
int glyph_columns(Glyph glyph);

#endif
