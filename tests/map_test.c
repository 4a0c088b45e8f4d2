#include "bnc.h"
#include <criterion/criterion.h>

enum { NAMES = 3000 };

Test(map, older_maps_stay_as_they_were)
{
	Arena *arena = arena_open();
	const Map *maps[NAMES + 1] = {0};
	static int values[NAMES];
	for (int i = 0; i < NAMES; i++)
		maps[i + 1] = map_put(arena, maps[i], arena_print(arena, "%d", i), &values[i]);
	for (int size = 0; size <= NAMES; size += 500)
		for (int i = 0; i < NAMES; i++)
			cr_assert_eq(map_get(maps[size], arena_print(arena, "%d", i)), i < size ? &values[i] : 0, "%d of %d", i,
				size);
	arena_close(arena);
}

Test(map, a_name_has_its_last_value)
{
	Arena *arena = arena_open();
	int one, two, other;
	const Map *before = map_put(arena, map_put(arena, 0, "", &other), "a", &one);
	const Map *after = map_put(arena, before, "a", &two);
	cr_assert_eq(map_get(before, "a"), &one);
	cr_assert_eq(map_get(after, "a"), &two);
	cr_assert_eq(map_get(after, ""), &other);
	cr_assert_null(map_get(after, "b"));
	arena_close(arena);
}
