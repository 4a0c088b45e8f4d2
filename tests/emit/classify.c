/* device_classify of three classes: the first of the largest, and NaN. */
#include "device.h"
#include <math.h>
#include <stdio.h>

typedef struct Row { float y[3]; int32_t class; } Row;

int main(void)
{
	static const Row rows[] = {
		{ { 1, 0, 0 }, 0 }, { { 0, 1, 0 }, 1 }, { { 0, 0, 1 }, 2 }, { { 0, 0, 0 }, 0 }, { { -1, 2, 2 }, 1 },
			{ { -3, -2, -1 }, 2 },
		{ { -INFINITY, -INFINITY, 0 }, 2 }, { { 0, INFINITY, INFINITY }, 1 }, { { NAN, 1, 2 }, 0 },
			{ { 1, NAN, 2 }, 2 },
		{ { 2, NAN, 1 }, 0 }, { { NAN, NAN, NAN }, 0 },
	};
	int wrong = 0;

	for (int i = 0; i < (int)(sizeof rows / sizeof *rows); i++)
		if (device_classify(rows[i].y) != rows[i].class) {
			printf("row %d: class %d\n", i, (int)device_classify(rows[i].y));
			wrong++;
		}
	return wrong;
}
