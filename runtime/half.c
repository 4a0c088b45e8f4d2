/* The floats of 16 bits that files may contain (IEEE 754's binary16). */
#include "runtime.h"
#include <math.h>

float float_from_half(uint32_t bits)
{
	int exponent = bits >> 10 & 31, fraction = bits & 1023;
	float magnitude;
	if (exponent == 31)
		magnitude = fraction ? NAN : INFINITY;
	else if (exponent == 0)
		magnitude = ldexpf((float)fraction, -24);
	else
		magnitude = ldexpf((float)(fraction + 1024), exponent - 25);
	return bits & 0x8000 ? -magnitude : magnitude;
}
