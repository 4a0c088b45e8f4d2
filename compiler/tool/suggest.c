/* --suggest: a small network for data, as text that can be trained at once and changed. Its sizes are rules of thumb:
 * where there are more rows, more weights can be fitted before the network learns the rows by heart. */
#include "run.h"
#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <string.h>

enum {
	HELD_OUT_FROM = 50,     /* rows: of fewer, too few would be held out to say anything */
	STEPS = 3000,           /* about so many in all epochs, within FEWEST_EPOCHS and MOST_EPOCHS */
	FEWEST_EPOCHS = 10, MOST_EPOCHS = 200,
	SMALL_SIDE = 7,         /* images are halved until they are smaller, and twice if they have SMALLEST_SIDE then */
	SMALLEST_SIDE = 4,
	MOST_CHANNELS = 128,
	MOST_FLAT = 2048,       /* of more values, the last layer takes the mean of each channel */
	MANY_CLASSES = 20, ROWS_OF_A_CLASS = 20,
	SHOWN_CLASSES = 10,
};

/* As a word of the shell. */
static void put_word(const char *text, FILE *out)
{
	const size_t plain = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+.,:/@%");
	if (*text && !text[plain]) {
		fputs(text, out);
		return;
	}
	putc('\'', out);
	for (; *text; text++)
		if (*text == '\'')
			fputs("'\\''", out);
		else
			putc(iscntrl((unsigned char)*text) ? '?' : *text, out);
	putc('\'', out);
}

/* Writes the name of a file for the network: that of the data without folders and ending. */
static void name_file(const char *data, char *out, size_t size)
{
	size_t length = data_path_length(data), start = 0;
	if (length == 0)
		length = strcspn(data, ":");
	while (length > 1 && data[length - 1] == '/')
		length--;
	for (size_t i = 0; i < length; i++)
		if (data[i] == '/')
			start = i + 1;
	size_t stem = strcspn(data + start, ".");
	stem = stem < length - start ? stem : length - start;
	const bool named = stem > 0 && data[start] != '-';
	snprintf(out, size, "%.*s.net", named ? (int)stem : 4, named ? data + start : "data");
}

/* ---- what the data are */

static bool are_whole_numbers(const char *const *texts, int count)
{
	for (int i = 0; texts && i < count; i++)
		if (texts[i][strspn(texts[i], "-+0123456789")])
			return false;
	return true;
}

/* Whether the targets are classes. Whole numbers could be either: many of them, each of few rows, are rather ages or
 * prices. */
static bool has_classes(const Data *data)
{
	return data->labels && (data->classes <= MANY_CLASSES || data->rows / data->classes >= ROWS_OF_A_CLASS
		|| !are_whole_numbers(data->class_names, data->classes));
}

static void describe_targets(const Data *data, bool classes, FILE *out)
{
	if (!classes) {
		fprintf(out, "%d target%s", data->target_features, data->target_features == 1 ? "" : "s");
		return;
	}
	fprintf(out, "%d classes", data->classes);
	for (int i = 0; data->class_names && i < data->classes && i < SHOWN_CLASSES; i++) {
		fputs(i ? ", " : " (", out);
		print_name_of_data(data->class_names[i], out);
	}
	if (data->class_names)
		fputs(data->classes > SHOWN_CLASSES ? ", ...)" : ")", out);
}

/* A loss of squares takes long to reach values that are far from those that a new network gives. */
static void warn_of_targets(const Data *data, FILE *out)
{
	for (int t = 0; t < data->target_features; t++) {
		double mean = 0, square = 0;
		for (int row = 0; row < data->rows; row++) {
			const size_t at = (size_t)row * (size_t)data->target_features + (size_t)t;
			const double value = number_at(data->targets_any, data->number_bytes, at), change = value - mean;
			mean += change / (row + 1);
			square += change * (value - mean);
		}
		const double deviation = sqrt(square / data->rows);
		if (fabs(mean) > 10 || deviation > 10 || deviation < 0.01)
			fprintf(out, "# Target %d has mean %.4g and deviation %.4g: move and scale it in the data, since a network "
				"starts near\n# mean 0 and deviation 1 and reaches such values only slowly.\n", t + 1, mean, deviation);
	}
}

/* ---- the network */

static void suggest_features(const Data *data, FILE *out)
{
	const int width = data->rows < 1000 ? 32 : data->rows < 10000 ? 64 : 128;
	fprintf(out, "input %d\n", data->features);
	for (int i = 0; i < 2; i++)
		fprintf(out, "linear %d\nbatchnorm\nrelu\n", width);
}

static void put_window(int height, int width, FILE *out)
{
	fprintf(out, height == width ? "%d" : "%dx%d", height, width);
}

/* Each block sees twice as far as the one before it, and has twice as many channels. A side of one pixel is no side.
 * Samples of two dimensions are images of one channel. */
static void suggest_images(const Data *data, FILE *out)
{
	int channels = data->rank == 3 ? data->dims[0] : 1, height = data->dims[data->rank - 2],
		width = data->dims[data->rank - 1];
	fprintf(out, "input %dx%dx%d\n", channels, height, width);
	for (int block = 0, side = INT_MAX; side >= (block < 2 ? SMALLEST_SIDE : SMALL_SIDE); block++) {
		const bool tall = height > 1, wide = width > 1;
		channels = block == 0 ? 16 : channels < MOST_CHANNELS ? 2 * channels : channels;
		fprintf(out, "conv2d %d ", channels);
		put_window(tall ? 3 : 1, wide ? 3 : 1, out);
		fputs(" padding=same\nbatchnorm\nrelu\n", out);
		if (tall || wide) {
			fputs("maxpool2d ", out);
			put_window(1 + tall, 1 + wide, out);
			putc('\n', out);
		}
		height = tall ? height / 2 : 1;
		width = wide ? width / 2 : 1;
		side = height > width ? height : width;
	}
	fputs((int64_t)channels * height * width > MOST_FLAT ? "global_avgpool\n" : "flatten\n", out);
}

/* BatchNorm has no statistics of one row, so the last batch of an epoch has more: with all rows, and without those that
 * are held out. */
static int suggest_batch(const Data *data, int trained)
{
	int batch = data->rows < 10000 ? 32 : 128;
	while (batch > 2 && (data->rows % batch == 1 || trained % batch == 1))
		batch--;
	return batch;
}

static int suggest_epochs(int rows, int batch)
{
	const int64_t epochs = (int64_t)STEPS * batch / rows;
	return epochs < FEWEST_EPOCHS ? FEWEST_EPOCHS : epochs > MOST_EPOCHS ? MOST_EPOCHS : (int)epochs;
}

/* The command that trains it. */
static void write_command(const CommandLine *o, bool images, bool holds_out, FILE *out)
{
	char file[300];
	name_file(o->suggest, file, sizeof file);
	fputs("# bnc ", out);
	put_word(file, out);
	fputs(" --train ", out);
	put_word(o->suggest, out);
	const char *const options[][2] = {{"target", o->data.target}, {"ignore", o->data.ignore},
		{"missing", o->data.missing == MISSING_MEAN ? "mean" : o->data.missing == MISSING_DROP ? "drop" : 0}};
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		if (options[i][1]) {
			fprintf(out, " --%s ", options[i][0]);
			put_word(options[i][1], out);
		}
	if (o->data.window)
		fprintf(out, " --window %d --stride %d", o->data.window, o->data.stride ? o->data.stride : 1);
	/* the first batchnorm of images takes any scale, but the columns of windows have one each */
	fputs(images && !o->data.window ? "" : " --standardize", out);
	fputs(holds_out ? " --valid 0.2 --patience 20\n" : "\n", out);
}

/* Without the rows that --valid 0.2 holds out. */
static int trained_rows(const Data *data)
{
	Data rest, held = {.rows = 0};
	Failure unused;
	int rows = data->rows - (int)floor(0.2 * data->rows + 0.5);
	if (!data->window)
		return rows;
	if (data_copy(&rest, data, &unused) && data_split(&rest, 0.2, 0, &held, &unused))
		rows = rest.rows;
	data_close(&held);
	data_close(&rest);
	return rows;
}

static void write_network(const CommandLine *o, const Data *data, FILE *out)
{
	const bool images = data->rank > 1, classes = has_classes(data), holds_out = data->rows >= HELD_OUT_FROM;
	const int trained = holds_out ? trained_rows(data) : data->rows;
	const int batch = suggest_batch(data, trained);
	char shape[SHAPE_TEXT];
	fputs("# ", out);
	print_name_of_data(data->name, out);
	write_shape(shape, data->dims, data->rank);
	fprintf(out, ": %d rows of %s %s, ", data->rows, shape, data->features > 1 ? "inputs" : "input");
	describe_targets(data, classes, out);
	putc('\n', out);
	write_command(o, images, holds_out, out);
	if (!classes)
		warn_of_targets(data, out);
	(images ? suggest_images : suggest_features)(data, out);
	fprintf(out, "linear %d\n", classes ? data->classes : data->target_features);
	fprintf(out, "loss %s\noptimizer adam lr=%s\nbatch %d\nepochs %d\n", classes ? "cross_entropy" : "mse",
		images ? "0.003" : "0.01", batch, suggest_epochs(trained, batch));
}

int suggest(CommandLine *o)
{
	Data data;
	Failure failure;
	o->data.notes = stderr;
	o->data.number_bytes = sizeof(float);
	if (!open_data(o, &data, o->suggest, &o->data, &failure))
		return report_failure(EXIT_DATA, &failure);
	const bool fits = (data.rows >= 2
		|| fail(&failure, "%s has one row: BatchNorm takes its statistics of several", data.name))
		&& (!data.labels || data.classes >= 2
		|| fail(&failure, "%s has one class only: there is nothing to tell apart", data.name));
	if (fits)
		write_network(o, &data, stdout);
	data_close(&data);
	return fits ? 0 : report_failure(EXIT_DATA, &failure);
}
