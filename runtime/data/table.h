/* table.h: shared by the files that read tables as text: CSV and its relatives.
 *
 *   text_file.c   a file's bytes
 *   cells.c       bytes -> cells
 *   sniff.c       what the first rows tell: separator, header, which columns hold texts
 *   choose.c      which columns are inputs, which are the target
 *   texts.c       the texts of a column, numbered
 *   number.c      a cell's number
 *   table.c       all rows
 *   settle.c      what was read, as samples
 *   schema.c      what must be remembered of it */
#ifndef BNC_TABLE_H
#define BNC_TABLE_H
#include "data.h"

enum { TEXT_PADDING = 8 };

/* ---- text_file.c */

/* Reads a file, or standard input if path is `-`, unpacked if it is compressed by gzip or zstd; packed says so.
 * (*text)[*size] is 0, and TEXT_PADDING bytes follow it. The caller frees *text. */
bool text_read(char **text, size_t *size, bool *packed, const char *path, Failure *failure);

/* ---- number.c */

/* Reads the decimal number that begins at text, which ends with a 0 that TEXT_PADDING bytes follow, rounded as strtof
 * or strtod round it: 5, -.5, +5.e-3. Returns its end, or null if no number is there. point: '.' or ','. */
const char *number_float(const char *text, char point, float *value);
const char *number_double(const char *text, char point, double *value);
/* The same, rounded to a number of 4 or 8 bytes. */
static inline const char *number_read(const char *text, char point, size_t number_bytes, double *value)
{
	float narrow = 0;
	if (number_bytes == sizeof(double))
		return number_double(text, point, value);
	const char *end = number_float(text, point, &narrow);
	*value = (double)narrow;
	return end;
}

/* ---- cells.c */

/* A table as text. text[size] is 0, and no other byte is. */
typedef struct Sheet {
	const char *path;               /* for messages */
	const char *text;
	size_t size;
	const char *rows;               /* where the first row of values begins */
	char separator;                 /* ' ': any number of spaces and tabs */
	char point;                     /* of numbers: '.' or ',' */
	int columns;
	const char *header;             /* where the header begins, or null */
	char **names;                   /* [columns] of the header; null: there is none */
} Sheet;

enum { MAX_COLUMNS = 1 << 20, MAX_TEXT = 1 << 16 };

/* What a cell holds, without the spaces and quotes around it. In a quoted one, "" stands for ". */
typedef struct Cell { const char *begin, *end; bool quoted, last; } Cell;

/* Reads the cell that begins at `at`, and returns where the next one does. cell->last: it ends its row. Null: failure
 * says what is wrong. */
const char *cell_read(const Sheet *sheet, const char *at, Cell *cell, Failure *failure);
/* Whether a cell ends here, after its value. */
bool cell_ends(const Sheet *sheet, const char *at);
const char *skip_spaces(const Sheet *sheet, const char *at);
/* Skips lines that hold nothing. */
const char *skip_blank_lines(const Sheet *sheet, const char *at);
/* What follows the end of the line or the separator at `at`. */
const char *skip_end(const Sheet *sheet, const char *at);
/* Copies the cell's text, with " for "". Null: no memory. */
char *cell_text(const Cell *cell);
/* Whether the text stands for a missing value: nothing, NA, ?, nan and the like. */
bool is_missing(const char *text, size_t length);
/* Whether the whole cell is a number, which is rounded to one of 4 or 8 bytes; value may be infinite. */
bool cell_number(const Sheet *sheet, const Cell *cell, size_t number_bytes, double *value);
/* Writes "FILE:LINE: " and the message; at: a place in the text. */
bool fail_at(const Sheet *sheet, const char *at, Failure *failure, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
enum { COLUMN_WORDS = 80 };
/* "column 3 (width)" or "column 3". */
const char *column_words(const Sheet *sheet, int column, char words[COLUMN_WORDS]);

/* ---- sniff.c */

/* What the first rows tell of a column. */
typedef struct Sniffed { int numbers, texts, missing; bool counts_rows; } Sniffed;

/* Finds the separator, the point of numbers, the header and the columns. columns: to be freed. */
bool sniff(Sheet *sheet, Sniffed **columns, Failure *failure);
void sheet_close(Sheet *sheet);

/* ---- choose.c */

typedef enum Part { PART_IGNORED, PART_INPUT, PART_TARGET, PART_ID } Part;

/* Whether the column becomes numbers, and is remembered in the schema. */
static inline bool is_learned(Part part) { return part == PART_INPUT || part == PART_TARGET; }

/* What to do with each column of the table, and the schema's columns that they become. */
typedef struct Choice {
	Part *parts;                    /* [columns] */
	int *places;                    /* [columns]: the index among the inputs, targets or ids */
	int inputs, targets, ids;
	bool by_default;                /* the target was not named */
	int unnamed;                    /* a column left out that has no name and counts the rows, or -1 */
} Choice;

bool choose_columns(Choice *choice, const Sheet *sheet, const Sniffed *sniffed, const DataOptions *options,
	Failure *failure);
void choice_free(Choice *choice);

/* ---- texts.c: different texts, numbered in the order in which they come */

typedef struct Texts {
	char **items;
	int count, capacity;
	int *slots;                     /* a hash table of 1 + index, or 0 */
	int slot_count;
} Texts;

/* The number of the text; -1: no memory. */
int texts_add(Texts *texts, const char *begin, size_t length);
/* Sorts the texts, as numbers if whole; order[old number] is the new one. */
bool texts_sort(Texts *texts, bool whole, int *order);
void texts_free(Texts *texts);

/* ---- table.c */

/* How a column of the table is read. */
typedef struct Plan {
	Part part;
	bool text;              /* its cells are texts, which are numbered */
	int place;              /* among the inputs, targets or ids */
	Texts texts;            /* new ones, in the order in which they come */
	const Column *known;    /* of the schema that was given, or null */
	int missing;            /* how many values are missing */
} Plan;

typedef struct Table {
	Sheet sheet;
	Choice choice;
	Plan *plans;            /* [columns] */
	const DataOptions *options;
	Data *data;
	/* [rows][choice.inputs], numbers of the data's type: those of the table, or the numbers of texts; NAN: missing */
	void *inputs;
	double *whole;          /* [rows]: the values of a single target that are whole numbers so far; or null */
	int rows;
	int grows;                      /* with windows: an input that never falls, such as the time; or -1 */
} Table;

/* ---- settle.c */

/* Makes samples of what was read, and their schema. */
bool table_settle(Table *t, Failure *failure);
/* The plan of the target if it is one column, which is then *at; else null. */
Plan *single_target(const Table *t, int *at);
/* The target has values and no labels, which does not matter to a loss of values; data->unlabelled says why. Returns
 * true. */
bool keep_values(Table *t);

#endif
