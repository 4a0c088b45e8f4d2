/* print_test.c: a network that is printed as text and read again is the same: its C has the same bytes, and its text,
 * too. */
#include "network_support.h"

/* Prints the network, and returns its text and its C. */
static const char *print_again(Compilation *c, const char *text, const char **program)
{
	*c = (Compilation){.options = {.target = kernel_set(0), .fuse = true}};
	compile_with_options(c, text, STAGE_C);
	*program = c->module->text;
	return network_text(c->arena, c->network);
}

static void check_text(const char *text)
{
	Compilation first, second;
	const char *program, *program_again, *printed = print_again(&first, text, &program),
		*printed_again = print_again(&second, printed, &program_again);
	cr_expect_str_eq(printed_again, printed, "%s", text);
	cr_expect_str_eq(program_again, program, "%s is printed as\n%s", text, printed);
	compilation_close(&first);
	compilation_close(&second);
}

Test(print, every_example)
{
	for (int i = 0; layers[i]; i++)
		for (int k = 0; layers[i]->examples[k]; k++) {
			char text[512];
			if (layers[i]->kind == KIND_LAYER || layers[i]->kind == KIND_LOSS)
				snprintf(text, sizeof text, "%s", layers[i]->examples[k]);
			else if (layers[i]->kind == KIND_AUGMENT)
				snprintf(text, sizeof text, "input 2x3x4; flatten; linear 3; augment %s %s; augment "
					"random_horizontal_flip", layers[i]->name, layers[i]->examples[k]);
			else
				snprintf(text, sizeof text, "linear 2 3; %s %s %s", layers[i]->kind == KIND_OPTIMIZER ? "optimizer"
					: "schedule", layers[i]->name, layers[i]->examples[k]);
			check_text(text);
		}
}

Test(print, what_the_language_writes_in_short)
{
	static const char *const texts[] = {
		"let W = 9; block d(n) { linear n; batchnorm; relu }; input 2; d W; repeat 2 { d W }; residual { d W; linear "
		"W }",
		"first: linear 2 4; add: residual { inner: linear 4; residual { } } { linear 4 }; head: linear 2; seed 7; "
		"epochs 3",
		"input 2x5x4; conv2d 3 2 padding=same; residual { conv2d 4 3x1 stride=2x1 padding=1x0 } "
		"{ conv2d 4 1 stride=2x1 }; flatten",
		"residual { } { linear 3 3 }; linear 2; loss cross_entropy weights=0.1,0.30000000000000004 "
		"label_smoothing=1e-7",
		"linear 2 3; leaky_relu slope=0.1234567890123; optimizer adam lr=3.0000001e-05; schedule cosine; batch 5",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		check_text(texts[i]);
}

Test(print, reads_well)
{
	Compilation c;
	const char *program, *printed = print_again(&c, "input 1x5x5; conv2d 2 3 padding=1; relu; residual { conv2d 2 1; "
		"tanh } { batchnorm }; flatten; out: linear 3; optimizer sgd lr=0.1 momentum=0.9; batch 8", &program);
	cr_expect_str_eq(printed, "name t\ninput 1x5x5\nconv2d 1 2 3 padding=1\nrelu\nresidual {\n\tconv2d 2 2 1\n\ttanh\n"
		"} {\n\tbatchnorm 2\n}\nflatten\nout: linear 50 3\nloss cross_entropy\noptimizer sgd lr=0.1 momentum=0.9\n"
		"schedule constant\nbatch 8\nepochs 10\n");
	compilation_close(&c);
}
