/* Loops -> C. Requires the memory plan; provides the text of the program: one function for each routine, which gets a
 * pointer to the struct. Nothing of the .net file is copied into it: names are made by bnc, and numbers are printed
 * from their values. For libtcc the text finds tensors by their offsets in bytes, since libtcc searches all members of
 * a struct for each access. */
#include "emit.h"
#include <string.h>

#define put(e, ...) code_put(&(e)->code, __VA_ARGS__)

/* ---- declarations */

static const char *type_of(const Module *m)
{
	return number_type(number_bytes(m));
}

const char *element_type(const Module *m, const Tensor *tensor)
{
	switch (tensor->layout) {
	case LAYOUT_GENERATOR: return "uint32_t";
	case LAYOUT_COUNTER: return "int64_t";
	case LAYOUT_LABELS: return "int32_t";
	default: return type_of(m);
	}
}

void mark_called(const Module *m, const Routine *routine, bool *called)
{
	for (int i = 0; i < routine->steps.count; i++) {
		const Step *step = routine->steps.items[i];
		called[step->kernel - m->kernels.items] = true;
		if (is_paired(step))
			called[step->pair - m->kernels.items] = true;
		for (int k = 0; k < step->kernel->parameter_count; k++)
			if (step->operands[k].kind == OPERAND_KERNEL)
				called[step->operands[k].kernel - m->kernels.items] = true;
	}
}

/* Writes a type of the kernels, in which `real` stands for that of the numbers. */
static void put_type(Emit *e, const char *type)
{
	const char *name = strstr(type, "real");
	if (name)
		put(e, "%.*s%s%s", (int)(name - type), type, type_of(e->module), name + strlen("real"));
	else
		put(e, "%s", type);
}

static void put_prototype(Emit *e, const char *before, const char *name, const Kernel *kernel)
{
	put(e, "%svoid %s(", before, name);
	for (int k = 0; k < kernel->parameter_count; k++) {
		put(e, "%s", k ? ", " : "");
		put_type(e, kernel->parameters[k].type->c_type);
		put(e, "%s", kernel->parameters[k].name);
	}
	put(e, ");\n");
}

/* All optimizers have one prototype, which is also the type of a kernel that another kernel gets as an operand. */
static void put_prototypes(Emit *e)
{
	bool *called = NEW_ARRAY(e->module->arena, bool, e->module->kernels.count);
	for (int i = 0; i < e->module->routine_count; i++)
		mark_called(e->module, e->module->routines[i], called);
	bool typed = false;
	for (int i = 0; i < e->module->kernels.count; i++) {
		const Kernel *kernel = &e->module->kernels.items[i];
		if (called[i] && kernel->optimizer && !typed) {
			put_prototype(e, "typedef ", "optimizer", kernel);
			typed = true;
		}
		if (called[i])
			put_prototype(e, "", kernel->name, kernel);
	}
}

/* ---- steps */

static void put_tensor(Emit *e, const Operand *operand, const OperandType *type, bool looped)
{
	const Tensor *tensor = operand->tensor;
	bool variable = tensor->role == ROLE_TEMPORARY || tensor->block || (e->outside & 1u << tensor->role);
	bool single = tensor->layout == LAYOUT_SCALAR || tensor->layout == LAYOUT_COUNTER;
	if (e->members)
		put(e, "%s%s%s", single ? "&" : "", variable ? "" : e->members, tensor->name);
	else
		put(e, "%s", tensor->name);
	if (!type->own || !looped || (tensor->one_panel && !e->second))
		return;
	const char *times = tensor->one_panel ? "" : e->second ? " * (p + 1)" : " * p";
	size_t floats = panel_floats(e->module, tensor);
	if (tensor->layout != LAYOUT_ROWS && floats == 1)
		put(e, " + %s", *times ? times + 3 : "1");
	else if (tensor->layout != LAYOUT_ROWS)
		put(e, " + %zu%s", floats, times);
	else if (e->rows)
		put(e, " + %d%s", tensor->positions * e->module->options.target->lanes * e->rows, times);
	else if (tensor->positions == 1)
		put(e, " + panel%s", times);
	else
		put(e, " + %d * panel%s", tensor->positions, times);
}

static void put_rows(Emit *e, int positions)
{
	if (e->rows)
		put(e, "%d", positions * e->rows);
	else if (positions > 1)
		put(e, "%d * rows", positions);
	else
		put(e, "rows");
}

OperandClass literal_class(const Module *m, const OperandType *type)
{
	return type->class == OPERAND_FLOAT ? number_class(number_bytes(m)) : type->class;
}

static void put_operand(Emit *e, const Step *step, int index, bool looped)
{
	const Operand *operand = &step->operands[index];
	const OperandType *type = step->kernel->parameters[index].type;
	switch (operand->kind) {
	case OPERAND_ABSENT: put(e, "0"); break;
	case OPERAND_AT: put_tensor(e, operand, type, looped); break;
	case OPERAND_NUMBER:
		put(e, "%s", number_text(e->module->arena, operand->number, literal_class(e->module, type)));
		break;
	case OPERAND_ROWS: put_rows(e, (int)operand->number); break;
	case OPERAND_PANEL: put(e, !looped ? "0" : e->second ? "p + 1" : "p"); break;
	case OPERAND_RATE: put(e, "lr"); break;
	case OPERAND_PANEL_SIZE: put(e, "%zu", panel_floats(e->module, operand->tensor)); break;
	case OPERAND_LIST: put(e, "%s%s", e->prefix, operand->name); break;
	case OPERAND_KERNEL: put(e, "%s%s", e->prefix, operand->kernel->name); break;
	}
}

/* After this many characters of operands, a call goes on in the next line. */
enum { MOST_OF_A_LINE = 70 };

static void put_step(Emit *e, const Step *step, const Kernel *kernel, bool looped)
{
	put(e, "\t%s%s%s(", looped ? "\t" : "", e->prefix, kernel->name);
	int line = e->code.count;
	for (int k = 0; k < step->kernel->parameter_count; k++) {
		bool full = e->code.count - line > MOST_OF_A_LINE;
		put(e, "%s%s", k == 0 ? "" : full ? ",\n\t\t" : ", ", full && looped ? "\t" : "");
		line = full ? e->code.count : line;
		put_operand(e, step, k, looped);
	}
	put(e, ");\n");
}

/* Writes from which nodes the steps of a loop come: "0 linear, 1 batchnorm". An optimizer is named only if it is
 * alone. */
static void put_node(Emit *e, const Node *node, bool alone, const Node **last)
{
	if (node == *last || (node->layer->kind == KIND_OPTIMIZER && !alone))
		return;
	put(e, "%s", *last ? ", " : "");
	if (node->layer->kind == KIND_LAYER)
		put(e, "%d ", node->index);
	put(e, "%s", node->layer->name);
	*last = node;
}

static void put_origin(Emit *e, const Loop *loop)
{
	const Node *last = 0;
	for (int i = 0; i < loop->steps.count; i++) {
		const Step *step = loop->steps.items[i];
		for (int k = 0; k < step->part_count; k++)
			put_node(e, step->parts[k]->node, false, &last);
		if (step->part_count == 0)
			put_node(e, step->node, loop->steps.count == 1, &last);
	}
}

/* Whether a call in the loop has a panel of an activation as an operand. */
static bool picks_rows(const Module *m, const Loop *loop)
{
	for (int i = 0; loop->features && panel_count(m, loop->features) > 1 && i < loop->steps.count; i++) {
		const Step *step = loop->steps.items[i];
		for (int k = 0; k < step->kernel->parameter_count; k++) {
			const Operand *operand = &step->operands[k];
			if (operand->kind == OPERAND_AT && step->kernel->parameters[k].type->own
				&& operand->tensor->layout == LAYOUT_ROWS && (!operand->tensor->one_panel || loop->paired))
				return true;
		}
	}
	return false;
}

/* Declares a variable for the tensor's place, unless the function has it already. */
static void put_place(Emit *e, const Routine *routine, const Loop *loop, const Tensor *tensor)
{
	if (e->named[tensor->id] == e->function)
		return;
	e->named[tensor->id] = e->function;
	if (tensor->role != ROLE_TEMPORARY) {
		if (!e->members)
			put(e, "\t%s *const %s = (%s *)(net + %zu);\n", element_type(e->module, tensor), tensor->name,
				element_type(e->module, tensor), tensor->offset);
		else if (tensor->block)
			put(e, "\t%s *const %s = %s%s + %zu;\n", type_of(e->module), tensor->name, e->members,
				tensor->block->name, tensor->in_block);
		return;
	}
	bool scratch = tensor->one_panel && e->module->options.threads > 1;
	put(e, "\t%s *const %s = %s + %zu", type_of(e->module), tensor->name, e->work,
		scratch ? routine->work + tensor->offset : tensor->offset);
	if (scratch && loop->parallel)
		put(e, " + %zu * thread", routine->scratch);
	put(e, ";%s\n", tensor->one_panel ? "\t/* one panel */" : "");
}

static void put_places_of(Emit *e, const Routine *routine, const Loop *loop)
{
	for (int i = 0; i < loop->steps.count; i++)
		for (int k = 0; k < loop->steps.items[i]->kernel->parameter_count; k++)
			if (loop->steps.items[i]->operands[k].kind == OPERAND_AT)
				put_place(e, routine, loop, loop->steps.items[i]->operands[k].tensor);
}

void put_places(Emit *e, const Routine *routine, const Loop *loop)
{
	const int lanes = e->module->options.target->lanes;
	bool picks = loop && picks_rows(e->module, loop);
	for (int i = 0; !loop && i < routine->loops.count; i++)
		picks = picks || picks_rows(e->module, routine->loops.items[i]);
	if (picks && !e->rows)
		put(e, "\tconst int panel = %s;\n",
			lanes == 1 ? "rows" : arena_print(e->module->arena, "%d * rows", lanes));
	if (!e->named)
		e->named = NEW_ARRAY(e->module->arena, int, e->module->tensor_count);
	e->function++;
	if (!e->members && (loop || routine->temporaries.count))
		put(e, "\t%s *const work = (%s *)(net + %zu);\n", type_of(e->module), type_of(e->module),
			e->module->work_offset);
	if (loop)
		put_places_of(e, routine, loop);
	for (int i = 0; !loop && i < routine->loops.count; i++)
		if (!routine->loops.items[i]->parallel)
			put_places_of(e, routine, routine->loops.items[i]);
}

static void put_steps(Emit *e, const Loop *loop, bool looped)
{
	for (int i = 0; i < loop->steps.count; i++)
		put_step(e, loop->steps.items[i], loop->steps.items[i]->kernel, looped);
}

/* Writes each step for the panels p and p + 1: as one call if a kernel does both. */
static void put_pair_steps(Emit *e, const Loop *loop)
{
	for (int i = 0; i < loop->steps.count; i++) {
		const Step *step = loop->steps.items[i];
		put_step(e, step, step->pair ? step->pair : step->kernel, true);
		if (step->pair)
			continue;
		e->second = true;
		put_step(e, step, step->kernel, true);
		e->second = false;
	}
}

/* Writes the loop over its panels, from begin to end. */
static void put_panels(Emit *e, const Loop *loop, const char *begin, const char *end)
{
	if (loop->paired) {
		put(e, "\tfor (int p = %s; p + 1 < %s; p += 2) {\n", begin, end);
		put_pair_steps(e, loop);
		put(e, "\t}\n");
		if (!loop->parallel && panel_count(e->module, loop->features) % 2 == 0)
			return;
		put(e, "\tfor (int p = %s + (%s - %s) / 2 * 2; p < %s; p++) {\n", begin, end, begin, end);
	} else
		put(e, "\tfor (int p = %s; p < %s; p++) {\n", begin, end);
	put_steps(e, loop, true);
	put(e, "\t}\n");
}

void put_loop(Emit *e, const Routine *routine, int number)
{
	const Loop *loop = routine->loops.items[number];
	int panels = loop->features ? panel_count(e->module, loop->features) : 1;
	put(e, "\n\t/* ");
	put_origin(e, loop);
	if (loop->features)
		put(e, ": %d feature%s", loop->features, loop->features == 1 ? "" : "s");
	put(e, " */\n");
	if (loop->parallel)
		put(e, "\tparallel(host, %s_loop_%d, &task, %d);\n", routine->name, number, panels);
	else if (panels > 1)
		put_panels(e, loop, "0", arena_print(e->module->arena, "%d", panels));
	else
		put_steps(e, loop, false);
	if (e->module->options.profile)
		put(e, "\tmark(host, %d);\n", e->mark + number);
}

/* A loop whose panels threads share becomes a function that does some of them. */
static void put_parallel_loops(Emit *e, const Routine *routine)
{
	for (int i = 0; i < routine->loops.count; i++) {
		const Loop *loop = routine->loops.items[i];
		if (!loop->parallel)
			continue;
		put(e, "\nstatic void %s_loop_%d(Task *task, int begin, int end, int thread)\n{\n", routine->name, i);
		put(e, "\tchar *const net = task->net;\n\tconst int rows = task->rows;\n\tconst double lr = task->lr;\n");
		put_places(e, routine, loop);
		put_panels(e, loop, "begin", "end");
		put(e, "}\n");
	}
}

static void put_routine(Emit *e, const Routine *routine, const char *parameters, const char *rate)
{
	put_parallel_loops(e, routine);
	put(e, "\nvoid %s(%s)\n{\n", routine->name, parameters);
	put_places(e, routine, 0);
	if (e->module->options.threads > 1)
		put(e, "\tTask task;\n\ttask.net = net;\n\ttask.rows = rows;\n\ttask.lr = %s;\n", rate);
	if (e->module->options.profile)
		put(e, "\tmark(host, -1);\n");
	for (int i = 0; i < routine->loops.count; i++)
		put_loop(e, routine, i);
	if (routine == &e->module->train && e->module->batches)
		put_update_call(e, "*batches", "update(net, lr, host)");
	put(e, "}\n");
}

void put_update_call(Emit *e, const char *batches, const char *call)
{
	put(e, "\n\tif (%s == %d)\n\t\t%s;\n", batches, batches_of_update(e->module->network->optimizer), call);
}

/* Its loops have the numbers after those of train. */
static void put_update(Emit *e)
{
	const Routine *routine = &e->module->update;
	put(e, "\nvoid update(char *net, double lr, const void *host)\n{\n");
	put_places(e, routine, 0);
	put(e, "\tif (*batches == 0)\n\t\treturn;\n");
	e->mark = e->module->train.loops.count;
	for (int i = 0; i < routine->loops.count; i++)
		put_loop(e, routine, i);
	e->mark = 0;
	put(e, "}\n");
}

static void put_host(Emit *e)
{
	if (e->module->options.threads > 1)
		put(e, "typedef struct Task { char *net; int rows; double lr; } Task;\n"
			"void parallel(const void *host, void (*body)(Task *task, int begin, int end, int thread), Task *task, "
			"int panels);\n");
	if (e->module->options.profile)
		put(e, "void mark(const void *host, int loop);\n");
}

void emit(Module *m)
{
	Emit e = {.module = m, .code = {.arena = m->arena}, .prefix = "", .work = "work"};
	const KernelSet *target = m->options.target;
	put(&e, "/* bnc %s, %d lane%s (%s) */\n", BNC_VERSION, target->lanes, target->lanes == 1 ? "" : "s", target->name);
	put(&e, "typedef int int32_t;\ntypedef long long int64_t;\n%s\n",
		m->generator ? "typedef unsigned int uint32_t;\n" : "");
	put_prototypes(&e);
	put_host(&e);
	for (int i = 0; i < m->routine_count; i++)
		put_lists(&e, m->routines[i]);
	if (m->batches)
		put_update(&e);
	put_routine(&e, &m->train, "char *net, int rows, double lr, const void *host", "lr");
	put_routine(&e, &m->predict, "char *net, int rows, const void *host", "0");
	m->text = code_text(&e.code);
}
