/* device_classify of one output, which says yes or no; and device_train takes chances only. */
#include "device.h"
#include <math.h>
#include <stdio.h>

int main(void)
{
	static const struct { float y; int32_t class; } rows[] = {
		{ 1, 1 }, { -1, 0 }, { 0, 0 }, { 1e-40f, 1 }, { INFINITY, 1 }, { -INFINITY, 0 }, { NAN, 0 },
	};
	int wrong = 0;

	for (int i = 0; i < (int)(sizeof rows / sizeof *rows); i++)
		if (device_classify(&rows[i].y) != rows[i].class) {
			printf("row %d: class %d\n", i, (int)device_classify(&rows[i].y));
			wrong++;
		}
#ifdef DEVICE_MIN_BATCH
	static const struct { float target; int taken; } targets[] = {
		{ 0, 1 }, { 1, 1 }, { 0.25f, 1 }, { -0.1f, 0 }, { 1.0001f, 0 }, { NAN, 0 }, { INFINITY, 0 },
	};
	static const float x[2 * DEVICE_INPUTS];
	static device net;

	device_init(&net, 0);
	for (int i = 0; i < (int)(sizeof targets / sizeof *targets); i++) {
		const float both[] = { 0, targets[i].target };
		if (isnan(device_train(&net, x, both, 2, 0)) == targets[i].taken) {
			printf("target %g\n", (double)targets[i].target);
			wrong++;
		}
	}
#endif
	return wrong;
}
