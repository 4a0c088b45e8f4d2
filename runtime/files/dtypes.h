/* dtypes.h: what safetensors.c, which loads, and safetensors_save.c share: the elements, and names of the format. */
#ifndef BNC_DTYPES_H
#define BNC_DTYPES_H
#include "../runtime.h"

#define METADATA_KEY "__metadata__"
#define SUM_NAME "bnc/crc32"            /* the tensor that is the check sum of all bytes before it */
enum { CHUNK_BYTES = 4096, SUM_BYTES = 4 };

uint64_t get_little_endian(const unsigned char *from, int bytes);
void put_little_endian(unsigned char *to, uint64_t value, int bytes);

/* How an element is stored in a file, and its type in memory. */
typedef struct Dtype {
	const char *name;
	int bytes;
	ElementType type;
	void (*get)(void *to, const unsigned char *from);
	void (*put)(unsigned char *to, const void *from);      /* null: read only */
} Dtype;

extern const Dtype dtypes[];            /* those that are written come first, by ElementType */
/* Null: there is none of this name. */
const Dtype *dtype_find(const char *name);
uint64_t named_count(const NamedTensor *tensor);
/* The number of bytes, in memory and in a file that is written. */
uint64_t value_bytes(const NamedTensor *tensor);

#endif
