/* npy.c: the header and the items of numpy's .npy format (numpy/lib/format.py). The header is a Python dictionary:
 * {'descr': '<f4', 'fortran_order': False, 'shape': (1000, 2), } */
#include "data.h"
#include <ctype.h>
#include <string.h>

static bool take(const char **at, const char *token)
{
	const char *start = *at + strspn(*at, " ");
	size_t length = strlen(token);
	if (strncmp(start, token, length) != 0)
		return false;
	*at = start + length;
	return true;
}

static bool damaged(const char *where, const char *at, Failure *failure)
{
	return fail(failure, "%s: the array's header is damaged at `%.20s`: save the file again with numpy.savez", where, at);
}

/* Behind the order of the bytes: `<`, `>`, or `|` for a byte alone. */
static bool type_understood(const char *type)
{
	static const char *const ordered[] = {"f2", "f4", "f8", "i2", "i4", "i8", "u2", "u4", "u8"}, *const bytes[] = {"i1", "u1", "b1"};
	for (size_t i = 0; i < sizeof ordered / sizeof *ordered; i++)
		if ((type[0] == '<' || type[0] == '>') && strcmp(ordered[i], type + 1) == 0)
			return true;
	for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++)
		if (type[0] == '|' && strcmp(bytes[i], type + 1) == 0)
			return true;
	return false;
}

static bool parse_type(Npy *npy, const char **at, const char *where, Failure *failure)
{
	char type[16] = "a structure";
	if (take(at, "'")) {
		size_t length = strcspn(*at, "'");
		if ((*at)[length] != '\'')
			return damaged(where, *at, failure);
		snprintf(type, sizeof type, "%.*s", length < sizeof type ? (int)length : (int)sizeof type - 1, *at);
		*at += length + 1;
	}
	if (!type_understood(type))
		return fail(failure, "%s: its type is %s, expected float16, float32, float64, bool or integers: "
			"convert it with .astype('<f4')", where, type);
	npy->big_endian = type[0] == '>';
	npy->kind = type[1];
	npy->item_size = type[2] - '0';
	return true;
}

static bool parse_order(Npy *npy, const char **at, const char *where, Failure *failure)
{
	npy->fortran_order = take(at, "True");
	if (!npy->fortran_order && !take(at, "False"))
		return damaged(where, *at, failure);
	return true;
}

/* Stops counting beyond the limit. */
static int parse_dimension(const char **at)
{
	int64_t size = 0;
	for (; isdigit((unsigned char)**at); ++*at)
		if (size <= MAX_VALUES)
			size = 10 * size + (**at - '0');
	return size <= MAX_VALUES ? (int)size : MAX_VALUES + 1;
}

static bool parse_shape(Npy *npy, const char **at, const char *where, Failure *failure)
{
	int64_t count = 1;
	*at += strspn(*at, " ");
	const char *start = *at;
	if (!take(at, "("))
		return damaged(where, *at, failure);
	bool more = true;
	while (!take(at, ")")) {
		*at += strspn(*at, " ");
		if (!more || !isdigit((unsigned char)**at))
			return damaged(where, *at, failure);
		if (npy->rank == MAX_AXES)
			return fail(failure, "%s: it has more than %d dimensions: reshape it", where, MAX_AXES);
		int size = parse_dimension(at);
		npy->shape[npy->rank++] = size;
		count *= size;
		if (count > MAX_VALUES)
			return fail(failure, "%s: its shape %.40s is more than the limit of %d values: split it", where, start,
				MAX_VALUES);
		more = take(at, ",");
	}
	npy->count = (int)count;
	snprintf(npy->shape_text, sizeof npy->shape_text, "%.*s", (int)(*at - start), start);
	return true;
}

bool npy_parse(Npy *npy, const char *text, const char *where, Failure *failure)
{
	typedef bool Parse(Npy *npy, const char **at, const char *where, Failure *failure);
	static const struct { const char *key; Parse *parse; } fields[] = {
		{"'descr':", parse_type}, {"'fortran_order':", parse_order}, {"'shape':", parse_shape},
	};
	enum { FIELDS = sizeof fields / sizeof *fields };
	bool seen[FIELDS] = {false};
	const char *at = text;
	*npy = (Npy){0};
	if (!take(&at, "{"))
		return damaged(where, at, failure);
	for (int count = 0; count < FIELDS; count++) {
		int field = 0;
		while (field < FIELDS && !take(&at, fields[field].key))
			field++;
		if (field == FIELDS || seen[field])
			return damaged(where, at, failure);
		seen[field] = true;
		if (!fields[field].parse(npy, &at, where, failure))
			return false;
		if (!take(&at, ",") && count < FIELDS - 1)
			return damaged(where, at, failure);
	}
	if (!take(&at, "}") || at[strspn(at, " \n")] != 0)
		return damaged(where, at, failure);
	return true;
}

static double signed_value(uint64_t bits, int size)
{
	int shift = 64 - 8 * size;
	return (double)((int64_t)(bits << shift) / ((int64_t)1 << shift));
}

static double single_value(uint64_t bits)
{
	uint32_t word = (uint32_t)bits;
	float value;
	memcpy(&value, &word, sizeof value);
	return value;
}

static double double_value(uint64_t bits)
{
	double value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

double npy_value(const Npy *npy, const unsigned char *item)
{
	uint64_t bits = 0;
	for (int i = 0; i < npy->item_size; i++)
		bits |= (uint64_t)item[i] << 8 * (npy->big_endian ? npy->item_size - 1 - i : i);
	switch (npy->kind) {
	case 'f':
		return npy->item_size == 2 ? float_from_half((uint32_t)bits) : npy->item_size == 4 ? single_value(bits) : double_value(bits);
	case 'i':
		return signed_value(bits, npy->item_size);
	default:
		return (double)bits;
	}
}
