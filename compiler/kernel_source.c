/* The kernels' files -> one text. The part of the C preprocessor that reads well when it is undone: inclusion, conditions on
 * the number of lanes, and macros. A condition that asks for a compiler or a processor (its names begin with `__`) stays,
 * and with it the macros defined under it. */
#include "kernel_text.h"
#include <ctype.h>
#include <string.h>

enum { MAX_PARAMETERS = 8, MAX_DEPTH = 16 };

typedef struct Macro {
	const char *name, *body;
	const char *parameters[MAX_PARAMETERS];
	int parameter_count;            /* -1: not like a function */
	bool busy;                      /* being expanded */
	struct Macro *next;
} Macro;

typedef struct Condition {
	bool kept;              /* its lines stay, whatever it asks */
	bool taken;             /* one of its branches was */
	bool active;
} Condition;

typedef struct Source_ {
	Arena *arena;
	Code out;
	int lanes;
	Macro *macros;
	Condition conditions[MAX_DEPTH];
	int depth;
	struct { const char **items; int count, capacity; } included;
} Preprocessor;

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

static const char *name_at(Arena *arena, const char **text)
{
	const char *begin = *text = skip_blanks(*text);
	while (is_name(**text))
		++*text;
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

/* text: what follows `#define`, with its continuation lines as they stand. */
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

/* Past a comment, string or character at text; text itself when there is none. */
static const char *skip_opaque(const char *text)
{
	if (text[0] == '/' && text[1] == '*') {
		const char *end = strstr(text + 2, "*/");
		return end ? end + 2 : text + strlen(text);
	}
	if (*text != '"' && *text != '\'')
		return text;
	const char *end = text + 1;
	while (*end && *end != *text)
		end += *end == '\\' && end[1] ? 2 : 1;
	return *end ? end + 1 : end;
}

/* The arguments of a call at text, which is its `(`; returns what follows the `)`. */
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
			begin = skip_blanks(begin);
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

/* The body with its arguments in place and `##` done; its later lines are indented as the line of the call is. */
static const char *substitute(Preprocessor *p, const Macro *macro, const char *arguments[], int indentation)
{
	Code out = {.arena = p->arena};
	int own = 1;    /* tabs before the body's lines as defined */
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
			code_add(&out, name, strlen(name));
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
	expand(p, substitute(p, macro, arguments, indentation), out, indentation);
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
		else
			code_add(out, text++, 1);
	}
}

/* ---- conditions: C's integer expressions of || && == != < <= > >= + - * / ! ( ) defined */

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

static long primary(Expression *e)
{
	if (eat(e, "!"))
		return !primary(e);
	if (eat(e, "(")) {
		long value = disjunction(e);
		eat(e, ")");
		return value;
	}
	e->text = skip_blanks(e->text);
	if (isdigit((unsigned char)*e->text)) {
		char *end;
		long value = strtol(e->text, &end, 0);
		e->text = end;
		return value;
	}
	const char *name = name_at(e->p->arena, &e->text);
	if (strcmp(name, "defined") == 0) {
		bool bracket = eat(e, "(");
		long value = find_macro(e->p, name_at(e->p->arena, &e->text)) != 0;
		if (bracket)
			eat(e, ")");
		return value;
	}
	if (strcmp(name, "LANES") == 0)
		return e->p->lanes;
	Macro *macro = find_macro(e->p, name);
	if (!macro)
		return 0;
	Expression body = {e->p, macro->body};
	return disjunction(&body);
}

static long product(Expression *e)
{
	long left = primary(e);
	for (;;) {
		if (eat(e, "*"))
			left *= primary(e);
		else if (eat(e, "/")) {
			long right = primary(e);
			left = right ? left / right : 0;
		} else
			return left;
	}
}

static long sum(Expression *e)
{
	long left = product(e);
	for (;;) {
		if (eat(e, "+"))
			left += product(e);
		else if (eat(e, "-"))
			left -= product(e);
		else
			return left;
	}
}

static long comparison(Expression *e)
{
	long left = sum(e);
	if (eat(e, "=="))
		return left == sum(e);
	if (eat(e, "!="))
		return left != sum(e);
	if (eat(e, "<="))
		return left <= sum(e);
	if (eat(e, ">="))
		return left >= sum(e);
	if (eat(e, "<"))
		return left < sum(e);
	if (eat(e, ">"))
		return left > sum(e);
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
	return disjunction(&e) != 0;
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

static void open_condition(Preprocessor *p, bool kept, bool active)
{
	if (p->depth == MAX_DEPTH)
		internal_error("the kernels' conditions are nested too deep");
	p->conditions[p->depth++] = (Condition){kept, active, active};
}

/* A line `#if`, `#elif`, `#else`, `#endif` of any kind. True: it is decided and leaves no trace. */
static bool decide(Preprocessor *p, const char *word, const char *rest)
{
	if (strcmp(word, "if") == 0 || strcmp(word, "ifdef") == 0 || strcmp(word, "ifndef") == 0) {
		bool kept = is_active(p) && strstr(rest, "__");
		bool value = strcmp(word, "if") == 0 ? holds(p, rest) : (find_macro(p, name_at(p->arena, &rest)) != 0) == !word[5 - (word[2] == 'd')];
		open_condition(p, kept, kept || value);
		return !kept;
	}
	if (p->depth == 0)
		internal_error("the kernels have an #%s too many", word);
	Condition *condition = &p->conditions[p->depth - 1];
	bool kept = condition->kept;
	if (strcmp(word, "endif") == 0)
		p->depth--;
	else if (!kept) {
		condition->active = !condition->taken && (strcmp(word, "else") == 0 || holds(p, rest));
		condition->taken |= condition->active;
	}
	return !kept;
}
