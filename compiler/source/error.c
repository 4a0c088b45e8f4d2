/* error.c: collects errors and warnings, and prints them in the order of the source, each with its line and a caret. */
#include "text.h"
#include "terminal.h"
#include <locale.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_IN_FULL = 20, MOST_KEPT = 10000, LONGEST_MESSAGE = 1000 };

typedef enum Severity { ERROR, WARNING, MISUSE } Severity;

typedef struct Note {
	struct Note *next;
	Span where;
	const char *message;
} Note;

typedef struct Report {
	Severity severity;
	int order;              /* the order in which they were reported */
	Span where;
	const char *message;
	Note *notes;
} Report;

typedef struct Reports { Report *items; int count, capacity; } Reports;

struct Diagnostics {
	Arena *arena;
	const Source *source;
	Reports reports;        /* the first MOST_KEPT */
	bool dropped;           /* the last report was not kept */
	int counts[3];          /* the number of all reports, by severity */
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

void misuse(Diagnostics *diagnostics, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	report(diagnostics, MISUSE, (Span){0, 0}, format, arguments);
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
	return diagnostics->counts[ERROR] + diagnostics->counts[MISUSE];
}

int misuse_count(const Diagnostics *diagnostics)
{
	return diagnostics->counts[MISUSE];
}

/* ---- printing */

typedef struct Printer {
	const Source *source;
	FILE *out;
	int window;             /* how many columns of a source line are shown */
} Printer;

static void print_message(const Printer *p, Place place, Style style, const char *kind, const char *message)
{
	const char *plain = terminal_style(p->out, STYLE_PLAIN);
	fputs(terminal_style(p->out, STYLE_PLACE), p->out);
	print_safely(p->source->path, strlen(p->source->path), p->out);
	fprintf(p->out, ":%d:%d:%s %s%s:%s ", place.line, place.column, plain, terminal_style(p->out, style), kind, plain);
	print_safely(message, strlen(message), p->out);
	fputc('\n', p->out);
}

typedef struct Excerpt {
	const char *begin, *end;                /* the part of the line that is shown */
	bool cut_before, cut_after;
} Excerpt;

/* Returns the end of the text that fits into this many columns. */
static const char *skip_columns(const char *text, const char *end, int columns)
{
	while (text < end) {
		Glyph glyph = glyph_at(text, end);
		columns -= glyph_columns(glyph);
		if (columns < 0)
			break;
		text += glyph.length;
	}
	return text;
}

/* Goes back from text by as much as fits into this many columns. */
static const char *back_columns(const char *line, const char *text, int columns)
{
	while (text > line) {
		const char *before = text - 1;
		while (before > line && ((unsigned char)*before & 0xc0) == 0x80)
			before--;
		Glyph glyph = glyph_at(before, text);
		if (before + glyph.length != text) {    /* each byte that is not UTF-8 counts as one glyph */
			before = text - 1;
			glyph = glyph_at(before, text);
		}
		columns -= glyph_columns(glyph);
		if (columns < 0)
			break;
		text = before;
	}
	return text;
}

/* Chooses the part of a line to show. If the line is too long, it begins half a window before the caret. The caret may
 * be after the line's last character. */
static Excerpt excerpt_around(const Printer *p, Place place)
{
	const Source *source = p->source;
	const char *line = source->text + place.line_begin, *caret = source->text + place.offset;
	const char *newline = memchr(caret, '\n', source->length - place.offset);
	const char *end = newline ? newline : source->text + source->length;
	if (end > line && end[-1] == '\r' && end > caret)
		end--;
	const char *begin = line;
	if (skip_columns(line, end, p->window) < end)
		begin = back_columns(line, caret, p->window / 2);
	const char *shown = skip_columns(begin, end, p->window);
	return (Excerpt){ begin, shown, begin > line, shown < end };
}

static void print_line(const Printer *p, Excerpt excerpt, int number)
{
	fprintf(p->out, "%5d |%s%s", number, excerpt.begin < excerpt.end ? " " : "", excerpt.cut_before ? "..." : "");
	for (const char *text = excerpt.begin; text < excerpt.end;) {
		Glyph glyph = glyph_at(text, excerpt.end);
		if (is_harmless(glyph.code) || glyph.code == '\t')
			fwrite(text, 1, (size_t)glyph.length, p->out);
		else
			fputc('?', p->out);
		text += glyph.length;
	}
	fputs(excerpt.cut_after ? "...\n" : "\n", p->out);
}

/* Writes spaces for the columns that the text takes in the line above. Tabs are repeated, so that what follows is at
 * the right place however wide tabs are. */
static void fill_below(const Printer *p, const char *text, const char *end, char filling)
{
	while (text < end) {
		Glyph glyph = glyph_at(text, end);
		text += glyph.length;
		if (glyph.code == '\t')
			fputc('\t', p->out);
		else
			for (int i = glyph_columns(glyph); i > 0; i--)
				fputc(filling, p->out);
	}
}

static void print_caret(const Printer *p, Excerpt excerpt, const char *caret, const char *end)
{
	fprintf(p->out, "%5s | %s", "", excerpt.cut_before ? "   " : "");
	fill_below(p, excerpt.begin, caret, ' ');
	fprintf(p->out, "%s^", terminal_style(p->out, STYLE_CARET));
	if (end > excerpt.end)
		end = excerpt.end;
	if (caret < end) {
		Glyph first = glyph_at(caret, end);
		if (first.code != '\t' && glyph_columns(first) == 2)
			fputc('~', p->out);
		fill_below(p, caret + first.length, end, '~');
	}
	fprintf(p->out, "%s\n", terminal_style(p->out, STYLE_PLAIN));
}

void print_mistake(const char *message, FILE *out)
{
	fprintf(out, "%sbnc:%s ", terminal_style(out, STYLE_ERROR), terminal_style(out, STYLE_PLAIN));
	print_safely(message, strlen(message), out);
	fputc('\n', out);
}

static void print_report(const Printer *p, const Report *one, Place place)
{
	const Source *source = p->source;
	if (one->severity == MISUSE) {
		print_mistake(one->message, p->out);
		return;
	}
	bool error = one->severity == ERROR;
	print_message(p, place, error ? STYLE_ERROR : STYLE_WARNING, error ? "error" : "warning", one->message);
	Excerpt excerpt = excerpt_around(p, place);
	print_line(p, excerpt, place.line);
	size_t end = one->where.end < source->length ? one->where.end : source->length;
	print_caret(p, excerpt, source->text + place.offset, source->text + end);
	for (const Note *note = one->notes; note; note = note->next)
		print_message(p, place_next(source, place, note->where.begin), STYLE_NOTE, "note", note->message);
}

/* The caret is under its place only if the terminal breaks no line. Besides the text a line has `    1 | `, and `...`
 * at both ends. */
static int choose_window(FILE *out)
{
	enum { WIDEST = 80, NARROWEST = 16, BESIDE = 8 + 6 };
	int columns = terminal_columns(fileno(out));
	if (columns == 0 || columns - BESIDE >= WIDEST)
		return WIDEST;
	return columns - BESIDE > NARROWEST ? columns - BESIDE : NARROWEST;
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
	const Printer printer = { diagnostics->source, out, choose_window(out) };
	int count = diagnostics->reports.count, printed[3] = { 0 };
	Report *sorted = NEW_ARRAY(diagnostics->arena, Report, count);
	if (count) {
		memcpy(sorted, diagnostics->reports.items, (size_t)count * sizeof *sorted);
		qsort(sorted, (size_t)count, sizeof *sorted, by_place);
	}
	Place place = place_first(printer.source);
	locale_t unicode = count ? newlocale(LC_CTYPE_MASK, "C.UTF-8", 0) : 0, before = uselocale(unicode);
	for (int i = 0; i < count; i++) {
		if (printed[sorted[i].severity]++ >= MOST_IN_FULL)
			continue;
		place = place_next(printer.source, place, sorted[i].where.begin);
		print_report(&printer, &sorted[i], place);
	}
	uselocale(before);
	if (unicode)
		freelocale(unicode);
	print_rest(diagnostics->counts[ERROR], "error", out);
	print_rest(diagnostics->counts[WARNING], "warning", out);
}
