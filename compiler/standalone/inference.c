/* --inference: the network for deployment. Its weights are constants, BatchNorm is folded away, and nothing is kept
 * between calls. */
#include "standalone.h"
#include "emit/kernel_text.h"
#include <math.h>
#include <string.h>

/* ---- folded networks */

const void *folded_values(const Standalone *s, const Module *m, const Node *node, int index)
{
	const double *doubles = s->folded.weights[node->index].tensors[index];
	size_t count = element_count(m->owned[node->index][index]);
	void *values = arena_alloc(s->arena, count, s->target.number_bytes);
	for (size_t i = 0; i < count; i++)
		number_put(values, s->target.number_bytes, i, doubles[i]);
	return values;
}

bool check_folded(const Standalone *s, Failure *failure)
{
	const Nodes *nodes = &s->module->network->nodes;
	for (int n = 0; n < nodes->count; n++)
		for (int t = 0; nodes->items[n]->layer->tensors[t].name; t++) {
			const Tensor *tensor = s->module->owned[nodes->items[n]->index][t];
			if (!tensor || tensor->layout == LAYOUT_COUNTER)
				continue;
			const void *values = folded_values(s, s->module, nodes->items[n], t);
			for (size_t i = 0; i < element_count(tensor); i++)
				if (!isfinite(number_at(values, s->target.number_bytes, i)))
					return fail(failure, "%s is not finite once BatchNorm is folded into it: nothing was emitted",
						tensor->path);
		}
	return true;
}

/* ---- weights */

static void put_constant(const Standalone *s, Code *code, const Node *node, int index)
{
	const Tensor *tensor = s->module->owned[node->index][index];
	const void *values = folded_values(s, s->module, node, index);
	const Program program = {.kernels = &s->target};
	ProgramTensor at_start = program_view(tensor);
	at_start.offset = 0;
	size_t floats = tensor_floats(s->module, tensor);
	void *panels = arena_alloc(s->arena, floats, s->target.number_bytes);
	tensor_set(&program, panels, &at_start, values);
	put_template(s, code, "/* %s */\nstatic const real @_%s[%zu] $_CONST_ATTR = {\n", tensor->path, tensor->name,
		floats);
	put_table_values(s, code, panels, floats);
	code_put(code, "};\n\n");
}

static void put_constants(const Standalone *s, Code *code)
{
	const Nodes *nodes = &s->module->network->nodes;
	code_put(code, "\n/* ---- weights, in panels of as many outputs as there are lanes: [panel][input][lane] */\n\n");
	for (int n = 0; n < nodes->count; n++)
		for (int t = 0; nodes->items[n]->layer->tensors[t].name; t++) {
			const Tensor *tensor = s->module->owned[nodes->items[n]->index][t];
			if (tensor && tensor->layout != LAYOUT_COUNTER)
				put_constant(s, code, nodes->items[n], t);
		}
}

/* ---- memory */

Scratch scratch_of(const Module *m)
{
	enum { ALIGNMENT = 16 };
	Scratch scratch = {.input = (m->predict.work + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT};
	scratch.output = scratch.input + tensor_floats(m, m->input);
	scratch.floats = scratch.output + tensor_floats(m, m->output);
	return scratch;
}

/* Whether a row has the same layout in panels as in the caller's array. */
static bool is_whole(const Standalone *s, const Tensor *tensor)
{
	return tensor->features % s->target.lanes == 0 && tensor->positions == 1;
}

/* ---- functions */

void put_classify(const Standalone *s, Code *code)
{
	if (classifies(s))
		put_template(s, code, "\n"
			"int32_t @_classify(const real *y)\n"
			"{\n"
			"\tint32_t best = 0;\n"
			"\tfor (int32_t i = 1; i < $_OUTPUTS; i++)\n"
			"\t\tbest = y[i] > y[best] ? i : best;\n"
			"\treturn best;\n"
			"}\n");
	else if (has_classify(s))
		put_template(s, code, "\n"
			"int32_t @_classify(const real *y)\n"
			"{\n"
			"\treturn y[0] > 0.0f;\n"
			"}\n");
}

static const char *predict_text(const Standalone *s, const Module *m, int rows, bool loops)
{
	Emit e = {
		.module = m, .code = {.arena = s->arena}, .prefix = arena_print(s->arena, "%s_", s->prefix), .rows = rows,
		.members = arena_print(s->arena, "%s_", s->prefix), .work = "work",
		.outside = 1u << ROLE_INPUT | 1u << ROLE_RESULT,
	};
	if (!loops)
		put_places(&e, &m->predict, 0);
	for (int i = 0; loops && i < m->predict.loops.count; i++)
		put_loop(&e, &m->predict, i);
	return code_text(&e.code);
}

/* Such a row is read and written in the caller's array. */
static void put_predict_one(const Standalone *s, Code *code)
{
	const Module *m = s->one;
	bool input = is_whole(s, m->input), output = is_whole(s, m->output);
	Scratch scratch = one_scratch(s);
	put_template(s, code, "void @_predict_one(const real *%s, real *%s)\n{\n", input ? "x" : "inputs",
		output ? "y" : "outputs");
	if (scratch.floats)
		put_template(s, code, "\treal work[%zu];\n", scratch.floats);
	code_put(code, "%s", predict_text(s, m, 1, false));
	if (!input)
		put_template(s, code, "\treal *const x = work + %zu;\n", scratch.input);
	if (!output)
		put_template(s, code, "\treal *const y = work + %zu;\n", scratch.output);
	if (!input)
		put_template(s, code, "\n\t@_gather(1, $_INPUTS, x, inputs, NULL);\n");
	code_put(code, "%s", predict_text(s, m, 1, true));
	if (!output)
		put_template(s, code, "\n\t@_scatter(1, $_OUTPUTS, outputs, y);\n");
	code_put(code, "}\n");
}

static void put_predict(const Standalone *s, Code *code)
{
	Scratch scratch = scratch_of(s->module);
	put_template(s, code, "\n"
		"static void @_predict_batch(const real *inputs, real *outputs, int rows, real *work)\n"
		"{\n"
		"%s"
		"\treal *const x = work + %zu;\n"
		"\treal *const y = work + %zu;\n\n"
		"\t@_gather(rows, $_INPUTS, x, inputs, NULL);\n"
		"%s\n"
		"\t@_scatter(rows, $_OUTPUTS, outputs, y);\n"
		"}\n\n"
		"void @_predict(const real *x, real *y, int rows, real *scratch)\n"
		"{\n"
		"\tfor (; rows > 0; rows -= $_MAX_BATCH, x += $_MAX_BATCH * $_INPUTS, y += $_MAX_BATCH * $_OUTPUTS)\n"
		"\t\t@_predict_batch(x, y, rows < $_MAX_BATCH ? rows : $_MAX_BATCH, scratch);\n"
		"}\n",
		predict_text(s, s->module, 0, false), scratch.input, scratch.output, predict_text(s, s->module, 0, true));
}

Scratch one_scratch(const Standalone *s)
{
	Scratch scratch = scratch_of(s->one);
	bool input = is_whole(s, s->one->input), output = is_whole(s, s->one->output);
	if (input)
		scratch.output -= tensor_floats(s->one, s->one->input);
	scratch.floats = output ? scratch.output : scratch.output + tensor_floats(s->one, s->one->output);
	if (input && output)
		scratch.floats = s->one->predict.work;
	return scratch;
}

void put_inference(const Standalone *s, Code *code)
{
	put_constants(s, code);
	code_put(code, "/* ---- prediction */\n\n");
	put_predict_one(s, code);
	put_predict(s, code);
	put_classify(s, code);
}
