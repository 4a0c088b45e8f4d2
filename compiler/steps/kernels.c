/* Reads the rows of runtime/kernels.h. The parameter list of each row, as text, is all that the passes know of the
 * kernel. */
#include "bnc.h"
#include "kernels.h"
#include <ctype.h>
#include <string.h>

#define SPACE " \t\n"

static const OperandType operand_types[] = {
	{"int", "int ", OPERAND_INT, false, false, false, false, 0},
	{"real", "real ", OPERAND_FLOAT, false, false, false, false, 0},
	{"double", "double ", OPERAND_DOUBLE, false, false, false, false, 0},
	{"optimizer", "optimizer *", OPERAND_FUNCTION, false, false, false, false, 0},
	{"in_rows", "const real *", OPERAND_TENSOR, true, false, true, false, LAYOUT_ROWS},
	{"out_rows", "real *", OPERAND_TENSOR, false, true, true, false, LAYOUT_ROWS},
	{"io_rows", "real *", OPERAND_TENSOR, true, true, true, false, LAYOUT_ROWS},
	{"all_rows", "const real *", OPERAND_TENSOR, true, false, false, false, LAYOUT_ROWS},
	{"all_out_rows", "real *", OPERAND_TENSOR, false, true, false, false, LAYOUT_ROWS},
	{"in_features", "const real *", OPERAND_TENSOR, true, false, true, false, LAYOUT_FEATURES},
	{"out_features", "real *", OPERAND_TENSOR, false, true, true, false, LAYOUT_FEATURES},
	{"io_features", "real *", OPERAND_TENSOR, true, true, true, false, LAYOUT_FEATURES},
	{"all_features", "const real *", OPERAND_TENSOR, true, false, false, false, LAYOUT_FEATURES},
	{"all_moments", "const real *", OPERAND_TENSOR, true, false, false, false, LAYOUT_MOMENTS},
	{"all_out_moments", "real *", OPERAND_TENSOR, false, true, false, false, LAYOUT_MOMENTS},
	{"all_numbers", "const real *", OPERAND_TENSOR, true, false, false, false, LAYOUT_NUMBERS},
	{"all_out_numbers", "real *", OPERAND_TENSOR, false, true, false, false, LAYOUT_NUMBERS},
	{"in_bits", "const real *", OPERAND_TENSOR, true, false, true, false, LAYOUT_BITS},
	{"all_out_bits", "real *", OPERAND_TENSOR, false, true, false, false, LAYOUT_BITS},
	{"io_generator", "uint32_t *", OPERAND_TENSOR, true, true, false, false, LAYOUT_GENERATOR},
	{"all_statistics", "const real *", OPERAND_TENSOR, true, false, false, false, LAYOUT_STATISTICS},
	{"all_out_statistics", "real *", OPERAND_TENSOR, false, true, false, false, LAYOUT_STATISTICS},
	{"in_weights", "const real *", OPERAND_TENSOR, true, false, true, false, LAYOUT_WEIGHTS},
	{"out_weights", "real *", OPERAND_TENSOR, false, true, true, false, LAYOUT_WEIGHTS},
	{"io_weights", "real *", OPERAND_TENSOR, true, true, true, false, LAYOUT_WEIGHTS},
	{"all_weights", "const real *", OPERAND_TENSOR, true, false, false, false, LAYOUT_WEIGHTS},
	{"in_any", "const real *", OPERAND_TENSOR, true, false, true, true, 0},
	{"io_any", "real *", OPERAND_TENSOR, true, true, true, true, 0},
	{"all_io_any", "real *", OPERAND_TENSOR, true, true, false, true, 0},
	{"out_scalar", "real *", OPERAND_TENSOR, false, true, false, false, LAYOUT_SCALAR},
	{"in_counter", "const int64_t *", OPERAND_TENSOR, true, false, false, false, LAYOUT_COUNTER},
	{"io_counter", "int64_t *", OPERAND_TENSOR, true, true, false, false, LAYOUT_COUNTER},
	{"in_labels", "const int32_t *", OPERAND_TENSOR, true, false, false, false, LAYOUT_LABELS},
	/* only in the data path: generated code has no such operand */
	{"in_table", "const real *", OPERAND_TENSOR, true, false, false, false, LAYOUT_SCALAR},
	{"out_table", "real *", OPERAND_TENSOR, false, true, false, false, LAYOUT_SCALAR},
	{"in_index", "const int32_t *", OPERAND_TENSOR, true, false, false, false, LAYOUT_LABELS},
};

const char *read_word(Arena *arena, const char **text)
{
	*text += strspn(*text, SPACE);
	const char *begin = *text;
	while (isalnum((unsigned char)**text) || **text == '_')
		++*text;
	return arena_copy(arena, begin, (size_t)(*text - begin));
}

bool read_mark(const char **text, char mark)
{
	*text += strspn(*text, SPACE);
	if (**text != mark || !mark)
		return false;
	++*text;
	return true;
}

const Kernel *read_call(Arena *arena, const Kernels *kernels, const char **text, const char *names[])
{
	const char *begin = *text, *name = read_word(arena, text);
	const Kernel *kernel = kernel_find(kernels, name, strlen(name));
	if (!kernel || kernel->row != kernel || !read_mark(text, '('))
		internal_error("`%s` is not a kernel call", begin);
	for (int i = 0; i < kernel->parameter_count; i++) {
		names[i] = read_word(arena, text);
		if (!*names[i] || !read_mark(text, i + 1 < kernel->parameter_count ? ',' : ')'))
			internal_error("`%s` does not fit the prototype %s", begin, kernel->prototype);
	}
	return kernel;
}

static const OperandType *find_type(const char *name)
{
	for (size_t i = 0; i < sizeof operand_types / sizeof *operand_types; i++)
		if (strcmp(operand_types[i].name, name) == 0)
			return &operand_types[i];
	return 0;
}

/* Whether the type begins with prefix; *type is then set to the rest. */
static bool has_prefix(const char **type, const char *prefix)
{
	const size_t length = strlen(prefix);
	const bool found = strncmp(*type, prefix, length) == 0;
	*type += found ? length : 0;
	return found;
}

static void read_row(Arena *arena, Kernel *kernel)
{
	const char *text = kernel->prototype;
	for (bool more = read_mark(&text, '('); more; more = read_mark(&text, ',')) {
		if (kernel->parameter_count == MAX_OPERANDS)
			internal_error("kernel %s has more than %d operands", kernel->name, MAX_OPERANDS);
		const char *type = read_word(arena, &text);
		KernelParameter *parameter = &kernel->parameters[kernel->parameter_count++];
		parameter->maybe = has_prefix(&type, "maybe_");
		parameter->grad = has_prefix(&type, "grad_");
		parameter->type = find_type(type);
		if (!parameter->type)
			internal_error("kernel %s: `%s` is not an operand type", kernel->name, type);
		parameter->name = read_word(arena, &text);
	}
}

#define VARIANT(row, name, panels, condition) static bool name##_fits(Sizes is) { return condition; }
VARIANTS(VARIANT)
#undef VARIANT

/* The most states that the optimizer of this name has; 0 if there is no such optimizer. */
static int states_of(const char *name)
{
#define OPTIMIZER_STATES(optimizer, states, prepared) if (strcmp(name, #optimizer) == 0) return states;
	OPTIMIZERS(OPTIMIZER_STATES)
#undef OPTIMIZER_STATES
	return 0;
}

Kernels kernel_table(Arena *arena)
{
	static const struct { const char *name; int properties; const char *prototype; size_t entry; } rows[] = {
#define KERNEL(name, properties, parameters) {#name, properties, #parameters, offsetof(KernelTable, name)},
		KERNELS(KERNEL)
#undef KERNEL
	};
	static const struct {
		const char *row, *name; int bits, panels; bool winograd; VariantFits *fits; size_t entry;
	} variants[] = {
#define VARIANT_FROM(bits, row, name, panels, winograd) \
	{#row, #name, bits, panels, winograd, name##_fits, offsetof(KernelTable, name)},
#define VARIANT(row, name, panels, condition) VARIANT_FROM(0, row, name, panels, false)
		VARIANTS_FROM_1_LANE(VARIANT)
#undef VARIANT
#define VARIANT(row, name, panels, condition) VARIANT_FROM(256, row, name, panels, true)
		WINOGRAD_VARIANTS(VARIANT)
#undef VARIANT
#define VARIANT(row, name, panels, condition) VARIANT_FROM(128, row, name, panels, false)
		VARIANTS_FROM_128_BITS(VARIANT)
#undef VARIANT
#define VARIANT(row, name, panels, condition) VARIANT_FROM(256, row, name, panels, false)
		VARIANTS_FROM_256_BITS(VARIANT)
#undef VARIANT
#undef VARIANT_FROM
	};
	enum { ROWS = sizeof rows / sizeof *rows, ALL = ROWS + sizeof variants / sizeof *variants };
	Kernels kernels = {.items = NEW_ARRAY(arena, Kernel, ALL)};
	for (; kernels.count < ROWS; kernels.count++) {
		const int i = kernels.count, properties = rows[i].properties;
		kernels.items[i] = (Kernel){
			.name = rows[i].name, .prototype = rows[i].prototype, .in_place = (properties & IN_PLACE) != 0,
			.product = (properties & PRODUCT) != 0, .activation = (properties & ACTIVATION) != 0,
			.optimizer = (properties & OPTIMIZER) != 0, .contrast = (properties & CONTRAST) != 0,
			.image = (properties & IMAGE) != 0,
			.states = states_of(rows[i].name), .entry = rows[i].entry, .panels = 1, .row = &kernels.items[i],
		};
		read_row(arena, &kernels.items[i]);
	}
	for (int i = 0; kernels.count < ALL; i++) {
		const Kernel *row = kernel_find(&kernels, variants[i].row, strlen(variants[i].row));
		Kernel *variant = &kernels.items[kernels.count++];
		*variant = *row;
		variant->name = variants[i].name;
		variant->entry = variants[i].entry;
		variant->panels = variants[i].panels;
		variant->bits = variants[i].bits;
		variant->winograd = variants[i].winograd;
		variant->row = row;
		variant->fits = variants[i].fits;
	}
	return kernels;
}

const Kernel *kernel_find(const Kernels *kernels, const char *name, size_t length)
{
	for (int i = 0; i < kernels->count; i++)
		if (strlen(kernels->items[i].name) == length && memcmp(kernels->items[i].name, name, length) == 0)
			return &kernels->items[i];
	return 0;
}

bool kernel_fits(const Kernel *kernel, Sizes sizes)
{
	return !kernel->fits || (sizes.bits >= kernel->bits && kernel->fits(sizes));
}

const Kernel *kernel_variant(const Kernels *kernels, const Kernel *row, Sizes sizes, int panels)
{
	for (int i = 0; i < kernels->count; i++) {
		const Kernel *kernel = &kernels->items[i];
		if (kernel->row == row && kernel != row && kernel->panels == panels && kernel_fits(kernel, sizes))
			return kernel;
	}
	return 0;
}
