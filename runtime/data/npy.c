/* npy.c: the items of numpy's .npy format. */
#include "data.h"
#include <math.h>
#include <string.h>

static uint64_t bits_of(const Npy *npy, const unsigned char *item)
{
	uint64_t bits = 0;
	for (int i = 0; i < npy->item_size; i++)
		bits |= (uint64_t)item[i] << 8 * (npy->big_endian ? npy->item_size - 1 - i : i);
	return bits;
}

static int64_t signed_value(uint64_t bits, int size)
{
	int shift = 64 - 8 * size;
	return (int64_t)(bits << shift) / ((int64_t)1 << shift);
}

static float single_value(uint64_t bits)
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

static long double long_value(const Npy *npy, const unsigned char *item)
{
	unsigned char bytes[sizeof(long double)];
	long double value;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = item[npy->big_endian ? sizeof bytes - 1 - i : i];
	memcpy(&value, bytes, sizeof value);
	return value;
}

double npy_number(const Npy *npy, const unsigned char *item, size_t number_bytes)
{
	const bool wide = number_bytes == sizeof(double);
	if (npy->item_size > 8)
		return wide ? (double)long_value(npy, item) : (double)(float)long_value(npy, item);
	uint64_t bits = bits_of(npy, item);
	switch (npy->kind) {
	case 'f':
		return npy->item_size == 2 ? (double)float_from_half((uint32_t)bits) : npy->item_size == 4
			? (double)single_value(bits) : number_rounded(double_value(bits), number_bytes);
	case 'i':
		return wide ? (double)signed_value(bits, npy->item_size) : (double)(float)signed_value(bits, npy->item_size);
	case 'u':
		return wide ? (double)bits : (double)(float)bits;
	default:
		return bits != 0;
	}
}

/* The value of a float item; float16 and float32 fit into a double exactly. */
static long double real_value(const Npy *npy, const unsigned char *item)
{
	if (npy->item_size > 8)
		return long_value(npy, item);
	return npy->item_size == 8 ? double_value(bits_of(npy, item))
		: npy_number(npy, item, sizeof(double));
}

bool npy_label(const Npy *npy, const unsigned char *item, int32_t *label)
{
	if (npy->kind == 'f') {
		long double value = real_value(npy, item);
		bool whole = value >= 0 && value < INT32_MAX && value == floorl(value);
		*label = whole ? (int32_t)value : -1;
		return whole;
	}
	uint64_t bits = bits_of(npy, item);
	int64_t value = npy->kind == 'i' ? signed_value(bits, npy->item_size) : npy->kind == 'b' ? bits != 0
		: bits < INT32_MAX ? (int64_t)bits : -1;
	*label = value >= 0 && value < INT32_MAX ? (int32_t)value : -1;
	return *label >= 0;
}

void npy_print(const Npy *npy, const unsigned char *item, char *out, size_t size)
{
	if (npy->kind == 'f')
		snprintf(out, size, "%.9Lg", real_value(npy, item));
	else if (npy->kind == 'i')
		snprintf(out, size, "%lld", (long long)signed_value(bits_of(npy, item), npy->item_size));
	else
		snprintf(out, size, "%llu", (unsigned long long)bits_of(npy, item));
}
