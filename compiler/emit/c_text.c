/* c_text.c: reads C as text. */
#include "kernel_text.h"
#include <string.h>

const char *skip_opaque(const char *text)
{
	if (text[0] == '/' && text[1] == '*') {
		const char *end = strstr(text + 2, "*/");
		return end ? end + 2 : text + strlen(text);
	}
	if (*text != '"' && *text != '\'')
		return text;
	const char *end = text + 1;
	while (*end && *end != *text)
		end += *end == '\\' && end[1] ? 2 : 1;
	return *end ? end + 1 : end;
}

const char *name_end(const char *text)
{
	while (is_name(*text))
		text++;
	return text;
}

const char *name_before(const char *text, const char *end)
{
	while (end > text && !is_name(end[-1]))
		end--;
	while (end > text && is_name(end[-1]))
		end--;
	return end;
}
