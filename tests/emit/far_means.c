/* BatchNorm of inputs whose means are far from 0, folded by --inference, against double.
 *
 * 	far_means MEAN LINEAR       prints the weights of `batchnorm; linear 3`, the linear of that name, as a safetensors
 * file 	far_means MEAN              with COMPARE: compares the emitted networks `norm` and, with relu between the
 * two, `norm_relu` */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUTS = 20, OUTPUTS = 3, ROWS = 200 };

static float gamma_[INPUTS], beta[INPUTS], mean[INPUTS], var[INPUTS], w[OUTPUTS][INPUTS], b[OUTPUTS];

static double uniform(double low, double high)
{
	static uint32_t state = 1;
	state = state * 1664525 + 1013904223;
	return low + (high - low) * (state >> 8) / (1 << 24);
}

static void draw(double far)
{
	for (int i = 0; i < INPUTS; i++) {
		gamma_[i] = (float)uniform(0.5, 1.5);
		beta[i] = (float)uniform(-1, 1);
		mean[i] = (float)(far * uniform(0.5, 1) * (i % 2 ? 1 : -1));
		var[i] = (float)uniform(0.5, 2);
		for (int k = 0; k < OUTPUTS; k++)
			w[k][i] = (float)uniform(-0.3, 0.3);
	}
	for (int k = 0; k < OUTPUTS; k++)
		b[k] = (float)uniform(-0.3, 0.3);
	if (far > 2)
		var[7] = 0;     /* a constant: only eps is beside its mean */
}

#ifndef COMPARE
static void write_weights(const char *linear)
{
	static const int64_t batches = 1;
	char header[1024];
	const int f = INPUTS * 4;
	int at = 0, length = 0;
	static const char *const names[] = { "weight", "bias", "running_mean", "running_var" };
	for (int i = 0; i < 4; i++, at += f)
		length += sprintf(header + length, "%s\"0.%s\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":[%d,%d]}",
			i ? "," : "{", names[i], INPUTS, at, at + f);
	length += sprintf(header + length, ",\"%s.weight\":{\"dtype\":\"F32\",\"shape\":[%d,%d],\"data_offsets\":[%d,%d]}",
		linear, OUTPUTS, INPUTS, at, at + OUTPUTS * f);
	at += OUTPUTS * f;
	length += sprintf(header + length, ",\"%s.bias\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":[%d,%d]}",
		linear, OUTPUTS, at, at + OUTPUTS * 4);
	at += OUTPUTS * 4;
	length += sprintf(header + length,
		",\"0.num_batches_tracked\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[%d,%d]}}", at, at + 8);
	while (length % 8)
		header[length++] = ' ';
	const uint64_t size = (uint64_t)length;
	fwrite(&size, sizeof size, 1, stdout);
	fwrite(header, 1, (size_t)length, stdout);
	fwrite(gamma_, sizeof gamma_, 1, stdout);
	fwrite(beta, sizeof beta, 1, stdout);
	fwrite(mean, sizeof mean, 1, stdout);
	fwrite(var, sizeof var, 1, stdout);
	fwrite(w, sizeof w, 1, stdout);
	fwrite(b, sizeof b, 1, stdout);
	fwrite(&batches, sizeof batches, 1, stdout);
}

int main(int count, char **words)
{
	draw(count > 1 ? atof(words[1]) : 0);
	write_weights(count > 2 ? words[2] : "1");
	return 0;
}
#else
#include "norm.h"
#include "norm_relu.h"

static int check(const char *name, void predict(const float *, float *), int relu)
{
	double worst = 0;
	for (int row = 0; row < ROWS; row++) {
		float x[INPUTS], y[OUTPUTS];
		for (int i = 0; i < INPUTS; i++)
			x[i] = (float)((double)mean[i] + sqrt(var[i]) * uniform(-2, 2));
		predict(x, y);
		for (int k = 0; k < OUTPUTS; k++) {
			double exact = b[k];
			for (int i = 0; i < INPUTS; i++) {
				double z = ((double)x[i] - mean[i]) / sqrt(var[i] + 1e-5) * gamma_[i] + beta[i];
				exact += w[k][i] * (relu && z < 0 ? 0 : z);
			}
			worst = fmax(worst, fabs(y[k] - exact));
		}
	}
	printf("%s: off by %g\n", name, worst);
	return worst > 1e-6;
}

int main(int count, char **words)
{
	draw(count > 1 ? atof(words[1]) : 0);
	return check("norm", norm_predict_one, 0) + check("norm_relu", norm_relu_predict_one, 1);
}
#endif
