/* parse.y: tokens -> tree, by Lemon. Actions are single calls of tree.c; complain.c puts syntax errors into words.
 * `error` stands for everything that made no sense, up to the end of the statement. A body after it is read as usual,
 * so that mistakes in it are found too, and braces stay in pairs. */

%include {
#include "source/syntax.h"
#define NO_ARGUMENTS ((Arguments){ 0 })
#define NDEBUG                          /* without it Lemon's template has static variables, for traces */
#define Parse_ENGINEALWAYSONSTACK
/* Lemon's template gives these warnings. */
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-variable"
}

%token_prefix   TOKEN_
%token_type     { Token }
%extra_context  { Parser *parser }
%stack_size     600
%syntax_error   { complain(parser, TOKEN); }

/* parse() below turns NEWLINE and SEMICOLON into END. */
%token NEWLINE SEMICOLON BAD_CHARACTER BAD_NAME BAD_NUMBER.

%type statements { Statements }
%type line       { Statement * }
%type statement  { Statement * }
%type call       { Statement * }
%type residual   { Statement * }
%type body       { Statement * }
%type arguments  { Arguments }
%type parameters { Arguments }
%type list       { Arguments }
%type value      { Token }

file ::= statements(S).                                         { parser->statements = S.first; }

statements(S) ::= .                                             { S = (Statements){ 0 }; }
statements(S) ::= statements(B) line(L).                        { S = add_statement(B, L); }

line(L) ::= END.                                                { L = NULL; }
line(L) ::= statement(S) END.                                   { L = S; }
line(L) ::= statement(S) error bodies END.                      { L = make_broken(parser, S); }
line(L) ::= error bodies END.                                   { L = make_broken(parser, NULL); }

bodies ::= .
bodies ::= bodies body.

body(B) ::= LEFT_BRACE statements(S) RIGHT_BRACE.               { B = S.first; }

statement(S) ::= call(C).                                       { S = C; }
statement(S) ::= residual(R).                                   { S = R; }
statement(S) ::= NAME(L) COLON call(C).                         { S = add_label(parser, L, C); }
statement(S) ::= NAME(L) COLON residual(R).                     { S = add_label(parser, L, R); }
statement(S) ::= LET(K) NAME(N) EQUALS value(V).                { S = make_let(parser, K, N, V); }
statement(S) ::= REPEAT(K) value(V) body(B).                    { S = make_repeat(parser, K, V, B); }
statement(S) ::= REPEAT(K) body(B).                             { S = make_repeat_uncounted(parser, K, B); }
statement(S) ::= BLOCK(K) NAME(N) body(B).                      { S = make_block(parser, K, N, NO_ARGUMENTS, N, B); }
statement(S) ::= BLOCK(K) NAME(N) LEFT_PAREN RIGHT_PAREN(R) body(B).
                                                                { S = make_block(parser, K, N, NO_ARGUMENTS, R, B); }
statement(S) ::= BLOCK(K) NAME(N) LEFT_PAREN parameters(P) RIGHT_PAREN(R) body(B).
                                                                { S = make_block(parser, K, N, P, R, B); }

residual(R) ::= RESIDUAL(K) body(B).                            { R = make_residual(parser, K, B, NULL); }
residual(R) ::= RESIDUAL(K) body(B) body(S).                    { R = make_residual(parser, K, B, S); }

call(C) ::= NAME(N) arguments(A).                               { C = make_call(parser, N, A); }

arguments(A) ::= .                                              { A = NO_ARGUMENTS; }
arguments(A) ::= arguments(B) value(V).                         { A = add_positional(parser, B, V); }
arguments(A) ::= arguments(B) NAME(K) EQUALS list(L).           { A = add_keyed(parser, B, K, L); }

list(L) ::= value(V).                                           { L = add_positional(parser, NO_ARGUMENTS, V); }
list(L) ::= list(M) COMMA value(V).                             { L = add_positional(parser, M, V); }

value(V) ::= NAME(T).                                           { V = T; }
value(V) ::= INTEGER(T).                                        { V = T; }
value(V) ::= REAL(T).                                           { V = T; }
value(V) ::= SHAPE(T).                                          { V = T; }

parameters(P) ::= NAME(N).                                      { P = add_positional(parser, NO_ARGUMENTS, N); }
parameters(P) ::= parameters(Q) COMMA NAME(N).                  { P = add_positional(parser, Q, N); }

%code {
/* MAX_NESTING bodies with a statement, and one more that is refused, of at most 8 symbols each. */
_Static_assert(YYSTACKDEPTH >= 8 * (MAX_NESTING + 2), "the stack holds the deepest nesting");

typedef struct Feed {
	yyParser engine;
	Parser *parser;
	int depth;                      /* the number of open braces, with those beyond MAX_NESTING */
	bool refused;                   /* nesting that is too deep was reported */
	Span opened[MAX_NESTING + 1];
} Feed;

static void feed(Feed *feeder, Token token)
{
	Parser *parser = feeder->parser;
	int before = parser->previous.kind;
	if (!before || before == TOKEN_END || before == TOKEN_LEFT_BRACE || before == TOKEN_COLON) {
		parser->head = token;
		parser->length = 0;
		parser->comma = 0;
	}
	Parse(&feeder->engine, token.kind, token);
	if (token.kind == TOKEN_COMMA) {
		parser->comma = parser->length;
		parser->before_comma = parser->previous;
		parser->comma_span = token.span;
	}
	parser->previous = token;
	parser->length++;
	/* Lemon reports no mistake in the three tokens after one; in a new statement they are to be reported. */
	if (token.kind == TOKEN_END || token.kind == TOKEN_LEFT_BRACE)
		feeder->engine.yyerrcnt = -1;
}

static void feed_end(Feed *feeder, Span where)
{
	feed(feeder, (Token){ TOKEN_END, where });
}

static void open_brace(Feed *feeder, Token brace)
{
	if (feeder->depth == MAX_NESTING && !feeder->refused) {
		complain_nesting(feeder->parser, brace);
		feeder->refused = true;
	}
	if (feeder->depth <= MAX_NESTING) {
		feeder->opened[feeder->depth] = brace.span;
		feed(feeder, brace);
	}
	feeder->depth++;
}

static void close_brace(Feed *feeder, Token brace)
{
	if (!feeder->depth) {
		complain_stray(feeder->parser, brace);
		feed_end(feeder, brace.span);
		return;
	}
	feeder->depth--;
	if (feeder->depth > MAX_NESTING)
		return;
	feed_end(feeder, brace.span);
	feed(feeder, brace);
}

static void close_file(Feed *feeder, Token end)
{
	if (feeder->depth)
		complain_unclosed(feeder->parser, end,
			feeder->opened[feeder->depth > MAX_NESTING ? MAX_NESTING : feeder->depth - 1]);
	while (feeder->depth)
		close_brace(feeder, (Token){ TOKEN_RIGHT_BRACE, end.span });
	feed_end(feeder, end.span);
	Parse(&feeder->engine, 0, end);
}

static void feed_token(Feed *feeder, Token token)
{
	if (token.kind == TOKEN_LEFT_BRACE)
		open_brace(feeder, token);
	else if (token.kind == TOKEN_RIGHT_BRACE)
		close_brace(feeder, token);
	else if (feeder->depth <= MAX_NESTING)
		feed(feeder, token);
}

/* The end of a line ends the statement, except before a '{', so that a body may begin in a line of its own. */
Statement *parse(Arena *arena, Diagnostics *diagnostics, const Source *source, Meant *meant)
{
	Parser parser = { .arena = arena, .diagnostics = diagnostics, .source = source, .meant = meant };
	Feed feeder = { .parser = &parser };
	Lexer lexer = lexer_open(source);
	Token newline = { 0 };

	ParseInit(&feeder.engine, &parser);
	for (Token token = lexer_next(&lexer);; token = lexer_next(&lexer)) {
		if (token.kind == TOKEN_NEWLINE) {
			if (!newline.kind)
				newline = (Token){ TOKEN_END, token.span };
			continue;
		}
		if (newline.kind && token.kind != TOKEN_LEFT_BRACE)
			feed_token(&feeder, newline);
		newline.kind = 0;
		if (!token.kind) {
			close_file(&feeder, token);
			break;
		}
		if (token.kind == TOKEN_SEMICOLON)
			token.kind = TOKEN_END;
		feed_token(&feeder, token);
	}
	return parser.statements;
}
}
