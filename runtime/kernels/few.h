/* few.h: constants that the kernels and the compiler share: how many inputs or outputs count as few, and where the
 * statistics of few inputs are stored. */
#ifndef BNC_FEW_H
#define BNC_FEW_H

enum { FEW = 4 };       /* at most this many inputs or outputs are few */
/* with at most this many outputs, backward of a linear after few inputs, batchnorm and an activation is one kernel */
enum { FEW_ABOVE = 2 };

enum { FEW_CHANNELS = 3 };      /* a convolution sees few channels, if at most this many */

enum { NUMBERS = 8 };   /* the most numbers that an optimizer prepares */
/* of MT19937, the random number generator of numpy and torch; and of a network's own generator: they, how many of them
 * are used up, and one that keeps their number even */
enum { STATE_WORDS = 624, GENERATOR_WORDS = STATE_WORDS + 2 };
enum { STATISTICS = 3 };        /* floats that layernorm and groupnorm keep of a group of values */

/* Indices into the moments of a batch. If TURNED is 0: MEANS and COVARIANCES are those of the inputs. If it is 1 they
 * are those of other variables e, which are not correlated and have means of 0: x = m + c + L (e + CENTRES). Here m are
 * the INPUT_MEANS, c the RESTS that these floats leave out, and L a lower triangular matrix, in BASIS, with a row for
 * each input. */
enum {
	MEANS = 0,
	COVARIANCES = MEANS + FEW,
	TURNED = COVARIANCES + FEW * FEW,
	INPUT_MEANS,
	RESTS = INPUT_MEANS + FEW,
	BASIS = RESTS + FEW,
	CENTRES = BASIS + FEW * FEW,
	MOMENTS = CENTRES + FEW
};

/* of a convolution by Winograd's algorithm: the tiles of 2x2 pixels whose products are computed together, and the
 * channels of the source in one pass; a multiple of all numbers of lanes */
enum { BLOCK_TILES = 24, FILTERED = 64 };

enum { NARROW_INPUTS = 256 };   /* of a narrow product at once, at most; a multiple of all numbers of lanes */

/* Makes the call with `number`, 1 to FEW, as the constant `name`, so that arrays of that many vectors stay in
 * registers. */
#define FOR_FEW(name, number, call) \
	switch (number) { \
	case 1: { enum { name = 1 }; call; break; } \
	case 2: { enum { name = 2 }; call; break; } \
	case 3: { enum { name = 3 }; call; break; } \
	default: { enum { name = 4 }; call; break; } \
	}

#endif
