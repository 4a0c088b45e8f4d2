/* image.h: image files, and folders of them. */
#ifndef BNC_IMAGE_H
#define BNC_IMAGE_H
#include "data.h"

enum { MAX_SIDE = 1 << 14 };

/* Values from 0 to 255, channel by channel. */
typedef struct Image {
	int channels, height, width;
	unsigned char *values;          /* [channels][height][width], to be freed */
} Image;

/* Each reads one file; image is zeroed before. Transparency is left out, palettes are colours, and of 16 bits the upper
 * 8 are taken. */
bool png_read(Image *image, const char *path, Failure *failure);
bool pnm_read(Image *image, const char *path, Failure *failure);         /* PGM and PPM */

#endif
