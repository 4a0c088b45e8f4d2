/* text.c: source text as people see it: lines, columns, quotations. Everything also works for bytes that are not
 * UTF-8. */
#define _XOPEN_SOURCE 700       /* wcwidth */
#include "text.h"
#include <string.h>
#include <wchar.h>

static bool continues(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

Glyph glyph_at(const char *text, const char *end)
{
	unsigned lead = (unsigned char)*text;
	int length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
	if (lead >= 0xf5 || (lead >= 0x80 && lead < 0xc2) || length > end - text)
		return (Glyph){ NOT_UTF8, 1 };
	if (length == 1)
		return (Glyph){ lead, 1 };
	uint32_t code = lead & (0x7fu >> length);
	for (int i = 1; i < length; i++) {
		if (!continues(text[i]))
			return (Glyph){ NOT_UTF8, 1 };
		code = code << 6 | ((unsigned char)text[i] & 0x3f);
	}
	bool overlong = code < (length == 4 ? 0x10000u : length == 3 ? 0x800u : 0x80u);
	bool surrogate = code >= 0xd800 && code <= 0xdfff;
	return overlong || surrogate || code > 0x10ffff ? (Glyph){ NOT_UTF8, 1 } : (Glyph){ code, length };
}

/* Not harmless are control characters, and the invisible ones that reorder or hide the text next to them. */
bool is_harmless(uint32_t code)
{
	bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
	bool invisible = (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
		(code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
	return code != NOT_UTF8 && !control && !invisible;
}

int glyph_columns(Glyph glyph)
{
	enum { TAB = 8 };
	if (glyph.code == '\t')
		return TAB;
	int columns = is_harmless(glyph.code) ? wcwidth((wchar_t)glyph.code) : 1;
	return columns < 0 ? 1 : columns;
}

static size_t put_safely(char *out, Glyph glyph, const char *text)
{
	if (is_harmless(glyph.code)) {
		memcpy(out, text, (size_t)glyph.length);
		return (size_t)glyph.length;
	}
	size_t size = 0;
	for (int i = 0; i < glyph.length; i++) {
		const char *digits = "0123456789abcdef";
		unsigned byte = (unsigned char)text[i];
		const char escape[4] = { '\\', 'x', digits[byte >> 4], digits[byte & 15] };
		memcpy(out + size, escape, 4);
		size += 4;
	}
	return size;
}

void print_safely(const char *text, size_t length, FILE *out)
{
	const char *end = text + length;
	char safe[LONGEST_ESCAPE];
	while (text < end) {
		Glyph glyph = glyph_at(text, end);
		fwrite(safe, 1, put_safely(safe, glyph, text), out);
		text += glyph.length;
	}
}

const char *quote_source(Arena *arena, const Source *source, Span span)
{
	enum { LONGEST_QUOTE = 40 };
	const char *text = source->text + span.begin, *end = source->text + span.end;
	char quote[LONGEST_QUOTE + LONGEST_ESCAPE + 4];
	size_t size = 0;
	while (text < end && size < LONGEST_QUOTE) {
		Glyph glyph = glyph_at(text, end);
		size += put_safely(quote + size, glyph, text);
		text += glyph.length;
	}
	if (text < end) {
		memcpy(quote + size, "...", 3);
		size += 3;
	}
	return arena_copy(arena, quote, size);
}

Place place_first(const Source *source)
{
	uint32_t begin = source->length >= 3 && !memcmp(source->text, "\xef\xbb\xbf", 3) ? 3 : 0;
	return (Place){ 1, 1, begin, begin };
}

Place place_next(const Source *source, Place place, uint32_t offset)
{
	const char *text = source->text, *newline;
	if (offset > source->length)
		offset = (uint32_t)source->length;
	if (offset < place.offset)
		place = place_first(source);
	if (offset < place.offset)
		return place;
	while ((newline = memchr(text + place.offset, '\n', offset - place.offset)) != NULL) {
		place.line++;
		place.column = 1;
		place.offset = place.line_begin = (uint32_t)(newline + 1 - text);
	}
	while (place.offset < offset) {
		place.offset += (uint32_t)glyph_at(text + place.offset, text + offset).length;
		place.column++;
	}
	return place;
}
