/* plan.c: the runs of a sweep: every network with every combination of values and every seed. */
#include "experiments.h"
#include "base/code.h"
#include "hash.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* ---- what a run is */

/* As hash_bytes, by eight bytes at a time, for much data. */
static uint64_t hash_words(uint64_t hash, const void *bytes, size_t count)
{
	const size_t whole = count / 8;
	for (size_t i = 0; i < whole; i++) {
		uint64_t word;
		memcpy(&word, (const char *)bytes + 8 * i, 8);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15;
		hash ^= hash >> 29;
	}
	return hash_bytes(hash, (const char *)bytes + 8 * whole, count % 8);
}

static uint64_t hash_data(uint64_t hash, const Data *data)
{
	const size_t rows = (size_t)data->rows;
	const int64_t sizes[] = {data->rows, data->features, data->target_features, data->labels ? data->classes : 0};
	hash = hash_bytes(hash, sizes, sizeof sizes);
	hash = hash_words(hash, data->x_any, rows * (size_t)data->features * data->number_bytes);
	hash = hash_words(hash, data->targets_any, rows * (size_t)data->target_features * data->number_bytes);
	return data->labels ? hash_words(hash, data->labels, rows * sizeof *data->labels) : hash;
}

static bool hash_file(uint64_t *hash, const char *path, Failure *failure)
{
	char bytes[16384];
	FILE *file = fopen(path, "rb");
	if (!file)
		return fail(failure, "%s: cannot be read", path);
	for (size_t count; (count = fread(bytes, 1, sizeof bytes, file)) > 0;)
		*hash = hash_bytes(*hash, bytes, count);
	const bool read = !ferror(file);
	fclose(file);
	return read || fail(failure, "%s: cannot be read", path);
}

/* Everything that is the same for all configurations. */
static uint64_t hash_sweep(const Sweep *s)
{
	const int64_t numbers[] = {s->steps, s->patience, s->shuffle, s->standardize && s->valid_fraction > 0,
		(int64_t)s->data->number_bytes};
	uint64_t hash = hash_bytes(HASH_START, numbers, sizeof numbers);
	hash = hash_bytes(hash, &s->valid_fraction, sizeof s->valid_fraction);
	hash = hash_data(hash, s->data);
	return s->valid ? hash_data(hash, s->valid) : hash;
}

/* ---- configurations */

/* The value of an axis in a configuration: the last axis changes fastest. */
static const Definition *value_of(const Sweep *s, int configuration, int axis)
{
	for (int i = s->axis_count - 1; i > axis; i--)
		configuration /= s->axes[i].values.count;
	return &s->axes[axis].values.items[configuration % s->axes[axis].values.count];
}

static void put_value(Code *code, Arena *arena, const Definition *d)
{
	const Literal *value = &d->value;
	if (value->kind == LITERAL_NUMBER && value->integer && !value->overflow)
		code_put(code, "%s%llu", value->negative ? "-" : "", (unsigned long long)value->magnitude);
	else if (value->kind == LITERAL_NUMBER)
		code_put(code, "%s", exact_text(arena, value->number));
	else
		code_put(code, value->kind == LITERAL_NAME ? "%s" : "\"%s\"", definition_text(arena, d));
}

static const char *settings_text(const Sweep *s, const Overrides *overrides)
{
	Code code = {.arena = s->arena};
	for (int i = 0; i < overrides->definition_count; i++) {
		const Definition *d = &overrides->definitions[i];
		code_put(&code, "%s\"%s\":", i ? "," : "{", d->name);
		put_value(&code, s->arena, d);
	}
	code_put(&code, overrides->definition_count ? "}" : "{}");
	return code_text(&code);
}

static void override(Arena *arena, const Sweep *s, int configuration, Overrides *out)
{
	const int given = s->overrides.definition_count;
	Definition *definitions = NEW_ARRAY(arena, Definition, given + s->axis_count);
	*out = s->overrides;
	for (int i = 0; i < given; i++)
		definitions[i] = s->overrides.definitions[i];
	for (int i = 0; i < s->axis_count; i++)
		definitions[given + i] = *value_of(s, configuration, i);
	out->definitions = definitions;
	out->definition_count = given + s->axis_count;
}

/* The text of the network without what its program does not depend on. */
static const char *program_key(Arena *arena, const Network *network)
{
	Network same = *network;
	Node optimizer = *network->optimizer, schedule = {.layer = layer_default(KIND_SCHEDULE, 0), .path = "schedule"};
	const int lr = argument_index(optimizer.layer, "lr");
	optimizer.arguments[lr] = argument_spec(optimizer.layer, lr)->default_value;
	same.optimizer = &optimizer;
	same.schedule = &schedule;
	same.augments.count = 0;
	same.epochs = 0;
	same.seed_given = false;
	return network_text(arena, &same);
}

static uint64_t identity_of(uint64_t hash, Arena *arena, const Network *network)
{
	Network same = *network;
	same.seed_given = false;
	const char *text = network_text(arena, &same);
	hash = network->init == 1 ? hash : hash_bytes(hash, &network->init, sizeof network->init);
	return hash_bytes(hash, text, strlen(text));
}

/* ---- programs */

/* The program is compiled when all are known; until then its network and how to compile it are kept. */
static bool add_program(Plan *plan, const SweepNetwork *n, const Compilation *c, const char *key, Failure *failure)
{
	Compiled *compiled = NEW(plan->sweep->arena, Compiled);
	if (plan->compiled_count == MAX_PROGRAMS)
		return fail(failure, "the sweep would compile more than %d different networks: vary sizes less, or in several "
			"sweeps", MAX_PROGRAMS);
	*compiled = (Compiled){.arena = c->arena, .name = n->name, .compilation = c, .network = c->network,
		.next = plan->compiled};
	plan->compiled = compiled;
	plan->compiled_count++;
	plan->programs = map_put(plan->sweep->arena, plan->programs, key, compiled);
	return true;
}

static bool compile_programs(const Plan *plan, Failure *failure)
{
	for (Compiled *c = plan->compiled; c; c = c->next) {
		c->module = compile_network(c->arena, c->network, &c->compilation->options, STAGE_RUN, failure);
		if (!c->module)
			return false;
		c->module->program.name = c->name;
	}
	return true;
}

static Schedule copy_schedule(Arena *arena, const Network *network)
{
	Schedule schedule = schedule_of(network);
	double *arguments = NEW_ARRAY(arena, double, MAX_ARGUMENTS);
	memcpy(arguments, schedule.arguments, MAX_ARGUMENTS * sizeof *arguments);
	schedule.arguments = arguments;
	return schedule;
}

static bool refuse(Refusal *refusal, const Compilation *c)
{
	if (refusal->failure.text[0])
		return false;
	refusal->of_command = c->network->refused;
	refusal->diagnostics = refusal->of_command ? c->network->refused : c->diagnostics;
	return false;
}

static bool add_configuration(Plan *plan, const SweepNetwork *n, int number, uint64_t hash, Refusal *refusal)
{
	const Sweep *s = plan->sweep;
	Configuration *out = &plan->configurations[plan->configuration_count];
	Overrides overrides;
	Arena *arena = arena_open();
	Compilation *c = NEW(arena, Compilation);
	*c = (Compilation){.arena = arena, .source = *n->source, .options = *n->options};
	override(arena, s, number, &overrides);
	c->options.sample = sample_of(s->data);
	c->options.threads = plan->run_threads;
	if (!compile(c, STAGE_NETWORK, &overrides, &refusal->failure)
		|| !check_data(c->network, s->data, n->weights, c->diagnostics)) {
		plan->broken = arena;
		return refuse(refusal, c);
	}
	const char *key = program_key(arena, c->network);
	*out = (Configuration){
		.network = n, .compiled = map_get(plan->programs, key), .settings = settings_text(s, &overrides),
		.identity = identity_of(hash, arena, c->network), .schedule = copy_schedule(s->arena, c->network),
		.augments = augments_of(s->arena, c->network),
		.batch = c->network->batch, .epochs = c->network->epochs, .init = c->network->init,
	};
	plan->configuration_count++;
	if (out->compiled) {
		arena_close(arena);
		return true;
	}
	if (!add_program(plan, n, c, arena_copy(s->arena, key, strlen(key)), &refusal->failure)) {
		plan->broken = arena;
		return false;
	}
	out->compiled = plan->compiled;
	return true;
}

/* ---- the plan */

static bool count_runs(Plan *plan, int64_t *combinations, Failure *failure)
{
	const Sweep *s = plan->sweep;
	double runs = (double)s->network_count * s->seeds;
	*combinations = 1;
	for (int i = 0; i < s->axis_count; i++)
		runs *= s->axes[i].values.count;
	if (runs > MAX_RUNS)
		return fail(failure, "these would be %.0f runs, more than the %d that are the limit: give fewer values, or "
			"fewer seeds", runs, MAX_RUNS);
	for (int i = 0; i < s->axis_count; i++)
		*combinations *= s->axes[i].values.count;
	plan->run_count = (int64_t)runs;
	plan->workers = s->threads < plan->run_count ? s->threads : (int)plan->run_count;
	plan->run_threads = s->threads / plan->workers;
	return true;
}

bool plan_open(Plan *plan, const Sweep *sweep, Refusal *refusal)
{
	int64_t combinations;
	*plan = (Plan){.sweep = sweep};
	*refusal = (Refusal){.diagnostics = 0};
	if (!count_runs(plan, &combinations, &refusal->failure))
		return false;
	plan->configurations = NEW_ARRAY(sweep->arena, Configuration, combinations * sweep->network_count);
	const uint64_t common = hash_sweep(sweep);
	for (int i = 0; i < sweep->network_count; i++) {
		const SweepNetwork *n = &sweep->networks[i];
		uint64_t hash = common;
		if (n->weights && !hash_file(&hash, n->weights, &refusal->failure))
			return false;
		for (int64_t k = 0; k < combinations; k++)
			if (!add_configuration(plan, n, (int)k, hash, refusal))
				return false;
	}
	return compile_programs(plan, &refusal->failure);
}

bool plan_keep_epochs(Plan *plan, Failure *failure)
{
	const double most = (double)(1 << 30);
	EpochResults *e = &plan->epochs;
	for (int i = 0; i < plan->configuration_count; i++) {
		const Configuration *c = &plan->configurations[i];
		const int rows = plan->sweep->data->rows, batches = (rows + c->batch - 1) / c->batch;
		const int64_t steps = plan->sweep->steps, epochs = steps ? (steps + batches - 1) / batches : c->epochs;
		e->epochs = epochs > e->epochs ? (int)epochs : e->epochs;
	}
	if ((double)plan->run_count * e->epochs * (double)sizeof *e->items > most)
		return fail(failure, "--plot would keep %lld runs of up to %d epochs, which is too much: give fewer, or "
			"--sweep with a number", (long long)plan->run_count, e->epochs);
	e->bytes = ((size_t)plan->run_count * (size_t)e->epochs + 1) * sizeof *e->items;
	e->items = mmap(0, e->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (e->items != MAP_FAILED)
		return true;
	e->items = 0;
	return fail(failure, "not enough memory to plot %lld runs", (long long)plan->run_count);
}

void plan_close(Plan *plan)
{
	if (plan->epochs.items)
		munmap(plan->epochs.items, plan->epochs.bytes);
	for (Compiled *c = plan->compiled, *next; c; c = next) {
		next = c->next;
		module_close(c->module);
		arena_close(c->arena);
	}
	arena_close(plan->broken);
}
