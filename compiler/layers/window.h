/* window.h: what the layers with a window over images share. */
#ifndef WINDOW_H
#define WINDOW_H
#include "../bnc.h"

/* The operands of a kernel that say how the window moves, see runtime/kernels/window.h. */
#define WINDOW "height, width, y_height, y_width, kernel_height, kernel_width, stride_height, stride_width, " \
	"padding_height, padding_width, "

/* For references: the pixel of x that pixel i of y sees at pixel k of the kernel; -1: padding. The arguments kernel,
 * stride and padding follow each other from `kernel` on. */
static inline int seen_pixel(const Reference *r, int kernel, int i, int k)
{
	const int *x = r->x_shape->dims, y_width = r->y_shape->dims[2], kernel_width = (int)r->widths[kernel];
	const int row = i / y_width * (int)r->arguments[kernel + 1] + k / kernel_width - (int)r->arguments[kernel + 2];
	const int column = i % y_width * (int)r->widths[kernel + 1] + k % kernel_width - (int)r->widths[kernel + 2];
	return row >= 0 && row < x[1] && column >= 0 && column < x[2] ? row * x[2] + column : -1;
}

#endif
