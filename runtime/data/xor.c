/* xor.c: the square from -1 to 1; the class is 1 if the signs of the coordinates differ. Noise is added after the label
 * is chosen. */
#include "data.h"

enum { N, NOISE, SEED };

static bool make_xor(Draft *draft, const double *values, Failure *failure)
{
	if (!draft_open(draft, values[N], 2, values[SEED], failure))
		return false;
	for (int i = 0; i < draft->rows; i++) {
		double *point = draft->x + 2 * (size_t)i;
		point[0] = numpy_uniform(&draft->random, -1, 1);
		point[1] = numpy_uniform(&draft->random, -1, 1);
		draft->labels[i] = (point[0] < 0) != (point[1] < 0);
	}
	draft_add_noise(draft, values[NOISE]);
	return true;
}

const DataSet xor_set = {
	.name = "xor",
	.description = "a square of four quarters, whose opposite quarters belong together",
	.parameters = {[N] = SAMPLES_PARAMETER, [NOISE] = NOISE_PARAMETER, [SEED] = SEED_PARAMETER},
	.generate = make_xor,
};
