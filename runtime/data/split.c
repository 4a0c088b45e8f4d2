/* split.c: holds rows of the training data out, for validation. */
#include "data.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef enum Place { KEPT, HELD, LEFT_OUT } Place;

/* Marks the rows to hold out: of each class its share, so that both parts have the classes as often. order: all rows,
 * in the order in which they are taken. What rounding leaves of one class's share goes to the next. */
static int mark_rows(const Data *data, double fraction, const int *order, Place *places)
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
		places[order[i]] = *wanted > 0 ? HELD : KEPT;
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

/* Windows that have a row in common with one that is held out. Returns how many are left. */
static int leave_out_near(const Data *data, Place *places)
{
	const int reach = window_reach(data), rows = data->rows;
	int left = 0;
	for (int way = 0; way < 2; way++)
		for (int i = 0, near = -1 - reach; i < rows; i++) {
			Place *place = &places[way ? rows - 1 - i : i];
			near = *place == HELD ? i : near;
			*place = *place == KEPT && i - near <= reach ? LEFT_OUT : *place;
		}
	for (int row = 0; row < rows; row++)
		left += places[row] == KEPT;
	return left;
}

/* Both parts keep the order of the rows. */
static void move_rows(Data *data, Data *part, const Place *places)
{
	int kept = 0, moved = 0;
	for (int row = 0; row < data->rows; row++)
		if (places[row] == HELD)
			copy_row(part, moved++, data, row);
		else if (places[row] == KEPT)
			copy_row(data, kept++, data, row);
	data->rows = kept;
}

bool data_split(Data *data, double fraction, uint64_t seed, Data *part, Failure *failure)
{
	const int rows = data->rows;
	int *order = malloc((size_t)rows * sizeof *order + 1);
	Place *places = calloc((size_t)rows + 1, sizeof *places);
	Random random;
	int count = -1, left = 0;
	random_seed(&random, (uint32_t)seed);
	if (order && places) {
		torch_permutation(&random, order, rows);
		for (int i = 0; data->window && i < rows; i++)
			order[i] = rows - 1 - i;
		count = mark_rows(data, fraction, order, places);
		left = leave_out_near(data, places);
	}
	bool done = count >= 0 || fail(failure, "not enough memory to split %d rows", rows);
	if (done && (count == 0 || left == 0))
		done = fail(failure, "%s: %g of %d %s%s %s%s: give another fraction to --valid, or data of their own",
			data->name, fraction, rows, data->window ? "window" : "row", rows == 1 ? "" : "s",
			count ? "leaves none to train on" : "is none to validate on",
			count && data->window ? " that has no row in common with them" : "");
	if (done) {
		*part = *data;
		part->schema = NULL;
		part->ids = (Ids){0};
		part->labels = NULL;
		done = data_allocate(part, count, data->target_features, data->labels != NULL, failure);
	}
	if (done)
		move_rows(data, part, places);
	free(order);
	free(places);
	return done;
}
