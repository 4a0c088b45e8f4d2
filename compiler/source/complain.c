/* complain.c: describes syntax errors: what was expected, and what was found. */
#include "syntax.h"
#include "parse.h"
#include <string.h>

typedef struct Expectation {
	int head, length;       /* of the statement so far; 0: any */
	int previous;           /* the last token that made sense; 0: any */
	const char *expected;
} Expectation;

static const char after_argument[] = "a value, a name=value or the end of the line";
static const char any_layer[] = "a layer, a setting or a definition";

/* Rows for special cases; the first that fits is used. */
static const Expectation expectations[] = {
	{ 0,            0, 0,                  any_layer },
	{ 0,            0, TOKEN_END,          any_layer },
	{ 0,            0, TOKEN_LEFT_BRACE,   any_layer },
	{ 0,            0, TOKEN_RIGHT_BRACE,  "the end of the line" },
	{ 0,            0, TOKEN_LET,          "a name" },
	{ 0,            0, TOKEN_REPEAT,       "a count" },
	{ 0,            0, TOKEN_BLOCK,        "a name" },
	{ 0,            0, TOKEN_RESIDUAL,     "`{`" },
	{ 0,            0, TOKEN_COLON,        "a layer" },
	{ 0,            0, TOKEN_EQUALS,       "a value" },
	{ 0,            0, TOKEN_LEFT_PAREN,   "a parameter's name or `)`" },
	{ 0,            0, TOKEN_RIGHT_PAREN,  "`{`" },
	{ TOKEN_BLOCK,  0, TOKEN_COMMA,        "a parameter's name" },
	{ 0,            0, TOKEN_COMMA,        "a value" },
	{ TOKEN_LET,    2, TOKEN_NAME,         "`=`" },
	{ TOKEN_LET,    0, 0,                  "the end of the line" },
	{ TOKEN_REPEAT, 0, 0,                  "`{`" },
	{ TOKEN_BLOCK,  2, TOKEN_NAME,         "`(` or `{`" },
	{ TOKEN_BLOCK,  0, TOKEN_NAME,         "`,` or `)`" },
	{ 0,            0, 0,                  after_argument },
};

static const char *quote(const Parser *parser, Token token)
{
	return quote_source(parser->arena, parser->source, token.span);
}

static const char *expected_by(const Parser *parser)
{
	const Expectation *row = expectations + (parser->previous.kind ? 1 : 0);
	while ((row->head && row->head != parser->head.kind) || (row->length && row->length != parser->length) ||
			(row->previous && row->previous != parser->previous.kind))
		row++;
	return row->expected;
}

static bool starts_statement(const Parser *parser)
{
	int previous = parser->previous.kind;
	return !previous || previous == TOKEN_END || previous == TOKEN_LEFT_BRACE;
}

/* "`}`"; "the end of the line"; "the end of the file" */
static const char *describe(const Parser *parser, Token found)
{
	if (found.span.begin >= parser->source->length)
		return "the end of the file";
	if (parser->source->text[found.span.begin] == '\n')
		return "the end of the line";
	return arena_print(parser->arena, "`%s`", quote(parser, found));
}

static void complain_name(const Parser *parser, Token found)
{
	const char *text = parser->source->text;
	for (uint32_t at = found.span.begin; at < found.span.end; at++)
		if ((unsigned char)text[at] >= 0x80 || strchr(".+-", text[at])) {
			error_at(parser->diagnostics, found.span,
				"`%s` is not a name: names are made of the letters A-Z and a-z, digits and `_`",
				quote(parser, found));
			return;
		}
	error_at(parser->diagnostics, found.span, "the name `%s` has %u characters, at most %d are allowed",
		quote(parser, found), (unsigned)(found.span.end - found.span.begin), MAX_NAME);
}

static void complain_malformed(const Parser *parser, Token found)
{
	if (found.kind == TOKEN_BAD_NAME)
		complain_name(parser, found);
	else if (found.kind == TOKEN_BAD_NUMBER)
		error_at(parser->diagnostics, found.span,
			"`%s` is neither a number (64, -0.1, 1e-4) nor a shape (3x32x32)", quote(parser, found));
	else
		error_at(parser->diagnostics, found.span, "`%s` has no meaning here", quote(parser, found));
}

/* The value after the `=`, as written; "" if there is none. */
static const char *value_after(const Parser *parser, Token equals)
{
	Lexer lexer = {parser->source, (const unsigned char *)parser->source->text + equals.span.end};
	Token value = lexer_next(&lexer);
	bool is_value = value.kind == TOKEN_NAME || value.kind == TOKEN_INTEGER || value.kind == TOKEN_REAL
		|| value.kind == TOKEN_SHAPE;
	return is_value ? quote(parser, value) : "";
}

/* For somebody who wrote `lr=0.1, momentum=0.9`: the comma is one too many, although a list might have gone on. */
static void complain_comma(const Parser *parser)
{
	error_at(parser->diagnostics, parser->comma_span, "expected %s after `%s`, found `,`", after_argument,
		quote(parser, parser->before_comma));
}

/* For somebody who wrote `epochs = 10`. */
static void complain_assignment(const Parser *parser, Token found)
{
	const char *name = quote(parser, parser->head), *value = value_after(parser, found);
	const char *meant = parser->meant(parser->arena, name, value);
	error_at(parser->diagnostics, found.span, "expected a value after `%s`, found `=`: write `%s`", name, meant);
}

void complain(const Parser *parser, Token found)
{
	bool called = parser->head.kind == TOKEN_NAME && !starts_statement(parser);
	if (found.kind == TOKEN_BAD_CHARACTER || found.kind == TOKEN_BAD_NAME || found.kind == TOKEN_BAD_NUMBER)
		complain_malformed(parser, found);
	else if (called && found.kind == TOKEN_EQUALS && parser->length == 1)
		complain_assignment(parser, found);
	else if (called && found.kind == TOKEN_EQUALS && parser->comma && parser->length == parser->comma + 2)
		complain_comma(parser);
	else if (called && found.kind == TOKEN_EQUALS && parser->previous.kind != TOKEN_EQUALS)
		error_at(parser->diagnostics, found.span, "expected a name before `=`, found `%s`",
			quote(parser, parser->previous));
	else if (starts_statement(parser))
		error_at(parser->diagnostics, found.span, "expected %s, found %s", expected_by(parser),
			describe(parser, found));
	else
		error_at(parser->diagnostics, found.span, "expected %s after `%s`, found %s", expected_by(parser),
			quote(parser, parser->previous), describe(parser, found));
}

void complain_stray(const Parser *parser, Token brace)
{
	error_at(parser->diagnostics, brace.span, "this `}` closes nothing: no `{` is open");
}

void complain_unclosed(const Parser *parser, Token end, Span opened)
{
	error_at(parser->diagnostics, end.span, "expected `}` before the end of the file");
	note_at(parser->diagnostics, opened, "this `{` is not closed");
}

void complain_nesting(const Parser *parser, Token brace)
{
	error_at(parser->diagnostics, brace.span, "bodies are nested more than %d deep", MAX_NESTING);
}
