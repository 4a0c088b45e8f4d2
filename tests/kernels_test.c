/* kernels_test.c: every row of kernels.h and its variants, by nothing but its text. Each kernel set that this processor
 * has is run on operands of awkward sizes and compared with a reference in double, or else with the scalar set:
 * results, writes outside an operand, padding, operands that share storage, absent operands. A new row needs no code
 * here. */
#include "network_support.h"
#include "kernels.h"
#include "kernels_reference.h"
#include <ctype.h>
#include <libtcc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* After an operand the address sanitizer watches for reads as well. */
enum { MAX_POINTERS = 20, MAX_NUMBERS = 12, GUARD = 64, GUARD_AFTER = SANITIZED ? 0 : GUARD };

/* ---- a row's text, parsed */

typedef enum Kind { ROWS, FEATURES, WEIGHTS, ANY, SCALAR, COUNTER, LABELS, TABLE, INDEX, ESTIMATES, PREPARED,
	NORMALS, BITS, KINDS } Kind;
static const char *const kind_names[KINDS] = { "rows", "features", "weights", "any", "scalar", "counter", "labels",
	"table", "index", "moments", "numbers", "statistics", "bits" };

typedef struct Pointer {
	char name[32];
	Kind kind;
	bool own, read, written;
	bool optional, grad;
} Pointer;

typedef struct Row {
	const char *name;
	const Kernel *kernel;
	Pointer operand[MAX_POINTERS];
	char integer[MAX_NUMBERS][32];
	int operands, integers, floats;
	TCCState *compiled;
	void (*call)(void (*kernel)(void), const int *integers, const double *floats, void *const *pointers,
		void (*optimizer)(void));
} Row;

static bool starts(const char **text, const char *prefix)
{
	const size_t length = strlen(prefix);
	if (strncmp(*text, prefix, length) != 0)
		return false;
	*text += length;
	return true;
}

static Pointer parse_operand(const char *type, const char *name)
{
	Pointer operand = {0};
	snprintf(operand.name, sizeof operand.name, "%s", name);
	const char *rest = type;
	operand.optional = starts(&rest, "maybe_");
	operand.grad = starts(&rest, "grad_");
	operand.own = !starts(&rest, "all_");
	if (starts(&rest, "io_"))
		operand.read = operand.written = true;
	else if (starts(&rest, "out_"))
		operand.written = true;
	else {
		starts(&rest, "in_");
		operand.read = true;
	}
	while (operand.kind < KINDS && strcmp(rest, kind_names[operand.kind]) != 0)
		operand.kind++;
	cr_assert(operand.kind < KINDS, "unknown operand type %s", type);
	return operand;
}

/* Calls by a signature that only the text knows need a compiler: the one that the product calls kernels from. */
static void compile_call(Row *row, const char *types, const char *arguments)
{
	char text[4096];
	snprintf(text, sizeof text,
		"void call(void (*kernel)(%s), int *i, double *f, void **p, void *optimizer) { kernel(%s); }", types,
		arguments);
	TCCState *state = row->compiled = tcc_new();
	tcc_set_options(state, "-nostdlib -nostdinc");
	tcc_set_output_type(state, TCC_OUTPUT_MEMORY);
	cr_assert(tcc_compile_string(state, text) == 0 && tcc_relocate(state, TCC_RELOCATE_AUTO) >= 0, "%s", text);
	void *symbol = tcc_get_symbol(state, "call");
	memcpy(&row->call, &symbol, sizeof symbol);
}

static Row parse_row(const Kernel *kernel, size_t number_bytes)
{
	Row row = { .name = kernel->name, .kernel = kernel };
	char types[1024] = "", arguments[1024] = "", type[32], operand[32];
	int length;
	for (const char *text = kernel->prototype + 1; sscanf(text, " %31[a-z0-9_] %31[a-z0-9_]%n", type, operand,
		&length) == 2;) {
		const char *comma = *types ? ", " : "";
		char argument[48];
		if (strcmp(type, "int") == 0) {
			snprintf(argument, sizeof argument, "%si[%d]", comma, row.integers);
			strcpy(row.integer[row.integers++], operand);
		} else if (strcmp(type, "real") == 0 || strcmp(type, "double") == 0) {
			snprintf(argument, sizeof argument, "%sf[%d]", comma, row.floats++);
		} else if (strcmp(type, "optimizer") == 0) {
			snprintf(argument, sizeof argument, "%soptimizer", comma);
		} else {
			snprintf(argument, sizeof argument, "%sp[%d]", comma, row.operands);
			Pointer *pointer = &row.operand[row.operands++];
			*pointer = parse_operand(type, operand);
			/* an optimizer that keeps states always has the first */
			pointer->optional &= !(kernel->states > 0 && strcmp(operand, "w1") == 0);
		}
		strcat(strcat(types, comma), strcmp(type, "real") == 0 ? number_type(number_bytes) : strcmp(type, "int") == 0
			|| strcmp(type, "double") == 0 ? type : "void *");
		strcat(arguments, argument);
		text += length;
		text += strspn(text, " ,");
	}
	compile_call(&row, types, arguments);
	return row;
}

static bool has_integer(const Row *row, const char *name)
{
	for (int i = 0; i < row->integers; i++)
		if (strcmp(row->integer[i], name) == 0)
			return true;
	return false;
}

/* ---- operands: a logical value is [features][depth] doubles, which is the layout with one lane */

/* Values in the layout of a set, with guards on both sides; off by one number from any larger alignment. */
typedef struct Buffer { char *memory, *values; size_t bytes; } Buffer;

enum { GUARD_BYTE = 0x7f };                     /* a number of these is 3e38 or 1e306 */
static const double padding_value = 7.7e7;

static bool is_counter(const Pointer *operand) { return operand->kind == COUNTER; }
static bool is_integer(const Pointer *operand)
{
	return operand->kind == LABELS || operand->kind == INDEX || operand->kind == BITS;
}

/* The size of an operand's elements. */
static size_t element_bytes(const Pointer *operand, const KernelSet *set)
{
	return is_counter(operand) ? sizeof(int64_t) : is_integer(operand) ? sizeof(int32_t) : set->number_bytes;
}

static void put_element(const Pointer *operand, const KernelSet *set, void *at, double value)
{
	const int64_t counter = (int64_t)value;
	const int32_t integer = (int32_t)value;
	if (is_counter(operand))
		memcpy(at, &counter, sizeof counter);
	else if (is_integer(operand))
		memcpy(at, &integer, sizeof integer);
	else
		number_put(at, set->number_bytes, 0, value);
}

static double get_element(const Pointer *operand, const KernelSet *set, const void *at)
{
	int64_t counter = 0;
	int32_t integer = 0;
	if (!is_counter(operand) && !is_integer(operand))
		return number_at(at, set->number_bytes, 0);
	memcpy(is_counter(operand) ? (void *)&counter : (void *)&integer, at, element_bytes(operand, set));
	return is_counter(operand) ? (double)counter : integer;
}

/* A row that knows both sides of a matrix makes panels of its outputs; if it asks for `panel` of that matrix, of its
 * inputs. */
static bool of_inputs(const Row *row)
{
	return has_integer(row, "panel") && !has_integer(row, "above") && !has_integer(row, "features");
}

/* The panels of which it asks for `panel` are all that there are. */
static bool of_features(const Row *row)
{
	return has_integer(row, "panel") && has_integer(row, "features");
}

static void operand_size(const Row *row, const Pointer *operand, const KernelShape *shape, int *features, int *depth)
{
	const int whole = has_integer(row, "features") ? shape->features : of_inputs(row) ? shape->outputs : shape->inputs;
	*features = 1;
	*depth = 1;
	switch (operand->kind) {
	case ROWS: case BITS: *features = operand->own ? shape->width : whole; *depth = shape->rows; break;
	case FEATURES: *features = operand->own ? shape->width : whole; break;
	case WEIGHTS: *features = operand->own ? shape->width : shape->outputs; *depth = shape->inputs; break;
	case ANY: *features = shape->width; *depth = shape->depth; break;
	case LABELS: case INDEX: *depth = shape->rows; break;
	case TABLE: *depth = shape->rows * shape->features; break;
	case COUNTER: *depth = 1; break;
	case ESTIMATES: *depth = MOMENTS; break;
	case PREPARED: *depth = NUMBERS; break;
	case NORMALS: *depth = shape->rows * STATISTICS; break;
	default: break;
	}
	/* what belongs to the linear above */
	if (strncmp(operand->name, "above_", 6) == 0) {
		*features = shape->above;
		*depth = operand->kind == WEIGHTS ? shape->outputs : shape->rows;
	}
}

static bool in_panels(const Pointer *operand)
{
	return operand->kind <= ANY;
}

/* Parameters and gradients are zero in the padding, and stay zero. */
static bool zero_padded(const Pointer *operand)
{
	return operand->kind == WEIGHTS || operand->kind == ANY || operand->grad;
}

/* No kernel touches the padding of an activation that it reads whole. */
static double padding_of(const Pointer *operand)
{
	if (operand->kind == ROWS && !operand->own)
		return NAN;
	return zero_padded(operand) ? 0 : padding_value;
}

static int place(int lanes, int depth, int feature, int item)
{
	return feature / lanes * depth * lanes + item * lanes + feature % lanes;
}

/* The words of a panel of bits. */
static int bit_words(int lanes, int depth)
{
	return (lanes * depth + 31) / 32;
}

/* A bit for each value, set where it is not 0. */
static void set_bits(const Buffer *buffer, int lanes, int features, int depth, const double *values)
{
	uint32_t *words = (uint32_t *)(void *)buffer->values;
	memset(words, 0, buffer->bytes);
	for (int f = 0; f < features; f++)
		for (int i = 0; i < depth; i++) {
			const int bit = i * lanes + f % lanes;
			if (values[f * depth + i] != 0)
				words[f / lanes * bit_words(lanes, depth) + bit / 32] |= (uint32_t)1 << bit % 32;
		}
}

static Buffer buffer_new(const Pointer *operand, const KernelSet *set, int features, int depth, const double *values)
{
	const int step = in_panels(operand) ? set->lanes : 1;
	const int padded = (features + step - 1) / step * step;
	const size_t size = element_bytes(operand, set);
	const bool bits = operand->kind == BITS;
	const int count = bits ? (features + set->lanes - 1) / set->lanes * bit_words(set->lanes, depth) : padded * depth;
	Buffer buffer = { .bytes = (size_t)count * size };
	const size_t before = (GUARD + (size_t)!is_counter(operand)) * size;
	const size_t total = before + buffer.bytes + GUARD_AFTER * size;
	buffer.memory = malloc(total);
	buffer.values = buffer.memory + before;
	memset(buffer.memory, GUARD_BYTE, total);
	if (bits)
		set_bits(&buffer, set->lanes, features, depth, values);
	for (int f = 0; f < padded && !bits; f++)
		for (int i = 0; i < depth; i++)
			put_element(operand, set, buffer.values + (size_t)place(step, depth, f, i) * size,
				f < features ? values[f * depth + i] : padding_of(operand));
	return buffer;
}

static bool guards_whole(const Buffer *buffer, size_t size)
{
	for (const char *p = buffer->memory; p < buffer->values; p++)
		if (*p != GUARD_BYTE)
			return false;
	const char *end = buffer->values + buffer->bytes;
	for (const char *p = end; p < end + GUARD_AFTER * size; p++)
		if (*p != GUARD_BYTE)
			return false;
	return true;
}

/* ---- one run of a kernel over whole tensors */

typedef struct Way {
	int shared_out, shared_in;      /* operands that share storage, or -1 */
	unsigned absent;                /* bit i: operand i is null */
} Way;

typedef struct Case {
	KernelShape shape;
	double floats[MAX_NUMBERS];
	double *before[MAX_POINTERS];
	double *after[MAX_POINTERS];
} Case;

static void run(const Row *row, const KernelSet *set, Case *c, const Way *way)
{
	Buffer buffer[MAX_POINTERS] = {{0}};
	int features[MAX_POINTERS], depth[MAX_POINTERS], calls = 1;
	bool whole = false;             /* an operand of any layout is touched as a whole */
	const int lanes = set->lanes;
	for (int i = 0; i < row->operands; i++) {
		const Pointer *operand = &row->operand[i];
		operand_size(row, operand, &c->shape, &features[i], &depth[i]);
		buffer[i] = buffer_new(operand, set, features[i], depth[i], c->before[i]);
		whole |= operand->kind == ANY && !operand->own;
		if (operand->own && in_panels(operand))
			calls = (c->shape.width + lanes - 1) / lanes;
	}
	for (int panel = 0, taken; panel < calls; panel += taken) {
		const Kernel *called = panel + row->kernel->panels <= calls ? row->kernel : row->kernel->row;
		void (*kernel)(void);
		memcpy(&kernel, (const char *)set->table + called->entry, sizeof kernel);
		taken = called->panels;
		int integers[MAX_NUMBERS];
		void *pointers[MAX_POINTERS];
		for (int i = 0; i < row->integers; i++) {
			const struct { const char *name; int value; } known[] = {
				{ "rows", c->shape.rows }, { "inputs", c->shape.inputs }, { "outputs", c->shape.outputs },
				{ "features", c->shape.features }, { "above", c->shape.above }, { "panel", panel },
					{ "size", c->shape.depth * lanes * (whole ? (c->shape.width + lanes - 1) / lanes : 1) },
			};
			integers[i] = c->shape.flag;
			for (size_t k = 0; k < sizeof known / sizeof *known; k++)
				if (strcmp(known[k].name, row->integer[i]) == 0)
					integers[i] = known[k].value;
		}
		for (int i = 0; i < row->operands; i++) {
			const Pointer *operand = &row->operand[i];
			const Buffer *from = &buffer[i == way->shared_out ? way->shared_in : i];
			const int offset = operand->kind == BITS ? panel * bit_words(lanes, depth[i])
				: operand->own && in_panels(operand) ? panel * depth[i] * lanes : 0;
			pointers[i] = from->values + (size_t)offset * element_bytes(operand, set);
			if (way->absent >> i & 1)
				pointers[i] = NULL;
		}
		const bool plain = c->shape.optimizer && strcmp(c->shape.optimizer, "sgd") == 0;
		row->call(kernel, integers, c->floats, pointers,
			(void (*)(void))(plain ? set->table->sgd : set->table->sgd_momentum));
	}
	for (int i = 0; i < row->operands; i++) {
		const Pointer *operand = &row->operand[i];
		const Buffer *from = &buffer[i == way->shared_out ? way->shared_in : i];
		const int step = in_panels(operand) ? lanes : 1;
		cr_assert(guards_whole(&buffer[i], element_bytes(operand, set)), "%s, %s: writes outside %s", row->name,
			set->name, operand->name);
		if (operand->kind == BITS)
			memcpy(c->after[i], c->before[i], sizeof(double) * (size_t)(features[i] * depth[i]));
		for (int f = 0; operand->kind != BITS && f < (features[i] + step - 1) / step * step; f++)
			for (int k = 0; k < depth[i]; k++) {
				const double value = get_element(operand, set,
					from->values + (size_t)place(step, depth[i], f, k) * element_bytes(operand, set));
				if (f < features[i])
					c->after[i][f * depth[i] + k] = value;
				else if (zero_padded(operand) && operand->written)
					cr_assert(value == 0, "%s, %s: padding of %s is not zero", row->name, set->name,
						operand->name);
			}
	}
	for (int i = 0; i < row->operands; i++)
		free(buffer[i].memory);
}

/* ---- cases and comparison */

static uint32_t random_bits(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Of a loss: what is contrasted comes with two features. */
static bool is_gradient(const Pointer *operand)
{
	return strcmp(operand->name, "dy") == 0 || strcmp(operand->name, "above_dy") == 0;
}

/* w1, gamma_state: some optimizers keep squares there. */
static bool is_state(const Pointer *operand)
{
	return strstr(operand->name, "_state") || (strlen(operand->name) == 2 && operand->name[1] >= '1'
		&& operand->name[1] <= '3');
}

/* Means of any size; covariances of a definite matrix; and for an odd number of rows, turned inputs. */
static double random_moment(const KernelShape *shape, int k, double uniform)
{
	const bool turned = shape->rows % 2;
	if (k >= MEANS && k < MEANS + FEW)
		return turned ? 0 : uniform;
	if (k >= COVARIANCES && k < COVARIANCES + FEW * FEW)
		return (k - COVARIANCES) % (FEW + 1) == 0 ? 1 + uniform : 0.1;
	return k == TURNED ? turned : uniform - 0.5;
}

/* Whether this one of the numbers is also tried as 0: sgd_momentum compares number 4, nesterov, and number 5, whether
 * this is the first step, with 0. The kernel of another optimizer may divide by what it keeps there. */
static bool is_switch(const Row *row, size_t number)
{
	return (number == 4 || number == 5) && (!row->kernel->optimizer || strcmp(row->name, "sgd_momentum") == 0);
}

static Case case_new(const Row *row, const KernelSet *set, const KernelShape *shape)
{
	Case c = { .shape = *shape };
	uint32_t state = (uint32_t)(shape->rows * 31 + shape->inputs * 7 + shape->width);
	for (int i = 0; i < MAX_NUMBERS; i++)
		c.floats[i] = number_rounded(0.1 * (i + 1), set->number_bytes);
	for (int i = 0; i < row->operands; i++) {
		const Pointer *operand = &row->operand[i];
		int features, depth;
		operand_size(row, operand, shape, &features, &depth);
		const size_t count = (size_t)features * (size_t)depth;
		c.before[i] = malloc(count * sizeof *c.before[i]);
		c.after[i] = calloc(count, sizeof *c.after[i]);
		for (size_t k = 0; k < count; k++) {
			const double uniform = random_bits(&state) / 16777216.0;
			switch (operand->kind) {
			case LABELS: c.before[i][k] = floor(uniform * shape->features); break;
			case INDEX: c.before[i][k] = floor(uniform * shape->rows); break;
			case BITS: c.before[i][k] = uniform < 0.5; break;
			case COUNTER: c.before[i][k] = shape->flag; break;
			case ESTIMATES: c.before[i][k] = (random_moment(shape, (int)k, uniform)); break;
			case PREPARED: c.before[i][k] = (shape->flag && is_switch(row, k) ? 0 : uniform); break;
			case FEATURES: c.before[i][k] = (0.5 + uniform); break;
			/* what a linear above makes of these is no larger than the dy of others */
			case ANY: case WEIGHTS:
				if (is_state(operand)) {
					/* more than the square of the third */
					c.before[i][k] = (uniform + (operand->name[1] == '1'));
					break;
				}
				/* fall through */
			default: c.before[i][k] = ((4 * uniform - 2)
				* (strncmp(operand->name, "above_", 6) == 0 ? 0.25 : 1));
			}
		}
		for (size_t k = 0; k < count; k++)
			c.before[i][k] = number_rounded(c.before[i][k], set->number_bytes);
		/* a gradient's two features sum to 0 */
		for (int k = 0; shape->contrast && is_gradient(operand) && k < depth; k++)
			c.before[i][depth + k] = -c.before[i][k];
	}
	return c;
}

static void case_free(const Row *row, Case *c)
{
	for (int i = 0; i < row->operands; i++) {
		free(c->before[i]);
		free(c->after[i]);
	}
}

static void run_reference(const Row *row, KernelReference *reference, Case *c, const Way *way, double **expected)
{
	double *pointers[MAX_POINTERS];
	for (int i = 0; i < row->operands; i++)
		pointers[i] = way->absent >> i & 1 ? NULL : expected[i];
	reference(&c->shape, c->floats, pointers);
}

/* One centre is as good as another near it: to the mean, as the reference has it. */
static void move_centres(Case *c)
{
	for (int row = 0; row < c->shape.rows; row++) {
		double *group = c->after[0] + row * STATISTICS;
		group[0] += group[2] / group[1];
		group[2] = 0;
	}
}

static void check_way(const Row *row, const KernelSet *set, Case *c, Way way)
{
	const double exactness = set->number_bytes == sizeof(double) ? 1e-13 : 5e-5;
	double *expected[MAX_POINTERS];
	size_t counts[MAX_POINTERS];
	KernelReference *reference = find_reference(row->kernel->row->name);
	if (!reference) {
		const Way apart = { -1, -1, way.absent };
		const KernelSet *scalar = kernel_set("scalar");
		run(row, set->number_bytes == sizeof(double) ? kernel_set_f64(scalar) : scalar, c, &apart);
	}
	for (int i = 0; i < row->operands; i++) {
		int features, depth;
		operand_size(row, &row->operand[i], &c->shape, &features, &depth);
		counts[i] = (size_t)features * (size_t)depth;
		expected[i] = malloc(counts[i] * sizeof **expected);
		for (size_t k = 0; k < counts[i]; k++)
			expected[i][k] = (reference ? c->before : c->after)[i][k];
	}
	if (reference)
		run_reference(row, reference, c, &way, expected);
	run(row, set, c, &way);
	if (strcmp(row->name, "centre") == 0)
		turn_back(&c->shape, c->after[0], c->after[1]);
	if (strcmp(row->name, "layernorm_statistics") == 0)
		move_centres(c);
	for (int i = 0; i < row->operands; i++) {
		const Pointer *operand = &row->operand[i];
		size_t unknown = 0;
		if (i != way.shared_in && !(way.absent >> i & 1))
			for (size_t k = 0; k < counts[i]; k++) {
				double got = c->after[i][k], want = expected[i][k];
				/* only what the features differ by counts */
				if (c->shape.contrast && operand->kind == ROWS && operand->written && k >= (size_t)c->shape.rows) {
					got -= c->after[i][k - (size_t)c->shape.rows];
					want -= expected[i][k - (size_t)c->shape.rows];
				} else if (c->shape.contrast && operand->kind == ROWS && operand->written)
					continue;
				const double tolerance = operand->written ? exactness * (1 + fabs(want)) : 0;
				unknown += isnan(want) ? 1 : 0;
				cr_assert(isnan(want) || fabs(got - want) <= tolerance,
					"%s, %s: %s[%zu] = %.9g, not %.9g (rows %d, inputs %d, outputs %d, features %d, width %d, depth "
					"%d, flag %d, operand %d in place of %d, absent %x)", row->name, set->name, operand->name, k, got,
					want, c->shape.rows, c->shape.inputs, c->shape.outputs, c->shape.features, c->shape.width,
					c->shape.depth, c->shape.flag, way.shared_out, way.shared_in, way.absent);
			}
		cr_assert(unknown <= 4 * FEW + counts[i] / 50, "%s: the reference knows too little of %s", row->name,
			operand->name);
		free(expected[i]);
	}
}

static Sizes sizes_of(const KernelSet *set, const KernelShape *shape)
{
	return (Sizes){ .lanes = set->lanes, .bits = 8 * set->lanes * (int)set->number_bytes, .rows = shape->rows,
		.outputs = shape->outputs, .inputs = shape->inputs, .features = shape->features, .above = shape->above };
}

/* Whether the kernel is for such sizes; says in the shape if for a contrast only, and with which optimizer. */
static bool fits(const Kernel *kernel, const KernelSet *set, KernelShape *shape)
{
	static const char *const optimizers[] = { "sgd_momentum", "sgd" };
	Sizes sizes = sizes_of(set, shape);
	for (sizes.contrast = 0; sizes.contrast < 2; sizes.contrast++)
		for (int i = 0; i < 2; i++) {
			sizes.optimizer = shape->optimizer = optimizers[i];
			shape->contrast = sizes.contrast;
			if (kernel_fits(kernel, sizes))
				return true;
		}
	return false;
}

/* Whether the operand may be absent: all states are there in a kernel of one optimizer. */
static bool is_optional(const Row *row, const KernelSet *set, const KernelShape *shape, const Pointer *operand)
{
	Sizes sizes = sizes_of(set, shape);
	sizes.contrast = shape->contrast;
	return operand->optional && (!is_state(operand) || kernel_fits(row->kernel, sizes));
}

/* False: the shape is not one of those that the variant is for. */
static bool check_shape(const Row *row, const KernelSet *set, KernelShape shape)
{
	if (of_inputs(row))
		shape.width = shape.inputs;
	else if (of_features(row))
		shape.width = shape.features;
	else if (has_integer(row, "outputs"))
		shape.width = shape.outputs;
	for (int i = 0; i < row->operands; i++)
		if (row->operand[i].kind == ESTIMATES)
			shape.inputs = 1 + shape.inputs % FEW;
	shape.above = 1 + shape.rows % FEW_ABOVE;
	if (!fits(row->kernel, set, &shape))
		return false;
	Case c = case_new(row, set, &shape);
	unsigned optional = 0;
	check_way(row, set, &c, (Way){ -1, -1, 0 });
	for (int i = 0; i < row->operands; i++)
		if (is_optional(row, set, &shape, &row->operand[i])) {
			check_way(row, set, &c, (Way){ -1, -1, 1u << i });
			optional |= 1u << i;
		}
	if (optional)
		check_way(row, set, &c, (Way){ -1, -1, optional });
	if (row->kernel->in_place)
		for (int out = 0; out < row->operands; out++)
			for (int in = 0; in < row->operands; in++) {
				const Pointer *a = &row->operand[out], *b = &row->operand[in];
				if (a->kind == ROWS && a->own && a->written && !a->read && b->kind == ROWS && b->own && !b->written)
					check_way(row, set, &c, (Way){ out, in, 0 });
			}
	case_free(row, &c);
	return true;
}

/* Every combination of the sizes that the row's operands depend on. */
static void check_row(const Row *row, const KernelSet *set)
{
	const int lanes = set->lanes;
	const int sizes[] = { 1, lanes - 1, lanes, lanes + 1, 37 };
	int combinations = 1, checked = 0;
	for (int i = 0; i < 5; i++)
		combinations *= 5;
	/* With sanitizers every third: any two of the sizes still meet. */
	for (int n = 0; n < combinations; n += SANITIZED ? 3 : 1) {
		const int inputs = n / 25 % 5, other = n / 125 % 5, flag = n / 625;
		KernelShape shape = { .rows = sizes[n % 5], .width = sizes[n / 5 % 5], .inputs = sizes[inputs],
			.outputs = sizes[other],
			.features = sizes[other], .depth = sizes[inputs], .flag = flag };
		const bool any = !has_integer(row, "rows");
		if (flag > 1 || shape.rows < 1 || shape.width < 1 || shape.inputs < 1 || shape.outputs < 1)
			continue;
		/* leave out what differs only in a size that the row does not know */
		if ((!has_integer(row, "inputs") && !any && inputs) || (any && n % 5)
			|| (has_integer(row, "outputs") && n / 5 % 5) || (!has_integer(row, "outputs")
			&& !has_integer(row, "features") && other))
			continue;
		checked += check_shape(row, set, shape);
	}
	checked += check_shape(row, set, (KernelShape){ .rows = 61, .width = 275, .inputs = 275,
		.outputs = SANITIZED ? 131 : 531, .features = 275, .depth = 40 });
	checked += check_shape(row, set, (KernelShape){ .rows = 7, .width = 50, .inputs = 50, .outputs = 831,
		.features = 50, .depth = 40 });
	const int inputs[] = { 33, 65, 97, 256, 257, 700 };
	for (int outputs = 1; outputs <= FEW; outputs++)
		for (int i = 0; i < 6; i++)
			checked += check_shape(row, set, (KernelShape){ .rows = i % 2 ? 2 * lanes : 3 * lanes + 1, .width = 33,
				.inputs = inputs[i], .outputs = outputs, .features = outputs, .depth = 40 });
	void *entry;
	memcpy(&entry, (const char *)set->table + row->kernel->entry, sizeof entry);
	cr_assert_eq(checked > 0, entry != 0, "%s, %s: %d shapes fit", row->name, set->name, checked);
}

static void check_kernel(const char *name)
{
	Arena *arena = arena_open();
	const Kernels kernels = kernel_table(arena);
	const Kernel *kernel = kernel_find(&kernels, name, strlen(name));
	if (!kernel->image) {   /* images_test.c tests those: their operands have different numbers of rows */
		const Row row = parse_row(kernel, sizeof(float)), row_f64 = parse_row(kernel, sizeof(double));
		FOR_EACH_USABLE_SET(set) {
			check_row(&row, set);
			check_row(&row_f64, kernel_set_f64(set));
		}
		tcc_delete(row.compiled);
		tcc_delete(row_f64.compiled);
	}
	arena_close(arena);
}

#define KERNEL(name, properties, parameters) Test(kernels, name) { check_kernel(#name); }
#define VARIANT(row, name, panels, condition) Test(variants, name) { check_kernel(#name); }
KERNELS(KERNEL)
VARIANTS(VARIANT)
#undef KERNEL
#undef VARIANT
