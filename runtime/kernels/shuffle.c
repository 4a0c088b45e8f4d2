/* shuffle.c: the order of an epoch, as torch_permutation of random.c defines it. A block of draws is made first, then its swaps. */
#include "mt19937.h"
#include "simd.h"

/* draws[i] = word i modulo range - i, which reciprocals[i] goes into 2^32 - 1: the quotient comes out right or one too small, and where
 * it is right the smaller range wraps below 0. As vectors that takes 0.25 ns a draw with AVX-512, a division of doubles 0.55,
 * of integers 1.7. */
INLINE void draw_below(int count, int32_t *restrict draws, const uint32_t *restrict words, int range, const uint32_t *restrict reciprocals)
{
	for (int i = 0; i < count; i++) {
		const uint32_t word = temper(words[i]), divisor = (uint32_t)(range - i);
		const uint32_t rest = word - (uint32_t)((uint64_t)word * reciprocals[i] >> 32) * divisor;
		draws[i] = (int32_t)(rest - divisor < rest ? rest - divisor : rest);
	}
}

enum { BLOCK = STATE_WORDS / 3 };

/* Overwrites the state, which has been seeded and nothing else. */
static void KERNEL_FN(permute)(int count, int32_t *order, uint32_t state[STATE_WORDS], const uint32_t *reciprocals)
{
	int32_t draws[BLOCK];
	for (int i = 0; i < count; i++)
		order[i] = i;
	for (int first = 0; first < count - 1; first += BLOCK) {
		const int block = smaller(count - 1 - first, BLOCK);
		int32_t *const rest = order + first;
		if (first % STATE_WORDS == 0)
			next_state(state);
		draw_below(block, draws, state + first % STATE_WORDS, count - first, reciprocals + first);
		for (int i = 0; i < block; i++) {
			const int32_t old = rest[i];
			rest[i] = rest[i + draws[i]];
			rest[i + draws[i]] = old;
		}
	}
}
