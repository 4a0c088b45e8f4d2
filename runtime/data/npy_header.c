/* npy_header.c: the header of numpy's .npy format, a Python dictionary, as numpy.load reads it
 * (numpy/lib/_format_impl.py):
 *
 *   {'descr': '<f4', 'fortran_order': False, 'shape': (1000, 2), } */
#include "data.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- types: what numpy.dtype() makes of descr, on a 64-bit machine */

typedef struct Type { const char *name; char kind; int size; } Type;

/* Types that may follow the byte order: `<`, `>`, `=` for the machine's own, `|` for none. */
static const Type codes[] = {
	{"f2", 'f', 2}, {"f4", 'f', 4}, {"f8", 'f', 8}, {"f16", 'f', 16}, {"e", 'f', 2}, {"f", 'f', 4}, {"d", 'f', 8},
	{"g", 'f', 16}, {"i1", 'i', 1}, {"i2", 'i', 2}, {"i4", 'i', 4}, {"i8", 'i', 8},
	{"b", 'i', 1}, {"h", 'i', 2}, {"i", 'i', 4}, {"l", 'i', 8}, {"q", 'i', 8}, {"p", 'i', 8}, {"n", 'i', 8},
	{"u1", 'u', 1}, {"u2", 'u', 2}, {"u4", 'u', 4}, {"u8", 'u', 8},
	{"B", 'u', 1}, {"H", 'u', 2}, {"I", 'u', 4}, {"L", 'u', 8}, {"Q", 'u', 8}, {"P", 'u', 8}, {"N", 'u', 8},
	{"b1", 'b', 1}, {"?", 'b', 1},
};

/* Types without a byte order. */
static const Type names[] = {
	{"float16", 'f', 2}, {"half", 'f', 2}, {"float32", 'f', 4}, {"single", 'f', 4}, {"float64", 'f', 8},
	{"double", 'f', 8}, {"float", 'f', 8}, {"float_", 'f', 8}, {"float128", 'f', 16}, {"longdouble", 'f', 16},
	{"longfloat", 'f', 16}, {"int8", 'i', 1}, {"byte", 'i', 1}, {"int16", 'i', 2}, {"short", 'i', 2}, {"int32", 'i', 4},
	{"intc", 'i', 4}, {"int64", 'i', 8}, {"int", 'i', 8}, {"int_", 'i', 8}, {"int0", 'i', 8}, {"intp", 'i', 8},
	{"long", 'i', 8}, {"longlong", 'i', 8}, {"uint8", 'u', 1}, {"ubyte", 'u', 1}, {"uint16", 'u', 2},
	{"ushort", 'u', 2}, {"uint32", 'u', 4}, {"uintc", 'u', 4}, {"uint64", 'u', 8}, {"uint", 'u', 8}, {"uint0", 'u', 8},
	{"uintp", 'u', 8}, {"ulong", 'u', 8}, {"ulonglong", 'u', 8}, {"bool", 'b', 1}, {"bool_", 'b', 1}, {"bool8", 'b', 1},
};

/* Types that are no real numbers, as words. # stands for an optional size, and ~ for a unit in brackets. */
static const struct { const char *words, *what, *cure; } others[] = {
	{"F D G c8 c16 c24 c32 complex complex64 complex128 complex192 complex256 complex_ csingle cdouble clongdouble "
		"cfloat clongfloat longcomplex singlecomplex", "complex numbers",
		"save the real and the imaginary parts as features of their own"},
	{"O O4 O8 object object_ object0", "Python objects, which only a pickle can hold",
		"make numbers of them, rows of equal length, with numpy.array(rows, 'f4')"},
	{"S# a# U# c T str str_ str0 bytes bytes_ bytes0 string_ unicode unicode_", "text",
		"number the words with numpy.unique(words, return_inverse=True)[1]"},
	{"M M8 M8~ datetime64 datetime64~", "dates",
		"make numbers of them, as (t - t.min()) / numpy.timedelta64(1, 'D') does"},
	{"m m8 m8~ timedelta64 timedelta64~", "times", "make numbers of them, as t / numpy.timedelta64(1, 's') does"},
	{"V# void void0", "raw bytes", "view them as numbers, as with .view('<f4')"},
};
enum { OTHERS = sizeof others / sizeof *others };

static const Type *find_type(const Type *types, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
	return NULL;
}

static bool structure(const char *where, Failure *failure)
{
	return fail(failure, "%s: it holds structures of named fields, expected numbers: join the fields with "
		"numpy.lib.recfunctions.structured_to_unstructured", where);
}

/* numpy.savez never writes such a type: it makes these axes part of the array's shape. */
static bool nested_array(const char *where, const char *descr, Failure *failure)
{
	return fail(failure, "%s: its type is `%s`: an array in each item, expected a number: give the array itself these "
		"axes", where, descr);
}

static bool fits_word(const char *code, const char *word, size_t length)
{
	char last = word[length - 1];
	size_t fixed = length - (last == '#' || last == '~');
	if (strncmp(code, word, fixed) != 0)
		return false;
	const char *rest = code + fixed;
	return last == '~' ? *rest == '[' : rest[last == '#' ? strspn(rest, "0123456789") : 0] == 0;
}

/* The index in others; OTHERS: none. */
static size_t find_other(const char *code)
{
	for (size_t i = 0; i < OTHERS; i++)
		for (const char *word = others[i].words; *word; word += strspn(word, " ")) {
			size_t length = strcspn(word, " ");
			if (fits_word(code, word, length))
				return i;
			word += length;
		}
	return OTHERS;
}

static bool no_such_type(const char *where, const char *descr, const char *code, Failure *failure)
{
	size_t i = find_other(code);
	if (i < OTHERS)
		return fail(failure, "%s: its type is `%s`: it holds %s, expected numbers: %s", where, descr, others[i].what,
			others[i].cure);
	if (isalpha((unsigned char)*code) && strchr(code, ','))
		return structure(where, failure);
	return fail(failure, "%s: its type is `%s`, expected bool, integers or floats of numpy on 64 bits: convert it "
		"with .astype('<f4')", where, descr);
}

/* A type may begin with the number of values in an item, as in `2f4` and `(2, 3)f4`. Returns the length of that part,
 * which may be 0. single: an item is one value. Between the parentheses there must be a comma or nothing. */
static size_t repeat_length(const char *descr, bool *single)
{
	size_t at = strspn(descr, " "), begin = at;
	bool tuple = descr[at] == '(', comma = false, number = false;
	*single = true;
	if (at > 0 && !tuple)
		return 0;
	for (at += tuple; descr[at] && strchr(tuple ? " ,0123456789" : "0123456789", descr[at]); at++) {
		size_t digits = strspn(descr + at, "0123456789");
		if ((descr[at] == ',' && !number) || (descr[at] == '0' && digits > 1))
			return 0;
		comma |= descr[at] == ',';
		number |= digits > 0;
		*single &= digits == 0 || strtoll(descr + at, NULL, 10) == 1;
		at += digits > 0 ? digits - 1 : 0;
	}
	if (tuple && (descr[at] != ')' || !(comma || at == begin + 1)))
		return 0;
	at += tuple;
	return at > begin ? at + strspn(descr + at, " ") : 0;
}

static bool is_order(char letter)
{
	return letter && strchr("<>=|", letter);
}

static bool read_type(Npy *npy, const char *descr, const char *where, Failure *failure)
{
	bool ordered = is_order(*descr);
	bool single;
	size_t repeat = repeat_length(descr + ordered, &single);
	char order = *descr;
	const char *code = descr + ordered + repeat;
	if (repeat && is_order(*code) && (!ordered || *code == order)) {
		ordered = true;
		order = *code++;
	}
	const Type *type = find_type(codes, sizeof codes / sizeof *codes, code);
	if (!type && !ordered)
		type = find_type(names, sizeof names / sizeof *names, code);
	/* numpy's longdouble is the long double of the machine that wrote the file, and must be that of this one */
	if (!type || (type->size == 16 && sizeof(long double) != 16))
		return no_such_type(where, descr, code, failure);
	if (!single)
		return nested_array(where, descr, failure);
	npy->big_endian = ordered && order == '>';
	npy->kind = type->kind;
	npy->item_size = type->size;
	return true;
}

/* ---- Python's literals, as far as headers have them */

/* The text being read; strings end where it ends. */
typedef struct Text { const char *at, *where; Failure *failure; } Text;

static bool not_understood(const Text *text)
{
	return fail(text->failure, "%s: the array's header is not understood at `%.20s`: save the file again with "
		"numpy.savez", text->where, text->at);
}

/* Skips what Python skips: also comments, and backslashes at the end of a line. */
static void skip_space(Text *text)
{
	for (;;) {
		text->at += strspn(text->at, " \t\r\n\f");
		if (*text->at == '#')
			text->at += strcspn(text->at, "\n");
		else if (*text->at == '\\' && text->at[1] == '\n')
			text->at += 2;
		else
			return;
	}
}

static bool take(Text *text, const char *token)
{
	skip_space(text);
	size_t length = strlen(token);
	if (strncmp(text->at, token, length) != 0)
		return false;
	text->at += length;
	return true;
}

/* Reads the opening parentheses here: a value may be in any number of them. */
static int take_opening(Text *text)
{
	int count = 0;
	while (take(text, "("))
		count++;
	return count;
}

static bool take_closing(Text *text, int count)
{
	while (count > 0 && take(text, ")"))
		count--;
	return count == 0;
}

/* Reads a string: 'x', "x", u'x', or several in a row, which count as one. So '''x''' is read too. The string is cut
 * off at size. Escapes are not read: numpy's types and keys need none. */
static bool take_string(Text *text, char *out, size_t size)
{
	size_t used = 0;
	int pieces = 0;
	out[0] = 0;
	for (;; pieces++) {
		skip_space(text);
		const char *begin = text->at + (*text->at && strchr("uUrR", *text->at));
		const char quote[] = {*begin, '\\', '\n', 0};
		if (*begin != '\'' && *begin != '"')
			return pieces > 0;
		size_t length = strcspn(begin + 1, quote);
		if (begin[1 + length] != *begin)
			return false;
		for (size_t i = 0; i < length && used + 1 < size; i++)
			out[used++] = begin[1 + i];
		out[used] = 0;
		text->at = begin + length + 2;
	}
}

static int digit_of(char letter)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = letter ? strchr(digits, tolower((unsigned char)letter)) : NULL;
	return found ? (int)(found - digits) : 99;
}

/* Reads digits; each after the first may follow a `_`. Stops counting at the limit. */
static bool take_digits(Text *text, int base, bool after_prefix, int64_t *value)
{
	bool any = false;
	*value = 0;
	for (;; any = true) {
		const char *at = text->at + ((any || after_prefix) && *text->at == '_');
		if (digit_of(*at) >= base)
			return any && *text->at != '_';
		*value = *value <= MAX_VALUES ? base * *value + digit_of(*at) : *value;
		text->at = at + 1;
	}
}

/* Reads a size: 16, +16, 0x10, 0o20, 0b1_0000, also with the L that Python 2 adds to long integers. */
static bool take_size(Text *text, int *size)
{
	int64_t value;
	int base = 10, parentheses = take_opening(text);
	if (take(text, "+"))
		parentheses += take_opening(text);
	skip_space(text);
	const char *begin = text->at;
	if (*begin == '0' && begin[1])
		base = strchr("xX", begin[1]) ? 16 : strchr("oO", begin[1]) ? 8 : strchr("bB", begin[1]) ? 2 : 10;
	text->at += base == 10 ? 0 : 2;
	bool taken = take_digits(text, base, base != 10, &value);
	if (!taken || (base == 10 && *begin == '0' && value > 0)) {
		text->at = begin;
		return false;
	}
	*size = value <= MAX_VALUES ? (int)value : MAX_VALUES + 1;
	take(text, "L");
	return take_closing(text, parentheses);
}

/* ---- the three fields */

/* Reads the type: a string, or a string and the shape of an item, as in ('<f4', (2, 3)). */
static bool read_descr(Npy *npy, Text *text)
{
	char descr[32], with_shape[48];
	if (take(text, "["))
		return structure(text->where, text->failure);
	int parentheses = take_opening(text);
	if (!take_string(text, descr, sizeof descr))
		return not_understood(text);
	if (parentheses && take(text, ",")) {
		skip_space(text);
		snprintf(with_shape, sizeof with_shape, "('%s', ...)", descr);
		bool shape = *text->at == '(' || isdigit((unsigned char)*text->at);
		return shape ? nested_array(text->where, with_shape, text->failure) : not_understood(text);
	}
	bool closed = take_closing(text, parentheses);
	skip_space(text);
	bool ends = closed && *text->at && strchr(",}", *text->at);
	return ends ? read_type(npy, descr, text->where, text->failure) : not_understood(text);
}

static bool read_order(Npy *npy, Text *text)
{
	int parentheses = take_opening(text);
	npy->fortran_order = take(text, "True");
	return ((npy->fortran_order || take(text, "False")) && take_closing(text, parentheses)) || not_understood(text);
}

/* Writes the shape as numpy prints it. */
static void print_shape(Npy *npy)
{
	size_t used = (size_t)snprintf(npy->shape_text, sizeof npy->shape_text, "(");
	for (int i = 0; i < npy->rank; i++)
		used += (size_t)snprintf(npy->shape_text + used, sizeof npy->shape_text - used, "%s%d", i ? ", " : "",
			npy->shape[i]);
	snprintf(npy->shape_text + used, sizeof npy->shape_text - used, npy->rank == 1 ? ",)" : ")");
}

/* Reads a tuple: (), (2,), (2, 3) or (2, 3,); but (2) is a number. */
static bool read_shape(Npy *npy, Text *text)
{
	int64_t count = 1;
	skip_space(text);
	const char *begin = text->at;
	if (!take(text, "("))
		return not_understood(text);
	for (bool comma = true; !take(text, ")");) {
		int size;
		if (!comma || !take_size(text, &size))
			return not_understood(text);
		if (npy->rank == MAX_AXES)
			return fail(text->failure, "%s: it has more than %d dimensions: reshape it", text->where, MAX_AXES);
		npy->shape[npy->rank++] = size;
		count *= size;
		if (count > MAX_VALUES)
			return fail(text->failure, "%s: its shape %.40s is more than the limit of %d values: split it", text->where,
				begin, MAX_VALUES);
		comma = take(text, ",");
		if (!comma && npy->rank == 1)
			return not_understood(text);
	}
	npy->count = (int)count;
	print_shape(npy);
	return true;
}

bool npy_parse(Npy *npy, const char *header, size_t length, const char *where, Failure *failure)
{
	static const struct { const char *key; bool (*read)(Npy *npy, Text *text); } fields[] = {
		{"descr", read_descr}, {"fortran_order", read_order}, {"shape", read_shape},
	};
	enum { FIELDS = sizeof fields / sizeof *fields };
	bool seen[FIELDS] = {false};
	Text text = {header, where, failure};
	*npy = (Npy){0};
	if (!take(&text, "{"))
		return not_understood(&text);
	for (int count = 0; count < FIELDS; count++) {
		char key[16];
		int field = 0;
		const char *begin = text.at;
		bool named = take_string(&text, key, sizeof key) && take(&text, ":");
		while (field < FIELDS && named && strcmp(key, fields[field].key) != 0)
			field++;
		if (!named || field == FIELDS || seen[field]) {
			text.at = begin;
			return not_understood(&text);
		}
		seen[field] = true;
		if (!fields[field].read(npy, &text))
			return false;
		if (!take(&text, ",") && count < FIELDS - 1)
			return not_understood(&text);
	}
	bool closed = take(&text, "}");
	skip_space(&text);
	return (closed && text.at == header + length) || not_understood(&text);
}
