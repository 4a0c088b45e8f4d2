/* Trains a network with BatchNorm on the chip, on samples stored in its image. */
#include "board.h"
#include "mlp_bn.h"
#include "moons.h"
#include "print.h"

enum { EPOCHS = 10, BATCH = MLP_BN_MAX_BATCH, BATCHES = (MOONS_ROWS + BATCH - 1) / BATCH };
static const float learning_rate = 0.5f;

static mlp_bn net;

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
		print_number(epoch);
		board_write(": loss=");
		print_value(loss);
		board_write(" bits=");
		print_bits(loss);
		board_write("\n");
	}
	print_number(count_correct());
	board_write(" of ");
	print_number(MOONS_ROWS);
	board_write(" right\n");
	if (board_stack_used() > 0) {
		board_write("Stack: ");
		print_number(board_stack_used());
		board_write(" bytes\n");
	}
	return 0;
}
