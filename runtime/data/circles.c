/* circles.c: sklearn.datasets.make_circles(n, noise=noise, factor=factor, random_state=seed). */
#include "data.h"
#include <math.h>

enum { N, NOISE, FACTOR, SEED };

static bool make_circles(Draft *draft, const double *values, Failure *failure)
{
	if (!draft_open(draft, values[N], 2, values[SEED], failure))
		return false;
	int outer = draft->rows / 2;
	double *angle = draft->scratch;
	numpy_linspace(angle, 0, 2 * PI, outer, false);
	numpy_linspace(angle + outer, 0, 2 * PI, draft->rows - outer, false);
	for (int i = 0; i < draft->rows; i++) {
		double *point = draft->x + 2 * (size_t)i;
		bool inner = i >= outer;
		double radius = inner ? values[FACTOR] : 1;
		point[0] = cos(angle[i]) * radius;
		point[1] = sin(angle[i]) * radius;
		draft->labels[i] = inner;
	}
	draft_shuffle(draft);
	draft_add_noise(draft, values[NOISE]);
	return true;
}

const DataSet circles_set = {
	.name = "circles",
	.description = "a circle of radius 1 around one of radius factor, as scikit-learn makes them",
	.parameters = {
		[N] = SAMPLES_PARAMETER,
		[NOISE] = NOISE_PARAMETER,
		[FACTOR] = {"factor", PARAMETER_REAL, 0.8, 0, 1},
		[SEED] = SEED_PARAMETER,
	},
	.generate = make_circles,
};
