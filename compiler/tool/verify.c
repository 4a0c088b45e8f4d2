/* --verify: the table of what was compared, and a verdict. */
#include "run.h"
#include "verify/verify.h"
#include <string.h>

/* Arithmetic takes about as many operations a second, so that a network is verified in some seconds. */
static const double operations = 2e9;

static const struct { const char *title, *against; } sections[CHECKS] = {
	[CHECK_RESULTS] = {"results", "the references of its layers in double"},
	[CHECK_SLOPES] = {"gradients", "differences of the loss in double, in 2 directions and by up to 6 values"},
	[CHECK_SEPARATE] = {"all values", "scalar kernels, every step in a loop of its own"},
	[CHECK_EMITTED] = {"results of the emitted C", "the scalar kernels, bit for bit"},
	[CHECK_FOLDED] = {"predictions of the emitted C for inference", "the references of its layers in double"},
	[CHECK_UPDATES] = {"weights after 1 large step, and 3 of its own", "the optimizer's reference in double"},
};

static void print_finding(const Finding *f, FILE *out)
{
	const double unit = f->scale > 0 ? f->scale : 1;
	fprintf(out, "  %-32s %9zu  %9.2g  %9.2g%s", f->what, f->count, f->error / unit, f->tolerance / unit,
		f->wrong ? "  WRONG" : "");
	if (f->unknown)
		fprintf(out, "  (%zu not known)", f->unknown);
	fprintf(out, "\n");
}

/* Returns whether all that was compared agrees, and results were. */
static bool print_verification(const Verification *v, FILE *out)
{
	int wrong = 0, lost = 0;
	for (int check = 0; check < CHECKS; check++) {
		const int rows = check <= CHECK_SLOPES ? v->rows : check < CHECK_EMITTED ? v->separate_rows : v->emitted_rows;
		int count = 0;
		for (int i = 0; i < v->findings.count; i++) {
			const Finding *f = v->findings.items[i];
			if ((int)f->check != check)
				continue;
			if (!count++)
				fprintf(out, "%s, %d row%s, against %s\n  %-32s %9s  %9s  %9s\n", sections[check].title, rows,
					rows == 1 ? "" : "s", sections[check].against, "", "values", "error", "tolerance");
			print_finding(f, out);
			wrong += f->wrong;
			lost += check == CHECK_RESULTS && f->count == 0;
		}
	}
	if (v->not_emitted)
		fprintf(out, "not compared: %s\n", v->not_emitted);
	if (v->sampled < v->parameters)
		fprintf(out, "%d of the %d trained tensors have gradients of their own above, as more would take too long\n",
			v->sampled, v->parameters);
	if (wrong)
		fprintf(out, "%s: WRONG: %d of %d comparisons are off by more than rounding\n", v->network->name, wrong,
			v->findings.count);
	else if (lost)
		fprintf(out, "%s: NOT VERIFIED: of %d results no value is a number, so that nothing could be compared\n",
			v->network->name, lost);
	else
		fprintf(out, "%s: verified: all %d comparisons agree\n", v->network->name, v->findings.count);
	return !wrong && !lost;
}

bool verify_network(const Compilation *c, const void *net, uint64_t seed, bool *wrong, Failure *failure)
{
	Verification v = {.arena = c->arena, .network = c->network, .compilation = c, .net = net,
		.seed = (uint32_t)seed,
		.operations = operations};
	if (!verify(&v, failure))
		return false;
	*wrong |= !print_verification(&v, stdout);
	return true;
}
