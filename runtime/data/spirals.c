/* spirals.c: arms that wind around each other, from numpy's random numbers in the order of make_moons. */
#include "data.h"
#include <math.h>

enum { N, NOISE, CLASSES, TURNS, SEED };
enum { MAX_CLASSES = 100 };

static const double inner_radius = 0.5, outer_radius = 3;

/* Arm c begins at the angle 2 pi c/classes; its radius grows in proportion to the angle that it turns. */
static bool make_spirals(Draft *draft, const double *values, Failure *failure)
{
	if (!draft_open(draft, values[N], 2, values[SEED], failure))
		return false;
	int classes = (int)values[CLASSES], row = 0;
	for (int label = 0; label < classes; label++) {
		int size = draft->rows / classes + (label < draft->rows % classes);
		double *progress = draft->scratch + row;
		numpy_linspace(progress, 0, 1, size, true);
		for (int i = 0; i < size; i++, row++) {
			double radius = inner_radius + (outer_radius - inner_radius) * progress[i];
			double angle = 2 * PI * (values[TURNS] * progress[i] + (double)label / classes);
			draft->x[2 * (size_t)row] = radius * cos(angle);
			draft->x[2 * (size_t)row + 1] = radius * sin(angle);
			draft->labels[row] = label;
		}
	}
	draft_shuffle(draft);
	draft_add_noise(draft, values[NOISE]);
	return true;
}

const DataSet spirals_set = {
	.name = "spirals",
	.description = "arms winding around one another, one for each class",
	.parameters = {
		[N] = SAMPLES_PARAMETER,
		[NOISE] = NOISE_PARAMETER,
		[CLASSES] = {"classes", PARAMETER_INTEGER, 2, 1, MAX_CLASSES},
		[TURNS] = {"turns", PARAMETER_REAL, 1, 0, 100},
		[SEED] = SEED_PARAMETER,
	},
	.generate = make_spirals,
};
