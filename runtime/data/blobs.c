/* blobs.c: sklearn.datasets.make_blobs(n, features, centers=centers, cluster_std=std, random_state=seed). */
#include "data.h"
#include <stdlib.h>

enum { N, CENTERS, FEATURES, STD, SEED };
enum { MAX_CENTERS = 1000, MAX_FEATURES = 4096 };

static bool make_blobs(Draft *draft, const double *values, Failure *failure)
{
	if (!draft_open(draft, values[N], values[FEATURES], values[SEED], failure))
		return false;
	int centers = (int)values[CENTERS], features = draft->features;
	size_t coordinates = (size_t)centers * (size_t)features;
	double *center = malloc(coordinates * sizeof *center);
	if (!center)
		return fail(failure, "blobs: no memory for %d centers of %d features", centers, features);
	for (size_t i = 0; i < coordinates; i++)
		center[i] = numpy_uniform(&draft->random, -10, 10);
	double *x = draft->x;
	int row = 0;
	for (int label = 0; label < centers; label++) {
		int size = draft->rows / centers + (label < draft->rows % centers);
		for (int end = row + size; row < end; row++) {
			draft->labels[row] = label;
			for (int j = 0; j < features; j++)
				*x++ = numpy_normal(&draft->random, center[label * features + j], values[STD]);
		}
	}
	free(center);
	draft_shuffle(draft);
	return true;
}

const DataSet blobs_set = {
	.name = "blobs",
	.description = "Gaussian clusters of width std around random centers, as scikit-learn makes them",
	.parameters = {
		[N] = SAMPLES_PARAMETER,
		[CENTERS] = {"centers", PARAMETER_INTEGER, 3, 1, MAX_CENTERS},
		[FEATURES] = {"features", PARAMETER_INTEGER, 2, 1, MAX_FEATURES},
		[STD] = {"std", PARAMETER_REAL, 1, 0, 1e6},
		[SEED] = SEED_PARAMETER,
	},
	.generate = make_blobs,
};
