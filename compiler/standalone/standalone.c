/* --emit: the network as C for other programs. The model is compiled again for the lanes and the batch size asked for,
 * printed by the functions that print for libtcc, and written together with the source of its kernels. */
#include "standalone.h"
#include "emit/kernel_text.h"
#include <ctype.h>
#include <string.h>

/* ---- what the printers share */

/* Marks each prefix that is the name of the struct, until settle_name has looked at it. */
static const char type_mark[] = "\1";

void put_template(const Standalone *s, Code *code, const char *format, ...)
{
	Code named = {.arena = s->arena};
	for (; *format; format++)
		if (*format == '$')
			code_put(&named, "%s", s->capitals);
		else if (*format == '@')
			code_put(&named, "%s%s", format[1] == '_' ? "" : type_mark, s->prefix);
		else
			code_add(&named, format, 1);
	va_list values;
	va_start(values, format);
	code_put_list(code, code_text(&named), values);
	va_end(values);
}

bool is_persistent(const Tensor *tensor)
{
	return tensor->role == ROLE_PARAMETER || tensor->role == ROLE_STATISTIC || tensor->role == ROLE_STATE;
}

size_t element_count(const Tensor *tensor)
{
	switch (tensor->layout) {
	case LAYOUT_WEIGHTS: return (size_t)tensor->features * (size_t)tensor->inputs;
	case LAYOUT_FEATURES: return (size_t)tensor->features;
	default: return 1;
	}
}

int standalone_tensors(const Standalone *s, const Tensor **tensors)
{
	static const Role roles[] = {ROLE_PARAMETER, ROLE_STATISTIC, ROLE_STATE, ROLE_INPUT, ROLE_TARGET};
	int count = 0;
	for (int counters = 0; counters <= 1; counters++)
		for (size_t r = 0; r < sizeof roles / sizeof *roles; r++)
			for (int i = 0; i < s->c.tensors.count; i++) {
				const Tensor *tensor = s->c.tensors.items[i];
				if (tensor->role == roles[r] && (tensor->layout == LAYOUT_COUNTER) == counters)
					tensors[count++] = tensor;
			}
	return count;
}

bool normalises_batch(const Standalone *s)
{
	for (int i = 0; i < s->c.network->nodes.count; i++) {
		const Node *node = s->c.network->nodes.items[i];
		if (node->layer->normalises_batch && shape_positions(&node->output->shape) == 1)
			return true;
	}
	return false;
}

bool classifies(const Standalone *s)
{
	return s->c.network->loss->layer->takes_labels;
}

int training_minimum(const Standalone *s)
{
	return normalises_batch(s) ? 2 : 1;
}

/* Lists the saved tensors in the order of bnc's struct, which is that of the network. */
int saved_tensors(const Compilation *c, Tensor **tensors)
{
	int count = 0;
	for (int states = 0; states <= 1; states++)
		for (int i = 0; i < c->tensors.count; i++)
			if (is_persistent(c->tensors.items[i]) && (c->tensors.items[i]->role == ROLE_STATE) == states) {
				tensors[count] = c->tensors.items[i];
				tensors[count]->row = count;
				count++;
			}
	return count;
}

const char *saved_name(const Tensor *tensor)
{
	return tensor->path ? tensor->path : tensor->name;
}

size_t save_bytes(const Standalone *s)
{
	Tensor **tensors = NEW_ARRAY(s->arena, Tensor *, s->c.tensors.count);
	size_t bytes = SAVE_HEADER_BYTES;
	for (int i = saved_tensors(&s->c, tensors) - 1; i >= 0; i--)
		bytes += element_count(tensors[i]) * (tensors[i]->layout == LAYOUT_COUNTER ? sizeof(int64_t) : sizeof(float));
	return bytes;
}

const ProgramTensor *program_tensor(const Standalone *s, const Tensor *tensor)
{
	const Program *program = &s->model->program;
	for (int i = 0; i < program->tensor_count; i++)
		if (strcmp(program->tensors[i].path, tensor->path) == 0)
			return &program->tensors[i];
	internal_error("%s has no weights", tensor->name);
}

const float *weights_of(const Standalone *s, const Tensor *tensor)
{
	float *values = NEW_ARRAY(s->arena, float, element_count(tensor));
	tensor_get(&s->model->program, s->net, program_tensor(s, tensor), values);
	return values;
}

int64_t count_of(const Standalone *s, const Tensor *tensor)
{
	int64_t count;
	memcpy(&count, (const char *)s->net + program_tensor(s, tensor)->offset, sizeof count);
	return count;
}

/* ---- names */

/* Returns the end of a number, whose letters are no names. */
static const char *skip_number(const char *text)
{
	if (!isdigit((unsigned char)text[0]) && (text[0] != '.' || !isdigit((unsigned char)text[1])))
		return text;
	do
		text++;
	while (is_name(*text) || *text == '.' || (*text && strchr("+-", *text) && strchr("eEpP", text[-1])));
	return text;
}

/* Returns the end of a comment, a string, a number or a directive; text itself if there is none. */
static const char *skip_others(const char *text, bool line_begins)
{
	if (*text == '#' && line_begins)
		return text + strcspn(text, "\n");
	const char *end = skip_number(text);
	return end > text ? end : skip_opaque(text);
}

/* Removes the marks. If a variable has the name of the struct, it gets another name. */
static void settle_name(const Standalone *s, Code *code)
{
	Code settled = {.arena = s->arena};
	size_t length = strlen(s->prefix);
	bool marked = false, line_begins = true;
	for (const char *text = code_text(code); *text;) {
		const char *begin = text, *end = skip_others(text, line_begins);
		bool name = end == text && is_name(*text);
		while (name && is_name(*end))
			end++;
		end += end == text;
		for (; text < end; text++)
			if (*text != *type_mark)
				code_add(&settled, text, 1);
		if (name && !marked && (size_t)(end - begin) == length && memcmp(begin, s->prefix, length) == 0)
			code_put(&settled, "_");
		marked = *begin == *type_mark;
		line_begins = *begin == '\n';
	}
	*code = settled;
}

static const char *without_folders(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* The default prefix: the network's name, or the file's if the network was given on the command line. */
static const char *default_name(Arena *arena, const Compilation *model, const char *path)
{
	if (strcmp(model->source.path, "-e") != 0 || strcmp(model->network->name, "net") != 0)
		return model->network->name;
	const char *file = without_folders(path);
	return arena_copy(arena, file, strlen(file) - 2);
}

static void choose_prefix(Standalone *s)
{
	const char *name = default_name(s->arena, s->model, s->options->path);
	bool taken = false;
	s->prefix = s->options->prefix ? s->options->prefix : prefix_of(s->arena, name, &taken);
	if (taken)
		s->taken = name;
}

/* ---- options */

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);
	return length > end_length && strcmp(text + length - end_length, end) == 0;
}

/* Checks a file name: the header's is written in an #include and in a comment. */
static bool check_file_name(const char *path, Failure *failure)
{
	const char *name = without_folders(path);
	for (const char *c = name; *c; c++)
		if (iscntrl((unsigned char)*c) || strchr("\"\\", *c) || (c[0] == '?' && c[1] == '?'))
			return fail(failure,
				"--emit takes a file name without quotation mark, backslash, control character and `??`, which C "
				"cannot include, found `%.200s`", path);
	return true;
}

bool standalone_check(const StandaloneOptions *options, Failure *failure)
{
	const char *end = options->single_header ? ".h" : ".c";
	if (!ends_with(options->path, end))
		return fail(failure, "--emit%s takes a file name that ends in %s, found `%.200s`%s",
			options->single_header ? " with --single-header" : "", end, options->path,
			ends_with(options->path, ".h") ? ": with --single-header, all is in one FILE.h" : "");
	if (!check_file_name(options->path, failure) || !check_header(options->path, failure))
		return false;
	if (options->test_path && !ends_with(options->test_path, ".c"))
		return fail(failure, "--emit-test takes a file name that ends in .c, found `%.200s`", options->test_path);
	return !options->prefix || check_prefix(options->prefix, failure);
}

/* ---- memory */

/* The order is arrays, work, counters. So in a struct that begins on a cache line the panels begin on cache lines too,
 * and every compiler gives the members the same offsets. */
static void plan_struct(Standalone *s)
{
	enum { ALIGNMENT = 16 };
	const Tensor **tensors = NEW_ARRAY(s->arena, const Tensor *, s->c.tensors.count);
	int count = standalone_tensors(s, tensors);
	s->output = (s->c.predict.work + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	s->work = s->output + tensor_floats(&s->c, s->c.output);
	if (s->work < s->c.train.work)
		s->work = s->c.train.work;
	bool counters = false;
	s->bytes = 0;
	for (int i = 0; i < count; i++) {
		bool counter = tensors[i]->layout == LAYOUT_COUNTER;
		counters = counters || counter;
		s->bytes += counter ? sizeof(int64_t) : tensor_floats(&s->c, tensors[i]) * sizeof(float);
	}
	/* so that an int64_t has the same offset whether it is aligned to 8 bytes or to 4 */
	if (counters && (s->bytes + s->work * sizeof(float)) % sizeof(int64_t) != 0)
		s->work++;
	s->bytes += s->work * sizeof(float);
}

/* ---- files */

/* Writes all files, or only checks that they could be written. Either all files are new or all are old, as far as a
 * file system can guarantee that. */
static bool with_files(const Standalone *s, bool write, Failure *failure)
{
	const struct { const char *path; const Code *code; } texts[] = {
		{s->options->single_header ? 0 : s->options->path, &s->source},
		{s->header_path, &s->header},
		{s->options->test_path, &s->test},
	};
	enum { COUNT = sizeof texts / sizeof *texts };
	AtomicFile files[COUNT] = {0};
	bool ok = true;
	for (int i = 0; ok && i < COUNT; i++) {
		if (!texts[i].path)
			continue;
		ok = write ? atomic_open(&files[i], texts[i].path, failure) : atomic_check(texts[i].path, failure);
		if (ok && write) {
			atomic_write(&files[i], texts[i].code->items, (size_t)texts[i].code->count);
			ok = atomic_flush(&files[i], failure);
		}
	}
	for (int i = 0; ok && write && i < COUNT; i++)
		ok = !texts[i].path || atomic_commit(&files[i], failure);
	for (int i = 0; i < COUNT; i++)
		atomic_abandon(&files[i]);
	return ok;
}

/* Compiles the model again, for other lanes and another batch size. Its source is known to be right, but the batch may
 * be too large. */
static bool compile_again(const Standalone *s, Compilation *c, int batch, bool recompute, Failure *failure)
{
	bool inference = s->options->inference;
	Overrides overrides = {.batch = inference ? s->model->network->batch : batch, .epochs = -1, .lr = -1};
	*c = (Compilation){
		.arena = s->arena, .source = s->model->source, .target = &s->target, .fuse = true, .recompute = recompute,
		.weights = inference ? copy_weights(s) : 0, .rows = batch,
	};
	if (compile(c, STAGE_PLAN, &overrides, failure))
		return true;
	diagnostics_print(c->diagnostics, stderr);
	return fail(failure, "%s: nothing was emitted", s->options->path);
}

/* Compiles with and without recomputing activations, and keeps the smaller plan: recomputing saves memory in deep
 * networks, but may need more in shallow ones. */
static bool compile_small(Standalone *s, int batch, Failure *failure)
{
	Compilation again;
	if (!compile_again(s, &s->c, batch, false, failure) || !compile_again(s, &again, batch, true, failure))
		return false;
	if (again.bytes < s->c.bytes)
		s->c = again;
	return true;
}

/* Checks the memory that is not constant: that of the struct, or of one call. */
static bool check_size(const Standalone *s, Failure *failure)
{
	uint64_t budget = s->options->ram;
	if (!s->options->inference)
		return check_ram(&s->c, &s->c.train, true, s->bytes, budget, failure);
	return check_ram(&s->one, &s->one.predict, false, one_scratch(s).floats * sizeof(float), budget, failure)
		&& check_ram(&s->c, &s->c.predict, false, scratch_of(&s->c).floats * sizeof(float), budget, failure);
}

/* Plans all that depends on the model and the options, but not on the weights. */
static bool plan(Standalone *s, Failure *failure)
{
	const StandaloneOptions *options = s->options;
	int batch = options->max_batch ? options->max_batch : s->model->network->batch;
	s->wrong = WRONG_SIZE;
	if (options->inference) {
		if (!compile_again(s, &s->c, batch, false, failure) || !compile_again(s, &s->one, 1, false, failure))
			return false;
	} else {
		if (program_parameters(&s->model->program) == 0)
			return fail(failure,
				"%s has no parameter, so there is nothing to train: --inference writes it without training", s->prefix);
		if (!compile_small(s, batch, failure))
			return false;
		plan_struct(s);
	}
	if (s->bytes > UINT32_MAX)
		return fail(failure,
			"%s would be a struct of %zu bytes, more than the 32 bits of its tensors' offsets can tell: a smaller "
			"--max-batch needs less", s->prefix, s->bytes);
	return check_size(s, failure);
}

static bool prepare(Standalone *s, Failure *failure)
{
	if (!plan(s, failure))
		return false;
	s->wrong = WRONG_FILE;
	return s->options->inference ? check_folded(s, failure) && measure_folding(s, failure) : check_weights(s, failure);
}

static Standalone begin(const Compilation *model, const void *net, const StandaloneOptions *options)
{
	Arena *arena = arena_open();
	Standalone s = {
		.arena = arena, .options = options, .model = model, .net = net,
		.target = {.name = "emitted C", .lanes = options->lanes ? options->lanes : 1},
		.header = {.arena = arena}, .source = {.arena = arena}, .test = {.arena = arena},
	};
	choose_prefix(&s);
	s.capitals = capitals(arena, s.prefix);
	s.header_path = arena_print(arena, "%.*s.h", (int)strlen(options->path) - 2, options->path);
	s.header_name = without_folders(s.header_path);
	return s;
}

bool standalone_foresee(const Compilation *model, const StandaloneOptions *options, Wrong *wrong, Failure *failure)
{
	Standalone s = begin(model, 0, options);
	bool ok = options->inference || plan(&s, failure);
	if (ok) {
		s.wrong = WRONG_FILE;
		ok = with_files(&s, false, failure);
	}
	*wrong = s.wrong;
	arena_close(s.arena);
	return ok;
}

bool standalone_renames(const Compilation *model, const StandaloneOptions *options, Failure *note)
{
	Standalone s = begin(model, 0, options);
	if (s.taken)
		fail(note,
			"`%.80s` belongs to C, C++, POSIX or one of their libraries: in %.200s it is %s (--prefix gives another "
			"name)", s.taken, options->path, s.prefix);
	arena_close(s.arena);
	return s.taken;
}

bool standalone_write(const Compilation *model, const void *net, const StandaloneOptions *options, Wrong *wrong,
	Failure *failure)
{
	Standalone s = begin(model, net, options);
	bool ok = prepare(&s, failure) && (!options->test_path || put_test(&s, failure));
	if (ok) {
		put_header(&s);
		put_source(&s);
		settle_name(&s, &s.header);
		settle_name(&s, &s.source);
		settle_name(&s, &s.test);
		ok = with_files(&s, true, failure);
	}
	*wrong = s.wrong;
	arena_close(s.arena);
	return ok;
}
