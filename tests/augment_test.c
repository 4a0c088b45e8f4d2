/* augment_test.c: what is done to images, against the same by its definition: where each pixel comes from. */
#include "bnc.h"
#include "set_support.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 3 * 7 * 7 };

static const struct { int channels, height, width; } sizes[] = {{1, 1, 1}, {1, 5, 1}, {3, 1, 6}, {1, 4, 4}, {3, 7, 5}};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* What a pixel of the data becomes where it is, as --standardize scales it. */
typedef struct Scale { double centres[MOST], deviations[MOST]; } Scale;

static void fill_image(double *values, Scale *scale, Random *random)
{
	for (int i = 0; i < MOST; i++) {
		values[i] = (double)(float)(random_u32(random) % 1000);
		scale->centres[i] = (double)(random_u32(random) % 100);
		scale->deviations[i] = 0.5 + (double)(random_u32(random) % 100);
	}
}

/* Row y, column x of the padded image. */
static double padded(const double *channel, int height, int width, int y, int x, double outside)
{
	return y >= 0 && y < height && x >= 0 && x < width ? channel[y * width + x] : outside;
}

/* Runs the transform on numbers of so many bytes, and compares. */
static void expect_image(const Layer *layer, const double *arguments, const double *widths, const Pixmap *shape,
	const double *before, const double *expected, Random random)
{
	const int count = shape->channels * shape->height * shape->width;
	for (size_t bytes = sizeof(float); bytes <= sizeof(double); bytes += sizeof(double) - sizeof(float)) {
		double storage[MOST];
		Pixmap image = *shape;
		Random used = random;
		image.values = storage;
		image.number_bytes = bytes;
		for (int i = 0; i < count; i++)
			number_put(storage, bytes, (size_t)i, before[i]);
		layer->transform(&image, arguments, widths, &used);
		for (int i = 0; i < count; i++)
			cr_assert_eq(number_at(storage, bytes, (size_t)i), number_rounded(expected[i], bytes),
				"%s of %dx%dx%d, value %d", layer->name, shape->channels, shape->height, shape->width, i);
	}
}

/* torch.randint draws a word for the row, and then one for the column. */
Test(augment, crops_are_cut_out_of_a_padded_image)
{
	static const int paddings[][2] = {{1, 1}, {0, 3}, {2, 0}, {4, 9}, {12, 1}};
	const Layer *layer = layer_find(KIND_AUGMENT, "random_crop");
	Random random;
	random_seed(&random, 3);
	for (int round = 0; round < 500; round++) {
		const int *padding = paddings[round % 5];
		double before[MOST], expected[MOST];
		Scale scale;
		fill_image(before, &scale, &random);
		const int channels = sizes[round % SIZES].channels, height = sizes[round % SIZES].height,
			width = sizes[round % SIZES].width;
		const Pixmap image = {.channels = channels, .height = height, .width = width,
			.centres = round % 2 ? scale.centres : 0, .deviations = round % 2 ? scale.deviations : 0};
		Random drawn = random;
		const int top = (int)(random_u32(&drawn) % (uint32_t)(2 * padding[0] + 1)),
			left = (int)(random_u32(&drawn) % (uint32_t)(2 * padding[1] + 1));
		for (int i = 0; i < channels * height * width; i++) {
			const int y = i / width % height, x = i % width;
			expected[i] = padded(before + i / (height * width) * height * width, height, width, y + top - padding[0],
				x + left - padding[1], round % 2 ? (2.5 - scale.centres[i]) / scale.deviations[i] : 2.5);
		}
		expect_image(layer, (const double[]){padding[0], 2.5}, (const double[]){padding[1], 0}, &image, before,
			expected, random);
	}
}

/* torch.rand draws a word of which 24 bits count, and is compared with p as a float. */
Test(augment, flips_mirror_each_row)
{
	const Layer *layer = layer_find(KIND_AUGMENT, "random_horizontal_flip");
	static const double chances[] = {0, 1, 0.5, 0.3};
	int flips[4] = {0};
	Random random;
	random_seed(&random, 4);
	for (int round = 0; round < 400; round++) {
		double before[MOST], expected[MOST];
		Scale scale;
		fill_image(before, &scale, &random);
		const int channels = sizes[round % SIZES].channels, height = sizes[round % SIZES].height,
			width = sizes[round % SIZES].width;
		const Pixmap image = {.channels = channels, .height = height, .width = width};
		Random drawn = random;
		const bool flip = (double)(random_u32(&drawn) & 0xffffff) * 0x1p-24 < chances[round % 4];
		flips[round % 4] += flip;
		for (int i = 0; i < channels * height * width; i++)
			expected[i] = before[flip ? i - i % width + width - 1 - i % width : i];
		expect_image(layer, &chances[round % 4], &chances[round % 4], &image, before, expected, random);
	}
	cr_expect(flips[0] == 0 && flips[1] == 100 && flips[2] > 30 && flips[2] < 70 && flips[3] > 15 && flips[3] < 45,
		"%d, %d, %d, %d", flips[0], flips[1], flips[2], flips[3]);
}
