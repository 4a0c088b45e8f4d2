/* kernel_set.c: the kernel sets of this build, and which of them this processor can run. */
#include "kernel_set.h"
#include <string.h>

extern const KernelSet kernel_set_scalar_f32, kernel_set_scalar_f64;
int usable_scalar(void);

int usable_scalar(void)
{
	return 1;
}

#if defined __x86_64__

extern const KernelSet kernel_set_sse2_f32, kernel_set_avx2_f32, kernel_set_avx512_f32, kernel_set_sse2_f64,
	kernel_set_avx2_f64, kernel_set_avx512_f64;
int usable_sse2(void), usable_avx2(void), usable_avx512(void);

int usable_sse2(void)
{
	return 1;
}

int usable_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

int usable_avx512(void)
{
	return usable_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
		__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}

#define SETS(type) { &kernel_set_avx512_##type, &kernel_set_avx2_##type, &kernel_set_sse2_##type, \
	&kernel_set_scalar_##type, NULL }

#elif defined __aarch64__

extern const KernelSet kernel_set_neon_f32, kernel_set_neon_f64;
int usable_neon(void);

int usable_neon(void)
{
	return 1;
}

#define SETS(type) { &kernel_set_neon_##type, &kernel_set_scalar_##type, NULL }

#else

#define SETS(type) { &kernel_set_scalar_##type, NULL }

#endif

const KernelSet *const kernel_sets[] = SETS(f32);
static const KernelSet *const sets_f64[] = SETS(f64);

const KernelSet *kernel_set(const char *name)
{
	for (const KernelSet *const *set = kernel_sets; *set; set++)
		if (name ? strcmp((*set)->name, name) == 0 : (*set)->usable())
			return *set;
	return NULL;
}

const KernelSet *kernel_set_shorter(const KernelSet *set)
{
	const KernelSet *const *next = set->number_bytes == sizeof(double) ? sets_f64 : kernel_sets;
	for (; *next; next++)
		if ((*next)->lanes * 2 == set->lanes && (*next)->usable())
			return *next;
	return NULL;
}

const KernelSet *kernel_set_f64(const KernelSet *set)
{
	const KernelSet *const *same = sets_f64;
	while (strcmp((*same)->name, set->name) != 0)
		same++;
	return *same;
}
