/* pnm.c: one image in the formats of netpbm: P5 and P6 with bytes, P2 and P3 with decimal numbers; grey, and red, green
 * and blue:
 *
 *   P5 WIDTH HEIGHT MOST, one space, the values from 0 to MOST, in two bytes if MOST is above 255 */
#include "image.h"
#include "table.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef struct Scan { const unsigned char *at, *end; } Scan;

static void skip_space(Scan *scan)
{
	while (scan->at < scan->end && (isspace(*scan->at) || *scan->at == '#'))
		if (*scan->at++ == '#')
			while (scan->at < scan->end && *scan->at != '\n')
				scan->at++;
}

/* A number up to most, or -1. */
static int take_number(Scan *scan, int most)
{
	int value = 0;
	skip_space(scan);
	const unsigned char *begin = scan->at;
	for (; scan->at < scan->end && isdigit(*scan->at) && value <= most; scan->at++)
		value = 10 * value + (*scan->at - '0');
	return scan->at > begin && value <= most ? value : -1;
}

static int take_value(Scan *scan, bool text, int most)
{
	if (text)
		return take_number(scan, most);
	const int bytes = most > 255 ? 2 : 1;
	if (scan->end - scan->at < bytes)
		return -1;
	const int value = bytes == 2 ? scan->at[0] << 8 | scan->at[1] : scan->at[0];
	scan->at += bytes;
	return value <= most ? value : -1;
}

static bool parse(Image *image, Scan *scan, const char *path, Failure *failure)
{
	const int kind = scan->end - scan->at > 2 && scan->at[0] == 'P' ? scan->at[1] - '0' : 0;
	if (kind != 2 && kind != 3 && kind != 5 && kind != 6)
		return fail(failure, "%.300s is no PGM or PPM image: expected P2, P3, P5 or P6 at its beginning", path);
	scan->at += 2;
	image->width = take_number(scan, MAX_SIDE);
	image->height = take_number(scan, MAX_SIDE);
	const int most = take_number(scan, 65535);
	image->channels = kind % 3 ? 1 : 3;
	if (image->width < 1 || image->height < 1 || most < 1)
		return fail(failure, "%.300s: expected width and height from 1 to %d, and the largest value up to 65535", path,
			MAX_SIDE);
	scan->at += scan->at < scan->end;
	const int pixels = image->width * image->height;
	image->values = malloc((size_t)pixels * (size_t)image->channels);
	if (!image->values)
		return fail(failure, "%.300s: not enough memory", path);
	for (int i = 0; i < pixels; i++)
		for (int channel = 0; channel < image->channels; channel++) {
			const int value = take_value(scan, kind < 4, most);
			if (value < 0)
				return fail(failure, "%.300s ends after %d of %d pixels, or holds a value above %d", path, i, pixels,
					most);
			image->values[channel * pixels + i] = (unsigned char)(most == 255 ? value
				: (value * 255 + most / 2) / most);
		}
	return true;
}

bool pnm_read(Image *image, const char *path, Failure *failure)
{
	char *bytes;
	size_t size;
	bool packed;
	if (!text_read(&bytes, &size, &packed, path, failure))
		return false;
	Scan scan = {(unsigned char *)bytes, (unsigned char *)bytes + size};
	bool done = parse(image, &scan, path, failure);
	free(bytes);
	return done;
}
