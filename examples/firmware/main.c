/* Trains a network with BatchNorm on the chip, on samples stored in its image. */
#include "board.h"
#include "mlp_bn.h"
#include "moons.h"
#include <string.h>

enum { EPOCHS = 10, BATCH = MLP_BN_MAX_BATCH, BATCHES = (MOONS_ROWS + BATCH - 1) / BATCH };
static const float learning_rate = 0.5f;

static mlp_bn net;

static void write_number(uint32_t number, int digits)
{
	char text[11] = {0};
	int at = 10;

	do {
		text[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (--digits > 0 || number > 0);
	board_write(text + at);
}

/* The float nearest to the value, bit by bit. */
static void write_bits(double value)
{
	const float rounded = (float)value;
	uint32_t bits;
	char text[9] = {0};

	memcpy(&bits, &rounded, sizeof bits);
	for (int at = 7; at >= 0; at--, bits >>= 4)
		text[at] = "0123456789abcdef"[bits & 15];
	board_write(text);
}

/* A value from 0 on, to four places. */
static void write_value(double value)
{
	const uint32_t parts = (uint32_t)(value * 10000 + 0.5);

	write_number(parts / 10000, 1);
	board_write(".");
	write_number(parts % 10000, 4);
}

/* Returns the mean loss of the batches. */
static double train_epoch(void)
{
	double sum = 0;

	for (int row = 0; row < MOONS_ROWS; row += BATCH) {
		const int rows = MOONS_ROWS - row < BATCH ? MOONS_ROWS - row : BATCH;
		sum += mlp_bn_train(&net, moons_x[row], moons_label + row, rows, learning_rate);
	}
	return sum / BATCHES;
}

static unsigned count_correct(void)
{
	unsigned correct = 0;

	for (int row = 0; row < MOONS_ROWS; row++) {
		float y[MLP_BN_OUTPUTS];
		mlp_bn_predict(&net, moons_x[row], y, 1);
		correct += mlp_bn_classify(y) == moons_label[row];
	}
	return correct;
}

int main(void)
{
	mlp_bn_init(&net, 0);
	for (unsigned epoch = 0; epoch < EPOCHS; epoch++) {
		const double loss = train_epoch();
		board_write("Epoch ");
		write_number(epoch, 1);
		board_write(": loss=");
		write_value(loss);
		board_write(" bits=");
		write_bits(loss);
		board_write("\n");
	}
	write_number(count_correct(), 1);
	board_write(" of ");
	write_number(MOONS_ROWS, 1);
	board_write(" right\n");
	if (board_stack_used() > 0) {
		board_write("Stack: ");
		write_number(board_stack_used(), 1);
		board_write(" bytes\n");
	}
	return 0;
}
