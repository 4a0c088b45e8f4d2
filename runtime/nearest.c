/* nearest.c: finds the name that somebody probably meant by one that does not exist. */
#include "runtime.h"
#include "words.h"
#include <ctype.h>
#include <string.h>

enum { MAX_LENGTH = 63 };

static int minimum(int a, int b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* The distance of Damerau and Levenshtein (optimal string alignment): the number of insertions, deletions,
 * substitutions and swaps of neighbours. Ignores case. Needs only three rows of the usual table. */
static int edit_distance(const char *a, int a_length, const char *b, int b_length)
{
	int rows[3][MAX_LENGTH + 1];
	int *before = rows[0], *previous = rows[1], *current = rows[2];
	for (int j = 0; j <= b_length; j++)
		previous[j] = j;
	for (int i = 1; i <= a_length; i++) {
		current[0] = i;
		for (int j = 1; j <= b_length; j++) {
			int distance = previous[j - 1] + !same(a[i - 1], b[j - 1]);
			distance = minimum(distance, minimum(previous[j], current[j - 1]) + 1);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				distance = minimum(distance, before[j - 2] + 1);
			current[j] = distance;
		}
		int *oldest = before;
		before = previous;
		previous = current;
		current = oldest;
	}
	return previous[b_length];
}

/* The most typing errors to assume in a word of this length; none if too little of the word would be left. */
static int most_slips(int length)
{
	return length < 3 ? 0 : length < 8 ? 1 : length < 12 ? 2 : 3;
}

static const char *nearest_slip(const char *word, const char *const *candidates, int count)
{
	int length = (int)strlen(word), fewest = length + 1;
	const char *nearest = NULL;
	for (int i = 0; i < count; i++) {
		size_t candidate_length = strlen(candidates[i]);
		if (candidate_length > MAX_LENGTH)
			continue;
		int distance = edit_distance(word, length, candidates[i], (int)candidate_length);
		if (distance < fewest && distance <= most_slips(minimum(length, (int)candidate_length))) {
			fewest = distance;
			nearest = candidates[i];
		}
	}
	return nearest;
}

/* Finds a name that is only spelt differently; or one for which other systems use this word; or one with few typing
 * errors, unless the word has another meaning elsewhere. */
const char *nearest_name(const char *word, const char *const *candidates, int count)
{
	size_t length = strlen(word);
	if (length == 0 || length > MAX_LENGTH)
		return NULL;
	for (int i = 0; i < count; i++)
		if (same_word(word, (int)length, candidates[i], (int)strlen(candidates[i])))
			return candidates[i];
	bool known;
	const char *meaning = word_meaning(word, candidates, count, &known);
	return known ? meaning : nearest_slip(word, candidates, count);
}
