/* lex.re: characters -> tokens, by re2c. text[length] must be 0; a 0 before that is a character like any other. Nothing
 * is reported here: the grammar reports a malformed token, once in a statement. */
#include "source/syntax.h"
#include "parse.h"

Lexer lexer_open(const Source *source)
{
	return (Lexer){ source, (const unsigned char *)source->text + place_first(source).offset };
}

static Token token_from(const Lexer *lexer, const unsigned char *begin, int kind)
{
	const unsigned char *text = (const unsigned char *)lexer->source->text;
	return (Token){ kind, { (uint32_t)(begin - text), (uint32_t)(lexer->cursor - text) } };
}

static Token name_from(const Lexer *lexer, const unsigned char *begin)
{
	return token_from(lexer, begin, lexer->cursor - begin <= MAX_NAME ? TOKEN_NAME : TOKEN_BAD_NAME);
}

Token lexer_next(Lexer *lexer)
{
	const unsigned char *limit = (const unsigned char *)lexer->source->text + lexer->source->length;
	const unsigned char *begin;

	for (;;) {
		begin = lexer->cursor;
		/*!re2c
		re2c:yyfill:enable = 0;
		re2c:eof = 0;
		re2c:define:YYCTYPE = "unsigned char";
		re2c:define:YYCURSOR = lexer->cursor;
		re2c:define:YYLIMIT = limit;

		digit    = [0-9];
		letter   = [A-Za-z_];
		sign     = [-+];
		exponent = [eE] sign? digit+;
		real     = sign? (digit+ "." digit* | "." digit+) exponent? | sign? digit+ exponent;
		beyond   = [\x80-\xff];
		worded   = letter | digit | beyond | "." | sign;
		rubbish  = [^ \t\r\n#;=:,{}()] \ worded;

		$                                   { return token_from(lexer, begin, 0); }
		[ \t\r]+                            { continue; }
		"#" [^\n]*                          { continue; }
		"\n"                                { return token_from(lexer, begin, TOKEN_NEWLINE); }
		";"                                 { return token_from(lexer, begin, TOKEN_SEMICOLON); }
		"="                                 { return token_from(lexer, begin, TOKEN_EQUALS); }
		":"                                 { return token_from(lexer, begin, TOKEN_COLON); }
		","                                 { return token_from(lexer, begin, TOKEN_COMMA); }
		"{"                                 { return token_from(lexer, begin, TOKEN_LEFT_BRACE); }
		"}"                                 { return token_from(lexer, begin, TOKEN_RIGHT_BRACE); }
		"("                                 { return token_from(lexer, begin, TOKEN_LEFT_PAREN); }
		")"                                 { return token_from(lexer, begin, TOKEN_RIGHT_PAREN); }
		"let"                               { return token_from(lexer, begin, TOKEN_LET); }
		"repeat"                            { return token_from(lexer, begin, TOKEN_REPEAT); }
		"block"                             { return token_from(lexer, begin, TOKEN_BLOCK); }
		"residual"                          { return token_from(lexer, begin, TOKEN_RESIDUAL); }
		letter (letter | digit)*            { return name_from(lexer, begin); }
		sign? digit+                        { return token_from(lexer, begin, TOKEN_INTEGER); }
		real                                { return token_from(lexer, begin, TOKEN_REAL); }
		digit+ ("x" digit+)+                { return token_from(lexer, begin, TOKEN_SHAPE); }

		// The longest match wins: these match a whole word if a rule above would match only a part of it.
		(sign | ".")* digit worded*         { return token_from(lexer, begin, TOKEN_BAD_NUMBER); }
		(letter | beyond) worded*           { return token_from(lexer, begin, TOKEN_BAD_NAME); }
		(sign | ".")+ | rubbish+            { return token_from(lexer, begin, TOKEN_BAD_CHARACTER); }
		*/
	}
}
