/* Trains, predicts and saves, and prints every bit of it. Then it loads what another machine has saved, and trains
 * on. */
#include "board.h"
#include "device.h"
#include "moons.h"
#include <string.h>

#ifdef SAVED
#include "saved.h"
#else
static const unsigned char saved[DEVICE_SAVE_BYTES];
#endif

enum { STEPS = 100, ROWS = DEVICE_MAX_BATCH, BATCHES = MOONS_ROWS / ROWS, OTHER_STEPS = 10 };
static const float rate = 0.1f;

static device net;
static unsigned char bytes[DEVICE_SAVE_BYTES];

static void write_hex(uint32_t number, int digits)
{
	char text[9] = {0};

	for (int at = digits - 1; at >= 0; at--, number >>= 4)
		text[at] = "0123456789abcdef"[number & 15];
	board_write(text);
}

static void write_floats(const char *what, const float *values, int count)
{
	board_write(what);
	for (int i = 0; i < count; i++) {
		uint32_t bits;
		memcpy(&bits, values + i, sizeof bits);
		board_write(" ");
		write_hex(bits, 8);
	}
	board_write("\n");
}

static int same_as_saved(void)
{
	int same = 1;

	for (unsigned i = 0; i < sizeof bytes; i++)
		same &= bytes[i] == saved[i];
	return same;
}

static void train(int steps)
{
	for (int step = 0; step < steps; step++) {
		const int row = step % BATCHES * ROWS;
		const float loss = device_train(&net, moons_x[row], moons_label + row, ROWS, rate);
		write_floats("loss", &loss, 1);
	}
}

int main(void)
{
	device_init(&net, 0);
	train(STEPS);
	for (int row = 0; row < ROWS; row++) {
		float y[DEVICE_OUTPUTS];
		device_predict(&net, moons_x[row], y, 1);
		write_floats("outputs", y, DEVICE_OUTPUTS);
	}
	device_save(&net, bytes, sizeof bytes);
	for (unsigned i = 0; i < sizeof bytes; i++) {
		board_write(i % 32 == 0 ? "\nsaved " : "");
		write_hex(bytes[i], 2);
	}
	board_write("\n");

	device_init(&net, 1);
	if (device_load(&net, saved, sizeof saved) == DEVICE_LOAD_OK) {
		device_save(&net, bytes, sizeof bytes);
		board_write(same_as_saved() ? "loaded\n" : "loaded something else\n");
	}
	train(OTHER_STEPS);
	return 0;
}
