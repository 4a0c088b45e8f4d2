/* array.h: shared by the readers of numpy's arrays: .npz, an archive of them, and .npy, a file of one. */
#ifndef BNC_ARRAY_H
#define BNC_ARRAY_H
#include "data.h"

enum { MAX_WHERE = 300 };

/* One array while it is read, item after item. */
typedef struct Array {
	const char *name;               /* "X" */
	char where[MAX_WHERE];          /* "digits.npz: X" */
	const char *container, *writer; /* "archive" and "numpy.savez" */
	void *stream;
	/* Returns how many bytes it has read, which are fewer only at the end; -1: reason says what is wrong. */
	int64_t (*read)(void *stream, void *bytes, size_t size);
	const char *(*reason)(void *stream);
	Npy npy;
	unsigned char buffer[1 << 14];
	size_t filled, used;
} Array;

/* Says that it is damaged, and returns false. */
bool array_broken(const Array *array, const char *reason, Failure *failure);
/* Reads the header, after which come the items. size: of all of it. */
bool array_begin(Array *array, uint64_t size, Failure *failure);
/* Reads samples and their targets, both begun. y: null if the targets are not wanted. */
bool arrays_read(Data *data, Array *x, Array *y, Failure *failure);
/* Whether the file at path can be read as data. writer: the function of numpy that writes such a file. */
bool regular_file(const char *path, const char *writer, Failure *failure);

#endif
