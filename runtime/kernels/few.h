/* few.h: sizes that the kernels and the compiler agree on: how many inputs or outputs are few, and what is known of few inputs. */
#ifndef BNC_FEW_H
#define BNC_FEW_H

enum { FEW = 4 };       /* inputs or outputs */
enum { FEW_ABOVE = 2 }; /* outputs of a linear after few inputs, batchnorm and an activation, where backward is one kernel */

enum { NUMBERS = 8 };   /* that an optimizer prepares at most */

/* Where the moments of a batch have what: means and covariances of the inputs, and TURNED, 0. Or TURNED is 1, and means and covariances are
 * those of e, whose means are 0: x = m + c + L (e + CENTRES), m the INPUT_MEANS, c the RESTS that these floats lack, L in BASIS, a row for
 * each input, a triangle. */
enum {
	MEANS = 0,
	COVARIANCES = MEANS + FEW,
	TURNED = COVARIANCES + FEW * FEW,
	INPUT_MEANS,
	RESTS = INPUT_MEANS + FEW,
	BASIS = RESTS + FEW,
	CENTRES = BASIS + FEW * FEW,
	MOMENTS = CENTRES + FEW
};

enum { NARROW_INPUTS = 256 };   /* at most so many for the narrow products; a multiple of all lanes */

/* The call with a number of 1 to FEW as the constant `name`, so that arrays of so many vectors stay in registers. */
#define FOR_FEW(name, number, call) \
	switch (number) { \
	case 1: { enum { name = 1 }; call; break; } \
	case 2: { enum { name = 2 }; call; break; } \
	case 3: { enum { name = 3 }; call; break; } \
	default: { enum { name = 4 }; call; break; } \
	}

#endif
