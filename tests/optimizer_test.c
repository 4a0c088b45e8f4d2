/* optimizer_test.c: several steps of sgd on every kernel set, against torch.optim.SGD's formula in double, with gradients
 * from differences of the layers' references: two paths that share nothing. */
#include "model_support.h"

enum { STEPS = 6, ROWS = 9, VALUES = 256 };

static const char network[] = "linear 3 5; batchnorm; tanh; linear 5 17; sigmoid; linear 17 2; loss mse; batch 9";

typedef struct Rule { double momentum, dampening, weight_decay; bool nesterov; } Rule;

static const Rule rules[] = {
	{0, 0, 0, false}, {0, 0, 0.1, false}, {0, 0.5, 0.1, false},
	{0.9, 0, 0, false}, {0.9, 0.3, 0, false}, {0.5, 0, 0.1, false}, {0.9, 1, 0.1, false}, {1.5, -0.5, 0, false},
	{0.9, 0, 0, true}, {0.5, 0, 0.1, true},
};

/* Every parameter's values in one row. */
typedef struct Parameters { double *value[VALUES]; double velocity[VALUES]; int count; } Parameters;

static Parameters parameters_of(const Model *m)
{
	Parameters p = {.count = 0};
	for (int i = 0; i < m->network->nodes.count; i++)
		for (int k = 0; k < MAX_TENSORS; k++) {
			const Tensor *tensor = m->network->nodes.items[i]->tensors[k];
			for (size_t v = 0; tensor && tensor->role == ROLE_PARAMETER && v < value_count(tensor); v++)
				p.value[p.count++] = &m->tensors[i][k][v];
		}
	return p;
}

/* torch/optim/sgd.py, line by line. */
static void step_in_double(const Model *m, Parameters *p, const Rule *rule, double lr, int step)
{
	double gradient[VALUES];
	for (int i = 0; i < p->count; i++) {
		gradient[i] = model_derivative(m, p->value[i]);
		cr_assert(!isnan(gradient[i]));
	}
	for (int i = 0; i < p->count; i++) {
		double d = gradient[i] + rule->weight_decay * *p->value[i];
		if (rule->momentum != 0) {
			if (step == 0)
				p->velocity[i] = d;
			else
				p->velocity[i] = rule->momentum * p->velocity[i] + (1 - rule->dampening) * d;
			d = rule->nesterov ? d + rule->momentum * p->velocity[i] : p->velocity[i];
		}
		*p->value[i] -= lr * d;
	}
}

static double rate_of(int step)
{
	return 0.05 + 0.01 * step;      /* a schedule may change it from step to step */
}

static void check_parameters(const Model *m, const Compilation *c, const void *net, const char *text, int step)
{
	for (int i = 0; i < m->network->nodes.count; i++)
		for (int k = 0; k < MAX_TENSORS; k++) {
			const Tensor *tensor = c->network->nodes.items[i]->tensors[k];
			if (!tensor || tensor->role != ROLE_PARAMETER)
				continue;
			float values[VALUES];
			get_values(c, net, tensor, values);
			/* a step adds the roundings of its gradient and of the sum: some 1e-7 of a value below 3 */
			for (size_t v = 0; v < value_count(tensor); v++)
				cr_expect(fabs((double)values[v] - m->tensors[i][k][v]) < 3e-6, "%s (%s, step %d): %s[%zu] is %.9g and should be %.9g", text,
					c->target->name, step, tensor->path, v, (double)values[v], m->tensors[i][k][v]);
		}
}

static void check_rule(const Rule *rule, const KernelSet *set)
{
	char text[512];
	snprintf(text, sizeof text, "%s; optimizer sgd momentum=%g dampening=%g weight_decay=%g nesterov=%s", network, rule->momentum,
		rule->dampening, rule->weight_decay, rule->nesterov ? "true" : "false");
	Compilation c;
	compile_text(&c, text, set, true, STAGE_RUN);
	void *net = allocate_net(&c);
	Random random;
	random_seed(&random, 1);
	Model m = model_open(c.network, &random);
	Parameters p = parameters_of(&m);
	model_store(&m, &c, net);
	for (int step = 0; step < STEPS; step++) {
		Batch batch = random_batch(c.network, &random, ROWS);
		model_set_batch(&m, &batch);
		step_in_double(&m, &p, rule, rate_of(step), step);
		train_on(&c, net, &batch, (float)rate_of(step));
		check_parameters(&m, &c, net, text, step);
	}
	program_free(&c.program, net);
	compilation_close(&c);
}

Test(optimizer, sgd_is_that_of_torch)
{
	FOR_EACH_USABLE_SET(set)
		for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
			check_rule(&rules[i], set);
}
