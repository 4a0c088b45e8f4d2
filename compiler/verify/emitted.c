/* Compares the C of --emit with other programs. libtcc compiles it, without any header: what it includes of them is
 * declared here. */
#include "verify.h"
#include <math.h>
#include <string.h>

enum { MOST_WEIGHTS = 1 << 18 };

/* All that the emitted C takes of the standard headers. */
static const char declarations[] =
	"typedef signed char int8_t; typedef short int16_t; typedef int int32_t; typedef long long int64_t;\n"
	"typedef unsigned char uint8_t; typedef unsigned short uint16_t; typedef unsigned int uint32_t;\n"
	"typedef unsigned long long uint64_t; typedef __SIZE_TYPE__ size_t; typedef __PTRDIFF_TYPE__ ptrdiff_t;\n"
	"#define UINT32_C(c) c ## U\n"
	"#define INT32_MAX 0x7fffffff\n"
	"#define INT32_C(c) c\n"
	"#define NULL ((void *)0)\n"
	"#define offsetof(type, member) ((size_t)&((type *)0)->member)\n"
	"#define INFINITY (1e30f * 1e30f)\n"
	"#define NAN (INFINITY - INFINITY)\n"
	"float expf(float), sqrtf(float);\n"
	"double exp(double), sqrt(double);\n"
	"void *memcpy(void *, const void *, size_t), *memset(void *, int, size_t);\n";

static Symbols standard_functions(Arena *arena)
{
	float (*single[])(float) = {expf, sqrtf};
	double (*dual[])(double) = {exp, sqrt};
	void *(*copy)(void *, const void *, size_t) = memcpy, *(*set)(void *, int, size_t) = memset,
		*(*move)(void *, const void *, size_t) = memmove;       /* libtcc copies structs with it */
	Symbols symbols = {0};
	add_symbol(arena, &symbols, "expf", &single[0]);
	add_symbol(arena, &symbols, "sqrtf", &single[1]);
	add_symbol(arena, &symbols, "exp", &dual[0]);
	add_symbol(arena, &symbols, "sqrt", &dual[1]);
	add_symbol(arena, &symbols, "memcpy", &copy);
	add_symbol(arena, &symbols, "memset", &set);
	add_symbol(arena, &symbols, "memmove", &move);
	return symbols;
}

/* The text without the lines that include a standard header. */
static void put_without_includes(Code *code, const char *text)
{
	static const char include[] = "#include <";
	while (*text) {
		const size_t length = strcspn(text, "\n") + (strchr(text, '\n') ? 1 : 0);
		if (strncmp(text, include, strlen(include)) != 0)
			code_add(code, text, length);
		text += length;
	}
}

/* ---- the emitted program */

/* The functions of the emitted C, and some that are put after it to get at its tensors. */
typedef struct Emitted {
	MachineCode code;
	void *net;              /* the struct, or the scratch of inference */
	size_t (*bytes)(void);  /* of that */
	const char *(*name)(int tensor);
	/* numbers are of the program's type */
	void (*set)(void *net, int tensor, const void *values);
	void (*get)(const void *net, int tensor, void *values);
	double (*train)(void *net, const void *x, const void *truth, int rows, double lr);
	void (*update)(void *net, double lr);
	void (*predict)(void *net, const void *x, void *y, int rows);
	void (*predict_one)(const void *x, void *y);
	bool recomputes;
} Emitted;

static const char access[] =
	"size_t bytes_of(void) { return sizeof(net); }\n"
	"const char *name_of(int tensor) { return net_tensors[tensor].name; }\n"
	"void set_tensor(net *n, int tensor, const void *values) { net_set(n, &net_tensors[tensor], values); }\n"
	"void get_tensor(const net *n, int tensor, void *values) { net_get(n, &net_tensors[tensor], values); }\n"
	"double train_net(net *n, const void *x, const void *truth, int rows, double lr)\n"
	"{ return net_train(n, x, truth, rows, lr); }\n"
	"#ifdef NET_ACCUMULATE\n"
	"void update_net(net *n, double lr) { net_update(n, lr); }\n"
	"#else\n"
	"void update_net(net *n, double lr) { (void)n, (void)lr; }\n"
	"#endif\n"
	"void predict_net(net *n, const void *x, void *y, int rows) { net_predict(n, x, y, rows); }\n";
static const char access_inference[] =
	"size_t bytes_of(void) { return NET_SCRATCH * sizeof(double); }\n"   /* enough for floats, too */
	"void predict_net(void *scratch, const void *x, void *y, int rows) { net_predict(x, y, rows, scratch); }\n"
	"void predict_one(const void *x, void *y) { net_predict_one(x, y); }\n";

static bool load_emitted(Sitting *s, const char *text, bool inference, Emitted *e, Failure *failure)
{
	Code code = {.arena = s->arena};
	const Symbols given = standard_functions(s->arena);
	Symbol training[] = {{"bytes_of"}, {"predict_net"}, {"name_of"}, {"set_tensor"}, {"get_tensor"}, {"train_net"},
			{"update_net"}},
		inferring[] = {{"bytes_of"}, {"predict_net"}, {"predict_one"}};
	void *const training_functions[] = {&e->bytes, &e->predict, &e->name, &e->set, &e->get, &e->train,
			&e->update},
		*const inferring_functions[] = {&e->bytes, &e->predict, &e->predict_one};
	const int count = inference ? sizeof inferring / sizeof *inferring : sizeof training / sizeof *training;
	Symbol *wanted = inference ? inferring : training;
	void *const *functions = inference ? inferring_functions : training_functions;
	code_put(&code, "%s#define NET_IMPLEMENTATION\n", declarations);
	put_without_includes(&code, text);
	code_put(&code, "%s", inference ? access_inference : access);
	if (!load_code(code_text(&code), &given, wanted, count, &e->code, failure))
		return false;
	for (int i = 0; i < count; i++)
		memcpy(functions[i], &wanted[i].address, sizeof wanted[i].address);
	e->net = arena_alloc(s->arena, 1, e->bytes());
	return true;
}

/* False: it cannot be had, which failure explains. */
static bool open_emitted(Sitting *s, bool inference, Emitted *e, Failure *failure)
{
	const StandaloneOptions options = {.path = "net.h", .prefix = "net", .inference = inference, .single_header = true,
		.in_memory = true};
	Wrong wrong;
	*e = (Emitted){0};
	Standalone *standalone = standalone_open(s->v->compilation, &options, &wrong, failure);
	const char *text = standalone ? standalone_text(standalone, inference ? s->v->net : 0, &e->recomputes, &wrong,
		failure) : 0;
	bool ok = text && load_emitted(s, text, inference, e, failure);
	standalone_close(standalone);
	return ok;
}

/* ---- for training: the bits of the scalar kernels */

/* The network's own program, for the same lane and batch. */
static bool open_scalar(const Sitting *s, const Emitted *e, Trial *scalar, Failure *failure)
{
	const Options options = {.target = s->separate.module->options.target, .fuse = true, .recompute = e->recomputes};
	*scalar = (Trial){.rows = s->batch.rows};
	return trial_compile(s->arena, s->v->compilation->network, &options, scalar, failure);
}

/* Numbers of the scalar program's type. */
static void *new_numbers(const Sitting *s, size_t count)
{
	return arena_alloc(s->arena, count, number_bytes(s->separate.module));
}

/* What the emitted C gets and sets of a tensor: of the generator, its words, as many of them as a number has bytes. */
static size_t count_numbers(const Sitting *s, const Tensor *tensor)
{
	return tensor->layout == LAYOUT_GENERATOR
		? GENERATOR_WORDS * sizeof(uint32_t) / number_bytes(s->separate.module) : element_count(tensor);
}

static void *numbers_in(const Sitting *s, const Trial *scalar, const Tensor *tensor)
{
	const ProgramTensor view = program_view(tensor);
	void *numbers = new_numbers(s, count_numbers(s, tensor));
	if (tensor->layout == LAYOUT_GENERATOR)
		memcpy(numbers, (const char *)scalar->net + tensor->offset, GENERATOR_WORDS * sizeof(uint32_t));
	else
		tensor_get(&scalar->module->program, scalar->net, &view, numbers);
	return numbers;
}

static double *as_doubles(const Sitting *s, const void *numbers, size_t count)
{
	double *values = NEW_ARRAY(s->arena, double, count);
	numbers_to_doubles(values, numbers, number_bytes(s->separate.module), count);
	return values;
}

static void compare_bits(const Sitting *s, const char *what, const double *found, const double *expected, size_t count)
{
	double largest = 0;
	for (size_t i = 0; i < count; i++)
		largest = fmax(largest, fabs(expected[i]));
	Finding *f = add_finding(s->v, CHECK_EMITTED, what, largest);
	for (size_t i = 0; i < count; i++)
		/* NaN has many bits, and libtcc knows only one of them */
		if (!isnan(found[i]) || !isnan(expected[i]))
			compare_value(s->v, f, found[i], expected[i], 0);
}

static void compare_training(Sitting *s, const Emitted *e, const Trial *scalar)
{
	Tensor **tensors = NEW_ARRAY(s->arena, Tensor *, scalar->module->tensors.count);
	const int count = saved_tensors(scalar->module, tensors);
	const bool labels = scalar->module->program.truth == TRUTH_LABELS;
	const size_t outputs = (size_t)s->batch.rows * (size_t)s->batch.outputs;
	const void *x = numbers_of(s->arena, scalar->module, s->batch.x, (size_t)s->batch.rows * (size_t)s->batch.inputs),
		*targets = numbers_of(s->arena, scalar->module, s->batch.targets, outputs);
	double *y = NEW_ARRAY(s->arena, double, outputs), found[EMITTED_STEPS], expected[EMITTED_STEPS], rate = 0;
	void *z = new_numbers(s, outputs);
	start_trial(s, scalar);
	for (int i = 0; i < count; i++) {
		if (strcmp(e->name(i), saved_name(tensors[i])) != 0)
			internal_error("tensor %d of the emitted C is %s, not %s", i, e->name(i), saved_name(tensors[i]));
		if (tensors[i]->layout != LAYOUT_COUNTER)
			e->set(e->net, i, numbers_in(s, scalar, tensors[i]));
	}
	for (int step = 0; step < EMITTED_STEPS; step++) {
		rate = number_rounded(own_rate(s->v->compilation->network, step, EMITTED_STEPS), number_bytes(scalar->module));
		expected[step] = train_trial(s, scalar, 0, rate);
		found[step] = e->train(e->net, x, labels ? s->batch.labels : targets, s->batch.rows, rate);
	}
	trial_update(scalar, 0, rate);
	e->update(e->net, rate);
	predict_trial(s, scalar, 0, y);
	e->predict(e->net, x, z, s->batch.rows);
	compare_bits(s, "losses of 2 steps", found, expected, EMITTED_STEPS);
	for (int i = 0; i < count; i++) {
		const size_t values = count_numbers(s, tensors[i]);
		void *numbers = new_numbers(s, values);
		if (tensors[i]->layout == LAYOUT_COUNTER)
			continue;
		e->get(e->net, i, numbers);
		compare_bits(s, saved_name(tensors[i]), as_doubles(s, numbers, values),
			as_doubles(s, numbers_in(s, scalar, tensors[i]), values), values);
	}
	compare_bits(s, "predictions", as_doubles(s, z, outputs), y, outputs);
}

static bool verify_training(Sitting *s, Failure *failure)
{
	Emitted e;
	Trial scalar;
	if (!open_emitted(s, false, &e, failure))
		return false;
	const bool ok = open_scalar(s, &e, &scalar, failure);
	if (ok) {
		compare_training(s, &e, &scalar);
		trial_close(&scalar);
	}
	unload_code(&e.code);
	return ok;
}

/* ---- for inference */

/* With BatchNorm folded into other weights, which roundings move as they do those of every run that measures them. */
static void compare_folded(const Sitting *s, const char *what, const void *y, size_t count)
{
	const Series *predictions = &s->expected.items[0];
	const double *found = as_doubles(s, y, count), *expected = model_value(&s->model, s->v->network->output);
	Finding *f = add_finding(s->v, CHECK_FOLDED, what, predictions->largest);
	for (size_t i = 0; i < count; i++)
		compare_value(s->v, f, found[i], expected[i], series_tolerance(s, predictions));
}

static bool verify_inference(Sitting *s, Failure *failure)
{
	Emitted e;
	const size_t rows = (size_t)s->batch.rows, outputs = (size_t)s->batch.outputs;
	const void *x = numbers_of(s->arena, s->separate.module, s->batch.x, rows * (size_t)s->batch.inputs);
	void *y = new_numbers(s, rows * outputs);
	if (!open_emitted(s, true, &e, failure))
		return false;
	model_forward(&s->model, false);
	e.predict(e.net, x, y, s->batch.rows);
	compare_folded(s, "predictions", y, rows * outputs);
	e.predict_one(x, y);
	compare_folded(s, "of one", y, outputs);
	unload_code(&e.code);
	return true;
}

/* What cannot be emitted cannot be compared either, which is no mistake. */
void verify_emitted(Sitting *s)
{
	Verification *v = s->v;
	Failure failure;
	s->batch.rows = v->emitted_rows;
	model_set_batch(&s->model, &s->batch);
	const int64_t parameters = program_parameters(&v->compilation->module->program);
	if (parameters > 0 && !verify_training(s, &failure))
		v->not_emitted = arena_print(v->arena, "%s", failure.text);
	else if (parameters > MOST_WEIGHTS)
		v->not_emitted = arena_print(v->arena, "the text for inference would have more than %d weights",
			MOST_WEIGHTS);
	else if (!verify_inference(s, &failure))
		v->not_emitted = arena_print(v->arena, "%s", failure.text);
}
