/* random.c: the random numbers of numpy's RandomState and of torch's CPU generator, bit for bit. Both draw words from
 * MT19937, and compute different numbers from them.
 *
 * Every rounding is part of the result. A compiler that contracts a product and a sum into one operation changes it,
 * and gcc has no pragma against that: compile with -ffp-contract=off. */
#include "runtime.h"
#include "kernels/mt19937.h"
#include <math.h>

/* ---- MT19937, seeded by init_genrand of 2002 */

static uint32_t next_seed(uint32_t word, uint32_t index)
{
	return 1812433253u * (word ^ (word >> 30)) + index;
}

void random_seed(Random *random, uint32_t seed)
{
	uint32_t *state = random->state;
	state[0] = seed;
	for (uint32_t i = 1; i < STATE_WORDS; i++)
		state[i] = next_seed(state[i - 1], i);
	random->position = STATE_WORDS;
	random->gauss = 0;
	random->has_gauss = false;
}

uint32_t random_u32(Random *random)
{
	if (random->position == STATE_WORDS) {
		next_state(random->state);
		random->position = 0;
	}
	return temper(random->state[random->position++]);
}

uint64_t random_u64(Random *random)
{
	uint64_t high = random_u32(random);
	return high << 32 | random_u32(random);
}

/* ---- numpy: numpy/random/src/mt19937, src/legacy/legacy-distributions.c, _mtrand.pyx */

double numpy_double(Random *random)
{
	double high = random_u32(random) >> 5;  /* 27 bits */
	double low = random_u32(random) >> 6;   /* 26 bits */
	return (high * 67108864.0 + low) / 9007199254740992.0;
}

double numpy_uniform(Random *random, double low, double high)
{
	return low + (high - low) * numpy_double(random);
}

/* Marsaglia's polar method. It computes two numbers at a time; numpy returns the second one first. */
static double legacy_gauss(Random *random)
{
	if (random->has_gauss) {
		random->has_gauss = false;
		return random->gauss;
	}
	double x1, x2, square;
	do {
		x1 = 2.0 * numpy_double(random) - 1.0;
		x2 = 2.0 * numpy_double(random) - 1.0;
		square = x1 * x1 + x2 * x2;
	} while (square >= 1.0 || square == 0.0);
	double factor = sqrt(-2.0 * log(square) / square);
	random->gauss = factor * x1;
	random->has_gauss = true;
	return factor * x2;
}

double numpy_normal(Random *random, double location, double scale)
{
	return location + scale * legacy_gauss(random);
}

/* An integer from 0 to limit: draws words, cut to as many bits as limit has, until one is small enough. */
static uint32_t random_interval(Random *random, uint32_t limit)
{
	uint32_t mask = limit;
	for (int shift = 1; shift < 32; shift *= 2)
		mask |= mask >> shift;
	uint32_t value;
	do
		value = random_u32(random) & mask;
	while (value > limit);
	return value;
}

static void swap(int *a, int *b)
{
	int old = *a;
	*a = *b;
	*b = old;
}

void numpy_shuffle(Random *random, int *items, int count)
{
	for (int i = count - 1; i > 0; i--)
		swap(&items[i], &items[random_interval(random, (uint32_t)i)]);
}

void numpy_linspace(double *out, double from, double to, int count, bool endpoint)
{
	int steps = endpoint ? count - 1 : count;
	double step = steps > 0 ? (to - from) / steps : 0;
	for (int i = 0; i < count; i++)
		out[i] = i * step + from;
	if (endpoint && count > 1)
		out[count - 1] = to;
}

/* ---- torch: aten/src/ATen/core/{MT19937RNGEngine,TransformationHelper,DistributionsHelper}.h */

/* The bounds are rounded to float first, and the product and sum are one fused operation, like in ATen's vector kernels
 * on processors with FMA. */
void torch_uniform(Random *random, float *out, size_t count, double from, double to)
{
	float low = (float)from;
	float width = (float)to - low;
	for (size_t i = 0; i < count; i++) {
		float unit = (float)(random_u32(random) & 0xffffff) * 0x1p-24f;
		out[i] = fmaf(unit, width, low);
	}
}

void torch_uniform_double(Random *random, double *out, size_t count, double from, double to)
{
	for (size_t i = 0; i < count; i++)
		out[i] = fma((double)(random_u64(random) & 0x1fffffffffffffu) * 0x1p-53, to - from, from);
}

void torch_permutation(Random *random, int *out, int count)
{
	for (int i = 0; i < count; i++)
		out[i] = i;
	for (int i = 0; i < count - 1; i++)
		swap(&out[i], &out[i + (int)(random_u32(random) % (uint32_t)(count - i))]);
}

/* From torch/utils/data: the loader draws a base seed for its workers, even if it has none. Then RandomSampler draws
 * the seed of a generator of its own, which uses the low 32 bits. */
static uint32_t sampler_seed(Random *random)
{
	random_u64(random);
	return (uint32_t)random_u64(random);
}

void torch_sequential_epoch(Random *random)
{
	random_u64(random);
}

void torch_epoch_order(Random *random, int *out, int count)
{
	Random sampler;
	random_seed(&sampler, sampler_seed(random));
	torch_permutation(&sampler, out, count);
}

void torch_reciprocals(uint32_t *out, int count)
{
	for (int i = 0; i < count; i++)
		out[i] = UINT32_MAX / (uint32_t)(count - i);
}

void torch_samplers(Random *random, uint32_t states[SAMPLERS][STATE_WORDS], int count)
{
	uint32_t word[SAMPLERS];
	for (int k = 0; k < SAMPLERS; k++)
		word[k] = states[k][0] = k < count ? sampler_seed(random) : 0;
	for (uint32_t i = 1; i < STATE_WORDS; i++)
		_Pragma("GCC unroll 8")
		for (int k = 0; k < SAMPLERS; k++)
			word[k] = states[k][i] = next_seed(word[k], i);
}

/* ---- torch/nn/init.py, called as torch/nn/modules/linear.py and conv.py do */

/* kaiming_uniform_(a=sqrt(5)) is 1/sqrt(fan_in), except for the last bits, which depend on this order of operations. */
double initial_bound(Init init, int fan_in)
{
	if (init == INIT_FAN_IN_UNIFORM)
		return 1.0 / sqrt(fan_in);
	double slope = sqrt(5.0);
	double gain = sqrt(2.0 / (1.0 + slope * slope));
	double deviation = gain / sqrt(fan_in);
	return sqrt(3.0) * deviation;
}

static void fill(void *out, size_t number_bytes, size_t count, double value)
{
	for (size_t i = 0; i < count; i++)
		number_put(out, number_bytes, i, value);
}

void initialise(Random *random, Init init, void *out, size_t number_bytes, size_t count, int fan_in)
{
	double bound;
	switch (init) {
	case INIT_ZERO:
		fill(out, number_bytes, count, 0);
		break;
	case INIT_ONE:
		fill(out, number_bytes, count, 1);
		break;
	case INIT_KAIMING_UNIFORM:
	case INIT_FAN_IN_UNIFORM:
		bound = initial_bound(init, fan_in);
		if (number_bytes == sizeof(double))
			torch_uniform_double(random, out, count, -bound, bound);
		else
			torch_uniform(random, out, count, -bound, bound);
		break;
	}
}
