/* All ways to compile a network must agree: with the model in double, with separate steps, with each other. */
#include "soak.h"
#include "pool.h"
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STEPS = 3, MOST_SECONDS = 300 };
static const double operations = 3e7, largest_loss = 1e4;

typedef struct Checked {
	Arena *arena;
	const char *text;
	uint32_t seed;
	const Network *network;
	Model model;                    /* has the weights with which everything begins */
	Batch batch;
	Verdict *verdict;
} Checked;

static bool wrong(Checked *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Keeps the first; returns false. */
static bool wrong(Checked *c, const char *format, ...)
{
	va_list values;
	if (c->verdict->wrong)
		return false;
	va_start(values, format);
	vsnprintf(c->verdict->text, sizeof c->verdict->text, format, values);
	va_end(values);
	c->verdict->wrong = true;
	return false;
}

static bool compile_as(Checked *c, const char *text, const Options *options, Stage last, Compilation *compilation)
{
	static const Overrides none = {.batch = -1, .epochs = -1, .lr = -1};
	Failure failure = {.text = ""};
	*compilation = (Compilation){.arena = c->arena, .source = {"t.net", text, strlen(text)}, .options = *options};
	if (compile(compilation, last, &none, &failure))
		return true;
	diagnostics_print(compilation->diagnostics, stderr);
	return wrong(c, "does not compile: %s", failure.text);
}

static const char *options_text(Arena *arena, const Options *o)
{
	return arena_print(arena, "%s%s%s%s%s%s%s, %d threads", o->target->name,
		o->target->number_bytes == sizeof(double) ? " f64" : "", o->fuse ? "" : ", not fused",
		o->pairs ? ", pairs" : "",
		o->recompute ? ", recomputed" : "", o->keep_rounding ? ", roundings kept" : "",
		o->update_at_once ? ", updated at once" : "", o->threads);
}

/* ---- the same text */

static bool check_text(Checked *c)
{
	const Options options = {.target = kernel_set(0), .fuse = true, .pairs = true};
	Compilation first, second;
	if (!compile_as(c, c->text, &options, STAGE_C, &first))
		return false;
	const char *printed = network_text(c->arena, first.network);
	if (!compile_as(c, printed, &options, STAGE_C, &second))
		return false;
	return strcmp(first.module->text, second.module->text) == 0
		|| wrong(c, "printed and parsed again, its C is another:\n%s", printed);
}

/* ---- against the model */

/* Whether a batchnorm gets a feature that is constant, but for rounding, and not 0 as after a relu: it divides by
 * sqrt(eps) then, and two of them make digits of the roundings of backward. */
static bool amplifies_roundings(const Model *m)
{
	const double least = 1e-3;
	for (int i = 0; i < m->network->nodes.count; i++) {
		const Node *node = m->network->nodes.items[i];
		const Shape *shape = &node->inputs[0]->shape;
		const double *x = model_value(m, node->inputs[0]);
		const int features = shape_features(shape), positions = shape_positions(shape);
		for (int f = 0; node->layer->normalises_batch && f < features; f++) {
			double low = INFINITY, high = -INFINITY;
			for (int k = 0; k < m->rows * positions; k++) {
				const double value = x[(k / positions * features + f) * positions + k % positions];
				low = fmin(low, value);
				high = fmax(high, value);
			}
			if (high - low < least && (low != 0 || high != 0))
				return true;
		}
	}
	return false;
}

/* The initial weights, and others of vectors: those that begin as 0 or 1 would hide mistakes. */
static bool make_model(Checked *c)
{
	const Options options = {.target = kernel_set("scalar"), .fuse = true};
	Random random;
	Compilation first;
	Failure failure;
	if (!compile_as(c, c->text, &options, STAGE_RUN, &first))
		return false;
	void *net = program_allocate(&first.module->program, &failure);
	random_seed(&random, c->seed);
	if (!net || !program_initialise(&first.module->program, net, &random, &failure))
		return wrong(c, "%s", failure.text);
	c->network = first.network;
	c->model = model_open(c->arena, c->network);
	model_fetch(&c->model, first.module, net);
	program_free(&first.module->program, net);
	module_close(first.module);
	for (int i = 0; i < c->network->nodes.count; i++)
		for (int k = 0; k < MAX_TENSORS; k++)
			for (size_t v = 0; c->model.tensors[i][k] && v < model_count(c->network->nodes.items[i], k); v++)
				if (c->network->nodes.items[i]->layer->tensors[k].layout == LAYOUT_FEATURES)
					c->model.tensors[i][k][v] = (double)(float)(c->model.tensors[i][k][v]
						+ numpy_uniform(&random, -0.4, 0.4));
	c->batch = random_batch(c->network, &random, c->network->batch);
	model_set_batch(&c->model, &c->batch);
	c->verdict->unusable = !(fabs(model_loss(&c->model)) < largest_loss) || amplifies_roundings(&c->model);
	return !c->verdict->unusable;
}

static void report_findings(Checked *c, const Verification *v, const Options *options)
{
	for (int i = 0; i < v->findings.count; i++) {
		const Finding *f = v->findings.items[i];
		if (f->wrong)
			wrong(c, "%s: check %d: %s is off by %g of %g, where %g are roundings", options_text(c->arena, options),
				(int)f->check, f->what, f->error, f->scale, f->tolerance);
	}
	if (v->not_emitted && !strstr(v->not_emitted, "would have more than"))
		wrong(c, "%s", v->not_emitted);
}

static bool verify_with(Checked *c, const Options *options, bool quick)
{
	Compilation compilation;
	Failure failure = {.text = ""};
	if (!compile_as(c, c->text, options, STAGE_RUN, &compilation))
		return false;
	void *net = program_allocate(&compilation.module->program, &failure);
	if (!net)
		return wrong(c, "%s", failure.text);
	model_store(&c->model, compilation.module, net);
	Verification v = {.arena = c->arena, .network = compilation.network, .compilation = &compilation, .net = net,
		.seed = c->seed, .operations = operations, .quick = quick};
	if (verify(&v, &failure))
		report_findings(c, &v, options);
	else
		wrong(c, "%s", failure.text);
	program_free(&compilation.module->program, net);
	module_close(compilation.module);
	return !c->verdict->wrong;
}

static bool usable(const KernelSet *set)
{
	return set->usable();
}

/* One kernel set in full, the others against separate steps only. */
static bool check_values(Checked *c, Random *random)
{
	int sets = 0, number = 0;
	for (const KernelSet *const *set = kernel_sets; *set; set++)
		sets += usable(*set);
	const int full = below(random, sets);
	for (const KernelSet *const *set = kernel_sets; *set; set++) {
		const KernelSet *target = below(random, 4) == 0 ? kernel_set_f64(*set) : *set;
		const Options options = {.target = target, .fuse = below(random, 8) > 0, .pairs = below(random, 2),
			.threads = 1 + below(random, 3), .recompute = below(random, 3) == 0, .share_all = true};
		if (usable(*set) && !verify_with(c, &options, number++ != full))
			return false;
	}
	return true;
}

/* ---- against each other */

typedef struct Results { float *values; size_t count; } Results;

static int rows_of(const Checked *c, int step)
{
	const int rows = c->batch.rows;
	return step % 2 == 0 || rows < 4 ? rows : rows / 2 + 1;
}

static bool run(Checked *c, const Options *options, Results *results)
{
	Compilation compilation;
	Failure failure;
	if (!compile_as(c, c->text, options, STAGE_RUN, &compilation))
		return false;
	const Module *m = compilation.module;
	const Program *program = &m->program;
	Trial trial = {.module = compilation.module, .net = program_allocate(program, &failure)};
	const size_t outputs = (size_t)c->batch.rows * (size_t)c->batch.outputs;
	size_t count = STEPS + 2 * outputs;
	trial.pool = m->options.threads > 1 ? pool_open(m->options.threads) : 0;
	model_store(&c->model, m, trial.net);
	for (int i = 0; i < program->tensor_count; i++)
		count += program->tensors[i].layout == LAYOUT_COUNTER ? 0 : tensor_count(&program->tensors[i]);
	*results = (Results){NEW_ARRAY(c->arena, float, count), count};
	float *next = results->values;
	for (int step = 0; step < STEPS; step++) {
		trial.rows = rows_of(c, step);
		*next++ = (float)trial_train(&trial, 0, c->batch.x, c->batch.labels, c->batch.targets, 0.01);
	}
	for (int step = 0; step < 2; step++, next += outputs) {
		trial.rows = rows_of(c, step);
		trial_predict(&trial, 0, c->batch.x, next);
	}
	for (int i = 0; i < program->tensor_count; i++)
		if (program->tensors[i].layout != LAYOUT_COUNTER) {
			tensor_get(program, trial.net, &program->tensors[i], next);
			next += tensor_count(&program->tensors[i]);
		}
	pool_close(trial.pool);
	trial_close(&trial);
	return true;
}

static bool check_bits(Checked *c, const KernelSet *set)
{
	const Options base = {.target = set, .fuse = true, .keep_rounding = true, .threads = 1};
	Options ways[6];
	Results expected, found;
	for (int i = 0; i < 6; i++)
		ways[i] = base;
	ways[0].fuse = false;
	ways[1].pairs = true;
	ways[2].recompute = true;
	ways[3].update_at_once = true;
	for (int i = 2; i <= 3; i++) {
		ways[i + 2].threads = i;
		ways[i + 2].share_all = true;
	}
	if (!run(c, &base, &expected))
		return false;
	for (int i = 0; i < 6; i++) {
		if (!run(c, &ways[i], &found))
			return false;
		if (found.count != expected.count)
			return wrong(c, "%s: other results", options_text(c->arena, &ways[i]));
		for (size_t k = 0; k < found.count; k++)
			if (memcmp(&found.values[k], &expected.values[k], sizeof(float)) != 0
				&& !(isnan(found.values[k]) && isnan(expected.values[k])))
				return wrong(c, "%s: result %zu is %.9g and not, as alone, %.9g", options_text(c->arena, &ways[i]), k,
					(double)found.values[k], (double)expected.values[k]);
	}
	return true;
}

/* ---- */

static void check_all(Checked *c)
{
	Random random;
	random_seed(&random, c->seed);
	if (!check_text(c) || !make_model(c) || !check_values(c, &random))
		return;
	for (const KernelSet *const *set = kernel_sets; *set; set++)
		if (usable(*set) && !check_bits(c, *set))
			return;
}

Verdict check_network(const char *text, uint32_t seed)
{
	Verdict verdict = {.wrong = false};
	int ends[2], status;
	if (pipe(ends) != 0)
		abort();
	fflush(stdout);
	const pid_t child = fork();
	if (child == 0) {
		Checked c = {.arena = arena_open(), .text = text, .seed = seed, .verdict = &verdict};
		alarm(MOST_SECONDS);
		check_all(&c);
		_exit(write(ends[1], &verdict, sizeof verdict) != (ssize_t)sizeof verdict);
	}
	close(ends[1]);
	const bool told = read(ends[0], &verdict, sizeof verdict) == (ssize_t)sizeof verdict;
	close(ends[0]);
	waitpid(child, &status, 0);
	if (!told || !WIFEXITED(status) || WEXITSTATUS(status)) {
		verdict = (Verdict){.wrong = true};
		snprintf(verdict.text, sizeof verdict.text, "ended by %s %d", WIFSIGNALED(status) ? "signal" : "status",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	}
	return verdict;
}
