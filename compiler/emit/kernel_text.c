/* The kernels' source -> the part that a network needs. Cuts the text at the top level into pieces: comments,
 * definitions, and blocks of directives. Then prints the pieces that the network's kernels need, directly or not, in
 * their order, with the comments above them. */
#include "kernel_text.h"
#include "emit.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"

typedef enum PieceKind { PIECE_COMMENT, PIECE_FUNCTION, PIECE_OTHER } PieceKind;

typedef struct Piece {
	PieceKind kind;
	const char *text;
	bool attached;          /* a comment that belongs to the piece right after it */
	bool section;           /* a comment that begins a new section */
	bool needed;
	struct { const char **items; int count, capacity; } names;      /* the names that it defines */
} Piece;

typedef struct Slicer {
	Arena *arena;
	const char *prefix, *macro_prefix;
	size_t number_bytes;
	const char *file;
	struct { Piece *items; int count, capacity; } pieces;
} Slicer;

const char *capitals(Arena *arena, const char *prefix)
{
	char *text = arena_copy(arena, prefix, strlen(prefix));
	for (char *c = text; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return text;
}

/* ---- names */

static void add_name(Slicer *s, Piece *piece, const char *begin, const char *end)
{
	APPEND(s->arena, &piece->names, arena_copy(s->arena, begin, (size_t)(end - begin)));
}

/* Finds the names in `enum { A = 1, B, C = 3 };`: after each `{` or `,` outside other brackets. */
static void name_constants(Slicer *s, Piece *piece)
{
	int depth = 0;
	for (const char *c = strchr(piece->text, '{'); c && *c != '}'; c++) {
		depth += (*c == '(') - (*c == ')');
		if ((*c == '{' || *c == ',') && depth == 0) {
			const char *name = c + 1 + strspn(c + 1, " \t\n");
			if (is_name(*name))
				add_name(s, piece, name, name_end(name));
		}
	}
}

static void name_macros(Slicer *s, Piece *piece)
{
	static const char define[] = "#define ";
	for (const char *c = piece->text; (c = strstr(c, define)); ) {
		c += strlen(define);
		add_name(s, piece, c, name_end(c));
	}
}

/* Returns the `(` of a function's parameters, which follows its name: the first one that does not belong to an
 * attribute. */
static const char *parameters_of(const char *text)
{
	for (const char *c = text; (c = strchr(c, '(')); ) {
		const char *name = name_before(text, c);
		if (strncmp(name, "__attribute__", 13) != 0)
			return c;
		for (int depth = 0; *c; c++) {
			depth += (*c == '(') - (*c == ')');
			if (depth == 0)
				break;
		}
	}
	return 0;
}

static void name_definition(Slicer *s, Piece *piece)
{
	const char *text = piece->text, *end;
	if (strncmp(text, "enum", 4) == 0)
		name_constants(s, piece);
	else if (piece->kind == PIECE_FUNCTION) {
		const char *name = name_before(text, parameters_of(text));
		add_name(s, piece, name, name_end(name));
	} else if (strncmp(text, "typedef", 7) == 0) {
		/* the name is the last one before attributes; in the type of a function it is before the parameters */
		end = strstr(text, "__attribute__");
		end = end ? end : text + strlen(text);
		if (!strchr(text, '{') && strcspn(text, "(") < (size_t)(end - text))
			end = strchr(text, '(');
		const char *name = name_before(text, end);
		add_name(s, piece, name, name_end(name));
	} else {
		const char *name = name_before(text, text + strcspn(text, "[=;("));
		add_name(s, piece, name, name_end(name));
	}
}

/* ---- pieces */

static Piece *add_piece(Slicer *s, PieceKind kind, const char *begin, const char *end)
{
	Piece piece = {.kind = kind, .text = arena_copy(s->arena, begin, (size_t)(end - begin))};
	APPEND(s->arena, &s->pieces, piece);
	return &s->pieces.items[s->pieces.count - 1];
}

/* Leaves out the name of the file at the beginning of the file's own comment, which means nothing in another file. */
static const char *add_comment(Slicer *s, const char *text)
{
	const char *end = skip_opaque(text);
	Piece *piece = add_piece(s, PIECE_COMMENT, text, end);
	piece->attached = end[0] == '\n' && end[1] != '\n';
	size_t length = strlen(s->file);
	if (strncmp(piece->text + 3, s->file, length) == 0 && piece->text[3 + length] == ':') {
		piece->text = arena_print(s->arena, "/* %s", piece->text + 3 + length + 2);
		piece->section = true;
	} else
		piece->section = strncmp(text, "/* ----", 7) == 0;
	return end;
}

/* From a directive about a condition to the end of its block. */
static const char *add_directives(Slicer *s, const char *text)
{
	const char *end = text;
	int depth = 0;
	do {
		depth += strncmp(end, "#if", 3) == 0;
		depth -= strncmp(end, "#endif", 6) == 0;
		end += strcspn(end, "\n");
		end += *end == '\n';
	} while (depth > 0 && *end);
	name_macros(s, add_piece(s, PIECE_OTHER, text, end[-1] == '\n' ? end - 1 : end));
	return end;
}

/* Adds a definition: a function ends with its body, anything else with a semicolon. */
static const char *add_definition(Slicer *s, const char *text)
{
	const char *end = text;
	bool function = false, type = strncmp(text, "typedef", 7) == 0 || strncmp(text, "enum", 4) == 0, value = false;
	for (int depth = 0; *end; end++) {
		const char *opaque = skip_opaque(end);
		if (opaque > end) {
			end = opaque - 1;
			continue;
		}
		value = value || (*end == '=' && depth == 0);
		function = function || (*end == '{' && depth == 0 && !type && !value);
		depth += (*end == '{' || *end == '(') - (*end == '}' || *end == ')');
		if (depth == 0 && *end == (function ? '}' : ';'))
			break;
	}
	end += *end != 0;
	/* a comment in the same line */
	const char *remark = skip_opaque(end + strspn(end, " \t"));
	if (remark > end + strspn(end, " \t") && *remark == '\n')
		end = remark;
	name_definition(s, add_piece(s, function ? PIECE_FUNCTION : PIECE_OTHER, text, end));
	return end;
}

static void cut(Slicer *s, const char *text)
{
	while (*text) {
		if (*text == '\f') {
			size_t length = strcspn(text, "\n");
			s->file = arena_copy(s->arena, text + 1, length - 1);
			text += length;
		} else if (text[0] == '/' && text[1] == '*')
			text = add_comment(s, text);
		else if (*text == '#')
			text = add_directives(s, text);
		else if (isspace((unsigned char)*text))
			text++;
		else
			text = add_definition(s, text);
	}
}

/* ---- what is needed */

static bool defines(const Piece *piece, const char *name, size_t length)
{
	for (int i = 0; i < piece->names.count; i++)
		if (strlen(piece->names.items[i]) == length && memcmp(piece->names.items[i], name, length) == 0)
			return true;
	return false;
}

/* Whether the name from `name` to `end` is used as a function: it is called, or passed with an `&`. */
static bool is_function(const char *text, const char *name, const char *end)
{
	return end[strspn(end, " ")] == '(' || (name > text && name[-1] == '&' && (name - 1 == text || name[-2] != '&'));
}

static void need(Slicer *s, const char *name, size_t length, bool function);

static void need_names(Slicer *s, const char *text)
{
	const char *begin = text;
	while (*text) {
		const char *opaque = skip_opaque(text);
		if (opaque > text)
			text = opaque;
		else if (is_name(*text)) {
			const char *end = name_end(text);
			need(s, text, (size_t)(end - text), is_function(begin, text, end));
			text = end;
		} else
			text++;
	}
}

/* Marks the pieces that define the name as needed. A variable may have the same name as a function; `function` says
 * which is meant. */
static void need(Slicer *s, const char *name, size_t length, bool function)
{
	for (int i = 0; i < s->pieces.count; i++) {
		Piece *piece = &s->pieces.items[i];
		if (piece->needed || (piece->kind == PIECE_FUNCTION && !function) || !defines(piece, name, length))
			continue;
		piece->needed = true;
		need_names(s, piece->text);
	}
}

/* Whether the comment is about a needed piece: the one right after it, or any of its section. */
static bool introduces(const Slicer *s, int comment)
{
	const Piece *pieces = s->pieces.items;
	for (int i = comment + 1; i < s->pieces.count; i++) {
		if (pieces[i].kind == PIECE_COMMENT && (pieces[comment].attached || pieces[i].section))
			return false;
		if (pieces[i].needed && pieces[i].kind != PIECE_COMMENT)
			return true;
		if (pieces[comment].attached)
			return false;
	}
	return false;
}

/* ---- printing */

/* Returns the emitted name of the piece whose name is at text; null if that name belongs to no piece, or is a variable
 * with the name of one. */
static const char *renamed(const Slicer *s, const char *begin, const char *text, size_t length)
{
	/* names that the emitted interface uses too */
	static const struct { const char *from, *to; } others[] = {{"load", "load_lanes"}, {"store", "store_lanes"}};
	const bool function = is_function(begin, text, text + length);
	if (length == 5 && memcmp(text, "LANES", 5) == 0)
		return arena_print(s->arena, "%s_LANES", s->macro_prefix);
	for (int i = 0; i < s->pieces.count; i++) {
		const Piece *piece = &s->pieces.items[i];
		if (!piece->needed || !defines(piece, text, length) || (piece->kind == PIECE_FUNCTION && !function))
			continue;
		const char *name = arena_copy(s->arena, text, length);
		for (size_t k = 0; k < sizeof others / sizeof *others; k++)
			if (strcmp(others[k].from, name) == 0)
				name = others[k].to;
		bool macro = strcspn(name, "abcdefghijklmnopqrstuvwxyz") == strlen(name);
		return arena_print(s->arena, "%s_%s", macro ? s->macro_prefix : s->prefix, name);
	}
	return 0;
}

/* Returns the end of a hexadecimal float, which C++ has only since C++17; text itself if there is none. */
static const char *skip_hexadecimal(const char *text)
{
	if (text[0] != '0' || text[1] != 'x')
		return text;
	const char *end = text + 2 + strspn(text + 2, "0123456789abcdef.");
	if (*end != 'p')
		return text;
	end += 1 + (end[1] == '-' || end[1] == '+');
	end += strspn(end, DIGITS);
	return end + (*end == 'f');
}

const char *skip_suffixed(const char *text)
{
	const char *end = text + strspn(text, DIGITS);
	if (end == text || *end != '.')
		return text;
	end += 1 + strspn(end + 1, DIGITS);
	if (*end == 'e') {
		end += 1 + (end[1] == '-' || end[1] == '+');
		end += strspn(end, DIGITS);
	}
	return *end == 'f' ? end + 1 : text;
}

const char *skip_float_constant(const char *text)
{
	const char *end = is_name(*text) ? name_end(text) : text;
	const size_t length = (size_t)(end - text);
	return (length == 8 && memcmp(text, "INFINITY", 8) == 0) || (length == 3 && memcmp(text, "NAN", 3) == 0) ? end
		: text;
}

static void put_piece(const Slicer *s, Code *code, const char *text)
{
	const char *begin = text;
	while (*text) {
		const char *opaque = skip_opaque(text), *number = skip_hexadecimal(text), *name;
		if (opaque > text) {
			code_add(code, text, (size_t)(opaque - text));
			text = opaque;
		} else if (number > text) {
			code_put(code, "%s", number_text(s->arena, strtod(text, 0), number_class(s->number_bytes)));
			text = number;
		} else if ((number = skip_suffixed(text)) > text) {
			code_add(code, text, (size_t)(number - text) - (s->number_bytes == sizeof(double)));
			text = number;
		} else if (is_name(*text)) {
			size_t length = (size_t)(name_end(text) - text);
			name = renamed(s, begin, text, length);
			if (s->number_bytes == sizeof(double) && skip_float_constant(text) > text)
				code_put(code, "(double)");
			if (name)
				code_put(code, "%s", name);
			else
				code_add(code, text, length);
			text += length;
		} else
			code_add(code, text++, 1);
	}
}

static bool is_line(const Piece *piece)
{
	return piece->kind != PIECE_COMMENT && !strchr(piece->text, '\n');
}

void put_kernels(Code *code, int lanes, size_t number_bytes, const char *prefix, const char *const *functions,
	int count)
{
	Slicer s = {.arena = code->arena, .prefix = prefix, .macro_prefix = capitals(code->arena, prefix),
		.number_bytes = number_bytes, .file = ""};
	const char *source = kernel_source(code->arena, lanes, number_bytes);
	cut(&s, lanes == 1 ? plain_text(code->arena, source) : source);
	for (int i = 0; i < count; i++)
		need(&s, functions[i], strlen(functions[i]), true);
	const Piece *last = 0;
	for (int i = 0; i < s.pieces.count; i++) {
		const Piece *piece = &s.pieces.items[i];
		if (!(piece->kind == PIECE_COMMENT ? introduces(&s, i) : piece->needed))
			continue;
		if (!last || !((last->kind == PIECE_COMMENT && last->attached) || (is_line(last) && is_line(piece))))
			code_put(code, "\n");
		put_piece(&s, code, piece->text);
		code_put(code, "\n");
		last = piece;
	}
}
