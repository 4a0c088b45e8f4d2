/* The text of the emitted files: templates, and the names in them. */
#include "standalone.h"
#include "emit/kernel_text.h"
#include <ctype.h>
#include <string.h>

/* Marks each prefix that is the name of the struct, until settle_name has looked at it. */
static const char type_mark[] = "\1";

/* Whether the word `real` or `reals` is at text. */
static bool is_real(char before, const char *text)
{
	const size_t length = strlen("real");
	return strncmp(text, "real", length) == 0 && !is_name(before) && !is_name(text[length + (text[length] == 's')]);
}

void put_template(const Standalone *s, Code *code, const char *format, ...)
{
	Code named = {.arena = s->arena};
	char before = ' ';
	for (; *format; before = *format++)
		if (*format == '$')
			code_put(&named, "%s", s->capitals);
		else if (*format == '@')
			code_put(&named, "%s%s", format[1] == '_' ? "" : type_mark, s->prefix);
		else if (is_real(before, format)) {
			code_put(&named, "%s", number_type(s->target.number_bytes));
			format += strlen("real") - 1;
		} else if (skip_suffixed(format) > format && !is_name(before)) {
			const char *end = skip_suffixed(format);
			code_add(&named, format, (size_t)(end - format) - (s->target.number_bytes == sizeof(double)));
			format = end - 1;
		} else {
			if (s->target.number_bytes == sizeof(double) && !is_name(before) && skip_float_constant(format) > format)
				code_put(&named, "(double)");
			code_add(&named, format, 1);
		}
	va_list values;
	va_start(values, format);
	code_put_list(code, code_text(&named), values);
	va_end(values);
}

/* ---- the struct's name */

/* Returns the end of a number, whose letters are no names. */
static const char *skip_number(const char *text)
{
	if (!isdigit((unsigned char)text[0]) && (text[0] != '.' || !isdigit((unsigned char)text[1])))
		return text;
	do
		text++;
	while (is_name(*text) || *text == '.' || (*text && strchr("+-", *text) && strchr("eEpP", text[-1])));
	return text;
}

/* Returns the end of a comment, a string, a number or a directive; text itself if there is none. */
static const char *skip_others(const char *text, bool line_begins)
{
	if (*text == '#' && line_begins)
		return text + strcspn(text, "\n");
	const char *end = skip_number(text);
	return end > text ? end : skip_opaque(text);
}

void settle_name(const Standalone *s, Code *code)
{
	Code settled = {.arena = s->arena};
	size_t length = strlen(s->prefix);
	bool marked = false, line_begins = true;
	for (const char *text = code_text(code); *text;) {
		const char *begin = text, *end = skip_others(text, line_begins);
		bool name = end == text && is_name(*text);
		while (name && is_name(*end))
			end++;
		end += end == text;
		for (; text < end; text++)
			if (*text != *type_mark)
				code_add(&settled, text, 1);
		if (name && !marked && (size_t)(end - begin) == length && memcmp(begin, s->prefix, length) == 0)
			code_put(&settled, "_");
		marked = *begin == *type_mark;
		line_begins = *begin == '\n';
	}
	*code = settled;
}
