/* soak.h: random networks over the whole language, which every way to compile and run them must agree on. */
#ifndef SOAK_H
#define SOAK_H
#include "verify/verify.h"

/* A text of the language, with one statement, or one brace, on a line. */

/* ---- generate.c */

/* Of the number's network; the seed draws another sequence. */
char *generate(Arena *arena, uint32_t seed, int number);
/* The network of a text; null: there is a mistake in it. */
const Network *network_of(Arena *arena, const char *text);
/* Below it, in case anybody wants a random number: from 0 to limit - 1. */
int below(Random *random, int limit);

/* ---- check.c */

typedef struct Verdict {
	bool wrong, unusable;           /* unusable: no finite loss, or nothing but roundings */
	char text[600];                 /* what is wrong */
} Verdict;

/* Runs all checks in a process of their own, so that a crash is a verdict, too. */
Verdict check_network(const char *text, uint32_t seed);

/* ---- reduce.c */

/* Returns the smallest text found that is still wrong. */
char *reduce(Arena *arena, const char *text, uint32_t seed);

#endif
