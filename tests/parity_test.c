/* parity_test.c: bnc repeats the runs of PyTorch that are recorded in tests/parity, on every kernel set. */
#include "network_support.h"
#include "batches.h"
#include "tool/options.h"
#include "sha256.h"
#include <criterion/parameterized.h>
#include <glob.h>
#include <math.h>
#include <unistd.h>

enum { MAX_NETWORKS = 3, MAX_KEPT = 96, LONGEST_NAME = 64, LONGEST_TEXT = 1024, PATH_LENGTH = 128 };

/* ---- records: record.py says what is in them */

typedef struct Initial { char path[LONGEST_NAME], hash[65]; } Initial;
/* Every so many of the tensor's values. */
typedef struct Final { char path[LONGEST_NAME]; int count, every; double *values; } Final;

typedef struct Recorded {
	char text[LONGEST_TEXT];
	Initial initials[MAX_KEPT];
	Final finals[MAX_KEPT];
	int initial_count, final_count;
	double *losses;
	int loss_count;
	double *outputs;        /* of the first rows */
	int output_rows, output_count;
	int correct;            /* -1: not a classifier */
} Recorded;

typedef struct Record {
	Arena *arena;
	Data data;
	char specification[LONGEST_TEXT], target[LONGEST_NAME], dtype[LONGEST_NAME];
	unsigned seed;
	int batch, epochs, steps;
	double error;           /* PyTorch's own */
	Recorded networks[MAX_NETWORKS];
	int count;
} Record;

static double *read_numbers(Arena *arena, FILE *file, int count)
{
	double *numbers = NEW_ARRAY(arena, double, count);
	for (int i = 0; i < count; i++)
		cr_assert(fscanf(file, "%lf", &numbers[i]) == 1, "a number is missing");
	return numbers;
}

static bool read_setting(Record *r, FILE *file, const char *word)
{
	if (strcmp(word, "data") == 0)
		return fscanf(file, "%1023s", r->specification) == 1;
	if (strcmp(word, "target") == 0)
		return fscanf(file, "%63s", r->target) == 1;
	if (strcmp(word, "dtype") == 0)
		return fscanf(file, "%63s", r->dtype) == 1;
	if (strcmp(word, "seed") == 0)
		return fscanf(file, "%u", &r->seed) == 1;
	if (strcmp(word, "batch") == 0)
		return fscanf(file, "%d", &r->batch) == 1;
	if (strcmp(word, "steps") == 0)
		return fscanf(file, "%d", &r->steps) == 1;
	if (strcmp(word, "error") == 0)
		return fscanf(file, "%lf", &r->error) == 1;
	return strcmp(word, "epochs") == 0 && fscanf(file, "%d", &r->epochs) == 1;
}

static bool read_entry(Record *r, FILE *file, const char *word)
{
	if (strcmp(word, "network") == 0) {
		r->networks[r->count].correct = -1;
		return fscanf(file, " %1023[^\n]", r->networks[r->count++].text) == 1;
	}
	if (r->count == 0)
		return read_setting(r, file, word);
	Recorded *n = &r->networks[r->count - 1];
	if (strcmp(word, "initial") == 0) {
		cr_assert_lt(n->initial_count, MAX_KEPT);
		Initial *initial = &n->initials[n->initial_count++];
		return fscanf(file, "%63s %64s", initial->path, initial->hash) == 2;
	}
	if (strcmp(word, "losses") == 0) {
		if (fscanf(file, "%d", &n->loss_count) != 1)
			return false;
		n->losses = read_numbers(r->arena, file, n->loss_count);
		return true;
	}
	if (strcmp(word, "final") == 0) {
		cr_assert_lt(n->final_count, MAX_KEPT);
		Final *final = &n->finals[n->final_count++];
		if (fscanf(file, "%63s %d %d", final->path, &final->count, &final->every) != 3)
			return false;
		final->values = read_numbers(r->arena, file, (final->count + final->every - 1) / final->every);
		return true;
	}
	if (strcmp(word, "outputs") == 0) {
		if (fscanf(file, "%d %d", &n->output_rows, &n->output_count) != 2)
			return false;
		n->outputs = read_numbers(r->arena, file, n->output_count);
		return true;
	}
	return strcmp(word, "correct") == 0 && fscanf(file, "%d", &n->correct) == 1;
}

static bool is_double(const Record *r)
{
	return strcmp(r->dtype, "f64") == 0;
}

/* Programs that sum in another order round otherwise. In single precision, 8 times what PyTorch's own roundings make
 * of a run are allowed, if that is more. */
static double tolerance(const Record *r, double of_floats)
{
	return is_double(r) ? 1e-12 : fmax(of_floats, 8 * r->error);
}

static void open_record(Record *r, const char *path)
{
	char word[LONGEST_NAME];
	Failure failure;
	*r = (Record){.arena = arena_open()};
	FILE *file = fopen(path, "r");
	cr_assert(file, "%s cannot be read", path);
	while (fscanf(file, "%63s", word) == 1)
		cr_assert(read_entry(r, file, word), "%s: `%s` is not understood", path, word);
	fclose(file);
	const DataOptions options = {
		.number_bytes = is_double(r) ? sizeof(double) : sizeof(float), .target = r->target[0] ? r->target : 0,
	};
	cr_assert(data_open(&r->data, r->specification, &options, &failure), "%s", failure.text);
}

static void close_record(Record *r)
{
	data_close(&r->data);
	arena_close(r->arena);
}

/* ---- networks */

/* One that is being trained, and how far its losses have been compared. Only the first difference is reported. */
typedef struct Repeated { Compilation c; void *net; int steps; bool differs; } Repeated;

static void compile_recorded(Compilation *c, const Record *r, const char *text, const KernelSet *set, int batch,
	Stage last)
{
	Failure failure = {.text = ""};
	bool file = strstr(text, ".net") != 0;
	Overrides overrides = {.batch = batch, .epochs = -1, .lr = -1};
	*c = (Compilation){
		.arena = arena_open(), .options = {.target = set, .fuse = true, .sample = sample_of(&r->data)},
	};
	cr_assert(source_read(&c->source, c->arena, &(NetworkArgument){file ? text : "-e", file ? 0 : text}, &failure),
		"%s", failure.text);
	cr_assert(compile(c, last, &overrides, &failure), "%s: %s", text, failure.text);
}

static void close_repeated(Repeated *n)
{
	program_free(&n->c.module->program, n->net);
	compilation_close(&n->c);
}

static const Tensor *find_by_path(const Compilation *c, const char *path)
{
	for (int i = 0; i < c->module->tensors.count; i++)
		if (c->module->tensors.items[i]->path && strcmp(c->module->tensors.items[i]->path, path) == 0)
			return c->module->tensors.items[i];
	cr_assert_fail("there is no tensor %s", path);
	return 0;
}

/* Row-major numbers of the program's type. */
static void *values_of(const Repeated *n, const Tensor *tensor)
{
	void *values = arena_alloc(n->c.arena, value_count(tensor), n->c.options.target->number_bytes);
	get_values(&n->c, n->net, tensor, values);
	return values;
}

static void check_initials(const Recorded *recorded, const Repeated *n)
{
	for (int i = 0; i < recorded->initial_count; i++) {
		char hash[65];
		const Tensor *tensor = find_by_path(&n->c, recorded->initials[i].path);
		sha256_hex(values_of(n, tensor), value_count(tensor) * n->c.options.target->number_bytes, hash);
		cr_expect_str_eq(hash, recorded->initials[i].hash, "%s (%s): %s begins otherwise", recorded->text,
			n->c.options.target->name, tensor->path);
	}
}

/* A line of the log: {"event":"step","net":"mlp",...,"loss":0.7} */
static void check_step(const Record *r, Repeated *networks, const char *line)
{
	const char *loss = strstr(line, "\"loss\":");
	for (int i = 0; i < r->count; i++) {
		Repeated *n = &networks[i];
		const Recorded *recorded = &r->networks[i];
		char name[LONGEST_NAME + 16];
		snprintf(name, sizeof name, "\"net\":\"%s\"", n->c.module->program.name);
		if (!strstr(line, name))
			continue;
		cr_assert(loss && n->steps < recorded->loss_count);
		double found = strtod(loss + strlen("\"loss\":"), 0), expected = recorded->losses[n->steps];
		bool same = fabs(found - expected) <= tolerance(r, 1e-6) * expected;
		cr_expect(same || n->differs, "%s (%s): the loss of step %d is %.17g, of torch %.17g", recorded->text,
			n->c.options.target->name, n->steps, found, expected);
		n->differs |= !same;
		n->steps++;
	}
}

static void check_losses(const Record *r, Repeated *networks, const char *path)
{
	FILE *log = fopen(path, "r");
	char line[1024];
	cr_assert(log);
	while (fgets(line, sizeof line, log))
		if (strstr(line, "\"event\":\"step\""))
			check_step(r, networks, line);
	fclose(log);
	for (int i = 0; i < r->count; i++)
		cr_expect_eq(networks[i].steps, r->networks[i].loss_count, "%s: %d steps", r->networks[i].text,
			networks[i].steps);
}

static void check_value(const Record *r, const Recorded *recorded, Repeated *n, const char *name, int index,
	double found, double expected, double largest)
{
	/* some 20 steps, each of which rounds values by at most 2^-23, or 2^-52, of the largest */
	const bool same = fabs(found - expected) <= tolerance(r, 3e-6) * fmax(largest, 1);
	cr_expect(same || n->differs, "%s (%s): %s[%d] ends as %.17g, with torch as %.17g", recorded->text,
		n->c.options.target->name, name, index, found, expected);
	n->differs |= !same;
}

static double largest_of(const double *numbers, int count)
{
	double largest = 0;
	for (int i = 0; i < count; i++)
		largest = fmax(largest, fabs(numbers[i]));
	return largest;
}

static void check_final(const Record *r, const Recorded *recorded, Repeated *n, const Final *final)
{
	const Tensor *tensor = find_by_path(&n->c, final->path);
	const int kept = (final->count + final->every - 1) / final->every;
	if (tensor->layout == LAYOUT_COUNTER) {
		cr_expect_eq(get_counter(n->net, tensor), (int64_t)final->values[0], "%s: %s", recorded->text, final->path);
		return;
	}
	const void *values = values_of(n, tensor);
	const double largest = largest_of(final->values, kept);
	cr_assert_eq((size_t)final->count, value_count(tensor), "%s: %s", recorded->text, final->path);
	for (int i = 0; i < kept; i++) {
		const int at = i * final->every;
		check_value(r, recorded, n, final->path, at,
			number_at(values, n->c.options.target->number_bytes, (size_t)at), final->values[i], largest);
	}
}

/* In evaluation mode, with running statistics. */
static void check_outputs(const Record *r, const Recorded *recorded, Repeated *n, const Run *run)
{
	Data first = r->data;
	const size_t bytes = n->c.options.target->number_bytes;
	void *outputs = arena_alloc(n->c.arena, (size_t)recorded->output_count, bytes);
	const double largest = largest_of(recorded->outputs, recorded->output_count);
	cr_assert_eq(recorded->output_count, recorded->output_rows * n->c.module->program.outputs);
	first.rows = recorded->output_rows;
	cr_assert(predict_all(run, &first, &(const Host){0}, 0, true, outputs));
	for (int i = 0; i < recorded->output_count; i++)
		check_value(r, recorded, n, "output", i, number_at(outputs, bytes, (size_t)i), recorded->outputs[i], largest);
}

/* Another program, for a batch of all samples: its count of right answers is that of torch in training mode. */
static void check_correct(const Record *r, const Recorded *recorded, const Repeated *n, Random *random)
{
	Repeated whole = {.steps = 0};
	compile_recorded(&whole.c, r, recorded->text, n->c.options.target, r->data.rows, STAGE_RUN);
	whole.net = allocate_net(&whole.c);
	for (int i = 0; i < n->c.module->program.tensor_count; i++) {
		const ProgramTensor *tensor = &n->c.module->program.tensors[i];
		if (tensor->layout != LAYOUT_COUNTER)
			tensor_set(&whole.c.module->program, whole.net, &whole.c.module->program.tensors[i],
				values_of(n, find_by_path(&n->c, tensor->path)));
	}
	int *order = NEW_ARRAY(whole.c.arena, int, r->data.rows);
	for (int i = 0; i < r->data.rows; i++)
		order[i] = i;
	const Training training = {.data = &r->data};
	batch_load(&training, &(Run){.program = &whole.c.module->program, .net = whole.net}, 0, order, r->data.rows);
	program_set_random(&whole.c.module->program, whole.net, random);
	whole.c.module->program.train(whole.net, r->data.rows, 0, &(const Host){0});
	program_get_random(&whole.c.module->program, whole.net, random);
	const double correct = number_at((char *)whole.net + whole.c.module->program.correct,
		n->c.options.target->number_bytes, 0);
	cr_expect_eq((int)correct, recorded->correct, "%s (%s): %g are right, with torch %d", recorded->text,
		n->c.options.target->name, correct, recorded->correct);
	close_repeated(&whole);
}

/* ---- runs */

static void start(const Record *r, Repeated *networks, Run *runs, Random *random, const KernelSet *set)
{
	Failure failure;
	random_seed(random, r->seed);
	for (int i = 0; i < r->count; i++) {
		Repeated *n = &networks[i];
		compile_recorded(&n->c, r, r->networks[i].text, set, r->batch, STAGE_RUN);
		n->net = allocate_net(&n->c);
		cr_assert(program_initialise(&n->c.module->program, n->net, random, &failure), "%s", failure.text);
		check_initials(&r->networks[i], n);
		runs[i] = (Run){.program = &n->c.module->program, .net = n->net, .schedule = schedule_of(n->c.network)};
	}
}

static void repeat_on(const Record *r, const KernelSet *set)
{
	Repeated networks[MAX_NETWORKS] = {{.steps = 0}};
	Run runs[MAX_NETWORKS];
	Random random;
	Failure failure;
	char path[] = "/tmp/bnc-parity-XXXXXX";
	static LineFile file;
	start(r, networks, runs, &random, set);
	close(mkstemp(path));
	cr_assert(lines_open(&file, path, &failure), "%s", failure.text);
	Training training = {
		.runs = runs, .run_count = r->count, .host = &(const Host){0}, .data = &r->data, .batch = r->batch,
		.epochs = r->epochs, .steps = r->steps,
		.random = &random, .shuffle = true, .augments = augments_of(networks[0].c.arena, networks[0].c.network),
		.quiet = true, .log = &file, .log_steps = true,
	};
	cr_assert(training_check(&training, &failure) && train(&training, &failure), "%s", failure.text);
	cr_assert(lines_close(&file, &failure), "%s", failure.text);
	check_losses(r, networks, path);
	unlink(path);
	for (int i = 0; i < r->count; i++) {
		for (int k = 0; k < r->networks[i].final_count; k++)
			check_final(r, &r->networks[i], &networks[i], &r->networks[i].finals[k]);
		if (r->networks[i].outputs)
			check_outputs(r, &r->networks[i], &networks[i], &runs[i]);
		if (r->networks[i].correct >= 0)
			check_correct(r, &r->networks[i], &networks[i], &random);
		close_repeated(&networks[i]);
	}
}

/* ---- the records */

enum { MAX_RECORDS = 400 };

/* schedules.txt has no runs, but rates: schedule_test.c reads it. */
static size_t find_records(char paths[][PATH_LENGTH])
{
	glob_t found;
	size_t count = 0;
	cr_assert_eq(glob("tests/parity/*.txt", 0, 0, &found), 0);
	cr_assert_leq(found.gl_pathc, MAX_RECORDS);
	for (size_t i = 0; i < found.gl_pathc; i++)
		if (!strstr(found.gl_pathv[i], "/schedules.txt"))
			snprintf(paths[count++], PATH_LENGTH, "%s", found.gl_pathv[i]);
	globfree(&found);
	return count;
}

typedef struct RecordPath { char text[PATH_LENGTH]; } RecordPath;

ParameterizedTestParameters(parity, runs)
{
	static RecordPath paths[MAX_RECORDS];
	return cr_make_param_array(RecordPath, paths, find_records(&paths[0].text));
}

ParameterizedTest(RecordPath *path, parity, runs)
{
	static Record record;
	open_record(&record, path->text);
	size_t place = strlen(path->text);      /* with sanitizers, each record on one of two sets */
	FOR_EACH_USABLE_SET(set)
		if (!SANITIZED || ++place % 2)
			repeat_on(&record, is_double(&record) ? kernel_set_f64(set) : set);
	close_record(&record);
}

/* ---- what they use of the language */

/* By the place in the table of layers. */
typedef struct Used { bool layer, arguments[MAX_ARGUMENTS]; } Used;

static bool is_used(const Node *node, int argument)
{
	const ArgumentSpec *spec = argument_spec(node->layer, argument);
	return node->given[argument]
		&& ((spec->use & (REQUIRED | INFERRED)) || node->arguments[argument] != spec->default_value);
}

static void note_node(Used *used, const Node *node)
{
	int place = 0;
	while (layers[place] != layer_find(node->layer->kind, node->layer->name))
		place++;
	used[place].layer = true;
	for (int i = 0; argument_spec(node->layer, i); i++)
		used[place].arguments[i] |= is_used(node, i);
}

static void note_network(Used *used, const Network *network)
{
	for (int i = 0; i < network->nodes.count; i++)
		note_node(used, network->nodes.items[i]);
	note_node(used, network->loss);
	note_node(used, network->optimizer);
	note_node(used, network->schedule);
	for (int i = 0; i < network->augments.count; i++)
		note_node(used, network->augments.items[i]);
}

Test(parity, each_layer_and_argument_is_recorded)
{
	static char paths[MAX_RECORDS][PATH_LENGTH];
	static Record record;
	static Used used[200];
	const size_t count = find_records(paths);
	for (size_t i = 0; i < count; i++) {
		open_record(&record, paths[i]);
		for (int k = 0; k < record.count && !is_double(&record); k++) {
			Compilation c;
			compile_recorded(&c, &record, record.networks[k].text, kernel_set("scalar"), record.batch, STAGE_NETWORK);
			note_network(used, c.network);
			compilation_close(&c);
		}
		close_record(&record);
	}
	for (int i = 0; layers[i]; i++) {
		cr_expect(used[i].layer, "no run of tests/parity has %s", layers[i]->name);
		for (int k = 0; argument_spec(layers[i], k); k++)
			cr_expect(used[i].arguments[k], "no run of tests/parity has %s with %s of another value than its default",
				layers[i]->name, argument_spec(layers[i], k)->name);
	}
}
