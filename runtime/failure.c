#include "runtime.h"
#include <stdarg.h>

bool fail(Failure *failure, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(failure->text, sizeof failure->text, format, arguments);
	va_end(arguments);
	return false;
}
