/* window.h: what the layers with a window over images share. */
#ifndef WINDOW_H
#define WINDOW_H
#include "../bnc.h"

/* The operands of a kernel that say how the window moves, see runtime/kernels/window.h. */
#define WINDOW "height, width, y_height, y_width, kernel_height, kernel_width, stride_height, stride_width, " \
	"padding_height, padding_width, "

#endif
