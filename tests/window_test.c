/* window_test.c: samples of several rows of a table, and which of them --valid holds out. */
#include "../runtime/data/data.h"
#include "data_test.h"
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

enum { LINES = 60 };

/* Row r: a time, the inputs 10 r and 10 r + 1, a text of two, and the targets r / 15 and r squared. */
static const char *write_table(char *path)
{
	strcpy(path, "/tmp/bnc_window_XXXXXX.csv");
	FILE *file = fdopen(mkstemps(path, 4), "w");
	cr_assert(file);
	fprintf(file, "time,a,b,kind,class,value\n");
	for (int r = 0; r < LINES; r++)
		fprintf(file, "t%d,%d,%d,%s,%d,%d\n", r, 10 * r, 10 * r + 1, r % 3 ? "x" : "y", r / 15, r * r);
	fclose(file);
	return path;
}

static bool open_windows(Data *data, const DataOptions *options, Failure *failure)
{
	static char path[40];
	const bool opened = data_open(data, write_table(path), options, failure);
	unlink(path);
	return opened;
}

static void open_all(Data *data, const DataOptions *options)
{
	Failure failure;
	cr_assert(open_windows(data, options, &failure), "%s", failure.text);
}

/* Sample i has the rows from i * stride on, the oldest first, and the target of the last. */
static void check_windows(const Data *data, int window, int stride, bool labels)
{
	const size_t bytes = data->number_bytes;
	cr_assert_eq(data->rows, (LINES - window) / stride + 1);
	cr_assert(data->rank == 3 && data->dims[0] == 1 && data->dims[1] == window && data->dims[2] == 4);
	cr_assert_eq(data->features, 4 * window);
	cr_assert_eq(data->schema->features, data->features);
	for (int i = 0; i < data->rows; i++) {
		const int last = i * stride + window - 1;
		cr_assert_eq(data_row(data, i), last);
		for (int k = 0; k < data->features; k++) {
			const int r = i * stride + k / 4;
			const double expected[] = {10 * r, 10 * r + 1, r % 3 != 0, r % 3 == 0};
			cr_assert_eq(number_at(data->x_any, bytes, (size_t)(i * data->features + k)), expected[k % 4],
				"windows of %d, sample %d, value %d", window, i, k);
		}
		if (labels)
			cr_assert_eq(data->labels[i], last / 15);
		else if (data->target_features)
			cr_assert(number_at(data->targets_any, bytes, (size_t)i * 2) == last / 15
				&& number_at(data->targets_any, bytes, (size_t)i * 2 + 1) == last * last);
	}
}

Test(window, has_rows_in_their_order)
{
	for (int window = 1; window <= LINES; window += window < 5 ? 1 : 6)
		for (int stride = 1; stride < 30; stride += stride < 5 ? 1 : 8)
			for (size_t bytes = sizeof(float); bytes <= sizeof(double); bytes += 4) {
				Data data;
				open_all(&data, &(DataOptions){.target = "class", .ignore = "time,value", .window = window,
					.stride = stride, .number_bytes = bytes});
				check_windows(&data, window, stride, true);
				data_close(&data);
				open_all(&data, &(DataOptions){.target = "class,value", .ignore = "time", .window = window,
					.stride = stride, .number_bytes = bytes});
				check_windows(&data, window, stride, false);
				data_close(&data);
			}
}

/* With the schema, as JSON and back: the same windows, others if another stride is asked for, and the ids of their last
 * rows. */
Test(window, is_remembered)
{
	Data data, again;
	open_all(&data, &(DataOptions){.target = "class", .ignore = "time,value", .window = 5, .stride = 3});
	char *text = schema_write(data.schema);
	Schema *schema = schema_read(text);
	cr_assert(schema && schema_equal(schema, data.schema), "%s", text);
	cr_expect(strstr(text, "\"window\":5,\"stride\":3"), "%s", text);
	cr_expect(schema_has_windows(schema) && !schema_has_windows(0));
	for (int stride = 0; stride <= 4; stride++) {
		open_all(&again, &(DataOptions){.schema = schema, .stride = stride, .without_target = stride % 2});
		check_windows(&again, 5, stride ? stride : 3, stride % 2 == 0);
		cr_expect_eq(again.schema->stride, stride ? stride : 3);
		for (int i = 0; stride % 2 && i < again.rows; i++) {
			char time[20];
			snprintf(time, sizeof time, "t%d", data_row(&again, i));
			cr_expect_eq(again.ids.count, 2);
			cr_expect_str_eq(again.ids.texts[2 * i], time);
		}
		data_close(&again);
	}
	free(text);
	schema_free(schema);
	data_close(&data);
}

Test(window, of_a_damaged_schema)
{
	static const char *const wrong[] = {
		"\"window\":3,\"stride\":1", "\"window\":0,\"stride\":1", "\"window\":2,\"stride\":0", "\"window\":2",
		"\"window\":-2,\"stride\":1", "\"window\":\"2\",\"stride\":1", "\"window\":2,\"stride\":1,\"missing\":\"drop\"",
	};
	static const char form[] = "{\"features\":4,\"width\":3,\"inputs\":[{\"place\":0},{\"place\":1}],"
		"\"targets\":[{\"place\":2}],%s}";
	char text[400];
	snprintf(text, sizeof text, form, "\"window\":2,\"stride\":7");
	Schema *schema = schema_read(text);
	cr_assert(schema);
	cr_expect(schema->window == 2 && schema->stride == 7);
	schema_free(schema);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		snprintf(text, sizeof text, form, wrong[i]);
		cr_expect_null(schema_read(text), "%s", wrong[i]);
	}
}

Test(window, longer_than_the_table)
{
	Data data;
	Failure failure;
	cr_expect_not(open_windows(&data, &(DataOptions){.ignore = "time", .window = LINES + 1}, &failure));
	cr_expect(strstr(failure.text, "has 60 rows, fewer than the 61 of a window"), "%s", failure.text);
	data_close(&data);
}

/* A column has one scale, wherever in the window its values are. */
Test(window, is_scaled_by_columns)
{
	Data data, plain;
	const DataOptions options = {.target = "class", .ignore = "time,value", .window = 4, .stride = 2,
		.number_bytes = sizeof(double)};
	DataOptions scaled = options;
	scaled.standardize = true;
	open_all(&plain, &options);
	open_all(&data, &scaled);
	for (int column = 0; column < 4; column++) {
		double sum = 0, squares = 0;
		for (int i = 0; i < data.rows * 4; i++) {
			const double value = data.x_f64[i * 4 + column];
			sum += value;
			squares += value * value;
		}
		cr_expect(fabs(sum) < 1e-9 && fabs(squares / (data.rows * 4) - 1) < 1e-12, "column %d: %g, %g", column, sum,
			squares);
		const double *centres, *deviations;
		cr_assert(schema_scale(data.schema, &centres, &deviations));
		for (int k = column; k < 16; k += 4) {
			cr_expect(centres[k] == centres[column] && deviations[k] == deviations[column]);
			cr_expect_eq(data.x_f64[k], (plain.x_f64[k] - centres[k]) / deviations[k]);
		}
	}
	data_close(&data);
	data_close(&plain);
}

/* ---- rows held out */

/* Marks the rows of each sample, whose first value is 10 times the number of its first row. */
static void mark_rows(const Data *data, bool seen[LINES])
{
	for (int i = 0; i < data->rows; i++)
		for (int r = 0; r < data->window; r++)
			seen[(int)data->x[i * data->features] / 10 + r] = true;
}

static int count_class(const Data *data, int label, int *last)
{
	int count = 0;
	for (int i = 0; i < data->rows; i++)
		if (data->labels[i] == label) {
			*last = (int)data->x[i * data->features] / 10;
			count++;
		}
	return count;
}

Test(window, held_out_has_no_row_that_is_trained_on)
{
	for (int window = 1; window <= 4; window++)
		for (int stride = 1; stride <= 3; stride++) {
			Data data, part;
			Failure failure;
			bool trained[LINES] = {false}, held[LINES] = {false};
			open_all(&data, &(DataOptions){.target = "class", .ignore = "time,value", .window = window,
				.stride = stride});
			const int all = data.rows;
			int per_class[4] = {0};
			for (int i = 0; i < all; i++)
				per_class[data.labels[i]]++;
			cr_assert(data_split(&data, 0.3, 7, &part, &failure), "%s", failure.text);
			mark_rows(&data, trained);
			mark_rows(&part, held);
			for (int r = 0; r < LINES; r++)
				cr_expect_not(trained[r] && held[r], "windows of %d, one every %d: row %d", window, stride, r);
			for (int c = 0; c < 4; c++) {
				int last_held = -1, last_trained = -1;
				const int count = count_class(&part, c, &last_held), left = count_class(&data, c, &last_trained);
				cr_expect(fabs(count - 0.3 * per_class[c]) <= 1, "%d of class %d", count, c);
				cr_expect(!count || !left || last_trained < last_held, "the last ones are held out");
			}
			cr_expect_eq(part.rows, (int)floor(0.3 * all + 0.5));
			cr_expect(window > stride || data.rows + part.rows == all, "none is left out in vain");
			data_close(&part);
			data_close(&data);
		}
}

Test(window, may_leave_none_to_train_on)
{
	Data data, part;
	Failure failure;
	open_all(&data, &(DataOptions){.target = "class", .ignore = "time,value", .window = 15});
	cr_expect_not(data_split(&data, 0.3, 7, &part, &failure));
	cr_expect(strstr(failure.text, "0.3 of 46 windows leaves none to train on that has no row in common with them"),
		"%s", failure.text);
	data_close(&data);
}
