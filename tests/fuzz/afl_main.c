/* The program that AFL++ runs: its input to one harness, again and again in one process.
 *
 *	afl-fuzz ... -- afl HARNESS */
#include "fuzz.h"
#include <unistd.h>

__AFL_FUZZ_INIT();

int main(int argc, char **argv)
{
	const Harness *harness = argc == 2 ? harness_find(argv[1]) : 0;
	if (!harness)
		return 2;
	harness_run(harness, "", 0);    /* what it makes once is made before the input that is measured */
	__AFL_INIT();
	const unsigned char *input = __AFL_FUZZ_TESTCASE_BUF;
	while (__AFL_LOOP(10000))
		harness_run(harness, input, (size_t)__AFL_FUZZ_TESTCASE_LEN);
	return 0;
}
