#include "code.h"
#include <string.h>

void code_add(Code *code, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		APPEND(code->arena, code, text[i]);
}

void code_put_list(Code *code, const char *format, va_list values)
{
	va_list again;
	va_copy(again, values);
	int length = vsnprintf(0, 0, format, again);
	va_end(again);
	if (length < 0)
		internal_error("a line of generated C cannot be printed: %s", format);
	char *text = NEW_ARRAY(code->arena, char, length + 1);
	vsnprintf(text, (size_t)length + 1, format, values);
	code_add(code, text, (size_t)length);
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
