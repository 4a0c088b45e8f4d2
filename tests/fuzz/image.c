/* Images: a PNG, one in the formats of netpbm, or else an IDX file, which is then its own file of labels, too. */
#include "fuzz.h"
#include "../../runtime/data/image.h"
#include <stdlib.h>
#include <string.h>

static void check_image(const Image *image)
{
	PROMISE(image->channels == 1 || image->channels == 3);
	PROMISE(image->height > 0 && image->width > 0 && image->height <= MAX_SIDE && image->width <= MAX_SIDE);
	int sum = 0;            /* reads every value */
	for (int i = 0; i < image->channels * image->height * image->width; i++)
		sum += image->values[i];
	PROMISE(sum >= 0);
}

static void run(const char *bytes, size_t size)
{
	Failure failure = {.text = ""};
	Image image = {.channels = 0};
	Data data = {.name = "fuzz.idx", .number_bytes = sizeof(float)};
	const char *path = file_of(bytes, size);
	bool done;
	if (size > 0 && (*bytes == 'P' || *bytes == '\x89')) {
		done = *bytes == 'P' ? pnm_read(&image, path, &failure) : png_read(&image, path, &failure);
		if (done)
			check_image(&image);
	} else {
		done = idx_read(&data, path, path, 0, &failure);
		if (done)
			check_samples(&data);
	}
	PROMISE(done == !failure.text[0]);
	free(image.values);
	data_close(&data);
}

const Harness image_harness = {"image", 20000, run};
