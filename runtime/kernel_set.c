/* kernel_set.c: the kernel sets of this build, and which of them this processor can run. */
#include "kernel_set.h"
#include <string.h>

extern const KernelSet kernel_set_scalar;
int usable_scalar(void);

int usable_scalar(void)
{
	return 1;
}

#if defined __x86_64__

extern const KernelSet kernel_set_sse2, kernel_set_avx2, kernel_set_avx512;
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

const KernelSet *const kernel_sets[] = { &kernel_set_avx512, &kernel_set_avx2, &kernel_set_sse2, &kernel_set_scalar,
	NULL };

#elif defined __aarch64__

extern const KernelSet kernel_set_neon;
int usable_neon(void);

int usable_neon(void)
{
	return 1;
}

const KernelSet *const kernel_sets[] = { &kernel_set_neon, &kernel_set_scalar, NULL };

#else

const KernelSet *const kernel_sets[] = { &kernel_set_scalar, NULL };

#endif

const KernelSet *kernel_set(const char *name)
{
	for (const KernelSet *const *set = kernel_sets; *set; set++)
		if (name ? strcmp((*set)->name, name) == 0 : (*set)->usable())
			return *set;
	return NULL;
}
