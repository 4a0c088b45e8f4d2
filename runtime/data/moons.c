/* moons.c: sklearn.datasets.make_moons(n, noise=noise, random_state=seed). */
#include "data.h"
#include <math.h>

enum { N, NOISE, SEED };

static bool make_moons(Draft *draft, const double *values, Failure *failure)
{
	if (!draft_open(draft, values[N], 2, values[SEED], failure))
		return false;
	int outer = draft->rows / 2;
	double *angle = draft->scratch;
	numpy_linspace(angle, 0, PI, outer, true);
	numpy_linspace(angle + outer, 0, PI, draft->rows - outer, true);
	for (int i = 0; i < draft->rows; i++) {
		double *point = draft->x + 2 * (size_t)i;
		bool inner = i >= outer;
		point[0] = inner ? 1 - cos(angle[i]) : cos(angle[i]);
		point[1] = inner ? 1 - sin(angle[i]) - 0.5 : sin(angle[i]);
		draft->labels[i] = inner;
	}
	draft_shuffle(draft);
	draft_add_noise(draft, values[NOISE]);
	return true;
}

const DataSet moons_set = {
	.name = "moons",
	.description = "two interleaving half circles, as scikit-learn makes them",
	.parameters = {[N] = SAMPLES_PARAMETER, [NOISE] = NOISE_PARAMETER, [SEED] = SEED_PARAMETER},
	.generate = make_moons,
};
