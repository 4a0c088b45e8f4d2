/* The kernels' files -> one text. This does the part of the C preprocessor's work whose result reads well: inclusion,
 * conditions on the number of lanes, and macros. A condition on a compiler or a processor (its names begin with `__`)
 * stays in the text, and so do the macros that are defined under it. */
#include "kernel_text.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PARAMETERS = 12, MAX_DEPTH = 16 };

typedef struct Macro {
	const char *name, *body;
	const char *parameters[MAX_PARAMETERS];
	int parameter_count;            /* -1: a macro without parameters */
	bool busy;                      /* being expanded */
	struct Macro *next;
} Macro;

typedef struct Condition {
	bool kept;              /* its lines stay in the text */
	bool taken;             /* one of its branches was */
	bool active;
} Condition;

typedef struct Preprocessor {
	Arena *arena;
	Code out;
	int lanes;
	Macro *macros;
	Condition conditions[MAX_DEPTH];
	int depth;
	struct { const KernelFile **items; int count, capacity; } files;
} Preprocessor;

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

static const char *name_at(Arena *arena, const char **text)
{
	const char *begin = *text = skip_blanks(*text);
	*text = name_end(begin);
	return arena_copy(arena, begin, (size_t)(*text - begin));
}

/* ---- macros */

static Macro *find_macro(const Preprocessor *p, const char *name)
{
	for (Macro *macro = p->macros; macro; macro = macro->next)
		if (strcmp(macro->name, name) == 0)
			return macro;
	return 0;
}

static void undefine(Preprocessor *p, const char *name)
{
	for (Macro **link = &p->macros; *link; link = &(*link)->next)
		if (strcmp((*link)->name, name) == 0) {
			*link = (*link)->next;
			return;
		}
}

/* text: what follows `#define`, with its continuation lines. */
static void define(Preprocessor *p, const char *text)
{
	Macro *macro = NEW(p->arena, Macro);
	macro->name = name_at(p->arena, &text);
	macro->parameter_count = -1;
	if (*text == '(') {
		macro->parameter_count = 0;
		text++;
		while (*text != ')') {
			if (macro->parameter_count == MAX_PARAMETERS || !*text)
				internal_error("the macro %s of the kernels has too many parameters", macro->name);
			macro->parameters[macro->parameter_count++] = name_at(p->arena, &text);
			text = skip_blanks(text + (*text == ','));
		}
		text++;
	}
	/* the body, without the backslashes */
	Code body = {.arena = p->arena};
	text = skip_blanks(text);
	if (text[0] == '\\' && text[1] == '\n')
		text = skip_blanks(text + 2);
	for (; *text; text++) {
		if (text[0] == '\\' && text[1] == '\n') {
			while (body.count && body.items[body.count - 1] == ' ')
				body.count--;
			continue;
		}
		code_add(&body, text, 1);
	}
	macro->body = code_text(&body);
	if (find_macro(p, macro->name))
		return;
	macro->next = p->macros;
	p->macros = macro;
}

/* Reads the arguments of a call; text is at its `(`. Returns what follows the `)`. */
static const char *read_arguments(Preprocessor *p, const Macro *macro, const char *text, const char *arguments[])
{
	int depth = 0, count = 0;
	const char *begin = text + 1;
	for (;; text++) {
		if (!*text || (*text == ',' && depth == 1 && count + 1 == macro->parameter_count))
			internal_error("the kernels' call of the macro %s does not fit it", macro->name);
		depth += *text == '(';
		depth -= *text == ')';
		if ((*text == ',' && depth == 1) || depth == 0) {
			begin += strspn(begin, " \t\n");
			if (count < macro->parameter_count)
				arguments[count++] = arena_copy(p->arena, begin, (size_t)(text - begin));
			begin = text + 1;
		}
		if (depth == 0)
			break;
	}
	if (count != macro->parameter_count)
		internal_error("the kernels' call of the macro %s does not fit it", macro->name);
	return text + 1;
}

/* Returns the macro's body with its arguments put in and `##` applied. Its later lines are indented like the line of
 * the call. */
static const char *substitute(Preprocessor *p, const Macro *macro, const char *arguments[], int indentation)
{
	Code out = {.arena = p->arena};
	int own = 1;    /* the number of tabs before the body's lines in the definition */
	for (const char *text = macro->body; *text;) {
		const char *opaque = skip_opaque(text);
		if (opaque > text) {
			code_add(&out, text, (size_t)(opaque - text));
			text = opaque;
		} else if (is_name(*text)) {
			const char *name = name_at(p->arena, &text);
			for (int i = 0; i < macro->parameter_count; i++)
				if (strcmp(macro->parameters[i], name) == 0)
					name = arguments[i];
			size_t length = strlen(name);
			code_add(&out, name, length);
			text += length && name[length - 1] == '*' && *text == ' ';      /* float *x */
		} else if (strncmp(skip_blanks(text), "##", 2) == 0) {
			text = skip_blanks(skip_blanks(text) + 2);
		} else if (*text == '\n') {
			size_t tabs = strspn(text + 1, "\t");
			code_add(&out, "\n", 1);
			for (int i = 0; i < (int)tabs - own + indentation; i++)
				code_add(&out, "\t", 1);
			text += 1 + tabs;
		} else
			code_add(&out, text++, 1);
	}
	return code_text(&out);
}

static void expand(Preprocessor *p, const char *text, Code *out, int indentation);

static void expand_name(Preprocessor *p, const char **text, Code *out, int indentation)
{
	const char *begin = *text, *name = name_at(p->arena, text);
	Macro *macro = find_macro(p, name);
	if (!macro || macro->busy || (macro->parameter_count >= 0 && *skip_blanks(*text) != '(')) {
		code_add(out, begin, (size_t)(*text - begin));
		return;
	}
	const char *arguments[MAX_PARAMETERS];
	if (macro->parameter_count >= 0)
		*text = read_arguments(p, macro, skip_blanks(*text), arguments);
	macro->busy = true;
	const char *body = substitute(p, macro, arguments, indentation);
	/* no space before an empty argument or a comma */
	while ((!*body || *body == ',') && out->count && out->items[out->count - 1] == ' ')
		out->count--;
	expand(p, body, out, indentation);
	macro->busy = false;
}

static void expand(Preprocessor *p, const char *text, Code *out, int indentation)
{
	while (*text) {
		const char *opaque = skip_opaque(text);
		if (opaque > text) {
			code_add(out, text, (size_t)(opaque - text));
			text = opaque;
		} else if (is_name(*text))
			expand_name(p, &text, out, indentation);
		else {
			if (*text == '\n')
				indentation = (int)strspn(text + 1, "\t");
			code_add(out, text++, 1);
		}
	}
}

/* ---- conditions: numbers, LANES, macros and their products compared, `defined`, and ! && || ( ) over these */

typedef struct Expression { Preprocessor *p; const char *text; } Expression;

static long disjunction(Expression *e);

static bool eat(Expression *e, const char *symbol)
{
	e->text = skip_blanks(e->text);
	size_t length = strlen(symbol);
	if (strncmp(e->text, symbol, length) != 0)
		return false;
	e->text += length;
	return true;
}

static bool is_defined(Expression *e)
{
	bool bracket = eat(e, "(");
	bool found = find_macro(e->p, name_at(e->p->arena, &e->text)) != 0;
	if (bracket)
		eat(e, ")");
	return found;
}

static long primary(Expression *e)
{
	if (eat(e, "!"))
		return !primary(e);
	if (eat(e, "(")) {
		long value = disjunction(e);
		eat(e, ")");
		return value;
	}
	const char *name = name_at(e->p->arena, &e->text);
	if (isdigit((unsigned char)*name))
		return strtol(name, 0, 0);
	if (strcmp(name, "defined") == 0)
		return is_defined(e);
	if (strcmp(name, "LANES") == 0)
		return e->p->lanes;
	const Macro *macro = find_macro(e->p, name);
	return macro ? strtol(macro->body, 0, 0) : 0;
}

static long product(Expression *e)
{
	long value = primary(e);
	while (eat(e, "*"))
		value *= primary(e);
	return value;
}

static long comparison(Expression *e)
{
	long left = product(e);
	if (eat(e, "=="))
		return left == product(e);
	if (eat(e, "!="))
		return left != product(e);
	if (eat(e, "<="))
		return left <= product(e);
	if (eat(e, ">="))
		return left >= product(e);
	if (eat(e, "<"))
		return left < product(e);
	if (eat(e, ">"))
		return left > product(e);
	return left;
}

static long conjunction(Expression *e)
{
	long left = comparison(e);
	while (eat(e, "&&")) {
		long right = comparison(e);
		left = left && right;
	}
	return left;
}

static long disjunction(Expression *e)
{
	long left = conjunction(e);
	while (eat(e, "||")) {
		long right = conjunction(e);
		left = left || right;
	}
	return left;
}

static bool holds(Preprocessor *p, const char *text)
{
	Expression e = {p, text};
	long value = disjunction(&e);
	if (*skip_blanks(e.text))
		internal_error("the kernels' condition `%s` is not understood", text);
	return value != 0;
}

/* ---- lines */

static bool is_active(const Preprocessor *p)
{
	for (int i = 0; i < p->depth; i++)
		if (!p->conditions[i].active)
			return false;
	return true;
}

static bool is_kept(const Preprocessor *p)
{
	for (int i = 0; i < p->depth; i++)
		if (p->conditions[i].kept)
			return true;
	return false;
}

static void open_condition(Preprocessor *p, const char *word, const char *text)
{
	bool active = is_active(p);
	Condition condition = {.kept = active && strstr(text, "__")};
	if (!active || condition.kept)
		condition.active = active;
	else if (strcmp(word, "if") == 0)
		condition.active = holds(p, text);
	else
		condition.active = (find_macro(p, name_at(p->arena, &text)) != 0) == (strcmp(word, "ifdef") == 0);
	condition.taken = condition.active;
	if (p->depth == MAX_DEPTH)
		internal_error("the kernels' conditions are nested too deep");
	p->conditions[p->depth++] = condition;
}

static void next_branch(Preprocessor *p, const char *word, const char *text)
{
	Condition *condition = &p->conditions[p->depth - 1];
	if (condition->kept)
		return;
	condition->active = false;
	condition->active = !condition->taken && (strcmp(word, "else") == 0 || holds(p, text));
	condition->taken |= condition->active;
}

/* Reads a directive about conditions. *kept: its line stays in the text. */
static bool read_condition(Preprocessor *p, const char *word, const char *text, bool *kept)
{
	bool opens = strncmp(word, "if", 2) == 0, closes = strcmp(word, "endif") == 0;
	if (!opens && !closes && strcmp(word, "elif") != 0 && strcmp(word, "else") != 0)
		return false;
	if (opens)
		open_condition(p, word, text);
	if (p->depth == 0)
		internal_error("the kernels have an #%s too many", word);
	*kept = p->conditions[p->depth - 1].kept;
	if (closes)
		p->depth--;
	else if (!opens)
		next_branch(p, word, text);
	return true;
}

/* Returns the line at *text, without its last newline, and with the lines that continue it: after a backslash, or if
 * the call of a macro or a comment is not finished. */
static const char *read_line(Preprocessor *p, const char **text)
{
	const char *begin = *text;
	bool directive = *skip_blanks(begin) == '#';
	int depth = 0;
	while (**text) {
		const char *opaque = directive ? *text : skip_opaque(*text);
		if (opaque > *text) {
			*text = opaque;
			continue;
		}
		depth += (**text == '(') - (**text == ')');
		if (**text == '\n' && (directive ? (*text)[-1] != '\\' : depth == 0))
			break;
		++*text;
	}
	const char *line = arena_copy(p->arena, begin, (size_t)(*text - begin));
	*text += **text == '\n';
	return line;
}

static void put_line(Preprocessor *p, const char *line)
{
	code_add(&p->out, line, strlen(line));
	code_add(&p->out, "\n", 1);
}

static void read_directive(Preprocessor *p, const char *line)
{
	const char *text = skip_blanks(line) + 1;
	const char *word = name_at(p->arena, &text);
	bool kept;
	if (read_condition(p, word, text, &kept)) {
		if (kept && is_active(p))
			put_line(p, line);
		return;
	}
	if (!is_active(p) || strcmp(word, "include") == 0)
		return;
	if (is_kept(p))
		put_line(p, line);
	else if (strcmp(word, "define") == 0)
		define(p, text);
	else if (strcmp(word, "undef") == 0)
		undefine(p, name_at(p->arena, &text));
	else
		put_line(p, line);
}

static const KernelFile *find_file(const char *name, size_t length)
{
	for (const KernelFile *file = kernel_files; file->name; file++)
		if (strlen(file->name) == length && memcmp(file->name, name, length) == 0)
			return file;
	return 0;
}

/* Reads the files that text includes first, so that the comment at the beginning of a file stays above the file's own
 * lines. */
static void read_file(Preprocessor *p, const KernelFile *file);

static void read_included(Preprocessor *p, const char *text)
{
	static const char include[] = "#include \"";
	for (const char *at = text; (at = strstr(at, include)); ) {
		at += strlen(include);
		const KernelFile *file = find_file(at, strcspn(at, "\""));
		if (file)
			read_file(p, file);
	}
}

static bool was_read(Preprocessor *p, const KernelFile *file)
{
	for (int i = 0; i < p->files.count; i++)
		if (p->files.items[i] == file)
			return true;
	APPEND(p->arena, &p->files, file);
	return false;
}

/* Whether text begins with a choice of what depends on the type of the numbers. A comment right before it is about
 * macros, and macros are not printed. */
static bool is_choice(const char *text)
{
	static const char condition[] = "#if REAL_BITS";
	return strncmp(text, condition, strlen(condition)) == 0;
}

static void read_file(Preprocessor *p, const KernelFile *file)
{
	if (was_read(p, file))
		return;
	read_included(p, file->text);
	code_put(&p->out, "\f%s\n", file->name);
	for (const char *text = file->text; *text;) {
		const char *line = read_line(p, &text);
		if (*skip_blanks(line) == '#')
			read_directive(p, line);
		else if (strncmp(line, "/*", 2) == 0 && is_choice(text))
			continue;
		else if (is_active(p)) {
			expand(p, line, &p->out, (int)strspn(line, "\t"));
			code_add(&p->out, "\n", 1);
		}
	}
}

const char *kernel_source(Arena *arena, int lanes, size_t number_bytes)
{
	Preprocessor p = {.arena = arena, .out = {.arena = arena}, .lanes = lanes};
	/* without the name of an instruction set */
	define(&p, "KERNEL_FN(name) name");
	define(&p, arena_print(arena, "REAL_BITS %zu", 8 * number_bytes));
	define(&p, arena_print(arena, "real %s", number_type(number_bytes)));
	/* what includes all kernels, and what else an emitted program calls */
	static const char *const roots[] = {"all.c", "rates.h"};
	for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
		const KernelFile *root = find_file(roots[i], strlen(roots[i]));
		if (!root)
			internal_error("the kernels' source is not there");
		read_file(&p, root);
	}
	return code_text(&p.out);
}
