/* Runs the network within bnc: to find what folding changes, and what a self-test should expect. It uses the scalar
 * kernels, so that the printed results do not depend on the machine. */
#include "standalone.h"
#include "profile.h"
#include <math.h>
#include <string.h>

static void *place(const Trial *trial, size_t offset)
{
	return (char *)trial->net + offset;
}

static const KernelSet *scalar_set(const Standalone *s)
{
	const KernelSet *set = kernel_set("scalar");
	return s->target.number_bytes == sizeof(double) ? kernel_set_f64(set) : set;
}

static void set_weights(const Standalone *s, Trial *trial)
{
	const Module *m = trial->module;
	const bool folded = m->network == s->folded.network;
	for (int n = 0; n < m->network->nodes.count; n++) {
		const Node *node = m->network->nodes.items[n];
		for (int t = 0; node->layer->tensors[t].name; t++) {
			const Tensor *tensor = m->owned[node->index][t];
			if (tensor && tensor->layout != LAYOUT_COUNTER)
				tensor_set(&m->program, trial->net, tensor_at_path(trial->tensors, tensor->path),
					folded ? folded_values(s, m, node, t) : weights_of(s, tensor));
		}
	}
}

static bool initialise_trial(const Standalone *s, Trial *trial, Failure *failure)
{
	Random random;
	const Program *program = &trial->module->program;
	trial->tensors = tensors_by_path(s->arena, program);
	random_seed(&random, s->net ? (uint32_t)s->model->network->seed : 0);
	if (s->net)
		set_weights(s, trial);
	else if (!program_initialise(program, trial->net, &random, failure))
		return false;
	program_set_random(program, trial->net, &random);
	return true;
}

bool trial_compile(Arena *arena, const Network *network, const Options *options, Trial *trial, Failure *failure)
{
	trial->module = compile_network(arena, network, options, STAGE_RUN, failure);
	trial->net = trial->module ? program_allocate(&trial->module->program, failure) : 0;
	if (!trial->net)
		trial_close(trial);
	return trial->net;
}

bool trial_open_as(const Standalone *s, Trial *trial, const Network *network, const Options *options,
	Failure *failure)
{
	*trial = (Trial){.rows = options->batch};
	if (!trial_compile(s->arena, network, options, trial, failure))
		return false;
	const bool ok = initialise_trial(s, trial, failure);
	if (!ok)
		trial_close(trial);
	return ok;
}

bool trial_open(const Standalone *s, Trial *trial, int rows, bool folded, bool fused, Failure *failure)
{
	const Network *network = folded ? s->folded.network : s->model->network;
	const Options options = {.target = scalar_set(s), .batch = rows, .fuse = fused, .profile = true};
	*trial = (Trial){.rows = rows};
	if (!check_batch(network, rows, false, diagnostics_open(s->arena, &s->model->source)))
		return fail(failure, "%s is too large for a batch of %d, with which bnc tries what it emits",
			s->model->source.path, rows);
	return trial_open_as(s, trial, network, &options, failure);
}

void trial_close(Trial *trial)
{
	if (trial->net)
		program_free(&trial->module->program, trial->net);
	module_close(trial->module);
}

/* ---- roundings */

/* The direction of an error depends on the value, not on its place: equal rows stay equal, and BatchNorm of a constant
 * feature does not turn errors into noise. */
void trial_disturb(Random *random, void *values, size_t number_bytes, size_t count)
{
	const bool wide = number_bytes == sizeof(double);
	const double rounding = wide ? 0x1p-52 : 0x1p-23;
	uint32_t salt = random_u32(random);
	for (size_t i = 0; i < count; i++) {
		uint32_t words[2] = {0};
		memcpy(words, (const char *)values + i * number_bytes, number_bytes);
		/* MurmurHash3's finaliser */
		uint32_t bits = words[0] ^ (words[1] ^ words[1] >> 15) * 0x9e3779b1u ^ salt;
		bits = (bits ^ bits >> 16) * 0x85ebca6bu;
		bits = (bits ^ bits >> 13) * 0xc2b2ae35u;
		number_put(values, number_bytes, i,
			number_at(values, number_bytes, i) * (bits >> 31 ? 1 + rounding : 1 - rounding));
	}
}

/* What disturb_loop needs to know of the routine that runs. */
typedef struct Noise { const Trial *trial; const Routine *routine; Random *random; } Noise;

/* The loop of that number; those of the update come after those of train, which calls it. */
static const Loop *loop_of(const Noise *noise, int number)
{
	const Routine *update = &noise->trial->module->update;
	const int loops = noise->routine->loops.count;
	return number < loops ? noise->routine->loops.items[number] : update->loops.items[number - loops];
}

static void disturb_tensor(const Noise *noise, const Tensor *tensor)
{
	const Module *m = noise->trial->module;
	bool temporary = tensor->role == ROLE_TEMPORARY;
	const size_t bytes = number_bytes(m);
	const bool numbers = tensor->layout != LAYOUT_COUNTER && tensor->layout != LAYOUT_GENERATOR
		&& tensor->layout != LAYOUT_BITS;
	if (numbers && !tensor->one_panel)
		trial_disturb(noise->random,
			place(noise->trial, temporary ? m->work_offset + tensor->offset * bytes : tensor->offset), bytes,
			tensor_floats(m, tensor));
}

/* Adds a rounding error to everything that the loop's steps have written. */
static void disturb_loop(void *watcher, int number)
{
	const Noise *noise = watcher;
	const Loop *loop = number >= 0 ? loop_of(noise, number) : 0;
	for (int i = 0; loop && i < loop->steps.count; i++) {
		const Step *step = loop->steps.items[i];
		for (int k = 0; k < step->kernel->parameter_count; k++)
			if (step->operands[k].kind == OPERAND_AT && step->kernel->parameters[k].type->writes)
				disturb_tensor(noise, step->operands[k].tensor);
	}
}

/* ---- its routines; with random, every step's results are off by a rounding */

void trial_predict(const Trial *trial, Random *random, const void *x, void *y)
{
	const Program *program = &trial->module->program;
	Noise noise = {trial, &trial->module->predict, random};
	Profile watch = {.watch = disturb_loop, .watcher = &noise};
	const Host host = {.pool = trial->pool, .profile = random ? &watch : 0};
	program->kernels->gather(trial->rows, program->inputs, place(trial, program->x), x, 0);
	program->predict(trial->net, trial->rows, &host);
	program->kernels->scatter(trial->rows, program->outputs, y, place(trial, program->output));
}

double trial_train(const Trial *trial, Random *random, const void *x, const int32_t *label, const void *target,
	double lr)
{
	const Program *program = &trial->module->program;
	Noise noise = {trial, &trial->module->train, random};
	Profile watch = {.watch = disturb_loop, .watcher = &noise};
	const Host host = {.pool = trial->pool, .profile = random ? &watch : 0};
	program->kernels->gather(trial->rows, program->inputs, place(trial, program->x), x, 0);
	if (program->truth == TRUTH_LABELS)
		memcpy(place(trial, program->label), label, (size_t)trial->rows * sizeof *label);
	else
		program->kernels->gather(trial->rows, program->outputs, place(trial, program->target), target, 0);
	program->train(trial->net, trial->rows, lr, &host);
	return number_at(place(trial, program->loss), program->kernels->number_bytes, 0);
}

void trial_update(const Trial *trial, Random *random, double lr)
{
	const Program *program = &trial->module->program;
	Noise noise = {trial, &trial->module->train, random};
	Profile watch = {.watch = disturb_loop, .watcher = &noise};
	const Host host = {.profile = random ? &watch : 0};
	if (program->update)
		program->update(trial->net, lr, &host);
}

/* ---- what folding changes */

static void compare(Standalone *s, const Trial *plain, const Trial *folded, Random *random)
{
	size_t inputs = (size_t)plain->rows * (size_t)plain->module->program.inputs,
		outputs = (size_t)plain->rows * (size_t)plain->module->program.outputs;
	const size_t bytes = s->target.number_bytes;
	void *x = arena_alloc(s->arena, inputs, bytes), *y = arena_alloc(s->arena, outputs, bytes),
		*z = arena_alloc(s->arena, outputs, bytes);
	for (size_t i = 0; i < inputs; i++)
		number_put(x, bytes, i, numpy_normal(random, 0, 1));
	trial_predict(plain, 0, x, y);
	trial_predict(folded, 0, x, z);
	for (size_t i = 0; i < outputs; i++) {
		s->difference = fmax(s->difference, fabs(number_at(y, bytes, i) - number_at(z, bytes, i)));
		s->largest = fmax(s->largest, fabs(number_at(y, bytes, i)));
	}
	s->measured += plain->rows;
}

bool measure_folding(Standalone *s, Failure *failure)
{
	enum { ROWS = 32, BATCHES = 32 };
	Trial plain, folded;
	Random random;
	if (!trial_open(s, &plain, ROWS, false, false, failure))
		return false;
	bool ok = trial_open(s, &folded, ROWS, true, true, failure);
	random_seed(&random, 0);
	for (int batch = 0; ok && batch < BATCHES; batch++)
		compare(s, &plain, &folded, &random);
	if (ok)
		trial_close(&folded);
	trial_close(&plain);
	if (ok && !isfinite(s->difference + s->largest))
		return fail(failure, "%s: with these weights an output is not finite: nothing was emitted",
			s->model->source.path);
	return ok;
}
