/* weights.c: saves and loads a network's tensors. */
#include "data/data.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static ElementType element_of(const Program *program)
{
	return program->kernels->number_bytes == sizeof(double) ? ELEMENT_F64 : ELEMENT_F32;
}

NamedTensor tensor_named(const Program *program, const ProgramTensor *tensor)
{
	NamedTensor out = {.name = tensor->path, .type = element_of(program)};
	int shape[4];
	if (tensor->layout == LAYOUT_COUNTER)
		out.type = ELEMENT_I64;
	out.rank = tensor_shape(tensor, shape);
	for (int i = 0; i < 4; i++)
		out.shape[i] = shape[i];
	return out;
}

static const char schema_key[] = "bnc.data", network_key[] = "bnc.network";

bool program_save(const Program *program, const void *net, const char *path, const About *about, Failure *failure)
{
	const Schema *schema = about ? about->schema : 0;
	char *columns = schema ? schema_write(schema) : 0;
	/* the text of a part counts its layers from 0: these are not the names of its tensors */
	const char *network = about && !program->part ? about->network : 0;
	const Metadata notes[] = {{network_key, network}, {schema_key, columns}, {0, 0}};
	NamedTensor *tensors = calloc((size_t)program->tensor_count + 1, sizeof *tensors);
	bool ok = tensors && (columns || !schema);
	for (int i = 0; ok && i < program->tensor_count; i++) {
		const ProgramTensor *tensor = &program->tensors[i];
		tensors[i] = tensor_named(program, tensor);
		tensors[i].values = malloc(tensor->layout == LAYOUT_COUNTER ? sizeof(int64_t)
			: tensor_count(tensor) * program->kernels->number_bytes);
		ok = tensors[i].values != 0;
		if (ok && tensor->layout == LAYOUT_COUNTER)
			memcpy(tensors[i].values, (const char *)net + tensor->offset, sizeof(int64_t));
		else if (ok)
			tensor_get(program, net, tensor, tensors[i].values);
	}
	if (ok)
		ok = safetensors_save(path, tensors, program->tensor_count, notes, failure);
	else
		fail(failure, "%s: not enough memory to write the weights of %s", path, program->name);
	for (int i = 0; tensors && i < program->tensor_count; i++)
		free(tensors[i].values);
	free(tensors);
	free(columns);
	return ok;
}

static bool read_schema(Schema **schema, const char *text, const char *path, Failure *failure)
{
	*schema = text ? schema_read(text) : 0;
	return *schema || !text || fail(failure, "%s: damaged: what it says of the data it was trained on is not "
		"understood", path);
}

bool schema_load(Schema **schema, const char *path, Failure *failure)
{
	char *text;
	*schema = 0;
	if (!safetensors_note(path, schema_key, &text, failure))
		return false;
	const bool sound = read_schema(schema, text, path, failure);
	free(text);
	return sound;
}

bool schema_in(Schema **schema, const TensorFile *file, const char *path, Failure *failure)
{
	return read_schema(schema, tensor_file_text(file, schema_key), path, failure);
}

bool network_load(char **text, const char *path, Failure *failure)
{
	return safetensors_note(path, network_key, text, failure);
}

/* ---- loading: which tensor of the file is whose */

typedef struct Load {
	const Program *program;
	const char *path;
	TensorFile file;                /* sorted by name */
	NamedTensor **found;            /* for each tensor of the program */
	void **owned;                   /* for each tensor of the program: values that are not in the file's memory */
	bool *used;                     /* for each tensor of the file */
	Failure *failure;
} Load;

static NamedTensor *find_in_file(const Load *load, const ProgramTensor *tensor, size_t prefix_length)
{
	return tensor_file_find(&load->file, prefix_length ? load->file.tensors[0].name : "", prefix_length, tensor->path);
}

/* PyTorch counts batches since 0.4.1, and accepts a file without the count. */
static bool is_optional(const ProgramTensor *tensor)
{
	return tensor->layout == LAYOUT_COUNTER;
}

/* Stops counting at `most`. */
static int count_missing(const Load *load, size_t prefix_length, int most)
{
	int missing = 0;
	for (int i = 0; i < load->program->tensor_count && missing < most; i++)
		missing += !is_optional(&load->program->tensors[i])
			&& !find_in_file(load, &load->program->tensors[i], prefix_length);
	return missing;
}

/* The length of the prefix that all names in the file have before the network's own names: 0, or that of `net.` or
 * `model.module.`. Of the prefixes that leave the fewest names missing it is the shortest. */
static size_t choose_prefix(const Load *load, int *missing)
{
	size_t best = 0;
	*missing = count_missing(load, 0, INT32_MAX);
	if (load->file.count == 0)
		return 0;
	const char *first = load->file.tensors[0].name, *last = load->file.tensors[load->file.count - 1].name;
	for (size_t i = 0; *missing > 0 && first[i] && first[i] == last[i]; i++) {
		int fewer = first[i] == '.' ? count_missing(load, i + 1, *missing) : *missing;
		if (fewer < *missing) {
			*missing = fewer;
			best = i + 1;
		}
	}
	return best;
}

/* ---- names that do not fit */

enum { LISTED = 4, LIST_SIZE = 320 };

typedef struct List { char text[LIST_SIZE]; int count; } List;

static void add_name(List *list, const char *name)
{
	size_t used = strlen(list->text);
	if (list->count < LISTED)
		snprintf(list->text + used, sizeof list->text - used, "%s`%.60s`", list->count ? ", " : "", name);
	else if (list->count == LISTED)
		snprintf(list->text + used, sizeof list->text - used, ", ...");
	list->count++;
}

/* The label that gives a layer the name that it has in a tensor's name: `fc1` for `net.fc1.weight`. Empty if no label
 * can be that. */
static void label_of(const char *name, char *label, size_t size)
{
	const char *end = strrchr(name, '.'), *begin = end ? end : name;
	while (begin > name && begin[-1] != '.')
		begin--;
	size_t length = end ? (size_t)(end - begin) : 0;
	bool usable = length < size && (isalpha((unsigned char)*begin) || *begin == '_');
	for (size_t i = 0; usable && i < length; i++)
		usable = isalnum((unsigned char)begin[i]) || begin[i] == '_';
	snprintf(label, size, "%.*s", usable ? (int)length : 0, begin);
}

/* The length of the layer's part of a tensor's name: 7 for "net.fc1" in "net.fc1.weight". */
static size_t layer_length(const char *path)
{
	const char *end = strrchr(path, '.');
	return end ? (size_t)(end - path) : 0;
}

static bool same_layer(const char *a, const char *b)
{
	size_t length = layer_length(a);
	return length == layer_length(b) && memcmp(a, b, length) == 0;
}

/* A counter may have the shape [1], as PyTorch 0.3 had no other for a single value. */
static bool same_shape(const NamedTensor *expected, const NamedTensor *found)
{
	bool same = expected->rank == found->rank || (expected->rank == 0 && found->rank == 1 && found->shape[0] == 1);
	for (int i = 0; same && i < expected->rank; i++)
		same = expected->shape[i] == found->shape[i];
	return same;
}

/* The tensors of one layer, which follow one another. */
typedef struct Group { int begin, end; } Group;

static Group program_group(const Program *program, int at)
{
	Group group = {at, at + 1};
	while (group.begin > 0 && same_layer(program->tensors[group.begin - 1].path, program->tensors[at].path))
		group.begin--;
	while (group.end < program->tensor_count && same_layer(program->tensors[group.end].path, program->tensors[at].path))
		group.end++;
	return group;
}

static Group file_group(const TensorFile *file, int begin)
{
	Group group = {begin, begin + 1};
	while (group.end < file->count && same_layer(file->tensors[group.end].name, file->tensors[begin].name))
		group.end++;
	return group;
}

/* Whether a group of the file's tensors has the names, after the layer's, and the shapes of a group of the
 * network's. */
static bool group_fits(const Load *load, Group wanted, Group found)
{
	size_t layer = layer_length(load->file.tensors[found.begin].name);
	int matched = 0;
	for (int i = wanted.begin; i < wanted.end; i++) {
		const ProgramTensor *tensor = &load->program->tensors[i];
		const NamedTensor expected = tensor_named(load->program, tensor);
		const char *name = tensor->path + layer_length(tensor->path);
		int k = found.begin;
		while (k < found.end && strcmp(load->file.tensors[k].name + layer, name) != 0)
			k++;
		if (k < found.end ? load->used[k] || !same_shape(&expected, &load->file.tensors[k]) : !is_optional(tensor))
			return false;
		matched += k < found.end;
	}
	return matched == found.end - found.begin;
}

/* Looks for the first layer whose tensors are missing, and for a layer in the file with tensors of the same names and
 * shapes. Writes the label that makes the first one have the name of the second. */
static void suggest_label(const Load *load, char *out, size_t size)
{
	int first = 0;
	while (first < load->program->tensor_count && (load->found[first] || is_optional(&load->program->tensors[first])))
		first++;
	if (first == load->program->tensor_count)
		return;
	const ProgramTensor *tensor = &load->program->tensors[first];
	Group wanted = program_group(load->program, first), found;
	for (int i = 0; i < load->file.count; i = found.end) {
		char label[40];
		found = file_group(&load->file, i);
		label_of(load->file.tensors[i].name, label, sizeof label);
		if (!*label || !group_fits(load, wanted, found))
			continue;
		snprintf(out, size, "a label gives a layer its name, as in `%s: %.80s` for the layer %.*s", label,
			tensor->statement, (int)layer_length(tensor->path), tensor->path);
		return;
	}
}

/* Says which names only the network has, which only the file has, and which label would help. */
static bool names_differ(const Load *load)
{
	List missing = {.count = 0}, extra = {.count = 0};
	char cure[300] = "it holds another network's weights";
	for (int i = 0; i < load->program->tensor_count; i++)
		if (!load->found[i] && !is_optional(&load->program->tensors[i]))
			add_name(&missing, load->program->tensors[i].path);
	for (int i = 0; i < load->file.count; i++)
		if (!load->used[i])
			add_name(&extra, load->file.tensors[i].name);
	suggest_label(load, cure, sizeof cure);
	const char *name = load->program->name;
	if (!missing.count)
		return fail(load->failure, "%s: the file has %s, which %s does not have: it holds another network's weights, "
			"or more than weights", load->path, extra.text, name);
	if (!extra.count)
		return fail(load->failure, "%s: %s has %s, which the file does not have: %s", load->path, name, missing.text,
			cure);
	return fail(load->failure, "%s: %s has %s, which the file does not have; it has %s: %s", load->path, name,
		missing.text, extra.text, cure);
}

static bool match_names(Load *load, Loaded *loaded)
{
	int missing, used = 0;
	size_t prefix_length = choose_prefix(load, &missing);
	*loaded = (Loaded){.uncounted = 0};
	for (int i = 0; i < load->program->tensor_count; i++) {
		load->found[i] = find_in_file(load, &load->program->tensors[i], prefix_length);
		if (load->found[i]) {
			load->used[load->found[i] - load->file.tensors] = true;
			used++;
		} else
			loaded->uncounted += is_optional(&load->program->tensors[i]);
	}
	return (missing == 0 && (used == load->file.count || load->program->part)) || names_differ(load);
}

/* ---- shapes and values */

static void shape_words(const NamedTensor *tensor, char *out, size_t size)
{
	size_t used = (size_t)snprintf(out, size, "[");
	for (int i = 0; i < tensor->rank && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%lld", i ? ", " : "", (long long)tensor->shape[i]);
	if (used < size)
		snprintf(out + used, size - used, "]");
}

static bool check_shape(const Load *load, const NamedTensor *expected, const NamedTensor *found)
{
	char want[100], have[100];
	if (same_shape(expected, found))
		return true;
	shape_words(expected, want, sizeof want);
	shape_words(found, have, sizeof have);
	return fail(load->failure, "%s: the tensor `%s` should have the shape %s for %s, but has %s", load->path,
		found->name, want, load->program->name, have);
}

/* Rounds at most once. The floats take the place of the values, which have at least their size. */
static void *as_floats(const NamedTensor *tensor, size_t count)
{
	char *values = tensor->values;
	for (size_t i = 0; tensor->type != ELEMENT_F32 && i < count; i++) {
		int64_t integer;
		double real;
		memcpy(&integer, values + i * sizeof integer, sizeof integer);
		memcpy(&real, values + i * sizeof real, sizeof real);
		float value = tensor->type == ELEMENT_I64 ? (float)integer : (float)real;
		memcpy(values + i * sizeof value, &value, sizeof value);
	}
	return values;
}

/* The same for doubles, for which floats have too little room: then it returns memory of its own. */
static void *as_doubles(const NamedTensor *tensor, size_t count)
{
	double *values = tensor->type == ELEMENT_F32 ? malloc(count * sizeof *values) : tensor->values;
	for (size_t i = 0; values && tensor->type != ELEMENT_F64 && i < count; i++) {
		int64_t integer;
		if (tensor->type == ELEMENT_F32) {
			values[i] = (double)((const float *)tensor->values)[i];
			continue;
		}
		memcpy(&integer, values + i, sizeof integer);
		values[i] = (double)integer;
	}
	return values;
}

/* Converts the values to the program's numbers. */
static bool convert(const Load *load, int index)
{
	NamedTensor *found = load->found[index];
	const size_t count = tensor_count(&load->program->tensors[index]);
	const ElementType type = element_of(load->program);
	void *values = type == ELEMENT_F64 ? as_doubles(found, count) : as_floats(found, count);
	if (!values)
		return fail(load->failure, "%s: not enough memory to read the weights of %s", load->path, load->program->name);
	if (values != found->values)
		load->owned[index] = values;
	found->values = values;
	found->type = type;
	return true;
}

static bool check_finite(const Load *load, const ProgramTensor *tensor, const NamedTensor *found)
{
	const size_t bytes = load->program->kernels->number_bytes;
	for (size_t i = 0; i < tensor_count(tensor); i++) {
		const double value = number_at(found->values, bytes, i);
		if (!isfinite(value)) {
			size_t inputs = tensor->layout == LAYOUT_WEIGHTS ? (size_t)tensor->inputs : 1;
			char column[32] = "";
			if (tensor->layout == LAYOUT_WEIGHTS)
				snprintf(column, sizeof column, ", %zu", i % inputs);
			return fail(load->failure, "%s: the tensor `%s` has the value %s at [%zu%s], expected finite %zu-bit "
				"floats: these weights are of a run that went wrong, or too large", load->path, found->name,
				isnan(value) ? "nan" : value > 0 ? "inf" : "-inf", i / inputs, column, 8 * bytes);
		}
	}
	return true;
}

/* A count may be stored as a float, which must then be a whole number. The integer takes its place. */
static bool convert_to_counter(const Load *load, NamedTensor *tensor)
{
	double value = 0;
	if (tensor->type == ELEMENT_I64)
		return true;
	if (tensor->type == ELEMENT_F32)
		value = *(const float *)tensor->values;
	else
		memcpy(&value, tensor->values, sizeof value);
	if (!(fabs(value) < 0x1p63) || value != trunc(value))
		return fail(load->failure, "%s: the tensor `%s` is %g, expected a count of batches", load->path, tensor->name,
			value);
	int64_t integer = (int64_t)value;
	memcpy(tensor->values, &integer, sizeof integer);
	tensor->type = ELEMENT_I64;
	return true;
}

static bool prepare_values(const Load *load, Loaded *loaded)
{
	for (int i = 0; i < load->program->tensor_count; i++) {
		const ProgramTensor *tensor = &load->program->tensors[i];
		NamedTensor *found = load->found[i];
		NamedTensor expected = tensor_named(load->program, tensor);
		if (!found)
			continue;
		if (!check_shape(load, &expected, found))
			return false;
		if (tensor->layout == LAYOUT_COUNTER) {
			if (!convert_to_counter(load, found))
				return false;
			continue;
		}
		if (found->type == ELEMENT_I64 && loaded->integers++ == 0)
			loaded->integer = tensor->path;
		if (!convert(load, i) || !check_finite(load, tensor, found))
			return false;
	}
	return true;
}

static void store_values(const Load *load, void *net)
{
	for (int i = 0; i < load->program->tensor_count; i++) {
		const ProgramTensor *tensor = &load->program->tensors[i];
		const NamedTensor *found = load->found[i];
		if (found && tensor->layout != LAYOUT_COUNTER)
			tensor_set(load->program, net, tensor, found->values);
		else if (found)
			memcpy((char *)net + tensor->offset, found->values, sizeof(int64_t));
		else
			memset((char *)net + tensor->offset, 0, sizeof(int64_t));
	}
}

/* Of a checkpoint only the network counts. */
static void drop_training(TensorFile *file)
{
	int kept = 0;
	for (int i = 0; i < file->count; i++)
		if (strncmp(file->tensors[i].name, "bnc/", 4) != 0)
			file->tensors[kept++] = file->tensors[i];
	file->count = kept;
}

bool program_load(const Program *program, void *net, const char *path, Loaded *loaded, Failure *failure)
{
	Load load = {.program = program, .path = path, .failure = failure};
	if (!safetensors_load(&load.file, path, failure))
		return false;
	drop_training(&load.file);
	tensor_file_sort(&load.file);
	load.found = calloc((size_t)program->tensor_count + 1, sizeof *load.found);
	load.owned = calloc((size_t)program->tensor_count + 1, sizeof *load.owned);
	load.used = calloc((size_t)load.file.count + 1, sizeof *load.used);
	bool ok = load.found && load.owned && load.used;
	if (!ok)
		fail(failure, "%s: not enough memory to read the weights of %s", path, program->name);
	/* everything is checked before anything is stored */
	ok = ok && match_names(&load, loaded) && prepare_values(&load, loaded);
	if (ok)
		store_values(&load, net);
	for (int i = 0; load.owned && i < program->tensor_count; i++)
		free(load.owned[i]);
	free(load.owned);
	free(load.found);
	free(load.used);
	tensor_file_close(&load.file);
	return ok;
}
