/* The emitted table of tensors, and the functions that save and load them. */
#include "standalone.h"
#include <string.h>

static const char access[] =
	"/* Where a value of a row-major tensor is in its panels. */\n"
	"static size_t @_place(int32_t feature, int32_t input, int32_t inputs)\n"
	"{\n"
	"\treturn ((size_t)(feature / $_LANES) * (size_t)inputs + (size_t)input) * $_LANES + (size_t)(feature %% "
	"$_LANES);\n"
	"}\n\n"
	"void @_get(const @ *net, const @_tensor *tensor, float *values)\n"
	"{\n"
	"\tconst float *panels = (const float *)(const void *)((const unsigned char *)net + tensor->offset);\n"
	"\tfor (int32_t feature = 0; feature < tensor->shape[0]; feature++)\n"
	"\t\tfor (int32_t input = 0; input < tensor->shape[1]; input++)\n"
	"\t\t\t*values++ = panels[@_place(feature, input, tensor->shape[1])];\n"
	"}\n\n"
	"void @_set(@ *net, const @_tensor *tensor, const float *values)\n"
	"{\n"
	"\tfloat *panels = (float *)(void *)((unsigned char *)net + tensor->offset);\n"
	"\tfor (int32_t feature = 0; feature < tensor->shape[0]; feature++)\n"
	"\t\tfor (int32_t input = 0; input < tensor->shape[1]; input++)\n"
	"\t\t\tpanels[@_place(feature, input, tensor->shape[1])] = *values++;\n"
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
	"\t\t\tfor (int32_t input = 0; input < tensor->shape[1]; input++) {\n"
	"\t\t\t\tuint32_t word;\n"
	"\t\t\t\tmemcpy(&word, from + 4 * @_place(feature, input, tensor->shape[1]), sizeof word);\n"
	"\t\t\t\tto = @_write_word(to, word);\n"
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
	"\t\t\tfor (int32_t input = 0; input < tensor->shape[1]; input++, from += 4) {\n"
	"\t\t\t\tconst uint32_t word = @_read_word(from);\n"
	"\t\t\t\tmemcpy(to + 4 * @_place(feature, input, tensor->shape[1]), &word, sizeof word);\n"
	"\t\t\t}\n"
	"\t}\n"
	"\treturn $_LOAD_OK;\n"
	"}\n";

/* FNV-1a over names and shapes. */
static uint32_t layout_hash(const Standalone *s, Tensor *const *tensors, int count)
{
	uint32_t hash = 2166136261u;
	for (int i = 0; i < count; i++)
		for (const char *c = arena_print(s->arena, "%s %d %d %d;", saved_name(tensors[i]), (int)tensors[i]->layout,
			tensors[i]->features, tensors[i]->layout == LAYOUT_WEIGHTS ? tensors[i]->inputs : 1); *c; c++)
			hash = (hash ^ (unsigned char)*c) * 16777619u;
	return hash;
}

static void put_table(const Standalone *s, Code *code, Tensor *const *tensors, int count)
{
	put_template(s, code, "\n/* ---- tensors */\n\nconst @_tensor @_tensors[$_TENSORS] = {\n");
	for (int i = 0; i < count; i++) {
		const Tensor *tensor = tensors[i];
		const char *role = tensor->role == ROLE_PARAMETER ? "PARAMETER" : tensor->role == ROLE_STATISTIC ? "STATISTIC"
			: "OPTIMIZER_STATE";
		int rank = tensor->layout == LAYOUT_COUNTER ? 0 : tensor->layout == LAYOUT_WEIGHTS ? 2 : 1;
		put_template(s, code, "\t{ \"%s\", $_%s, %d, { %d, %d }, offsetof(@, %s) },\n", saved_name(tensor), role, rank,
			rank > 0 ? tensor->features : 1, rank > 1 ? tensor->inputs : 1, tensor->name);
	}
	code_put(code, "};\n\n");
}

void put_tensors(const Standalone *s, Code *code)
{
	Tensor **tensors = NEW_ARRAY(s->arena, Tensor *, s->module->tensors.count);
	int count = saved_tensors(s->module, tensors);
	put_table(s, code, tensors, count);
	put_template(s, code, access);
}

void put_saving(const Standalone *s, Code *code)
{
	Tensor **tensors = NEW_ARRAY(s->arena, Tensor *, s->module->tensors.count);
	int count = saved_tensors(s->module, tensors);
	put_template(s, code, bytes, SAVE_HEADER_BYTES, (unsigned long)layout_hash(s, tensors, count));
	put_template(s, code, saving);
	put_template(s, code, loading);
}
