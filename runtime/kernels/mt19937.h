/* mt19937.h: the random number generator of Matsumoto and Nishimura (1998), whole states at a time. Its loops have no
 * branches, so that compilers can vectorise them. */
#ifndef BNC_MT19937_H
#define BNC_MT19937_H
#include "few.h"
#include <stdint.h>

enum { SHIFT = 397 };

static inline uint32_t twist(uint32_t upper, uint32_t lower, uint32_t from)
{
	uint32_t bits = (upper & 0x80000000u) | (lower & 0x7fffffffu);
	return from ^ (bits >> 1) ^ (0x9908b0dfu & (0u - (bits & 1)));
}

static inline void next_state(uint32_t state[STATE_WORDS])
{
	enum { WRAP = (int)STATE_WORDS - (int)SHIFT };       /* of two enums, which C++20 does not subtract */
	for (int i = 0; i < WRAP; i++)
		state[i] = twist(state[i], state[i + 1], state[i + SHIFT]);
	for (int i = WRAP; i < STATE_WORDS - 1; i++)
		state[i] = twist(state[i], state[i + 1], state[i - WRAP]);
	state[STATE_WORDS - 1] = twist(state[STATE_WORDS - 1], state[0], state[STATE_WORDS - 1 - WRAP]);
}

/* The random number that a word of the state stands for. */
static inline uint32_t temper(uint32_t word)
{
	word ^= word >> 11;
	word ^= (word << 7) & 0x9d2c5680u;
	word ^= (word << 15) & 0xefc60000u;
	return word ^ (word >> 18);
}

#endif
