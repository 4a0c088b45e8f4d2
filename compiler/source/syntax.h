/* syntax.h: shared by lexer, grammar and tree. Token kinds are Lemon's, from the generated parse.h; 0 is the end. */
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
/* The next token. Malformed tokens have kinds of their own (TOKEN_BAD_...), which are in no rule of the grammar. */
Token lexer_next(Lexer *lexer);

/* ---- tree.c: what the grammar's actions call */

typedef struct Parser {
	Arena *arena;
	Diagnostics *diagnostics;
	const Source *source;
	Meant *meant;
	Token head;             /* the first token of the statement being read, after its label */
	Token previous;
	int length;             /* the number of tokens of the statement so far, from its head */
	int comma;              /* the statement's last comma: how many tokens are before it, 0: there is none; */
	Token before_comma;     /* the last of these */
	Span comma_span;
	Statement *statements;  /* the result */
} Parser;

typedef struct Arguments {
	Argument *first, *last;
	bool misplaced;         /* a value without a name after one with a name was reported in this statement */
} Arguments;

typedef struct Statements { Statement *first, *last; } Statements;

Arguments add_positional(Parser *parser, Arguments arguments, Token value);
/* values: one, or those of a list. */
Arguments add_keyed(Parser *parser, Arguments arguments, Token key, Arguments values);
/* Marks the statement as broken; null: makes one without anything that could be read. */
Statement *make_broken(Parser *parser, Statement *statement);
Statements add_statement(Statements statements, Statement *statement);

Statement *make_call(Parser *parser, Token name, Arguments arguments);
Statement *make_let(Parser *parser, Token keyword, Token name, Token value);
Statement *make_repeat(Parser *parser, Token keyword, Token count, Statement *body);
/* a mistake; its body counts once */
Statement *make_repeat_uncounted(Parser *parser, Token keyword, Statement *body);
/* last: the last token of the header. */
Statement *make_block(Parser *parser, Token keyword, Token name, Arguments parameters, Token last, Statement *body);
Statement *make_residual(Parser *parser, Token keyword, Statement *body, Statement *shortcut);
Statement *add_label(Parser *parser, Token label, Statement *statement);

/* ---- complain.c: mistakes of grammar, in words */

/* Reports that the grammar cannot use `found`; parser->previous is the last token that it could use. */
void complain(const Parser *parser, Token found);
void complain_stray(const Parser *parser, Token brace);
void complain_unclosed(const Parser *parser, Token end, Span opened);
void complain_nesting(const Parser *parser, Token brace);

#endif
