/* checkpoint.c: a training in a safetensors file with a check sum. The network's tensors have their own names; the rest
 * has names with `bnc/`, which are left out where the file is read as weights:
 *
 *   bnc/exp_avg/0.weight   what the optimizer keeps for a parameter; bnc/step, bnc/batches
 *   bnc/best/0.weight      with --patience: the network after its best epoch
 *   bnc/turn_batch, ...    the values of the fields in the tables below
 *   bnc/random             torch's generator; bnc/before: before it drew the order of these epochs
 *   bnc/augment            with augmentation: before it drew what was done to the images of the last batch
 *   bnc/log                the length of the log up to here, and the CRC-32 of that; -1: there is none
 *
 * Where several networks train side by side, `1/`, `2/` and so on come before all names of one. The metadata have what
 * must be the same in a training that goes on: the networks' texts and what the data are like. */
#include "checkpoint.h"
#include "data/data.h"
#include "progress.h"
#include "terminal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static const char form_key[] = "bnc.checkpoint", form[] = "1";

/* ---- single values */

typedef enum FieldKind { FIELD_INT, FIELD_INT64, FIELD_DOUBLE } FieldKind;

typedef struct Field { const char *name; FieldKind kind; size_t offset; } Field;

static const Field turn_fields[] = {
	{"bnc/turn_batch", FIELD_INT, offsetof(Turn, batch)}, {"bnc/turn_rows", FIELD_INT, offsetof(Turn, seen)},
	{"bnc/turn_loss", FIELD_DOUBLE, offsetof(Turn, sum)}, {"bnc/turn_right", FIELD_DOUBLE, offsetof(Turn, right)},
	{0},
};

static const Field run_fields[] = {
	{"bnc/epoch", FIELD_INT, offsetof(Run, epoch)}, {"bnc/epoch_batch", FIELD_INT, offsetof(Run, batch)},
	{"bnc/epoch_batches", FIELD_INT, offsetof(Run, batches)}, {"bnc/loss", FIELD_DOUBLE, offsetof(Run, loss)},
	{"bnc/accuracy", FIELD_DOUBLE, offsetof(Run, accuracy)}, {"bnc/lr", FIELD_DOUBLE, offsetof(Run, lr)},
	{"bnc/valid_loss", FIELD_DOUBLE, offsetof(Run, valid_loss)},
	{"bnc/valid_accuracy", FIELD_DOUBLE, offsetof(Run, valid_accuracy)},
	{"bnc/best_loss", FIELD_DOUBLE, offsetof(Run, best_loss)}, {"bnc/best_epoch", FIELD_INT, offsetof(Run, best_epoch)},
	{0},
};

/* Of the whole training. */
typedef struct Whole {
	int64_t networks, epoch, drawn, seed, shuffle, patience;
} Whole;

static const Field whole_fields[] = {
	{"bnc/networks", FIELD_INT64, offsetof(Whole, networks)}, {"bnc/next_epoch", FIELD_INT64, offsetof(Whole, epoch)},
	{"bnc/drawn", FIELD_INT64, offsetof(Whole, drawn)}, {"bnc/seed", FIELD_INT64, offsetof(Whole, seed)},
	{"bnc/shuffle", FIELD_INT64, offsetof(Whole, shuffle)}, {"bnc/patience", FIELD_INT64, offsetof(Whole, patience)},
	{0},
};

static void write_prefix(char *out, size_t size, int networks, int network)
{
	out[0] = 0;
	if (networks > 1)
		snprintf(out, size, "%d/", network + 1);
}

/* ---- writing */

typedef struct Parts {
	NamedTensor *items;
	int count, capacity;
	bool failed;            /* there is no memory */
} Parts;

static void free_parts(Parts *parts)
{
	for (int i = 0; i < parts->count; i++) {
		free((char *)parts->items[i].name);
		free(parts->items[i].values);
	}
	free(parts->items);
}

/* Returns the place for the tensor's values; null: there is no memory. */
static void *add_part(Parts *parts, const char *prefix, NamedTensor tensor, size_t bytes)
{
	if (parts->count == parts->capacity) {
		const int capacity = 2 * parts->capacity + 64;
		NamedTensor *items = realloc(parts->items, (size_t)capacity * sizeof *items);
		parts->failed |= !items;
		if (!items)
			return NULL;
		parts->items = items;
		parts->capacity = capacity;
	}
	const size_t length = strlen(prefix) + strlen(tensor.name) + 1;
	char *name = malloc(length);
	if (name)
		snprintf(name, length, "%s%s", prefix, tensor.name);
	tensor.name = name;
	tensor.values = malloc(bytes);
	parts->items[parts->count++] = tensor;
	parts->failed |= !name || !tensor.values;
	return name ? tensor.values : NULL;
}

static void add_integers(Parts *parts, const char *name, const int64_t *integers, int count)
{
	const NamedTensor tensor = {.name = name, .type = ELEMENT_I64, .rank = 1, .shape = {count}};
	void *values = add_part(parts, "", tensor, (size_t)count * sizeof *integers);
	if (values)
		memcpy(values, integers, (size_t)count * sizeof *integers);
}

static void add_fields(Parts *parts, const char *prefix, const Field *fields, const void *from)
{
	for (; fields->name; fields++) {
		const bool real = fields->kind == FIELD_DOUBLE;
		const char *field = (const char *)from + fields->offset;
		const NamedTensor tensor = {.name = fields->name, .type = real ? ELEMENT_F64 : ELEMENT_I64};
		void *values = add_part(parts, prefix, tensor, 8);
		const int64_t integer = fields->kind == FIELD_INT ? *(const int *)(const void *)field : 0;
		if (values)
			memcpy(values, fields->kind == FIELD_INT ? (const void *)&integer : field, 8);
	}
}

static void add_tensors(Parts *parts, const char *prefix, const Program *program, const void *net,
	const ProgramTensor *tensors, int count)
{
	for (int i = 0; i < count; i++) {
		const ProgramTensor *tensor = &tensors[i];
		const bool counter = tensor->layout == LAYOUT_COUNTER;
		void *values = add_part(parts, prefix, tensor_named(program, tensor),
			counter ? sizeof(int64_t) : tensor_count(tensor) * program->kernels->number_bytes);
		if (values && counter)
			memcpy(values, (const char *)net + tensor->offset, sizeof(int64_t));
		else if (values)
			tensor_get(program, net, tensor, values);
	}
}

static void add_random(Parts *parts, const char *name, const Random *random)
{
	int64_t words[STATE_WORDS + 1];
	for (int i = 0; i < STATE_WORDS; i++)
		words[i] = random->state[i];
	words[STATE_WORDS] = random->position;
	add_integers(parts, name, words, STATE_WORDS + 1);
}

static void add_run(Parts *parts, const Training *t, const Position *position, int index)
{
	const Run *run = &t->runs[index];
	const Program *program = run->program;
	void *const *best = position->validation->best;
	char prefix[20], best_prefix[40];
	write_prefix(prefix, sizeof prefix, t->run_count, index);
	snprintf(best_prefix, sizeof best_prefix, "%sbnc/best/", prefix);
	add_tensors(parts, prefix, program, run->net, program->tensors, program->tensor_count);
	add_tensors(parts, prefix, program, run->net, program->states, program->state_count);
	if (best && run->best_epoch >= 0)
		add_tensors(parts, best_prefix, program, best[index], program->tensors, program->tensor_count);
	add_fields(parts, prefix, turn_fields, &position->turns[index]);
	add_fields(parts, prefix, run_fields, run);
}

static void add_whole(Parts *parts, const Training *t, const Position *position)
{
	const Whole whole = {t->run_count, position->epoch, position->drawn, (int64_t)t->checkpoint->seed, t->shuffle,
		t->patience};
	const int64_t log[] = {t->log && t->log->opened ? t->log->length : -1, t->log ? t->log->sum : 0};
	add_fields(parts, "", whole_fields, &whole);
	add_random(parts, "bnc/random", t->random);
	add_random(parts, "bnc/before", &position->order->before);
	if (t->augments.count)
		add_random(parts, "bnc/augment", &position->order->augmented.before);
	add_integers(parts, "bnc/log", log, 2);
}

static bool write_file(const Training *t, const Parts *parts, Failure *failure)
{
	const Checkpoint *c = t->checkpoint;
	const int fixed = 7;
	Metadata *texts = calloc((size_t)(fixed + t->run_count), sizeof *texts);
	char (*keys)[30] = calloc((size_t)t->run_count, sizeof *keys), train[200];
	char *columns = c->about[0].schema ? schema_write(c->about[0].schema) : NULL;
	bool done = texts && keys && (columns || !c->about[0].schema) && !parts->failed;
	if (!done)
		fail(failure, "cannot write %s: out of memory", c->path);
	terminal_text(train, sizeof train, t->data->name);
	for (int i = 0; done && i < t->run_count; i++) {
		snprintf(keys[i], sizeof keys[i], i ? "bnc.network.%d" : "bnc.network", i + 1);
		texts[i] = (Metadata){keys[i], c->about[i].network};
	}
	if (done) {
		Metadata *more = texts + t->run_count;
		*more++ = (Metadata){"bnc.data", columns};
		*more++ = (Metadata){form_key, form};
		*more++ = (Metadata){"bnc.isa", t->runs[0].program->kernels->name};
		*more++ = (Metadata){"bnc.train", c->train};
		*more++ = (Metadata){"bnc.train.name", train};
		*more++ = (Metadata){"bnc.valid", t->valid ? c->valid : NULL};
		done = safetensors_save_checked(c->path, parts->items, parts->count, texts, failure);
	}
	free(columns);
	free(keys);
	free(texts);
	return done;
}

/* If the last update has spoilt the weights, the old file is of more use. */
static bool is_finite(const Training *t)
{
	for (int i = 0; i < t->run_count; i++)
		if (!program_is_finite(t->runs[i].program, t->runs[i].net))
			return false;
	return true;
}

void checkpoint_write(Training *t, const Position *position)
{
	Checkpoint *c = t->checkpoint;
	Parts parts = {.count = 0};
	if (!c || !c->path || !is_finite(t))
		return;
	/* what was printed before it is not printed again after it */
	fflush(stdout);
	if (t->log)
		lines_sync(t->log);
	for (const Listener *l = t->listeners; l; l = l->next)
		if (l->sync)
			l->sync(l->context);
	add_whole(&parts, t, position);
	for (int i = 0; i < t->run_count; i++)
		add_run(&parts, t, position, i);
	c->failed = !write_file(t, &parts, &c->failure);
	free_parts(&parts);
	c->written = wall_seconds();
}

/* The clock is read about a hundred times a second. */
static bool is_due(Checkpoint *c, int network, int64_t steps)
{
	if (c->steps)
		return network == 0 && steps % c->steps == 0;
	const double now = wall_seconds(), rate = (double)(c->ticks - c->looked_at) / (now - c->looked + 1e-9);
	c->looked = now;
	c->looked_at = c->ticks;
	c->next_look = c->ticks + 1 + (int64_t)(rate < 1e9 ? rate / 100 : 1e7);
	return now - c->written >= c->seconds;
}

void checkpoint_look(Training *t, const Position *position, int network, int64_t steps)
{
	Checkpoint *c = t->checkpoint;
	const bool failed = c->failed;
	if (!is_due(c, network, steps))
		return;
	checkpoint_write(t, position);
	if (c->failed && !failed) {
		Failure text;
		fail(&text, "%.900s; the training goes on, and tries again", c->failure.text);
		c->say(&text);
	}
}

/* ---- reading: first everything is checked, then it is stored */

typedef struct Restore {
	const Checkpoint *checkpoint;
	const TensorFile *file;
	const char *path;
	bool store;
	Failure *failure;
} Restore;

static const NamedTensor *find(const Restore *r, const char *prefix, const NamedTensor *wanted)
{
	const NamedTensor *found = tensor_file_find(r->file, prefix, strlen(prefix), wanted->name);
	bool same = found && found->type == wanted->type && found->rank == wanted->rank;
	for (int i = 0; same && i < wanted->rank; i++)
		same = found->shape[i] == wanted->shape[i];
	if (same)
		return found;
	fail(r->failure, "%s cannot be resumed: `%s%s` is not there, or not as this bnc has it: was it written by another "
		"version?", r->path, prefix, wanted->name);
	return NULL;
}

static bool take_integers(const Restore *r, const char *name, int64_t *out, int count)
{
	const NamedTensor wanted = {.name = name, .type = ELEMENT_I64, .rank = 1, .shape = {count}};
	const NamedTensor *found = find(r, "", &wanted);
	if (found)
		memcpy(out, found->values, (size_t)count * sizeof *out);
	return found;
}

/* Integers must be from -1 to INT32_MAX, if they are to be ints. */
static bool take_fields(const Restore *r, const char *prefix, const Field *fields, void *to)
{
	for (; fields->name; fields++) {
		const NamedTensor wanted = {.name = fields->name,
			.type = fields->kind == FIELD_DOUBLE ? ELEMENT_F64 : ELEMENT_I64};
		const NamedTensor *found = find(r, prefix, &wanted);
		int64_t integer;
		if (!found)
			return false;
		char *field = (char *)to + fields->offset;
		memcpy(&integer, found->values, sizeof integer);
		if (fields->kind != FIELD_INT)
			memcpy(field, &integer, sizeof integer);
		else if (integer >= -1 && integer <= INT32_MAX)
			*(int *)(void *)field = (int)integer;
		else
			return fail(r->failure, "%s: damaged: `%s` is %lld", r->path, fields->name, (long long)integer);
	}
	return true;
}

static bool take_tensors(const Restore *r, const char *prefix, const Program *program, void *net,
	const ProgramTensor *tensors, int count)
{
	for (int i = 0; i < count; i++) {
		const NamedTensor wanted = tensor_named(program, &tensors[i]), *found = find(r, prefix, &wanted);
		if (!found)
			return false;
		if (r->store && tensors[i].layout == LAYOUT_COUNTER)
			memcpy((char *)net + tensors[i].offset, found->values, sizeof(int64_t));
		else if (r->store)
			tensor_set(program, net, &tensors[i], found->values);
	}
	return true;
}

static bool take_random(const Restore *r, const char *name, Random *random)
{
	int64_t words[STATE_WORDS + 1];
	if (!take_integers(r, name, words, STATE_WORDS + 1))
		return false;
	for (int i = 0; i <= STATE_WORDS; i++)
		if (words[i] < 0 || words[i] > (i < STATE_WORDS ? UINT32_MAX : STATE_WORDS))
			return fail(r->failure, "%s: damaged: `%s` is no generator", r->path, name);
	*random = (Random){.position = (int)words[STATE_WORDS]};
	for (int i = 0; i < STATE_WORDS; i++)
		random->state[i] = (uint32_t)words[i];
	return true;
}

/* best: room for the best network, or null if nothing is stored. */
static bool take_run(const Restore *r, const Training *t, int index, Run *run, Turn *turn, void *best)
{
	const Program *program = run->program;
	char prefix[20], best_prefix[40];
	write_prefix(prefix, sizeof prefix, t->run_count, index);
	snprintf(best_prefix, sizeof best_prefix, "%sbnc/best/", prefix);
	return take_fields(r, prefix, run_fields, run) && take_fields(r, prefix, turn_fields, turn)
		&& take_tensors(r, prefix, program, run->net, program->tensors, program->tensor_count)
		&& take_tensors(r, prefix, program, run->net, program->states, program->state_count)
		&& (!t->patience || run->best_epoch < 0
			|| take_tensors(r, best_prefix, program, best, program->tensors, program->tensor_count));
}

/* ---- what must be the same */

typedef struct Line { const char *text; int length; } Line;

/* The next line of a network's text that has to be the same. */
static Line next_line(const char **text)
{
	while (**text) {
		const Line line = {*text, (int)strcspn(*text, "\n")};
		*text += line.length + (line.text[line.length] == '\n');
		if (strncmp(line.text, "name ", 5) != 0 && strncmp(line.text, "epochs ", 7) != 0)
			return line;
	}
	return (Line){"no more layers", 14};
}

static bool is_setting(Line line)
{
	static const char *const names[] = {"augment ", "optimizer ", "schedule ", "batch ", "seed "};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strncmp(line.text, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static int shown(Line line)
{
	return line.length < 150 ? line.length : 150;
}

static bool check_network(const Restore *r, const Training *t, int index)
{
	char key[30], name[60] = "another network";
	const char *ours = r->checkpoint->about[index].network, *our_name = t->runs[index].program->name;
	snprintf(key, sizeof key, index ? "bnc.network.%d" : "bnc.network", index + 1);
	const char *theirs = tensor_file_text(r->file, key);
	if (!theirs)
		return fail(r->failure, "%s: damaged: it does not say of which network it is", r->path);
	sscanf(theirs, "name %59s", name);
	while (*theirs || *ours) {
		const Line first = next_line(&theirs), second = next_line(&ours);
		if (first.length == second.length && memcmp(first.text, second.text, (size_t)first.length) == 0)
			continue;
		if (is_setting(first) && is_setting(second))
			return fail(r->failure, "%s was begun with `%.*s`, but %s has `%.*s`: with another setting a new training "
				"can begin from its weights, --weights %.150s", r->path, shown(first), first.text, our_name,
				shown(second), second.text, r->path);
		return fail(r->failure, "%s is a checkpoint of another network: %s has `%.*s` there, and %s has `%.*s` here",
			r->path, name, shown(first), first.text, our_name, shown(second), second.text);
	}
	return true;
}

static bool check_networks(const Restore *r, const Training *t, const Whole *whole)
{
	const Program *program = t->runs[0].program;
	const bool one = whole->networks == 1;
	if (whole->networks != t->run_count)
		return fail(r->failure, "%s is a checkpoint of %lld network%s that train%s side by side, but %d %s given",
			r->path, (long long)whole->networks, one ? "" : "s", one ? "s" : "", t->run_count,
			t->run_count == 1 ? "is" : "are");
	for (int i = 0; i < t->run_count; i++)
		if (!check_network(r, t, i))
			return false;
	char prefix[20];
	write_prefix(prefix, sizeof prefix, t->run_count, 0);
	for (int i = 0; i < program->tensor_count; i++) {
		const NamedTensor wanted = tensor_named(program, &program->tensors[i]);
		const NamedTensor *found = tensor_file_find(r->file, prefix, strlen(prefix), wanted.name);
		if (found && wanted.type != ELEMENT_I64 && found->type != wanted.type)
			return fail(r->failure, "%s was trained with --dtype %s: %s", r->path,
				found->type == ELEMENT_F64 ? "f64" : "f32",
				found->type == ELEMENT_F64 ? "give that, too" : "leave out --dtype f64");
	}
	return true;
}

static bool check_data(const Restore *r, const Training *t)
{
	const Checkpoint *c = r->checkpoint;
	const char *train = tensor_file_text(r->file, "bnc.train"), *valid = tensor_file_text(r->file, "bnc.valid");
	const char *name = tensor_file_text(r->file, "bnc.train.name");
	if (!train || !name)
		return fail(r->failure, "%s: damaged: it does not say on which data it was trained", r->path);
	if (!valid != !t->valid)
		return fail(r->failure, "%s was trained %s --valid: %s", r->path, valid ? "with" : "without",
			valid ? "give it, too" : "leave it out");
	if (strcmp(train, c->train) != 0)
		return fail(r->failure, "%s was trained on other data: %.80s, %.100s; but %.80s has %s", r->path, name, train,
			t->data->name, c->train);
	return !valid || strcmp(valid, c->valid) == 0 || fail(r->failure, "%s was trained with other data for --valid: "
		"%.100s; but %.80s has %s", r->path, valid, t->valid->name, c->valid);
}

static bool check_settings(const Restore *r, const Training *t, const Whole *whole)
{
	if (whole->shuffle != t->shuffle)
		return fail(r->failure, "%s was trained %s --no-shuffle: %s", r->path, t->shuffle ? "with" : "without",
			t->shuffle ? "give it, too" : "leave it out");
	return whole->patience || !t->patience || fail(r->failure, "%s was trained without --patience, and does not have "
		"the network of its best epoch: leave it out", r->path);
}

/* Where it is must be in the data, and before the end. */
static bool check_place(const Restore *r, const Training *t, const Whole *whole, const Turn *turn)
{
	const int batches = batches_of(t);
	if (whole->epoch < 0 || whole->epoch > INT32_MAX || whole->drawn < 0 || whole->drawn > 1 || turn->batch < 0
		|| turn->batch > batches || turn->seen < 0 || turn->seen > t->data->rows)
		return fail(r->failure, "%s: damaged: it is at no step of this training", r->path);
	const int64_t done = whole->epoch * batches + turn->batch;
	return done <= steps_of(t) || fail(r->failure, "%s has run %lld steps already, more than the %lld of %d epoch%s%s: "
		"give more of them", r->path, (long long)done, (long long)steps_of(t), t->steps ? (int)epochs_of(t) : t->epochs,
		epochs_of(t) == 1 ? "" : "s", t->steps ? " (--steps)" : "");
}

/* Reads it all without storing anything of the networks. */
static bool check(const Restore *r, const Training *t, LogPlace *log)
{
	const char *found = tensor_file_text(r->file, form_key);
	Whole whole;
	Random random;
	int64_t place[2];
	if (!found)
		return fail(r->failure, "%s is not a checkpoint; if it has weights, --weights begins a training with them",
			r->path);
	if (strcmp(found, form) != 0 || !r->file->checked)
		return fail(r->failure, "%s was written by another version of bnc, or is damaged: it is a checkpoint of form "
			"%.20s%s, expected %s", r->path, found, r->file->checked ? "" : " without a check sum", form);
	if (!take_fields(r, "", whole_fields, &whole) || !check_networks(r, t, &whole) || !check_data(r, t)
		|| !check_settings(r, t, &whole) || !take_random(r, "bnc/random", &random)
		|| !take_random(r, "bnc/before", &random) || (t->augments.count && !take_random(r, "bnc/augment", &random))
		|| !take_integers(r, "bnc/log", place, 2))
		return false;
	*log = (LogPlace){place[0], (uint32_t)place[1]};
	for (int i = 0; i < t->run_count; i++) {
		Run run = t->runs[i];
		Turn turn = {.batch = 0};
		if (!take_run(r, t, i, &run, &turn, NULL) || !check_place(r, t, &whole, &turn))
			return false;
	}
	return true;
}

/* "1000 rows of 2 values, check sum 1b2c3d4e" */
static void describe(const Data *data, char *out, size_t size)
{
	const size_t rows = (size_t)data->rows;
	uLong sum = crc32_z(0, NULL, 0);
	sum = crc32_z(sum, data->x_any, rows * (size_t)data->features * data->number_bytes);
	if (data->labels)
		sum = crc32_z(sum, (const void *)data->labels, rows * sizeof *data->labels);
	if (data->targets_any)
		sum = crc32_z(sum, data->targets_any, rows * (size_t)data->target_features * data->number_bytes);
	snprintf(out, size, "%d rows of %d values, check sum %08lx", data->rows, data->features, sum);
}

bool checkpoint_open(Training *t, LogPlace *log, Failure *failure)
{
	Checkpoint *c = t->checkpoint;
	const Restore restore = {.checkpoint = c, .file = c->from, .path = c->from_path, .failure = failure};
	const char *here = t->runs[0].program->kernels->name;
	*log = (LogPlace){.length = -1};
	describe(t->data, c->train, sizeof c->train);
	if (t->valid)
		describe(t->valid, c->valid, sizeof c->valid);
	c->written = c->looked = wall_seconds();
	if (!c->from)
		return true;
	if (!check(&restore, t, log))
		return false;
	const char *isa = tensor_file_text(c->from, "bnc.isa");
	if (isa && strcmp(isa, here) != 0) {
		Failure text;
		fail(&text, "note: %s was written with the kernels for %.20s, and goes on with those for %s: results agree to "
			"rounding", c->from_path, isa, here);
		c->say(&text);
	}
	return true;
}

void checkpoint_restore(Training *t, Position *position)
{
	Failure failure;
	Whole whole;
	if (!t->checkpoint || !t->checkpoint->from)
		return;
	const Restore restore = {.file = t->checkpoint->from, .path = t->checkpoint->from_path, .store = true,
		.failure = &failure};
	void *const *best = position->validation->best;
	take_fields(&restore, "", whole_fields, &whole);
	take_random(&restore, "bnc/random", t->random);
	take_random(&restore, "bnc/before", &position->order->before);
	if (t->augments.count)
		take_random(&restore, "bnc/augment", &position->order->augmented.before);
	position->epoch = (int)whole.epoch;
	position->drawn = whole.drawn;
	for (int i = 0; i < t->run_count; i++) {
		Turn *turn = &position->turns[i];
		take_run(&restore, t, i, &t->runs[i], turn, best ? best[i] : NULL);
		t->runs[i].steps = whole.epoch * batches_of(t);
		turn->first = turn->batch;
	}
}
