/* Pictures: what is drawn where, in the terminal and in a script for gnuplot. */
#include "experiments/picture.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

static void add(Picture *picture, Curve *curve, const double (*points)[2], int count)
{
	for (int i = 0; i < count; i++)
		series_add(picture, curve, (Point){points[i][0], points[i][1], points[i][1] / 2, 2 * points[i][1]});
}

/* Two curves, one of which falls over four powers of ten and has a gap. */
static Picture make_picture(Arena *arena)
{
	static const double falls[][2] = {{1, 100}, {10, 10}, {100, NAN}, {1000, 0.1}, {10000, 0.01}};
	static const double flat[][2] = {{1, 1}, {10000, 1}};
	Picture picture = {.arena = arena, .title = "a \"title\""};
	Panel *panel = picture_add_panel(&picture, "lr", "loss");
	Curve *curve = panel_add_series(panel, "falls", 0);
	panel->log_x = true;
	add(&picture, curve, falls, 5);
	curve->band = true;
	curve = panel_add_series(panel, "flat", 1);
	add(&picture, curve, flat, 2);
	curve->dashed = true;
	panel_choose_scale(panel);
	return picture;
}

static char *print(const Picture *picture, int columns)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	plot_print(picture, columns, out);
	fclose(out);
	return text;
}

static char *read_file(const char *path)
{
	static char text[20000];
	FILE *file = fopen(path, "rb");
	cr_assert(file);
	text[fread(text, 1, sizeof text - 1, file)] = 0;
	fclose(file);
	return text;
}

Test(picture, choose_a_scale)
{
	Arena *arena = arena_open();
	Picture picture = make_picture(arena);
	Extent e;
	cr_assert(picture.panels[0].log_y);
	cr_assert(panel_extent(&picture.panels[0], &e));
	cr_assert(e.x_low == 1 && e.x_high == 10000 && e.y_low == 0.005 && e.y_high == 200);
	picture = (Picture){.arena = arena};
	Panel *panel = picture_add_panel(&picture, "x", "y");
	panel_choose_scale(panel);
	cr_assert(!panel->log_y && !picture_has_points(&picture));
	add(&picture, panel_add_series(panel, "one", 0), (const double[][2]){{0, 3}, {1, 4}}, 2);
	panel_choose_scale(panel);
	cr_assert(!panel->log_y && picture_has_points(&picture));
	arena_close(arena);
}

Test(picture, in_the_terminal)
{
	Arena *arena = arena_open();
	const Picture picture = make_picture(arena);
	char *text = print(&picture, 50);
	int lines = 0;
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	cr_expect(lines == 1 + 1 + 16 + 2 + 2, "%d lines:\n%s", lines, text);
	cr_expect(strstr(text, "    100 ┤"), "%s", text);
	cr_expect(strstr(text, "      1 ┤"), "%s", text);
	cr_expect(strstr(text, "   0.01 ┤"), "%s", text);
	cr_expect(strstr(text, "\n         a falls   b flat\n"), "%s", text);
	cr_expect(strstr(text, "1                 100               10000"), "%s", text);
	free(text);
	arena_close(arena);
}

/* Two maps of three columns and two rows, over logarithms and over numbers that fall. */
static Picture make_map(Arena *arena)
{
	static double low[] = {0.01, 0.1, INFINITY, 0.02, 5, 1}, high[] = {1, 1, 1, 1, 1, INFINITY};
	Picture picture = {.arena = arena, .kind = PICTURE_MAP, .title = "two maps",
		.shades = {.label = "loss", .none = "diverged", .log = true, .low = 0.01, .high = 1}};
	for (int i = 0; i < 2; i++) {
		Panel *panel = picture_add_panel(&picture, "lr", "batch");
		panel->title = i ? "second" : "first";
		panel->log_x = true;
		panel->grid = (Grid){3, 2, 0.001, 10, 64, 8, i ? high : low};
	}
	return picture;
}

static char *script_of(const Picture *picture)
{
	char path[] = "/tmp/bnc-picture-XXXXXX.gp";
	const char *missing;
	Failure failure;
	close(mkstemps(path, 3));
	cr_assert(plot_write(picture, path, &missing, &failure), "%s", failure.text);
	cr_assert(!missing);
	char *text = read_file(path);
	unlink(path);
	return text;
}

Test(picture, script_of_a_map)
{
	Arena *arena = arena_open();
	const Picture picture = make_map(arena);
	const char *text = script_of(&picture);
	cr_expect(strstr(text, "$map1 << END\n0.01 0.1 inf\n0.02 5 1\nEND\n$map2 << END\n1 1 1\n1 1 inf\nEND\n"), "%s",
		text);
	cr_expect(strstr(text, "\nset logscale cb\nset cbrange [0.01:1]\n"), "%s", text);
	cr_expect(strstr(text, "set xtics (\"0.001\" -3 0, \"\" -2.69897 1, "), "%s", text);
	cr_expect(strstr(text, "set xrange [-4:2]\n"), "%s", text);
	cr_expect(strstr(text, "set yrange [92:-20]\n"), "%s", text);
	cr_expect(strstr(text, "plot $map1 matrix using (-3 + 2 * $1):(64 + -56 * $2):"), "%s", text);
	cr_expect(strstr(text, "set label 1 \"diverged\" at screen"), "%s", text);
	cr_expect(strstr(text, ": NaN) with image @pixels notitle"), "%s", text);
	arena_close(arena);
}

/* The first row is that of 64, so it is the upper one. */
Test(picture, map_in_the_terminal)
{
	Arena *arena = arena_open();
	const Picture picture = make_map(arena);
	char *text = print(&picture, 41);
	static const char *const lines[] = {
		"     40 ┤███████▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓xxxxxxxx\n",
		"     20 ┤███████░░░░░░░░░░░░░░░░░░░░░░░\n",
		"\n         loss:   █ to 0.032   ▓ to 0.1   ▒ to 0.32   ░ above 0.32   x diverged\n",
	};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		cr_expect(strstr(text, lines[i]), "%s", text);
	free(text);
	arena_close(arena);
}

/* The probability of the second class grows from left to right, from 0 to 1: it is a half in the middle. */
static Picture make_boundary(Arena *arena, int classes)
{
	static const char *const names[] = {"no", "yes", "never"};
	static double chances[3 * 5 * 3];
	Picture picture = {.arena = arena, .title = "a boundary"};
	for (int i = 0; i < 15; i++) {
		double *chance = chances + i * classes;
		chance[1] = (i % 5) / 4.0 * 0.98 + 0.01;
		chance[0] = 1 - chance[1];
		if (classes == 3)
			chance[2] = 0;
	}
	Panel *panel = boundary_panel(&picture, &(Grid){5, 3, -1, 3, 10, 20, 0}, chances, names, classes);
	panel->title = "net";
	panel->x_label = "width";
	panel->y_label = "height";
	boundary_sample(&picture, panel, 0, -0.5, 12);
	boundary_sample(&picture, panel, 1, 2.5, 18);
	return picture;
}

Test(picture, boundary)
{
	for (int classes = 2; classes <= 3; classes++) {
		Arena *arena = arena_open();
		const Picture picture = make_boundary(arena, classes);
		const Panel *panel = &picture.panels[0];
		const Curve *lines = &panel->series[classes];
		cr_expect_eq(panel->series_count, classes + 1);
		cr_expect(lines->points.count > 0);
		for (int i = 0; i < lines->points.count; i++) {
			const Point *p = &lines->points.items[i];
			cr_expect(!isfinite(p->y) || (fabs(p->x - 1) < 1e-9 && p->y >= 10 && p->y <= 20), "%g %g", p->x, p->y);
		}
		cr_expect_eq(panel->grid.values[4], classes == 2 ? 0.99 : 1);
		const char *text = script_of(&picture);
		cr_expect(strstr(text, "$panel1_1 << END\n# no\n-0.5 12\nEND\n$panel1_2 << END\n# yes\n2.5 18\nEND\n"), "%s",
			text);
		cr_expect(strstr(text, "# boundary\n1 10\n1 15\n\n"), "%s", text);
		cr_expect(strstr(text, "set xlabel \"width\"") && strstr(text, "set ylabel \"height\""), "%s", text);
		cr_expect(!strstr(text, "set cblabel \"probability of yes\"") == (classes == 3), "%s", text);
		cr_expect(strstr(text, classes == 2 ? "1 \"#ffffff\"" : "2 \"#99d8c7\""), "%s", text);
		arena_close(arena);
	}
}

Test(picture, boundary_in_the_terminal)
{
	Arena *arena = arena_open();
	const Picture picture = make_boundary(arena, 2);
	char *text = print(&picture, 52);
	int lines = 0;
	for (const char *at = text; (at = strstr(at, "⢸")); at++)
		lines++;
	cr_expect_eq(lines, 16, "%s", text);
	cr_expect(strstr(text, "\n         a no   b yes\n"), "%s", text);
	free(text);
	arena_close(arena);
}

Test(picture, confusion)
{
	static const char *const names[] = {"a \"cat\"", "a class with a long name", "empty"};
	static const int counts[] = {3, 1, 0, 2, 6, 0, 0, 0, 0};
	Arena *arena = arena_open();
	Picture picture = {.arena = arena, .title = "a confusion"};
	const Panel *panel = confusion_panel(&picture, counts, names, 3);
	cr_expect(panel->grid.values[0] == 0.75 && panel->grid.values[4] == 0.75 && panel->grid.values[8] == 0);
	picture.panels[0].title = "net";
	const char *text = script_of(&picture);
	cr_expect(strstr(text, "\n0 0 3 0.75\n1 0 1 0.25\n2 0 0 0\n0 1 2 0.25\n"), "%s", text);
	cr_expect(strstr(text, "(\"a \\\"cat\\\"\" 0, \"a class wit...\" 1, \"empty\" 2)"), "%s", text);
	cr_expect(strstr(text, "set xrange [-0.5:2.5]\nset yrange [2.5:-0.5]\n"), "%s", text);
	cr_expect(strstr(text, "set xtics rotate by 90 right"), "%s", text);
	arena_close(arena);
}

/* A single point, and values beyond what can be drawn, are drawn somewhere. */
Test(picture, whatever_the_numbers)
{
	static const double values[] = {0, -1, 1e-300, 1e300, -1e300, INFINITY, 1e-320};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
			Arena *arena = arena_open();
			Picture picture = {.arena = arena, .title = "t"};
			Panel *panel = picture_add_panel(&picture, "x", "y");
			const double points[][2] = {{1, values[i]}, {2, values[k]}};
			add(&picture, panel_add_series(panel, "c", 0), points, values[i] == values[k] ? 1 : 2);
			panel_choose_scale(panel);
			free(print(&picture, 1));
			free(print(&picture, 1000));
			arena_close(arena);
		}
}

Test(picture, script)
{
	char path[] = "/tmp/bnc-picture-XXXXXX.gp";
	const char *missing;
	Failure failure;
	Arena *arena = arena_open();
	const Picture picture = make_picture(arena);
	close(mkstemps(path, 3));
	cr_assert(plot_check(path, &failure), "%s", failure.text);
	cr_assert(plot_write(&picture, path, &missing, &failure), "%s", failure.text);
	cr_assert(!missing);
	const char *text = read_file(path);
	cr_expect(strstr(text, "$panel1_1 << END\n# falls\n 1 100 50 200\n 10 10 5 20\n 100 NaN NaN NaN\n"), "%s", text);
	cr_expect(strstr(text, "title \"a \\\"title\\\"\" noenhanced"), "%s", text);
	cr_expect(strstr(text, "set logscale x") && strstr(text, "set logscale y"), "%s", text);
	cr_expect(strstr(text, "$panel1_1 using 1:3:4 with filledcurves"), "%s", text);
	cr_expect(!strstr(text, "$panel1_2 using 1:3:4"), "%s", text);
	cr_expect(strstr(text, "dashtype (8,6)"), "%s", text);
	unlink(path);
	arena_close(arena);
}

Test(picture, kinds_of_files)
{
	static const char *const good[] = {"/tmp/a.png", "/tmp/a.svg", "/tmp/a.pdf", "/tmp/a.b.gp"};
	static const char *const bad[] = {"/tmp/a.jpg", "/tmp/a", ".png", "/tmp/a.PNG", ""};
	Failure failure;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		cr_expect(plot_check(good[i], &failure), "%s: %s", good[i], failure.text);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect(!plot_check(bad[i], &failure), "%s", bad[i]);
}

Test(sweep, axes)
{
	static const struct { const char *text, *values; } rows[] = {
		{"lr=0.1,1e-1,.5", 0}, {"lr=0.1,1e-2,.5", "0.1 1e-2 .5"}, {"lr=log:1e-2:100:5", "0.01 0.1 1 10 100"},
		{"b=lin:8:32:4", "8 16 24 32"}, {"b=lin:1:-1:3", "1 0 -1"}, {"n=true,false", "true false"},
		{"s=3x3,5x5", "3x3 5x5"}, {"lr=log:1:10:1", 0}, {"lr=log:-1:10:3", 0}, {"lr=log:1:10", 0}, {"lr=log:1:10:x", 0},
		{"lr=log:1:10:3,4", 0}, {"lr=log:nan:10:3", 0}, {"lr=lin:1:inf:3", 0}, {"lr=lin:1:2:100001", 0},
		{"lr=log:10:0.1:3", "10 1 0.1"}, {"lr", 0}, {"=1", 0}, {"lr=", 0}, {"lr=1,", 0}, {"lr=,1", 0}, {"lr=a", 0},
		{"lr=1 b=2", 0}, {"lr 1", 0}, {"3=1", 0}, {"lr=1;relu", 0}, {"lr=1\nrelu", 0}, {"lr=1#", "1"}, {"repeat=1", 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		Arena *arena = arena_open();
		Axes axes = {0};
		Failure failure = {{0}};
		const bool read = axis_read(arena, rows[i].text, &axes, &failure);
		const char *found = "";
		for (int k = 0; read && k < axes.items[0].values.count; k++)
			found = arena_print(arena, "%s%s%s", found, k ? " " : "", definition_text(arena,
				&axes.items[0].values.items[k]));
		cr_expect(read == (rows[i].values != NULL), "%s: %s", rows[i].text, failure.text);
		cr_expect(!read || strcmp(found, rows[i].values) == 0, "%s: %s", rows[i].text, found);
		arena_close(arena);
	}
}

Test(sweep, axes_of_a_map)
{
	static const struct { const char *text; bool read, log; double from, to; } rows[] = {
		{"lr=log:1e-2:100:5", true, true, 0.01, 100}, {"b=lin:32:8:4", true, false, 32, 8},
		{"lr=0.1,0.2", false, 0, 0, 0}, {"lr=", false, 0, 0, 0}, {"lr", false, 0, 0, 0},
		{"=lin:1:2:3", false, 0, 0, 0}, {"lr=log:0:1:3", false, 0, 0, 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		Arena *arena = arena_open();
		Axes axes = {0};
		Failure failure = {{0}};
		cr_expect(map_axis_read(arena, rows[i].text, &axes, &failure) == rows[i].read, "%s: %s", rows[i].text,
			failure.text);
		cr_expect(rows[i].read || strncmp(failure.text, "--map ", 6) == 0, "%s", failure.text);
		cr_expect(!rows[i].read || (axes.items[0].log == rows[i].log && axes.items[0].from == rows[i].from
			&& axes.items[0].to == rows[i].to), "%s", rows[i].text);
		arena_close(arena);
	}
}
