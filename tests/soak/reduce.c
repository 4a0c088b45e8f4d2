/* Makes a wrong network small: whatever can be left out, or be a smaller number, and it is still wrong, is. */
#include "soak.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TRIES = 600 };

typedef struct Reduction { Arena *arena; char *text; uint32_t seed; int tries; } Reduction;

/* Takes the candidate if it is a network that is wrong, too. */
static bool take(Reduction *r, const char *candidate)
{
	if (r->tries >= MOST_TRIES || !network_of(r->arena, candidate))
		return false;
	r->tries++;
	if (!check_network(candidate, r->seed).wrong)
		return false;
	r->text = arena_copy(r->arena, candidate, strlen(candidate));
	return true;
}

static const char *without(const Reduction *r, size_t begin, size_t end, const char *in_place)
{
	return arena_print(r->arena, "%.*s%s%s", (int)begin, r->text, in_place, r->text + end);
}

/* Where the braces that open at the end of this line are closed, after that line; or the next line. */
static size_t end_of_statement(const char *text, size_t begin)
{
	int depth = 0;
	size_t at = begin;
	do {
		for (; text[at] && text[at] != '\n'; at++)
			depth += (text[at] == '{') - (text[at] == '}');
		at += text[at] == '\n';
	} while (depth > 0 && text[at]);
	return at;
}

static size_t next_line(const char *text, size_t at)
{
	at += strcspn(text + at, "\n");
	return at + (text[at] == '\n');
}

/* The line of a residual, so that what is in its first braces stays. */
static bool unwrap(Reduction *r, size_t begin, size_t end)
{
	const size_t body = next_line(r->text, begin);
	size_t close = body;
	int depth = 1;
	for (; close < end; close++) {
		depth += (r->text[close] == '{') - (r->text[close] == '}');
		if (depth == 0)
			break;
	}
	return take(r, without(r, begin, end, arena_print(r->arena, "%.*s", (int)(close - body), r->text + body)));
}

static bool drop_statements(Reduction *r)
{
	bool any = false;
	for (size_t at = 0; r->text[at];) {
		const size_t end = end_of_statement(r->text, at);
		const bool block = memchr(r->text + at, '{', end - at) != 0;
		if (r->text[at] != '}' && (take(r, without(r, at, end, "")) || (block && unwrap(r, at, end))))
			any = true;
		else
			at = next_line(r->text, at);
	}
	return any;
}

/* A word and the space before it. */
static bool drop_words(Reduction *r)
{
	bool any = false;
	for (size_t at = 0; r->text[at]; at++) {
		const size_t length = strcspn(r->text + at + 1, " \n") + 1;
		while (r->text[at] == ' ' && take(r, without(r, at, at + length, "")))
			any = true;
	}
	return any;
}

static bool halve_numbers(Reduction *r)
{
	bool any = false;
	for (size_t at = 1; r->text[at]; at++) {
		if (!isdigit((unsigned char)r->text[at]) || isalnum((unsigned char)r->text[at - 1]) || r->text[at - 1] == '.') {
			if (!(r->text[at - 1] == 'x' && isdigit((unsigned char)r->text[at])))
				continue;
		}
		char *end;
		const long number = strtol(r->text + at, &end, 10);
		const size_t length = (size_t)(end - (r->text + at));
		const long smaller[] = {1, number / 2, number - 1};
		for (int i = 0; i < 3 && *end != '.' && number > 1; i++)
			if (smaller[i] > 0 && smaller[i] < number
				&& take(r, without(r, at, at + length, arena_print(r->arena, "%ld", smaller[i])))) {
				any = true;
				break;
			}
	}
	return any;
}

char *reduce(Arena *arena, const char *text, uint32_t seed)
{
	Reduction r = {.arena = arena, .text = arena_copy(arena, text, strlen(text)), .seed = seed};
	for (bool any = true; any;) {
		any = drop_statements(&r);
		any |= drop_words(&r);
		any |= halve_numbers(&r);
	}
	return r.text;
}
