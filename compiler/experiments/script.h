/* script.h: what gnuplot is told, but for the kind of file and its size. */
#ifndef BNC_SCRIPT_H
#define BNC_SCRIPT_H
#include "picture.h"
#include "base/code.h"

/* ---- curves_script.c */

void put_curves(Code *code, const Picture *picture);
/* A text in quotes. */
void put_text(Code *code, const char *text);
void put_number(Code *code, double number);
/* What tells the curves of a style from others. */
const char *style_colour(int style);

/* ---- grid_script.c: grids, and what lies over them */

void put_grids(Code *code, const Picture *picture);
/* In pixels. */
void grids_size(const Picture *picture, int *width, int *height);

#endif
