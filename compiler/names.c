/* Which prefixes the emitted C can have. The prefix alone is the struct's name, and all other names go on after it: so it may be no
 * word of C or C++, and no name of the headers that an emitted file includes. */
#include "standalone.h"
#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

enum { LONGEST = 63 };          /* characters that C promises to tell apart */

/* As the shell matches words. */
static const char taken[] =
	/* C */
	"auto break case char const continue default do double else enum extern float for goto if inline int long register restrict return "
	"short signed sizeof static struct switch typedef union unsigned void volatile while "
	/* newer C; C++, for which the header is too; compilers */
	"alignas alignof and and_eq asm bitand bitor bool catch class co_await co_return co_yield compl concept const_cast consteval constexpr "
	"constinit decltype delete dynamic_cast explicit export false friend mutable namespace new noexcept not not_eq nullptr operator or "
	"or_eq private protected public reinterpret_cast requires static_assert static_cast std template this thread_local throw true try "
	"typeid typename typeof typeof_unqual using virtual xor xor_eq linux unix i386 "
	/* other words that emitted files need as they are */
	"main always_inline noinline vector_size aligned may_alias vector "
	/* stddef.h, stdint.h; POSIX keeps what ends in _t */
	"*_t NULL offsetof INT*_MAX INT*_MIN INT*_WIDTH INT*_C UINT*_MAX UINT*_WIDTH UINT*_C PTRDIFF_MAX PTRDIFF_MIN PTRDIFF_WIDTH "
	"SIG_ATOMIC_MAX SIG_ATOMIC_MIN SIG_ATOMIC_WIDTH SIZE_MAX SIZE_WIDTH RSIZE_MAX WCHAR_MAX WCHAR_MIN WCHAR_WIDTH WINT_MAX WINT_MIN "
	"WINT_WIDTH "
	/* math.h, but for what is below */
	"DOMAIN FP_[A-Z]* HUGE HUGE_VAL* INFINITY MATH_ERR* MAXFLOAT M_[0-9A-Z]* NAN OVERFLOW PLOSS SING SNAN* TLOSS UNDERFLOW X_TLOSS "
	"math_errhandling signgam fpclassify iscanonical iseqsig isfinite isgreater isgreaterequal isless islessequal islessgreater isnormal "
	"issignaling issubnormal isunordered iszero signbit fmaximum* fminimum* gamma*_r lgamma*_r fadd fdiv ffma fmul fsqrt fsub "
	"[df]addl [df]divl [df]fmal [df]mull [df]sqrtl [df]subl f[36][24]*f[136]* "
	/* string.h */
	"basename bcmp bcopy bzero explicit_bzero ffs ffsl ffsll fls flsl flsll index memccpy memchr memcmp memcpy memfrob memmem memmove "
	"mempcpy memrchr memset* rawmemchr rindex sigabbrev_np sigdescr_np stpcpy stpncpy strcasecmp* strcasestr strcat strchr strchrnul "
	"strcmp strcoll* strcpy strcspn strdup strdupa strerror* strfry strlcat strlcpy strlen strlwr strmode strncasecmp* strncat strncmp "
	"strncpy strndup strndupa strnlen strnstr strpbrk strrchr strsep strsignal strspn strstr strtok* strupr strverscmp strxfrm* swab "
	"timingsafe_* "
	/* stdio.h */
	"BUFSIZ EOF FILE FILENAME_MAX FOPEN_MAX L_ctermid L_cuserid L_tmpnam P_tmpdir RENAME_* SEEK_* TMP_MAX stdin stdout stderr va_list "
	"clearerr* ctermid cuserid fast_putc fclose* fdopen feof* ferror* fflush* fgetc* fgetln fgetpos* fgets* fileno* flockfile fmemopen "
	"fopen fopen64 fopencookie fpurge fputc* fputs* fread* freopen* fropen fseek* fsetpos* ftell* ftrylockfile funlockfile funopen "
	"fwopen fwrite* getc getc_unlocked getchar* getdelim getline gets getw open_memstream pclose perror popen printf [adfiosv]*printf putc "
	"putc_unlocked putchar* puts putw remove rename renameat renameat2 rewind scanf [fisv]*scanf setbuf setbuffer setlinebuf setvbuf "
	"tempnam tmpfile tmpfile64 tmpnam tmpnam_r ungetc "
	/* what newlib's stdio.h includes */
	"BIG_ENDIAN BYTE_ORDER FD_SETSIZE HAVE_INITFINI_ARRAY LITTLE_ENDIAN NFDBITS PDP_ENDIAN PTHREAD_* SCHED_* fd_mask fd_set itimerspec "
	"physadr pselect quad sched_param select timespec timeval u_char u_int u_long u_short uint ulong ushort";

/* Functions of math.h for double, which have others for other types beside them. */
static const char mathematics[] =
	"acos acosh acospi asin asinh asinpi atan atan2 atan2pi atanh atanpi canonicalize cbrt ceil compoundn copysign cos cosh cospi drem "
	"erf erfc exp exp10 exp10m1 exp2 exp2m1 expm1 fabs fdim finite floor fma fmax fmaxmag fmin fminmag fmod frexp fromfp fromfpx gamma "
	"getpayload hypot ilogb infinity isinf isnan j0 j1 jn ldexp lgamma llogb llrint llround log log10 log10p1 log1p log2 log2p1 logb "
	"logp1 lrint lround modf nan nearbyint nextafter nextdown nexttoward nextup pow pow10 pown powr remainder remquo rint rootn round "
	"roundeven rsqrt scalb scalbln scalbn setpayload setpayloadsig significand sin sincos sinh sinpi sqrt tan tanh tanpi tgamma "
	"totalorder totalordermag trunc ufromfp ufromfpx y0 y1 yn";
static const char *const types[] = {"", "f", "l", "f32", "f64", "f128", "f32x", "f64x"};

static bool is_listed(const char *patterns, const char *name)
{
	char pattern[32];
	for (; *patterns; patterns += strspn(patterns, " ")) {
		size_t length = strcspn(patterns, " ");
		snprintf(pattern, sizeof pattern, "%.*s", (int)length, patterns);
		if (fnmatch(pattern, name, 0) == 0)
			return true;
		patterns += length;
	}
	return false;
}

static bool is_taken(const char *name)
{
	char function[LONGEST + 1];
	size_t length = strlen(name);
	bool found = is_listed(taken, name);
	for (size_t i = 0; !found && i < sizeof types / sizeof *types; i++) {
		size_t end = strlen(types[i]);
		if (length < end || strcmp(name + length - end, types[i]) != 0)
			continue;
		snprintf(function, sizeof function, "%.*s", (int)(length - end), name);
		found = is_listed(mathematics, function);
	}
	return found;
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

bool check_prefix(const char *prefix, Failure *failure)
{
	if (strlen(prefix) > LONGEST)
		return fail(failure, "the prefix `%.80s` is longer than the %d characters that C promises to tell apart: give a shorter --prefix", prefix, LONGEST);
	if (!is_identifier(prefix) || strstr(prefix, "__"))
		return fail(failure, "--prefix takes a name of letters, digits and single underscores that begins with a letter, found `%.100s`", prefix);
	if (is_taken(prefix))
		return fail(failure, "--prefix `%s` belongs to C, C++ or POSIX: take another", prefix);
	return true;
}

const char *prefix_of(Arena *arena, const char *name)
{
	char prefix[LONGEST + 1];
	size_t length = 0;
	for (; *name && length < LONGEST; name++)
		if (isalnum((unsigned char)*name))
			prefix[length++] = *name;
		else if (length > 0 && prefix[length - 1] != '_')
			prefix[length++] = '_';
	while (length > 0 && prefix[length - 1] == '_')
		length--;
	prefix[length] = 0;
	if (length == 0)
		return "net";
	bool good = isalpha((unsigned char)*prefix) && !is_taken(prefix);
	return arena_print(arena, "%s%.*s", good ? "" : "net_", LONGEST - 4, prefix);
}
