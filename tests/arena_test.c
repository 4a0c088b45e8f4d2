#include "bnc.h"
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdalign.h>
#include <string.h>

static bool all_zero(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

Test(arena, blocks_are_zero_aligned_and_apart)
{
	static const size_t sizes[] = { 0, 1, 7, 16, 1000, 16384, 16385, 100000, 5000000 };
	Arena *arena = arena_open();
	for (int round = 0; round < 50; round++) {
		size_t size = sizes[round % 9];
		char *block = arena_alloc(arena, size, 1);
		cr_assert(block);
		cr_assert_eq((uintptr_t)block % alignof(max_align_t), 0);
		cr_assert(all_zero(block, size), "round %d", round);
		memset(block, 0xff, size);
	}
	arena_close(arena);
}

Test(arena, an_empty_block_of_a_new_arena_is_not_null)
{
	Arena *arena = arena_open();
	cr_expect(arena_alloc(arena, 0, 8));
	cr_expect(arena_alloc(arena, 8, 0));
	arena_close(arena);
	arena_close(NULL);
}

Test(arena, texts_are_copied_and_printed)
{
	Arena *arena = arena_open();
	cr_expect_str_eq(arena_copy(arena, "batchnorm", 5), "batch");
	cr_expect_str_eq(arena_copy(arena, NULL, 0), "");
	cr_expect_str_eq(arena_print(arena, "%d.%s", 3, "weight"), "3.weight");
	cr_expect_str_eq(arena_print(arena, "%s", ""), "");
	arena_close(arena);
}

Test(arena, lists_grow)
{
	struct { int *items; int count, capacity; } list = { 0 };
	Arena *arena = arena_open();
	for (int i = 0; i < 1000; i++)
		APPEND(arena, &list, i);
	for (int i = 0; i < 1000; i++)
		cr_assert_eq(list.items[i], i);
	arena_close(arena);
}

Test(arena, a_size_that_overflows_ends_the_process, .init = cr_redirect_stderr, .exit_code = 4)
{
	Arena *arena = arena_open();
	arena_alloc(arena, SIZE_MAX / 2, 3);
}

Test(arena, a_size_that_overflows_when_rounded_ends_the_process, .init = cr_redirect_stderr, .exit_code = 4)
{
	Arena *arena = arena_open();
	arena_alloc(arena, SIZE_MAX - 1, 1);
}
