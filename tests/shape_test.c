/* shape_test.c: sizes along the graph, those that are left out and those that do not fit. The messages' full text is in
 * tests/errors. */
#include "network_support.h"

static void build(Compilation *c, const char *text)
{
	compile_text(c, text, kernel_set(0), true, STAGE_NETWORK);
}

static const char *printed_diagnostics(const Compilation *c, int *errors)
{
	char *printed = 0;
	size_t length = 0;
	FILE *out = open_memstream(&printed, &length);
	diagnostics_print(c->diagnostics, out);
	fclose(out);
	const char *copy = arena_copy(c->arena, printed, length);
	free(printed);
	*errors = error_count(c->diagnostics);
	return copy;
}

/* What is wrong with text; counts the errors. */
static const char *complaint(Compilation *c, const char *text, int *errors)
{
	Failure failure;
	*c = (Compilation){.options = {.target = kernel_set(0), .fuse = true}};
	*errors = 0;
	return try_with_options(c, text, STAGE_NETWORK, &failure) ? "nothing" : printed_diagnostics(c, errors);
}

/* One error, which says all of the parts. */
static void expect_error(const char *text, const char *first, const char *second, const char *third)
{
	Compilation c;
	int errors;
	const char *found = complaint(&c, text, &errors);
	const char *parts[] = {first, second, third};
	cr_expect_eq(errors, 1, "%s: %d errors:\n%s", text, errors, found);
	for (int i = 0; i < 3; i++)
		cr_expect(!parts[i] || strstr(found, parts[i]), "%s: expected `%s` in\n%s", text, parts[i], found);
	compilation_close(&c);
}

/* ---- what is left out */

static void expect_features(const char *text, int input, const int *features, int count)
{
	Compilation c;
	build(&c, text);
	cr_assert_eq(c.network->nodes.count, count, "%s", text);
	cr_expect_eq(shape_features(&c.network->input->shape), input, "%s: the input has %d", text,
		shape_features(&c.network->input->shape));
	for (int i = 0; i < count; i++) {
		const Shape *shape = &c.network->nodes.items[i]->output->shape;
		cr_expect_eq(shape->rank, 1, "%s", text);
		cr_expect_eq(shape_features(shape), features[i], "%s: layer %d has %d features, not %d", text, i,
			shape_features(shape), features[i]);
	}
	compilation_close(&c);
}

#define EXPECT_FEATURES(text, input, ...) \
	expect_features((text), (input), (const int[]){__VA_ARGS__}, (int)(sizeof (int[]){__VA_ARGS__} / sizeof(int)))

Test(shape, sizes_are_inferred)
{
	EXPECT_FEATURES("linear 2 64; batchnorm; relu; linear 64 2", 2, 64, 64, 64, 2);
	EXPECT_FEATURES("input 3; linear 5", 3, 5);
	EXPECT_FEATURES("input 3; tanh; linear 5", 3, 3, 5);
	EXPECT_FEATURES("linear 7 4; linear 1; linear 19", 7, 4, 1, 19);
	EXPECT_FEATURES("linear out=4 in=7; linear out=9", 7, 4, 9);
	EXPECT_FEATURES("batchnorm 6; linear 2", 6, 6, 2);
	EXPECT_FEATURES("batchnorm features=6; batchnorm 6; batchnorm", 6, 6, 6, 6);
	EXPECT_FEATURES("let WIDTH = 12; linear 2 WIDTH; repeat 2 { linear WIDTH; relu }", 2, 12, 12, 12, 12, 12);
	EXPECT_FEATURES("linear 3 5; residual { linear 7; linear 5 }; linear 2", 3, 5, 7, 5, 5, 2);
	EXPECT_FEATURES("linear 3 5; residual { linear 7 } { linear 7 }", 3, 5, 7, 7, 7);
	EXPECT_FEATURES("residual { linear 3 3 } { tanh }; linear 2", 3, 3, 3, 3, 2);
	EXPECT_FEATURES("input 4; residual { }; linear 2", 4, 4, 2);
}

/* Passes after this one read a size where it was left out, too. */
Test(shape, arguments_are_filled_in)
{
	Compilation c;
	build(&c, "linear 2 64; batchnorm; linear 3");
	const Node *batchnorm = c.network->nodes.items[1], *linear = c.network->nodes.items[2];
	cr_expect_eq((int)batchnorm->arguments[argument_index(batchnorm->layer, "features")], 64);
	cr_expect_eq((int)linear->arguments[argument_index(linear->layer, "in")], 64);
	cr_expect_eq((int)linear->arguments[argument_index(linear->layer, "out")], 3);
	compilation_close(&c);
}

/* ---- what does not fit */

Test(shape, mismatches_point_at_both_sides)
{
	expect_error("linear 2 32\nlinear 64 2",
	"t.net:2:8: error: linear expects 64 inputs, but its source has 32 features",
		"t.net:1:1: note: the 32 features come from here", 0);
	expect_error("linear 2 32\nrelu\ntanh\nlinear 64 2", "t.net:4:8: error",
		"t.net:1:1: note: the 32 features come from here", 0);
	expect_error("linear 2 1\nbatchnorm 4",
		"t.net:2:11: error: batchnorm expects 4 features, but its source has 1 feature",
		"t.net:1:1: note: the 1 feature comes from here", 0);
	expect_error("input 3\nlinear 2 4", "t.net:2:8: error: linear expects 2 inputs, but its source has 3 features",
		"t.net:1:7: note: the 3 features come from here", 0);
	expect_error("linear 3 4\nresidual { linear 4 }\nlinear 5 2", "t.net:3:8: error",
		"note: the 4 features come from here", 0);
	expect_error("input 1x28x28\nlinear 10", "linear expects features, but its source has 3 dimensions",
		"t.net:1:7: note", 0);
}

Test(shape, residuals_add_equal_shapes)
{
	expect_error("linear 2 5\nresidual { linear 7 }\nlinear 2",
	"t.net:2:1: error: residual adds two results of one shape, but their shapes are 7 and 5",
		"t.net:2:12: note: the shape 7 comes from here",
		"t.net:1:1: note: the shape 5 comes from here; `residual { main } { shortcut }` can change it");
	expect_error("linear 2 5\nresidual { linear 7 } {\n linear 6 }", "shapes are 7 and 6",
		"t.net:2:12: note: the shape 7",
		"t.net:3:2: note: the shape 6");
	expect_error("residual { linear 3 3 } { linear 4 3 }", "linear expects 4 inputs, but its source has 3 features", 0,
		0);
}

Test(shape, an_unknown_input_is_asked_for)
{
	expect_error("linear 5", "linear does not know the size of its source: give it, or start the network with `input`",
		0, 0);
	expect_error("batchnorm; linear 2", "batchnorm does not know the size of its source", 0, 0);
	expect_error("relu; linear 2",
		"relu does not know the size of its source: start the network with `input`, for example `input 2`", 0, 0);
	expect_error("residual { linear 3 }", "linear does not know the size of its source", 0, 0);
}

/* What a network makes of the samples of data: the shape of its input and of its output, or what it complains of. */
Test(shape, an_unknown_input_is_that_of_the_data)
{
	static const struct { const char *text; Shape sample; const char *input, *output, *complaint; } cases[] = {
		{"linear 16; relu; linear 3", {1, {4}}, "4", "3"},
		{"relu; linear 3", {1, {4}}, "4", "3"},
		{"batchnorm; linear 3", {1, {4}}, "4", "3"},
		{"residual { linear 7; linear 4 }; linear 3", {1, {4}}, "4", "3"},
		{"residual { linear 7 } { linear 7 }", {1, {4}}, "4", "7"},
		{"linear 5 3", {1, {4}}, "5", "3"},
		{"input 7; linear 3", {1, {4}}, "7", "3"},
		{"linear 3", {3, {1, 8, 8}}, "64", "3"},
		{"linear 3", {2, {8, 8}}, "64", "3"},
		{"conv2d 5 3; flatten; linear 3", {3, {2, 8, 9}}, "2x8x9", "3"},
		{"conv2d 5 3; loss mse", {2, {8, 9}}, "1x8x9", "5x6x7"},
		{"flatten; linear 3", {2, {8, 9}}, "1x8x9", "3"},
		{"batchnorm; conv2d 5 3; loss mse", {3, {2, 8, 9}}, "2x8x9", "5x6x7"},
		{"conv2d 5 3", {1, {4}}, 0, 0, "t.net:1:1: note: it comes from the data d, which the network takes as its"},
		{"batchnorm; linear 3 2", {1, {4}}, 0, 0, "the 4 features come from the data d, which"},
		{"conv2d 3 5 3", {3, {2, 8, 8}}, 0, 0, "t.net:1:1: note: the 2 channels come from the data d"},
		{"batchnorm; linear 3", {3, {2, 8, 8}}, 0, 0, "they come from the data d"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int errors;
		Compilation c = {.options = {.target = kernel_set(0), .sample = {.name = "d", .shape = cases[i].sample}}};
		Failure failure;
		bool done = try_with_options(&c, cases[i].text, STAGE_NETWORK, &failure);
		cr_expect_eq(done, !cases[i].complaint, "%s", cases[i].text);
		if (done) {
			cr_expect_str_eq(shape_text(c.arena, &c.network->input->shape), cases[i].input, "%s", cases[i].text);
			cr_expect_str_eq(shape_text(c.arena, &c.network->output->shape), cases[i].output, "%s", cases[i].text);
		} else {
			const char *found = printed_diagnostics(&c, &errors);
			cr_expect_eq(errors, 1);
			cr_expect(strstr(found, cases[i].complaint), "%s: %s", cases[i].text, found);
		}
		compilation_close(&c);
	}
}

/* Nothing that follows from the missing size is a mistake, but others are. */
Test(shape, a_network_waits_for_the_data)
{
	static const struct { const char *text; bool waits; int errors; } cases[] = {
		{"linear 16; relu; linear 3", true, 0},
		{"conv2d 16 3; linear 3", true, 0},
		{"residual { relu; linear 4 } { tanh }", true, 0},
		{"linear 2 16; relu; linear 3", false, 0},
		{"linear 16; relu; linear 3 4; linear 6 4", true, 2},
		{"relu; rilu", true, 1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Compilation c = {.options = {.target = kernel_set(0), .sample.awaited = true}};
		Failure failure;
		bool done = try_with_options(&c, cases[i].text, STAGE_RUN, &failure);
		cr_expect_eq(done, cases[i].errors == 0, "%s", cases[i].text);
		cr_expect_eq(c.waits, cases[i].waits, "%s", cases[i].text);
		cr_expect_eq(!c.module, c.waits || !done, "%s", cases[i].text);
		cr_expect_eq(error_count(c.diagnostics), cases[i].errors, "%s", cases[i].text);
		if (c.waits && done) {
			c.options.sample = (Sample){.name = "d", .shape = {3, {1, 5, 5}}};
			compile(&c, STAGE_NETWORK, &(Overrides){-1, -1, -1}, &failure);
			cr_expect(!c.waits && shape_is_known(&c.network->input->shape), "%s", cases[i].text);
		}
		compilation_close(&c);
	}
}

Test(shape, one_mistake_is_said_once)
{
	expect_error("linear 2 x; linear 3 4; linear 5", "out of linear must be a whole number", 0, 0);
	expect_error("linear x 3; linear 3 4", "in of linear must be a whole number", 0, 0);
	expect_error("linear; linear 3 4", "linear needs `out`", 0, 0);
	expect_error("linear 2 0; batchnorm; residual { linear 7 }", "found 0", 0, 0);
	expect_error("linear 2 3; rilu; linear 4 5", "did you mean `relu`", 0, 0);
	expect_error("relu; relu; residual { tanh }; linear 3 2", "relu does not know", 0, 0);
}

/* A size that is written after a mistake is all that is known there: it is believed, and nothing is divided by a size
 * that is not. */
Test(shape, sizes_after_a_mistake_are_believed)
{
	static const char *const mistakes[] = {
		"linear", "linear 2 0", "linear 2 x", "linear x", "linear 0 3", "linear 2 3 4", "linear 2 3 size=4", "conv 3",
		"relu", "tanh", "batchnorm",
		"linear 5", "input 0", "input 0x3", "input x", "input", "input 1x2x3x4x5", "input 3x3; linear 4",
			"linear 2 3; linear 4 5",
		"linear 2 3; linear 3 2147483647", "linear 65536 65536", "residual { linear 0 }",
			"residual { linear 2 3 } { linear 2 4 }",
		"residual { conv }", "repeat 2 { conv 3 }", "block b(n) { conv n }; b 3", "linear 2 3; batchnorm 2", ")",
			"linear 2 3 =",
	};
	static const char *const uses[] = {
		"batchnorm 64", "batchnorm 1", "batchnorm 64; batchnorm 64", "linear 3 4", "linear in=3 out=4",
			"residual { batchnorm 64 }",
		"residual { } { batchnorm 64 }", "residual { batchnorm 64 } { batchnorm 64 }", "relu; batchnorm 64",
			"repeat 2 { batchnorm 64; tanh }",
		"batchnorm 64; loss cross_entropy", "batchnorm 1; loss mse", "batchnorm 64; batch 1", "batchnorm 2147483647",
			"linear 65536 65536",
	};
	for (size_t m = 0; m < sizeof mistakes / sizeof *mistakes; m++)
		for (size_t u = 0; u < sizeof uses / sizeof *uses; u++) {
			Compilation c;
			int errors;
			char text[200];
			snprintf(text, sizeof text, "%s\n%s", mistakes[m], uses[u]);
			complaint(&c, text, &errors);
			cr_expect_gt(errors, 0, "%s", text);
			compilation_close(&c);
		}
	expect_error("linear\nbatchnorm 64\nlinear 2", "linear needs `out`", 0, 0);
	expect_error("conv 3\nbatchnorm 4\nbatchnorm 4\nrelu", "unknown layer or setting `conv`", 0, 0);
	expect_error("linear 65536 65536\nlinear 3 65536", "weight of 65536 x 65536 has", 0, 0);
}

Test(shape, all_mistakes_are_said)
{
	Compilation c;
	int errors;
	const char *found = complaint(&c, "linear 2 3; linear 4 5; linear 6 7; linear 8 9; loss mse", &errors);
	cr_expect_eq(errors, 3, "%s", found);
	compilation_close(&c);
	found = complaint(&c, "linear 2 x; linear 4 5; batchnorm 6; loss mse", &errors);
	cr_expect_eq(errors, 2, "%s", found);
	compilation_close(&c);
	found = complaint(&c, "linear; batchnorm 64; linear 32 2; loss mse", &errors);
	cr_expect_eq(errors, 2, "%s", found);
	cr_expect(strstr(found, "the 64 features come from here"), "%s", found);
	compilation_close(&c);
}

/* ---- limits */

Test(shape, the_largest_tensors_are_accepted)
{
	static const char *const texts[] = {
		"linear 134217727 16; batch 15", "linear 1 2147483632; batch 1", "linear 2 2032; batch 1048576",
			"input 2147483632; batch 1; tanh",
		"linear 46340 46336; batch 2",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		Compilation c;
		build(&c, texts[i]);
		compilation_close(&c);
	}
}

Test(shape, larger_ones_are_not)
{
	expect_error("linear 134217728 16; batch 15",
		"weight of 134217728 x 16 has 2147483648 values; the limit of a tensor is 2147483647", 0, 0);
	expect_error("linear 134217728 2; batch 15", "weight of 134217728 x 2 has 268435456 values",
		"(in panels of 16 features)", 0);
	expect_error("linear 1 2147483633; batch 1", "weight of 1 x 2147483633 has 2147483633 values; the limit", 0, 0);
	expect_error("linear 2 2048; batch 1048576",
		"linear gives 2048 features for each of 1048576 rows of a batch, 2147483648 values; the limit", 0, 0);
	expect_error("input 2049; batch 1048576; linear 2",
		"a batch of 1048576 samples of 2049 values has 2148532224; the limit", 0, 0);
	expect_error("linear 46341 46341; batch 2", "weight of 46341 x 46341 has 2147488281 values", 0, 0);
	expect_error("input 65536x65536; linear 2; linear 2 3", "input must have from 1 to 2147483647 floats", 0, 0);
	expect_error("linear 2 2147483648", "must be a whole number from 1 to 2147483647, found 2147483648", 0, 0);
	expect_error("linear 2 -1", "must be a whole number from 1 to 2147483647, found -1", 0, 0);
	expect_error("linear 2 99999999999999999999999", "found a number beyond 64 bits", 0, 0);
}

/* ---- losses and batches */

static const char *loss_of(Compilation *c, const char *text)
{
	build(c, text);
	return c->network->loss->layer->name;
}

Test(shape, the_outputs_choose_the_loss)
{
	static const struct { const char *text, *loss; } cases[] = {
		{"linear 2 2", "cross_entropy"}, {"linear 2 17", "cross_entropy"}, {"linear 2 1", "mse"},
			{"linear 2 1; tanh", "mse"},
		{"linear 2 2; loss mse", "mse"}, {"loss cross_entropy; linear 1 2", "cross_entropy"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Compilation c;
		cr_expect_str_eq(loss_of(&c, cases[i].text), cases[i].loss, "%s", cases[i].text);
		cr_expect_eq(c.network->loss->inputs[0], c.network->output);
		compilation_close(&c);
	}
	expect_error("linear 2 1\nloss cross_entropy",
		"t.net:2:1: error: cross_entropy expects a score for each of 2 or more classes",
		"t.net:1:1: note: the 1 output comes from here; `loss mse` takes one", 0);
}

Test(shape, batchnorm_needs_two_rows)
{
	Compilation c;
	expect_error("linear 2 3; batchnorm; batch 1",
		"batchnorm needs at least 2 rows to train on, but the batch is 1: use `batch 2` or more", 0, 0);
	expect_error("batchnorm 2; batchnorm; residual { batchnorm }; batch 1", "needs at least 2 rows", 0, 0);
	build(&c, "linear 2 3; batch 1");
	compilation_close(&c);
	build(&c, "linear 2 3; batchnorm; batch 2");
	compilation_close(&c);
}

/* ---- names: those of torch.nn.Sequential */

Test(shape, tensors_have_the_names_of_torch)
{
	static const char *const expected[] = {
		"0.weight", "0.bias", "2.0.weight", "2.0.bias", "2.0.running_mean", "2.0.running_var",
		"2.0.num_batches_tracked", "2.2.weight",
		"2.2.bias", "2.shortcut.0.weight", "3.0.0.weight", "3.0.0.bias", "head.weight", "head.bias", "5.weight",
		"5.bias",
	};
	enum { EXPECTED = sizeof expected / sizeof *expected };
	Compilation c;
	int count = 0;
	compile_text(&c,
		"linear 2 4; relu; residual { batchnorm; tanh; linear 5 } { linear 5 bias=false }; residual "
		"{ residual { linear 5 } }; head: linear 3; linear 2", kernel_set(0), true, STAGE_STEPS);
	for (int i = 0; i < c.module->tensors.count; i++) {
		if (!c.module->tensors.items[i]->path)
			continue;
		cr_assert_lt(count, EXPECTED);
		cr_expect_str_eq(c.module->tensors.items[i]->path, expected[count]);
		count++;
	}
	cr_expect_eq(count, EXPECTED);
	compilation_close(&c);
}
