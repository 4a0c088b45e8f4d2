/* What one build saves another goes on from: `save FILE` after some steps, `load FILE`. Both then say what comes of one
 * more step, and load whether it saves the same bytes again. */
#include "device.h"
#include <stdio.h>
#include <string.h>

enum { ROWS = 8, STEPS = 5 };

static device net;
static unsigned char bytes[DEVICE_SAVE_BYTES], again[DEVICE_SAVE_BYTES];

int main(int argc, char **argv)
{
	float x[ROWS * DEVICE_INPUTS];
	int32_t label[ROWS];
	const int saving = argc == 3 && strcmp(argv[1], "save") == 0;
	FILE *file = argc == 3 ? fopen(argv[2], saving ? "wb" : "rb") : NULL;

	if (!file)
		return 2;
	for (int i = 0; i < ROWS * DEVICE_INPUTS; i++)
		x[i] = (float)(i * 37 % 23) / 7.0f - 1.5f;
	for (int i = 0; i < ROWS; i++)
		label[i] = i % DEVICE_OUTPUTS;
	if (saving) {
		device_init(&net, 3);
		for (int step = 0; step < STEPS; step++)
			device_train(&net, x, label, ROWS, 0.1f);
		device_save(&net, bytes, sizeof bytes);
		fwrite(bytes, 1, sizeof bytes, file);
	} else {
		const size_t size = fread(bytes, 1, sizeof bytes, file);
		if (device_load(&net, bytes, size) != DEVICE_LOAD_OK)
			return 1;
		device_save(&net, again, sizeof again);
		if (memcmp(bytes, again, sizeof bytes) != 0)
			return 1;
	}
	fclose(file);
	for (int step = 0; step < 2; step++)
		printf("%.4f\n", (double)device_train(&net, x, label, ROWS, 0.1f));
	return 0;
}
