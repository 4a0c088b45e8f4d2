/* plan_test.c: the memory plan: what persists, what does not, and that nothing is written over before it was read. */
#include "simulate_support.h"

static const char *const networks[] = {
	"linear 2 64; batchnorm; relu; linear 64 2",
	"linear 1 1; loss mse",
	"batchnorm 1; linear 2",
	"linear 17 33; linear 33; linear 33; sigmoid; linear 33",
	"linear 2 64; repeat 12 { linear 64; batchnorm; relu }; linear 2",
	"linear 2 64; repeat 12 { linear 64; tanh }; linear 2; optimizer sgd momentum=0.9",
	"linear 2 16; tanh; linear 128; leaky_relu; linear 8; sigmoid; linear 96; relu; linear 24; tanh; linear 3",
	"linear 2 16; repeat 6 { residual { linear 16; batchnorm; relu; residual { tanh; linear 16 }; linear 16 } }; relu; "
	"linear 3",
	"linear 3 5; residual { batchnorm; relu; linear 17 } { residual { linear 17 } { linear 17 }; sigmoid }; linear 2",
	"linear 2 20; residual { }; linear 20; residual { relu } { relu }; linear 2",
	"linear 2 16; batchnorm; residual { relu; batchnorm; residual { relu } { linear 16 } }; linear 2",
	"linear 2 32; repeat 10 { residual { batchnorm; relu; linear 32; batchnorm; relu; linear 32 } }; linear 2; batch "
	"33",
	"linear 4 8; repeat 5 { linear 40; batchnorm affine=false; sigmoid; linear 8 bias=false; leaky_relu }; linear 5; "
	"batch 7",
	/* batchnorm writes two results where its input ends */
	"input 9x2x2; flatten; batchnorm; relu; linear 30; relu; linear 3",
	"input 2x4x6; conv2d 9 3; maxpool2d 2x1; batchnorm; relu; residual { batchnorm; leaky_relu; conv2d 9 1 }; flatten",
};
enum { NETWORKS = sizeof networks / sizeof *networks };

typedef void Check(const Module *m, const char *text);

static void share_loops(const Module *m, const Routine *routine)
{
	for (int i = 0; i < routine->loops.count; i++) {
		Loop *loop = routine->loops.items[i];
		loop->parallel = loop->features && panel_count(m, loop->features) > 1;
	}
}

/* With several threads every loop over panels is shared, worth it or not. */
static void plan_text(Compilation *c, const char *text, Options options)
{
	*c = (Compilation){.options = options};
	compile_with_options(c, text, STAGE_CALLS);
	if (options.threads > 1) {
		share_loops(c->module, &c->module->train);
		share_loops(c->module, &c->module->predict);
	}
	plan_memory(c->module);
}

static void check_options(Check *check, Options options)
{
	for (int i = 0; i < NETWORKS; i++) {
		Compilation c;
		plan_text(&c, networks[i], options);
		check(c.module, networks[i]);
		compilation_close(&c);
	}
}

static void for_each_plan(Check *check)
{
	FOR_EACH_USABLE_SET(set)
		for (int way = 0; way < 8; way++)
			check_options(check, (Options){.target = set, .fuse = way & 1, .recompute = way & 2,
				.threads = way & 4 ? 3 : 1});
}

/* ---- what persists */

static bool overlap(Range a, Range b)
{
	return a.begin < b.end && b.begin < a.end;
}

static void check_persistent(const Module *m, const char *text)
{
	const Range work = {m->work_offset / sizeof(float), m->work_offset / sizeof(float)
		+ m->work};
	for (int i = 0; i < m->tensors.count; i++) {
		const Tensor *a = m->tensors.items[i];
		size_t alignment = a->layout == LAYOUT_COUNTER ? sizeof(int64_t) : a->layout <= LAYOUT_WEIGHTS
			? (size_t)m->options.target->lanes * 4 : 4;
		cr_expect_eq(a->offset % alignment, 0, "%s: %s is at byte %zu", text, a->name, a->offset);
		cr_expect(persistent_range(m, a).end * sizeof(float) <= m->bytes, "%s: %s ends beyond the struct", text,
			a->name);
		cr_expect_not(overlap(persistent_range(m, a), work), "%s: %s lies in the working area", text, a->name);
		for (int k = 0; k < i; k++)
			cr_expect_not(overlap(persistent_range(m, a), persistent_range(m, m->tensors.items[k])),
				"%s: %s overlaps %s", text, a->name, m->tensors.items[k]->name);
	}
	cr_expect(work.end * sizeof(float) <= m->bytes);
	cr_expect_eq(m->bytes % sizeof(int64_t), 0);
}

Test(plan, what_persists_has_its_own_place)
{
	for_each_plan(check_persistent);
}

/* ---- what does not */

static uint64_t result(const Module *m, const Routine *routine, size_t floats)
{
	Simulation s = simulation_open(m, routine, floats);
	simulate_loops(&s);
	return simulation_close(&s);
}

/* With storage shared as planned, every call still reads what it reads when nothing is shared. */
static void check_sharing(const Module *m, const char *text)
{
	Compilation separate;
	plan_text(&separate, text, m->options);
	const size_t planned_floats = m->bytes / sizeof(float);
	const uint64_t planned[2] = {result(m, &m->train, planned_floats), result(m, &m->predict, planned_floats)};
	size_t floats = separate_storage(separate.module);
	cr_expect_eq(planned[0], result(separate.module, &separate.module->train, floats), "%s (%s): the plan of train",
		text, m->options.target->name);
	cr_expect_eq(planned[1], result(separate.module, &separate.module->predict, floats), "%s (%s): the plan of predict",
		text, m->options.target->name);
	compilation_close(&separate);
}

Test(plan, nothing_is_lost_that_is_still_read)
{
	for_each_plan(check_sharing);
}

/* A call's results overlap none of its operands, unless the kernel allows exactly that. */
static void check_call(const Module *m, const Routine *routine, const Step *step, const char *text)
{
	const KernelParameter *parameters = step->kernel->parameters;
	for (int k = 0; k < step->kernel->parameter_count; k++)
		for (int j = 0; j < step->kernel->parameter_count; j++) {
			if (j == k || step->operands[k].kind != OPERAND_AT || step->operands[j].kind != OPERAND_AT
				|| !parameters[k].type->writes)
				continue;
			Range out = operand_range(m, routine, step, k, 0, 0), other = operand_range(m, routine, step, j, 0, 0);
			bool taken_over = step->kernel->in_place && !parameters[j].type->writes && parameters[j].type->own
				&& parameters[k].type->layout == LAYOUT_ROWS && parameters[j].type->layout == LAYOUT_ROWS
				&& out.begin == other.begin;
			cr_expect(taken_over || !overlap(out, other), "%s: %s writes %s over %s", text, step->kernel->name,
				step->operands[k].tensor->name, step->operands[j].tensor->name);
		}
}

static void check_calls(const Module *m, const char *text)
{
	const Routine *routines[] = {&m->train, &m->predict};
	for (int r = 0; r < 2; r++)
		for (int i = 0; i < routines[r]->steps.count; i++)
			check_call(m, routines[r], routines[r]->steps.items[i], text);
}

Test(plan, kernels_share_only_what_they_allow)
{
	for_each_plan(check_calls);
}

static void check_alignment(const Module *m, const char *text)
{
	const Routine *routines[] = {&m->train, &m->predict};
	cr_expect_eq(m->work_offset % ((size_t)m->options.target->lanes * sizeof(float)), 0,
		"%s: work is at byte %zu", text, m->work_offset);
	for (int r = 0; r < 2; r++)
		for (int i = 0; i < routines[r]->temporaries.count; i++) {
			const Tensor *tensor = routines[r]->temporaries.items[i];
			cr_expect_eq(tensor->offset % 16, 0, "%s: %s is at float %zu", text, tensor->name, tensor->offset);
		}
}

Test(plan, vectors_are_aligned)
{
	for_each_plan(check_alignment);
}

static void check_size(const Module *m, const char *text)
{
	const Routine *routines[] = {&m->train, &m->predict};
	for (int r = 0; r < 2; r++) {
		size_t work = routines[r]->work + routines[r]->scratch;
		bool as_usual = m->options.fuse && !m->options.recompute && m->options.threads <= 1;
		cr_expect_geq(work, routines[r]->peak, "%s: work for less than the peak", text);
		cr_expect(!as_usual || 10 * work <= 11 * routines[r]->peak,
			"%s (%s): %s works in %zu floats, but at most %zu are alive", text, m->options.target->name,
			routines[r]->name, work, routines[r]->peak);
	}
}

Test(plan, little_is_wasted)
{
	for_each_plan(check_size);
}

static size_t work_of(const char *text, const KernelSet *set, bool recompute)
{
	Compilation c;
	plan_text(&c, text, (Options){.target = set, .fuse = true, .recompute = recompute});
	size_t work = c.module->work;
	compilation_close(&c);
	return work;
}

Test(plan, recomputation_saves_memory)
{
	static const char text[] = "linear 2 64; repeat 12 { linear 64; batchnorm; relu }; linear 2";
	FOR_EACH_USABLE_SET(set) {
		size_t less = work_of(text, set, true), usual = work_of(text, set, false);
		cr_expect(3 * less < 2 * usual, "%s: %zu floats instead of %zu", set->name, less, usual);
	}
}

/* ---- one panel */

/* Weight gradients never exist as a whole. */
Test(plan, weight_gradients_are_one_panel)
{
	FOR_EACH_USABLE_SET(set)
		for (int i = 0; i < NETWORKS; i++) {
			Compilation c;
			plan_text(&c, networks[i], (Options){.target = set, .fuse = true});
			for (int k = 0; k < c.module->train.temporaries.count; k++) {
				const Tensor *tensor = c.module->train.temporaries.items[k];
				cr_expect(tensor->layout != LAYOUT_WEIGHTS || tensor->one_panel, "%s (%s): %s is whole", networks[i],
					set->name, tensor->name);
			}
			compilation_close(&c);
		}
}
