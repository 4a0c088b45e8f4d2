/* The parser on damaged and on random text: the same cases in every run. What must hold is checked on each; that
 * nothing is read or written where it must not be, the sanitizers check. */
#include "syntax_support.h"
#include "source/syntax.h"
#include "parse.h"
#include "source/text.h"

enum { CASES = 6000, LONGEST = 600 };

/* mutate() takes pieces from their first 80 characters. */
static const char *const seeds[] = {
	"# a network\ninput 2\nlinear 2 64; batchnorm; relu\nlinear 64 2\nloss cross_entropy\n"
		"optimizer sgd lr=1e-4\nbatch 32\n",
	"let W = 64\nfc1: linear W bias=false\nrepeat 3 { linear W\n relu }\r\ninput 3x32x32\n",
	"block res(c, d) {\n residual { linear c; relu }\n { linear d eps=.5 } }\n"
		"skip: residual { res 1 -2. }\nblock n() {}\n",
	"linear 2; leaky_relu slope=0.1; loss cross_entropy weights=1,.5, W label_smoothing=0.1; batch 7\n",
};

static const char *const pieces[] = {
	"{", "}", "(", ")", "=", ":", ",", ";", "\n", "#", "\t", "let ", "repeat ", "block ", "residual ", " 1", " 2x3",
	" -.5e3", " 1.2.3", " 9z", "a", "@", "\xc3\xa4", "\xff", "\xef\xbb\xbf", "-", "+", ".", "e", "x", "\r\n",
	"a=1", "a=1,2",
};

typedef struct Text { char bytes[LONGEST]; size_t length; } Text;

/* Marsaglia's xorshift */
static uint32_t draw(uint32_t *state, uint32_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state % below;
}

static void splice(Text *text, size_t at, size_t removed, const char *bytes, size_t added)
{
	if (at + removed > text->length)
		removed = text->length - at;
	if (text->length - removed + added > LONGEST)
		return;
	memmove(text->bytes + at + added, text->bytes + at + removed, text->length - at - removed);
	memcpy(text->bytes + at, bytes, added);
	text->length += added - removed;
}

static void mutate(Text *text, uint32_t *state)
{
	size_t at = draw(state, (uint32_t)text->length + 1);
	const char *added;
	char byte = (char)draw(state, 256);
	switch (draw(state, 4)) {
	case 0:
		splice(text, at, 1, &byte, 1);
		break;
	case 1:
		splice(text, at, draw(state, 20), "", 0);
		break;
	case 2:
		added = seeds[draw(state, sizeof seeds / sizeof *seeds)];
		splice(text, at, 0, added + draw(state, 40), draw(state, 40));
		break;
	default:
		added = pieces[draw(state, sizeof pieces / sizeof *pieces)];
		splice(text, at, draw(state, 2), added, strlen(added));
	}
}

static Text make_case(uint32_t *state)
{
	Text text = { .length = 0 };
	uint32_t kind = draw(state, 8);
	if (kind == 0) {
		text.length = draw(state, 100);
		for (size_t i = 0; i < text.length; i++)
			text.bytes[i] = (char)draw(state, 256);
		return text;
	}
	if (kind > 2) {
		const char *seed = seeds[draw(state, sizeof seeds / sizeof *seeds)];
		splice(&text, 0, 0, seed, strlen(seed));
	}
	for (uint32_t left = kind == 1 ? 60 : draw(state, 8); left; left--)
		mutate(&text, state);
	return text;
}

static int count_arguments(const Statement *statement, size_t length)
{
	int count = 0;
	for (const Argument *argument = statement->arguments; argument; argument = argument->next) {
		cr_assert(argument->key_span.begin <= argument->value.span.begin);
		cr_assert(argument->value.span.begin < argument->value.span.end && argument->value.span.end <= length);
		const bool listed = argument->value.kind == LITERAL_LIST;
		count += (argument->key ? 1 : 0) + (listed ? argument->value.item_count : 1);
	}
	return count;
}

/* Names and values in the tree, in the order of the source; words that are no keyword are counted. */
static int count_words(const Statement *statement, size_t length, uint32_t *place)
{
	int count = 0;
	for (; statement; statement = statement->next) {
		if (!statement->name) {
			cr_assert(statement->broken);
			continue;
		}
		cr_assert(*place <= statement->span.begin && statement->span.begin < statement->span.end);
		*place = statement->span.end;
		bool keyword = statement->kind == STATEMENT_REPEAT || statement->kind == STATEMENT_RESIDUAL;
		count += (keyword ? 0 : 1) + (statement->label ? 1 : 0) + count_arguments(statement, length);
		count += count_words(statement->body, length, place) + count_words(statement->shortcut, length, place);
	}
	return count;
}

static int count_word_tokens(const Source *source)
{
	int count = 0;
	Lexer lexer = lexer_open(source);
	for (Token token = lexer_next(&lexer); token.kind; token = lexer_next(&lexer))
		count += token.kind == TOKEN_NAME || token.kind == TOKEN_INTEGER || token.kind == TOKEN_REAL ||
			token.kind == TOKEN_SHAPE;
	return count;
}

static void expect_harmless(const char *text)
{
	const char *end = text + strlen(text);
	while (text < end) {
		Glyph glyph = glyph_at(text, end);
		cr_assert(is_harmless(glyph.code) || glyph.code == '\n' || glyph.code == '\t');
		text += glyph.length;
	}
}

static void expect_dumps(const Reading *reading, const Statement *statements)
{
	FILE *out = fopen("/dev/null", "w");
	cr_assert(out);
	dump_tokens(reading->source, out);
	dump_tree(reading->source, statements, out);
	fclose(out);
}

Test(fuzz, nothing_is_lost_and_nothing_breaks)
{
	uint32_t state = 2463534242u;
	int valid = 0;
	for (int i = 0; i < CASES; i++) {
		Text text = make_case(&state);
		Reading reading = open_bytes(text.bytes, text.length);
		const Statement *statements = read_tree(&reading);
		uint32_t place = 0;
		int words = count_words(statements, text.length, &place);
		int tokens = count_word_tokens(reading.source);
		cr_assert(words == tokens || error_count(reading.diagnostics), "case %d lost a word silently", i);
		valid += !error_count(reading.diagnostics);
		const char *found = printed(&reading);
		cr_assert_eq(!*found, !error_count(reading.diagnostics));
		expect_harmless(found);
		expect_dumps(&reading, statements);
		close_reading(&reading);
	}
	cr_expect_gt(valid, CASES / 20, "%d valid cases", valid);
	cr_expect_lt(valid, CASES / 2, "%d valid cases", valid);
}
