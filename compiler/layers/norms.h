/* norms.h: what layernorm and groupnorm share. */
#ifndef NORMS_H
#define NORMS_H
#include "../bnc.h"

/* Features: each row is one group. */
#define ROW_NORM \
	.locals = {{"statistics", LAYOUT_STATISTICS, 0}, {"sums", LAYOUT_STATISTICS, 0}}, \
	.forward = \
		"layernorm_statistics(rows, inputs, eps, statistics, x);" \
		"layernorm(rows, y, x, statistics, weight, bias)", \
	.backward = \
		"layernorm_sums(rows, inputs, sums, dy, x, statistics, weight);" \
		"layernorm_bwd(rows, inputs, panel, dx, dweight, dbias, dy, x, statistics, sums, weight)"

/* Groups of channels. pixels: how many have weights of their own, or 1 */
#define GROUP_NORM_FORWARD(groups, pixels) \
	"groupnorm_statistics(images, positions, inputs, " groups ", eps, statistics, x);" \
	"groupnorm(images, positions, inputs, " groups ", " pixels ", panel, y, x, statistics, weight, bias)"
#define GROUP_NORM_BACKWARD(groups, pixels) \
	"groupnorm_sums(images, positions, inputs, " groups ", " pixels ", sums, dy, x, statistics, weight);" \
	"groupnorm_bwd(images, positions, inputs, " groups ", " pixels ", panel, dx, dweight, dbias, dy, x, statistics, " \
		"sums, weight)"

/* pixels: how many share a weight */
void reference_norm(const Reference *r, int groups, int pixels, double eps);

#endif
