/* number.c: decimal numbers as text, rounded as strtof and strtod do, and much faster: up to 19 digits are an integer
 * w < 2^63, and a number is w times or by a power of ten that a double has exactly. */
#include "table.h"
#include <stdlib.h>
#include <string.h>

enum { MOST_DIGITS = 19, MOST_POWER = 22, MOST_EXPONENT = 100000, MOST_COMMA_TEXT = 500 };

static const double powers[MOST_POWER + 1] = {
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
	1e21, 1e22,
};

/* digits times 10 to the exponent; long: there are more digits. */
typedef struct Decimal { uint64_t digits; int exponent; bool negative, is_long; } Decimal;

static inline unsigned digit_at(const char *at)
{
	return (unsigned)(unsigned char)*at - '0';
}

#if defined __BYTE_ORDER__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/* Eight characters at once. The first is in the lowest byte; a byte is a digit if its upper half is 3 and adding 6 does
 * not change that. */
static inline const char *read_digits(const char *at, uint64_t *digits)
{
	static const uint64_t shifts[9] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
	for (;;) {
		uint64_t word;
		memcpy(&word, at, sizeof word);
		const uint64_t zeros = word ^ 0x3030303030303030;
		const uint64_t others = ((zeros | (zeros + 0x0606060606060606)) & 0xf0f0f0f0f0f0f0f0);
		const int count = others ? __builtin_ctzll(others) / 8 : 8;
		if (count == 0)
			return at;
		uint64_t value = zeros << 8 * (8 - count);      /* zeros before the digits */
		value = (value & 0x0f0f0f0f0f0f0f0f) * (1 + (10 << 8)) >> 8;
		value = (value & 0x00ff00ff00ff00ff) * (1 + (100 << 16)) >> 16;
		value = (value & 0x0000ffff0000ffff) * (1 + (10000ull << 32)) >> 32;
		*digits = *digits * shifts[count] + value;
		at += count;
		if (count < 8)
			return at;
	}
}
#else
static inline const char *read_digits(const char *at, uint64_t *digits)
{
	for (; digit_at(at) < 10; at++)
		*digits = 10 * *digits + digit_at(at);
	return at;
}
#endif

/* Returns the end of the number that begins at text, or null. */
static inline __attribute__((always_inline)) const char *scan(const char *text, char point, Decimal *out)
{
	const char *at = text;
	uint64_t digits = 0;
	int exponent = 0;
	out->negative = *at == '-';
	at += *at == '-' || *at == '+';
	const char *begin = at;
	at = read_digits(at, &digits);
	ptrdiff_t count = at - begin;
	if (*at == point) {
		const char *fraction = ++at;
		at = read_digits(at, &digits);
		exponent = fraction - at < -MOST_EXPONENT ? -MOST_EXPONENT : (int)(fraction - at);
		count += at - fraction;
	}
	if (count == 0)
		return NULL;
	if (count > MOST_DIGITS)        /* zeros before the first digit do not count */
		for (; begin < at && (*begin == '0' || *begin == point); begin++)
			count -= *begin == '0';
	out->is_long = count > MOST_DIGITS || digits > INT64_MAX;
	if (*at == 'e' || *at == 'E') {
		const char *power = at + 1;
		const bool negative = *power == '-';
		int value = 0;
		power += *power == '-' || *power == '+';
		if (digit_at(power) < 10) {
			for (; digit_at(power) < 10; power++)
				value = value < MOST_EXPONENT ? 10 * value + (int)digit_at(power) : value;
			exponent += negative ? -value : value;
			at = power;
		}
	}
	out->digits = digits;
	out->exponent = exponent;
	return at;
}

/* For strtof and strtod, a copy with a point. Null: the text itself will do. */
static const char *with_point(const char *text, const char *end, char point, char *copy)
{
	size_t length = (size_t)(end - text);
	if (point == '.')
		return text;
	if (length > MOST_COMMA_TEXT)
		return NULL;
	memcpy(copy, text, length);
	copy[length] = 0;
	char *comma = memchr(copy, point, length);
	if (comma)
		*comma = '.';
	return copy;
}

const char *number_float(const char *text, char point, float *value)
{
	Decimal d;
	const char *end = scan(text, point, &d);
	if (!end)
		return NULL;
	if (!d.is_long && d.exponent == 0 && d.digits < 1 << 24) {
		*value = d.negative ? -(float)(int32_t)d.digits : (float)(int32_t)d.digits;
		return end;
	}
	if (!d.is_long && d.exponent >= -MOST_POWER && d.exponent <= MOST_POWER) {
		/* Two roundings in double: less than two units from the number. Rounding that to a float is right unless the
		 * middle between two floats is so near. */
		double real = d.exponent < 0 ? (double)(int64_t)d.digits / powers[-d.exponent]
			: (double)(int64_t)d.digits * powers[d.exponent];
		uint64_t bits;
		memcpy(&bits, &real, sizeof bits);
		const uint64_t below = bits & 0x1fffffff;
		if ((below < 0x10000000 - 4 || below > 0x10000000 + 4) && real < 3e38) {
			*value = (float)(d.negative ? -real : real);
			return end;
		}
	}
	char copy[MOST_COMMA_TEXT + 1];
	const char *exact = with_point(text, end, point, copy);
	*value = exact ? strtof(exact, NULL) : 0;
	return exact ? end : NULL;
}

const char *number_double(const char *text, char point, double *value)
{
	Decimal d;
	const char *end = scan(text, point, &d);
	if (!end)
		return NULL;
	if (!d.is_long && d.digits <= (uint64_t)1 << 53 && d.exponent >= -MOST_POWER && d.exponent <= MOST_POWER) {
		double real = d.exponent < 0 ? (double)(int64_t)d.digits / powers[-d.exponent]
			: (double)(int64_t)d.digits * powers[d.exponent];
		*value = d.negative ? -real : real;
		return end;
	}
	char copy[MOST_COMMA_TEXT + 1];
	const char *exact = with_point(text, end, point, copy);
	*value = exact ? strtod(exact, NULL) : 0;
	return exact ? end : NULL;
}
