/* The emitted .c file: the source of the kernels, then the functions of the header. emit.c prints their loops. */
#include "standalone.h"
#include "emit/kernel_text.h"

/* ---- around the code */

/* Makes a file mean the same with any compiler options. The code has `x - n * high - n * low`, and with -ffast-math
 * compilers would combine the two products. gcc and clang let a file turn that off, each with its own pragmas. clang
 * has no float_control for some processors, and warns there. */
static const char arithmetic[] =
	"\n/* %s */\n"
	"#if defined __clang__ && __clang_major__ >= 13\n"
	"#pragma clang diagnostic push\n"
	"#pragma clang diagnostic ignored \"-Wignored-pragmas\"\n"
	"#pragma float_control(precise, on, push)\n"
	"#pragma clang diagnostic pop\n"
	"#pragma clang fp reassociate(off)\n"
	"#pragma STDC FP_CONTRACT %s\n"
	"#elif defined __GNUC__ && !defined __clang__ && !defined __TINYC__\n"
	"#pragma GCC push_options\n"
	"#pragma GCC optimize (\"no-unsafe-math-optimizations\", \"no-associative-math\", \"no-reciprocal-math\", "
	"\"no-finite-math-only\")\n"
	"#pragma GCC optimize (\"signed-zeros\", \"excess-precision=standard\", \"fp-contract=%s\")\n"
	"#elif defined __FAST_MATH__\n"
	"#error \"this file needs a compiler that keeps to its arithmetic: leave out -ffast-math\"\n"
	"#elif !defined __TINYC__\n"
	"#pragma STDC FP_CONTRACT %s\n"
	"#endif\n";

/* gcc warns at the end of the file, so the pragma must not end before. */
static const char vectors[] =
	"/* Vectors are passed within this file only: it does not matter which convention a processor without them has. "
	"*/\n"
	"#pragma GCC diagnostic ignored \"-Wpsabi\"\n";

static const char arithmetic_end[] =
	"\n#if defined __clang__ && __clang_major__ >= 13\n"
	"#pragma STDC FP_CONTRACT DEFAULT\n"
	"#pragma clang diagnostic push\n"
	"#pragma clang diagnostic ignored \"-Wignored-pragmas\"\n"
	"#pragma float_control(pop)\n"
	"#pragma clang diagnostic pop\n"
	"#elif defined __GNUC__ && !defined __clang__ && !defined __TINYC__\n"
	"#pragma GCC pop_options\n"
	"#elif !defined __TINYC__\n"
	"#pragma STDC FP_CONTRACT DEFAULT\n"
	"#endif\n";

/* The x87 computes with more digits than a float has. gcc has an option to round as C says, but not for vectors; clang
 * has none. */
static const char no_x87[] =
	"\n#if (defined __i386__ || defined __x86_64__)%s && !defined __SSE2_MATH__\n"
	"#error \"x87 rounds otherwise than this file needs: compile with -msse2 -mfpmath=sse\"\n"
	"#endif\n";

static void put_arithmetic(Code *code, const char *what, bool contract)
{
	const char *upper = contract ? "ON" : "OFF", *lower = contract ? "fast" : "off";
	code_put(code, arithmetic, what, upper, lower, upper);
}

/* With one lane the file promises the same bits from every compiler, so products and sums may not be combined. */
static void put_beginning(const Standalone *s, Code *code)
{
	bool scalar = s->target.lanes == 1;
	code_put(code, no_x87, scalar ? " && defined __clang__" : "");
	if (scalar) {
		put_arithmetic(code,
			"Whatever the compiler's options, -ffast-math too: sums stay in their order, NaN and infinity are what "
			"they are,\n"
			" * and a product and a sum are rounded one after the other. The same bits everywhere.", false);
		return;
	}
	put_arithmetic(code,
		"Whatever the compiler's options, -ffast-math too: sums stay in their order, NaN and infinity are what they "
		"are.\n"
		" * A product and a sum may become one operation, where there is one.", true);
	code_put(code, "%s", vectors);
}

static void put_called_kernels(const Standalone *s, Code *code)
{
	const Kernels *kernels = &s->module->kernels;
	bool *called = NEW_ARRAY(s->arena, bool, kernels->count);
	const char **names = NEW_ARRAY(s->arena, const char *, kernels->count + 1);
	int count = 0;
	mark_called(s->module, &s->module->predict, called);
	if (s->options->inference)
		mark_called(s->one, &s->one->predict, called);
	else
		for (int i = 0; i < s->module->routine_count; i++)
			mark_called(s->module, s->module->routines[i], called);
	called[kernel_find(kernels, "gather", 6) - kernels->items] = true;
	called[kernel_find(kernels, "scatter", 7) - kernels->items] = true;
	for (int i = 0; i < kernels->count; i++)
		if (called[i])
			names[count++] = kernels->items[i].name;
	if (has_rate(s))
		names[count++] = s->module->network->schedule->layer->rate_name;
	put_kernels(code, s->target.lanes, s->target.number_bytes, s->prefix, names, count);
}

/* ---- predict and train */

/* Returns the text of a routine's loops, with the names of standalone code. */
static const char *routine_text(const Standalone *s, const Routine *routine, bool loops)
{
	Emit e = {
		.module = s->module, .code = {.arena = s->arena}, .prefix = arena_print(s->arena, "%s_", s->prefix),
		.members = "net->", .work = "net->work", .outside = 1u << ROLE_LABEL | 1u << ROLE_RESULT,
	};
	if (!loops)
		put_places(&e, routine, 0);
	for (int i = 0; loops && i < routine->loops.count; i++)
		put_loop(&e, routine, i);
	if (loops && routine == &s->module->train && s->module->batches)
		put_update_call(&e, "net->batches", arena_print(s->arena, "%s_update(net, lr)", s->prefix));
	return code_text(&e.code);
}

/* The constants that the routines read. */
static void put_constants(const Standalone *s, Code *code)
{
	Emit e = {.module = s->module, .code = {.arena = s->arena}, .prefix = arena_print(s->arena, "%s_", s->prefix)};
	for (int i = 0; i < s->module->routine_count; i++)
		if (!s->options->inference || s->module->routines[i] == &s->module->predict)
			put_lists(&e, s->module->routines[i]);
	code_put(code, "%s", code_text(&e.code));
}

static void put_predict(const Standalone *s, Code *code)
{
	int inputs = (int)shape_size(&s->module->network->input->shape),
		outputs = (int)shape_size(&s->module->network->output->shape);
	put_template(s, code, "\n/* ---- prediction */\n\n"
		"static void @_predict_batch(@ *net, const real *inputs, real *outputs, int rows)\n"
		"{\n"
		"%s"
		"\treal *const y = net->work + %zu;\n\n"
		"\t@_gather(rows, %d, net->x, inputs, NULL);\n"
		"%s\n"
		"\t@_scatter(rows, %d, outputs, y);\n"
		"}\n\n"
		"void @_predict(@ *net, const real *x, real *y, int rows)\n"
		"{\n"
		"\tfor (; rows > 0; rows -= $_MAX_BATCH, x += $_MAX_BATCH * $_INPUTS, y += $_MAX_BATCH * $_OUTPUTS)\n"
		"\t\t@_predict_batch(net, x, y, rows < $_MAX_BATCH ? rows : $_MAX_BATCH);\n"
		"}\n",
		routine_text(s, &s->module->predict, false), s->output, inputs,
		routine_text(s, &s->module->predict, true), outputs);
}

static void put_update(const Standalone *s, Code *code)
{
	put_template(s, code, "\n/* ---- training */\n\n"
		"void @_update(@ *net, real lr)\n"
		"{\n"
		"%s\n"
		"\tif (net->batches == 0)\n"
		"\t\treturn;\n"
		"%s"
		"}\n",
		routine_text(s, &s->module->update, false), routine_text(s, &s->module->update, true));
}

static void put_train(const Standalone *s, Code *code)
{
	const Network *network = s->module->network;
	int inputs = (int)shape_size(&network->input->shape), outputs = (int)shape_size(&network->output->shape);
	put_template(s, code, "%s\n"
		"real @_train(@ *net, const real *x, const %s, int rows, real lr)\n"
		"{\n"
		"\tif (rows < $_MIN_BATCH || rows > $_MAX_BATCH)\n"
		"\t\treturn NAN;\n",
		s->module->batches ? "" : "\n/* ---- training */\n", truth_parameter(s));
	if (classifies(s))
		put_template(s, code,
			"\tfor (int row = 0; row < rows; row++)\n"
			"\t\tif (label[row] < 0 || label[row] >= $_OUTPUTS)\n"
			"\t\t\treturn NAN;\n");
	if (says_yes_or_no(s))
		put_template(s, code,
			"\tfor (int i = 0; i < rows * $_OUTPUTS; i++)\n"
			"\t\tif (!(target[i] >= 0.0f && target[i] <= 1.0f))\n"
			"\t\t\treturn NAN;\n");
	put_template(s, code, "%s\treal loss%s;\n\n\t@_gather(rows, %d, net->x, x, NULL);\n",
		routine_text(s, &s->module->train, false), s->module->correct ? ", correct" : "", inputs);
	if (!classifies(s))
		put_template(s, code, "\t@_gather(rows, %d, net->target, target, NULL);\n", outputs);
	code_put(code, "%s\treturn loss;\n}\n", routine_text(s, &s->module->train, true));
}

static void put_rate(const Standalone *s, Code *code)
{
	const Network *network = s->module->network;
	const Layer *layer = network->schedule->layer;
	put_template(s, code, "\n"
		"real @_rate(int32_t now, int32_t all)\n"
		"{\n"
		"\tstatic const double arguments[] = {");
	for (int i = 0; argument_spec(layer, i); i++)
		put_template(s, code, "%s %s", i ? "," : "",
			number_text(s->arena, network->schedule->arguments[i], OPERAND_DOUBLE));
	put_template(s, code, " };\n\treturn (real)@_%s(arguments, %s, now, all);\n}\n", layer->rate_name,
		number_text(s->arena, schedule_of(network).lr, OPERAND_DOUBLE));
}

static void put_training(const Standalone *s, Code *code)
{
	put_tensors(s, code);
	put_predict(s, code);
	put_classify(s, code);
	if (s->module->batches)
		put_update(s, code);
	put_train(s, code);
	if (has_rate(s))
		put_rate(s, code);
	put_init(s, code);
	if (s->net)
		put_trained(s, code);
	put_saving(s, code);
}

static void put_implementation(const Standalone *s, Code *code)
{
	code_put(code, "#include <math.h>\n#include <string.h>\n");
	if (s->net)
		put_template(s, code, "\n/* An attribute for the tables of weights, such as that of a section. */\n"
			"#ifndef $_CONST_ATTR\n#define $_CONST_ATTR\n#endif\n");
	put_beginning(s, code);
	put_called_kernels(s, code);
	put_constants(s, code);
	if (s->options->inference)
		put_inference(s, code);
	else
		put_training(s, code);
	code_put(code, "%s", arithmetic_end);
}

void put_source(Standalone *s)
{
	if (s->options->single_header) {
		put_template(s, &s->header,
			"\n#if defined $_IMPLEMENTATION && !defined $_IMPLEMENTED\n#define $_IMPLEMENTED\n");
		put_implementation(s, &s->header);
		code_put(&s->header, "\n#endif\n");
		return;
	}
	put_template(s, &s->source, "/* @: see %s. */\n#include \"%s\"\n", s->header_name, s->header_name);
	put_implementation(s, &s->source);
}
