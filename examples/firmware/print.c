#include "print.h"
#include "board.h"
#include <string.h>

static void print_digits(uint32_t number, int digits)
{
	char text[11] = {0};
	int at = 10;

	do {
		text[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (--digits > 0 || number > 0);
	board_write(text + at);
}

void print_number(uint32_t number)
{
	print_digits(number, 1);
}

void print_value(double value)
{
	const uint32_t parts = (uint32_t)(value * 10000 + 0.5);

	print_digits(parts / 10000, 1);
	board_write(".");
	print_digits(parts % 10000, 4);
}

void print_bits(double value)
{
	const float rounded = (float)value;
	uint32_t bits;
	char text[9] = {0};

	memcpy(&bits, &rounded, sizeof bits);
	for (int at = 7; at >= 0; at--, bits >>= 4)
		text[at] = "0123456789abcdef"[bits & 15];
	board_write(text);
}
