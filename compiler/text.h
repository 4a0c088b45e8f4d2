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

#endif
