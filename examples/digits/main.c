/* A digit reader whose last layers learn the writing of the device's own user. */
#include "board.h"
#include "digits_first.h"
#include "digits_last.h"
#include "print.h"
#include "samples.h"

enum { EPOCHS = 8, BATCH = LAST_MAX_BATCH, LEARNED = SAMPLES / 2, BATCHES = LEARNED / BATCH };
static const float learning_rate = 0.005f;

static last net;
static float batch[BATCH][LAST_INPUTS];
static int32_t labels[BATCH];

/* What the trained part takes: the constant part's view of a sample. */
static void see(int index, float *features)
{
	float pixels[FIRST_INPUTS];

	for (int i = 0; i < FIRST_INPUTS; i++)
		pixels[i] = samples[index].pixels[i];
	first_predict_one(pixels, features);
}

/* Learns from the samples with even numbers. Returns the mean loss before the step. */
static float learn(int first)
{
	for (int i = 0; i < BATCH; i++) {
		see(2 * (first + i), batch[i]);
		labels[i] = samples[2 * (first + i)].digit;
	}
	return last_train(&net, batch[0], labels, BATCH, learning_rate);
}

static int read_digit(int index)
{
	float features[LAST_INPUTS], y[LAST_OUTPUTS];

	see(index, features);
	last_predict(&net, features, y, 1);
	return (int)last_classify(y);
}

/* Of the samples with odd numbers, which nothing learns from. */
static void print_accuracy(const char *when)
{
	uint32_t right = 0;

	for (int i = 1; i < SAMPLES; i += 2)
		right += read_digit(i) == samples[i].digit;
	board_write(when);
	print_number(right);
	board_write(" of ");
	print_number(SAMPLES / 2);
	board_write(" right\n");
}

static void train_epoch(uint32_t epoch)
{
	double sum = 0;

	for (int first = 0; first < LEARNED; first += BATCH)
		sum += learn(first);
	board_write("Epoch ");
	print_number(epoch);
	board_write(": loss=");
	print_value(sum / BATCHES);
	board_write(" bits=");
	print_bits(sum / BATCHES);
	board_write("\n");
}

/* The emulator runs an instruction in a nanosecond, and has a clock of 25 MHz. */
static void print_cost(const char *what, uint32_t begin)
{
	board_write(what);
	print_number(((board_ticks() - begin) & 0xffffff) / 25);
	board_write(" thousand instructions\n");
}

static void print_costs(void)
{
	uint32_t begin = board_ticks();

	if (begin == 0)
		return;
	learn(0);
	print_cost("Cost: a step with what its 8 samples need of the constant part, ", begin);
	begin = board_ticks();
	last_train(&net, batch[0], labels, BATCH, learning_rate);
	print_cost("Cost: of it the step itself, ", begin);
	begin = board_ticks();
	read_digit(0);
	print_cost("Cost: a digit is read in ", begin);
	board_write("Cost: bytes of stack, ");
	print_number(board_stack_used());
	board_write("\n");
}

int main(void)
{
	last_init_trained(&net);
	print_accuracy("Before: ");
	for (uint32_t epoch = 0; epoch < EPOCHS; epoch++)
		train_epoch(epoch);
	print_accuracy("After: ");
	print_costs();
	return 0;
}
