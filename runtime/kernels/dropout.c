/* dropout.c: which values are kept, drawn as torch draws them, and what becomes of the values. A mask has a bit for
 * each value of an activation: bit i of a panel belongs to float i of the activation's panel, and is in word i / 32. */
#include "mt19937.h"
#include "simd.h"
#include <string.h>

enum { WORD_BITS = 32 };

INLINE uint32_t mask_word(const real *mask, ptrdiff_t i)
{
	uint32_t word;
	memcpy(&word, (const char *)mask + i * (ptrdiff_t)sizeof word, sizeof word);
	return word;
}

INLINE void set_mask_bits(real *mask, ptrdiff_t bit, uint32_t bits)
{
	const uint32_t word = mask_word(mask, bit / WORD_BITS) | bits << bit % WORD_BITS;
	memcpy((char *)mask + bit / WORD_BITS * (ptrdiff_t)sizeof word, &word, sizeof word);
}

/* Takes the next random words. After the words of its state, the generator has the number of those used up. */
INLINE void take_words(uint32_t *generator, int count, uint32_t *words)
{
	while (count > 0) {
		if (generator[STATE_WORDS] >= STATE_WORDS) {
			next_state(generator);
			generator[STATE_WORDS] = 0;
		}
		const uint32_t *state = generator + generator[STATE_WORDS];
		const int some = smaller(count, STATE_WORDS - (int)generator[STATE_WORDS]);
		for (int i = 0; i < some; i++)
			words[i] = temper(state[i]);
		generator[STATE_WORDS] += (uint32_t)some;
		words += some;
		count -= some;
	}
}

/* Draws for up to WORD_BITS values: bit i says whether value i is kept. torch draws two words for each, makes a double
 * of 53 of their bits, and keeps the value if that is less than `keep`. The double is an integer by 2^53, so the
 * integers can be compared: with `least`, the first one that is not less. */
static uint32_t draw_kept(uint32_t *generator, int count, int64_t least)
{
	uint32_t words[2 * WORD_BITS], kept = 0;
	take_words(generator, 2 * count, words);
	for (int i = 0; i < count; i++) {
		const int64_t drawn = (int64_t)(words[2 * i] & 0x1fffffu) << 32 | words[2 * i + 1];
		kept |= (uint32_t)(drawn < least) << i;
	}
	return kept;
}

static int64_t first_dropped(double keep)
{
	const double scaled = keep * 9007199254740992.0;        /* 2^53: exact */
	const int64_t below = (int64_t)scaled;
	return below + ((double)below < scaled);
}

/* In torch's order: image by image, channel by channel, pixel by pixel. size: the floats of a panel of the mask. */
static void KERNEL_FN(dropout_mask)(int images, int positions, int channels, int size, double keep, uint32_t *generator,
	real *mask)
{
	const int64_t least = first_dropped(keep);
	const ptrdiff_t rows = (ptrdiff_t)images * positions;
	for (int panel = 0; panel < panel_count(channels); panel++)
		memset(mask + (ptrdiff_t)panel * size, 0,
			(size_t)(rows * LANES + WORD_BITS - 1) / WORD_BITS * sizeof(uint32_t));
	for (ptrdiff_t row = 0; positions == 1 && row < rows; row++)
		for (int channel = 0; channel < channels; channel += WORD_BITS) {
			uint32_t kept = draw_kept(generator, smaller(WORD_BITS, channels - channel), least);
			for (int lane = 0; lane < WORD_BITS && channel + lane < channels; lane += LANES) {
				set_mask_bits(mask + (ptrdiff_t)((channel + lane) / LANES) * size, row * LANES,
					kept & (0xffffffffu >> (WORD_BITS - LANES)));
				kept = LANES < WORD_BITS ? kept >> LANES % WORD_BITS : 0;
			}
		}
	for (ptrdiff_t image = 0; positions > 1 && image < images; image++)
		for (int channel = 0; channel < channels; channel++) {
			real *const panel = mask + (ptrdiff_t)(channel / LANES) * size;
			for (int p = 0; p < positions; p += WORD_BITS) {
				const int count = smaller(WORD_BITS, positions - p);
				const uint32_t kept = draw_kept(generator, count, least);
				for (int i = 0; i < count; i++)
					set_mask_bits(panel, (image * positions + p + i) * LANES + channel % LANES, kept >> i & 1);
			}
		}
}

/* y = x / keep where the mask says so, and x times 0 elsewhere; without a mask everywhere. It is its own gradient. */
static void KERNEL_FN(dropout)(int rows, real keep, real *y, const real *x, const real *mask)
{
	const Vector scale = splat(keep > 0.0f ? 1.0f / keep : 0.0f), none = splat(0.0f);
	for (ptrdiff_t row = 0; row < rows; row++, x += LANES, y += LANES) {
		const uint32_t kept = mask ? mask_word(mask, row * LANES / WORD_BITS) >> row * LANES % WORD_BITS : 0;
		store(y, load(x) * choose(lane_bits(kept), scale, none));
	}
}
