/* Emitted networks against what libm and plain formulas give in double. This file is compiled without the flags that
 * tests/arithmetic.sh gives to the networks, but linked with them: so subnormal numbers may be 0 here.
 *
 *	arithmetic [NaN]: with the word, NaN and infinity are looked at, too */
#include "networks.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 32, MOST = 20 };

static int failed;

static void check(int good, const char *what, double found, double expected)
{
	if (!good)
		printf("%s: %.9g, expected %.9g\n", what, found, expected);
	failed += !good;
}

/* Within 1e-6, absolute where the value is small and relative where it is large. */
static void compare(const char *what, double found, double expected)
{
	check(fabs(found - expected) <= 1e-6 * fmax(1, fabs(expected)), what, found, expected);
}

static double uniform(void)
{
	static unsigned long long state = 1;
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (double)(state >> 40) / (1 << 24);
}

static double normal(void)
{
	return sqrt(-2 * log(1 - uniform())) * cos(6.283185307179586 * uniform());
}

/* ---- activations */

typedef void predict(const float *x, float *y);

static double relu(double x) { return x < 0 ? 0 : x; }
static double relu6(double x) { return x < 0 ? 0 : x > 6 ? 6 : x; }
static double leaky_relu(double x) { return x > 0 ? x : x * (double)0.1f; }
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double elu(double x) { return x > 0 ? x : 0.5 * expm1(x); }
static double gelu(double x) { return x / 2 * erfc(-x / sqrt(2)); }
static double gelu_tanh(double x) { return x / 2 * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x))); }
static double silu(double x) { return x / (1 + exp(-x)); }
static double softplus(double x) { return 2 * x > 20 ? x : log1p(exp(2 * x)) / 2; }

static void try_activation(const char *name, predict *found, double expected(double), int special)
{
	float x[MOST], y[MOST];
	for (int i = -2000; i <= 2000; i += MOST) {
		for (int k = 0; k < MOST; k++)
			x[k] = (float)(i + k) * (abs(i) < 1000 ? 0.01f : 0.1f);
		found(x, y);
		for (int k = 0; k < MOST; k++)
			compare(name, y[k], expected(x[k]));
	}
	if (!special)
		return;
	for (int k = 0; k < MOST; k++)
		x[k] = k % 4 == 0 ? NAN : k % 4 == 1 ? INFINITY : k % 4 == 2 ? -INFINITY : -0.0f;
	found(x, y);
	for (int k = 0; k < MOST; k++) {
		const double want = expected(x[k]);
		check(isnan(want) ? isnan(y[k]) : y[k] == (float)want && signbit(y[k]) == signbit((float)want), name, y[k],
			want);
	}
}

/* softmax, or its logarithm */
static void try_shares(const char *name, predict *found, int logarithm, int special)
{
	float x[MOST], y[MOST];
	for (int turn = 0; turn < 64; turn++) {
		double sum = 0;
		for (int k = 0; k < MOST; k++) {
			x[k] = (float)(normal() * (turn < 32 ? 1 : 30));
			sum += exp(x[k]);
		}
		found(x, y);
		for (int k = 0; k < MOST; k++)
			compare(name, y[k], logarithm ? x[k] - log(sum) : exp(x[k]) / sum);
	}
	for (int turn = 0; special && turn < 2; turn++) {
		x[3] = turn ? INFINITY : NAN;
		found(x, y);
		for (int k = 0; k < MOST; k++)
			check(isnan(y[k]) || (turn && k != 3), name, y[k], NAN);
	}
}

/* ---- losses: of a linear layer with weights 1 and without bias, whose gradient is what a step takes from them */

#define TRY_CROSS_ENTROPY(name, NAME) \
	static void try_##name(int special) \
	{ \
		enum { CLASSES = NAME##_OUTPUTS }; \
		static name net; \
		float w[CLASSES * CLASSES] = {0}, x[ROWS * CLASSES]; \
		int32_t label[ROWS]; \
		double gradient[CLASSES * CLASSES] = {0}, loss = 0; \
		for (int i = 0; i < CLASSES; i++) \
			w[i * CLASSES + i] = 1; \
		name##_init(&net, 0); \
		name##_set(&net, &name##_tensors[0], w); \
		for (int row = 0; row < ROWS; row++) { \
			double sum = 0; \
			label[row] = row * 7 % CLASSES; \
			for (int i = 0; i < CLASSES; i++) { \
				x[row * CLASSES + i] = (float)(normal() * (row < 16 ? 1 : 30)); \
				sum += exp(x[row * CLASSES + i]); \
			} \
			loss += (log(sum) - x[row * CLASSES + label[row]]) / ROWS; \
			for (int i = 0; i < CLASSES; i++) \
				for (int k = 0; k < CLASSES; k++) \
					gradient[i * CLASSES + k] += (exp(x[row * CLASSES + i]) / sum - (label[row] == i)) / ROWS \
						* x[row * CLASSES + k]; \
		} \
		compare(#name ": loss", name##_train(&net, x, label, ROWS, 1), loss); \
		name##_get(&net, &name##_tensors[0], w); \
		for (int i = 0; i < CLASSES * CLASSES; i++) \
			compare(#name ": gradient", (i % (CLASSES + 1) == 0) - w[i], gradient[i]); \
		if (!special) \
			return; \
		x[3] = NAN; \
		check(isnan(name##_train(&net, x, label, ROWS, 1)), #name ": loss of NaN", 0, NAN); \
		x[3] = INFINITY; \
		check(isnan(name##_train(&net, x, label, ROWS, 1)), #name ": loss of infinity", 0, NAN); \
		check(isnan(name##_train(&net, x, label, ROWS + 1, 1)), #name ": too many rows", 0, NAN); \
	}
TRY_CROSS_ENTROPY(two_classes, TWO_CLASSES)
TRY_CROSS_ENTROPY(three_classes, THREE_CLASSES)
TRY_CROSS_ENTROPY(many_classes, MANY_CLASSES)

/* yes or no: of the same layer */
static void try_answers(int special)
{
	enum { OUTPUTS = ANSWERS_OUTPUTS, COUNT = ROWS * OUTPUTS };
	static answers net;
	float w[OUTPUTS * OUTPUTS] = {0}, x[COUNT], target[COUNT];
	double gradient[OUTPUTS * OUTPUTS] = {0}, loss = 0;
	for (int i = 0; i < OUTPUTS; i++)
		w[i * OUTPUTS + i] = 1;
	answers_init(&net, 0);
	answers_set(&net, &answers_tensors[0], w);
	for (int i = 0; i < COUNT; i++) {
		x[i] = (float)(normal() * (i < COUNT / 2 ? 1 : 30));
		target[i] = i % 3 == 0 ? 0 : i % 3 == 1 ? 1 : (float)uniform();
		loss += (fmax(x[i], 0) - x[i] * target[i] + log1p(exp(-fabs(x[i])))) / COUNT;
	}
	for (int i = 0; i < OUTPUTS * OUTPUTS; i++)
		for (int row = 0; row < ROWS; row++)
			gradient[i] += (sigmoid(x[row * OUTPUTS + i / OUTPUTS]) - target[row * OUTPUTS + i / OUTPUTS]) / COUNT
				* x[row * OUTPUTS + i % OUTPUTS];
	compare("bce: loss", answers_train(&net, x, target, ROWS, 1), loss);
	answers_get(&net, &answers_tensors[0], w);
	for (int i = 0; i < OUTPUTS * OUTPUTS; i++)
		compare("bce: gradient", (i % (OUTPUTS + 1) == 0) - w[i], gradient[i]);
	if (!special)
		return;
	target[3] = NAN;
	check(isnan(answers_train(&net, x, target, ROWS, 1)), "bce: loss of target NaN", 0, NAN);
	target[3] = 1;
	x[3] = NAN;
	check(isnan(answers_train(&net, x, target, ROWS, 1)), "bce: loss of NaN", 0, NAN);
}

/* ---- BatchNorm of inputs far from 0: the loss is the mean square of what the normalised values are off by */

#define TRY_NORM(network, NETWORK) \
	static void try_##network(double mean) \
	{ \
		enum { FEATURES = NETWORK##_OUTPUTS }; \
		static network net; \
		float x[ROWS * FEATURES], target[ROWS * FEATURES], w[FEATURES * FEATURES] = {0}, moved[FEATURES]; \
		double means[FEATURES]; \
		for (int f = 0; f < FEATURES; f++) { \
			double sum = 0, squares = 0; \
			w[f * FEATURES + f] = 1; \
			for (int row = 0; row < ROWS; row++) { \
				x[row * FEATURES + f] = (float)(mean + normal()); \
				sum += x[row * FEATURES + f]; \
			} \
			means[f] = sum / ROWS; \
			for (int row = 0; row < ROWS; row++) \
				squares += pow(x[row * FEATURES + f] - means[f], 2); \
			for (int row = 0; row < ROWS; row++) \
				target[row * FEATURES + f] = (float)((x[row * FEATURES + f] - means[f]) \
					/ sqrt(squares / ROWS + 1e-5)); \
		} \
		network##_init(&net, 0); \
		for (int i = 0; i < NETWORK##_TENSORS; i++) \
			if (strcmp(network##_tensors[i].name, "0.weight") == 0 && network##_tensors[i].rank == 2) \
				network##_set(&net, &network##_tensors[i], w); \
		const double off = sqrt(network##_train(&net, x, target, ROWS, 0)); \
		check(off < 1e-6, #network ": off by", off, 0); \
		for (int i = 0; i < NETWORK##_TENSORS; i++) \
			if (strstr(network##_tensors[i].name, "running_mean")) \
				network##_get(&net, &network##_tensors[i], moved); \
		for (int f = 0; f < FEATURES; f++) \
			compare(#network ": running mean", moved[f], means[f] * 0.1); \
	}
TRY_NORM(norm, NORM)
TRY_NORM(norm_of_few, NORM_OF_FEW)

int main(int count, char **words)
{
	const int special = count > 1 && strcmp(words[1], "NaN") == 0;
	try_activation("relu", relu_predict_one, relu, special);
	try_activation("relu6", six_predict_one, relu6, special);
	try_activation("leaky_relu", leaky_predict_one, leaky_relu, special);
	try_activation("tanh", tangent_predict_one, tanh, special);
	try_activation("sigmoid", logistic_predict_one, sigmoid, special);
	try_activation("elu", exponential_predict_one, elu, special);
	try_activation("gelu", gaussian_predict_one, gelu, special);
	try_activation("gelu tanh=true", gaussian_tanh_predict_one, gelu_tanh, special);
	try_activation("silu", swish_predict_one, silu, special);
	try_activation("softplus", smooth_predict_one, softplus, special);
	try_shares("softmax", shares_predict_one, 0, special);
	try_shares("log_softmax", log_shares_predict_one, 1, special);
	try_two_classes(special);
	try_three_classes(special);
	try_many_classes(special);
	try_answers(special);
	for (double mean = 1; mean <= 1e6; mean *= 100) {
		try_norm(mean);
		try_norm_of_few(mean);
	}
	return failed > 0;
}
