/* png.c: one PNG image, by libpng, which jumps out of its functions when something is wrong. */
#include "image.h"
#include <errno.h>
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

typedef struct Reading { char reason[200]; } Reading;

static void remember(png_structp png, png_const_charp message)
{
	Reading *reading = png_get_error_ptr(png);
	snprintf(reading->reason, sizeof reading->reason, "%s", message);
	png_longjmp(png, 1);
}

static void keep_silent(png_structp png, png_const_charp message)
{
	(void)png;
	(void)message;
}

/* Reads the header, and asks for 8 bits of grey or of red, green and blue. */
static void read_size(png_structp png, png_infop info, Image *image)
{
	png_read_info(png, info);
	const int colours = png_get_color_type(png, info);
	if (png_get_image_height(png, info) > MAX_SIDE || png_get_image_width(png, info) > MAX_SIDE)
		png_error(png, "more than 16384 pixels on a side");
	image->height = (int)png_get_image_height(png, info);
	image->width = (int)png_get_image_width(png, info);
	image->channels = colours & PNG_COLOR_MASK_COLOR ? 3 : 1;
	png_set_strip_16(png);
	png_set_strip_alpha(png);
	if (colours == PNG_COLOR_TYPE_PALETTE)
		png_set_palette_to_rgb(png);
	if (colours == PNG_COLOR_TYPE_GRAY)
		png_set_expand_gray_1_2_4_to_8(png);
	png_set_interlace_handling(png);
	png_read_update_info(png, info);
}

/* The rows of pixels, each with its channels side by side. */
typedef struct Pixels { unsigned char *bytes, **rows; } Pixels;

static bool make_room(Pixels *pixels, Image *image, size_t row_bytes)
{
	const size_t height = (size_t)image->height;
	pixels->bytes = malloc(height * row_bytes + 1);
	pixels->rows = malloc((height + 1) * sizeof *pixels->rows);
	image->values = malloc(height * (size_t)image->width * (size_t)image->channels + 1);
	for (size_t row = 0; pixels->bytes && pixels->rows && row < height; row++)
		pixels->rows[row] = pixels->bytes + row * row_bytes;
	return pixels->bytes && pixels->rows && image->values;
}

static void split_channels(const Pixels *pixels, Image *image)
{
	unsigned char *to = image->values;
	for (int channel = 0; channel < image->channels; channel++)
		for (int row = 0; row < image->height; row++)
			for (int i = 0; i < image->width; i++)
				*to++ = pixels->rows[row][i * image->channels + channel];
}

/* False: libpng has jumped here, and the reason says why. */
static bool read_pixels(png_structp png, png_infop info, FILE *file, Image *image, Pixels *pixels)
{
	if (setjmp(png_jmpbuf(png)))
		return false;
	png_init_io(png, file);
	read_size(png, info, image);
	if (!make_room(pixels, image, png_get_rowbytes(png, info)))
		png_error(png, "not enough memory");
	png_read_image(png, pixels->rows);
	png_read_end(png, NULL);
	return true;
}

bool png_read(Image *image, const char *path, Failure *failure)
{
	FILE *file = fopen(path, "rb");
	if (!file)
		return fail(failure, "cannot open %.300s: %s", path, strerror(errno));
	Reading reading = {"not enough memory"};
	Pixels pixels = {.bytes = NULL};
	png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reading, remember, keep_silent);
	png_infop info = png ? png_create_info_struct(png) : NULL;
	bool done = info && read_pixels(png, info, file, image, &pixels);
	if (done)
		split_channels(&pixels, image);
	png_destroy_read_struct(&png, &info, NULL);
	free(pixels.bytes);
	free(pixels.rows);
	fclose(file);
	return done || fail(failure, "%.300s is no sound PNG image: %.150s", path, reading.reason);
}
