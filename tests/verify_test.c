/* verify_test.c: --verify passes programs that are right, and finds those that compute something else. */
#include "network_support.h"
#include "verify/verify.h"
#include <math.h>

static const double operations = 1e7;

/* Verifies the program of one text against the network of another, or the same, on the best kernels. */
static Verification verify_texts(Compilation *meant, Compilation *made, const char *meant_text, const char *made_text,
	const Options *options)
{
	Failure failure = {.text = ""};
	Random random;
	*meant = *made = (Compilation){.options = *options};
	compile_with_options(meant, meant_text, STAGE_NETWORK);
	compile_with_options(made, made_text, STAGE_RUN);
	void *net = allocate_net(made);
	random_seed(&random, 5);
	Model weights = model_open(made->arena, made->network);
	model_randomise(&weights, &random);
	model_store(&weights, made->module, net);
	Verification v = {.arena = made->arena, .network = meant->network, .compilation = made, .net = net, .seed = 1,
		.operations = operations};
	cr_assert(verify(&v, &failure), "%s: %s", made_text, failure.text);
	program_free(&made->module->program, net);
	return v;
}

static const char *worst_of(const Verification *v)
{
	const char *worst = "";
	for (int i = 0; i < v->findings.count; i++)
		if (v->findings.items[i]->wrong)
			worst = arena_print(v->arena, "%s %s: %g, tolerance %g;", worst, v->findings.items[i]->what,
				v->findings.items[i]->error, v->findings.items[i]->tolerance);
	return worst;
}

Test(verify, passes_what_is_right)
{
	static const char *const texts[] = {
		"linear 3 17; batchnorm; relu; linear 2; batch 7",
		"input 2x5x4; conv2d 3 3 padding=1; batchnorm; relu; maxpool2d 2; flatten; linear 3; optimizer adam; batch 5",
		"linear 4 9; residual { tanh } { linear 9 }; linear 1; loss mse; optimizer rmsprop; schedule one_cycle 0.1",
		/* it divides by the root of a difference that is a small part of either, or of which nothing is left */
		"linear 4 9; tanh; linear 2; optimizer rmsprop centered=true alpha=0.003 momentum=0.5",
		"linear 4 9; tanh; linear 2; optimizer rmsprop centered=true alpha=0",
		"linear 2 5; relu; linear 5 3; loss bce; optimizer sgd momentum=0.9 nesterov=true; batch 1",
		"linear 3 9; batchnorm; relu; linear 2; optimizer adam clip=0.1 accumulate=2; batch 6",
		/* nothing is trained */
		"input 2; relu", "input 2; relu; optimizer adam clip=1 accumulate=2",
		/* batchnorm is folded into the linear after the dropout, and has none after the last */
		"linear 3 5; relu; batchnorm; dropout; linear 4; relu; batchnorm; dropout; batch 9",
		/* the values of which the largest is looked for are equal */
		"input 1x2x2; log_softmax; layernorm; maxpool2d 2; batch 3",
	};
	FOR_EACH_USABLE_SET(set)
		for (size_t i = 0; i < 2 * sizeof texts / sizeof *texts; i++) {
			if (SANITIZED && (i % 2 == 0) != (set == kernel_set(0)))
				continue;
			Compilation meant, made;        /* f32 and f64 in turn */
			const char *text = texts[i / 2];
			const KernelSet *target = i % 2 ? kernel_set_f64(set) : set;
			const Options options = {.target = target, .fuse = true, .pairs = true, .recompute = i / 2 % 2,
				.threads = 2};
			Verification v = verify_texts(&meant, &made, text, text, &options);
			cr_expect_not(v.wrong, "%s (%s, %zu bytes):%s", text, set->name, target->number_bytes,
				worst_of(&v));
			cr_expect(v.findings.count > 1 && !v.not_emitted, "%s: %s", text, v.not_emitted);
			compilation_close(&meant);
			compilation_close(&made);
		}
}

/* Sums of so many terms that their roundings count. */
Test(verify, passes_long_sums)
{
	static const char *const texts[] = {"linear 20000 1; loss mse; batch 4",
		"input 20000; layernorm; loss mse; batch 2"};
	if (SANITIZED)
		cr_skip_test("what memory they use depends on no length");
	for (int i = 0; i < 2; i++) {
		Compilation meant, made;
		const Options options = {.target = kernel_set(0), .fuse = true};
		Verification v = verify_texts(&meant, &made, texts[i], texts[i], &options);
		cr_expect_not(v.wrong, "%s:%s", texts[i], worst_of(&v));
		compilation_close(&meant);
		compilation_close(&made);
	}
}

/* Which checks find that a program is of another network. */
Test(verify, finds_what_is_wrong)
{
	static const struct { const char *meant, *made; unsigned checks; } cases[] = {
		{"linear 3 9; leaky_relu slope=0.1; linear 2", "linear 3 9; leaky_relu slope=0.101; linear 2",
			1u << CHECK_RESULTS | 1u << CHECK_SLOPES | 1u << CHECK_FOLDED},
		{"linear 3 9; batchnorm eps=0.001; linear 2", "linear 3 9; batchnorm eps=0.002; linear 2",
			1u << CHECK_RESULTS | 1u << CHECK_SLOPES | 1u << CHECK_FOLDED},
		{"linear 3 9; batchnorm momentum=0.1; linear 2", "linear 3 9; batchnorm momentum=0.2; linear 2",
			1u << CHECK_RESULTS},
		{"linear 3 9; linear 2; loss cross_entropy label_smoothing=0.1", "linear 3 9; linear 2",
			1u << CHECK_RESULTS | 1u << CHECK_SLOPES},
		{"linear 3 9; relu; linear 2; optimizer adam beta1=0.9", "linear 3 9; relu; linear 2; optimizer adam beta1=0.8",
			1u << CHECK_UPDATES},
		{"linear 3 9; relu; linear 2; optimizer sgd momentum=0.9",
			"linear 3 9; relu; linear 2; optimizer sgd momentum=0.9 dampening=0.1", 1u << CHECK_UPDATES},
		{"linear 3 9; relu; linear 2; optimizer adam clip=1e-3", "linear 3 9; relu; linear 2; optimizer adam",
			1u << CHECK_UPDATES},
		{"linear 3 9; relu; linear 2; optimizer sgd clip=1e-3", "linear 3 9; relu; linear 2; optimizer sgd clip=2e-3",
			1u << CHECK_UPDATES},
		{"linear 3 9; relu; linear 2; optimizer sgd accumulate=2",
			"linear 3 9; relu; linear 2; optimizer sgd accumulate=3", 1u << CHECK_UPDATES},
		{"linear 3 9; linear 2; optimizer sgd weight_decay=0.01", "linear 3 9; linear 2", 1u << CHECK_UPDATES},
	};
	for (size_t k = 0; k < 2 * sizeof cases / sizeof *cases; k++) {
		const size_t i = k / 2;
		Compilation meant, made;
		const KernelSet *best = kernel_set(0);
		const Options options = {.target = k % 2 ? kernel_set_f64(best) : best, .fuse = true};
		Verification v = verify_texts(&meant, &made, cases[i].meant, cases[i].made, &options);
		unsigned checks = 0;
		for (int f = 0; f < v.findings.count; f++)
			checks |= v.findings.items[f]->wrong ? 1u << v.findings.items[f]->check : 0;
		cr_expect(v.wrong && checks == cases[i].checks, "%s for %s: found by %#x", cases[i].made, cases[i].meant,
			checks);
		compilation_close(&meant);
		compilation_close(&made);
	}
}

/* Of float64, a difference that float32 would not have shown. */
Test(verify, finds_a_small_difference_of_f64)
{
	Compilation meant, made;
	const Options options = {.target = kernel_set_f64(kernel_set(0)), .fuse = true};
	Verification v = verify_texts(&meant, &made, "linear 3 9; leaky_relu slope=0.1; linear 2",
		"linear 3 9; leaky_relu slope=0.1000000001; linear 2", &options);
	cr_expect(v.wrong);
	compilation_close(&meant);
	compilation_close(&made);
}

/* A thousand equal terms do not let the reference of a loss be less exact than the kernels. */
Test(verify, adds_up_many_equal_terms)
{
	enum { ROWS = 1000 };
	static float x[ROWS], targets[ROWS];
	static int32_t labels[ROWS];
	Compilation made = {.options = {.target = kernel_set(0), .fuse = true}};
	compile_with_options(&made, "linear 1 1; loss bce; batch 1000", STAGE_NETWORK);
	Model m = model_open(made.arena, made.network);
	m.tensors[0][0][0] = m.tensors[0][1][0] = 0;
	model_set_batch(&m, &(const Batch){.rows = ROWS, .inputs = 1, .outputs = 1, .x = x, .targets = targets,
		.labels = labels});
	const double loss = model_loss(&m);
	cr_expect(fabs(loss - log(2)) < 2e-16, "%.17g", loss);
	compilation_close(&made);
}

/* A loss without a slope at a kink is no mistake. */
Test(verify, knows_kinks)
{
	Compilation made;
	const char *text = "linear 1 1 bias=false; relu; loss l1";
	const Options options = {.target = kernel_set(0), .fuse = true};
	made = (Compilation){.options = options};
	compile_with_options(&made, text, STAGE_NETWORK);
	Model m = model_open(made.arena, made.network);
	model_set_batch(&m, &(const Batch){.rows = 1, .inputs = 1, .outputs = 1, .x = (float[]){1}, .targets = (float[]){2},
		.labels = (int32_t[]){0}});
	model_loss(&m);
	const Slope kink = model_slope_by(&m, m.tensors[0][0], 0, 1e-6);
	m.tensors[0][0][0] = 0x1p-20;
	const Slope near = model_slope_by(&m, m.tensors[0][0], 0, 1e-6);
	cr_expect(fabs(kink.value + 0.5) < 1e-6 && fabs(kink.error - 1) < 1e-3, "%g, %g", kink.value, kink.error);
	cr_expect(fabs(near.value + 1) < 1e-6 && near.error < 1e-6, "%g, %g", near.value, near.error);
	compilation_close(&made);
}

Test(verify, a_finding_keeps_the_value_that_differs_most)
{
	Verification v = {.arena = arena_open()};
	Finding *f = add_finding(&v, CHECK_RESULTS, "it", 1);
	compare_value(&v, f, 1, 1, 0);
	compare_value(&v, f, INFINITY, INFINITY, 0);
	compare_value(&v, f, 2, 1, 4);
	compare_value(&v, f, 3, 1, 16);
	cr_expect(f->count == 4 && f->error == 1 && f->tolerance == 4 && !f->wrong && !v.wrong);
	compare_value(&v, f, NAN, 1, 4);
	cr_expect(f->wrong && v.wrong && isnan(f->error));
	compare_value(&v, f, 1, 1, 4);
	cr_expect(isnan(f->error) && f->count == 6 && f->unknown == 0);
	compare_value(&v, f, NAN, NAN, 4);
	cr_expect(f->count == 6 && f->unknown == 1);
	compare_value(&v, f, 1, 2, NAN);
	cr_expect(f->count == 6 && f->unknown == 2);
	arena_close(v.arena);
}
