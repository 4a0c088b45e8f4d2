/* texts.c: the different texts of a column. */
#include "table.h"
#include "hash.h"
#include <stdlib.h>
#include <string.h>

static uint64_t hash(const char *at, size_t length)
{
	const uint64_t h = hash_bytes(HASH_START, at, length);
	return h ^ h >> 32;
}

static int *slot_of(const Texts *texts, const char *begin, size_t length)
{
	size_t mask = (size_t)texts->slot_count - 1, at = hash(begin, length) & mask;
	for (;; at = (at + 1) & mask) {
		const char *item = texts->slots[at] ? texts->items[texts->slots[at] - 1] : NULL;
		if (!item || (strncmp(item, begin, length) == 0 && !item[length]))
			return &texts->slots[at];
	}
}

/* Twice the room, so that at least half of the slots are empty. */
static bool grow(Texts *texts)
{
	int capacity = texts->capacity ? 2 * texts->capacity : 16;
	char **items = realloc(texts->items, (size_t)capacity * sizeof *items);
	texts->items = items ? items : texts->items;
	int *slots = items ? calloc(2 * (size_t)capacity, sizeof *slots) : NULL;
	if (!slots)
		return false;
	free(texts->slots);
	texts->slots = slots;
	texts->slot_count = 2 * capacity;
	texts->capacity = capacity;
	for (int i = 0; i < texts->count; i++)
		*slot_of(texts, texts->items[i], strlen(texts->items[i])) = i + 1;
	return true;
}

int texts_add(Texts *texts, const char *begin, size_t length)
{
	if (texts->count == texts->capacity && !grow(texts))
		return -1;
	int *slot = slot_of(texts, begin, length);
	if (*slot)
		return *slot - 1;
	char *copy = strndup(begin, length);
	if (!copy)
		return -1;
	texts->items[texts->count++] = copy;
	*slot = texts->count;
	return *slot - 1;
}

typedef struct Sorted { char *text; int number; } Sorted;

static int by_text(const void *a, const void *b)
{
	return strcmp(((const Sorted *)a)->text, ((const Sorted *)b)->text);
}

static int by_value(const void *a, const void *b)
{
	const long long left = atoll(((const Sorted *)a)->text), right = atoll(((const Sorted *)b)->text);
	return (left > right) - (left < right);
}

bool texts_sort(Texts *texts, bool whole, int *order)
{
	Sorted *sorted = malloc((size_t)texts->count * sizeof *sorted + 1);
	for (int i = 0; sorted && i < texts->count; i++)
		sorted[i] = (Sorted){texts->items[i], i};
	if (sorted)
		qsort(sorted, (size_t)texts->count, sizeof *sorted, whole ? by_value : by_text);
	for (int i = 0; sorted && i < texts->count; i++) {
		texts->items[i] = sorted[i].text;
		order[sorted[i].number] = i;
	}
	free(sorted);
	return sorted;
}

void texts_free(Texts *texts)
{
	for (int i = 0; i < texts->count; i++)
		free(texts->items[i]);
	free(texts->items);
	free(texts->slots);
	*texts = (Texts){.items = NULL};
}
