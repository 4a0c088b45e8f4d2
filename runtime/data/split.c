/* split.c: holds rows of the training data out, for validation. */
#include "data.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Marks the rows to hold out: of each class its share, so that both parts have the classes as often. order: all rows,
 * shuffled. What rounding leaves of one class's share goes to the next. */
static int mark_rows(const Data *data, double fraction, const int *order, bool *held)
{
	const int classes = data->labels ? data->classes : 1;
	double share = 0;
	int count = 0;
	int *left = calloc((size_t)classes + 1, sizeof *left);
	for (int i = 0; left && i < data->rows; i++)
		left[data->labels ? data->labels[i] : 0]++;
	for (int c = 0, marked = 0; left && c < classes; c++) {
		share += fraction * left[c];
		left[c] = (int)floor(share + 0.5) - marked;
		marked += left[c];
	}
	for (int i = 0; left && i < data->rows; i++) {
		int *wanted = &left[data->labels ? data->labels[order[i]] : 0];
		held[order[i]] = *wanted > 0;
		count += *wanted > 0;
		*wanted -= *wanted > 0;
	}
	free(left);
	return left ? count : -1;
}

static void copy_row(Data *to, int at, const Data *from, int row)
{
	const size_t bytes = from->number_bytes, x = (size_t)from->features * bytes;
	const size_t targets = (size_t)from->target_features * bytes;
	memmove((char *)to->x_any + (size_t)at * x, (const char *)from->x_any + (size_t)row * x, x);
	memmove((char *)to->targets_any + (size_t)at * targets, (const char *)from->targets_any + (size_t)row * targets,
		targets);
	if (from->labels)
		to->labels[at] = from->labels[row];
}

/* Both parts keep the order of the rows. */
static void move_rows(Data *data, Data *part, const bool *held)
{
	int kept = 0, moved = 0;
	for (int row = 0; row < data->rows; row++)
		if (held[row])
			copy_row(part, moved++, data, row);
		else
			copy_row(data, kept++, data, row);
	data->rows = kept;
}

bool data_split(Data *data, double fraction, uint64_t seed, Data *part, Failure *failure)
{
	const int rows = data->rows;
	int *order = malloc((size_t)rows * sizeof *order + 1);
	bool *held = calloc((size_t)rows + 1, sizeof *held);
	Random random;
	int count = -1;
	random_seed(&random, (uint32_t)seed);
	if (order && held) {
		torch_permutation(&random, order, rows);
		count = mark_rows(data, fraction, order, held);
	}
	bool done = count >= 0 || fail(failure, "not enough memory to split %d rows", rows);
	if (done && (count == 0 || count == rows))
		done = fail(failure, "%s: %g of %d row%s %s: give another fraction to --valid, or data of their own",
			data->name, fraction, rows, rows == 1 ? "" : "s",
			count ? "leaves none to train on" : "is none to validate on");
	if (done) {
		*part = *data;
		part->schema = NULL;
		part->ids = (Ids){0};
		part->labels = NULL;
		done = data_allocate(part, count, data->target_features, data->labels != NULL, failure);
	}
	if (done)
		move_rows(data, part, held);
	free(order);
	free(held);
	return done;
}
