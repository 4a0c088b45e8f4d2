/* Kernels for one lane -> plain C. There a vector is a number and LANES is 1, so that `load(x + row * LANES)` is
 * `x[row]`. The kernels' text says the former, since it is for any number of lanes; with one lane it is printed as
 * the latter. The functions of simd.h whose calls are replaced are left out, since nothing calls them any more. */
#include "kernel_text.h"
#include <ctype.h>
#include <string.h>

/* The types of simd.h, and what one lane of each is. */
typedef struct Plain { Arena *arena; Code out; const char *numbers[3]; } Plain;
static const char *const types[] = {"Vector", "Bits", "Mask"};

static bool is_word(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && memcmp(text, word, length) == 0;
}

static bool is_called(const char *text, size_t length, const char *name)
{
	return is_word(text, length, name) && text[length] == '(';
}

static const char *trimmed(Arena *arena, const char *begin, const char *end)
{
	begin += strspn(begin, " \t\n");
	while (end > begin && isspace((unsigned char)end[-1]))
		end--;
	return arena_copy(arena, begin, (size_t)(end - begin));
}

/* Returns the bracket that closes the one at text. */
static const char *closing(const char *text)
{
	int depth = 0;
	for (;; text++) {
		const char *opaque = skip_opaque(text);
		if (opaque > text)
			text = opaque;
		if (!*text)
			internal_error("the kernels have a bracket that does not close");
		depth += (*text == '(' || *text == '[') - (*text == ')' || *text == ']');
		if (depth == 0)
			return text;
	}
}

/* Returns the first of these characters that is in no brackets; null if there is none. */
static const char *outside(const char *text, const char *characters)
{
	for (; *text; text++) {
		if (*text == '(' || *text == '[')
			text = closing(text);
		else if (strchr(characters, *text))
			return text;
	}
	return 0;
}

/* Without the brackets around all of it. */
static const char *unwrapped(Arena *arena, const char *text)
{
	while (*text == '(' && !closing(text)[1])
		text = trimmed(arena, text + 1, closing(text));
	return text;
}

/* What a pointer points to: `a + b` gives `a[b]`, everything else `*a`. A pointer comes first in a sum. */
static const char *pointed_to(Arena *arena, const char *pointer)
{
	static const char wide[] = "(ptrdiff_t)";
	const char *plus = outside(pointer, "+");
	if (plus && !outside(pointer, "?:=<>&|") && plus > pointer) {
		const char *base = trimmed(arena, pointer, plus), *index = trimmed(arena, plus + 1, pointer + strlen(pointer));
		/* an index that is one name needs no cast, as products do */
		if (strncmp(index, wide, strlen(wide)) == 0 && !*name_end(index + strlen(wide)))
			index += strlen(wide);
		if (!outside(base, "-*/ "))
			return arena_print(arena, *base == '(' && closing(base)[1] ? "(%s)[%s]" : "%s[%s]", base,
				unwrapped(arena, index));
	}
	return arena_print(arena, outside(pointer, "+-?:=<>&| ") ? "*(%s)" : "*%s", pointer);
}

/* Returns the expression as an operand of others. */
static const char *as_operand(Arena *arena, const char *text)
{
	return outside(*text == '-' ? text + 1 : text, " ") ? arena_print(arena, "(%s)", text) : text;
}

/* `a = a + b` is `a += b`, if b is no sum: that would be added in another order. */
static const char *assignment(Arena *arena, const char *place, const char *value)
{
	size_t length = strlen(place);
	if (strncmp(value, place, length) == 0 && strncmp(value + length, " + ", 3) == 0
		&& !outside(value + length + 3, "+-?:=<>&|"))
		return arena_print(arena, "%s += %s", place, value + length + 3);
	return arena_print(arena, "%s = %s", place, value);
}

static void put_plain(Plain *p, const char *text, const char *end);

static const char *plain(const Plain *whole, const char *begin, const char *end)
{
	Plain p = *whole;
	p.out = (Code){.arena = p.arena};
	put_plain(&p, begin, end);
	const char *text = code_text(&p.out);
	return trimmed(p.arena, text, text + strlen(text));
}

static bool ends_with(const Code *code, const char *text)
{
	size_t length = strlen(text);
	return (size_t)code->count >= length && memcmp(code->items + code->count - length, text, length) == 0;
}

/* Whether a name that follows now is declared: a type stands before it. */
static bool is_declared(const Code *out)
{
	return out->count > 1 && out->items[out->count - 1] == ' ' && is_name(out->items[out->count - 2])
		&& !ends_with(out, "return ");
}

/* A call of load, store, splat or lane_sum; text is at its name. Returns what follows; null if it is none of these. */
static const char *put_call(Plain *p, const char *text, size_t length)
{
	const bool loads = is_called(text, length, "load"), stores = is_called(text, length, "store");
	if (is_declared(&p->out) || !(loads || stores || is_called(text, length, "splat")
		|| is_called(text, length, "lane_sum")))
		return 0;
	const char *end = closing(text + length), *first = text + length + 1;
	const char *argument = arena_copy(p->arena, first, (size_t)(end - first)), *comma = outside(argument, ",");
	const char *value = plain(p, comma ? comma + 1 : argument, argument + strlen(argument));
	if (stores)
		code_put(&p->out, "%s", assignment(p->arena, pointed_to(p->arena, plain(p, argument, comma)), value));
	else
		code_put(&p->out, "%s", loads ? pointed_to(p->arena, value) : as_operand(p->arena, value));
	return end + 1;
}

/* Returns what follows the name of a type; null if there is none. Where the type is defined, its name stays. */
static const char *put_type(Plain *p, const char *text, size_t length)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (is_word(text, length, types[i]) && text[length] != ';') {
			code_put(&p->out, "%s", p->numbers[i]);
			return text + length;
		}
	return 0;
}

/* LANES, which is 1; text is what follows it. Returns what follows the expression that it is the end or the beginning
 * of. */
static const char *put_one(Code *out, const char *text)
{
	if (ends_with(out, " * ") || ends_with(out, " / "))
		out->count -= 3;
	else if (strncmp(text, " * ", 3) == 0)
		text += 3;
	else if (ends_with(out, " += ") && strchr(",;)", *text)) {
		out->count -= 4;
		code_put(out, "++");
	} else
		code_put(out, "1");
	return text;
}

static void put_plain(Plain *p, const char *text, const char *end)
{
	while (text < end) {
		const char *opaque = skip_opaque(text), *after = 0;
		size_t length = opaque > text ? (size_t)(opaque - text) : (size_t)(name_end(text) - text);
		if (opaque == text && length > 0)
			after = is_word(text, length, "LANES") ? put_one(&p->out, text + length) : put_call(p, text, length);
		if (!after)
			after = put_type(p, text, length);
		if (!after) {
			length += length == 0;
			code_add(&p->out, text, length);
			after = text + length;
		}
		text = after;
	}
}

/* Returns what the source defines the type as. */
static const char *definition_of(Arena *arena, const char *source, const char *type)
{
	static const char keyword[] = "typedef ";
	const char *end = strstr(source, arena_print(arena, " %s;", type)), *begin = end;
	while (begin && begin > source && strncmp(begin, keyword, strlen(keyword)) != 0)
		begin--;
	if (!begin || begin == source)
		internal_error("the kernels' source does not define %s", type);
	begin += strlen(keyword);
	return arena_copy(arena, begin, (size_t)(end - begin));
}

const char *plain_text(Arena *arena, const char *source)
{
	Plain p = {.arena = arena, .out = {.arena = arena}};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		p.numbers[i] = definition_of(arena, source, types[i]);
	put_plain(&p, source, source + strlen(source));
	return code_text(&p.out);
}
