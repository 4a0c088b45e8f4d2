/* Checkpoints without a check sum, which no changed one would have: from what is accepted, the training can go on. */
#include "../../compiler/bnc.h"
#include "../../runtime/checkpoint.h"
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 20000 };

static const char network[] = "linear 2 3; relu; linear 3 2; optimizer sgd momentum=0.9; batch 8";

/* Made once: nothing of it changes. */
static const Compilation *compiled(void)
{
	static const Overrides none = {.batch = -1, .epochs = -1, .lr = -1};
	static Compilation c;
	Failure failure;
	if (!c.arena) {
		c = (Compilation){.arena = arena_open(), .source = {"-e", network, sizeof network - 1},
			.options = {.target = kernel_set("scalar"), .fuse = true}};
		PROMISE(compile(&c, STAGE_C, &none, &failure));
	}
	return &c;
}

static const Data *data_of(Data *data, const char *name)
{
	Failure failure;
	if (!data->rows)
		PROMISE(data_open(data, name, 0, &failure));
	return data;
}

static void say(const Failure *text)
{
	fprintf(nowhere(), "%s", text->text);
}

static void go_on(Training *t)
{
	Order order;
	Validation validation;
	Failure failure;
	Turn turn = {.batch = 0};
	PROMISE(order_open(&order, t, epochs_of(t), &failure) && validation_open(&validation, t, &failure));
	Position position = {.turns = &turn, .order = &order, .validation = &validation};
	checkpoint_restore(t, &position);
	PROMISE(position.epoch >= 0 && turn.batch >= 0 && turn.batch <= batches_of(t));
	PROMISE(t->runs[0].steps + turn.batch <= steps_of(t));
	if (t->runs[0].steps < steps_of(t)) {
		order_draw_on(&order, t, position.epoch, position.drawn);
		for (int i = 0; i < t->data->rows; i++)
			PROMISE(order.rows[i] >= 0 && order.rows[i] < t->data->rows);
	}
	validation_close(&validation, t);
	order_close(&order);
}

static void run(const char *bytes, size_t size)
{
	static Data train, valid;
	const Compilation *c = compiled();
	const char *path = safetensors_of(bytes, size);
	Failure failure = {.text = ""};
	TensorFile file;
	LogPlace log;
	Random random;
	if (!safetensors_load(&file, path, &failure))
		return;
	file.checked = true;
	tensor_file_sort(&file);
	random_seed(&random, 0);
	Run one = {.program = &c->module->program, .net = program_allocate(&c->module->program, &failure)};
	const About about = {.network = network_text(c->arena, c->network)};
	Checkpoint checkpoint = {.about = &about, .from = &file, .from_path = path, .say = say};
	Training training = {.runs = &one, .run_count = 1, .data = data_of(&train, "moons:n=20"),
		.valid = data_of(&valid, "moons:n=10,seed=1"), .patience = 5, .batch = 8, .epochs = 10, .random = &random,
		.shuffle = true, .checkpoint = &checkpoint};
	PROMISE(one.net);
	if (checkpoint_open(&training, &log, &failure))
		go_on(&training);
	else
		PROMISE(failure.text[0]);
	program_free(one.program, one.net);
	tensor_file_close(&file);
}

const Harness checkpoint_harness = {"checkpoint", MOST_BYTES, run};
