/* internal.c: ends the process after a fault of bnc itself. */
#include "bnc.h"
#include <stdlib.h>

void internal_error(const char *format, ...)
{
	va_list values;
	va_start(values, format);
	fputs("bnc: internal error: ", stderr);
	vfprintf(stderr, format, values);
	fputs("\nThis is a fault of bnc, not of the network; please report it.\n", stderr);
	va_end(values);
	_Exit(4);
}
