/* --emit: the network as C for other programs. The network is compiled for the lanes and the batch size that were
 * asked for, printed by the functions that print for libtcc, and written together with the source of its kernels. */
#include "standalone.h"
#include "emit/kernel_text.h"
#include <ctype.h>
#include <string.h>

/* ---- names */

static const char *without_folders(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* The default prefix: the network's name, or the file's if the network was given on the command line. */
static const char *default_name(Arena *arena, const Compilation *model, const char *path)
{
	if (strcmp(model->source.path, "-e") != 0 || strcmp(model->network->name, "net") != 0)
		return model->network->name;
	const char *file = without_folders(path);
	return arena_copy(arena, file, strlen(file) - 2);
}

static void choose_prefix(Standalone *s)
{
	const char *name = default_name(s->arena, s->model, s->options->path);
	bool taken = false;
	s->prefix = s->options->prefix ? s->options->prefix : prefix_of(s->arena, name, &taken);
	if (taken)
		s->taken = name;
}

/* ---- options */

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);
	return length > end_length && strcmp(text + length - end_length, end) == 0;
}

/* Checks a file name: the header's is written in an #include and in a comment. */
static bool check_file_name(const char *path, Failure *failure)
{
	const char *name = without_folders(path);
	for (const char *c = name; *c; c++)
		if (iscntrl((unsigned char)*c) || strchr("\"\\", *c) || (c[0] == '?' && c[1] == '?'))
			return fail(failure,
				"--emit takes a file name without quotation mark, backslash, control character and `??`, which C "
				"cannot include, found `%.200s`", path);
	return true;
}

bool standalone_check(const StandaloneOptions *options, Failure *failure)
{
	const char *end = options->single_header ? ".h" : ".c";
	if (!ends_with(options->path, end))
		return fail(failure, "--emit%s takes a file name that ends in %s, found `%.200s`%s",
			options->single_header ? " with --single-header" : "", end, options->path,
			ends_with(options->path, ".h") ? ": with --single-header, all is in one FILE.h" : "");
	if (!check_file_name(options->path, failure) || !check_header(options->path, failure))
		return false;
	if (options->test_path && !ends_with(options->test_path, ".c"))
		return fail(failure, "--emit-test takes a file name that ends in .c, found `%.200s`", options->test_path);
	return !options->prefix || check_prefix(options->prefix, failure);
}

/* ---- memory */

/* The order is arrays, work, counters. So in a struct that begins on a cache line the panels begin on cache lines too,
 * and every compiler gives the members the same offsets. */
static void plan_struct(Standalone *s)
{
	enum { ALIGNMENT = 16 };
	const Tensor **tensors = NEW_ARRAY(s->arena, const Tensor *, s->module->tensors.count);
	int count = standalone_tensors(s, tensors);
	s->output = (s->module->predict.work + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	s->work = s->output + tensor_floats(s->module, s->module->output);
	for (int i = 0; i < s->module->routine_count; i++)
		s->work = s->work < s->module->routines[i]->work ? s->module->routines[i]->work : s->work;
	for (int i = 0; i < s->module->tensors.count; i++)      /* parts of a block, too */
		s->convolves = s->convolves || s->module->tensors.items[i]->kernel_height;
	bool counters = false;
	s->bytes = 0;
	for (int i = 0; i < count; i++) {
		bool counter = tensors[i]->layout == LAYOUT_COUNTER;
		counters = counters || counter;
		s->bytes += tensor_bytes(s->module, tensors[i]);
	}
	/* so that an int64_t has the same offset whether it is aligned to 8 bytes or to 4 */
	if (counters && (s->bytes + s->work * s->target.number_bytes) % sizeof(int64_t) != 0)
		s->work++;
	s->bytes += s->work * s->target.number_bytes;
}

/* ---- files */

/* Writes all files, or only checks that they could be written. Either all files are new or all are old, as far as a
 * file system can guarantee that. */
static bool with_files(const Standalone *s, bool write, Failure *failure)
{
	const struct { const char *path; const Code *code; } texts[] = {
		{s->options->single_header ? 0 : s->options->path, &s->source},
		{s->header_path, &s->header},
		{s->options->test_path, &s->test},
	};
	enum { COUNT = sizeof texts / sizeof *texts };
	AtomicFile files[COUNT] = {0};
	bool ok = true;
	for (int i = 0; ok && i < COUNT; i++) {
		if (!texts[i].path)
			continue;
		ok = write ? atomic_open(&files[i], texts[i].path, failure) : atomic_check(texts[i].path, failure);
		if (ok && write) {
			atomic_write(&files[i], texts[i].code->items, (size_t)texts[i].code->count);
			ok = atomic_flush(&files[i], failure);
		}
	}
	for (int i = 0; ok && write && i < COUNT; i++)
		ok = !texts[i].path || atomic_commit(&files[i], failure);
	for (int i = 0; i < COUNT; i++)
		atomic_abandon(&files[i]);
	return ok;
}

static int largest_batch(const Standalone *s)
{
	return s->options->max_batch ? s->options->max_batch : s->model->network->batch;
}

/* Whether the network can have such batches. Folding makes no value smaller or larger. */
static bool takes_batch(const Standalone *s, int batch, Failure *failure)
{
	Diagnostics *diagnostics = diagnostics_open(s->arena, &s->model->source);
	if (check_batch(s->model->network, batch, !s->options->inference, diagnostics))
		return true;
	diagnostics_print(diagnostics, stderr);
	return fail(failure, "%s: nothing was emitted", s->options->path);
}

/* Compiles the network for the lanes that were asked for and this batch. */
static Module *compile_batch(const Standalone *s, int batch, bool recompute, Failure *failure)
{
	const Network *network = s->options->inference ? s->folded.network : s->model->network;
	const Options options = {.target = &s->target, .batch = batch, .fuse = true, .recompute = recompute};
	return compile_network(s->arena, network, &options, STAGE_PLAN, failure);
}

/* Compiles with and without recomputing activations, and keeps the smaller plan: recomputing saves memory in deep
 * networks, but may need more in shallow ones. */
static Module *compile_small(const Standalone *s, int batch, Failure *failure)
{
	Module *keeps = compile_batch(s, batch, false, failure);
	Module *recomputes = keeps ? compile_batch(s, batch, true, failure) : 0;
	return recomputes && recomputes->bytes < keeps->bytes ? recomputes : keeps;
}

/* Checks the memory that is not constant: that of the struct, or of one call. */
static bool check_size(const Standalone *s, Failure *failure)
{
	uint64_t budget = s->options->ram;
	if (!s->options->inference)
		return check_ram(s->module, &s->module->train, true, s->bytes, budget, failure);
	size_t one = one_scratch(s).floats * s->target.number_bytes,
		batch = scratch_of(s->module).floats * s->target.number_bytes;
	return check_ram(s->one, &s->one->predict, false, one, budget, failure)
		&& check_ram(s->module, &s->module->predict, false, batch, budget, failure);
}

static bool check_plan(const Standalone *s, Failure *failure)
{
	if (s->bytes > UINT32_MAX)
		return fail(failure,
			"%s would be a struct of %zu bytes, more than the 32 bits of its tensors' offsets can tell: a smaller "
			"--max-batch needs less", s->prefix, s->bytes);
	return check_size(s, failure);
}

/* Plans the program that trains. */
static bool plan_training(Standalone *s, Failure *failure)
{
	if (program_parameters(&s->model->module->program) == 0)
		return fail(failure,
			"%s has no parameter, so there is nothing to train: --inference writes it without training", s->prefix);
	s->module = compile_small(s, largest_batch(s), failure);
	if (!s->module)
		return false;
	plan_struct(s);
	return check_plan(s, failure);
}

/* Folds the network with its weights, and plans what predicts. */
static bool plan_inference(Standalone *s, Failure *failure)
{
	s->folded = fold(s->arena, s->model->network, model_weights(s));
	s->module = compile_batch(s, largest_batch(s), false, failure);
	s->one = s->module ? compile_batch(s, 1, false, failure) : 0;
	return s->one && check_plan(s, failure);
}

static Standalone *begin(const Compilation *model, const StandaloneOptions *options)
{
	Arena *arena = arena_open();
	Standalone *s = NEW(arena, Standalone);
	*s = (Standalone){
		.arena = arena, .options = options, .model = model,
		.tensors = tensors_by_path(arena, &model->module->program),
		.target = {.name = "emitted C", .number_bytes = model->module->program.kernels->number_bytes,
			.lanes = options->lanes ? options->lanes : 1},
		.header = {.arena = arena}, .source = {.arena = arena}, .test = {.arena = arena},
	};
	choose_prefix(s);
	s->capitals = capitals(arena, s->prefix);
	s->header_path = arena_print(arena, "%.*s.h", (int)strlen(options->path) - 2, options->path);
	s->header_name = without_folders(s->header_path);
	return s;
}

Standalone *standalone_fold(const Compilation *model, const void *net)
{
	static const StandaloneOptions options = {.path = "net.h", .prefix = "net", .inference = true, .in_memory = true};
	Standalone *s = begin(model, &options);
	s->net = net;
	s->folded = fold(s->arena, model->network, model_weights(s));
	return s;
}

Standalone *standalone_open(const Compilation *model, const StandaloneOptions *options, Wrong *wrong, Failure *failure)
{
	Standalone *s = begin(model, options);
	*wrong = WRONG_SIZE;
	if (takes_batch(s, largest_batch(s), failure) && (options->inference || plan_training(s, failure))) {
		*wrong = WRONG_FILE;
		if (options->in_memory || with_files(s, false, failure))
			return s;
	}
	standalone_close(s);
	return 0;
}

void standalone_close(Standalone *s)
{
	if (s)
		arena_close(s->arena);
}

bool standalone_renames(const Standalone *s, Failure *note)
{
	if (s->taken)
		fail(note,
			"`%.80s` belongs to C, C++, POSIX or one of their libraries: in %.200s it is %s (--prefix gives another "
			"name)", s->taken, s->options->path, s->prefix);
	return s->taken;
}

static bool print(Standalone *s, const void *net, Wrong *wrong, Failure *failure)
{
	const bool inference = s->options->inference;
	s->net = net;
	*wrong = WRONG_SIZE;
	if (inference && !plan_inference(s, failure))
		return false;
	*wrong = WRONG_FILE;
	if (inference ? !check_folded(s, failure) || !measure_folding(s, failure) : !check_weights(s, failure))
		return false;
	if (s->options->test_path && !put_test(s, failure))
		return false;
	put_header(s);
	put_source(s);
	settle_name(s, &s->header);
	settle_name(s, &s->source);
	settle_name(s, &s->test);
	return true;
}

bool standalone_write(Standalone *s, const void *net, Wrong *wrong, Failure *failure)
{
	return print(s, net, wrong, failure) && with_files(s, true, failure);
}

const char *standalone_text(Standalone *s, const void *net, bool *recomputes, Wrong *wrong, Failure *failure)
{
	if (!print(s, net, wrong, failure))
		return 0;
	*recomputes = s->module->options.recompute;
	return code_text(&s->header);
}
