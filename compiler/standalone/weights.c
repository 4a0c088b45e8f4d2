/* Writes weights as C: exact literals, independent of the locale. */
#include "standalone.h"
#include <math.h>

/* Almost all weights need eight digits or nine, or 16 or 17: trying fewer would take twice as long. */
static void write_weight(const Standalone *s, char *text, double value)
{
	const bool single = s->target.number_bytes == sizeof(float);
	if (s->options->hex)
		snprintf(text, FLOAT_TEXT, single ? "%af" : "%a", value);
	else
		write_number(text, value, s->target.number_bytes, single ? 8 : 16);
}

void put_table_values(const Standalone *s, Code *code, const void *values, size_t count)
{
	enum { IN_LINE = 8 };
	char text[FLOAT_TEXT];
	for (size_t i = 0; i < count; i++) {
		write_weight(s, text, number_at(values, s->target.number_bytes, i));
		code_put(code, "%s%s,%s", i % IN_LINE == 0 ? "\t" : " ", text, i % IN_LINE == IN_LINE - 1
			|| i + 1 == count ? "\n" : "");
	}
}

bool check_weights(const Standalone *s, Failure *failure)
{
	for (int i = 0; s->net && i < s->module->tensors.count; i++) {
		const Tensor *tensor = s->module->tensors.items[i];
		if (!tensor->path || tensor->layout == LAYOUT_COUNTER)
			continue;
		const void *values = weights_of(s, tensor);
		for (size_t k = 0; k < element_count(tensor); k++) {
			const double value = number_at(values, s->target.number_bytes, k);
			if (!isfinite(value))
				return fail(failure, "%s holds the value %f, which C cannot write: nothing was emitted", tensor->path,
					value);
		}
	}
	return true;
}

/* ---- the training program's */

static void put_trained_tensor(const Standalone *s, Code *code, const Tensor *tensor)
{
	put_template(s, code, "static const real @_trained_%s[%zu] $_CONST_ATTR = {\n", tensor->name,
		element_count(tensor));
	put_table_values(s, code, weights_of(s, tensor), element_count(tensor));
	code_put(code, "};\n\n");
}

void put_trained(const Standalone *s, Code *code)
{
	Tensor **tensors = NEW_ARRAY(s->arena, Tensor *, s->module->tensors.count);
	int count = saved_tensors(s->module, tensors);
	code_put(code, "\n/* ---- trained weights, row-major */\n\n");
	for (int i = 0; i < count; i++)
		if (tensors[i]->path && tensors[i]->layout != LAYOUT_COUNTER)
			put_trained_tensor(s, code, tensors[i]);
	put_template(s, code, "void @_init_trained(@ *net)\n{\n\tmemset(net, 0, sizeof *net);\n");
	for (int i = 0; i < count; i++)
		if (tensors[i]->layout == LAYOUT_COUNTER && tensors[i]->path)
			code_put(code, "\tnet->%s = %lld;\n", tensors[i]->name, (long long)count_of(s, tensors[i]));
		else if (tensors[i]->path)
			put_template(s, code, "\t@_set(net, &@_tensors[%d], @_trained_%s);\n", i, tensors[i]->name);
	if (s->module->generator)
		put_template(s, code, "\t@_seed(net->generator, %luu);\n",
			(unsigned long)(uint32_t)s->model->network->seed);
	code_put(code, "}\n");
}
