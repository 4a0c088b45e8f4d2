#include "norms.h"
#include <math.h>

static void reference_group(const Reference *r, int first, int size, double eps, double *mean, double *deviation)
{
	*mean = *deviation = 0;
	for (int i = first; i < first + size; i++)
		*mean += r->x[i] / size;
	for (int i = first; i < first + size; i++)
		*deviation += (r->x[i] - *mean) * (r->x[i] - *mean) / size;
	*deviation = sqrt(*deviation + eps);
}

void reference_norm(const Reference *r, int groups, int pixels, double eps)
{
	const int size = r->inputs / groups;
	const double *weight = r->tensors[0], *bias = r->tensors[1];
	for (int first = 0; first < r->rows * r->inputs; first += size) {
		double mean, deviation;
		reference_group(r, first, size, eps, &mean, &deviation);
		for (int i = first; i < first + size; i++) {
			const int w = i % r->inputs / pixels;
			r->y[i] = (r->x[i] - mean) / deviation * (weight ? weight[w] : 1) + (bias ? bias[w] : 0);
		}
	}
}
