/* Two networks in one program, and two copies of one that are trained on in step. */
#ifdef SINGLE_HEADER
#define NET_A_IMPLEMENTATION
#define NET_B_IMPLEMENTATION
#endif
#include "net_a.h"
#include "net_b.h"
#include <stdio.h>
#include <string.h>

static net_a one, other;
static net_b apart;

int main(void)
{
	float x[8 * NET_B_INPUTS], losses[3];
	int32_t label[8];
	for (int i = 0; i < 8 * NET_B_INPUTS; i++)
		x[i] = (float)(i * 37 % 23) / 7.0f - 1.5f;
	for (int i = 0; i < 8; i++)
		label[i] = i % NET_A_OUTPUTS;
	net_a_init(&one, 3);
	net_b_init(&apart, 3);
	net_a_train(&one, x, label, 8, 0.1f);
	memcpy(&other, &one, sizeof other);
	for (int step = 0; step < 20; step++) {
		losses[0] = net_a_train(&one, x, label, 8, 0.1f);
		losses[1] = net_b_train(&apart, x, label, 8, 0.1f);
		losses[2] = net_a_train(&other, x, label, 8, 0.1f);
		if (memcmp(&losses[0], &losses[2], sizeof losses[0]) != 0 || losses[1] != losses[1])
			return 1;
	}
	printf("%.9g %.9g\n", (double)losses[0], (double)losses[1]);
	return memcmp(&one, &other, sizeof one) != 0;
}
