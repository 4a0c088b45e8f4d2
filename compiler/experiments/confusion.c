/* confusion.c: how many rows of each class are taken for which. A row of the picture is a class, the first on top. */
#include "picture.h"

Panel *confusion_panel(Picture *picture, const int *counts, const char *const *names, int classes)
{
	Panel *panel = picture_add_panel(picture, "predicted class", "true class");
	panel->grid = (Grid){classes, classes, 0, classes - 1, 0, classes - 1, 0};
	panel->grid.values = NEW_ARRAY(picture->arena, double, classes * classes);
	panel->names = names;
	panel->counts = counts;
	for (int row = 0; row < classes; row++) {
		int64_t all = 0;
		for (int i = 0; i < classes; i++)
			all += counts[row * classes + i];
		for (int i = 0; i < classes; i++)
			panel->grid.values[row * classes + i] = all ? (double)counts[row * classes + i] / (double)all : 0;
	}
	picture->kind = PICTURE_CONFUSION;
	picture->shades = (Shades){.label = "part of the class's rows", .low = 0, .high = 1};
	return panel;
}
