/* dump_tree.c: prints tokens and tree, each with its place. */
#include "syntax.h"
#include "parse.h"

static const char *const kinds[] = {
	[0] = "end of file",
	[TOKEN_NEWLINE] = "newline",
	[TOKEN_SEMICOLON] = "semicolon",
	[TOKEN_BAD_CHARACTER] = "bad character",
	[TOKEN_BAD_NAME] = "bad name",
	[TOKEN_BAD_NUMBER] = "bad number",
	[TOKEN_LEFT_BRACE] = "punctuation",
	[TOKEN_RIGHT_BRACE] = "punctuation",
	[TOKEN_NAME] = "name",
	[TOKEN_COLON] = "punctuation",
	[TOKEN_LET] = "keyword",
	[TOKEN_EQUALS] = "punctuation",
	[TOKEN_REPEAT] = "keyword",
	[TOKEN_BLOCK] = "keyword",
	[TOKEN_LEFT_PAREN] = "punctuation",
	[TOKEN_RIGHT_PAREN] = "punctuation",
	[TOKEN_RESIDUAL] = "keyword",
	[TOKEN_INTEGER] = "integer",
	[TOKEN_REAL] = "real",
	[TOKEN_SHAPE] = "shape",
	[TOKEN_COMMA] = "punctuation",
};

static void print_span(const Source *source, Span span, FILE *out)
{
	print_safely(source->text + span.begin, span.end - span.begin, out);
}

void dump_tokens(const Source *source, FILE *out)
{
	Lexer lexer = lexer_open(source);
	Place place = place_first(source);
	for (;;) {
		Token token = lexer_next(&lexer);
		place = place_next(source, place, token.span.begin);
		fprintf(out, "%d:%d %s", place.line, place.column, kinds[token.kind]);
		if (token.kind && token.kind != TOKEN_NEWLINE && token.kind != TOKEN_SEMICOLON) {
			fputc(' ', out);
			print_span(source, token.span, out);
		}
		fputc('\n', out);
		if (!token.kind)
			return;
	}
}

static void print_arguments(const Source *source, const Statement *statement, FILE *out)
{
	const char *before = statement->kind == STATEMENT_LET ? " = " : " ";
	for (const Argument *argument = statement->arguments; argument; argument = argument->next) {
		fprintf(out, "%s%s%s", before, argument->key ? argument->key : "", argument->key ? "=" : "");
		print_span(source, argument->value.span, out);
	}
}

/* place: where the walk through the source has arrived; statements come in the order of the source. */
static void dump_statements(const Source *source, const Statement *statement, int depth, Place *place, FILE *out)
{
	static const char *const keywords[] = {
		[STATEMENT_CALL] = "", [STATEMENT_LET] = "let ", [STATEMENT_REPEAT] = "",
		[STATEMENT_BLOCK] = "block ", [STATEMENT_RESIDUAL] = "",
	};
	for (; statement; statement = statement->next) {
		if (!statement->name)
			continue;       /* a mistake without anything that could be read */
		*place = place_next(source, *place, statement->span.begin);
		fprintf(out, "%d:%d %*s", place->line, place->column, 2 * depth, "");
		if (statement->label)
			fprintf(out, "%s: ", statement->label);
		fprintf(out, "%s%s", keywords[statement->kind], statement->name);
		print_arguments(source, statement, out);
		fputc('\n', out);
		dump_statements(source, statement->body, depth + 1, place, out);
		if (statement->shortcut) {
			*place = place_next(source, *place, statement->shortcut->span.begin);
			fprintf(out, "%d:%d %*sshortcut\n", place->line, place->column, 2 * depth, "");
		}
		dump_statements(source, statement->shortcut, depth + 1, place, out);
	}
}

void dump_tree(const Source *source, const Statement *statements, FILE *out)
{
	Place place = place_first(source);
	dump_statements(source, statements, 0, &place, out);
}
