/* words.h: the words of other systems for what bnc has. */
#ifndef BNC_WORDS_H
#define BNC_WORDS_H
#include <stdbool.h>

/* Whether two names are equal apart from case, `_` and `-`. */
bool same_word(const char *a, int a_length, const char *b, int b_length);
/* The candidate for which other systems use this word, or null. known: it has a meaning, whether or not bnc has
 * that. */
const char *word_meaning(const char *word, const char *const *candidates, int count, bool *known);

#endif
