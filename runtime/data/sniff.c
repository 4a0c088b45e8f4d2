/* sniff.c: what the first rows of a table tell: how its cells are separated, whether its first line names the columns,
 * and which columns hold numbers. */
#include "table.h"
#include <stdlib.h>
#include <string.h>

enum { SNIFFED_ROWS = 1000, COUNTED_LINES = 20 };

static const char separators[] = "\t;|, ";
enum { SEPARATORS = sizeof separators - 1 };

/* How often each separator is in a line, outside of quotes. */
typedef struct Counts { int of[SEPARATORS]; } Counts;

/* Returns the end of the line. Spaces at its ends, and after others, do not count. */
static const char *count_line(const char *at, Counts *counts)
{
	bool quoted = false;
	*counts = (Counts){{0}};
	at += strspn(at, " ");
	for (; *at && (quoted || (*at != '\n' && *at != '\r')); at++) {
		quoted ^= *at == '"';
		const char *found = quoted ? NULL : strchr(separators, *at);
		if (found && (*at != ' ' || (at[1] && !strchr(" \r\n", at[1]))))
			counts->of[found - separators]++;
	}
	return at;
}

/* The first separator that is as often in each line; or else the one that is most often in the line with the fewest;
 * or else a comma, which then is in no line. */
static char find_separator(const char *at)
{
	int least[SEPARATORS], most[SEPARATORS] = {0}, lines = 0, best = 3;
	for (; *at && lines < COUNTED_LINES; at += strspn(at, "\r\n")) {
		Counts counts;
		bool comment = *at == '#' && lines == 0;
		at = count_line(at, &counts);
		if (comment && at[strspn(at, "\r\n")])
			continue;
		for (int i = 0; i < SEPARATORS; i++) {
			least[i] = lines && least[i] < counts.of[i] ? least[i] : counts.of[i];
			most[i] = most[i] > counts.of[i] ? most[i] : counts.of[i];
		}
		lines++;
	}
	for (int i = 0; lines && i < SEPARATORS; i++)
		if (least[i] > 0 && least[i] == most[i])
			return separators[i];
	for (int i = 0; lines && i < SEPARATORS; i++)
		best = least[i] > least[best] ? i : best;
	return separators[best];
}

static bool check_text(const Sheet *sheet, Failure *failure)
{
	const char *nul = memchr(sheet->text, 0, sheet->size);
	if (sheet->size >= 2 && (memcmp(sheet->text, "\xff\xfe", 2) == 0 || memcmp(sheet->text, "\xfe\xff", 2) == 0))
		return fail(failure, "%.200s is text in UTF-16, expected UTF-8: convert it, as iconv -f UTF-16 -t UTF-8 does",
			sheet->path);
	if (nul)
		return fail_at(sheet, nul, failure, "a byte 0 at offset %zu, expected text: this is no table, or it is damaged",
			(size_t)(nul - sheet->text));
	if (!*skip_blank_lines(sheet, sheet->text))
		return fail(failure, "%.200s is empty, expected a table as text: a row of values on each line", sheet->path);
	return true;
}

/* ---- the first row */

static int count_cells(const Sheet *sheet, const char *at, Failure *failure)
{
	int count = 0;
	for (Cell cell = {.last = false}; !cell.last; count++) {
		at = cell_read(sheet, at, &cell, failure);
		if (!at)
			return -1;
		if (count == MAX_COLUMNS) {
			fail_at(sheet, cell.begin, failure, "more than %d columns: this is the limit", MAX_COLUMNS);
			return -1;
		}
	}
	return count;
}

static const char *next_line(const char *at)
{
	at += strcspn(at, "\r\n");
	return at + strspn(at, "\r\n");
}

/* Passes over the lines that begin with `#`, but not the last one if it has as many cells as the row below: then it
 * is a header. */
static bool skip_comments(Sheet *sheet, const char **at, Failure *failure)
{
	while (**at == '#') {
		const char *next = skip_blank_lines(sheet, next_line(*at));
		int cells = *next && *next != '#' ? count_cells(sheet, *at + 1, failure) : 0;
		if (cells < 0 || (cells && (sheet->columns = count_cells(sheet, next, failure)) < 0))
			return false;
		if (cells && cells == sheet->columns) {
			sheet->header = ++*at;
			return true;
		}
		*at = next;
	}
	return **at || fail(failure, "%.200s has comments only, expected rows of values", sheet->path);
}

/* ---- rows */

/* What is found of a column besides what others want to know. */
typedef struct First { Cell cell; bool number, missing, repeated; double value; } First;

static void sniff_cell(const Sheet *sheet, const Cell *cell, int row, Sniffed *sniffed, First *first)
{
	double value;
	const size_t length = (size_t)(cell->end - cell->begin);
	if (is_missing(cell->begin, length))
		sniffed->missing++;
	else if (cell_number(sheet, cell, sizeof value, &value)) {
		sniffed->numbers++;
		sniffed->counts_rows &= value == row || value == row + 1;
	} else
		sniffed->texts++;
	first->repeated |= length == (size_t)(first->cell.end - first->cell.begin)
		&& memcmp(cell->begin, first->cell.begin, length) == 0;
}

/* Stops at the first mistake, which is reported when the table is read. Returns the number of rows. */
static int sniff_rows(const Sheet *sheet, const char *at, Sniffed *sniffed, First *first)
{
	Failure unused;
	int row = 0;
	for (; row < SNIFFED_ROWS && *(at = skip_blank_lines(sheet, at)); row++) {
		Cell cell = {.last = false};
		for (int i = 0; i < sheet->columns && !cell.last; i++) {
			at = cell_read(sheet, at, &cell, &unused);
			if (!at)
				return row;
			sniff_cell(sheet, &cell, row, &sniffed[i], &first[i]);
		}
		if (!cell.last)
			return row;
	}
	return row;
}

static const char *read_first(const Sheet *sheet, const char *at, First *first, Failure *failure)
{
	for (int i = 0; i < sheet->columns; i++) {
		at = cell_read(sheet, at, &first[i].cell, failure);
		if (!at)
			return NULL;
		const Cell *cell = &first[i].cell;
		first[i].missing = is_missing(cell->begin, (size_t)(cell->end - cell->begin));
		first[i].number = !first[i].missing && cell_number(sheet, cell, sizeof(double), &first[i].value);
	}
	return at;
}

/* Whether the first row names the columns: a text stands over numbers; or there are only texts, or texts and the
 * numbers 0, 1, 2, ... of their columns, and not all texts come again. */
static bool is_header(const Sheet *sheet, const Sniffed *sniffed, const First *first)
{
	bool numbers = false, repeated = true, texts = false;
	int counted = 0;
	for (int i = 0; i < sheet->columns; i++) {
		bool text = !first[i].number && !first[i].missing;
		if (text && sniffed[i].numbers > sniffed[i].texts)
			return true;
		numbers |= first[i].number && first[i].value != i;
		counted += first[i].number;
		texts |= text;
		repeated &= !text || first[i].repeated;
	}
	return texts && !numbers && counted != 1 && !repeated;
}

/* A comma stands for the point if some cells are numbers only so, and none only with a point. */
static void find_point(Sheet *sheet, const char *at)
{
	int found[2] = {0, 0};
	Failure unused;
	sheet->point = '.';
	for (int row = 0; sheet->separator != ',' && row < SNIFFED_ROWS && *at; row++, at = skip_blank_lines(sheet, at))
		for (Cell cell = {.last = false}; !cell.last;) {
			double value;
			at = cell_read(sheet, at, &cell, &unused);
			if (!at)
				return;
			const size_t length = (size_t)(cell.end - cell.begin);
			for (int comma = 0; comma < 2; comma++) {
				sheet->point = comma ? ',' : '.';
				found[comma] += memchr(cell.begin, sheet->point, length)
					&& cell_number(sheet, &cell, sizeof value, &value);
			}
			sheet->point = found[1] && !found[0] ? ',' : '.';
		}
}

static bool keep_names(Sheet *sheet, const First *first)
{
	sheet->names = calloc((size_t)sheet->columns, sizeof *sheet->names);
	for (int i = 0; sheet->names && i < sheet->columns; i++)
		if (!(sheet->names[i] = cell_text(&first[i].cell)))
			return false;
	return sheet->names;
}

static bool sniff_columns(Sheet *sheet, const char *at, Sniffed *sniffed, First *first, Failure *failure)
{
	const char *second = read_first(sheet, at, first, failure);
	if (!second)
		return false;
	for (int i = 0; i < sheet->columns; i++)
		sniffed[i].counts_rows = true;
	int rows = sniff_rows(sheet, second, sniffed, first);
	if (!sheet->header && is_header(sheet, sniffed, first))
		sheet->header = at;
	sheet->rows = sheet->header ? second : at;
	if (sheet->header && !keep_names(sheet, first))
		return fail(failure, "%.200s: not enough memory for the names of %d columns", sheet->path, sheet->columns);
	if (rows == 0 && sheet->header && !*skip_blank_lines(sheet, second))
		return fail(failure, "%.200s has only a header, expected rows of values below it", sheet->path);
	for (int i = 0; !sheet->header && i < sheet->columns; i++)
		sniff_cell(sheet, &first[i].cell, 0, &sniffed[i], &first[i]);
	return true;
}

bool sniff(Sheet *sheet, Sniffed **columns, Failure *failure)
{
	const char *at = sheet->text + (strncmp(sheet->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0);
	if (!check_text(sheet, failure))
		return false;
	if (strncmp(at, "sep=", 4) == 0 && at[4] && strchr("\r\n", at[5])) {    /* for Excel */
		sheet->separator = at[4];
		at = next_line(at);
	} else
		sheet->separator = find_separator(at + strspn(at, "\r\n"));
	at = skip_blank_lines(sheet, at);
	if (!skip_comments(sheet, &at, failure))
		return false;
	find_point(sheet, at);
	sheet->columns = count_cells(sheet, at, failure);
	if (sheet->columns < 0)
		return false;
	First *first = calloc((size_t)sheet->columns, sizeof *first);
	*columns = calloc((size_t)sheet->columns, sizeof **columns);
	bool done = first && *columns ? sniff_columns(sheet, at, *columns, first, failure)
		: fail(failure, "%.200s: not enough memory for %d columns", sheet->path, sheet->columns);
	free(first);
	return done;
}

void sheet_close(Sheet *sheet)
{
	for (int i = 0; sheet->names && i < sheet->columns; i++)
		free(sheet->names[i]);
	free(sheet->names);
	free((char *)sheet->text);
}
