#include "tensorboard.h"
#include "batches.h"
#include <stdlib.h>

struct Board {
	EventFile file;
	bool open, begun;
	char **tags;                    /* of each tensor */
	int64_t timed_steps;            /* of the run, at the end of the epoch before */
	double seconds;
};

/* "1/running_mean" for 1.running_mean: TensorBoard shows those together that are the same up to the slash. */
static bool name_tensors(Board *b, const Program *program)
{
	b->tags = calloc((size_t)program->tensor_count + 1, sizeof *b->tags);
	for (int i = 0; b->tags && i < program->tensor_count; i++) {
		b->tags[i] = strdup(program->tensors[i].path);
		char *dot = b->tags[i] ? strrchr(b->tags[i], '.') : NULL;
		if (!b->tags[i])
			return false;
		if (dot)
			*dot = '/';
	}
	return b->tags;
}

static void write_scalars(Board *b, const Training *t, const Run *run, int epoch)
{
	const bool classifies = run->program->truth != TRUTH_VALUES;
	const double seconds = run->seconds - b->seconds;
	Scalar scalars[7];
	int count = 0;
	scalars[count++] = (Scalar){"epoch", epoch};
	scalars[count++] = (Scalar){"loss/train", run->loss};
	if (t->valid)
		scalars[count++] = (Scalar){"loss/valid", run->valid_loss};
	if (classifies)
		scalars[count++] = (Scalar){"accuracy/train", run->accuracy};
	if (classifies && t->valid)
		scalars[count++] = (Scalar){"accuracy/valid", run->valid_accuracy};
	scalars[count++] = (Scalar){"learning_rate", run->lr};
	if (b->begun && seconds > 0)
		scalars[count++] = (Scalar){"steps_per_second", (double)(run->timed_steps - b->timed_steps) / seconds};
	events_scalars(&b->file, run->steps, scalars, count);
	b->seconds = run->seconds;
	b->timed_steps = run->timed_steps;
}

static void write_histograms(Board *b, const Run *run, void *values)
{
	const Program *program = run->program;
	for (int i = 0; i < program->tensor_count; i++) {
		const ProgramTensor *tensor = &program->tensors[i];
		if (tensor->layout == LAYOUT_COUNTER)
			continue;
		tensor_get(program, run->net, tensor, values);
		events_histogram(&b->file, run->steps, b->tags[i], values, program->kernels->number_bytes,
			tensor_count(tensor));
	}
}

/* If a training goes on from a checkpoint, epochs after that may have been reported before. */
static void end_epoch(void *context, int epoch)
{
	const TensorBoard *board = context;
	const Training *t = board->training;
	for (int i = 0; i < board->count; i++) {
		Board *b = &board->boards[i];
		if (!b->begun)
			events_begin(&b->file, (int64_t)epoch * batches_of(t) + 1);
		write_scalars(b, t, &t->runs[i], epoch);
		write_histograms(b, &t->runs[i], board->values);
		b->begun = true;
	}
}

static void sync(void *context)
{
	const TensorBoard *board = context;
	for (int i = 0; i < board->count; i++)
		lines_sync(&board->boards[i].file);
}

/* The bytes of the largest tensor. */
static size_t largest_tensor(const Training *t)
{
	size_t largest = 1;
	for (int i = 0; i < t->run_count; i++)
		for (int k = 0; k < t->runs[i].program->tensor_count; k++) {
			const size_t bytes = tensor_count(&t->runs[i].program->tensors[k])
				* t->runs[i].program->kernels->number_bytes;
			largest = bytes > largest ? bytes : largest;
		}
	return largest;
}

static bool open_board(Board *b, const Program *program, const char *folder, Failure *failure)
{
	if (!name_tensors(b, program))
		return fail(failure, "not enough memory for --tensorboard");
	b->open = events_open(&b->file, folder, failure);
	return b->open;
}

bool tensorboard_open(TensorBoard *board, const Training *t, const char *const *folders, Failure *failure)
{
	*board = (TensorBoard){.training = t, .boards = calloc((size_t)t->run_count, sizeof *board->boards),
		.values = malloc(largest_tensor(t)), .listener = {.epoch_end = end_epoch, .sync = sync, .context = board}};
	board->count = board->boards ? t->run_count : 0;
	bool done = (board->boards && board->values) || fail(failure, "not enough memory for --tensorboard");
	for (int i = 0; done && i < board->count; i++)
		done = open_board(&board->boards[i], t->runs[i].program, folders[i], failure);
	Failure other;
	if (!done)
		tensorboard_close(board, &other);
	return done;
}

bool tensorboard_close(TensorBoard *board, Failure *failure)
{
	bool well = true;
	for (int i = 0; i < board->count; i++) {
		Board *b = &board->boards[i];
		Failure other;
		if (b->open && !lines_close(&b->file, well ? failure : &other))
			well = false;
		for (int k = 0; b->tags && k < board->training->runs[i].program->tensor_count; k++)
			free(b->tags[k]);
		free(b->tags);
	}
	free(board->boards);
	free(board->values);
	*board = (TensorBoard){.count = 0};
	return well;
}
