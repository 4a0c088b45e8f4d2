/* words.h: what other systems call what bnc has. */
#ifndef BNC_WORDS_H
#define BNC_WORDS_H
#include <stdbool.h>

/* Whether two names are one but for case, `_` and `-`. */
bool same_word(const char *a, int a_length, const char *b, int b_length);
/* The candidate that the word means elsewhere, or null. known: it means something, whether or not bnc has that. */
const char *word_meaning(const char *word, const char *const *candidates, int count, bool *known);

#endif
