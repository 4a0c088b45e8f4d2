/* Elements of the safetensors format as they are in a file and in memory. */
#include "dtypes.h"
#include <string.h>

uint64_t get_little_endian(const unsigned char *from, int bytes)
{
	uint64_t value = 0;
	for (int i = 0; i < bytes; i++)
		value |= (uint64_t)from[i] << 8 * i;
	return value;
}

void put_little_endian(unsigned char *to, uint64_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		to[i] = (unsigned char)(value >> 8 * i);
}

static float float_from_bits(uint32_t bits)
{
	float value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

static void get_f32(void *to, const unsigned char *from)
{
	*(float *)to = float_from_bits((uint32_t)get_little_endian(from, 4));
}

static void get_f16(void *to, const unsigned char *from)
{
	*(float *)to = float_from_half((uint32_t)get_little_endian(from, 2));
}

static void get_bf16(void *to, const unsigned char *from)
{
	*(float *)to = float_from_bits((uint32_t)get_little_endian(from, 2) << 16);
}

static void put_word(void *to, uint64_t bits) { memcpy(to, &bits, sizeof bits); }
static void get_word(void *to, const unsigned char *from) { put_word(to, get_little_endian(from, 8)); }
static void get_u32(void *to, const unsigned char *from) { put_word(to, get_little_endian(from, 4)); }
static void get_u16(void *to, const unsigned char *from) { put_word(to, get_little_endian(from, 2)); }
static void get_u8(void *to, const unsigned char *from) { put_word(to, *from); }
static void get_i32(void *to, const unsigned char *from)
{
	put_word(to, (uint64_t)(int32_t)get_little_endian(from, 4));
}

static void get_i16(void *to, const unsigned char *from)
{
	put_word(to, (uint64_t)(int16_t)get_little_endian(from, 2));
}

static void get_i8(void *to, const unsigned char *from) { put_word(to, (uint64_t)(int8_t)*from); }
static void get_bool(void *to, const unsigned char *from) { put_word(to, *from != 0); }

static void put_f32(unsigned char *to, const void *from)
{
	uint32_t bits;
	memcpy(&bits, from, sizeof bits);
	put_little_endian(to, bits, 4);
}

static void put_64(unsigned char *to, const void *from)
{
	uint64_t bits;
	memcpy(&bits, from, sizeof bits);
	put_little_endian(to, bits, 8);
}

const Dtype dtypes[] = {
	[ELEMENT_F32] = {"F32", 4, ELEMENT_F32, get_f32, put_f32},
	[ELEMENT_I64] = {"I64", 8, ELEMENT_I64, get_word, put_64},
	[ELEMENT_F64] = {"F64", 8, ELEMENT_F64, get_word, put_64},
	{"F16", 2, ELEMENT_F32, get_f16, NULL},
	{"BF16", 2, ELEMENT_F32, get_bf16, NULL},
	{"I32", 4, ELEMENT_I64, get_i32, NULL},
	{"I16", 2, ELEMENT_I64, get_i16, NULL},
	{"I8", 1, ELEMENT_I64, get_i8, NULL},
	{"U32", 4, ELEMENT_I64, get_u32, NULL},
	{"U16", 2, ELEMENT_I64, get_u16, NULL},
	{"U8", 1, ELEMENT_I64, get_u8, NULL},
	{"BOOL", 1, ELEMENT_I64, get_bool, NULL},
};

const Dtype *dtype_find(const char *name)
{
	for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
		if (strcmp(dtypes[i].name, name) == 0)
			return &dtypes[i];
	return NULL;
}

uint64_t named_count(const NamedTensor *tensor)
{
	uint64_t count = 1;
	for (int i = 0; i < tensor->rank; i++)
		count *= (uint64_t)tensor->shape[i];
	return count;
}

uint64_t value_bytes(const NamedTensor *tensor)
{
	return named_count(tensor) * (uint64_t)dtypes[tensor->type].bytes;
}
