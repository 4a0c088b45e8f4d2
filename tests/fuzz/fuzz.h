/* fuzz.h: a harness hands bytes that nobody has looked at to one reader of bnc. It may end in any message, and in
 * nothing else: no crash, no undefined behaviour, no leak, no second of time. Nothing is left of one input when the
 * next one comes. */
#ifndef FUZZ_H
#define FUZZ_H
#include "../../runtime/data/data.h"

typedef struct Harness {
	const char *name;       /* its file, its folder of inputs and its dictionary are called so */
	/* longer inputs are passed over: they find nothing that short ones do not, and take longer */
	size_t most;
	void (*run)(const char *bytes, size_t size);
} Harness;

extern const Harness language_harness, npz_harness, table_harness, image_harness, safetensors_harness, command_harness,
	checkpoint_harness;

/* All of them; the last has a null name. */
extern const Harness *const harnesses[];
const Harness *harness_find(const char *name);
/* Runs it on a copy that ends where the input does, so that a sanitizer sees a read past its end. */
void harness_run(const Harness *harness, const void *bytes, size_t size);

/* The path of a file that holds these bytes until the next call. It is in memory. */
const char *file_of(const void *bytes, size_t size);
/* The same of safetensors: bytes that begin with a brace are a header alone, up to a 0, and the values after it; its
 * length, which a changed header would no longer have, is put in front. */
const char *safetensors_of(const char *bytes, size_t size);
/* Where messages go: everything is formatted, and nothing is written. */
FILE *nowhere(void);
/* A promise of the reader was broken: ends the process as a crash does. */
_Noreturn void broken_promise(const char *promise);

/* What readers of samples promise: sizes that are not 0, finite numbers, and labels that are classes. */
void check_samples(const Data *data);

#define PROMISE(condition) ((condition) ? (void)0 : broken_promise(#condition))

#endif
