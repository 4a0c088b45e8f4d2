/* soak [N [SEED [FIRST]]]: checks N random networks of the seed, from the given number on. A wrong one is reduced and
 * printed. soak FILE.net NUMBER: checks that one, with the weights and batch of the number. */
#include "soak.h"
#include "tool/options.h"
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	if (argc > 2 && strstr(argv[1], ".net")) {
		Arena *arena = arena_open();
		Source source;
		Failure failure;
		const Verdict verdict = source_read(&source, arena, &(const NetworkArgument){argv[1], 0}, &failure)
			? check_network(source.text, (uint32_t)strtoul(argv[2], 0, 10)) : (Verdict){.wrong = true};
		puts(verdict.text);
		arena_close(arena);
		return verdict.wrong;
	}
	const int count = argc > 1 ? atoi(argv[1]) : 100, first = argc > 3 ? atoi(argv[3]) : 0;
	const uint32_t seed = argc > 2 ? (uint32_t)strtoul(argv[2], 0, 10) : 1;
	int failed = 0, unusable = 0;
	for (int i = first; i < first + count; i++) {
		Arena *arena = arena_open();
		const char *text = generate(arena, seed, i);
		Verdict verdict = check_network(text, (uint32_t)i);
		unusable += verdict.unusable;
		if (verdict.wrong) {
			failed++;
			printf("---- network %d of seed %u: %s\n%s---- reduced:\n", i, seed, verdict.text, text);
			fflush(stdout);
			const char *small = reduce(arena, text, (uint32_t)i);
			printf("%s---- which is wrong, too: %s\n", small, check_network(small, (uint32_t)i).text);
			fflush(stdout);
		}
		arena_close(arena);
	}
	printf("seed %u, networks %d to %d: %d not compared: no finite loss, or nothing but roundings\n",
		seed, first, first + count - 1, unusable);
	printf("%d passed, %d failed\n", count - failed, failed);
	return failed > 0;
}
