/* set_support.h: the kernel sets that a test runs. */
#ifndef SET_SUPPORT_H
#define SET_SUPPORT_H
#include "kernel_set.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The Makefile's, in a build with sanitizers: the kernels that are compiled without them. */
#ifndef PLAIN_KERNELS
#define PLAIN_KERNELS ""
#endif

/* A build with sanitizers finds what reads and writes where it should not, which takes one case of a kind; whether the
 * numbers are right others find in a quarter of the time. So it leaves cases out that differ in numbers alone. */
#ifdef __SANITIZE_ADDRESS__
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

/* Whether this build would find nothing in the set that others do not. */
static inline bool is_tested_elsewhere(const KernelSet *set)
{
	char name[40];
	snprintf(name, sizeof name, "%s_f32", set->name);
	return strstr(PLAIN_KERNELS, name);
}

/* The next kernel set that this processor can run, and that is to be tested here; null at the end. */
static inline const KernelSet *usable_set(const KernelSet *const **next)
{
	while (**next && (!(**next)->usable() || is_tested_elsewhere(**next)))
		++*next;
	return **next ? *(*next)++ : 0;
}

#define FOR_EACH_USABLE_SET(set) \
	for (const KernelSet *const *next_##set = kernel_sets, *set; (set = usable_set(&next_##set));)

#endif
