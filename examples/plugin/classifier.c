#include "classifier.h"
#include "moons.h"
#include <math.h>

struct classifier {
	moons net;
};

typedef struct Aligned {
	char first;
	classifier second;
} Aligned;

size_t classifier_size(void)
{
	return sizeof(classifier);
}

classifier *classifier_open(void *place, size_t size, uint64_t seed)
{
	classifier *c = place;

	if (!place || size < sizeof *c || (uintptr_t)place % offsetof(Aligned, second) != 0)
		return NULL;
	moons_init(&c->net, seed);
	return c;
}

float classifier_learn(classifier *c, const float (*point)[2], const int32_t *label, int points, float rate)
{
	const int batches = (points + MOONS_MAX_BATCH - 1) / MOONS_MAX_BATCH;
	float sum = 0;

	if (points < MOONS_MIN_BATCH)
		return NAN;
	/* batches of almost one size: none is too small */
	for (int batch = 0; batch < batches; batch++) {
		const int begin = (int)((int64_t)points * batch / batches),
			end = (int)((int64_t)points * (batch + 1) / batches);
		sum += moons_train(&c->net, point[begin], label + begin, end - begin, rate);
	}
	return sum / (float)batches;
}

void classifier_classify(classifier *c, const float (*point)[2], int32_t *label, int points)
{
	for (int i = 0; i < points; i++) {
		float y[MOONS_OUTPUTS];
		moons_predict(&c->net, point[i], y, 1);
		label[i] = moons_classify(y);
	}
}

size_t classifier_saved_size(void)
{
	return MOONS_SAVE_BYTES;
}

size_t classifier_save(const classifier *c, void *bytes, size_t size)
{
	return moons_save(&c->net, bytes, size);
}

int classifier_load(classifier *c, const void *bytes, size_t size)
{
	return moons_load(&c->net, bytes, size) == MOONS_LOAD_OK;
}
