/* The emitted _init: it computes the same weights as random.c and program.c in another way. The bound of every tensor
 * is computed here. As high is -low, torch's low + unit * (high - low) is one exact factor times the bound: so the
 * emitted code needs neither libm nor a fused operation to round like torch. */
#include "standalone.h"
#include <string.h>

static const char generator[] =
	"\n/* ---- initial weights */\n\n"
	"/* MT19937 (Matsumoto and Nishimura, 1998). Its words are kept in memory meant for reals, so they are copied. "
	"*/\n"
	"enum { $_WORDS = %d, $_SHIFT = 397 };\n\n"
	"typedef struct @_Generator { real *words; int position; } @_Generator;\n\n"
	"static uint32_t @_word(const @_Generator *generator, int i)\n"
	"{\n"
	"\tuint32_t word;\n"
	"\tmemcpy(&word, generator->words + i, sizeof word);\n"
	"\treturn word;\n"
	"}\n\n"
	"static void @_set_word(@_Generator *generator, int i, uint32_t word)\n"
	"{\n"
	"\tmemcpy(generator->words + i, &word, sizeof word);\n"
	"}\n\n"
	"static void @_seed(@_Generator *generator, uint32_t seed)\n"
	"{\n"
	"\t@_set_word(generator, 0, seed);\n"
	"\tfor (int i = 1; i < $_WORDS; i++) {\n"
	"\t\tseed = UINT32_C(1812433253) * (seed ^ (seed >> 30)) + (uint32_t)i;\n"
	"\t\t@_set_word(generator, i, seed);\n"
	"\t}\n"
	"\tgenerator->position = $_WORDS;\n"
	"}\n\n"
	"static uint32_t @_random(@_Generator *generator)\n"
	"{\n"
	"\tif (generator->position == $_WORDS) {\n"
	"\t\tfor (int i = 0; i < $_WORDS; i++) {\n"
	"\t\t\tconst uint32_t bits = (@_word(generator, i) & UINT32_C(0x80000000))\n"
	"\t\t\t\t| (@_word(generator, (i + 1) %% $_WORDS) & UINT32_C(0x7fffffff));\n"
	"\t\t\tconst uint32_t twist = (bits & 1) ? UINT32_C(0x9908b0df) : 0;\n"
	"\t\t\t@_set_word(generator, i, @_word(generator, (i + $_SHIFT) %% $_WORDS) ^ (bits >> 1) ^ twist);\n"
	"\t\t}\n"
	"\t\tgenerator->position = 0;\n"
	"\t}\n"
	"\tuint32_t word = @_word(generator, generator->position++);\n"
	"\tword ^= word >> 11;\n"
	"\tword ^= (word << 7) & UINT32_C(0x9d2c5680);\n"
	"\tword ^= (word << 15) & UINT32_C(0xefc60000);\n"
	"\treturn word ^ (word >> 18);\n"
	"}\n\n";

/* Of a network that draws random numbers in training: it goes on with the generator that has drawn its weights. */
static const char own_generator[] =
	"\n/* ---- initial weights */\n\n"
	"/* Seeds the generator, MT19937 (Matsumoto and Nishimura, 1998). */\n"
	"static void @_seed(uint32_t *generator, uint32_t seed)\n"
	"{\n"
	"\tgenerator[0] = seed;\n"
	"\tfor (int i = 1; i < %d; i++) {\n"
	"\t\tseed = UINT32_C(1812433253) * (seed ^ (seed >> 30)) + (uint32_t)i;\n"
	"\t\tgenerator[i] = seed;\n"
	"\t}\n"
	"\tgenerator[%d] = %d;\n"
	"}\n\n";

static const char own_random[] =
	"static uint32_t @_random(uint32_t *generator)\n"
	"{\n"
	"\tuint32_t word;\n"
	"\t@_take_words(generator, 1, &word);\n"
	"\treturn word;\n"
	"}\n\n";

static const char uniform[] =
	"/* Numbers from -bound to bound, as torch.nn.init.uniform_ draws them from 24 bits each. */\n"
	"static void @_uniform(%s *generator, real *panels, int features, int inputs%s, real bound)\n"
	"{\n"
	"\tfor (int feature = 0; feature < features; feature++)\n"
	"\t\tfor (int input = 0; input < inputs; input++) {\n"
	"\t\t\tconst int32_t bits = (int32_t)(@_random(generator) & 0xffffff) - 0x800000;\n"
	"\t\t\tpanels[@_place(feature, input, inputs%s)] = bound * ((real)bits / 8388608.0f);\n"
	"\t\t}\n"
	"}\n\n";

static const char uniform_of_double[] =
	"/* Numbers from -bound to bound, as torch.nn.init.uniform_ draws them from 53 bits each. */\n"
	"static void @_uniform(%s *generator, real *panels, int features, int inputs%s, real bound)\n"
	"{\n"
	"\tfor (int feature = 0; feature < features; feature++)\n"
	"\t\tfor (int input = 0; input < inputs; input++) {\n"
	"\t\t\tconst uint32_t high = @_random(generator) & UINT32_C(0x1fffff), low = @_random(generator);\n"
	"\t\t\tconst double bits = (double)high * 4294967296.0 + (double)low - 4503599627370496.0;\n"
	"\t\t\tpanels[@_place(feature, input, inputs%s)] = bound * (bits / 4503599627370496.0);\n"
	"\t\t}\n"
	"}\n\n";

static const char fill[] =
	"static void @_fill(real *panel, int features, real value)\n"
	"{\n"
	"\tfor (int feature = 0; feature < features; feature++)\n"
	"\t\tpanel[feature] = value;\n"
	"}\n\n";

static bool is_drawn(const Tensor *tensor)
{
	return tensor->init == INIT_KAIMING_UNIFORM || tensor->init == INIT_FAN_IN_UNIFORM;
}

/* The argument taps of @_uniform, which networks without convolution do not need. */
static const char *taps_literal(const Standalone *s, const Tensor *tensor)
{
	const int taps = tensor->layout == LAYOUT_WEIGHTS ? tensor->kernel_height * tensor->kernel_width : 0;
	return s->convolves ? arena_print(s->arena, ", %d", taps ? taps : 1) : "";
}

/* Lanes after the last feature stay 0. */
static void put_ones(const Standalone *s, Code *code, const Tensor *tensor)
{
	const int lanes = s->target.lanes, inputs = tensor->layout == LAYOUT_WEIGHTS ? tensor->inputs : 1;
	const int rest = inputs == 1 ? 0 : tensor->features % lanes, whole = (tensor->features - rest) * inputs;
	if (whole)
		put_template(s, code, "\t@_fill(net->%s, %d, 1.0f);\n", member_text(s, tensor), whole);
	if (rest)
		put_template(s, code, "\tfor (int input = 0; input < %d; input++)\n"
			"\t\t@_fill(net->%s + %d + %d * input, %d, 1.0f);\n", inputs, member_text(s, tensor), whole, lanes, rest);
}

static void put_initial(const Standalone *s, Code *code, const Tensor *tensor)
{
	if (is_drawn(tensor))
		put_template(s, code, "\t@_uniform(%s, net->%s, %d, %d%s, %s);\n",
			s->module->generator ? "net->generator" : "&generator", member_text(s, tensor),
			tensor->features, tensor->layout == LAYOUT_WEIGHTS ? tensor->inputs : 1, taps_literal(s, tensor),
			number_text(s->arena, initial_bound(tensor->init, tensor->inputs), number_class(s->target.number_bytes)));
	else if (tensor->init == INIT_ONE)
		put_ones(s, code, tensor);
}

static void put_init_function(const Standalone *s, Code *code, Tensor *const *tensors, int count, bool drawn)
{
	const bool own = s->module->generator, apart = drawn && !own;
	put_template(s, code, "void @_init(@ *net, uint64_t seed)\n{\n");
	if (apart && s->work < STATE_WORDS)
		put_template(s, code, "\treal words[$_WORDS];\n\t@_Generator generator = { words, 0 };\n");
	else if (apart)
		put_template(s, code, "\t@_Generator generator = { net->work, 0 };\n");
	code_put(code, own ? "\tmemset(net, 0, sizeof *net);\n" : "\n\tmemset(net, 0, sizeof *net);\n");
	put_template(s, code, own ? "\t@_seed(net->generator, (uint32_t)seed);\n"
		: drawn ? "\t@_seed(&generator, (uint32_t)seed);\n" : "\t(void)seed;\n");
	for (int i = 0; i < count; i++)
		if (tensors[i]->path)
			put_initial(s, code, tensors[i]);
	if (apart && s->work >= STATE_WORDS)
		code_put(code, "\tmemset(net->work, 0, sizeof net->work);\n");
	code_put(code, "}\n");
}

void put_init(const Standalone *s, Code *code)
{
	Tensor **tensors = NEW_ARRAY(s->arena, Tensor *, s->module->tensors.count);
	int count = saved_tensors(s->module, tensors);
	bool drawn = false, filled = false;
	for (int i = 0; i < count; i++) {
		drawn = drawn || is_drawn(tensors[i]);
		filled = filled || (tensors[i]->path && tensors[i]->init == INIT_ONE);
	}
	if (s->module->generator)
		put_template(s, code, own_generator, STATE_WORDS, STATE_WORDS, STATE_WORDS);
	if (drawn && s->module->generator)
		put_template(s, code, own_random);
	else if (drawn)
		put_template(s, code, generator, STATE_WORDS);
	if (drawn)
		put_template(s, code, s->target.number_bytes == sizeof(double) ? uniform_of_double : uniform,
			s->module->generator ? "uint32_t" : arena_print(s->arena, "%s_Generator", s->prefix),
			s->convolves ? ", int taps" : "", s->convolves ? ", taps" : "");
	if (filled)
		put_template(s, code, fill);
	put_init_function(s, code, tensors, count, drawn);
}
