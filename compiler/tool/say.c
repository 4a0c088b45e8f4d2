/* say.c: messages on standard error. */
#include "run.h"
#include <stdarg.h>
#include <string.h>

int report_failure(int status, const Failure *failure)
{
	print_mistake(failure->text, stderr);
	return status;
}

void say(const char *format, ...)
{
	Failure text;
	va_list values;
	va_start(values, format);
	vsnprintf(text.text, sizeof text.text, format, values);
	va_end(values);
	fputs("bnc: ", stderr);
	print_safely(text.text, strlen(text.text), stderr);
	fputc('\n', stderr);
}

int no_memory(int networks)
{
	fprintf(stderr, "bnc: not enough memory for %d networks\n", networks);
	return EXIT_DATA;
}
