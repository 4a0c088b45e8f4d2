/* nearest.c: what somebody who wrote a name that does not exist probably meant. */
#include "runtime.h"
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

/* Damerau and Levenshtein's distance (optimal string alignment): insertions, deletions, substitutions and swaps of
 * neighbours. Upper and lower case are the same. Three rows of the usual table are enough. */
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

/* A third of the word may be wrong, but never all of it. */
const char *nearest_name(const char *word, const char *const *candidates, int count)
{
	size_t length = strlen(word);
	if (length > MAX_LENGTH)
		return NULL;
	const char *nearest = NULL;
	int fewest = minimum((int)(length + 2) / 3, (int)length - 1) + 1;
	for (int i = 0; i < count; i++) {
		size_t candidate_length = strlen(candidates[i]);
		if (candidate_length > MAX_LENGTH)
			continue;
		int distance = edit_distance(word, (int)length, candidates[i], (int)candidate_length);
		if (distance < fewest) {
			fewest = distance;
			nearest = candidates[i];
		}
	}
	return nearest;
}
