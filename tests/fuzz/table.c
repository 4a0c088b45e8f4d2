/* Tables as text. An input is the file. Before it may stand a line with the values of --target, --ignore, --missing,
 * --window and --stride: `:target;ignore;mean;window,stride`. What was read is read once more with the schema that it
 * gave: that must give the same. */
#include "fuzz.h"
#include <string.h>

enum { MOST_BYTES = 20000, MOST_OPTIONS = 200, OPTIONS = 4 };

/* Cuts off the line with the options. */
static DataOptions cut_options(const char **bytes, size_t *size)
{
	static char text[MOST_OPTIONS + 1];
	char *parts[OPTIONS] = {0}, *at = text;
	const char *end = *size > 0 && **bytes == ':' ? memchr(*bytes, '\n', *size < MOST_OPTIONS ? *size : MOST_OPTIONS)
		: 0;
	DataOptions options = {.notes = nowhere()};
	if (!end)
		return options;
	snprintf(text, sizeof text, "%.*s", (int)(end - *bytes) - 1, *bytes + 1);
	*size -= (size_t)(end + 1 - *bytes);
	*bytes = end + 1;
	for (int i = 0; i < OPTIONS && at; i++) {
		parts[i] = at;
		at = strchr(at, ';');
		if (at)
			*at++ = 0;
	}
	options.target = parts[0] && *parts[0] ? parts[0] : 0;
	options.ignore = parts[1] && *parts[1] ? parts[1] : 0;
	options.missing = !parts[2] ? MISSING_REFUSED : *parts[2] == 'm' ? MISSING_MEAN : MISSING_DROP;
	if (parts[3])
		sscanf(parts[3], "%d,%d", &options.window, &options.stride);
	/* the command line refuses what is not so */
	options.window = options.window > 0 ? options.window % 100 : 0;
	options.stride = options.stride > 0 ? options.stride % 100 : 0;
	options.missing = options.window && options.missing == MISSING_DROP ? MISSING_MEAN : options.missing;
	return options;
}

static void check(const Data *data)
{
	check_samples(data);
	PROMISE(data->labels || *data->unlabelled);
	PROMISE(data->schema->features == data->features);
}

static void check_same(const Data *a, const Data *b)
{
	PROMISE(a->rows == b->rows && a->features == b->features && a->classes == b->classes);
	PROMISE(memcmp(a->x, b->x, (size_t)a->rows * (size_t)a->features * sizeof *a->x) == 0);
	PROMISE(!a->labels == !b->labels);
	PROMISE(!a->labels || memcmp(a->labels, b->labels, (size_t)a->rows * sizeof *a->labels) == 0);
}

/* Names that are there twice are not told apart by a schema. */
static bool has_own_names(const Schema *schema)
{
	const int count = schema->input_count + schema->target_count;
	for (int i = 0; i < count; i++)
		for (int k = 0; k < i; k++) {
			const Column *a = i < schema->input_count ? &schema->inputs[i] : &schema->targets[i - schema->input_count];
			const Column *b = k < schema->input_count ? &schema->inputs[k] : &schema->targets[k - schema->input_count];
			if (a->name && b->name && strcmp(a->name, b->name) == 0)
				return false;
		}
	return true;
}

static void run(const char *bytes, size_t size)
{
	Failure failure = {.text = ""};
	DataOptions options = cut_options(&bytes, &size);
	const char *path = file_of(bytes, size);
	const Data empty = {.name = "fuzz.csv", .number_bytes = sizeof(float)};
	Data data = empty, again = empty;
	bool done = table_read(&data, path, 0, &options, &failure);
	PROMISE(done == !failure.text[0]);
	if (done) {
		check(&data);
		DataOptions known = {.schema = data.schema, .missing = options.missing};
		if (has_own_names(data.schema)) {
			bool repeated = table_read(&again, path, 0, &known, &failure);
			PROMISE(repeated);
			check_same(&data, &again);
		}
	}
	data_close(&data);
	data_close(&again);
}

const Harness table_harness = {"table", MOST_BYTES, run};
