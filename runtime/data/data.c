/* data.c: the tables of built-in sets and of file readers; finds the row for a specification. */
#include "data.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define ADDRESS(name) &name##_set,
static const DataSet *const sets[] = {SETS(ADDRESS)};

enum { NPZ, NPY, TABLE, IDX, FOLDER };

static const Reader readers[] = {
	[NPZ] = {".npz", "arrays as numpy.savez(path, X=samples, y=labels) writes them; FILE.npz:a,b takes a and b for X "
		"and y",
		npz_read, .doubles = true},
	[NPY] = {".npy", "one array, as numpy.save(path, samples) writes it, for --predict; SAMPLES.npy:TARGETS.npy are "
		"two", npy_read, .doubles = true},
	[TABLE] = {".csv .tsv .tab .txt .data .dat", "a table as text: a row of values on each line, separated by , ; | "
		"tabs or spaces; "
		"the last column\n      is the target, unless --target names another. So are .tsv .tab .txt .data .dat, all "
		"also packed\n      (FILE.csv.gz, FILE.csv.zst), and - is one on standard input", table_read, .table = true,
		.packed = true, .doubles = true},
	[IDX] = {".idx -ubyte", "MNIST's format, also packed (.gz): the images' file, such as train-images-idx3-ubyte, "
		"with the labels'\n      beside it (train-labels-idx1-ubyte); IMAGES:LABELS names both", idx_read,
		.packed = true},
	[FOLDER] = {"/", "a folder of images for each class in a folder: .png, .pgm and .ppm, grey or in colour, of one "
		"size", folder_read},
};
static const char *const packed_suffixes[] = {"", ".gz", ".zst"};

enum { SET_COUNT = sizeof sets / sizeof *sets, READER_COUNT = sizeof readers / sizeof *readers };

static const DataSet *set_find(const char *name, size_t length)
{
	for (int i = 0; i < SET_COUNT; i++)
		if (strlen(sets[i]->name) == length && memcmp(sets[i]->name, name, length) == 0)
			return sets[i];
	return NULL;
}

/* Cuts the suffix off the path's end, and its length; false: the path does not end so. */
static bool cut_suffix(const char *path, size_t *length, const char *suffix, size_t suffix_length)
{
	if (*length <= suffix_length || strncasecmp(path + *length - suffix_length, suffix, suffix_length) != 0)
		return false;
	*length -= suffix_length;
	return true;
}

static bool has_suffix(const Reader *reader, const char *path, size_t length)
{
	for (const char *word = reader->suffixes; *word; word += strspn(word, " ")) {
		size_t word_length = strcspn(word, " "), left = length;
		if (cut_suffix(path, &left, word, word_length))
			return true;
		word += word_length;
	}
	return false;
}

static const Reader *reader_of(const char *path, size_t length)
{
	for (int i = 0; i < READER_COUNT; i++)
		for (int k = 0; k < (readers[i].packed ? 3 : 1); k++) {
			size_t left = length;
			if (cut_suffix(path, &left, packed_suffixes[k], strlen(packed_suffixes[k]))
				&& has_suffix(&readers[i], path, left))
				return &readers[i];
		}
	return NULL;
}

/* Standard input, a pipe or a device: if its name does not tell more, it is a table. */
static bool is_stream(const char *path)
{
	struct stat status;
	return strcmp(path, "-") == 0
		|| (stat(path, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)));
}

static bool exists(const char *path, size_t length)
{
	char *copy = strndup(path, length);
	bool there = copy && access(copy, F_OK) == 0;
	free(copy);
	return there;
}

/* A folder whose name is that of a built-in set is meant if its path has a `/`. */
static bool is_folder(const char *path)
{
	struct stat status;
	return (strchr(path, '/') || !set_find(path, strlen(path))) && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Finds the reader for `F.npz` or `F.npz:a,b`. A file's name may contain colons: if several beginnings could be the
 * path, it is the longest one that exists, or else the longest. */
static const Reader *reader_find(const char *specification, size_t *path_length, bool *there)
{
	const Reader *found = NULL;
	*there = false;
	for (size_t length = strlen(specification); length > 0 && !*there; length--) {
		if (specification[length] && specification[length] != ':')
			continue;
		const Reader *reader = reader_of(specification, length);
		if (!reader || (found && !exists(specification, length)))
			continue;
		found = reader;
		*path_length = length;
		*there = exists(specification, length);
	}
	if (found || !(is_stream(specification) || is_folder(specification)))
		return found;
	*there = true;
	*path_length = strlen(specification);
	return &readers[is_stream(specification) ? TABLE : FOLDER];
}

static bool read_data(Data *data, const Reader *reader, const char *specification, size_t path_length,
	const DataOptions *options, Failure *failure)
{
	char *path = strndup(specification, path_length);
	if (!path)
		return fail(failure, "%.200s: not enough memory", specification);
	data->name = specification;
	const char *names = specification[path_length] ? specification + path_length + 1 : NULL;
	bool done = reader->read(data, path, names, options, failure);
	free(path);
	return done;
}

static bool generate(Data *data, const DataSet *set, const char *parameters, Failure *failure)
{
	double values[MAX_PARAMETERS];
	if (!parameters_read(values, set, parameters, failure))
		return false;
	Draft draft = {.name = set->name};
	data->name = set->name;
	bool made = set->generate(&draft, values, failure) && draft_finish(&draft, data, failure);
	draft_close(&draft);
	return made;
}

static const char *usual_suffix(const Reader *reader, char out[16])
{
	snprintf(out, 16, "%.*s", (int)strcspn(reader->suffixes, " "), reader->suffixes);
	return out;
}

/* length: that of the name without parameters. */
static bool no_such_data(const char *specification, size_t length, Failure *failure)
{
	char usual[READER_COUNT][16];
	const char *names[SET_COUNT], *suffixes[READER_COUNT];
	for (int i = 0; i < SET_COUNT; i++)
		names[i] = sets[i]->name;
	for (int i = 0; i < READER_COUNT; i++)
		suffixes[i] = i == FOLDER ? "folders of images" : usual_suffix(&readers[i], usual[i]);
	char name_list[400], suffix_list[200], name[200], proposal[100] = ".";
	join_names(name_list, sizeof name_list, names, SET_COUNT);
	join_names(suffix_list, sizeof suffix_list, suffixes, READER_COUNT);
	if (strcspn(specification, "./") < length)
		return fail(failure, "%.200s: files of this kind are not understood; expected %s, or a built-in set: %s",
			specification, suffix_list, name_list);
	snprintf(name, sizeof name, "%.*s", length < sizeof name ? (int)length : (int)sizeof name - 1, specification);
	const char *nearest = nearest_name(name, names, SET_COUNT);
	if (nearest)
		snprintf(proposal, sizeof proposal, ": did you mean `%s`?", nearest);
	return fail(failure, "there is no data set `%s`%s Built in are %s; files are %s", name, proposal, name_list,
		suffix_list);
}

/* Options for rows and columns are mistakes where there are none. */
static bool check_options(const Reader *reader, const char *specification, const DataOptions *options,
	Failure *failure)
{
	const char *option = !options || (reader && reader->table) ? NULL : options->target ? "target"
		: options->ignore ? "ignore" : options->missing ? "missing" : options->window ? "window"
		: options->stride && !options->schema ? "stride" : NULL;
	return !option || fail(failure, "--%s is for tables as text, such as .csv; %.200s is none", option,
		specification);
}

/* Of data that are no table; a table has its schema already. */
static bool keep_schema(Data *data, const Schema *schema, Failure *failure)
{
	if (!data->schema)
		data->schema = schema_copy(schema);
	return data->schema || fail(failure, "%s: not enough memory", data->name);
}

/* Makes doubles of floats, if those are wanted. */
static bool widen(Data *data, size_t number_bytes, Failure *failure)
{
	const size_t samples = (size_t)data->rows * (size_t)data->features;
	const size_t targets = (size_t)data->rows * (size_t)data->target_features;
	if (data->number_bytes == number_bytes)
		return true;
	double *x = malloc((samples + 1) * sizeof *x), *y = malloc((targets + 1) * sizeof *y);
	for (size_t i = 0; x && y && i < samples; i++)
		x[i] = (double)data->x[i];
	for (size_t i = 0; x && y && i < targets; i++)
		y[i] = (double)data->targets[i];
	if (!x || !y) {
		free(x);
		free(y);
		return fail(failure, "%s: no memory for its values as doubles", data->name);
	}
	free(data->x);
	free(data->targets);
	data->x_f64 = x;
	data->targets_f64 = y;
	data->number_bytes = number_bytes;
	return true;
}

/* An existing file comes before a built-in set of the same name. */
bool data_open(Data *data, const char *specification, const DataOptions *options, Failure *failure)
{
	const size_t number_bytes = options && options->number_bytes ? options->number_bytes : sizeof(float);
	*data = (Data){.number_bytes = number_bytes};
	size_t length = strcspn(specification, ":"), path_length;
	const char *parameters = specification[length] == ':' ? specification + length + 1 : NULL;
	bool there, opened;
	const DataSet *set = set_find(specification, length);
	const Reader *reader = reader_find(specification, &path_length, &there);
	if (reader && (there || !set)) {
		data->number_bytes = reader->doubles ? number_bytes : sizeof(float);
		opened = check_options(reader, specification, options, failure)
			&& read_data(data, reader, specification, path_length, options, failure)
			&& widen(data, number_bytes, failure);
	} else if (set)
		opened = check_options(NULL, specification, options, failure) && generate(data, set, parameters, failure);
	else
		opened = foreign_data(specification, failure) ? false : no_such_data(specification, length, failure);
	if (opened && options && options->schema)
		opened = (options->unscaled || data_scale(data, options->schema, failure))
			&& keep_schema(data, options->schema, failure);
	if (opened && options && options->standardize)
		opened = data_fit_scale(data, NULL, data->rows, failure) && data_scale(data, data->schema, failure);
	if (!opened)
		data_close(data);
	return opened;
}

static void print_set(const DataSet *set, FILE *out)
{
	fprintf(out, "  %s", set->name);
	for (int i = 0; i < parameter_count(set); i++)
		fprintf(out, "%c%s=%.15g", i == 0 ? ':' : ',', set->parameters[i].name, set->parameters[i].default_value);
	fprintf(out, "\n      %s\n", set->description);
}

bool data_print(const char *name, FILE *out)
{
	const DataSet *set = set_find(name, strlen(name));
	if (set)
		print_set(set, out);
	return set;
}

bool data_print_parameter(const char *name, FILE *out)
{
	bool found = false;
	for (int i = 0; i < SET_COUNT; i++)
		for (int k = 0; k < parameter_count(sets[i]); k++)
			if (strcmp(sets[i]->parameters[k].name, name) == 0) {
				print_set(sets[i], out);
				found = true;
			}
	return found;
}

int data_names(const char *names[], int capacity)
{
	int count = 0;
	for (; count < SET_COUNT && count < capacity; count++)
		names[count] = sets[count]->name;
	return count;
}

size_t data_path_length(const char *specification)
{
	size_t path_length;
	bool there;
	const Reader *reader = reader_find(specification, &path_length, &there);
	bool set = set_find(specification, strcspn(specification, ":"));
	return reader && (there || !set) ? path_length : set ? 0 : strlen(specification);
}

void data_list(FILE *out)
{
	fprintf(out, "Built-in sets, with their parameters and what these are when left out:\n");
	for (int i = 0; i < SET_COUNT; i++)
		print_set(sets[i], out);
	char usual[16];
	fprintf(out, "Files:\n");
	for (int i = 0; i < READER_COUNT; i++)
		fprintf(out, "  FILE%s\n      %s\n", usual_suffix(&readers[i], usual), readers[i].description);
}
