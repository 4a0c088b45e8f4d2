/* A classifier of points that learns while its host runs. Instances share nothing: each may have its own thread. */
#ifndef CLASSIFIER_H
#define CLASSIFIER_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CLASSIFIER_API __attribute__((visibility("default")))

typedef struct classifier classifier;

CLASSIFIER_API size_t classifier_size(void);

/* Makes a classifier in memory of the host: classifier_size() bytes, aligned as malloc does. Nothing needs to be
 * closed. NULL when the place is too small or not aligned. */
CLASSIFIER_API classifier *classifier_open(void *place, size_t size, uint64_t seed);

/* Goes through the points once, a batch at a time. Returns the mean loss of the batches; NaN when there are fewer than
 * two points, or a label is neither 0 nor 1. */
CLASSIFIER_API float classifier_learn(classifier *c, const float (*point)[2], const int32_t *label, int points,
	float rate);

/* 0 or 1 for each point. */
CLASSIFIER_API void classifier_classify(classifier *c, const float (*point)[2], int32_t *label, int points);

/* What was learnt, as bytes for any machine. Saving returns their number or, where size is less, 0; loading returns
 * whether these bytes are undamaged and of such a classifier, and else changes nothing. */
CLASSIFIER_API size_t classifier_saved_size(void);
CLASSIFIER_API size_t classifier_save(const classifier *c, void *bytes, size_t size);
CLASSIFIER_API int classifier_load(classifier *c, const void *bytes, size_t size);

#ifdef __cplusplus
}
#endif

#endif
