/* bnc.h: the compiler's one header: every struct, then the functions of each .c file, in the order in which a network
 * passes through them: text -> tree -> network -> steps -> loops -> memory -> C -> machine code. */
#ifndef BNC_H
#define BNC_H
#include "../runtime/runtime.h"
#include <stdarg.h>

/* ---- arena.c: one arena per compilation; everything in it is freed at once */

typedef struct Arena Arena;

Arena *arena_open(void);
void arena_close(Arena *arena);
/* Zeroed memory for count objects of size bytes. Never null: out of memory ends the process with a message. */
void *arena_alloc(Arena *arena, size_t count, size_t size);
char *arena_copy(Arena *arena, const char *text, size_t length);        /* adds the final 0 */
char *arena_print(Arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* items, doubled when count has reached *capacity. */
void *arena_grow(Arena *arena, void *items, int count, int *capacity, size_t size);

#define NEW(arena, type) ((type *)arena_alloc((arena), 1, sizeof(type)))
#define NEW_ARRAY(arena, type, count) ((type *)arena_alloc((arena), (size_t)(count), sizeof(type)))
/* A list is a struct { T *items; int count, capacity; }. */
#define APPEND(arena, list, item) \
	((list)->items = arena_grow((arena), (list)->items, (list)->count, &(list)->capacity, sizeof *(list)->items), \
	 (list)->items[(list)->count++] = (item))

/* ---- error.c: diagnostics with place, source line and caret */

typedef struct Source {
	const char *path;       /* as the user wrote it; "-e" for a network on the command line */
	const char *text;       /* ends with a 0 beyond length */
	size_t length;
} Source;

typedef struct Span { uint32_t begin, end; } Span;      /* byte offsets into the source */

typedef struct Diagnostics Diagnostics;

Diagnostics *diagnostics_open(Arena *arena, const Source *source);
void error_at(Diagnostics *diagnostics, Span where, const char *format, ...) __attribute__((format(printf, 3, 4)));
void warning_at(Diagnostics *diagnostics, Span where, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Belongs to the error or warning reported last, and is printed below it. */
void note_at(Diagnostics *diagnostics, Span where, const char *format, ...) __attribute__((format(printf, 3, 4)));
int error_count(const Diagnostics *diagnostics);
/* Prints everything in the order of the source, at most 20 errors in full and then how many more there are. */
void diagnostics_print(const Diagnostics *diagnostics, FILE *out);
/* The candidate that differs from word by the fewest edits, or null when none is near enough to propose. */
const char *nearest_name(const char *word, const char *const *candidates, int count);

/* ---- lex.re, parse.y: characters -> tokens -> tree */

typedef enum LiteralKind { LITERAL_NUMBER, LITERAL_NAME, LITERAL_SHAPE } LiteralKind;

typedef struct Literal {
	LiteralKind kind;
	Span span;
	bool integer;           /* a number written without point or exponent, and then exactly: */
	bool negative, overflow;/* overflow: beyond 64 bits, or a real beyond double */
	uint64_t magnitude;
	double number;          /* any number's value */
	const char *name;       /* true and false are names */
	int rank;               /* of a shape, at most MAX_RANK; each dimension saturates at INT64_MAX */
	int64_t dims[4];
} Literal;

typedef struct Argument {
	const char *key;        /* null when positional */
	Span key_span;          /* of the key, or of the value when positional */
	Literal value;
	struct Argument *next;
} Argument;

typedef enum StatementKind {
	STATEMENT_CALL,         /* [label:] name {value} {key=value}: a layer, a setting or a block; the tables decide */
	STATEMENT_LET,          /* let name = value         (value in arguments) */
	STATEMENT_REPEAT,       /* repeat value { body }    (value in arguments) */
	STATEMENT_BLOCK,        /* block name(parameters) { body }   (each parameter a LITERAL_NAME in arguments) */
	STATEMENT_RESIDUAL,     /* [label:] residual { body } [{ shortcut }] */
} StatementKind;

typedef struct Statement {
	StatementKind kind;
	Span span;              /* from its first to its last token; of a statement with a body, up to the body */
	Span name_span;
	const char *label;      /* null without one */
	Span label_span;
	const char *name;
	Argument *arguments;
	struct Statement *body, *shortcut;
	struct Statement *next;
} Statement;

enum { MAX_NESTING = 64, MAX_SOURCE_BYTES = 64 << 20 };

/* The file's statements in order. Syntax errors are reported, each once, and the statements around them kept. */
Statement *parse(Arena *arena, Diagnostics *diagnostics, const Source *source);

#endif
