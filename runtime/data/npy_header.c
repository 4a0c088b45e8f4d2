/* npy_header.c: the header of numpy's .npy format: a Python dictionary, as numpy.load reads it (numpy/lib/_format_impl.py):
 *
 *   {'descr': '<f4', 'fortran_order': False, 'shape': (1000, 2), } */
#include "data.h"
#include <ctype.h>
#include <string.h>

/* ---- types: what numpy.dtype() makes of descr, on a 64-bit machine */

typedef struct Type { const char *name; char kind; int size; } Type;

/* These may follow the order of the bytes: `<`, `>`, `=` for the machine's own, `|` for none. */
static const Type codes[] = {
	{"f2", 'f', 2}, {"f4", 'f', 4}, {"f8", 'f', 8}, {"f16", 'f', 16}, {"e", 'f', 2}, {"f", 'f', 4}, {"d", 'f', 8}, {"g", 'f', 16},
	{"i1", 'i', 1}, {"i2", 'i', 2}, {"i4", 'i', 4}, {"i8", 'i', 8},
	{"b", 'i', 1}, {"h", 'i', 2}, {"i", 'i', 4}, {"l", 'i', 8}, {"q", 'i', 8}, {"p", 'i', 8}, {"n", 'i', 8},
	{"u1", 'u', 1}, {"u2", 'u', 2}, {"u4", 'u', 4}, {"u8", 'u', 8},
	{"B", 'u', 1}, {"H", 'u', 2}, {"I", 'u', 4}, {"L", 'u', 8}, {"Q", 'u', 8}, {"P", 'u', 8}, {"N", 'u', 8},
	{"b1", 'b', 1}, {"?", 'b', 1},
};

/* These stand alone. */
static const Type names[] = {
	{"float16", 'f', 2}, {"half", 'f', 2}, {"float32", 'f', 4}, {"single", 'f', 4}, {"float64", 'f', 8}, {"double", 'f', 8}, {"float", 'f', 8},
	{"float_", 'f', 8}, {"float128", 'f', 16}, {"longdouble", 'f', 16}, {"longfloat", 'f', 16},
	{"int8", 'i', 1}, {"byte", 'i', 1}, {"int16", 'i', 2}, {"short", 'i', 2}, {"int32", 'i', 4}, {"intc", 'i', 4}, {"int64", 'i', 8}, {"int", 'i', 8},
	{"int_", 'i', 8}, {"int0", 'i', 8}, {"intp", 'i', 8}, {"long", 'i', 8}, {"longlong", 'i', 8},
	{"uint8", 'u', 1}, {"ubyte", 'u', 1}, {"uint16", 'u', 2}, {"ushort", 'u', 2}, {"uint32", 'u', 4}, {"uintc", 'u', 4}, {"uint64", 'u', 8},
	{"uint", 'u', 8}, {"uint0", 'u', 8}, {"uintp", 'u', 8}, {"ulong", 'u', 8}, {"ulonglong", 'u', 8},
	{"bool", 'b', 1}, {"bool_", 'b', 1}, {"bool8", 'b', 1},
};

/* Types that hold no real numbers: their codes, which a size or a unit may follow, and how their names begin. */
static const struct { const char *codes, *names[5], *what, *cure; } others[] = {
	{"cFDG", {"complex", "csingle", "cdouble", "cfloat", "clong"}, "complex numbers", "save the real and the imaginary parts as features of their own"},
	{"O", {"object"}, "Python objects, which only a pickle can hold", "make numbers of them, rows of equal length, with numpy.array(rows, 'f4')"},
	{"SaUT", {"str", "bytes", "unicode"}, "text", "number the words with numpy.unique(words, return_inverse=True)[1]"},
	{"M", {"datetime64"}, "dates", "make numbers of them, as (t - t.min()) / numpy.timedelta64(1, 'D') does"},
	{"m", {"timedelta64"}, "times", "make numbers of them, as t / numpy.timedelta64(1, 's') does"},
	{"V", {"void"}, "raw bytes", "view them as numbers, as with .view('<f4')"},
};

static const Type *find_type(const Type *types, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
	return NULL;
}

static bool structure(const char *where, Failure *failure)
{
	return fail(failure, "%s: it holds structures of several fields, expected numbers: join the fields with "
		"numpy.lib.recfunctions.structured_to_unstructured", where);
}

static bool no_such_type(const char *where, const char *descr, const char *code, Failure *failure)
{
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		bool found = *code && strchr(others[i].codes, *code) && (!code[1] || isdigit((unsigned char)code[1]) || code[1] == '[');
		for (int k = 0; k < 5 && others[i].names[k]; k++)
			found |= strncmp(code, others[i].names[k], strlen(others[i].names[k])) == 0;
		if (found)
			return fail(failure, "%s: its type is `%s`: it holds %s, expected numbers: %s", where, descr, others[i].what, others[i].cure);
	}
	if (isdigit((unsigned char)*code) || strpbrk(code, ",("))
		return structure(where, failure);
	return fail(failure, "%s: its type is `%s`, expected bool, integers or floats of numpy on 64 bits: convert it with .astype('<f4')", where, descr);
}

static bool read_type(Npy *npy, const char *descr, const char *where, Failure *failure)
{
	bool ordered = *descr && strchr("<>=|", *descr);
	const Type *type = find_type(codes, sizeof codes / sizeof *codes, descr + ordered);
	if (!type && !ordered)
		type = find_type(names, sizeof names / sizeof *names, descr);
	/* numpy's longdouble is C's, whatever that is on the machine that reads. */
	if (!type || (type->size == 16 && sizeof(long double) != 16))
		return no_such_type(where, descr, descr + ordered, failure);
	npy->big_endian = *descr == '>';
	npy->kind = type->kind;
	npy->item_size = type->size;
	return true;
}

/* ---- Python's literals, as far as headers have them */

/* Text that is read; strings end where it ends. */
typedef struct Text { const char *at, *where; Failure *failure; } Text;

static bool damaged(const Text *text)
{
	return fail(text->failure, "%s: the array's header is damaged at `%.20s`: save the file again with numpy.savez", text->where, text->at);
}

static void skip_space(Text *text)
{
	text->at += strspn(text->at, " \t\r\n\f");
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

/* 'x', "x" and u'x', which are cut off at size. Neither numpy's types nor its keys have escapes. */
static bool take_string(Text *text, char *out, size_t size)
{
	skip_space(text);
	const char *begin = text->at + (*text->at && strchr("uUrR", *text->at));
	const char quote[] = {*begin, '\\', '\n', 0};
	if (*begin != '\'' && *begin != '"')
		return false;
	size_t length = strcspn(begin + 1, quote);
	const char *end = begin + 1 + length;
	if (*end != *begin)
		return false;
	snprintf(out, size, "%.*s", length < size ? (int)length : (int)size - 1, begin + 1);
	text->at = end + 1;
	return true;
}

/* A size, with the L that Python 2 puts after long ones. Beyond the limit it is no longer counted. */
static bool take_size(Text *text, int *size)
{
	skip_space(text);
	size_t digits = strspn(text->at, "0123456789");
	int64_t value = 0;
	if (digits == 0 || (text->at[0] == '0' && digits > 1))
		return false;
	for (size_t i = 0; i < digits && value <= MAX_VALUES; i++)
		value = 10 * value + (text->at[i] - '0');
	*size = value <= MAX_VALUES ? (int)value : MAX_VALUES + 1;
	text->at += digits;
	take(text, "L");
	return true;
}

/* ---- the three fields */

static bool read_descr(Npy *npy, Text *text)
{
	char descr[32];
	if (take(text, "[") || take(text, "("))
		return structure(text->where, text->failure);
	return take_string(text, descr, sizeof descr) ? read_type(npy, descr, text->where, text->failure) : damaged(text);
}

static bool read_order(Npy *npy, Text *text)
{
	npy->fortran_order = take(text, "True");
	return npy->fortran_order || take(text, "False") || damaged(text);
}

/* A tuple: (), (2,), (2, 3) or (2, 3,), but (2) is a number. */
static bool read_shape(Npy *npy, Text *text)
{
	int64_t count = 1;
	skip_space(text);
	const char *begin = text->at;
	if (!take(text, "("))
		return damaged(text);
	for (bool comma = true; !take(text, ")");) {
		int size;
		if (!comma || !take_size(text, &size))
			return damaged(text);
		if (npy->rank == MAX_AXES)
			return fail(text->failure, "%s: it has more than %d dimensions: reshape it", text->where, MAX_AXES);
		npy->shape[npy->rank++] = size;
		count *= size;
		if (count > MAX_VALUES)
			return fail(text->failure, "%s: its shape %.40s is more than the limit of %d values: split it", text->where, begin, MAX_VALUES);
		comma = take(text, ",");
		if (!comma && npy->rank == 1)
			return damaged(text);
	}
	npy->count = (int)count;
	snprintf(npy->shape_text, sizeof npy->shape_text, "%.*s", (int)(text->at - begin), begin);
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
		return damaged(&text);
	for (int count = 0; count < FIELDS; count++) {
		char key[16];
		int field = 0;
		const char *begin = text.at;
		bool named = take_string(&text, key, sizeof key) && take(&text, ":");
		while (field < FIELDS && named && strcmp(key, fields[field].key) != 0)
			field++;
		if (!named || field == FIELDS || seen[field]) {
			text.at = begin;
			return damaged(&text);
		}
		seen[field] = true;
		if (!fields[field].read(npy, &text))
			return false;
		if (!take(&text, ",") && count < FIELDS - 1)
			return damaged(&text);
	}
	bool closed = take(&text, "}");
	skip_space(&text);
	return (closed && text.at == header + length) || damaged(&text);
}
