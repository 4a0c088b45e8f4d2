/* cells.c: a table's text, cell by cell. */
#include "table.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_space(const Sheet *sheet, char letter)
{
	return letter == ' ' || (letter == '\t' && sheet->separator != '\t');
}

const char *skip_spaces(const Sheet *sheet, const char *at)
{
	while (is_space(sheet, *at))
		at++;
	return at;
}

static bool is_line_end(char letter)
{
	return letter == '\n' || letter == '\r' || letter == 0;
}

bool cell_ends(const Sheet *sheet, const char *at)
{
	return *at == sheet->separator || is_line_end(*at) || (sheet->separator == ' ' && *at == '\t');
}

const char *skip_end(const Sheet *sheet, const char *at)
{
	if (*at == '\r')
		return at + 1 + (at[1] == '\n');
	if (sheet->separator == ' ' && !is_line_end(*at))
		return skip_spaces(sheet, at);
	return at + (at < sheet->text + sheet->size);
}

const char *skip_blank_lines(const Sheet *sheet, const char *at)
{
	for (;;) {
		const char *end = skip_spaces(sheet, at);
		if (*end != '\n' && *end != '\r')
			return *end ? at : end;
		at = skip_end(sheet, end);
	}
}

/* at: after the opening quote. */
static const char *read_quoted(const Sheet *sheet, const char *at, Cell *cell, Failure *failure)
{
	const char *quote = at - 1;
	cell->begin = at;
	cell->quoted = true;
	for (;; at += 2) {
		at += strcspn(at, "\"");
		if (!*at)
			break;
		if (at[1] != '"')
			break;
	}
	if (!*at) {
		fail_at(sheet, quote, failure, "a quote opens here, and no other closes it before the end of the file: close "
			"it, or double a quote that belongs to a text");
		return NULL;
	}
	cell->end = at;
	at = skip_spaces(sheet, at + 1);
	if (cell_ends(sheet, at) || (sheet->separator == ' ' && is_space(sheet, at[-1])))
		return at;
	fail_at(sheet, quote, failure, "`%.20s` follows a closing quote, expected `%s` or the end of the line: double a "
		"quote that belongs to a text", at, sheet->separator == '\t' ? "a tab" : (char[]){sheet->separator, 0});
	return NULL;
}

const char *cell_read(const Sheet *sheet, const char *at, Cell *cell, Failure *failure)
{
	at = skip_spaces(sheet, at);
	*cell = (Cell){.begin = at};
	if (*at == '"') {
		at = read_quoted(sheet, at + 1, cell, failure);
		if (!at)
			return NULL;
	} else {
		while (!cell_ends(sheet, at))
			at++;
		cell->end = at;
		while (cell->end > cell->begin && is_space(sheet, cell->end[-1]))
			cell->end--;
	}
	if (sheet->separator == ' ')
		at = skip_spaces(sheet, at);
	cell->last = is_line_end(*at);
	return sheet->separator == ' ' && !cell->last ? at : skip_end(sheet, at);
}

char *cell_text(const Cell *cell)
{
	char *text = malloc((size_t)(cell->end - cell->begin) + 1), *to = text;
	if (!text)
		return NULL;
	for (const char *from = cell->begin; from < cell->end; from++) {
		*to++ = *from;
		from += cell->quoted && *from == '"';
	}
	*to = 0;
	return text;
}

bool is_missing(const char *text, size_t length)
{
	static const char *const words[] = {"", "NA", "?", "nan", "N/A", "null", "none", "<NA>", "#N/A"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i]) == length && strncasecmp(words[i], text, length) == 0)
			return true;
	return false;
}

static bool is_infinity(const char *text, const char *end, double *value)
{
	bool negative = *text == '-';
	text += *text == '-' || *text == '+';
	const size_t length = (size_t)(end - text);
	*value = negative ? -1 / 0.0 : 1 / 0.0;
	return (length == 3 && strncasecmp(text, "inf", 3) == 0) || (length == 8 && strncasecmp(text, "infinity", 8) == 0);
}

bool cell_number(const Sheet *sheet, const Cell *cell, size_t number_bytes, double *value)
{
	const char *begin = cell->begin, *end = cell->end;
	while (begin < end && is_space(sheet, *begin))
		begin++;
	while (begin < end && is_space(sheet, end[-1]))
		end--;
	return begin < end
		&& (number_read(begin, sheet->point, number_bytes, value) == end || is_infinity(begin, end, value));
}

static long line_of(const Sheet *sheet, const char *place)
{
	long line = 1;
	for (const char *at = sheet->text; at < place; at++)
		line += *at == '\n' || (*at == '\r' && at[1] != '\n');
	return line;
}

bool fail_at(const Sheet *sheet, const char *at, Failure *failure, const char *format, ...)
{
	int used = snprintf(failure->text, sizeof failure->text, "%.300s:%ld: ", sheet->path, line_of(sheet, at));
	va_list values;
	va_start(values, format);
	vsnprintf(failure->text + used, sizeof failure->text - (size_t)used, format, values);
	va_end(values);
	return false;
}

const char *column_words(const Sheet *sheet, int column, char words[COLUMN_WORDS])
{
	const char *name = sheet->names ? sheet->names[column] : "";
	snprintf(words, COLUMN_WORDS, *name ? "column %d (%.50s)" : "column %d", column + 1, name);
	return words;
}
