/* The emitted header: what the network is, what it needs, and the contract of each function. */
#include "standalone.h"
#include <ctype.h>
#include <string.h>

/* ---- the network's text */

/* Writes one line of the source so that it is harmless in a comment: it ends or opens none, and has no trigraph, no
 * character that is not printable ASCII, and no backslash at the end. */
static void put_quoted(Code *code, const char *text, size_t length)
{
	while (length > 0 && (isspace((unsigned char)text[length - 1]) || text[length - 1] == '\\'))
		length--;
	code_put(code, " *     ");
	for (size_t i = 0; i < length; i++) {
		char c = text[i], next = i + 1 < length ? text[i + 1] : ' ';
		bool breaks = (c == '*' && next == '/') || (c == '/' && next == '*') || (c == '?' && next == '?');
		code_put(code, "%c%s", c == '\t' ? ' ' : c < ' ' || c > '~' ? '.' : c, breaks ? " " : "");
	}
	code_put(code, "\n");
}

static void put_network_text(Code *code, const Source *source)
{
	enum { MOST_LINES = 200, MOST_COLUMNS = 200 };
	const char *text = source->text, *end = source->text + source->length;
	int lines = 0;
	for (; text < end && lines < MOST_LINES; lines++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t length = (size_t)((newline ? newline : end) - text);
		put_quoted(code, text, length < MOST_COLUMNS ? length : MOST_COLUMNS);
		text = newline ? newline + 1 : end;
	}
	if (text < end)
		code_put(code, " *     (and %zu bytes more)\n", (size_t)(end - text));
}

/* ---- what it computes */

/* What a part of the network begins and ends with, and the layers. */
static void put_shapes(const Standalone *s, Code *code)
{
	const Network *network = s->model->network;
	if (network->from || network->until)
		code_put(code, " *\n * This is the part of it%s%s%s%s%s%s.\n", network->from ? " from `" : "",
			network->from ? network->from : "", network->from ? "` on" : "",
			network->until ? " that ends before `" : "", network->until ? network->until : "",
			network->until ? "`" : "");
	code_put(code, " *\n * Its layers and the shapes of their outputs, for one sample:\n");
	code_put(code, " *     %-20s %-16s %s\n", "", "input", shape_text(s->arena, &network->input->shape));
	for (int i = 0; i < network->nodes.count; i++) {
		const Node *node = network->nodes.items[i];
		code_put(code, " *     %-20s %-16s %s\n", node->path, node->layer->name,
			shape_text(s->arena, &node->output->shape));
	}
}

static void put_rule(Code *code, const char *kind, const Node *node)
{
	code_put(code, " * %s %s%s\n", kind, node->layer->name, arguments_text(code->arena, node, "lr"));
}

static void put_folding(const Standalone *s, Code *code)
{
	for (int i = 0; i < s->folded.notes.count; i++)
		code_put(code, " * %s.\n", s->folded.notes.items[i]);
	code_put(code,
		" * Measured by bnc on %d rows of random inputs: outputs differ from those of the network as it was trained by "
		"at most\n"
		" * %.3g; the largest output was %.3g.\n *\n", s->measured, s->difference, s->largest);
}

static void put_description(const Standalone *s, Code *code)
{
	put_template(s, code, "/* @: a neural network%s, written by bnc %s.\n",
		s->options->inference ? "" : " with its training", BNC_VERSION);
	code_put(code, " * This code belongs to whoever generated it; no licence of bnc applies to it.\n *\n");
	if (s->options->single_header)
		put_template(s, code,
			" * One C or C++ file of the program defines $_IMPLEMENTATION before it includes this; all others only "
			"include it.\n *\n");
	code_put(code, " * The network:\n");
	put_network_text(code, &s->model->source);
	put_shapes(s, code);
	code_put(code, " *\n");
	if (s->options->inference) {
		put_folding(s, code);
		put_inference_memory(s, code);
	} else {
		put_rule(code, "Loss:", s->module->network->loss);
		put_rule(code, "Optimizer:", s->module->network->optimizer);
		if (has_rate(s))
			put_rule(code, "The caller gives the learning rate of each step. Schedule:", s->module->network->schedule);
		for (int i = 0; i < s->module->network->augments.count; i++)
			put_rule(code, "The caller changes each image before it is trained on:",
				s->module->network->augments.items[i]);
		code_put(code, " *\n");
		put_memory_table(s, code);
	}
	code_put(code, " */\n");
}

/* ---- declarations */

static void put_macros(const Standalone *s, Code *code)
{
	const Network *network = s->module->network;
	const Node *optimizer = network->optimizer;
	int64_t parameters = 0;
	for (int i = 0; i < s->module->tensors.count; i++)
		if (s->module->tensors.items[i]->role == ROLE_PARAMETER)
			parameters += (int64_t)element_count(s->module->tensors.items[i]);
	put_template(s, code, "\n"
		"#define $_INPUTS %lld  /* reals of a sample */\n"
		"#define $_OUTPUTS %lld\n"
		"#define $_PARAMETERS %lld\n"
		"#define $_MIN_BATCH %d  /* rows of a training step%s */\n"
		"#define $_MAX_BATCH %d\n"
		"#define $_LEARNING_RATE %s  /* of the network's text */\n"
		"#define $_LANES %d  /* features that are stored side by side */\n"
		"#define $_BYTES %zu  /* of the struct */\n",
		(long long)shape_size(&network->input->shape), (long long)shape_size(&network->output->shape),
		(long long)parameters, training_minimum(s), normalises_batch(s) ? ": one has no variance" : "",
		s->module->options.batch,
		number_text(s->arena, optimizer->arguments[argument_index(optimizer->layer, "lr")],
			number_class(s->target.number_bytes)),
		s->target.lanes, s->bytes);
	if (s->module->batches)
		put_template(s, code, "#define $_ACCUMULATE %d  /* batches in an update */\n", batches_of_update(optimizer));
	if (has_rate(s))
		put_template(s, code, "#define $_EPOCHS %d  /* of the network's text */\n", network->epochs);
}

static void put_inference_macros(const Standalone *s, Code *code)
{
	const Network *network = s->module->network;
	put_template(s, code, "\n"
		"#define $_INPUTS %lld  /* reals of a sample */\n"
		"#define $_OUTPUTS %lld\n"
		"#define $_MAX_BATCH %d  /* rows that are worked on at once */\n"
		"#define $_LANES %d\n"
		"#define $_SCRATCH %zu  /* reals */\n",
		(long long)shape_size(&network->input->shape), (long long)shape_size(&network->output->shape),
		s->module->options.batch,
		s->target.lanes, scratch_of(s->module).floats);
}

/* Writes what a row of y holds, and the function that reads it. */
static void put_outputs(const Standalone *s, Code *code)
{
	const Network *network = s->model->network;
	if (network->until) {
		put_template(s, code, "\n/* y holds what `%s` takes, $_OUTPUTS values for each sample%s. */\n", network->until,
			network->output->shape.rank > 1 ? ": of an image channel by channel, row by row" : "");
		return;
	}
	if (says_yes_or_no(s)) {
		put_template(s, code, "\n"
			"/* y holds a logit, $_OUTPUTS for each sample: any number, above 0 where yes is likelier than no. The "
			"probability of yes is\n"
			" * 1 / (1 + exp(-y[i])).%s */\n%s",
			has_classify(s) ? " As a label: 1 where y[0] is above 0, else 0." : "",
			has_classify(s) ? arena_print(s->arena, "int32_t %s_classify(const %s *y);\n", s->prefix,
				number_type(s->target.number_bytes)) : "");
		return;
	}
	if (!classifies(s)) {
		put_template(s, code,
			"\n/* y holds values on the scale of those that the network was trained towards, $_OUTPUTS for each "
			"sample. */\n");
		return;
	}
	put_template(s, code, "\n"
		"/* y holds a logit for each class, $_OUTPUTS for each sample: any number, larger for a likelier class. The "
		"probability of\n"
		" * class i is softmax(y)[i] = exp(y[i]) / (exp(y[0]) + ... + exp(y[$_OUTPUTS - 1])), in which the largest of "
		"y may first\n"
		" * be taken off all of them, so that no exp overflows. The likeliest class of one sample, as its label: the "
		"first of those\n"
		" * with the largest logit. A NaN is larger than none, and none is larger than it. */\n"
		"int32_t @_classify(const real *y);\n");
}

static void put_inference_functions(const Standalone *s, Code *code)
{
	put_template(s, code, "\n"
		"/* y[$_OUTPUTS] from x[$_INPUTS]: one sample, with %zu bytes of the stack. Any number of\n"
		" * threads may call it. */\n"
		"void @_predict_one(const real *x, real *y);\n\n"
		"/* y[rows][$_OUTPUTS] from x[rows][$_INPUTS], for any number of rows; none when rows <= 0. scratch: "
		"$_SCRATCH\n"
		" * reals of the caller's, which hold nothing between calls; threads that call it at once need one each. */\n"
		"void @_predict(const real *x, real *y, int rows, real *scratch);\n",
		one_scratch(s).floats * s->target.number_bytes);
	put_outputs(s, code);
}

static const char *shape_of(const Standalone *s, const Tensor *tensor)
{
	const ProgramTensor view = program_view(tensor);
	int shape[4], rank = tensor_shape(&view, shape);
	const char *text = arena_print(s->arena, "%d", shape[0]);
	switch (tensor->layout) {
	case LAYOUT_WEIGHTS: case LAYOUT_FEATURES:
		for (int i = 1; i < rank; i++)
			text = arena_print(s->arena, "%s x %d", text, shape[i]);
		return text;
	case LAYOUT_ROWS: return arena_print(s->arena, "%d rows of %d", s->module->options.batch,
		tensor->features * tensor->positions);
	case LAYOUT_GENERATOR: return "the state of MT19937, as PyTorch has it: words, and how many are used up";
	default: return "one value";
	}
}

/* The heading for a group of members. */
static const char *heading_of(const Tensor *tensor)
{
	if (tensor->layout == LAYOUT_COUNTER)
		return "counters";
	if (tensor->layout == LAYOUT_GENERATOR)
		return "random numbers";
	switch (content_role(tensor)) {
	case ROLE_PARAMETER: return "parameters";
	case ROLE_STATISTIC: return "running statistics";
	case ROLE_STATE: return "the optimizer's state";
	case ROLE_GRADIENT: return "gradients of the step";
	default: return "the batch at work";
	}
}

/* Lists what the block is made of. */
static void put_parts(const Standalone *s, Code *code, const Tensor *block)
{
	for (int i = 0; i < s->module->tensors.count; i++) {
		const Tensor *part = s->module->tensors.items[i];
		if (part->block == block)
			code_put(code, "\t%40s /* from %zu: %s: %s */\n", "", part->in_block, saved_name(part),
				shape_of(s, part));
	}
}

static void put_member(const Standalone *s, Code *code, const Tensor *tensor)
{
	const char *declaration = arena_print(s->arena, "%s %s", element_type(s->module, tensor), tensor->name);
	if (tensor->layout != LAYOUT_COUNTER)
		declaration = arena_print(s->arena, "%s[%zu]", declaration, tensor_floats(s->module, tensor));
	if (tensor->role == ROLE_BLOCK) {
		code_put(code, "\t%s;\n", declaration);
		put_parts(s, code, tensor);
		return;
	}
	code_put(code, "\t%s;%*s/* %s%s%s */\n", declaration,
		(int)(strlen(declaration) < 40 ? 40 - strlen(declaration) : 1), "", tensor->path ? tensor->path : "",
		tensor->path ? ": " : "", shape_of(s, tensor));
}

static void put_struct(const Standalone *s, Code *code)
{
	put_template(s, code, "\n"
		"/* Everything there is of one network: no pointer, nothing elsewhere. Place it where you like, copy it with "
		"memcpy. A\n"
		" * matrix of outputs x inputs lies in panels of $_LANES outputs, [panel][input][lane]: @_get and @_set\n"
		" * translate. */\n"
		"typedef struct @ {\n");
	const Tensor **tensors = NEW_ARRAY(s->arena, const Tensor *, s->module->tensors.count);
	int count = standalone_tensors(s, tensors);
	bool worked = false;
	for (int i = 0; i < count; i++) {
		if (follows_work(tensors[i]) && !worked) {
			put_template(s, code, "\treal work[%zu];\n", s->work);
			worked = true;
		}
		if (i == 0 || strcmp(heading_of(tensors[i]), heading_of(tensors[i - 1])) != 0)
			code_put(code, "\t/* %s */\n", heading_of(tensors[i]));
		put_member(s, code, tensors[i]);
	}
	if (!worked)
		put_template(s, code, "\treal work[%zu];\n", s->work);
	put_template(s, code, "} @;\n\n");
	put_template(s, code, "typedef char @_is_as_large_as_planned[sizeof(@) == $_BYTES ? 1 : -1];\n");
}

/* Writes the contract of a training step whose update is for several batches, and of the update. */
static void put_updates(const Standalone *s, Code *code)
{
	put_template(s, code, "\n"
		"/* Every $_ACCUMULATE-th call of @_train updates, with the mean of the gradients since the last update;\n"
		" * the others only add theirs. This updates at once with those that wait, each divided by $_ACCUMULATE all "
		"the same, as\n"
		" * bnc does at the end of an epoch and of the training; without any, it does nothing. */\n"
		"void @_update(@ *net, real lr);\n");
}

/* Writes the contract of the function of the schedule. */
static void put_rate_contract(const Standalone *s, Code *code)
{
	const Layer *layer = s->module->network->schedule->layer;
	const char *unit = !layer->each_step ? "epoch" : s->module->batches ? "update" : "step";
	put_template(s, code, "\n"
		"/* The schedule: the learning rate of one %s. now: how many %ss were before it, 0 to all - 1; all: how many "
		"the\n"
		" * whole training has.%s */\n"
		"real @_rate(int32_t now, int32_t all);\n",
		unit, unit, s->target.lanes == 1 ? " The bits of the rates with which bnc trains." : "");
}

static void put_functions(const Standalone *s, Code *code)
{
	put_template(s, code, "\n"
		"/* The initial weights that bnc, and PyTorch, draw for this seed (its lower 32 bits). This%s or\n"
		" * @_load comes first: only then is the struct a network. */\n"
		"void @_init(@ *net, uint64_t seed);\n", s->net ? arena_print(s->arena, ", %s_init_trained", s->prefix) : "");
	if (s->net)
		put_template(s, code, "\n"
			"/* With the weights that bnc had when it wrote this, and an optimizer that has not begun.%s */\n"
			"void @_init_trained(@ *net);\n", !s->module->generator ? "" : arena_print(s->arena,
				" Random\n * numbers begin with the network's seed, %llu.",
				(unsigned long long)s->model->network->seed));
	put_template(s, code, "\n"
		"/* y[rows][$_OUTPUTS] from x[rows][$_INPUTS]%s, for any number of\n"
		" * rows; none when rows <= 0. Works in the network's own memory: calls for one network must not overlap in "
		"time. */\n"
		"void @_predict(@ *net, const real *x, real *y, int rows);\n",
		normalises_batch(s) ? ", with running statistics" : "");
	put_outputs(s, code);
	put_template(s, code, "\n"
		"/* One step on x[rows][$_INPUTS] and %s: forward, backward and %supdate.\n"
		" * Returns the rows' mean loss before the update; NaN, and nothing changes, where rows is not from "
		"$_MIN_BATCH\n"
		" * to $_MAX_BATCH%s. */\n"
		"real @_train(@ *net, const real *x, const %s, int rows, real lr);\n",
		classifies(s) ? "label[rows]" : arena_print(s->arena, "target[rows][%s_OUTPUTS]", s->capitals),
		s->module->batches ? "its part of an " : "",
		classifies(s) ? arena_print(s->arena, " or a label is not from 0 to %s_OUTPUTS - 1", s->capitals)
		: says_yes_or_no(s) ? " or a target is not from 0 to 1" : "",
		truth_parameter(s));
	if (s->module->batches)
		put_updates(s, code);
	if (has_rate(s))
		put_rate_contract(s, code);
}

/* What more than two dimensions of a tensor are. */
static const char *dimensions_text(const Standalone *s)
{
	bool has[5] = {false};
	for (int i = 0; i < s->module->tensors.count; i++)
		has[s->module->tensors.items[i]->rank] = true;
	return arena_print(s->arena, "%s%s", has[4] ? "4: outputs x channels x height x width; " : "",
		has[3] ? "3: channels x height x width; " : "");
}

static void put_tensor_table(const Standalone *s, Code *code)
{
	Tensor **tensors = NEW_ARRAY(s->arena, Tensor *, s->module->tensors.count);
	int count = saved_tensors(s->module, tensors);
	size_t longest = 0;
	for (int i = 0; i < count; i++)
		if (strlen(saved_name(tensors[i])) > longest)
			longest = strlen(saved_name(tensors[i]));
	put_template(s, code, "\n"
		"/* ---- the tensors by name, and their bytes */\n\n"
		"typedef enum @_role { $_PARAMETER, $_STATISTIC, $_OPTIMIZER_STATE%s } @_role;\n\n"
		"typedef struct @_tensor {\n"
		"\tchar name[%zu];   /* as PyTorch's state_dict has it */\n"
		"\tint32_t role;    /* a @_role */\n"
		"\tint32_t rank;    /* %s2: shape[0] x shape[1]; 1: shape[0] values; 0: one int64_t */\n"
		"\tint32_t shape[%d];\n"
		"\tuint32_t offset; /* bytes from the start of the struct */\n"
		"} @_tensor;\n\n"
		"#define $_TENSORS %d\n"
		"extern const @_tensor @_tensors[$_TENSORS];\n\n"
		"/* The tensor as row-major reals, and back. Not for a tensor of rank 0, which is an int64_t at its offset%s. "
		"*/\n"
		"void @_get(const @ *net, const @_tensor *tensor, real *values);\n"
		"void @_set(@ *net, const @_tensor *tensor, const real *values);\n\n"
		"/* Everything that training has made, the optimizer's state with it, in bytes that mean the same on any "
		"machine. */\n"
		"#define $_SAVE_BYTES %zu\n\n"
		"/* Bytes written: $_SAVE_BYTES, or 0 when size is less. */\n"
		"size_t @_save(const @ *net, void *buffer, size_t size);\n\n"
		"typedef enum @_load_result {\n"
		"\t$_LOAD_OK,\n"
		"\t$_LOAD_SHORT,    /* less than $_SAVE_BYTES */\n"
		"\t$_LOAD_FOREIGN,  /* of another network, or no save */\n"
		"\t$_LOAD_DAMAGED   /* the check sum is wrong */\n"
		"} @_load_result;\n\n"
		"/* Leaves the network as it was unless the result is $_LOAD_OK. Needs no @_init before it. */\n"
		"@_load_result @_load(@ *net, const void *buffer, size_t size);\n",
		s->module->generator ? arena_print(s->arena, ", %s_GENERATOR", s->capitals) : "",
		longest + 1, dimensions_text(s), s->convolves ? 4 : 2, count,
		s->module->generator ? ",\n * nor for the generator, whose words are no floats" : "",
		save_bytes(s));
}

void put_header(Standalone *s)
{
	Code *code = &s->header;
	put_description(s, code);
	put_template(s, code, "#ifndef $_H\n#define $_H\n#include <stddef.h>\n#include <stdint.h>\n\n"
		"#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
	if (s->options->inference) {
		put_inference_macros(s, code);
		put_inference_functions(s, code);
	} else {
		put_macros(s, code);
		put_struct(s, code);
		put_functions(s, code);
		put_tensor_table(s, code);
	}
	if (needs_large_int(s))
		put_template(s, code,
			"\n/* It counts to more than 32767. */\ntypedef char @_needs_an_int_of_32_bits[sizeof(int) >= 4 ? 1 : "
			"-1];\n");
	code_put(code, "\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
}
