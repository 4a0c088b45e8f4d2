/* Which prefixes the emitted C can have. */
#include "standalone.h"
#include <ctype.h>
#include <string.h>

static const char *const keywords[] = {
	/* C */
	"auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern", "float", "for", "goto", "if",
	"inline", "int", "long", "register", "restrict", "return", "short", "signed", "sizeof", "static", "struct", "switch", "typedef", "union",
	"unsigned", "void", "volatile", "while",
	/* of newer C, of C++ and of compilers; the header is for C++ too */
	"alignas", "alignof", "and", "and_eq", "asm", "bitand", "bitor", "bool", "catch", "char16_t", "char32_t", "char8_t", "class", "co_await",
	"co_return", "co_yield", "compl", "concept", "const_cast", "consteval", "constexpr", "constinit", "decltype", "delete", "dynamic_cast",
	"explicit", "export", "false", "friend", "mutable", "namespace", "new", "noexcept", "not", "not_eq", "nullptr", "operator", "or",
	"or_eq", "private", "protected", "public", "reinterpret_cast", "requires", "static_assert", "static_cast", "template", "this",
	"thread_local", "throw", "true", "try", "typeid", "typename", "typeof", "typeof_unqual", "using", "virtual", "wchar_t", "xor", "xor_eq",
	/* that a program or the headers of the emitted file define */
	"NULL", "NAN", "INFINITY", "int8_t", "int16_t", "int32_t", "int64_t", "uint8_t", "uint16_t", "uint32_t", "uint64_t", "printf",
	"always_inline", "noinline", "vector_size", "aligned", "may_alias", "vector", "main", "linux", "unix", "i386", "signgam", "size_t", "ptrdiff_t", "max_align_t", "offsetof", "acos", "acosh", "asin", "asinh", "atan",
	"atan2", "atanh", "cbrt", "ceil", "copysign", "cos", "cosh", "drem", "erf", "erfc", "exp", "exp10", "exp2", "expm1", "fabs", "fdim",
	"finite", "floor", "fma", "fmax", "fmin", "fmod", "frexp", "gamma", "hypot", "ilogb", "isinf", "isnan", "isfinite", "isnormal", "j0",
	"j1", "jn", "ldexp", "lgamma", "llrint", "llround", "log", "log10", "log1p", "log2", "logb", "lrint", "lround", "modf", "nan",
	"nearbyint", "nextafter", "nexttoward", "pow", "remainder", "remquo", "rint", "round", "scalb", "scalbln", "scalbn", "signbit",
	"significand", "sin", "sincos", "sinh", "sqrt", "tan", "tanh", "tgamma", "trunc", "y0", "y1", "yn", "memcpy", "memset", "memcmp",
	"memmove", "memchr", "strcat", "strchr", "strcmp", "strcoll", "strcpy", "strcspn", "strerror", "strlen", "strncat", "strncmp",
	"strncpy", "strpbrk", "strrchr", "strspn", "strstr", "strtok", "strxfrm", "index", "rindex", "bcmp", "bcopy", "bzero", "ffs",
};

static bool is_taken(const char *name)
{
	for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
		if (strcmp(keywords[i], name) == 0)
			return true;
	return false;
}

static bool is_identifier(const char *name)
{
	if (!isalpha((unsigned char)*name))
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && *name != '_')
			return false;
	return true;
}

/* libm has each of its functions for float and long double too. */
static bool is_reserved(const char *name)
{
	size_t length = strlen(name);
	char shorter[64];
	if (is_taken(name))
		return true;
	if (length < 2 || length >= sizeof shorter || (name[length - 1] != 'f' && name[length - 1] != 'l'))
		return false;
	memcpy(shorter, name, length - 1);
	shorter[length - 1] = 0;
	return is_taken(shorter);
}

bool check_prefix(const char *prefix, bool given, Failure *failure)
{
	enum { LONGEST = 63 };
	if (strlen(prefix) > LONGEST)
		return fail(failure, "the prefix `%.80s` is longer than the %d characters that C promises to tell apart: give a shorter --prefix", prefix, LONGEST);
	if (!is_identifier(prefix) || strstr(prefix, "__"))
		return fail(failure, "--prefix takes a name of letters, digits and single underscores that begins with a letter, found `%.100s`", prefix);
	if (!is_reserved(prefix))
		return true;
	if (given)
		return fail(failure, "--prefix `%s` is a name of C or C++: take another", prefix);
	return fail(failure, "the network's name, `%s`, is a name of C or C++: give another with --prefix", prefix);
}
