/* metrics_test.c: the measures of --eval, beside what scikit-learn 1.9.1 says of the same numbers. */
#include "metrics.h"
#include <criterion/criterion.h>
#include <math.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static void check(double value, double expected, const char *what)
{
	cr_expect(fabs(value - expected) < 1e-12, "%s is %.17g, expected %.17g", what, value, expected);
}

static Metrics find(Truth truth, const void *outputs, int width, const Data *data)
{
	Metrics metrics;
	Failure failure;
	cr_assert(metrics_find(&metrics, truth, outputs, width, data, &failure), "%s", failure.text);
	return metrics;
}

static void check_class(const ClassScore *c, int rows, double precision, double recall, double f1)
{
	cr_expect_eq(c->rows, rows);
	check(c->precision, precision, "precision");
	check(c->recall, recall, "recall");
	check(c->f1, f1, "F1");
}

/* top_k_accuracy_score says the same. Of equal outputs the first one counts, and what is not a number has no rank. */
Test(metrics, among_the_likeliest)
{
	enum { ROWS = 40, CLASSES = 12 };
	static int32_t labels[ROWS];
	static double outputs[ROWS * CLASSES], targets[ROWS];
	Data data = {.number_bytes = sizeof(double), .rows = ROWS, .labels = labels, .targets_f64 = targets,
		.target_features = 1};
	for (int r = 0; r < ROWS; r++) {
		labels[r] = (r * 5 + r / 3) % CLASSES;
		for (int c = 0; c < CLASSES; c++)
			outputs[r * CLASSES + c] = (r * 7 + c * c * 3 + r * c * 5) % 23 + c * 0.01;
	}
	Metrics m = find(TRUTH_LABELS, outputs, CLASSES, &data);
	cr_expect(ranks_classes(&m) && m.correct == 2 && m.among[0] == 10 && m.among[1] == 18, "%d, %d, %d", m.correct,
		m.among[0], m.among[1]);
	metrics_free(&m);
	for (int c = 0; c < CLASSES; c++)
		outputs[c] = c < 8 ? 1 : NAN;
	data.rows = 1;
	for (int label = 0; label < CLASSES; label++) {
		labels[0] = label;
		m = find(TRUTH_LABELS, outputs, CLASSES, &data);
		cr_expect(m.among[0] == (label < 3) && m.among[1] == (label < 5), "%d: %d, %d", label, m.among[0], m.among[1]);
		metrics_free(&m);
	}
}

/* Two of the rows have two largest outputs: the first one counts. */
Test(metrics, of_labels)
{
	static int32_t labels[] = {0, 0, 1, 1, 1, 2, 2, 2, 2, 0};
	static const double outputs[] = {2, 1, 0, 0, 1, 2, 0, 3, 1, 1, 1, 0, 0, 2, 1, 0, 0, 3, 1, 0, 1, 0, 2, 1, -1, 0, 1,
		5, 4, 3};
	static const int confusion[] = {2, 0, 1, 1, 2, 0, 1, 1, 2};
	static double targets[COUNT(labels)];
	Data data = {.number_bytes = sizeof(double), .rows = COUNT(labels), .labels = labels, .targets_f64 = targets,
		.target_features = 1};
	Metrics m = find(TRUTH_LABELS, outputs, 3, &data);
	cr_expect_eq(m.correct, 6);
	cr_expect_arr_eq(m.confusion, confusion, sizeof confusion);
	check_class(&m.classes[0], 3, 0.5, 2.0 / 3, 4.0 / 7);
	check_class(&m.classes[1], 3, 2.0 / 3, 2.0 / 3, 2.0 / 3);
	check_class(&m.classes[2], 4, 2.0 / 3, 0.5, 4.0 / 7);
	cr_expect(isnan(m.auc), "three classes have no AUC");
	metrics_free(&m);
}

static float chances[] = {0, 1, 1, 0, 1, 0, 1, 1};
static const float scores[] = {-1, 2, 0.5f, 0.5f, -0.25f, -2, 0.5f, 3};

/* With equal scores of different classes. */
Test(metrics, of_yes_and_no)
{
	static const int confusion[] = {2, 1, 1, 4};
	Data data = {.number_bytes = sizeof(float), .rows = COUNT(chances), .targets = chances, .target_features = 1};
	Metrics m = find(TRUTH_CHANCES, scores, 1, &data);
	cr_expect_eq(m.correct, 6);
	cr_expect_arr_eq(m.confusion, confusion, sizeof confusion);
	check_class(&m.classes[0], 3, 2.0 / 3, 2.0 / 3, 2.0 / 3);
	check_class(&m.classes[1], 5, 0.8, 0.8, 0.8);
	check(m.auc, 0.8666666666666667, "AUC");
	metrics_free(&m);
}

/* The same two classes as labels: the second output less the first is the score. */
Test(metrics, of_two_labels)
{
	int32_t labels[COUNT(chances)];
	float outputs[2 * COUNT(chances)];
	for (int i = 0; i < COUNT(chances); i++) {
		labels[i] = (int32_t)chances[i];
		outputs[2 * i] = 1 - scores[i];
		outputs[2 * i + 1] = 1;
	}
	Data data = {.number_bytes = sizeof(float), .rows = COUNT(chances), .labels = labels, .targets = chances,
		.target_features = 1};
	Metrics m = find(TRUTH_LABELS, outputs, 2, &data);
	check(m.auc, 0.8666666666666667, "AUC");
	metrics_free(&m);
	data.rows = 1;
	m = find(TRUTH_LABELS, outputs, 2, &data);
	cr_expect(isnan(m.auc), "one class alone has no AUC");
	metrics_free(&m);
	outputs[0] = NAN;
	data.rows = COUNT(chances);
	m = find(TRUTH_LABELS, outputs, 2, &data);
	cr_expect(isnan(m.auc), "what is not a number has no rank");
	metrics_free(&m);
}

/* A row is right if all of its outputs are; each output has a score of its own. */
Test(metrics, of_several_chances)
{
	static float targets[] = {1, 0, 1, 1, 0, 1, 0, 0};
	static const float outputs[] = {1, -1, 2, -2, -1, 1, 1, -1};
	Data data = {.number_bytes = sizeof(float), .rows = 4, .targets = targets, .target_features = 2};
	Metrics m = find(TRUTH_CHANCES, outputs, 2, &data);
	cr_expect_eq(m.correct, 2);
	cr_expect_null(m.confusion);
	check_class(&m.classes[0], 2, 2.0 / 3, 1, 0.8);
	check_class(&m.classes[1], 2, 1, 0.5, 2.0 / 3);
	cr_expect(isnan(m.auc));
	metrics_free(&m);
}

/* The second target is the same in all rows. */
Test(metrics, of_values)
{
	static double targets[] = {1, 2, 2, 2, 4, 2, 8, 2};
	static const double outputs[] = {1.5, 2, 2, 3, 3, 2, 7, 2};
	Data data = {.number_bytes = sizeof(double), .rows = 4, .targets_f64 = targets, .target_features = 2};
	Metrics m = find(TRUTH_VALUES, outputs, 2, &data);
	check(m.values[0].mse, 0.5625, "MSE");
	check(m.values[0].mae, 0.625, "MAE");
	check(m.values[0].r2, 0.9217391304347826, "R2");
	check(m.values[1].mse, 0.25, "MSE");
	check(m.values[1].r2, 0, "R2");
	check(m.mean.mse, 0.40625, "MSE");
	check(m.mean.mae, 0.4375, "MAE");
	check(m.mean.r2, 0.4608695652173913, "R2");
	metrics_free(&m);
	m = find(TRUTH_VALUES, targets, 2, &data);
	check(m.mean.r2, 1, "R2 of what is met exactly");
	metrics_free(&m);
}

Test(metrics, as_text)
{
	static const struct { double value; const char *text; } cases[] = {
		{0.74125, "0.7412"}, {0, "0.0000"}, {999999, "999999.0000"}, {1e6, "1e+06"}, {-1234567, "-1.235e+06"},
		{1.5e300, "1.5e+300"}, {NAN, "nan"}, {INFINITY, "inf"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[MEASURE_TEXT];
		cr_expect_str_eq(measure_text(text, cases[i].value), cases[i].text);
	}
}
