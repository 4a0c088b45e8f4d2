/* tree.c: tokens -> statements. The actions of the grammar call these functions. */
#include "syntax.h"
#include "parse.h"
#include <locale.h>
#include <math.h>
#include <stdlib.h>

static const char *name_of(Parser *parser, Token token)
{
	return arena_copy(parser->arena, parser->source->text + token.span.begin, token.span.end - token.span.begin);
}

static Span join(Span first, Span last)
{
	return (Span){ first.begin, last.end };
}

/* ---- literals */

/* Reads digits up to the first other character; false if the value exceeds most, which is then the value. */
static bool read_digits(const char **text, uint64_t most, uint64_t *value)
{
	bool fits = true;
	for (*value = 0; **text >= '0' && **text <= '9'; (*text)++) {
		unsigned digit = (unsigned)(**text - '0');
		fits = fits && *value <= (most - digit) / 10;
		*value = fits ? *value * 10 + digit : most;
	}
	return fits;
}

/* strtod, with a decimal point in any locale. It stops at the end of the token, where the lexer found a character that
 * no number contains. */
static double read_real(const char *text)
{
	locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	locale_t before = uselocale(plain);
	double number = strtod(text, NULL);
	uselocale(before);
	freelocale(plain);
	return number;
}

static void read_number(Literal *literal, const char *text)
{
	literal->number = read_real(text);
	literal->negative = *text == '-';
	if (*text == '-' || *text == '+')
		text++;
	if (literal->integer)
		literal->overflow = !read_digits(&text, UINT64_MAX, &literal->magnitude);
	else
		literal->overflow = isinf(literal->number);
}

static void read_shape(Parser *parser, Literal *literal, const char *text)
{
	int rank = 0;
	for (;; text++, rank++) {
		uint64_t size;
		read_digits(&text, INT64_MAX, &size);
		if (rank < MAX_RANK)
			literal->dims[rank] = (int64_t)size;
		if (*text != 'x')
			break;
	}
	literal->rank = rank < MAX_RANK ? rank + 1 : MAX_RANK;
	literal->overflow = rank >= MAX_RANK;
	if (literal->overflow)
		error_at(parser->diagnostics, literal->span, "a shape has at most %d dimensions, this one has %d",
			MAX_RANK, rank + 1);
}

static Literal literal_of(Parser *parser, Token token)
{
	Literal literal = { .span = token.span };
	const char *text = parser->source->text + token.span.begin;
	if (token.kind == TOKEN_NAME) {
		literal.kind = LITERAL_NAME;
		literal.name = name_of(parser, token);
	} else if (token.kind == TOKEN_SHAPE) {
		literal.kind = LITERAL_SHAPE;
		read_shape(parser, &literal, text);
	} else {
		literal.kind = LITERAL_NUMBER;
		literal.integer = token.kind == TOKEN_INTEGER;
		read_number(&literal, text);
	}
	return literal;
}

/* ---- arguments */

static Argument *make_argument(Parser *parser, Token value)
{
	Argument *argument = NEW(parser->arena, Argument);
	argument->value = literal_of(parser, value);
	argument->key_span = value.span;
	return argument;
}

static Arguments append(Arguments arguments, Argument *argument)
{
	if (arguments.last)
		arguments.last->next = argument;
	else
		arguments.first = argument;
	arguments.last = argument;
	return arguments;
}

Arguments add_positional(Parser *parser, Arguments arguments, Token value)
{
	if (arguments.last && arguments.last->key && !arguments.misplaced) {
		arguments.misplaced = true;
		error_at(parser->diagnostics, value.span, "`%s` needs a name (name=%s): values without one come first",
			quote_source(parser->arena, parser->source, value.span),
			quote_source(parser->arena, parser->source, value.span));
		note_at(parser->diagnostics, arguments.last->key_span, "the first name is here");
	}
	return append(arguments, make_argument(parser, value));
}

static Literal make_list(Parser *parser, Arguments values)
{
	int count = 0;
	for (const Argument *a = values.first; a; a = a->next)
		count++;
	Literal *items = NEW_ARRAY(parser->arena, Literal, count);
	Literal list = { .kind = LITERAL_LIST, .span = join(values.first->value.span, values.last->value.span),
		.items = items, .item_count = count };
	for (const Argument *a = values.first; a; a = a->next)
		*items++ = a->value;
	return list;
}

Arguments add_keyed(Parser *parser, Arguments arguments, Token key, Arguments values)
{
	Argument *argument = values.first;
	if (argument->next)
		argument->value = make_list(parser, values);
	argument->next = NULL;
	argument->key = name_of(parser, key);
	argument->key_span = key.span;
	return append(arguments, argument);
}

/* ---- statements */

Statement *make_broken(Parser *parser, Statement *statement)
{
	if (!statement) {
		statement = NEW(parser->arena, Statement);
		statement->span = parser->head.span;
	}
	statement->broken = true;
	return statement;
}

Statements add_statement(Statements statements, Statement *statement)
{
	if (!statement)
		return statements;
	if (statements.last)
		statements.last->next = statement;
	else
		statements.first = statement;
	statements.last = statement;
	return statements;
}

static Statement *make_statement(Parser *parser, StatementKind kind, Token name, Span span)
{
	Statement *statement = NEW(parser->arena, Statement);
	statement->kind = kind;
	statement->span = span;
	statement->name_span = name.span;
	statement->name = name_of(parser, name);
	return statement;
}

Statement *make_call(Parser *parser, Token name, Arguments arguments)
{
	Span last = arguments.last ? arguments.last->value.span : name.span;
	Statement *statement = make_statement(parser, STATEMENT_CALL, name, join(name.span, last));
	statement->arguments = arguments.first;
	statement->broken = arguments.misplaced;
	return statement;
}

Statement *make_let(Parser *parser, Token keyword, Token name, Token value)
{
	Statement *statement = make_statement(parser, STATEMENT_LET, name, join(keyword.span, value.span));
	statement->arguments = make_argument(parser, value);
	return statement;
}

Statement *make_repeat(Parser *parser, Token keyword, Token count, Statement *body)
{
	Statement *statement = make_statement(parser, STATEMENT_REPEAT, keyword, join(keyword.span, count.span));
	statement->arguments = make_argument(parser, count);
	statement->body = body;
	return statement;
}

Statement *make_repeat_uncounted(Parser *parser, Token keyword, Statement *body)
{
	Statement *statement = make_statement(parser, STATEMENT_REPEAT, keyword, keyword.span);
	Literal once = { .kind = LITERAL_NUMBER, .span = keyword.span, .integer = true, .magnitude = 1, .number = 1 };
	statement->arguments = NEW(parser->arena, Argument);
	statement->arguments->key_span = keyword.span;
	statement->arguments->value = once;
	statement->body = body;
	error_at(parser->diagnostics, keyword.span, "expected a count after `repeat`, found `{`");
	return statement;
}

Statement *make_block(Parser *parser, Token keyword, Token name, Arguments parameters, Token last, Statement *body)
{
	Statement *statement = make_statement(parser, STATEMENT_BLOCK, name, join(keyword.span, last.span));
	statement->arguments = parameters.first;
	statement->body = body;
	return statement;
}

Statement *make_residual(Parser *parser, Token keyword, Statement *body, Statement *shortcut)
{
	Statement *statement = make_statement(parser, STATEMENT_RESIDUAL, keyword, keyword.span);
	statement->body = body;
	statement->shortcut = shortcut;
	return statement;
}

Statement *add_label(Parser *parser, Token label, Statement *statement)
{
	statement->label = name_of(parser, label);
	statement->label_span = label.span;
	statement->span.begin = label.span.begin;
	return statement;
}
