/* number_text.c: numbers as literals of C, the same in every locale. */
#include "bnc.h"
#include <locale.h>
#include <stdlib.h>
#include <string.h>

/* Puts a point in place of the locale's decimal separator. */
static char *with_point(char *number)
{
	const char *point = localeconv()->decimal_point;
	char *found = strstr(number, point);
	if (found) {
		*found = '.';
		memmove(found + 1, found + strlen(point), strlen(found + strlen(point)) + 1);
	}
	return number;
}

/* Writes the value with the fewest digits, `digits` to `most`, from which it is read again: as a float or a double. */
static void write_digits(char *text, double value, int digits, int most, bool single)
{
	do
		snprintf(text, FLOAT_TEXT, "%.*g", digits, value);
	while ((single ? (double)strtof(text, 0) : strtod(text, 0)) != value && digits++ < most);
	with_point(text);
	if (!strpbrk(text, ".e"))
		strcat(text, ".0");
}

void write_number(char *text, double value, size_t bytes, int digits)
{
	bool single = bytes == sizeof(float);
	write_digits(text, value, digits, single ? 9 : 17, single);
	strcat(text, single ? "f" : "");
}

const char *number_text(Arena *arena, double number, OperandClass class)
{
	char text[FLOAT_TEXT];
	if (class == OPERAND_INT)
		return arena_print(arena, "%d", (int)number);
	if (class == OPERAND_DOUBLE)
		write_number(text, number, sizeof(double), 6);
	else
		write_number(text, (double)(float)number, sizeof(float), 6);
	return arena_print(arena, "%s", text);
}
