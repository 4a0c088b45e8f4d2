/* network.c: what the page calls, and the tables that both sides read and write. */
#include "moons.h"

#define EXPORT(name) __attribute__((export_name(#name))) name

enum { ROWS = 8192 };

static moons net;
static float point[ROWS][MOONS_INPUTS], output[ROWS][MOONS_OUTPUTS];
static int32_t label[ROWS];

int EXPORT(rows)(void) { return ROWS; }
float *EXPORT(points)(void) { return point[0]; }
float *EXPORT(outputs)(void) { return output[0]; }
int32_t *EXPORT(labels)(void) { return label; }

void EXPORT(start)(uint32_t seed)
{
	moons_init(&net, seed);
}

/* Goes through the first points once, in batches of almost one size. Returns their mean loss. */
float EXPORT(learn)(int points, float rate)
{
	const int batches = (points + MOONS_MAX_BATCH - 1) / MOONS_MAX_BATCH;
	float sum = 0;

	for (int batch = 0; batch < batches; batch++) {
		const int begin = points * batch / batches, end = points * (batch + 1) / batches;
		sum += moons_train(&net, point[begin], label + begin, end - begin, rate);
	}
	return sum / (float)batches;
}

void EXPORT(predict)(int points)
{
	moons_predict(&net, point[0], output[0], points);
}
