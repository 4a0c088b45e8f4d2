/* map.c: names -> values. A map never changes: map_put returns another one, which shares all that is equal. So a scope
 * can keep the map that it had for the price of a pointer. */
#include "bnc.h"
#include "hash.h"
#include <string.h>

/* A trie over the hash, with two bits at each level, and an entry in every node. */
struct Map {
	const char *name;
	const void *value;
	const struct Map *children[4];
};

/* Mixed so that every byte changes the high bits, which the trie uses first. */
static uint64_t hash_of(const char *name)
{
	const uint64_t hash = hash_bytes(HASH_START, name, strlen(name));
	return (hash ^ hash >> 32) * 0x9e3779b97f4a7c15;
}

const void *map_get(const Map *map, const char *name)
{
	for (uint64_t hash = hash_of(name); map; map = map->children[hash >> 62], hash <<= 2)
		if (strcmp(map->name, name) == 0)
			return map->value;
	return 0;
}

/* Copies the nodes on the path to the entry: about log4 of all. */
const Map *map_put(Arena *arena, const Map *map, const char *name, const void *value)
{
	const Map *root = 0, **link = &root;
	for (uint64_t hash = hash_of(name);; hash <<= 2) {
		Map *copy = NEW(arena, Map);
		*copy = map ? *map : (Map){.name = name};
		*link = copy;
		if (strcmp(copy->name, name) == 0) {
			copy->value = value;
			return root;
		}
		link = &copy->children[hash >> 62];
		map = *link;
	}
}
