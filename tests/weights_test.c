/* weights_test.c: a network's tensors in files: what bnc saves it loads, and what others save it takes as PyTorch
 * does. */
#include "network_support.h"
#include <unistd.h>

enum { NETWORKS = 40, LONGEST = 4000, WIDTH = 3 };

static char path[] = "/tmp/bnc-weights-XXXXXX";

static void make_file(void)
{
	int file = mkstemp(path);
	cr_assert(file >= 0);
	close(file);
}

static void remove_file(void)
{
	unlink(path);
}

TestSuite(weights, .init = make_file, .fini = remove_file);

/* ---- random networks */

typedef struct Text { char text[LONGEST]; size_t length; Random random; } Text;

static int draw(Text *out, int below)
{
	return (int)(random_u32(&out->random) % (unsigned)below);
}

static void put(Text *out, const char *text)
{
	size_t length = strlen(text);
	cr_assert(out->length + length < LONGEST);
	memcpy(out->text + out->length, text, length + 1);
	out->length += length;
}

/* Each label at most once between one pair of braces, as often as there are braces. They are the names of tensors, of
 * other layers and of what others put before all names. */
static void put_label(Text *out, unsigned *taken)
{
	static const char *const labels[] = {"fc", "a", "b", "block1", "net", "model", "module", "weight", "bias", "_0",
		"shortcut_"};
	enum { LABELS = sizeof labels / sizeof *labels };
	int label = draw(out, 2 * LABELS);
	if (label >= LABELS || *taken & 1U << label)
		return;
	*taken |= 1U << label;
	put(out, labels[label]);
	put(out, ": ");
}

static void put_layers(Text *out, int depth, int count)
{
	unsigned taken = 0;
	for (int i = 0; i < count; i++) {
		int kind = draw(out, depth < 3 ? 8 : 6);
		put_label(out, &taken);
		if (kind >= 6) {
			put(out, "residual { ");
			put_layers(out, depth + 1, 1 + draw(out, 3));
			put(out, draw(out, 2) ? " } { " : " } {");
			put_layers(out, depth + 1, draw(out, 3));
			put(out, " }; ");
		} else
			put(out, kind >= 4 ? "batchnorm; " : kind == 3 ? "relu; " : "linear 3; ");
	}
}

static void random_network(Text *out, uint32_t seed)
{
	out->length = 0;
	random_seed(&out->random, seed);
	put(out, "input 3; ");
	put_layers(out, 0, 1 + draw(out, 6));
	put(out, draw(out, 2) ? "linear 3" : "fc2: linear 3");
}

/* ---- their tensors */

/* Every float different, so that none can be taken for another. */
static void number_values(const Compilation *c, void *net)
{
	float values[WIDTH * WIDTH], next = 1;
	for (int i = 0; i < c->module->program.tensor_count; i++) {
		const ProgramTensor *tensor = &c->module->program.tensors[i];
		int64_t counter = 1000 + i;
		if (tensor->layout == LAYOUT_COUNTER) {
			memcpy((char *)net + tensor->offset, &counter, sizeof counter);
			continue;
		}
		for (size_t k = 0; k < tensor_count(tensor); k++)
			values[k] = next++;
		tensor_set(&c->module->program, net, tensor, values);
	}
}

/* Puts text before every name of the file. */
static void rename_all(const char *before)
{
	TensorFile file;
	Failure failure;
	char names[400][120];
	cr_assert(safetensors_load(&file, path, &failure), "%s", failure.text);
	cr_assert(file.count <= 400);
	for (int i = 0; i < file.count; i++) {
		snprintf(names[i], sizeof names[i], "%s%s", before, file.tensors[i].name);
		file.tensors[i].name = names[i];
	}
	cr_assert(safetensors_save(path, file.tensors, file.count, 0, &failure), "%s", failure.text);
	tensor_file_close(&file);
}

static void expect_same(const Compilation *c, const void *expected, const char *text, const char *before)
{
	Failure failure;
	Loaded loaded;
	void *net = allocate_net(c);
	cr_assert(program_load(&c->module->program, net, path, &loaded, &failure), "%s: before all names `%s`: %s",
		text, before,
		failure.text);
	cr_assert_eq(loaded.uncounted, 0);
	cr_assert_arr_eq(net, expected, c->module->program.bytes, "%s: before all names `%s`", text, before);
	program_free(&c->module->program, net);
}

Test(weights, what_is_saved_is_loaded)
{
	static const char *const before[] = {"", "net.", "model.module.", "fc.", "0.", "a.a."};
	static Text text;
	int labelled = 0;
	for (uint32_t seed = 0; seed < NETWORKS; seed++) {
		random_network(&text, seed);
		labelled += strchr(text.text, ':') != 0;
		Compilation c;
		Failure failure;
		compile_text(&c, text.text, kernel_set("scalar"), true, STAGE_RUN);
		void *net = allocate_net(&c);
		number_values(&c, net);
		for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
			cr_assert(program_save(&c.module->program, net, path, 0, &failure), "%s", failure.text);
			rename_all(before[i]);
			expect_same(&c, net, text.text, before[i]);
		}
		program_free(&c.module->program, net);
		compilation_close(&c);
	}
	cr_assert(labelled > NETWORKS / 2);
}

/* ---- files of others */

static float four[4] = {1, 2, 3, 4}, two[2] = {5, 6};
static int64_t count = 7, counts[2] = {7, 8};
static float float_count = 7, half_a_batch = 6.5f;

#define TENSOR_1(name, values) {name, ELEMENT_F32, 1, {2}, values}
#define TENSOR_2(name, values) {name, ELEMENT_F32, 2, {2, 2}, values}
#define LINEAR(name) TENSOR_2(name ".weight", four), TENSOR_1(name ".bias", two)
#define NORM(name) TENSOR_1(name ".weight", two), TENSOR_1(name ".bias", two), TENSOR_1(name ".running_mean", two), \
	TENSOR_1(name ".running_var", two)

typedef struct Case {
	const char *network;
	NamedTensor tensors[8];
	const char *message;            /* null: it is loaded */
	int uncounted;
} Case;

/* But for what may stand before all names, load_state_dict(strict=True) of PyTorch 2.13 accepts what is accepted here
 * and refuses what is refused, except for the last two: it truncates half a batch, and takes NaN. */
static const Case cases[] = {
	{"linear 2 2", {LINEAR("0")}, 0, 0},
	{"linear 2 2", {LINEAR("net.0")}, 0, 0},
	{"linear 2 2", {LINEAR("model.module.0")}, 0, 0},
	{"linear 2 2", {LINEAR("net0")},
		"net has `0.weight`, `0.bias`, which the file does not have; it has `net0.bias`, `net0.weight`: "
		"a label gives a layer its name, as in `net0: linear 2 2` for the layer 0", 0},
	{"linear 2 2", {LINEAR("xfc.0"), LINEAR("fc.0")}, "does not have", 0},
	{"linear 2 2; linear 2", {LINEAR("net.fc1"), LINEAR("net.fc2")},
		"it has `net.fc1.bias`, `net.fc1.weight`, `net.fc2.bias`, "
		"`net.fc2.weight`: a label gives a layer its name, as in `fc1: linear 2 2` for the layer 0", 0},
	/* the first layer that is missing, and the first name that fits its kind and shape */
	{"linear 2 2; batchnorm; relu; linear 2", {NORM("bn1"), LINEAR("fc1")}, "as in `fc1: linear 2 2` for the layer 0",
		0},
	{"fc1: linear 2 2; batchnorm; relu", {NORM("bn1"), LINEAR("fc1")}, "as in `bn1: batchnorm 2` for the layer 1", 0},
	{"fc1: linear 2 2; batchnorm eps=0.5", {NORM("bn1"), LINEAR("fc1")},
		"as in `bn1: batchnorm 2 eps=0.5` for the layer 1", 0},
	{"linear 2 2 bias=false; linear 2", {TENSOR_2("a.weight", four), LINEAR("b")},
		"as in `a: linear 2 2 bias=false` for the layer 0", 0},
	{"residual { linear 2 2; relu }; linear 2", {LINEAR("0.fc"), LINEAR("1")},
		"as in `fc: linear 2 2` for the layer 0.0", 0},
	{"input 2; batchnorm", {LINEAR("fc"), NORM("bn"), {"bn.num_batches_tracked", ELEMENT_I64, 0, {0}, &count}},
		"as in `bn: batchnorm 2`", 0},
	{"linear 2 3", {LINEAR("fc1")}, "it has `fc1.bias`, `fc1.weight`: it holds another network's weights", 0},
	{"linear 2 2", {NORM("bn1")}, "another network's weights", 0},
	{"linear 2 2; linear 2", {LINEAR("0"), LINEAR("2")},
		"`1.weight`, `1.bias`, which the file does not have; it has `2.bias`, "
		"`2.weight`: it holds another network's weights", 0},
	{"linear 2 2", {LINEAR("0"), TENSOR_1("temperature", two)}, "the file has `temperature`, which net does not have",
		0},
	{"linear 2 2", {TENSOR_2("0.weight", four)}, "net has `0.bias`, which the file does not have", 0},
	{"linear 2 2 bias=false", {TENSOR_2("0.weight", four)}, 0, 0},
	{"linear 2 2", {TENSOR_2("0.weight", four), {"0.bias", ELEMENT_F32, 2, {2, 1}, two}},
		"should have the shape [2] for net, but has [2, 1]", 0},
	{"linear 2 2", {{"0.weight", ELEMENT_I64, 2, {2, 2}, (int64_t[]){1, -2, 3, 4}}, TENSOR_1("0.bias", two)}, 0, 0},
	{"fc: linear 2 2; block1: residual { fc: linear 2 }", {LINEAR("block1.fc"), LINEAR("fc")}, 0, 0},
	{"stem: linear 2 2; residual { stem: linear 2 }", {LINEAR("1.stem"), LINEAR("stem")}, 0, 0},
	{"stem: linear 2 2; residual { stem: linear 2 }", {LINEAR("net.1.stem"), LINEAR("net.stem")}, 0, 0},
	{"stem: linear 2 2; residual { stem: linear 2 }", {LINEAR("1.stem"), LINEAR("other.stem")},
		"net has `stem.weight`, `stem.bias`, which "
		"the file does not have", 0},
	{"input 2; batchnorm", {NORM("0"), {"0.num_batches_tracked", ELEMENT_I64, 0, {0}, &count}}, 0, 0},
	{"input 2; batchnorm", {NORM("0"), {"0.num_batches_tracked", ELEMENT_I64, 1, {1}, &count}}, 0, 0},
	{"input 2; batchnorm", {NORM("0"), {"0.num_batches_tracked", ELEMENT_F32, 0, {0}, &float_count}}, 0, 0},
	{"input 2; batchnorm", {NORM("0")}, 0, 1},
	{"input 2; batchnorm", {NORM("net.0")}, 0, 1},
	{"input 2; batchnorm", {NORM("0"), {"0.num_batches_tracked", ELEMENT_I64, 1, {2}, counts}},
		"should have the shape [] for net, but has [2]", 0},
	{"input 2; batchnorm", {NORM("0"), {"0.num_batches_tracked", ELEMENT_I64, 1, {0}, counts}}, "has [0]", 0},
	{"input 2; batchnorm", {TENSOR_1("0.weight", two), TENSOR_1("0.bias", two), TENSOR_1("0.running_mean", two)},
		"net has `0.running_var`, which", 0},
	{"input 2; batchnorm", {NORM("0"), {"0.num_batches_tracked", ELEMENT_F32, 0, {0}, &half_a_batch}},
		"is 6.5, expected a count of batches", 0},
	{"linear 2 2", {TENSOR_2("0.weight", four), TENSOR_1("0.bias", ((float[]){1, __builtin_nanf("")}))},
		"has the value nan at [1]", 0},
};

static void load_case(const Case *of, int number)
{
	int tensors = 0;
	Loaded read;
	Compilation c;
	Failure failure;
	compile_text(&c, of->network, kernel_set("scalar"), true, STAGE_RUN);
	c.module->program.name = "net";
	void *net = allocate_net(&c);
	memset(net, 1, c.module->program.bytes);
	while (tensors < 8 && of->tensors[tensors].name)
		tensors++;
	cr_assert(safetensors_save(path, of->tensors, tensors, 0, &failure), "%s", failure.text);
	bool loaded = program_load(&c.module->program, net, path, &read, &failure);
	cr_expect_eq(loaded, !of->message, "case %d: %s", number, loaded ? "loaded" : failure.text);
	if (!loaded && of->message) {
		cr_expect(strstr(failure.text, of->message), "case %d: expected `%s` in `%s`", number, of->message,
			failure.text);
		for (size_t i = 0; i < c.module->program.bytes; i++)
			cr_assert_eq(((char *)net)[i], 1, "case %d: something was stored", number);
	}
	if (loaded) {
		const Tensor *counter = find_persistent(&c, "num_batches_tracked_0");
		cr_expect_eq(read.uncounted, of->uncounted, "case %d", number);
		cr_expect(!counter || get_counter(net, counter) == (of->uncounted ? 0 : 7), "case %d", number);
	}
	program_free(&c.module->program, net);
	compilation_close(&c);
}

Test(weights, of_others_are_taken_as_pytorch_takes_them)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		load_case(&cases[i], (int)i);
}

/* Loads a file with these weights of 2x2 and the bias `two`. If the weights are integers, that must be reported. */
static void load_four(NamedTensor weights, float values[4])
{
	const NamedTensor tensors[] = {weights, TENSOR_1("0.bias", two)};
	Compilation c;
	Failure failure;
	Loaded loaded;
	compile_text(&c, "linear 2 2", kernel_set("scalar"), true, STAGE_RUN);
	void *net = allocate_net(&c);
	cr_assert(safetensors_save(path, tensors, 2, 0, &failure), "%s", failure.text);
	cr_assert(program_load(&c.module->program, net, path, &loaded, &failure), "%s", failure.text);
	cr_expect_eq(loaded.integers, weights.type == ELEMENT_I64);
	if (loaded.integers)
		cr_expect_str_eq(loaded.integer, "0.weight");
	get_values(&c, net, find_persistent(&c, "weight_0"), values);
	program_free(&c.module->program, net);
	compilation_close(&c);
}

/* 2^24 + 1 and 2^53 + 2^29 + 1: the latter is no double, and as a double rounded again it would be the lower float. */
Test(weights, integers_are_rounded_once)
{
	int64_t integers[] = {16777217, 9007199791611905, -9007199791611905, 3};
	float values[4];
	load_four((NamedTensor){"0.weight", ELEMENT_I64, 2, {2, 2}, integers}, values);
	cr_expect(values[0] == 16777216 && values[1] == 0x1.000002p53f && values[2] == -0x1.000002p53f && values[3] == 3);
}

/* What numpy's astype makes of them: halfway between two floats, the even one. */
Test(weights, doubles_are_rounded_to_even)
{
	double doubles[] = {0x1.000001p0, 0x1.000003p0, -0x1.000001p0, 0x1p-150};
	const float expected[] = {1, 0x1.000004p0f, -1, 0};
	float values[4];
	load_four((NamedTensor){"0.weight", ELEMENT_F64, 2, {2, 2}, doubles}, values);
	for (int i = 0; i < 4; i++)
		cr_expect(values[i] == expected[i], "%d: %a", i, (double)values[i]);
}

/* Words of a random generator are a tensor, too: those that look like a NaN with a signal must not become quiet. */
Test(weights, keep_the_bits_of_nan)
{
	const uint32_t words[] = {0x7f800001, 0xff812345, 0x7fffffff, 1};
	Compilation c;
	uint32_t found[4];
	compile_text(&c, "linear 2 2", kernel_set("scalar"), true, STAGE_RUN);
	void *net = allocate_net(&c);
	const ProgramTensor weight = program_view(find_persistent(&c, "weight_0"));
	tensor_set(&c.module->program, net, &weight, words);
	tensor_get(&c.module->program, net, &weight, found);
	for (int i = 0; i < 4; i++)
		cr_expect_eq(found[i], words[i], "%d: %08x", i, found[i]);
	program_free(&c.module->program, net);
	compilation_close(&c);
}
