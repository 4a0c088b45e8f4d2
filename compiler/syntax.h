/* syntax.h: what lexer, grammar and tree share. Token kinds are Lemon's, from the generated parse.h; 0 is the end. */
#ifndef SYNTAX_H
#define SYNTAX_H
#include "bnc.h"

enum { MAX_NAME = 63 };

typedef struct Token {
	int kind;
	Span span;
} Token;

/* ---- lex.re */

typedef struct Lexer {
	const Source *source;
	const unsigned char *cursor;
} Lexer;

Lexer lexer_open(const Source *source);
/* The next token. Malformed ones have a kind of their own (TOKEN_BAD_...), which no rule of the grammar takes. */
Token lexer_next(Lexer *lexer);

/* ---- tree.c: what the grammar's actions call */

typedef struct Parser {
	Arena *arena;
	Diagnostics *diagnostics;
	const Source *source;
	Token head;             /* the first token of the statement being read, after its label */
	Token previous;
	int length;             /* tokens of the statement so far, from its head */
	Statement *statements;  /* the result */
} Parser;

typedef struct Arguments {
	Argument *first, *last;
	bool misplaced;         /* a value without a name after one with a name: said once in a statement */
} Arguments;

typedef struct Statements { Statement *first, *last; } Statements;

Arguments add_positional(Parser *parser, Arguments arguments, Token value);
Arguments add_keyed(Parser *parser, Arguments arguments, Token key, Token value);
/* Marks the statement, or one of which nothing could be read. */
Statement *make_broken(Parser *parser, Statement *statement);
Statements add_statement(Statements statements, Statement *statement);

Statement *make_call(Parser *parser, Token name, Arguments arguments);
Statement *make_let(Parser *parser, Token keyword, Token name, Token value);
Statement *make_repeat(Parser *parser, Token keyword, Token count, Statement *body);
Statement *make_repeat_uncounted(Parser *parser, Token keyword, Statement *body);       /* a mistake; repeats once */
/* last is the header's last token. */
Statement *make_block(Parser *parser, Token keyword, Token name, Arguments parameters, Token last, Statement *body);
Statement *make_residual(Parser *parser, Token keyword, Statement *body, Statement *shortcut);
Statement *add_label(Parser *parser, Token label, Statement *statement);

/* ---- complain.c: mistakes of grammar, in words */

/* The grammar has no use for found where parser->previous was the last good token. */
void complain(const Parser *parser, Token found);
void complain_stray(const Parser *parser, Token brace);
void complain_unclosed(const Parser *parser, Token end, Span opened);
void complain_nesting(const Parser *parser, Token brace);

/* ---- unknown.c */

/* What somebody who wrote `name = value` probably meant, as a statement that bnc takes. */
const char *meant_assignment(Arena *arena, const char *name, const char *value);

#endif
