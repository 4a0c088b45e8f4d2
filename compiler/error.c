/* error.c: collects what is wrong with a source, and prints it in the order of the source with line and caret. */
#include "text.h"
#include <stdlib.h>
#include <string.h>

enum { MOST_IN_FULL = 20, MOST_KEPT = 10000, LONGEST_MESSAGE = 1000, WINDOW = 80 };

typedef enum Severity { ERROR, WARNING } Severity;

typedef struct Note {
	struct Note *next;
	Span where;
	const char *message;
} Note;

typedef struct Report {
	Severity severity;
	int order;              /* of reporting */
	Span where;
	const char *message;
	Note *notes;
} Report;

typedef struct Reports { Report *items; int count, capacity; } Reports;

struct Diagnostics {
	Arena *arena;
	const Source *source;
	Reports reports;        /* the first MOST_KEPT */
	bool dropped;           /* the last one was not kept */
	int counts[2];          /* by severity, of all */
};

Diagnostics *diagnostics_open(Arena *arena, const Source *source)
{
	Diagnostics *diagnostics = NEW(arena, Diagnostics);
	diagnostics->arena = arena;
	diagnostics->source = source;
	return diagnostics;
}

static const char *format_message(Arena *arena, const char *format, va_list arguments)
{
	char message[LONGEST_MESSAGE + 4];
	int length = vsnprintf(message, LONGEST_MESSAGE, format, arguments);
	if (length >= LONGEST_MESSAGE)
		memcpy(message + LONGEST_MESSAGE - 1, "...", 4);
	return arena_copy(arena, message, length < 0 ? 0 : strlen(message));
}

static void report(Diagnostics *diagnostics, Severity severity, Span where, const char *format, va_list arguments)
{
	diagnostics->counts[severity]++;
	diagnostics->dropped = diagnostics->reports.count == MOST_KEPT;
	if (diagnostics->dropped)
		return;
	Report one = {
		.severity = severity,
		.order = diagnostics->reports.count,
		.where = where,
		.message = format_message(diagnostics->arena, format, arguments),
	};
	APPEND(diagnostics->arena, &diagnostics->reports, one);
}

void error_at(Diagnostics *diagnostics, Span where, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	report(diagnostics, ERROR, where, format, arguments);
	va_end(arguments);
}

void warning_at(Diagnostics *diagnostics, Span where, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	report(diagnostics, WARNING, where, format, arguments);
	va_end(arguments);
}

void note_at(Diagnostics *diagnostics, Span where, const char *format, ...)
{
	if (diagnostics->dropped || !diagnostics->reports.count)
		return;
	Report *last = &diagnostics->reports.items[diagnostics->reports.count - 1];
	Note **end = &last->notes;
	while (*end)
		end = &(*end)->next;
	Note *note = *end = NEW(diagnostics->arena, Note);
	note->where = where;
	va_list arguments;
	va_start(arguments, format);
	note->message = format_message(diagnostics->arena, format, arguments);
	va_end(arguments);
}

int error_count(const Diagnostics *diagnostics)
{
	return diagnostics->counts[ERROR];
}

/* ---- printing */

static void print_message(const Source *source, Place place, const char *kind, const char *message, FILE *out)
{
	print_safely(source->path, strlen(source->path), out);
	fprintf(out, ":%d:%d: %s: ", place.line, place.column, kind);
	print_safely(message, strlen(message), out);
	fputc('\n', out);
}

typedef struct Excerpt {
	const char *begin, *end;                /* of the part of the line that is shown */
	bool cut_before, cut_after;
} Excerpt;

/* Past at most count characters. */
static const char *skip_glyphs(const char *text, const char *end, int count)
{
	for (; count && text < end; count--)
		text += glyph_at(text, end).length;
	return text;
}

/* A long line is shown from half a window before the caret; the caret may stand behind the line's last character. */
static Excerpt excerpt_around(const Source *source, Place place)
{
	const char *line = source->text + place.line_begin, *caret = source->text + place.offset;
	const char *newline = memchr(caret, '\n', source->length - place.offset);
	const char *end = newline ? newline : source->text + source->length;
	if (end > line && end[-1] == '\r' && end > caret)
		end--;
	const char *begin = line;
	if (skip_glyphs(line, end, WINDOW) < end && caret - line > WINDOW / 2) {
		begin = caret - WINDOW / 2;
		while (begin < caret && ((unsigned char)*begin & 0xc0) == 0x80)
			begin++;
	}
	const char *shown = skip_glyphs(begin, end, WINDOW);
	return (Excerpt){ begin, shown, begin > line, shown < end };
}

static void print_line(Excerpt excerpt, int number, FILE *out)
{
	fprintf(out, "%5d |%s%s", number, excerpt.begin < excerpt.end ? " " : "", excerpt.cut_before ? "..." : "");
	for (const char *text = excerpt.begin; text < excerpt.end;) {
		Glyph glyph = glyph_at(text, excerpt.end);
		if (is_harmless(glyph.code) || glyph.code == '\t')
			fwrite(text, 1, (size_t)glyph.length, out);
		else
			fputc('?', out);
		text += glyph.length;
	}
	fputs(excerpt.cut_after ? "...\n" : "\n", out);
}

/* Tabs are repeated below tabs, so that the caret stands where it should whatever their width. */
static void print_caret(Excerpt excerpt, const char *caret, const char *end, FILE *out)
{
	fprintf(out, "%5s | %s", "", excerpt.cut_before ? "   " : "");
	const char *text = excerpt.begin;
	while (text < caret) {
		fputc(*text == '\t' ? '\t' : ' ', out);
		text += glyph_at(text, caret).length;
	}
	fputc('^', out);
	if (end > excerpt.end)
		end = excerpt.end;
	for (text = skip_glyphs(text, end, 1); text < end; text = skip_glyphs(text, end, 1))
		fputc('~', out);
	fputc('\n', out);
}

static void print_report(const Source *source, const Report *one, Place place, FILE *out)
{
	print_message(source, place, one->severity == ERROR ? "error" : "warning", one->message, out);
	Excerpt excerpt = excerpt_around(source, place);
	print_line(excerpt, place.line, out);
	size_t end = one->where.end < source->length ? one->where.end : source->length;
	print_caret(excerpt, source->text + place.offset, source->text + end, out);
	for (const Note *note = one->notes; note; note = note->next)
		print_message(source, place_next(source, place, note->where.begin), "note", note->message, out);
}

static int by_place(const void *left, const void *right)
{
	const Report *a = left, *b = right;
	if (a->where.begin != b->where.begin)
		return a->where.begin < b->where.begin ? -1 : 1;
	return a->order - b->order;
}

static void print_rest(int count, const char *what, FILE *out)
{
	if (count > MOST_IN_FULL)
		fprintf(out, "%d more %s%s\n", count - MOST_IN_FULL, what, count == MOST_IN_FULL + 1 ? "" : "s");
}

void diagnostics_print(const Diagnostics *diagnostics, FILE *out)
{
	const Source *source = diagnostics->source;
	int count = diagnostics->reports.count, printed[2] = { 0 };
	Report *sorted = NEW_ARRAY(diagnostics->arena, Report, count);
	if (count) {
		memcpy(sorted, diagnostics->reports.items, (size_t)count * sizeof *sorted);
		qsort(sorted, (size_t)count, sizeof *sorted, by_place);
	}
	Place place = place_first(source);
	for (int i = 0; i < count; i++) {
		if (printed[sorted[i].severity]++ >= MOST_IN_FULL)
			continue;
		place = place_next(source, place, sorted[i].where.begin);
		print_report(source, &sorted[i], place, out);
	}
	print_rest(diagnostics->counts[ERROR], "error", out);
	print_rest(diagnostics->counts[WARNING], "warning", out);
}
