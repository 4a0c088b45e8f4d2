/* shuffle.c: the order of the samples in an epoch, as torch_permutation in random.c defines it. It draws a block of
 * random numbers, then makes the swaps that they say. */
#include "mt19937.h"
#include "simd.h"

/* draws[i] = words[i] modulo range - i. reciprocals[i] is (2^32 - 1) / (range - i), rounded down, so the quotient comes
 * out right or one too small; a remainder that is too large is corrected by taking the smaller of it and it minus the
 * range, which wraps around if it is negative. With vectors of AVX-512 this takes 0.25 ns a draw; a division of doubles
 * takes 0.55 ns, one of integers 1.7. */
INLINE void draw_below(int count, int32_t *restrict draws, const uint32_t *restrict words, int range,
	const uint32_t *restrict reciprocals)
{
	for (int i = 0; i < count; i++) {
		const uint32_t word = temper(words[i]), divisor = (uint32_t)(range - i);
		const uint32_t rest = word - (uint32_t)((uint64_t)word * reciprocals[i] >> 32) * divisor;
		draws[i] = (int32_t)(rest - divisor < rest ? rest - divisor : rest);
	}
}

enum { BLOCK = STATE_WORDS / 3 };

/* Expects a state that has just been seeded, and overwrites it. */
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
