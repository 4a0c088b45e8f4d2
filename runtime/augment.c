/* augment.c: changes images at random, as torchvision.transforms does, with the random numbers that torch draws for it.
 * Each image is changed where it is. */
#include "runtime.h"
#include <stdlib.h>

static char *row_of(const Pixmap *image, int channel, int y)
{
	return (char *)image->values
		+ ((size_t)channel * (size_t)image->height + (size_t)y) * (size_t)image->width * image->number_bytes;
}

/* Sets `count` values of a row to one of the data, scaled as those of each place are. */
static void fill_row(const Pixmap *image, char *row, int from, int count, double fill)
{
	const size_t first = (size_t)(row - (char *)image->values) / image->number_bytes;
	for (int x = from; x < from + count; x++) {
		const size_t at = first + (size_t)x;
		number_put(row, image->number_bytes, (size_t)x,
			image->centres ? (fill - image->centres[at]) / image->deviations[at] : fill);
	}
}

/* What was at (y + down, x + right) comes to (y, x). Rows are taken in an order in which none is written before it is
 * read. */
static void shift(const Pixmap *image, int down, int right, double fill)
{
	const int height = image->height, width = image->width;
	const int left = right < 0 ? -right : 0, most = abs(right) < width ? width - abs(right) : 0;
	for (int channel = 0; channel < image->channels; channel++)
		for (int i = 0; i < height; i++) {
			const int y = down < 0 ? height - 1 - i : i, from = y + down;
			const int kept = from >= 0 && from < height ? most : 0;
			char *row = row_of(image, channel, y);
			if (kept) {
				memmove(row + (size_t)left * image->number_bytes,
					row_of(image, channel, from) + (size_t)(right > 0 ? right : 0) * image->number_bytes,
					(size_t)kept * image->number_bytes);
				fill_row(image, row, 0, left, fill);
				fill_row(image, row, left + kept, width - left - kept, fill);
			} else
				fill_row(image, row, 0, width, fill);
		}
}

/* RandomCrop(size of the image, padding, fill=fill): get_params draws the row with torch.randint, and then the
 * column. */
void random_crop(const Pixmap *image, const double *arguments, const double *widths, Random *random)
{
	enum { PADDING, FILL };
	const int height = (int)arguments[PADDING], width = (int)widths[PADDING];
	const int top = (int)(random_u32(random) % (uint32_t)(2 * height + 1));
	const int left = (int)(random_u32(random) % (uint32_t)(2 * width + 1));
	shift(image, top - height, left - width, arguments[FILL]);
}

/* RandomHorizontalFlip(p): torch.rand(1) < p, which compares floats. */
void random_horizontal_flip(const Pixmap *image, const double *arguments, const double *widths, Random *random)
{
	enum { P };
	float drawn;
	(void)widths;
	torch_uniform(random, &drawn, 1, 0, 1);
	if (!(drawn < (float)arguments[P]))
		return;
	const size_t bytes = image->number_bytes;
	for (int i = 0; i < image->channels * image->height; i++) {
		char *row = row_of(image, 0, i);
		for (int a = 0, b = image->width - 1; a < b; a++, b--) {
			char kept[sizeof(double)];
			memcpy(kept, row + (size_t)a * bytes, bytes);
			memcpy(row + (size_t)a * bytes, row + (size_t)b * bytes, bytes);
			memcpy(row + (size_t)b * bytes, kept, bytes);
		}
	}
}
