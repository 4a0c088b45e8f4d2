/* arena.c: memory that is freed all at once. Blocks are parts of larger chunks from calloc, so all memory is zero. */
#include "bnc.h"
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST_CHUNK = 1 << 16, LARGEST_CHUNK = 1 << 22, ALIGNMENT = alignof(max_align_t) };

typedef struct Chunk {
	struct Chunk *next;
	alignas(ALIGNMENT) char bytes[];
} Chunk;

struct Arena {
	Chunk *chunks;
	char *free;             /* the free part of the newest ordinary chunk */
	size_t left;
	size_t chunk_size;      /* the size of the next one: each is twice as large as the one before */
};

/* The only function below main that ends the process: without memory no caller could do anything useful. */
static _Noreturn void out_of_memory(void)
{
	fputs("bnc: out of memory\n", stderr);
	_Exit(4);
}

static Chunk *chunk_new(Arena *arena, size_t size)
{
	Chunk *chunk = size > SIZE_MAX - sizeof(Chunk) ? NULL : calloc(1, sizeof(Chunk) + size);
	if (!chunk)
		out_of_memory();
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	return chunk;
}

Arena *arena_open(void)
{
	Arena *arena = calloc(1, sizeof *arena);
	if (!arena)
		out_of_memory();
	arena->chunk_size = SMALLEST_CHUNK;
	return arena;
}

void arena_close(Arena *arena)
{
	if (!arena)
		return;
	for (Chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(arena);
}

static void refill(Arena *arena)
{
	arena->free = chunk_new(arena, arena->chunk_size)->bytes;
	arena->left = arena->chunk_size;
	if (arena->chunk_size < LARGEST_CHUNK)
		arena->chunk_size *= 2;
}

void *arena_alloc(Arena *arena, size_t count, size_t size)
{
	if (size && count > (SIZE_MAX - ALIGNMENT) / size)
		out_of_memory();
	size_t bytes = (count * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (bytes > SMALLEST_CHUNK / 4)
		return chunk_new(arena, bytes)->bytes;
	if (bytes > arena->left || !arena->free)
		refill(arena);
	void *block = arena->free;
	arena->free += bytes;
	arena->left -= bytes;
	return block;
}

char *arena_copy(Arena *arena, const char *text, size_t length)
{
	if (length == SIZE_MAX)
		out_of_memory();
	char *copy = arena_alloc(arena, length + 1, 1);
	if (length)
		memcpy(copy, text, length);
	return copy;
}

char *arena_print(Arena *arena, const char *format, ...)
{
	va_list arguments, again;
	va_start(arguments, format);
	va_copy(again, arguments);
	int length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	size_t size = length < 0 ? 1 : (size_t)length + 1;
	char *text = arena_alloc(arena, size, 1);
	if (length > 0)
		vsnprintf(text, size, format, again);
	va_end(again);
	return text;
}

void *arena_grow(Arena *arena, void *items, int count, int *capacity, size_t size)
{
	if (count < *capacity)
		return items;
	if (*capacity > INT32_MAX / 2)
		out_of_memory();
	*capacity = *capacity ? 2 * *capacity : 8;
	void *grown = arena_alloc(arena, (size_t)*capacity, size);
	if (count)
		memcpy(grown, items, (size_t)count * size);
	return grown;
}
