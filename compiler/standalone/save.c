/* The emitted table of tensors, and the functions that save and load them. */
#include "standalone.h"
#include <string.h>

static const char place_in_matrix[] =
	"/* Where a value of a row-major tensor is in its panels. */\n"
	"static size_t @_place(int32_t feature, int32_t input, int32_t inputs)\n"
	"{\n"
	"\treturn ((size_t)(feature / $_LANES) * (size_t)inputs + (size_t)input) * $_LANES + (size_t)(feature %% "
	"$_LANES);\n"
	"}\n\n";

/* Of a network with tensors of more than two dimensions. */
static const char place_in_kernel[] =
	"/* The values for each feature. */\n"
	"static int32_t @_inputs(const @_tensor *tensor)\n"
	"{\n"
	"\treturn tensor->shape[1] * tensor->shape[2] * tensor->shape[3];\n"
	"}\n\n"
	"/* The pixels of a kernel; 1 of any other tensor. */\n"
	"static int32_t @_taps(const @_tensor *tensor)\n"
	"{\n"
	"\treturn tensor->rank == 4 ? tensor->shape[2] * tensor->shape[3] : 1;\n"
	"}\n\n"
	"/* Where a value of a row-major tensor is in its panels, which are [input panel][height][width][lane of the "
	"panel]. */\n"
	"static size_t @_place(int32_t feature, int32_t input, int32_t inputs, int32_t taps)\n"
	"{\n"
	"\tconst int32_t channel = input / taps, first = channel / $_LANES * $_LANES, left = inputs / taps - first;\n"
	"\tconst int32_t row = first * taps + input %% taps * (left < $_LANES ? left : $_LANES) + channel - first;\n"
	"\treturn ((size_t)(feature / $_LANES) * (size_t)inputs + (size_t)row) * $_LANES + (size_t)(feature %% $_LANES);\n"
	"}\n\n";

/* The first %s is the number of inputs, the second one how to say the place. */
static const char access[] =
	"void @_get(const @ *net, const @_tensor *tensor, real *values)\n"
	"{\n"
	"\tconst real *panels = (const real *)(const void *)((const unsigned char *)net + tensor->offset);\n"
	"\tfor (int32_t feature = 0; feature < tensor->shape[0]; feature++)\n"
	"\t\tfor (int32_t input = 0; input < %s; input++)\n"
	"\t\t\t*values++ = panels[%s];\n"
	"}\n\n"
	"void @_set(@ *net, const @_tensor *tensor, const real *values)\n"
	"{\n"
	"\treal *panels = (real *)(void *)((unsigned char *)net + tensor->offset);\n"
	"\tfor (int32_t feature = 0; feature < tensor->shape[0]; feature++)\n"
	"\t\tfor (int32_t input = 0; input < %s; input++)\n"
	"\t\t\tpanels[%s] = *values++;\n"
	"}\n";

static const char bytes[] =
	"\n/* ---- saving: numbers are written byte by byte, the lowest first */\n\n"
	"enum { $_SAVE_HEADER = %d };\n"
	"static const uint32_t @_magic = UINT32_C(0x31434e42);       /* \"BNC1\" */\n"
	"static const uint32_t @_layout = UINT32_C(0x%08lx);      /* of the tensors' names and shapes */\n\n"
	"static unsigned char *@_write_word(unsigned char *to, uint32_t word)\n"
	"{\n"
	"\tfor (int i = 0; i < 4; i++, word >>= 8)\n"
	"\t\t*to++ = (unsigned char)(word & 0xff);\n"
	"\treturn to;\n"
	"}\n\n"
	"static uint32_t @_read_word(const unsigned char *from)\n"
	"{\n"
	"\treturn (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;\n"
	"}\n\n"
	"/* CRC-32, that of zip and Ethernet. */\n"
	"static uint32_t @_check_sum(const unsigned char *from, size_t size)\n"
	"{\n"
	"\tuint32_t sum = UINT32_C(0xffffffff);\n"
	"\tfor (size_t i = 0; i < size; i++) {\n"
	"\t\tsum ^= from[i];\n"
	"\t\tfor (int bit = 0; bit < 8; bit++)\n"
	"\t\t\tsum = (sum >> 1) ^ (UINT32_C(0xedb88320) & (0 - (sum & 1)));\n"
	"\t}\n"
	"\treturn ~sum;\n"
	"}\n\n";

static const char saving[] =
	"size_t @_save(const @ *net, void *buffer, size_t size)\n"
	"{\n"
	"\tunsigned char *const begin = (unsigned char *)buffer;\n"
	"\tunsigned char *to = begin + $_SAVE_HEADER;\n\n"
	"\tif (size < $_SAVE_BYTES)\n"
	"\t\treturn 0;\n"
	"\tfor (int i = 0; i < $_TENSORS; i++) {\n"
	"\t\tconst @_tensor *tensor = &@_tensors[i];\n"
	"\t\tconst unsigned char *const from = (const unsigned char *)net + tensor->offset;\n"
	"\t\tif (tensor->rank == 0) {\n"
	"\t\t\tuint64_t count;\n"
	"\t\t\tmemcpy(&count, from, sizeof count);\n"
	"\t\t\tto = @_write_word(to, (uint32_t)(count & UINT32_C(0xffffffff)));\n"
	"\t\t\tto = @_write_word(to, (uint32_t)(count >> 32));\n"
	"\t\t\tcontinue;\n"
	"\t\t}\n"
	"\t\tfor (int32_t feature = 0; feature < tensor->shape[0]; feature++)\n"
	"\t\t\tfor (int32_t input = 0; input < %s; input++) {\n"
	"\t\t\t\tuint%d_t word;\n"
	"\t\t\t\tmemcpy(&word, from + %d * %s, sizeof word);\n"
	"%s"
	"\t\t\t}\n"
	"\t}\n"
	"\tto = @_write_word(begin, @_magic);\n"
	"\tto = @_write_word(to, @_layout);\n"
	"\tto = @_write_word(to, $_SAVE_BYTES - $_SAVE_HEADER);\n"
	"\t@_write_word(to, @_check_sum(begin + $_SAVE_HEADER, $_SAVE_BYTES - $_SAVE_HEADER));\n"
	"\treturn $_SAVE_BYTES;\n"
	"}\n\n";

static const char loading[] =
	"@_load_result @_load(@ *net, const void *buffer, size_t size)\n"
	"{\n"
	"\tconst unsigned char *from = (const unsigned char *)buffer;\n\n"
	"\tif (size < $_SAVE_HEADER)\n"
	"\t\treturn $_LOAD_SHORT;\n"
	"\tif (@_read_word(from) != @_magic || @_read_word(from + 4) != @_layout\n"
	"\t\t|| @_read_word(from + 8) != $_SAVE_BYTES - $_SAVE_HEADER)\n"
	"\t\treturn $_LOAD_FOREIGN;\n"
	"\tif (size < $_SAVE_BYTES)\n"
	"\t\treturn $_LOAD_SHORT;\n"
	"\tif (@_check_sum(from + $_SAVE_HEADER, $_SAVE_BYTES - $_SAVE_HEADER) != @_read_word(from + 12))\n"
	"\t\treturn $_LOAD_DAMAGED;\n"
	"\tfrom += $_SAVE_HEADER;\n"
	"\tmemset(net, 0, sizeof *net);\n"
	"\tfor (int i = 0; i < $_TENSORS; i++) {\n"
	"\t\tconst @_tensor *tensor = &@_tensors[i];\n"
	"\t\tunsigned char *const to = (unsigned char *)net + tensor->offset;\n"
	"\t\tif (tensor->rank == 0) {\n"
	"\t\t\tconst uint64_t count = @_read_word(from) | (uint64_t)@_read_word(from + 4) << 32;\n"
	"\t\t\tmemcpy(to, &count, sizeof count);\n"
	"\t\t\tfrom += 8;\n"
	"\t\t\tcontinue;\n"
	"\t\t}\n"
	"\t\tfor (int32_t feature = 0; feature < tensor->shape[0]; feature++)\n"
	"\t\t\tfor (int32_t input = 0; input < %s; input++, from += %d) {\n"
	"\t\t\t\tconst uint%d_t word = %s;\n"
	"\t\t\t\tmemcpy(to + %d * %s, &word, sizeof word);\n"
	"\t\t\t}\n"
	"\t}\n"
	"\treturn $_LOAD_OK;\n"
	"}\n";

/* FNV-1a over names and shapes. */
static uint32_t layout_hash(const Standalone *s, Tensor *const *tensors, int count)
{
	uint32_t hash = s->target.number_bytes == sizeof(double) ? 2166136261u ^ 64 : 2166136261u;
	for (int i = 0; i < count; i++) {
		const Tensor *tensor = tensors[i];
		const char *text = arena_print(s->arena, "%s %d %d %d;", saved_name(tensor), (int)tensor->layout,
			tensor->features, tensor->layout == LAYOUT_WEIGHTS ? tensor->inputs : 1);
		if (tensor->kernel_height)
			text = arena_print(s->arena, "%s%d %d;", text, tensor->kernel_height, tensor->kernel_width);
		for (; *text; text++)
			hash = (hash ^ (unsigned char)*text) * 16777619u;
	}
	return hash;
}

/* "2, { 64, 2 }": the rank and the shape. */
static const char *shape_literal(const Standalone *s, const Tensor *tensor)
{
	const ProgramTensor view = program_view(tensor);
	int shape[4], rank = tensor_shape(&view, shape);
	if (tensor->layout == LAYOUT_GENERATOR)
		shape[0] = (int)saved_count(s, tensor);
	return arena_print(s->arena, s->convolves ? "%d, { %d, %d, %d, %d }" : "%d, { %d, %d }", rank, shape[0], shape[1],
		shape[2], shape[3]);
}

static void put_table(const Standalone *s, Code *code, Tensor *const *tensors, int count)
{
	put_template(s, code, "\n/* ---- tensors */\n\nconst @_tensor @_tensors[$_TENSORS] = {\n");
	for (int i = 0; i < count; i++) {
		const Tensor *tensor = tensors[i];
		const char *role = tensor->role == ROLE_PARAMETER ? "PARAMETER" : tensor->role == ROLE_STATISTIC ? "STATISTIC"
			: tensor->role == ROLE_GENERATOR ? "GENERATOR" : "OPTIMIZER_STATE";
		put_template(s, code, "\t{ \"%s\", $_%s, %s, offsetof(@, %s)%s },\n", saved_name(tensor), role,
			shape_literal(s, tensor), tensor->block ? tensor->block->name : tensor->name,
			tensor->block && tensor->in_block ? arena_print(s->arena, " + %zu * sizeof(%s)", tensor->in_block,
				number_type(s->target.number_bytes)) : "");
	}
	code_put(code, "};\n\n");
}

static const char *inputs_text(const Standalone *s)
{
	return s->convolves ? arena_print(s->arena, "%s_inputs(tensor)", s->prefix) : "tensor->shape[1]";
}

static const char *place_text(const Standalone *s)
{
	return arena_print(s->arena, "%s_place(feature, input, %s%s)", s->prefix, inputs_text(s),
		s->convolves ? arena_print(s->arena, ", %s_taps(tensor)", s->prefix) : "");
}

void put_tensors(const Standalone *s, Code *code)
{
	Tensor **tensors = NEW_ARRAY(s->arena, Tensor *, s->module->tensors.count);
	int count = saved_tensors(s->module, tensors);
	put_table(s, code, tensors, count);
	put_template(s, code, s->convolves ? place_in_kernel : place_in_matrix);
	put_template(s, code, access, inputs_text(s), place_text(s), inputs_text(s), place_text(s));
}

void put_saving(const Standalone *s, Code *code)
{
	Tensor **tensors = NEW_ARRAY(s->arena, Tensor *, s->module->tensors.count);
	int count = saved_tensors(s->module, tensors);
	const int size = (int)s->target.number_bytes, bits = 8 * size;
	const bool wide = size == sizeof(double);
	put_template(s, code, bytes, SAVE_HEADER_BYTES, (unsigned long)layout_hash(s, tensors, count));
	put_template(s, code, saving, inputs_text(s), bits, size, place_text(s), wide
		? arena_print(s->arena, "\t\t\t\tto = %s_write_word(to, (uint32_t)(word & UINT32_C(0xffffffff)));\n"
		"\t\t\t\tto = %s_write_word(to, (uint32_t)(word >> 32));\n", s->prefix, s->prefix)
		: arena_print(s->arena, "\t\t\t\tto = %s_write_word(to, word);\n", s->prefix));
	put_template(s, code, loading, inputs_text(s), size, bits, wide
		? arena_print(s->arena, "%s_read_word(from) | (uint64_t)%s_read_word(from + 4) << 32", s->prefix, s->prefix)
		: arena_print(s->arena, "%s_read_word(from)", s->prefix), size, place_text(s));
}
