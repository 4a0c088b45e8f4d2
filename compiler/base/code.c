#include "code.h"
#include <string.h>

static void reserve(Code *code, size_t length)
{
	while ((size_t)(code->capacity - code->count) < length)
		code->items = arena_grow(code->arena, code->items, code->capacity, &code->capacity, sizeof *code->items);
}

void code_add(Code *code, const char *text, size_t length)
{
	if (length == 0)
		return;
	reserve(code, length);
	memcpy(code->items + code->count, text, length);
	code->count += (int)length;
}

void code_put_list(Code *code, const char *format, va_list values)
{
	enum { USUAL = 128 };
	va_list again;
	va_copy(again, values);
	reserve(code, USUAL);
	size_t room = (size_t)(code->capacity - code->count);
	int length = vsnprintf(code->items + code->count, room, format, values);
	if (length < 0)
		internal_error("a line of generated C cannot be printed: %s", format);
	if ((size_t)length >= room) {
		reserve(code, (size_t)length + 1);
		vsnprintf(code->items + code->count, (size_t)length + 1, format, again);
	}
	va_end(again);
	code->count += length;
}

void code_put(Code *code, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	code_put_list(code, format, values);
	va_end(values);
}

const char *code_text(Code *code)
{
	APPEND(code->arena, code, 0);
	code->count--;
	return code->items;
}
