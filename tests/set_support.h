/* set_support.h: the kernel sets that a test runs. */
#ifndef SET_SUPPORT_H
#define SET_SUPPORT_H
#include "kernel_set.h"
#include <stdbool.h>
#include <string.h>

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

/* Whether this build adds nothing to what others find of the set: with sanitizers the Makefile compiles SSE2's without
 * them, so that it computes what it does in the other builds. */
static inline bool is_tested_elsewhere(const KernelSet *set)
{
#if defined __SANITIZE_ADDRESS__ || __has_feature(address_sanitizer)
	return strcmp(set->name, "sse2") == 0;
#else
	(void)set;
	return false;
#endif
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
